# SPDX-License-Identifier: GPL-2.0-or-later
"""A laptop: the mobile-node role, and as much of a kernel as it needs.

The kernel follows the wanted network state itself: policy rules choose a table by the source, its routes lead to a
router, onto the link or into the tunnel. So a state that would strand packets strands them here, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import CORRESPONDENT_HEARD_INTERVAL
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    CorrespondentHeard,
    Event,
    LinkChanged,
    NeighborUnreachable,
    PayloadReceived,
)
from mnclient.model.config import MobileNodeConfig, NodeConfig
from mnclient.model.network_state import (
    DuplicateDetection,
    NetworkState,
    OptimizationEnd,
    ProtectedTunnel,
    Route,
    RouteOptimization,
    Tunnel,
)
from mnclient.units import Instant
from mnclient.wire.addresses import ALL_NODES, UNSPECIFIED, address_from, eui64_identifier, is_multicast, solicited_node
from mnclient.wire.icmpv6 import NeighborAdvertisement, NeighborSolicitation
from mnclient.wire.neighbor_options import TargetLinkLayerAddress
from mnclient.wire.packet import Packet
from tests.simulation.addresses import LINK_LOCAL_PREFIX
from tests.simulation.host import Host
from tests.simulation.invariants import Invariants
from tests.simulation.links import Datagram, Link, Payload, datagram, mirrored, under
from tests.simulation.network import Network, decoded

DETECTION: Final = 1.0  # RetransTimer, after which nobody else has an address
UNREACHABLE_AFTER: Final = 3.0  # a kernel gives a neighbour up when it did not answer for so long

Key = tuple[IPv6Address, IPv6Address]


@dataclass(slots=True)
class Port:
    """One interface. `session` counts how often it was plugged in."""

    laptop: Laptop
    interface: str
    mac: bytes
    link: Link | None = None
    session: int = 0
    told: tuple[bool, bool] = (False, False)
    name: str = ""
    link_local: IPv6Address = field(default=UNSPECIFIED)

    def __post_init__(self) -> None:
        self.name = self.laptop.name
        self.link_local = address_from(LINK_LOCAL_PREFIX, eui64_identifier(self.mac))

    def owns(self, address: IPv6Address) -> bool:
        """Whether the kernel has the address on this interface."""
        return (self.interface, address) in self.laptop.addresses

    def hear(self, arrived: Datagram, mac: bytes) -> None:
        """A frame arrived."""
        self.laptop.hear(self, arrived, mac)

    @property
    def has_news(self) -> bool:
        """Whether the service does not know yet that it is up, or down, or has its link-local address."""
        return self.told != (self.link is not None, True)

    def changed(self, *, interrupted: bool = False, link_local: bool = True) -> LinkChanged:
        """What the kernel says of it now."""
        self.told = (self.link is not None, link_local)
        return LinkChanged(
            interface=self.interface,
            is_up=self.link is not None,
            link_layer_address=self.mac,
            link_local_address=self.link_local if link_local else None,
            interrupted=interrupted,
        )


class Laptop(Host):
    """`addresses` of real interfaces are tentative (False) or in use (True)."""

    def __init__(
        self, name: str, network: Network, config: MobileNodeConfig, invariants: Invariants, macs: Iterable[bytes]
    ) -> None:
        super().__init__(name, network, NodeConfig(mobile_node=config), invariants)
        self.ports = {f"eth{n}": Port(self, f"eth{n}", mac) for n, mac in enumerate(macs)}
        self.home = config.home_addresses[0]
        self.addresses: dict[tuple[str, IPv6Address], bool] = {}
        self.left_at: dict[IPv6Address, Instant] = {}
        self.tunnel: Tunnel | None = None
        self.protected: ProtectedTunnel | None = None
        self.optimized: dict[IPv6Address, RouteOptimization] = {}
        self.heard_of: dict[IPv6Address, Instant] = {}
        self._tables: dict[IPv6Address, list[Route]] = {}
        self._neighbors: dict[tuple[str, IPv6Address], bytes] = {}
        self._announced = False
        self._silent: set[tuple[str, IPv6Address]] = set()

    def links_seen(self) -> Iterable[Event]:
        """Every interface."""
        return [port.changed() for port in self.ports.values()]

    def has(self, address: IPv6Address) -> bool:
        """Whether packets to an address would reach it now, if they came to the link where it belongs."""
        return any(there == address and self.ports[name].link is not None for name, there in self.addresses)

    def place(self) -> str:
        """The link where it is reached, as far as its kernel was told."""
        source = self.home.address if self.tunnel is None else self.tunnel.local
        names = [name for name, address in self.addresses if address in (source, self.home.address)]
        links = [link.name for name in names if (link := self.ports[name].link) is not None]
        return links[0] if links else ""

    # --- what is wanted of the kernel --------------------------------------------------------------------------------

    def set_state(self, owner: str, state: NetworkState) -> None:
        """Addresses, routes and tunnel, or a direct route."""
        super().set_state(owner, state)
        if owner.startswith("mobile-node:route"):
            routes = [each for known in self.states.values() for each in known.route_optimizations]
            self.optimized = {each.correspondent: each for each in routes}
            return
        tunnel = next(iter(state.tunnels), None)
        if tunnel is None or self.tunnel is None or (tunnel.local, tunnel.remote) != (
            self.tunnel.local, self.tunnel.remote):  # fmt: skip
            self._announced = False
        self.tunnel, self.protected = tunnel, next(iter(state.protected_tunnels), None)
        self._neighbors = {(each.interface, each.address): each.link_layer_address for each in state.neighbors}
        tables: dict[int, list[Route]] = {}
        for route in state.routes:
            tables.setdefault(route.table, []).append(route)
        for routes_of in tables.values():
            routes_of.sort(key=lambda each: (-each.destination.prefixlen, each.metric))
        self._tables = {
            each.source.network_address: tables.get(each.table, [])
            for each in sorted(state.rules, key=lambda rule: -rule.priority)
            if each.source is not None and each.destination is None
        }
        self._set_addresses(state)

    def _set_addresses(self, state: NetworkState) -> None:
        wanted = {
            (each.interface, each.address): each.duplicate_detection
            for each in state.addresses
            if each.interface in self.ports
        }
        for key in [key for key in self.addresses if key not in wanted]:
            del self.addresses[key]
            self.left_at[key[1]] = self.clock.now
        for key in sorted(wanted.keys() - self.addresses.keys()):
            self.addresses[key] = wanted[key] is DuplicateDetection.NONE
            if not self.addresses[key]:
                self._detect(key)

    def _detect(self, key: tuple[str, IPv6Address]) -> None:
        """Duplicate address detection (RFC 4862 section 5.4): ask once, and wait."""
        port, session, run = self.ports[key[0]], self.ports[key[0]].session, self.runs
        if port.link is None:
            return
        question = Packet(
            source=UNSPECIFIED,
            destination=solicited_node(key[1]),
            message=NeighborSolicitation(target=key[1]),
            hop_limit=255,
        )
        port.link.multicast(port.mac, datagram(question, self.name))

        def settle() -> None:
            if self.is_asleep:  # the kernel sleeps as well, and goes on afterwards
                self.clock.after(DETECTION, settle)
            elif self.addresses.get(key) is False and (port.session, self.runs) == (session, run):
                self.addresses[key] = True
                self.give(AddressSettled(interface=key[0], address=key[1]))

        self.clock.after(DETECTION, settle)

    # --- interfaces --------------------------------------------------------------------------------------------------

    def plug(self, port: Port, link: Link | None) -> None:
        """The cable goes elsewhere, or nowhere. Nobody is told."""
        if port.link is not None:
            port.link.unplug(port)
            for interface, address in self.addresses:
                if interface == port.interface:
                    self.left_at[address] = self.clock.now
        port.link = link
        port.session += 1
        self._silent.clear()
        self.note(f"{port.interface} in {link.name if link is not None else 'nothing'}")
        if link is not None:
            link.plug(port)
            for key in [key for key, is_used in self.addresses.items() if key[0] == port.interface and not is_used]:
                self._detect(key)

    def tell(self, port: Port, *, interrupted: bool = False, link_local: bool = True) -> None:
        """The service hears of an interface, unless it cannot hear now."""
        if self.is_running and not self.is_asleep:
            self.give(port.changed(interrupted=interrupted, link_local=link_local))

    # --- packets out -------------------------------------------------------------------------------------------------

    def send(self, action: SendPacket) -> None:
        """Signalling of the engine."""
        sent = datagram(action.packet, self.name, action.protection)
        if action.interface is None:
            self.route(sent)
            return
        port = self.ports[action.interface]
        if port.link is None:
            return
        if action.link_layer_destination is not None:
            self._frame(port, port.link, action.link_layer_destination, sent)
        elif is_multicast(sent.destination):
            port.link.multicast(port.mac, sent)
        else:
            self._to_neighbor(port, sent.destination, sent)

    def route(self, sent: Datagram) -> None:
        """By the rule for its source, its table, and the best route in that."""
        for route in self._tables.get(sent.source, ()):
            if sent.destination not in route.destination:
                continue
            if route.tunnel is not None:
                if self.tunnel is not None:
                    outer = Datagram(
                        source=self.tunnel.local,
                        destination=self.tunnel.remote,
                        origin=self.name,
                        inner=sent,
                        protection=under(self.protected, sent),
                    )
                    self.route(outer)
                return
            port = self.ports[route.interface]
            if port.link is not None:
                self._to_neighbor(port, route.gateway or sent.destination, sent)
            return

    def _to_neighbor(self, port: Port, neighbor: IPv6Address, sent: Datagram) -> None:
        assert port.link is not None
        mac = self._neighbors.get((port.interface, neighbor))
        if mac is None:
            there = port.link.find(neighbor)
            mac = there.mac if there is not None else b""
        silent = (port.interface, neighbor)
        if mac not in port.link.ports and silent not in self._silent:
            self._silent.add(silent)
            self.clock.after(UNREACHABLE_AFTER, lambda: self._give_up(silent))
        self._frame(port, port.link, mac, sent)

    def _give_up(self, silent: tuple[str, IPv6Address]) -> None:
        """The entry has FAILED. The next packet to that name makes the kernel ask again, perhaps for somebody else."""
        self._silent.discard(silent)
        self.give(NeighborUnreachable(interface=silent[0], address=silent[1]))

    @staticmethod
    def _frame(port: Port, link: Link, mac: bytes, sent: Datagram) -> None:
        """To a router the way over the link is part of the way through the network: one draw of fate for both."""
        router = link.router
        if router is not None and mac == router.mac and not (
            sent.destination == router.link_local or router.owns(sent.destination)):  # fmt: skip
            router.hear(sent, port.mac)
        else:
            link.unicast(port.mac, mac, sent)

    # --- packets in --------------------------------------------------------------------------------------------------

    def hear(self, port: Port, arrived: Datagram, mac: bytes) -> None:
        """A frame arrived at an interface."""
        if self.is_asleep:
            return
        if is_multicast(arrived.destination) or arrived.destination == port.link_local:
            self._neighbor_discovery(port, arrived, mac)
        elif port.owns(arrived.destination):
            self._receive(port, arrived)

    def _neighbor_discovery(self, port: Port, arrived: Datagram, mac: bytes) -> None:
        message = decoded(arrived.octets).message if arrived.octets else None
        if isinstance(message, NeighborSolicitation):
            self._solicited(port, message.target, arrived.source)
            return
        if isinstance(message, NeighborAdvertisement):
            self._contested(port, message.target)
        if message is not None:
            self.signal(arrived, port.interface, mac)

    def _solicited(self, port: Port, target: IPv6Address, source: IPv6Address) -> None:
        """Defend what is in use; what is tentative is lost to whoever detects at the same time."""
        is_used = self.addresses.get((port.interface, target))
        if is_used is False and source == UNSPECIFIED:
            self._contested(port, target)
        elif is_used and port.link is not None:
            message = NeighborAdvertisement(
                target=target,
                router=False,
                solicited=False,
                override=False,
                options=(TargetLinkLayerAddress(address=port.mac),),
            )
            packet = Packet(source=target, destination=ALL_NODES, message=message, hop_limit=255)
            port.link.multicast(port.mac, datagram(packet, self.name))

    def _contested(self, port: Port, target: IPv6Address) -> None:
        if self.addresses.get((port.interface, target)) is False:
            del self.addresses[port.interface, target]
            self.give(AddressDuplicate(interface=port.interface, address=target))

    def _receive(self, port: Port, arrived: Datagram) -> None:
        inner = arrived.inner
        if inner is not None:
            tunnel = self.tunnel
            is_ours = tunnel is not None and arrived.source == tunnel.remote and inner.destination == self.home.address
            wanted = under(self.protected, inner)
            if wanted is not None and mirrored(arrived.protection) != wanted:
                return
            if tunnel is not None and is_ours and arrived.destination in (tunnel.local, *tunnel.accept_local):
                self._take(port, inner._replace(protection=arrived.protection), through_tunnel=True)
            return
        if arrived.routing_home_address is not None and arrived.payload is not None:
            route = self.optimized.get(arrived.source)
            if route is None or arrived.destination not in (route.care_of_address, *route.accept_local):
                return
            self._use(arrived.payload.source)
        self._take(port, arrived, through_tunnel=False)

    def _take(self, port: Port, arrived: Datagram, *, through_tunnel: bool) -> None:
        if arrived.payload is None:
            if arrived.octets:
                self.signal(arrived, port.interface, through_tunnel=through_tunnel)
            return
        correspondent, now = arrived.payload.source, self.clock.now
        self.invariants.received(self, correspondent)
        if not through_tunnel:
            return
        if not self._announced:
            self._announced = True
            self.give(PayloadReceived(home_address=self.home.address))
        if now - self.heard_of.get(correspondent, Instant(0.0)) >= CORRESPONDENT_HEARD_INTERVAL:
            self.heard_of[correspondent] = now
            self.give(CorrespondentHeard(home_address=self.home.address, correspondent=correspondent))

    # --- payload -----------------------------------------------------------------------------------------------------

    def say(self, correspondent: IPv6Address) -> None:
        """A program sends a packet from the home address."""
        if self.is_asleep:
            return
        payload = Payload(self.home.address, correspondent)
        route = self.optimized.get(correspondent)
        if route is not None and route.outgoing:
            self._use(correspondent)
            sent = Datagram(
                source=route.care_of_address,
                destination=correspondent,
                origin=self.name,
                home_address=self.home.address,
                payload=payload,
            )
        else:
            sent = Datagram(source=self.home.address, destination=correspondent, origin=self.name, payload=payload)
        self.route(sent)

    def _use(self, correspondent: IPv6Address) -> None:
        self.used[OptimizationEnd.MOBILE_NODE, self.home.address, correspondent] = self.clock.now
