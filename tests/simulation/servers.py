# SPDX-License-Identifier: GPL-2.0-or-later
"""The hosts that stay where they are: home agents, which are the routers of their home links, and correspondents."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import PROTOCOL_ICMPV6
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import Event, HomeAddressRefused, LinkChanged
from mnclient.model.config import CorrespondentNodeConfig, HomeAgentConfig, NodeConfig
from mnclient.model.network_state import NetworkState, OptimizationEnd, ProtectedTunnel, RouteOptimization, Tunnel
from mnclient.wire.addresses import ALL_NODES, UNSPECIFIED, address_from, eui64_identifier, is_multicast
from mnclient.wire.icmpv6 import EchoReply, EchoRequest, NeighborAdvertisement, NeighborSolicitation
from mnclient.wire.neighbor_options import TargetLinkLayerAddress
from mnclient.wire.packet import Packet
from mnclient.wire.signalling import upper_layer
from tests.simulation.addresses import LINK_LOCAL_PREFIX
from tests.simulation.host import Host
from tests.simulation.invariants import Invariants
from tests.simulation.links import Datagram, Link, Payload, datagram, mirrored, under
from tests.simulation.network import Network, decoded

HOME_INTERFACE: Final = "home0"
CORE_INTERFACE: Final = "core0"


class HomeAgentHost(Host):
    """It forwards, intercepts and tunnels what its engine wants, and answers for itself and for absent laptops.

    `ways`: where packets of each home address are sent to.
    """

    def __init__(
        self, name: str, network: Network, config: HomeAgentConfig, invariants: Invariants, mac: bytes, link: Link
    ) -> None:
        super().__init__(name, network, NodeConfig(home_agent=config), invariants)
        self.mac = mac
        self.link_local = address_from(LINK_LOCAL_PREFIX, eui64_identifier(mac))
        self.link = link
        self.address = config.links[0].address
        self.tunnels: dict[IPv6Address, Tunnel] = {}
        self.proxied: frozenset[IPv6Address] = frozenset()
        self.protected: dict[IPv6Address, ProtectedTunnel] = {}
        self.ways: dict[IPv6Address, IPv6Address] = {}
        self.longest_lifetime = config.max_lifetime
        self.is_plugged = True
        link.router = self
        link.plug(self)
        network.route(link.prefix, self.forward)

    def links_seen(self) -> Iterable[Event]:
        """The home link and the core."""
        core = bytes((*self.mac[:5], 0xFE))
        return [
            self.link_changed(),
            LinkChanged(
                interface=CORE_INTERFACE,
                is_up=True,
                link_layer_address=core,
                link_local_address=address_from(LINK_LOCAL_PREFIX, eui64_identifier(core)),
            ),
        ]

    def link_changed(self) -> LinkChanged:
        """The home link's cable."""
        return LinkChanged(
            interface=HOME_INTERFACE,
            is_up=self.is_plugged,
            link_layer_address=self.mac,
            link_local_address=self.link_local,
        )

    def owns(self, address: IPv6Address) -> bool:
        """The home agent's own address, and those it answers for."""
        return address == self.address or address in self.proxied

    def set_state(self, owner: str, state: NetworkState) -> None:
        """A binding's part: its tunnel, and whom to answer for."""
        super().set_state(owner, state)
        self.tunnels = {each.home_address: each for known in self.states.values() for each in known.tunnels}
        self.protected = {
            each.association.home_address: each for known in self.states.values() for each in known.protected_tunnels
        }
        self.proxied = frozenset(each.address for known in self.states.values() for each in known.proxy_neighbors)
        self.ways = {home_address: each.remote for home_address, each in self.tunnels.items()}

    def send(self, action: SendPacket) -> None:
        """Signalling of the engine."""
        sent = datagram(action.packet, self.name, action.protection)
        if action.interface is None:
            self.forward(sent)
        elif action.interface == HOME_INTERFACE and self.is_plugged:
            if action.link_layer_destination is not None:
                self.link.unicast(self.mac, action.link_layer_destination, sent)
            elif is_multicast(sent.destination):
                self.link.multicast(self.mac, sent)
            else:
                self.link.deliver(sent)

    def forward(self, passing: Datagram) -> None:
        """A packet that came from anywhere, by its destination."""
        destination = passing.destination
        if destination == self.address:
            self._receive(passing)
            return
        tunnel = self.tunnels.get(destination)
        if tunnel is not None:
            self.invariants.tunnelled(self, tunnel)
            protection = under(self.protected.get(destination), passing)
            outer = Datagram(
                source=tunnel.local,
                destination=tunnel.remote,
                origin=self.name,
                inner=passing,
                protection=protection,
            )
            self.network.send(outer)
        elif destination in self.link.prefix:
            if self.is_plugged:
                self.network.arrived(passing, self.name)
                self.link.deliver(passing)
        else:
            self.network.send(passing)

    def hear(self, arrived: Datagram, mac: bytes) -> None:
        """A frame on the home link."""
        if not self.is_plugged:
            return
        if is_multicast(arrived.destination) or arrived.destination == self.link_local:
            message = decoded(arrived.octets).message
            if isinstance(message, NeighborSolicitation):
                self._solicited(message.target, arrived.source, mac)
            self.signal(arrived, HOME_INTERFACE, mac)
        elif arrived.destination == self.address and arrived.octets:
            self._signalling(arrived, HOME_INTERFACE, mac)
        else:
            self.forward(arrived)

    def _solicited(self, target: IPv6Address, source: IPv6Address, mac: bytes) -> None:
        """The kernel answers for its own addresses as a router, for absent laptops as they would."""
        is_own = target in (self.address, self.link_local)
        if not is_own and target not in self.proxied:
            return
        is_unspecified = source == UNSPECIFIED
        message = NeighborAdvertisement(
            target=target,
            router=is_own,
            solicited=not is_unspecified,
            override=is_own,
            options=(TargetLinkLayerAddress(address=self.mac),),
        )
        packet = Packet(
            source=self.link_local,
            destination=ALL_NODES if is_unspecified else source,
            message=message,
            hop_limit=255,
        )
        answer = datagram(packet, self.name)
        if is_unspecified:
            self.link.multicast(self.mac, answer)
        else:
            self.link.unicast(self.mac, mac, answer)

    def _receive(self, arrived: Datagram) -> None:
        inner = arrived.inner
        if inner is None:
            self._signalling(arrived, CORE_INTERFACE, b"")
            return
        tunnel, wanted = self.tunnels.get(inner.source), under(self.protected.get(inner.source), inner)
        is_protected = wanted is None or mirrored(arrived.protection) == wanted
        if tunnel is not None and is_protected and arrived.source in (tunnel.remote, *tunnel.accept_remote):
            self.network.arrived(arrived, self.name)
            self.forward(inner._replace(protection=None))
        else:
            self.network.lost(arrived, self.name)

    def _signalling(self, arrived: Datagram, interface: str, mac: bytes) -> None:
        if not arrived.octets:
            return
        self.network.arrived(arrived, self.name)
        if upper_layer(arrived.octets)[0] == PROTOCOL_ICMPV6 and isinstance(
            message := decoded(arrived.octets).message, EchoRequest):  # fmt: skip
            answer = EchoReply(identifier=message.identifier, sequence=message.sequence, data=message.data)
            reply = Packet(source=arrived.destination, destination=arrived.source, message=answer)
            self.forward(datagram(reply, self.name))
        else:
            self.signal(arrived, interface, mac)


