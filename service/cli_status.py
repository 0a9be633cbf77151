# SPDX-License-Identifier: GPL-2.0-or-later
"""A `ServiceStatus` in sentences: the answer to "am I reachable?", and the facts behind it."""

from mnclient.model.handover import Handover, Outcome, Stage
from mnclient.model.problems import Problem, Severity
from mnclient.model.service_status import Datapath, OptimizationState, ServiceStatus
from mnclient.model.status import (
    CorrespondentNodeStatus,
    CorrespondentState,
    HomeAddressState,
    HomeAddressStatus,
    HomeAgentSource,
    HomeAgentStatus,
    InterfaceStatus,
    Phase,
)
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


CORRESPONDENT_STATES: dict[CorrespondentState, str] = {
    CorrespondentState.TUNNELLED: "through the home agent",
    CorrespondentState.TESTING: "testing the direct way",
    CorrespondentState.REGISTERING: "telling it the care-of address",
    CorrespondentState.DIRECT: "directly",
    CorrespondentState.UNRESPONSIVE: "does not take part",
    CorrespondentState.LEAVING: "telling it that this machine is home",
}

STAGES: dict[Stage, str] = {
    Stage.LINK_DOWN: "link down",
    Stage.LINK_UP: "link up",
    Stage.ROUTER_SOLICITED: "router solicited",
    Stage.ROUTER_HEARD: "router heard",
    Stage.CARE_OF_ADDRESS: "care-of address",
    Stage.BINDING_UPDATE: "binding update",
    Stage.BINDING_ACKNOWLEDGED: "binding acknowledged",
    Stage.FIRST_PAYLOAD: "first payload",
    Stage.VERIFIED: "verified",
    Stage.CORRESPONDENTS: "correspondents told",
}


def headline(status: ServiceStatus, output: Output) -> str:
    """The one sentence: where we are, and whether we can be reached."""
    main = main_home_address(status)
    address = main.address if main else "the home address"
    match status.engine.phase:
        case Phase.OFF:
            return _other_role(status.engine.home_agent, status.engine.correspondent_node)
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


def describe_optimization(status: ServiceStatus) -> str:
    """Whether packets go directly to correspondents, or why they do not."""
    state, reason = status.optimization()
    if state is OptimizationState.IMPOSSIBLE:
        return f"not possible: {reason}"
    if state is OptimizationState.OFF:
        return f"off: {reason}"
    direct = sum(each.state is CorrespondentState.DIRECT for each in status.engine.correspondents)
    return f"on, {direct or 'no'} correspondent{'' if direct < 2 else 's'} direct"


def describe_correspondent_node(role: CorrespondentNodeStatus) -> str:
    """The correspondent-node role in a line."""
    return f"correspondent node; {role.bindings} of at most {role.max_bindings} bindings"


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


def _home_links(role: HomeAgentStatus) -> str:
    return ", ".join(f"{link.prefix} on {link.interface or 'a virtual link'}" for link in role.links) or "no home link"


def _other_role(role: HomeAgentStatus | None, correspondent_node: CorrespondentNodeStatus | None) -> str:
    if role is None and correspondent_node is not None:
        return f"Not a mobile node; {describe_correspondent_node(correspondent_node)}"
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


def details(now: ServiceStatus, output: Output) -> list[tuple[str, str]]:
    """What stands below the headline: a label and a text for each line; "" continues the line above."""
    lines: list[tuple[str, str]] = []
    for address in now.engine.home_addresses:
        preferred = " (preferred)" if address.preferred and len(now.engine.home_addresses) > 1 else ""
        lines.append(("Home address", f"{address.address}{preferred}"))
        lines += _registration(address, output)
    lines += [("Standby", _standby(each)) for each in now.engine.interfaces if each.is_standby]
    lines += [("Proposed", f"{each.address} ({each.reason})") for each in now.proposals]
    if now.engine.home_agent:
        lines.append(("Role", describe_role(now.engine.home_agent)))
    if now.engine.correspondent_node:
        lines.append(("Role", describe_correspondent_node(now.engine.correspondent_node) + _but_impossible(now)))
    if now.handovers:
        lines.append(("Last move", describe_handover(now.handovers[-1])))
    lines.append(("Datapath", describe_datapath(now.datapath)))
    if now.engine.phase is not Phase.OFF:
        lines.append(("Route optimisation", describe_optimization(now)))
    lines.append(("Version", now.version))
    for problem in visible_problems(now):
        declared = problem.declaration
        lines.append((declared.severity.value.capitalize(), f"{declared.title}. {problem.text()}"))
        lines.append(("", problem.remedy()))
    return lines


def _registration(address: HomeAddressStatus, output: Output) -> list[tuple[str, str]]:
    """Registered and verified are two facts, and stand on two lines."""
    lines = [("Home agent", describe_home_agent(address))]
    if address.care_of_address:
        lines.append(("Care-of address", f"{address.care_of_address} on {address.interface}"))
    if not address.registered or address.state is not HomeAddressState.REGISTERED:
        lines.append(("State", STATES[address.state]))
    if address.registered:
        until = "yes" if address.registered_until is None else f"until {output.clock_of(address.registered_until)}"
        lines.append(("Registered", f"{until}, {'protected' if address.protected else 'not protected'}"))
        lines.append(("Verified", _verified(address, output)))
    if address.valid_until is not None:
        lines.append(("Home prefix", f"{address.prefix}, valid until {output.clock_of(address.valid_until)}"))
    return lines


def describe_home_agent(address: HomeAddressStatus) -> str:
    """The home agent of a home address, how it came to be known, and which others there are."""
    if address.home_agent is None:
        return "none"
    others = ", ".join(str(each) for each in address.discovered_home_agents if each != address.home_agent)
    facts = ["found by its prefix"] if address.home_agent_source is HomeAgentSource.DISCOVERED else []
    facts += [f"others there: {others}"] if others else []
    return f"{address.home_agent} ({'; '.join(facts)})" if facts else str(address.home_agent)


def _verified(address: HomeAddressStatus, output: Output) -> str:
    last = None if address.verified_at is None else output.clock_of(address.verified_at)
    match address.verified:
        case True:
            return f"yes{f', {last}' if last else ''}: a packet came back through the home agent"
        case False:
            return f"NO: packets do not come back through the home agent{f' since {last}' if last else ''}"
        case None:
            return "not tried yet"


def _but_impossible(now: ServiceStatus) -> str:
    state, reason = now.optimization()
    return f"; not possible here: {reason}" if state is OptimizationState.IMPOSSIBLE else ""


def _standby(interface: InterfaceStatus) -> str:
    return f"{interface.care_of_address or 'no address yet'} on {interface.name}"
