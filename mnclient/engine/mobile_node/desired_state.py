# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel should look like for the mobile-node role: a pure function from what the role knows.

The home address lives on our tunnel device, always, so that no socket ever loses it; at home it is on the home
interface as well. A table per home address says where packets from it go, a table per interface where packets from a
care-of address go (RFC 8028: through the router that advertised it). New connections use the preferred home address
only while it works, or has just stopped to. Traffic that uses the care-of address on purpose comes before both, and
key management with a home agent before everything else (RFC 6275 section 11.3.2).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from mnclient.constants import (
    IPV6_HEADER_LENGTH,
    IPV6_MINIMUM_MTU,
    RULE_DEFAULT,
    RULE_FROM_CARE_OF,
    RULE_FROM_HOME,
    RULE_KEY_MANAGEMENT,
    RULE_ON_LINK,
    RULE_TO_HOME,
    RULE_TRAFFIC,
    TABLE_CARE_OF_BASE,
    TABLE_HOME_BASE,
    TUNNEL_DEVICE_MOBILE_NODE,
)
from mnclient.model.config import TrafficRule
from mnclient.model.network_state import (
    Address,
    DuplicateDetection,
    Item,
    Neighbor,
    NetworkState,
    ProtectedSignalling,
    ProtectedTunnel,
    Route,
    Rule,
    Sysctl,
    Tunnel,
    TunnelDevice,
    TunnelEnd,
)
from mnclient.model.security import SecurityAssociation

DEVICE: Final = TUNNEL_DEVICE_MOBILE_NODE
DEFAULT: Final = IPv6Network("::/0")
MAIN_TABLE: Final = 254
# No route comes of it; but rule 8 of RFC 6724 compares no more of an address than this.
CARE_OF_PREFIX_LENGTH: Final = 64
CHOSEN_METRIC: Final = 512  # before the same route that says nothing of a source
FALLBACK_METRIC: Final = 4096
UDP: Final = 17
KEY_MANAGEMENT_PORTS: Final = (500, 4500)  # of IKE: RFC 7296 section 2

