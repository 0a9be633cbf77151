# SPDX-License-Identifier: GPL-2.0-or-later
"""What the preferences show: pages, the words for the positions of the slider, rows of home addresses and rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.service_status import (
    KnownHomeAgent,
    ManagedHomeAddress,
    OptimizationState,
    Origin,
    ServiceStatus,
    Suggestion,
    Trust,
)
from mnclient.model.settings_description import SettingDescription
from mnclient.model.status import InterfaceStatus
from ui.texts import mark, tr, trn
from ui.view.undo import Request
from ui.view.wording import ago, isolated

PAGES: Final[dict[str, str]] = {
    "general": mark("General"),
    "home-addresses": mark("Home addresses"),
    "interfaces": mark("Interfaces"),
    "privacy": mark("Privacy and direct paths"),
    "notifications": mark("Notifications"),
    "program": mark("This program"),
}
"""Name of the page, and its title; in the order shown."""

ROLE_MOBILE: Final = "mobile_node.enabled"
ROLE_CORRESPONDENT: Final = "correspondent_node.enabled"
ROLE_HOME_AGENT: Final = "home_agent.enabled"
AUTOMATIC: Final = "autoconfiguration.enabled"
DESPERATION: Final = "autoconfiguration.desperation"
DESPERATION_JOINS: Final = "autoconfiguration.desperation_joins"
JOINS_ALLOWED, JOINS_ANY = "allowed", "any"
ASK_FIRST: Final = "autoconfiguration.ask_first"
MAX_ADDRESSES: Final = "autoconfiguration.max_home_addresses"
RESPONSIVENESS: Final = "autoconfiguration.responsiveness"
PRIVACY: Final = "mobile_node.route_optimization.location_privacy"
DIRECT_USE: Final = "mobile_node.route_optimization.use"
EXCEPTIONS: Final = "mobile_node.route_optimization.correspondents"
TRAFFIC_RULES: Final = "mobile_node.traffic_rules"
INTERFACES: Final = "mobile_node.interfaces"
VISITED_NAME_SERVERS: Final = "mobile_node.use_visited_name_servers"
TABLES: Final = (EXCEPTIONS, TRAFFIC_RULES, INTERFACES)
"""Settings that are lists, and have to be asked for one by one."""

HOME_ADDRESSES: Final = "home addresses"
HOME_AGENTS: Final = "home agents"
"""Subjects of changes that are no settings."""

_RESPONSIVENESS_WORDS: Final = (
    # up to which position; the title; what it means
    (12, mark("Conservative"), mark("Takes only a home agent that was heard for most of a working day.")),
    (37, mark("Careful"), mark("Takes a home agent that was heard for about four hours.")),
    (62, mark("Balanced"), mark("Takes a home agent that was heard for about two hours.")),
    (87, mark("Quick"), mark("Takes a home agent that was heard for about an hour.")),
    (100, mark("Aggressive"), mark("Takes a home agent after about a dozen announcements.")),
)

ORIGINS: Final[dict[Origin, str]] = {
    Origin.LEARNED: mark("Found automatically"),
    Origin.ADMINISTRATOR: mark("Set by the administrator"),
    Origin.MANUAL: mark("Added by hand"),
}

TRUST: Final[dict[Trust, str]] = {
    Trust.UNTRUSTED: mark("Not trusted"),
    Trust.PINNED: mark("Pinned"),
    Trust.PAIRED: mark("Paired"),
}


def responsiveness_words(position: int) -> tuple[str, str]:
    """The name of a position of the slider, and what the service does there."""
    for limit, title, meaning in _RESPONSIVENESS_WORDS:
        if position <= limit:
            return tr(title), tr(meaning)
    return tr(_RESPONSIVENESS_WORDS[-1][1]), tr(_RESPONSIVENESS_WORDS[-1][2])


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """A home address as listed."""

    address: IPv6Address
    title: str
    detail: str
    is_preferred: bool
    is_active: bool
    state: str


def address_rows(status: ServiceStatus) -> tuple[AddressRow, ...]:
    """The home addresses of this machine, the preferred one first."""
    ordered = sorted(status.home_addresses, key=lambda each: not each.preferred)
    return tuple(_address_row(each) for each in ordered)


def _address_row(managed: ManagedHomeAddress) -> AddressRow:
    origin = tr(ORIGINS[managed.origin])
    if managed.home_agent is None:
        detail = tr("{origin}, without a home agent: it works at home only", origin=origin)
    else:
        detail = tr("{origin}, kept by {home_agent}", origin=origin, home_agent=managed.home_agent)
    return AddressRow(
        address=managed.address,
        title=str(managed.address),
        detail=detail,
        is_preferred=managed.preferred,
        is_active=managed.active,
        state=tr("Active") if managed.active else tr("Not active"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceRow:
    """An interface as listed."""

    name: str
    title: str
    state: str
    icon: str
    is_enabled: bool


def interface_rows(status: ServiceStatus) -> tuple[InterfaceRow, ...]:
    """The interfaces, the preferred one first."""
    ordered = sorted(status.engine.interfaces, key=lambda each: (each.priority, each.name))
    return tuple(
        InterfaceRow(
            name=each.name,
            title=isolated(each.name),
            state=_interface_state(each),
            icon=_interface_icon(each.name),
            is_enabled=each.enabled,
        )
        for each in ordered
    )


def _interface_state(interface: InterfaceStatus) -> str:
    if not interface.enabled:
        return tr("Never used")
    if not interface.is_up:
        return tr("Not connected")
    if interface.is_active:
        return tr("In use, at home") if interface.is_home else tr("In use")
    return tr("Kept ready") if interface.is_standby else tr("Connected")


def _interface_icon(name: str) -> str:
    """By the names that Linux gives to kinds of interfaces."""
    if name.startswith("wl"):
        return "network"
    return "mobile" if name.startswith("ww") else "wired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """A known home agent as listed."""

    address: IPv6Address
    title: str
    detail: str
    icon: str
    prefix: str
    trust: str


def agent_rows(status: ServiceStatus) -> tuple[AgentRow, ...]:
    """The known home agents, the best first."""
    now = status.boot_time + status.engine.now
    ordered = sorted(status.known_home_agents, key=lambda each: (-round(each.rank, 2), each.address))
    return tuple(_agent_row(each, now) for each in ordered)


def _agent_row(agent: KnownHomeAgent, now: float) -> AgentRow:
    heard = trn("heard {count} time", "heard {count} times", agent.advertisements)
    rank = tr("Rank {percent} %", percent=round(agent.rank * 100))
    if agent.last_heard_time is None:
        detail = tr("{rank}, not heard yet", rank=rank)
    else:
        last = ago(now - agent.last_heard_time)
        detail = tr("{rank}, {heard}, last {last}", rank=rank, heard=heard, last=last)
    return AgentRow(
        address=agent.address,
        title=str(agent.address),
        detail=detail,
        icon="pin" if agent.pinned else "agent",
        prefix=str(agent.prefix),
        trust=tr(TRUST[agent.trust]),
    )


def reason_words(suggestion: Suggestion) -> str:
    """Why an address is suggested, as a text of its own."""
    return capitalised(tr(suggestion.reason))


def capitalised(text: str) -> str:
    """A phrase as a sentence begins."""
    return text[:1].upper() + text[1:]


def removal_undone(managed: ManagedHomeAddress) -> tuple[Request, ...]:
    """The requests that bring a home address back."""
    add = Request("add_home_address", (managed.address, managed.home_agent, managed.prefix.prefixlen))
    return (add, Request("prefer_home_address", (managed.address,))) if managed.preferred else (add,)


def preference_undone(status: ServiceStatus) -> tuple[Request, ...]:
    """The requests that make the present preferred home address preferred again."""
    return tuple(Request("prefer_home_address", (each.address,)) for each in status.home_addresses if each.preferred)


def direct_paths_impossible(status: ServiceStatus) -> str:
    """Why this computer cannot send directly whatever anybody wishes; "" when it can."""
    state, reason = status.optimization()
    return tr(reason) if state is OptimizationState.IMPOSSIBLE else ""


# --- lists of rules -------------------------------------------------------------------------------------------------

PROTOCOLS: Final[tuple[tuple[str, str], ...]] = (
    ("", mark("Any protocol")),
    ("tcp", mark("TCP")),
    ("udp", mark("UDP")),
)


def traffic_rule_words(rule: Mapping[str, object]) -> str:
    """A traffic rule in a sentence."""
    place = str(rule["destination"]) if "destination" in rule else ""
    protocol = str(rule.get("protocol", "")).upper()
    ports = str(rule.get("ports", ""))
    match (bool(place), bool(protocol), bool(ports)):
        case (False, False, _):
            return tr("All traffic")
        case (True, False, _):
            return tr("Everything to {place}", place=place)
        case (False, True, False):
            return tr("All {protocol} traffic", protocol=protocol)
        case (True, True, False):
            return tr("{protocol} to {place}", protocol=protocol, place=place)
        case (False, True, True):
            return tr("{protocol} port {ports}, to anywhere", protocol=protocol, ports=ports)
    return tr("{protocol} port {ports} at {place}", protocol=protocol, ports=ports, place=place)


def exception_words(rule: Mapping[str, object]) -> str:
    """What an exception from the direct paths says."""
    return tr("Directly") if rule.get("allow", True) else tr("Through the home agent")


def exception_sentence(rule: Mapping[str, object]) -> str:
    """An exception from the direct paths in a sentence."""
    prefix = rule.get("prefix", "?")
    if rule.get("allow", True):
        return tr("Directly to {prefix}", prefix=prefix)
    return tr("Through the home agent to {prefix}", prefix=prefix)


def rows_with(rows: Sequence[Mapping[str, object]], index: int | None, row: Mapping[str, object]) -> list[object]:
    """The rows with one replaced, or with one more at the end when `index` is None."""
    result: list[object] = [dict(each) for each in rows]
    if index is None:
        result.append(dict(row))
    else:
        result[index] = dict(row)
    return result


def rows_without(rows: Sequence[Mapping[str, object]], index: int) -> list[object]:
    """The rows without one."""
    return [dict(each) for number, each in enumerate(rows) if number != index]


def rows_for_interface(rows: Sequence[Mapping[str, object]], name: str, enabled: bool) -> list[object]:
    """The wishes about interfaces, with this one enabled or not."""
    found = [number for number, each in enumerate(rows) if each.get("name") == name]
    if not found:
        return [*(dict(each) for each in rows), {"name": name, "enabled": enabled}]
    return rows_with(rows, found[0], {**rows[found[0]], "enabled": enabled})


def with_defaults(value: object, declared: SettingDescription | None) -> object:
    """A list of tables as the service keeps it: members that are left out have their defaults."""
    if declared is None or not isinstance(value, list | tuple):
        return value
    defaults = {each.key: each.default for each in declared.fields if each.default is not None}
    return [{**defaults, **each} if isinstance(each, Mapping) else each for each in value]
