# SPDX-License-Identifier: GPL-2.0-or-later
"""Links: who is plugged into them, and what they do to what is sent on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from mnclient.constants import PROTOCOL_MOBILITY
from mnclient.model.network_state import ProtectedTunnel
from mnclient.model.security import Protection
from mnclient.wire.packet import Packet, encode_packet
from mnclient.wire.signalling import upper_layer

if TYPE_CHECKING:
    from tests.simulation.network import Network

LONGEST_DELAY: Final = 1.5  # seconds that a network may keep a packet, copies included


class Payload(NamedTuple):
    """A packet of some talk between a home address and a correspondent; the ends are those that programs see."""

    source: IPv6Address
    destination: IPv6Address


class Datagram(NamedTuple):
    """What travels: the addresses that networks and kernels look at, and the octets of the whole packet.

    Of payload there are no octets, and a tunnelled packet has `inner`. `origin` is the name of who sent it.
    """

    source: IPv6Address
    destination: IPv6Address
    origin: str
    octets: bytes = b""
    home_address: IPv6Address | None = None
    routing_home_address: IPv6Address | None = None
    payload: Payload | None = None
    inner: Datagram | None = None
    protection: Protection | None = None


def datagram(packet: Packet, origin: str, protection: Protection | None = None) -> Datagram:
    """A signalling packet, encoded; under a security association of the sender, if it is protected by one."""
    return Datagram(
        source=packet.source,
        destination=packet.destination,
        origin=origin,
        octets=encode_packet(packet),
        home_address=packet.home_address,
        routing_home_address=packet.routing_home_address,
        protection=protection,
    )


@lru_cache
def mirrored(protection: Protection | None) -> Protection | None:
    """What the sender calls its association, as the receiver calls it: its kernel has checked what arrived under it."""
    if protection is None:
        return None
    return replace(protection, spi_in=protection.spi_out, spi_out=protection.spi_in)


def under(protected: ProtectedTunnel | None, inner: Datagram) -> Protection | None:
    """What a packet in the tunnel goes and comes under, None for nothing: of all, Mobility Headers."""
    if protected is None or not inner.octets or upper_layer(inner.octets)[0] != PROTOCOL_MOBILITY:
        return None
    return protected.association.protection


@dataclass(slots=True)
class Conditions:
    """What a way does to packets: probabilities, and seconds. Jitter beyond the gaps between packets reorders them."""

    delay: float = 0.005
    jitter: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    is_dead: bool = False

    def arrivals(self, random: Random) -> Sequence[float]:
        """After how many seconds a packet arrives: not at all, once, or twice."""
        if self.is_dead or (self.loss and random.random() < self.loss):
            return ()
        copies = 2 if self.duplication and random.random() < self.duplication else 1
        return [min(self.delay + self.jitter * random.random(), LONGEST_DELAY) for _ in range(copies)]

    def and_then(self, other: Conditions) -> Conditions:
        """Those of one way behind the other."""
        return Conditions(
            delay=self.delay + other.delay,
            jitter=self.jitter + other.jitter,
            loss=1 - (1 - self.loss) * (1 - other.loss),
            duplication=max(self.duplication, other.duplication),
            is_dead=self.is_dead or other.is_dead,
        )


class Listener(Protocol):
    """What can be plugged into a link."""

    name: str
    mac: bytes
    link_local: IPv6Address

    def owns(self, address: IPv6Address) -> bool:
        """Whether a packet to this address on the link is for it."""
        ...

    def hear(self, arrived: Datagram, mac: bytes) -> None:
        """A frame arrived, from this hardware address."""
        ...


class Link:
    """One link. What is sent when a port is plugged in, and arrives when it is elsewhere, is lost."""

    def __init__(self, name: str, prefix: IPv6Network, network: Network) -> None:
        self.name = name
        self.prefix = prefix
        self.network = network
        self.conditions = Conditions(delay=0.0002)
        self.ports: dict[bytes, Listener] = {}
        self.router: Listener | None = None
        self.when_plugged: Callable[[], None] = lambda: None

    def plug(self, port: Listener) -> None:
        """Somebody is here."""
        self.ports[port.mac] = port
        self.when_plugged()

    def unplug(self, port: Listener) -> None:
        """Somebody leaves."""
        self.ports.pop(port.mac, None)

    def find(self, address: IPv6Address) -> Listener | None:
        """Who has an address here."""
        for port in self.ports.values():
            if port.link_local == address or port.owns(address):
                return port
        return None

    def multicast(self, mac: bytes, sent: Datagram) -> None:
        """A frame to everybody else on the link."""
        for port in tuple(self.ports.values()):
            if port.mac != mac:
                self._carry(mac, port, sent)

    def unicast(self, mac: bytes, to: bytes, sent: Datagram) -> None:
        """A frame to one hardware address; nobody may have it."""
        port = self.ports.get(to)
        if port is not None:
            self._carry(mac, port, sent)
        else:
            self.network.lost(sent, self.name)

    def deliver(self, arrived: Datagram) -> None:
        """The router has a packet for an address on the link."""
        port = self.find(arrived.destination)
        if port is None or self.conditions.is_dead:
            self.network.lost(arrived, self.name)
        else:
            self.network.arrived(arrived, port.name)
            port.hear(arrived, self.router.mac if self.router is not None else b"")

    def _carry(self, mac: bytes, port: Listener, sent: Datagram) -> None:
        arrives = False
        for delay in self.conditions.arrivals(self.network.random):
            arrives = True
            self.network.clock.after(delay, lambda: self._arrive(mac, port, sent))
        if not arrives:
            self.network.lost(sent, port.name)

    def _arrive(self, mac: bytes, port: Listener, sent: Datagram) -> None:
        if self.ports.get(port.mac) is port:
            self.network.arrived(sent, port.name)
            port.hear(sent, mac)
