# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers of visited links: they advertise, answer, and forward. They know nothing of Mobile IPv6."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES, is_multicast
from mnclient.wire.icmpv6 import NeighborAdvertisement, NeighborSolicitation, RouterAdvertisement, RouterSolicitation
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    NeighborOption,
    PrefixInformation,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
)
from mnclient.wire.packet import Packet
from tests.simulation.links import Datagram, Link, datagram
from tests.simulation.network import decoded


@dataclass(frozen=True)
class Advertising:
    """Seconds between advertisements, and whether they say so (RFC 6275 section 7.3)."""

    shortest: float
    longest: float
    says_interval: bool
    answer_within: float = 0.5
    valid: float = 86400.0


class VisitedRouter:
    """It advertises while somebody is there to hear it, which spares the simulation what nobody would notice."""

    def __init__(self, name: str, link: Link, mac: bytes, link_local: IPv6Address, advertising: Advertising) -> None:
        self.name = name
        self.mac = mac
        self.link_local = link_local
        self._link = link
        self._advertising = advertising
        self._next = float("inf")
        self._last = float("-inf")
        self._said = datagram(self._advertisement(), name)
        link.router = self
        link.plug(self)
        link.when_plugged = self._plan
        link.network.route(link.prefix, link.deliver)

    def owns(self, address: IPv6Address) -> bool:
        """It has no global address."""
        return False

    def hear(self, arrived: Datagram, mac: bytes) -> None:
        """A frame: a question to the router, or a packet to forward."""
        if not is_multicast(arrived.destination) and arrived.destination != self.link_local:
            self._link.network.send(arrived, self._link)
            return
        message = decoded(arrived.octets).message
        random = self._link.network.random
        if isinstance(message, RouterSolicitation):
            self._at(self._link.network.clock.now + random.random() * self._advertising.answer_within)
        elif isinstance(message, NeighborSolicitation) and message.target == self.link_local:
            answer = NeighborAdvertisement(
                target=self.link_local,
                router=True,
                solicited=True,
                override=True,
                options=(TargetLinkLayerAddress(address=self.mac),),
            )
            packet = Packet(source=self.link_local, destination=arrived.source, message=answer, hop_limit=255)
            self._link.unicast(self.mac, mac, datagram(packet, self.name))

    def _plan(self) -> None:
        random, advertising = self._link.network.random, self._advertising
        if len(self._link.ports) > 1:
            self._at(self._link.network.clock.now + random.uniform(advertising.shortest, advertising.longest))

    def _at(self, when: float) -> None:
        """Advertise then, unless that is planned for sooner anyway."""
        when = max(when, self._last + min(self._advertising.shortest, 3.0))
        if when < self._next:
            self._next = when
            self._link.network.clock.at(when, lambda: self._due(when))

    def _due(self, when: float) -> None:
        if when != self._next:
            return
        self._next, self._last = float("inf"), when
        self._link.multicast(self.mac, self._said)
        self._plan()

    def _advertisement(self) -> Packet:
        prefix = PrefixInformation(
            prefix=self._link.prefix.network_address,
            prefix_length=64,
            on_link=True,
            autonomous=True,
            router_address=False,
            valid_lifetime=Seconds(self._advertising.valid),
            preferred_lifetime=Seconds(self._advertising.valid / 2),
        )
        options: list[NeighborOption] = [prefix, SourceLinkLayerAddress(address=self.mac)]
        if self._advertising.says_interval:
            options.append(AdvertisementInterval(interval=Seconds(self._advertising.longest)))
        message = RouterAdvertisement(
            hop_limit=64,
            managed=False,
            other=False,
            home_agent=False,
            preference=RouterPreference.MEDIUM,
            router_lifetime=Seconds(1800.0),
            reachable_time=Seconds(0.0),
            retransmit_timer=Seconds(0.0),
            options=tuple(options),
        )
        return Packet(source=self.link_local, destination=ALL_NODES, message=message, hop_limit=255)
