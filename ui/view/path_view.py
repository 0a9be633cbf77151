# SPDX-License-Identifier: GPL-2.0-or-later
"""The way of packets, as places and the lines between them: what the window draws, and the same in a sentence."""

from dataclasses import dataclass
from enum import Enum

from mnclient.model.problems import ProblemCode
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import (
    CorrespondentState,
    CorrespondentStatus,
    HomeAddressState,
    HomeAddressStatus,
    InterfaceStatus,
)
from ui.texts import tr, trn
from ui.view import roles
from ui.view.tray_view import main_address
from ui.view.wording import isolated, sentence


class Place(Enum):
    """Where a packet can be."""

    COMPUTER = "computer"
    NETWORK = "network"
    HOME_AGENT = "home-agent"
    CORRESPONDENTS = "correspondents"


class Stroke(Enum):
    """How a line is drawn."""

    SOLID = "solid"  # packets go this way
    DASHED = "dashed"  # not sure yet, or being set up
    BROKEN = "broken"  # it should work, and does not


@dataclass(frozen=True, slots=True)
class Node:
    """One place: its name, and up to two lines about it. `role`: see ui.view.roles."""

    place: Place
    title: str
    lines: tuple[str, ...]
    role: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """A way between two places, with a word on it."""

    start: Place
    end: Place
    stroke: Stroke
    role: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """The whole picture; `description` says the same to who does not see it."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    description: str


AT_HOME = frozenset({HomeAddressState.AT_HOME, HomeAddressState.DETECTING, HomeAddressState.RETURNING})
DIRECT_SOON = frozenset({CorrespondentState.TESTING, CorrespondentState.REGISTERING})


def path(status: ServiceStatus) -> Path | None:
    """The picture; None while there is no home address."""
    home = main_address(status)
    if home is None:
        return None
    correspondents = [each for each in status.engine.correspondents if each.home_address == home.address]
    interface = _interface(status, home)
    if home.state in AT_HOME:
        return _at_home(home, interface)
    agent_line = _agent_line(status, home)
    lines = [_network_line(home), agent_line, *_beyond(agent_line, correspondents)]
    nodes = (
        _computer(home),
        _visited(home, interface),
        _home_agent(home, agent_line),
        _correspondents(correspondents),
    )
    return Path(nodes, tuple(lines), _describe(nodes, lines))


def _interface(status: ServiceStatus, home: HomeAddressStatus) -> InterfaceStatus | None:
    named = [each for each in status.engine.interfaces if each.name == home.interface]
    return next(iter(named), None) or next((each for each in status.engine.interfaces if each.is_active), None)


def _computer(home: HomeAddressStatus) -> Node:
    return Node(Place.COMPUTER, tr("This computer"), (str(home.address),), roles.ACCENT, "laptop")


def _at_home(home: HomeAddressStatus, interface: InterfaceStatus | None) -> Path:
    network = Node(
        Place.NETWORK, tr("Home network"), (str(home.prefix), *_on(interface, home.interface)), roles.GOOD, "home"
    )
    known = (str(home.home_agent),) if home.home_agent else ()
    agent = Node(Place.HOME_AGENT, tr("Home agent"), (*known, *_not_needed(home)), roles.QUIET, "agent")
    others = Node(Place.CORRESPONDENTS, tr("Everybody else"), (tr("reached directly"),), roles.GOOD, "correspondent")
    if home.state is HomeAddressState.AT_HOME:
        near = Line(Place.COMPUTER, Place.NETWORK, Stroke.SOLID, roles.GOOD)
        far = Line(Place.NETWORK, Place.CORRESPONDENTS, Stroke.SOLID, roles.GOOD, tr("directly"))
    else:
        word = tr("checking the address") if home.state is HomeAddressState.DETECTING else tr("coming home")
        near = Line(Place.COMPUTER, Place.NETWORK, Stroke.DASHED, roles.BUSY)
        far = Line(Place.NETWORK, Place.CORRESPONDENTS, Stroke.DASHED, roles.BUSY, word)
    nodes = (_computer(home), network, agent, others)
    return Path(nodes, (near, far), _describe(nodes, [near, far]))


def _not_needed(home: HomeAddressStatus) -> tuple[str, ...]:
    return (tr("not needed at home"),) if home.state is HomeAddressState.AT_HOME else ()


def _visited(home: HomeAddressStatus, interface: InterfaceStatus | None) -> Node:
    if home.state is HomeAddressState.WAITING or (interface is None and home.care_of_address is None):
        return Node(Place.NETWORK, tr("No network"), (tr("nothing is connected"),), roles.QUIET, "disconnect")
    address = str(home.care_of_address) if home.care_of_address else tr("no address yet")
    role = roles.GOOD if home.care_of_address else roles.BUSY
    return Node(Place.NETWORK, tr("Visited network"), (address, *_on(interface, home.interface)), role, "network")


def _on(interface: InterfaceStatus | None, name: str) -> tuple[str, ...]:
    known = interface.name if interface else name
    return (tr("on {interface}", interface=isolated(known)),) if known else ()


def _home_agent(home: HomeAddressStatus, line: Line) -> Node:
    if home.home_agent is None:
        return Node(Place.HOME_AGENT, tr("Home agent"), (tr("none is known"),), roles.QUIET, "agent")
    word = {
        Stroke.SOLID: tr("forwards to here"),
        Stroke.DASHED: tr("is being told") if not home.registered else tr("has been told"),
        Stroke.BROKEN: line.label,
    }[line.stroke]
    if home.state in (HomeAddressState.WAITING, HomeAddressState.SEARCHING):
        word = tr("waits to be told")
    return Node(Place.HOME_AGENT, tr("Home agent"), (str(home.home_agent), word), line.role, "agent")


def _correspondents(known: list[CorrespondentStatus]) -> Node:
    direct = sum(each.state is CorrespondentState.DIRECT for each in known)
    through = len(known) - direct
    if not known:
        return Node(
            Place.CORRESPONDENTS, tr("Everybody else"), (tr("nobody talked to yet"),), roles.QUIET, "correspondent"
        )
    lines = [trn("{count} directly", "{count} directly", direct)] if direct else []
    lines += [trn("{count} through the agent", "{count} through the agent", through)] if through else []
    return Node(Place.CORRESPONDENTS, tr("Correspondents"), tuple(lines), roles.GOOD, "correspondent")


def _network_line(home: HomeAddressStatus) -> Line:
    if home.care_of_address:
        return Line(Place.COMPUTER, Place.NETWORK, Stroke.SOLID, roles.GOOD)
    if home.state is HomeAddressState.WAITING:
        return Line(Place.COMPUTER, Place.NETWORK, Stroke.BROKEN, roles.QUIET)
    return Line(Place.COMPUTER, Place.NETWORK, Stroke.DASHED, roles.BUSY)


def _agent_line(status: ServiceStatus, home: HomeAddressStatus) -> Line:
    stroke, role, label = _agent_stroke(status, home)
    return Line(Place.NETWORK, Place.HOME_AGENT, stroke, role, label)


def _agent_stroke(status: ServiceStatus, home: HomeAddressStatus) -> tuple[Stroke, str, str]:
    if _is_silent(status, home) and home.state is not HomeAddressState.REGISTERED:
        return Stroke.BROKEN, roles.BAD, tr("no answer")
    match home.state:
        case HomeAddressState.REFUSED:
            return Stroke.BROKEN, roles.BAD, tr("refused")
        case HomeAddressState.DUPLICATE:
            return Stroke.BROKEN, roles.BAD, tr("address in use")
        case HomeAddressState.UNPROTECTED:
            return Stroke.BROKEN, roles.BAD, tr("no key")
        case HomeAddressState.REGISTERED if home.verified:
            return Stroke.SOLID, roles.GOOD, tr("tunnel")
        case HomeAddressState.REGISTERED if home.verified is False:
            return Stroke.BROKEN, roles.WARNING, tr("nothing comes back")
        case HomeAddressState.REGISTERED:
            return Stroke.DASHED, roles.WARNING, tr("not verified")
        case HomeAddressState.REGISTERING:
            return Stroke.DASHED, roles.BUSY, tr("registering")
        case _:
            return Stroke.DASHED, roles.QUIET, ""


def _is_silent(status: ServiceStatus, home: HomeAddressStatus) -> bool:
    return any(
        each.code is ProblemCode.HOME_AGENT_SILENT
        and each.subject == str(home.address)
        and each.is_visible(status.engine.now)
        for each in status.engine.problems
    )


def _beyond(agent_line: Line, known: list[CorrespondentStatus]) -> list[Line]:
    """From the home agent, and past it, to the correspondents."""
    direct = sum(each.state is CorrespondentState.DIRECT for each in known)
    testing = sum(each.state in DIRECT_SOON for each in known)
    works = agent_line.stroke is Stroke.SOLID
    stroke, role = (Stroke.SOLID, roles.GOOD) if works else (Stroke.DASHED, roles.QUIET)
    lines = [Line(Place.HOME_AGENT, Place.CORRESPONDENTS, stroke, role)]
    if direct:
        lines.append(Line(Place.NETWORK, Place.CORRESPONDENTS, Stroke.SOLID, roles.GOOD, tr("directly")))
    elif testing:
        lines.append(Line(Place.NETWORK, Place.CORRESPONDENTS, Stroke.DASHED, roles.BUSY, tr("testing the direct way")))
    return lines


def _describe(nodes: tuple[Node, ...], lines: list[Line]) -> str:
    names = {node.place: node.title for node in nodes}
    parts = [f"{node.title}: {', '.join(node.lines)}" for node in nodes]
    words = {
        Stroke.SOLID: tr("works"),
        Stroke.DASHED: tr("not sure yet"),
        Stroke.BROKEN: tr("does not work"),
    }
    for line in lines:
        way = tr(
            "From {start} to {end}: {state}", start=names[line.start], end=names[line.end], state=words[line.stroke]
        )
        parts.append(f"{way} ({line.label})" if line.label else way)
    return sentence(parts)