class Correspondent(Host):
    """A host of the core with the correspondent-node role. `ways`: where packets of each home address are sent to."""

    def __init__(
        self,
        name: str,
        network: Network,
        config: CorrespondentNodeConfig,
        invariants: Invariants,
        address: IPv6Address,
    ) -> None:
        super().__init__(name, network, NodeConfig(correspondent_node=config), invariants)
        self.address = address
        self.longest_lifetime = config.max_lifetime
        self.routes: dict[IPv6Address, RouteOptimization] = {}
        self.ways: dict[IPv6Address, IPv6Address] = {}
        network.attach(address, self.receive)

    def links_seen(self) -> Iterable[Event]:
        """Its only interface."""
        mac = bytes((2, 0, 0, 0, 9, 9))
        local = address_from(LINK_LOCAL_PREFIX, eui64_identifier(mac))
        return [LinkChanged(interface=CORE_INTERFACE, is_up=True, link_layer_address=mac, link_local_address=local)]

    def set_state(self, owner: str, state: NetworkState) -> None:
        """A binding's part: the direct way."""
        super().set_state(owner, state)
        routes = [each for known in self.states.values() for each in known.route_optimizations]
        self.routes = {each.home_address: each for each in routes}
        self.ways = {home_address: each.care_of_address for home_address, each in self.routes.items()}

    def send(self, action: SendPacket) -> None:
        """Signalling of the engine."""
        self.network.send(datagram(action.packet, self.name, action.protection))

    def receive(self, arrived: Datagram) -> None:
        """A packet has come."""
        if self.is_asleep:
            return
        self.network.arrived(arrived, self.name)
        if arrived.payload is None:
            self.signal(arrived, CORE_INTERFACE)
            return
        home_address = arrived.payload.source
        if arrived.home_address is not None:
            route = self.routes.get(home_address)
            if route is None or route.care_of_address != arrived.source:
                event = HomeAddressRefused(
                    source=arrived.source, destination=self.address, home_address=arrived.home_address
                )
                self.give(event)
                return
            self._use(home_address)
        self.invariants.answered(self, home_address)

    def say(self, home_address: IPv6Address) -> None:
        """A program sends a packet to a home address."""
        if self.is_asleep:
            return
        payload = Payload(self.address, home_address)
        route = self.routes.get(home_address)
        if route is not None and route.outgoing:
            self._use(home_address)
            self.invariants.optimized(self, route)
            sent = Datagram(
                source=self.address,
                destination=route.care_of_address,
                origin=self.name,
                routing_home_address=home_address,
                payload=payload,
            )
        else:
            sent = Datagram(source=self.address, destination=home_address, origin=self.name, payload=payload)
        self.network.send(sent)

    def _use(self, home_address: IPv6Address) -> None:
        self.used[OptimizationEnd.CORRESPONDENT, home_address, self.address] = self.clock.now
