# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agent, step by step: the first step that fails says what to do, and those behind it are not reached."""

from collections.abc import Iterator
from typing import Final

from mnclient.model.problems import DECLARATIONS, Problem, ProblemCode
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from service.doctor.facts import Facts, HomeFacts
from service.doctor.verdict import Check, Group, Verdict

STEPS: Final = ("home agent", "network", "route", "next hop", "answers", "registered", "verified")
NOT_REACHED: Final = "not reached"
_DEAD: Final = ("FAILED", "INCOMPLETE")
_AT_HOME: Final = (HomeAddressState.AT_HOME, HomeAddressState.DETECTING, HomeAddressState.RETURNING)
_WAITING: Final = "Wait a moment, and ask again."


def home_agents(facts: Facts) -> Iterator[Check]:
    """A group for each home address."""
    none = Group("home address")
    if facts.service.mobile_node is False:
        yield none.no_matter("home address", "This machine is no mobile node (mobile_node.enabled is false).")
    elif facts.homes:
        for home in facts.homes:
            yield from _steps(facts, home)
    elif facts.homes_unknown:
        reason, remedy = f"Which ones there are: {facts.homes_unknown}.", "Start the service, or ask as root."
        yield none.no_matter("home address", reason, remedy)
    else:
        remedy = "See what could be had: mnctl home-addresses suggest. Or with an invitation: mnctl join FILE."
        yield none.failed("home address", "There is none.", remedy)


def _steps(facts: Facts, home: HomeFacts) -> Iterator[Check]:
    walk = _Walk(facts, home)
    has_failed = False
    for name in STEPS:
        if has_failed:
            yield walk.group.no_matter(name, NOT_REACHED)
            continue
        check = walk.step(name)
        has_failed = check.verdict is Verdict.FAILED
        yield check


