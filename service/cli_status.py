# SPDX-License-Identifier: GPL-2.0-or-later
"""A `ServiceStatus` in sentences: the answer to "am I reachable?", and what became different between two of them."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from mnclient.model.handover import Handover, Outcome
from mnclient.model.problems import Problem, Severity
from mnclient.model.service_status import Datapath, ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus, HomeAgentStatus, Phase
from service.cli_output import Output, duration

STATES: dict[HomeAddressState, str] = {
    HomeAddressState.WAITING: "waiting for a network",
    HomeAddressState.DETECTING: "at home, checking that nobody else has it",
    HomeAddressState.AT_HOME: "at home",
    HomeAddressState.SEARCHING: "away, looking for an address here",
    HomeAddressState.REGISTERING: "away, telling the home agent",
    HomeAddressState.REGISTERED: "registered",
    HomeAddressState.RETURNING: "back home, telling the home agent",
    HomeAddressState.REFUSED: "refused by the home agent",
    HomeAddressState.DUPLICATE: "somebody else has it",
    HomeAddressState.UNPROTECTED: "not registered: there is no key",
}


def headline(status: ServiceStatus, output: Output) -> str:
    """The one sentence: where we are, and whether we can be reached."""
    main = main_home_address(status)
    address = main.address if main else "the home address"
    match status.engine.phase:
        case Phase.OFF:
            return _other_role(status.engine.home_agent)
        case Phase.NO_HOME_ADDRESS:
            return _without_home_address(status)
        case Phase.NO_NETWORK:
            return f"No network: nobody can reach {address}"
        case Phase.AT_HOME:
            return f"At home, reachable at {address}"
        case Phase.REGISTERING:
            return f"Away, telling the home agent where {address} is now"
        case Phase.REGISTERED:
            return _registered(main, output) if main else "Away, registered"
        case Phase.PROBLEM:
            why = next((problem.declaration.title for problem in _worst_first(status)), "the home agent did not accept")
            return f"Away, NOT reachable at {address}: {why}"


def main_home_address(status: ServiceStatus) -> HomeAddressStatus | None:
    """The preferred home address, or else the first."""
    addresses = sorted(status.engine.home_addresses, key=lambda each: not each.preferred)
    return addresses[0] if addresses else None


def describe_home_address(address: HomeAddressStatus, output: Output) -> str:
    """The state of one home address; registered, protected and verified are three facts."""
    if not address.registered:
        return STATES[address.state]
    facts = [STATES[address.state]] if address.state is not HomeAddressState.REGISTERED else []
    if address.registered_until is None:
        facts.append("registered")
    else:
        facts.append(f"registered until {output.clock_of(address.registered_until)}")
    facts.append("protected" if address.protected else "not protected")
    facts.append(
        {True: "verified", False: "NOT verified: packets do not come back", None: "not verified"}[address.verified]
    )
    return ", ".join(fact for fact in facts if fact)


def describe_datapath(datapath: Datapath) -> str:
    """How payload is carried, and why so."""
    return f"{datapath.name}: {datapath.reason}" if datapath.reason else datapath.name


def describe_role(role: HomeAgentStatus) -> str:
    """The home-agent role in a line."""
    return f"home agent for {_home_links(role)}; {role.bindings} of at most {role.max_bindings} bindings"


def describe_handover(handover: Handover) -> str:
    """A move in a line."""
    took = handover.duration()
    places = f"from {handover.from_network or 'nowhere'} to {handover.to_network or 'nowhere'}"
    if handover.outcome is Outcome.COMPLETED and took is not None:
        return f"{handover.home_address} moved {places} in {duration(took)}"
    return f"{handover.home_address} moves {places}: {handover.outcome.value}"


def visible_problems(status: ServiceStatus) -> list[Problem]:
    """The problems that have lasted long enough to be shown, the worst first."""
    return [problem for problem in _worst_first(status) if problem.is_visible(status.engine.now)]


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
    was_up = {each.name: each.is_up for each in before.engine.interfaces}
    told = [
        f"{each.name} is {'up' if each.is_up else 'down'}"
        for each in after.engine.interfaces
        if was_up.get(each.name) != each.is_up
    ]
    names = {each.name for each in after.engine.interfaces}
    return told + [f"{name} is gone" for name in was_up if name not in names]


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


def _home_links(role: HomeAgentStatus) -> str:
    return ", ".join(f"{link.prefix} on {link.interface or 'a virtual link'}" for link in role.links) or "no home link"


def _other_role(role: HomeAgentStatus | None) -> str:
    if role is None:
        return "Off: this machine is not a mobile node"
    away = f"{role.bindings} mobile nodes are" if role.bindings != 1 else "1 mobile node is"
    return f"Home agent for {_home_links(role)}: {away} away from home"


def _registered(main: HomeAddressStatus, output: Output) -> str:
    facts = describe_home_address(main, output)
    if main.verified is False:
        return f"Away, NOT reachable at {main.address} ({facts})"
    return f"Away, reachable at {main.address} ({facts})"


def _without_home_address(status: ServiceStatus) -> str:
    if status.proposals:
        address = status.proposals[0].address
        return f"No home address yet; {address} is proposed (take it: mnctl home-addresses accept {address})"
    if status.known_home_agents:
        return "No home address yet; see what could be had: mnctl home-addresses suggest"
    return "No home address yet; listening for home agents"


def _worst_first(status: ServiceStatus) -> list[Problem]:
    order = list(Severity)
    return sorted(status.engine.problems, key=lambda each: -order.index(each.declaration.severity))
