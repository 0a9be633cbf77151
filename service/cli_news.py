# SPDX-License-Identifier: GPL-2.0-or-later
"""What became different between two values of `ServiceStatus`, in sentences: what `mnctl watch` prints."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from mnclient.model.handover import Outcome
from mnclient.model.problems import Problem
from mnclient.model.service_status import OptimizationState, ServiceStatus
from mnclient.model.status import CorrespondentState, CorrespondentStatus, InterfaceStatus
from service.cli_output import Output
from service.cli_status import (
    CORRESPONDENT_STATES,
    describe_datapath,
    describe_handover,
    describe_optimization,
    headline,
    main_home_address,
    visible_problems,
)


def changes(before: ServiceStatus, after: ServiceStatus, output: Output) -> list[str]:
    """What is different, one sentence each. Counters, lifetimes and signs of life are not news."""
    told = [headline(after, output)] if _news_of(before) != _news_of(after) else []
    new, old = _arrivals(before.home_addresses, after.home_addresses, lambda each: each.address)
    told += [f"New home address {each.address}" for each in new] + [
        f"Home address {each.address} is gone" for each in old
    ]
    new, old = _arrivals(before.known_home_agents, after.known_home_agents, lambda each: each.address)
    told += [f"New home agent {each.address} for {each.prefix}" for each in new]
    told += [f"Home agent {each.address} is forgotten" for each in old]
    new, _ = _arrivals(before.proposals, after.proposals, lambda each: each.address)
    told += [f"Proposed: home address {each.address} ({each.reason})" for each in new]
    told += _interface_changes(before, after)
    told += _optimization_changes(before, after)
    told += _correspondent_changes(before, after)
    told += _role_changes(before, after)
    new, _ = _arrivals(before.handovers, after.handovers, lambda each: (each.number, each.outcome))
    told += [describe_handover(each) for each in new if each.outcome is not Outcome.UNDER_WAY]
    key = _problem_key
    new, old = _arrivals(visible_problems(before), visible_problems(after), key)
    told += [f"Problem: {each.declaration.title}. {each.text()}" for each in new]
    told += [f"Solved: {each.declaration.title}" for each in old if key(each) not in map(key, after.engine.problems)]
    return told


def _problem_key(problem: Problem) -> Hashable:
    return problem.code, problem.subject, problem.detail


def _interface_changes(before: ServiceStatus, after: ServiceStatus) -> list[str]:
    known = {each.name: each for each in before.engine.interfaces}
    told = []
    for each in after.engine.interfaces:
        was = known.pop(each.name, None)
        if was is None or was.is_up != each.is_up:
            told.append(f"{each.name} is {'up' if each.is_up else 'down'}")
        if each.is_standby and not (was and was.is_standby):
            told.append(f"{each.name} is kept ready as standby")
        if was and was.is_standby and not each.is_standby and not each.is_active:
            told.append(f"{each.name} is no standby any more")
        told += _answers(was, each)
    return told + [f"{name} is gone" for name in known]


def _answers(was: InterfaceStatus | None, now: InterfaceStatus) -> list[str]:
    """That the home agent answers where it is registered with is in the headline."""
    before = was.reaches_home_agent if was else None
    if now.reaches_home_agent is False and before is not False:
        return [f"No home agent answers on {now.name}"]
    if now.reaches_home_agent and (before is False or (before is None and not now.is_active)):
        return [f"A home agent answers on {now.name}"]
    return []


def _optimization_changes(before: ServiceStatus, after: ServiceStatus) -> list[str]:
    """How many are direct is not told here: each of them is."""
    told = []
    if before.datapath != after.datapath:
        told.append(f"Datapath: {describe_datapath(after.datapath)}")
    if before.optimization() != after.optimization():
        state, _ = after.optimization()
        told.append(f"Route optimisation: {'on' if state is OptimizationState.ON else describe_optimization(after)}")
    return told


def _correspondent_changes(before: ServiceStatus, after: ServiceStatus) -> list[str]:
    """The steps on the way to a correspondent are no news; where they lead is."""
    known = {(each.address, each.home_address): each for each in before.engine.correspondents}
    told = []
    for each in after.engine.correspondents:
        was = known.pop((each.address, each.home_address), None)
        why = f" ({each.reason})" if each.reason else ""
        if each.state is CorrespondentState.DIRECT:
            if not _is_direct(was) or (was and was.care_of_address != each.care_of_address):
                told.append(f"{each.address} is talked to directly")
        elif _is_direct(was):
            told.append(f"{each.address} is not talked to directly any more: {CORRESPONDENT_STATES[each.state]}{why}")
        elif each.state is CorrespondentState.UNRESPONSIVE and (was is None or was.state is not each.state):
            told.append(f"{each.address} does not take part in route optimisation{why}")
    return told + [f"{each.address} is not talked to directly any more" for each in known.values() if _is_direct(each)]


def _is_direct(correspondent: CorrespondentStatus | None) -> bool:
    return correspondent is not None and correspondent.state is CorrespondentState.DIRECT


def _role_changes(before: ServiceStatus, after: ServiceStatus) -> list[str]:
    told = []
    for what, was, now in (
        ("home agent", before.engine.home_agent, after.engine.home_agent),
        ("correspondent node", before.engine.correspondent_node, after.engine.correspondent_node),
    ):
        if (was is None) != (now is None):
            told.append(f"This machine is {'a' if now else 'not a'} {what} {'now' if now else 'any more'}")
    return told


def _news_of(status: ServiceStatus) -> Hashable:
    """What makes the headline worth repeating; a new lifetime does not."""
    main = main_home_address(status)
    facts = (main.address, main.state, main.care_of_address, main.verified, main.protected) if main else None
    return status.engine.phase, facts


def _arrivals(
    before: Iterable[Any], after: Iterable[Any], key: Callable[[Any], Hashable]
) -> tuple[list[Any], list[Any]]:
    """What came, and what went."""
    old, new = {key(each): each for each in before}, {key(each): each for each in after}
    came = [each for name, each in new.items() if name not in old]
    went = [each for name, each in old.items() if name not in new]
    return came, went