_FIELDS: Final[dict[type, str]] = {
    TunnelDevice: "devices",
    Sysctl: "sysctls",
    Address: "addresses",
    Neighbor: "neighbors",
    Tunnel: "tunnels",
    ProtectedSignalling: "protected_signalling",
    ProtectedTunnel: "protected_tunnels",
    Route: "routes",
    Rule: "rules",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRouter:
    """The current router of an interface in use. `ways` are more specific routes (RFC 4191): network and router."""

    address: IPv6Address
    link_layer_address: bytes
    on_link: tuple[IPv6Network, ...]
    ways: tuple[tuple[IPv6Network, IPv6Address], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInterface:
    """An interface that has or had care-of addresses; `care_of` holds the present one and those just left.

    `chosen` is the one in use, if this is the interface that
    carries the home addresses: that of `traffic`, which uses it on purpose. `detection` has those whose duplicate
    detection is not the optimistic one.
    """

    name: str
    index: int
    router: KnownRouter | None
    care_of: tuple[IPv6Address, ...]
    detection: Mapping[IPv6Address, DuplicateDetection] = field(default_factory=dict)
    chosen: IPv6Address | None = None
    traffic: tuple[TrafficRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHomeAddress:
    """One home address. `home_interface` is "" unless it is to be on that interface.

    `tunnel_local` is the care-of address of the tunnel, None for none; `home_agent_link_layer` and
    `home_router_link_layer` are given while those must be reached without asking for their hardware addresses.
    `home_has_neighbors`: False while only they may be reached there, without a `home_router` only the home agent: then
    nothing but signalling leaves. `home_is_usual`: new connections to neighbours there come from this address, neither
    tentative nor defended. `association` is there when its signalling goes under ESP, `retiring` has those
    before it; `care_of` is where a Binding Update leaves from, None at home.
    """

    address: IPv6Address
    prefix: IPv6Network
    index: int
    home_agent: IPv6Address | None
    on_device: bool
    home_interface: str = ""
    home_detection: DuplicateDetection = DuplicateDetection.NONE
    home_router: IPv6Address | None = None
    home_router_link_layer: bytes | None = None
    home_has_neighbors: bool = True
    home_is_usual: bool = False
    home_agent_link_layer: bytes | None = None
    tunnel_local: IPv6Address | None = None
    tunnel_also: tuple[IPv6Address, ...] = ()
    association: SecurityAssociation | None = None
    retiring: tuple[SecurityAssociation, ...] = ()
    care_of: IPv6Address | None = None
    protect_payload: bool = False

    @property
    def table(self) -> int:
        """The table of packets from this address."""
        return table_of(self.index)


def table_of(index: int) -> int:
    """The table of packets from the home address of that number."""
    return TABLE_HOME_BASE + index


Known = tuple[list[KnownHomeAddress], list[KnownInterface], int | None, int]
"""The arguments of `desired_state`."""


class DesiredState:
    """`desired_state` of what is known, worked out when that is something else than the last time."""

    def __init__(self) -> None:
        self._known: Known | None = None
        self._state = NetworkState()

    def of(self, known: Known) -> NetworkState:
        """What follows from what is known now."""
        if known != self._known:
            self._known, self._state = known, desired_state(*known)
        return self._state


def desired_state(
    homes: Iterable[KnownHomeAddress], interfaces: Iterable[KnownInterface], default: int | None, link_mtu: int
) -> NetworkState:
    """The whole state. `default` is the table of the preferred home address while new connections should use it."""
    homes = list(homes)
    items: list[Item] = []
    if homes:
        items.append(TunnelDevice(name=DEVICE, mtu=max(link_mtu - IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU)))
    for home in homes:
        items.extend(_home_address(home))
    home_agents = sorted({each.home_agent for each in homes if each.home_agent is not None and not each.home_interface})
    for interface in interfaces:
        items.extend(_interface(interface, home_agents))
    if default is not None:
        items.append(Rule(priority=RULE_ON_LINK, table=MAIN_TABLE, suppress_prefix_length=0))
        items.append(Rule(priority=RULE_DEFAULT, table=default))
    return _grouped(items)


def without_changed_detection(before: NetworkState, wanted: NetworkState) -> NetworkState | None:
    """What must be in between, if an address of `before` is to be checked anew or differently; None for nothing.

    The kernel detects duplicates only for an address that was not there before.
    """
    known = {(each.interface, each.address): each.duplicate_detection for each in before.addresses}
    changed = {
        each
        for each in wanted.addresses
        if known.get((each.interface, each.address), each.duplicate_detection) is not each.duplicate_detection
    }
    if not changed:
        return None
    gone = {(each.interface, each.address) for each in changed}
    routes = frozenset(each for each in wanted.routes if (each.interface, each.preferred_source) not in gone)
    return replace(wanted, addresses=wanted.addresses - changed, routes=routes)


def _home_address(home: KnownHomeAddress) -> Iterable[Item]:
    if home.on_device:
        yield Address(interface=DEVICE, address=home.address, home=True)
    if home.home_interface:
        yield from _at_home(home)
    elif home.on_device:
        yield Route(
            destination=DEFAULT,
            interface=DEVICE,
            table=home.table,
            preferred_source=home.address,
            tunnel=home.address,
        )
        # A host that was at home keeps the home prefix as on-link in its main table, on whatever link it is now.
        yield _to_home(home)
    if home.on_device or home.home_interface:
        yield Rule(priority=RULE_FROM_HOME, table=home.table, source=_host(home.address))
    if home.tunnel_local is not None and home.home_agent is not None:
        yield Tunnel(
            device=DEVICE,
            home_address=home.address,
            local=home.tunnel_local,
            remote=home.home_agent,
            end=TunnelEnd.MOBILE_NODE,
            accept_local=home.tunnel_also,
        )
    if home.association is not None:
        yield from _protection(home, home.association)


def _protection(home: KnownHomeAddress, association: SecurityAssociation) -> Iterable[Item]:
    """Signalling always; the tunnel for as long as it carries what we send (RFC 4877 section 4.2).

    Signalling proves the newest key, and nothing else does; but packets that come under one before it are not lost.
    """
    yield ProtectedSignalling(end=TunnelEnd.MOBILE_NODE, association=association, care_of_address=home.care_of)
    if home.tunnel_local is not None and not home.home_interface:
        yield ProtectedTunnel(
            device=DEVICE,
            end=TunnelEnd.MOBILE_NODE,
            association=association,
            care_of_address=home.tunnel_local,
            accept_local=home.tunnel_also,
            payload=home.protect_payload,
            also=home.retiring,
        )


def _to_home(home: KnownHomeAddress) -> Rule:
    return Rule(priority=RULE_TO_HOME, table=home.table, destination=home.prefix)


def _at_home(home: KnownHomeAddress) -> Iterable[Item]:
    interface, table, source = home.home_interface, home.table, home.address
    # Not flagged as a home address: the copy on the device is, and the kernel side makes such ones without detection.
    yield Address(interface=interface, address=home.address, duplicate_detection=home.home_detection)
    on_link = home.prefix if home.home_has_neighbors or home.home_agent is None else _host(home.home_agent)
    yield Route(destination=on_link, interface=interface, table=table, preferred_source=source)
    if home.on_device and home.home_is_usual:
        # The main table names no source: neighbours would see any other address that we have in the home prefix.
        yield _to_home(home)
    if home.on_device:
        # When the interface goes, the kernel drops its routes at once; what is sent before we know waits on the device.
        yield Route(
            destination=DEFAULT,
            interface=DEVICE,
            table=table,
            preferred_source=source,
            metric=FALLBACK_METRIC,
            tunnel=source,
        )
    if home.home_router is not None:
        yield Route(
            destination=DEFAULT, interface=interface, table=table, gateway=home.home_router, preferred_source=source
        )
        if home.home_router_link_layer:
            yield Neighbor(
                interface=interface, address=home.home_router, link_layer_address=home.home_router_link_layer
            )
    if home.home_agent_link_layer and home.home_agent is not None:
        yield Neighbor(interface=interface, address=home.home_agent, link_layer_address=home.home_agent_link_layer)


def _interface(interface: KnownInterface, home_agents: Iterable[IPv6Address]) -> Iterable[Item]:
    name, table = interface.name, TABLE_CARE_OF_BASE + interface.index
    for address in interface.care_of:
        yield Address(
            interface=name,
            address=address,
            prefix_length=CARE_OF_PREFIX_LENGTH,
            duplicate_detection=interface.detection.get(address, DuplicateDetection.OPTIMISTIC),
        )
        yield Rule(priority=RULE_FROM_CARE_OF, table=table, source=_host(address))
    for setting in ("optimistic_dad", "use_optimistic"):  # for as long as it may have another one: not to and fro
        yield Sysctl(key=f"net/ipv6/conf/{name}/{setting}", value="1")
    router = interface.router
    if router is None or not interface.care_of:
        return
    ways = [Route(destination=network, interface=name, table=table) for network in router.on_link]
    ways += [Route(destination=to, interface=name, table=table, gateway=gateway) for to, gateway in router.ways]
    ways.append(Route(destination=DEFAULT, interface=name, table=table, gateway=router.address))
    yield from ways
    if interface.chosen is not None and interface.traffic:
        # The kernel refuses them while the address is tentative, and what leaves from it meanwhile needs a way, too.
        yield from (replace(each, preferred_source=interface.chosen, metric=CHOSEN_METRIC) for each in ways)
        yield from (_traffic(rule, table) for rule in interface.traffic)
    if interface.chosen is not None:
        for home_agent in home_agents:
            yield from _key_management(home_agent, ways, interface.chosen)
    if router.link_layer_address:
        yield Neighbor(interface=name, address=router.address, link_layer_address=router.link_layer_address)


def _key_management(home_agent: IPv6Address, ways: Iterable[Route], care_of: IPv6Address) -> Iterable[Item]:
    """IKE with a home agent uses the care-of address, and none of what is done for home addresses (section 11.3.2)."""
    destination = _host(home_agent)
    way = max((each for each in ways if home_agent in each.destination), key=lambda each: each.destination.prefixlen)
    yield replace(way, destination=destination, preferred_source=care_of, metric=CHOSEN_METRIC)
    for port in KEY_MANAGEMENT_PORTS:
        yield Rule(
            priority=RULE_KEY_MANAGEMENT,
            table=way.table,
            destination=destination,
            protocol=UDP,
            destination_ports=(port, port),
        )


def _traffic(rule: TrafficRule, table: int) -> Rule:
    return Rule(
        priority=RULE_TRAFFIC,
        table=table,
        destination=rule.destination,
        protocol=rule.protocol,
        destination_ports=rule.ports,
    )


def _host(address: IPv6Address) -> IPv6Network:
    return IPv6Network((int(address), 128))


def _grouped(items: Iterable[Item]) -> NetworkState:
    """By kind; each item is hashed once, which is what a state costs most."""
    kinds: dict[type, list[Item]] = {kind: [] for kind in _FIELDS}
    for item in items:
        kinds[type(item)].append(item)
    grouped: dict[str, Any] = {_FIELDS[kind]: frozenset(found) for kind, found in kinds.items() if found}
    return NetworkState(**grouped)