class _Walk:
    """The steps for one home address."""

    def __init__(self, facts: Facts, home: HomeFacts) -> None:
        self.group = Group(f"home address {home.address}")
        self._facts, self._home = facts, home
        self._status: ServiceStatus | None = facts.service.status
        entries = self._status.engine.home_addresses if self._status is not None else ()
        self._entry: HomeAddressStatus | None = next((each for each in entries if each.address == home.address), None)
        self._is_at_home = self._entry is not None and self._entry.state in _AT_HOME

    def step(self, name: str) -> Check:
        """One of STEPS."""
        steps = {
            "home agent": self._known,
            "network": self._network,
            "route": self._route,
            "next hop": self._next_hop,
            "answers": self._answers,
            "registered": self._registered,
            "verified": self._verified,
        }
        return steps[name](name)

    def _known(self, name: str) -> Check:
        if self._home.home_agent is not None:
            return self.group.ok(name, f"It is {self._home.home_agent}.")
        problem = self._problem(ProblemCode.NO_HOME_AGENT)
        if problem is not None:
            return self.group.failed(name, problem.text(), problem.remedy())
        if self._is_at_home:
            return self.group.ok(name, "None is chosen; at home none is needed.")
        remedy = "Give the address with one: mnctl home-addresses remove, then add ADDRESS --home-agent ADDRESS."
        return self.group.failed(name, "None is chosen, and none was found.", remedy)

    def _network(self, name: str) -> Check:
        if self._status is None:
            return self.group.no_matter(name, "Without the service there is no care-of address.")
        entry = self._entry
        if entry is None:
            return self.group.no_matter(name, "The service does not use this address now.")
        if self._is_at_home:
            return self.group.ok(name, "This machine is at home.")
        if entry.care_of_address is not None:
            return self.group.ok(name, f"The care-of address is {entry.care_of_address} on {entry.interface}.")
        up = [each for each in self._status.engine.interfaces if each.is_up and each.enabled]
        if not up:
            remedy = "Plug in a cable or join a Wi-Fi; see: mnctl interfaces."
            return self.group.failed(name, "No interface that may be used has a link.", remedy)
        if not any(each.routers for each in up):
            names = ", ".join(each.name for each in up)
            remedy = "This network has no IPv6, or hides it (RA guard, a firewall): try another one."
            return self.group.failed(name, f"No router was heard on {names}.", remedy)
        return self.group.failed(name, "There is no care-of address yet.", f"{_WAITING} See: mnctl problems.")

    def _route(self, name: str) -> Check:
        way = self._home.way
        if way is None:
            return self.group.no_matter(name, "There is no home agent to have a route to.")
        if way.unseen:
            return self.group.no_matter(name, f"The kernel cannot be asked: {way.unseen}.")
        if way.no_route:
            remedy = "See the routes: ip -6 route. A network manager may have removed them; connect again."
            return self.group.failed(name, f"There is none to {self._home.home_agent}: {way.no_route}.", remedy)
        via = f" by {way.next_hop}" if way.next_hop is not None else ""
        return self.group.ok(name, f"Over {way.interface}{via}.")

    def _next_hop(self, name: str) -> Check:
        way = self._home.way
        if way is None:
            return self.group.no_matter(name, "There is no home agent to go to.")
        who = way.next_hop or self._home.home_agent
        if way.is_answered:
            return self.group.ok(name, f"{who} passes packets on." if way.next_hop else f"{who} answers on the link.")
        if any(state in way.neighbor for state in _DEAD):
            what = "The router" if way.next_hop is not None else "The home agent"
            remedy = "Connect again; if that does not help, the router is broken, or this network keeps you from it."
            return self.group.failed(name, f"{what} {who} does not answer on {way.interface} ({way.neighbor}).", remedy)
        if not way.neighbor:
            return self.group.no_matter(name, f"Nothing is known of {who} on {way.interface}.")
        return self.group.ok(name, f"{who} is on {way.interface} ({way.neighbor}).")

    def _answers(self, name: str) -> Check:
        way = self._home.way
        if way is None or way.is_answered is None:
            why = way.echo_unknown if way is not None and way.echo_unknown else "There is no home agent to ask"
            return self.group.no_matter(name, f"{why}.")
        if way.is_answered:
            return self.group.ok(name, f"{self._home.home_agent} answers an echo request.")
        reason = f"{self._home.home_agent} does not answer an echo request."
        if self._entry is not None and (self._entry.registered or self._is_at_home):
            return self.group.warning(name, reason, "It may not want to; registrations are what counts.")
        remedy = "Look whether the home agent is on, and its network can be reached from elsewhere; or wait for it."
        return self.group.failed(name, reason, remedy)

    def _registered(self, name: str) -> Check:
        entry = self._entry
        if entry is None:
            if self._status is None:
                return self.group.failed(name, "The service does not run.", "Start it: systemctl start mnclientd.")
            return self.group.failed(name, "The service does not use this address now.", "See: mnctl home-addresses.")
        if entry.state is HomeAddressState.AT_HOME:
            return self.group.ok(name, "At home, where nothing is to be registered.")
        if self._is_at_home:
            return self.group.warning(name, f"Coming home is under way ({entry.state.value}).", _WAITING)
        if entry.registered:
            protected = "" if entry.protected else ", without protection"
            return self.group.ok(name, f"The home agent accepted {entry.care_of_address}{protected}.")
        problem = self._any_problem()
        if problem is not None:
            return self.group.failed(name, problem.text(), problem.remedy())
        declared = DECLARATIONS[ProblemCode.HOME_AGENT_SILENT]
        remedy = declared.remedy.format(subject=entry.address, detail=entry.home_agent)
        return self.group.failed(name, f"It is not ({entry.state.value}).", f"{_WAITING} {remedy}")

    def _verified(self, name: str) -> Check:
        entry = self._entry
        if entry is None or self._is_at_home:
            return self.group.no_matter(name, "At home packets come by themselves.")
        if entry.verified:
            return self.group.ok(name, "A packet to the home address came back through the home agent.")
        if not self._facts.service.verifies:
            remedy = "To see it: mnctl settings set mobile_node.verify true."
            return self.group.no_matter(name, "It is not tried (mobile_node.verify is false).", remedy)
        if entry.verified is None:
            return self.group.warning(name, "It was not tried yet.", _WAITING)
        problem = self._problem(ProblemCode.NOT_VERIFIED)
        remedy = problem.remedy() if problem is not None else _WAITING
        reason = "A packet to the home address did not come back: it is not forwarded, or protocol 41 is lost."
        return self.group.failed(name, reason, remedy)

    def _problem(self, code: ProblemCode) -> Problem | None:
        return next((each for each in self._problems() if each.code is code), None)

    def _any_problem(self) -> Problem | None:
        return next(iter(self._problems()), None)

    def _problems(self) -> list[Problem]:
        """Those about this home address."""
        found = self._status.engine.problems if self._status is not None else ()
        return [each for each in found if each.subject == str(self._home.address)]
