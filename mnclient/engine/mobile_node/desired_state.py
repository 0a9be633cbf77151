# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel should look like for the mobile-node role: a pure function from what the role knows.

The home address lives on our tunnel device, always, so that no socket ever loses it; at home it is on the home
interface as well. A table per home address says where packets from it go, a table per interface where packets from a
care-of address go (RFC 8028: through the router that advertised it). New connections use the preferred home address
only while it works, or has just stopped to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from mnclient.constants import (
    IPV6_HEADER_LENGTH,
    IPV6_MINIMUM_MTU,
    RULE_DEFAULT,
    RULE_FROM_CARE_OF,
    RULE_FROM_HOME,
    RULE_ON_LINK,
    RULE_TO_HOME,
    TABLE_CARE_OF_BASE,
    TABLE_HOME_BASE,
    TUNNEL_DEVICE_MOBILE_NODE,
)
from mnclient.model.network_state import (
    EMPTY,
    Address,
    DuplicateDetection,
    Item,
    Neighbor,
    NetworkState,
    Route,
    Rule,
    Sysctl,
    Tunnel,
    TunnelDevice,
    TunnelEnd,
)

DEVICE: Final = TUNNEL_DEVICE_MOBILE_NODE
DEFAULT: Final = IPv6Network("::/0")
MAIN_TABLE: Final = 254

_FIELDS: Final[dict[type, str]] = {
    TunnelDevice: "devices",
    Sysctl: "sysctls",
    Address: "addresses",
    Neighbor: "neighbors",
    Tunnel: "tunnels",
    Route: "routes",
    Rule: "rules",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRouter:
    """The current router of an interface in use."""

    address: IPv6Address
    link_layer_address: bytes
    on_link: tuple[IPv6Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownInterface:
    """An interface with care-of addresses; `care_of` holds the one in use and those just left."""

    name: str
    index: int
    router: KnownRouter | None
    care_of: tuple[IPv6Address, ...]
    in_use: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHomeAddress:
    """One home address. `home_interface` is "" unless it is to be on that interface.

    `tunnel_local` is the care-of address of the tunnel, None for none; `home_agent_link_layer` is given while the home
    agent must be reached without asking for its hardware address.
    """

    address: IPv6Address
    prefix: IPv6Network
    index: int
    home_agent: IPv6Address | None
    on_device: bool
    home_interface: str = ""
    home_detection: DuplicateDetection = DuplicateDetection.NONE
    home_router: IPv6Address | None = None
    home_agent_link_layer: bytes | None = None
    tunnel_local: IPv6Address | None = None
    tunnel_also: tuple[IPv6Address, ...] = ()

    @property
    def table(self) -> int:
        """The table of packets from this address."""
        return TABLE_HOME_BASE + self.index


def desired_state(
    homes: Iterable[KnownHomeAddress], interfaces: Iterable[KnownInterface], default: int | None, link_mtu: int
) -> NetworkState:
    """The whole state. `default` is the table of the preferred home address while new connections should use it."""
    homes = list(homes)
    items: set[Item] = set()
    if homes:
        items.add(TunnelDevice(name=DEVICE, mtu=max(link_mtu - IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU)))
    for home in homes:
        items.update(_home_address(home))
    for interface in interfaces:
        items.update(_interface(interface))
    if default is not None:
        items.add(Rule(priority=RULE_ON_LINK, table=MAIN_TABLE, suppress_prefix_length=0))
        items.add(Rule(priority=RULE_DEFAULT, table=default))
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
        yield Rule(priority=RULE_TO_HOME, table=home.table, destination=home.prefix)
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


def _at_home(home: KnownHomeAddress) -> Iterable[Item]:
    interface, table, source = home.home_interface, home.table, home.address
    # Not flagged as a home address: the copy on the device is, and the kernel side makes such ones without detection.
    yield Address(interface=interface, address=home.address, duplicate_detection=home.home_detection)
    yield Route(destination=home.prefix, interface=interface, table=table, preferred_source=source)
    if home.home_router is not None:
        yield Route(
            destination=DEFAULT, interface=interface, table=table, gateway=home.home_router, preferred_source=source
        )
    if home.home_agent_link_layer and home.home_agent is not None:
        yield Neighbor(interface=interface, address=home.home_agent, link_layer_address=home.home_agent_link_layer)


def _interface(interface: KnownInterface) -> Iterable[Item]:
    name, table = interface.name, TABLE_CARE_OF_BASE + interface.index
    for address in interface.care_of:
        yield Address(interface=name, address=address, duplicate_detection=DuplicateDetection.OPTIMISTIC)
        yield Rule(priority=RULE_FROM_CARE_OF, table=table, source=_host(address))
    if interface.in_use and interface.care_of:
        for setting in ("optimistic_dad", "use_optimistic"):
            yield Sysctl(key=f"net/ipv6/conf/{name}/{setting}", value="1")
    router = interface.router
    if router is None or not interface.care_of:
        return
    for network in router.on_link:
        yield Route(destination=network, interface=name, table=table)
    yield Route(destination=DEFAULT, interface=name, table=table, gateway=router.address)
    if router.link_layer_address:
        yield Neighbor(interface=name, address=router.address, link_layer_address=router.link_layer_address)


def _host(address: IPv6Address) -> IPv6Network:
    return IPv6Network((int(address), 128))


def _grouped(items: set[Item]) -> NetworkState:
    kinds: dict[type, list[Item]] = {kind: [] for kind in _FIELDS}
    for item in items:
        kinds[type(item)].append(item)
    grouped: dict[str, Any] = {_FIELDS[kind]: frozenset(found) for kind, found in kinds.items() if found}
    return replace(EMPTY, **grouped)
