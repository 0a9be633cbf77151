# SPDX-License-Identifier: GPL-2.0-or-later
"""The routed network between all links: every prefix leads to its router, every host of the core has its address."""

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from random import Random

from mnclient.wire.packet import Packet, decode_packet
from tests.simulation.clock import Clock
from tests.simulation.diagram import Diagram
from tests.simulation.links import Conditions, Datagram, Link

Taker = Callable[[Datagram], None]
_DECODED: dict[bytes, Packet] = {}
_MOST_DECODED = 4096


def decoded(octets: bytes) -> Packet:
    """The packet in the octets. It is always the same one, so an advertisement to many is decoded once."""
    packet = _DECODED.get(octets)
    if packet is None:
        if len(_DECODED) >= _MOST_DECODED:
            _DECODED.clear()
        packet = _DECODED[octets] = decode_packet(octets)
    return packet


class Network:
    """`core` are the conditions of every way through it. `taps` see everything that is sent into it."""

    def __init__(self, clock: Clock, random: Random, diagram: Diagram | None = None) -> None:
        self.clock = clock
        self.random = random
        self.diagram = diagram
        self.core = Conditions()
        self.taps: list[Taker] = []
        self._prefixes: dict[int, Taker] = {}
        self._hosts: dict[IPv6Address, Taker] = {}

    def route(self, prefix: IPv6Network, taker: Taker) -> None:
        """Packets to a /64 go there."""
        self._prefixes[int(prefix.network_address) >> 64] = taker

    def attach(self, address: IPv6Address, taker: Taker) -> None:
        """A host of the core."""
        self._hosts[address] = taker

    def send(self, sent: Datagram, link: Link | None = None) -> None:
        """A packet is on its way, from a link or from a host of the core."""
        for tap in self.taps:
            tap(sent)
        way = self.core if link is None else link.conditions.and_then(self.core)
        taker = self._hosts.get(sent.destination) or self._prefixes.get(int(sent.destination) >> 64)
        arrives = False
        if taker is not None:
            there = taker
            for delay in way.arrivals(self.random):
                arrives = True
                self.clock.after(delay, lambda: there(sent))
        if not arrives:
            self.lost(sent, "core")

    def arrived(self, sent: Datagram, where: str) -> None:
        """For the diagram: somebody gets it."""
        if self.diagram is not None:
            self.diagram.message(self.clock.now, sent, where)

    def lost(self, sent: Datagram, where: str) -> None:
        """For the diagram: nobody gets it."""
        if self.diagram is not None:
            self.diagram.message(self.clock.now, sent, where, is_lost=True)
