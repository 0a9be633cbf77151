# SPDX-License-Identifier: GPL-2.0-or-later
"""Neighbor Discovery on the wire: recorded from the first moment on, and single messages made by hand.

Nothing here uses the product's codec: a test of what it sends needs other eyes.
"""

import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from select import select
from time import time
from typing import Final, Self

from tests.lab.hostile import ALL_NODES, ETH_P_IPV6, ICMPV6, Address, icmpv6, ipv6, packed
from tests.lab.node import Node, inside

ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, SOLICITATION, ADVERTISEMENT, REDIRECT = range(133, 138)
ECHO_REQUEST, ECHO_REPLY = 128, 129
NOWHERE = IPv6Address("::")
_FIXED = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40}  # octets before the options
_HOP_BY_HOP = 0
_ETHERNET, _IPV6 = 14, 40
_ETH_P_ALL: Final = 3  # of one protocol alone only what comes in would be shown
_SO_RCVBUFFORCE: Final = 33
_SO_TIMESTAMPNS: Final = 35
_DISCARD: Final = 9  # a port where nobody listens
_TAPE: Final = 1 << 24  # octets that wait to be read: minutes of a quiet link


@dataclass(frozen=True)
class Heard:
    """One recorded ICMPv6 message. `at` in seconds of the time of day; `body` from the Type on."""

    at: float
    hardware_source: str
    hardware_destination: str
    source: IPv6Address
    destination: IPv6Address
    body: bytes

    @property
    def kind(self) -> int:
        """The ICMPv6 type."""
        return self.body[0]

    @property
    def target(self) -> IPv6Address:
        """The Target Address of a Neighbor Solicitation, Neighbor Advertisement or Redirect."""
        return IPv6Address(self.body[8:24])

    @property
    def flags(self) -> str:
        """Of a Neighbor Advertisement: "R", "S" and "O" as far as they are set."""
        return "".join(letter for letter, bit in (("R", 0x80), ("S", 0x40), ("O", 0x20)) if self.body[4] & bit)

    @property
    def options(self) -> dict[int, bytes]:
        """Neighbor Discovery options by type, the first of each, with what follows Type and Length."""
        found: dict[int, bytes] = {}
        rest = self.body[_FIXED[self.kind] :]
        while len(rest) >= 8 and rest[1]:
            found.setdefault(rest[0], rest[2 : 8 * rest[1]])
            rest = rest[8 * rest[1] :]
        return found


class Tape:
    """Everything that passes an interface of a machine from the first moment on, even while the interface goes down and
    up again: for that the socket is not bound to it, and what is kept is told apart by its name."""

    def __init__(self, node: Node, interface: str) -> None:
        self._interface = interface
        with inside(node.namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            probe = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _TAPE)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        self._frames: list[tuple[float, bytes]] = []
        with probe:
            if not any(self._is_stamped_on_arrival(probe) for _ in range(1000)):
                raise AssertionError("the kernel does not stamp packets as they come")

    def _is_stamped_on_arrival(self, probe: socket.socket) -> bool:
        """The kernel begins to stamp a moment after it is asked to; what came before is stamped when it is read."""
        probe.sendto(b"", ("::1", _DISCARD))
        select([self._socket], [], [], 1.0)
        now, stamps = time(), []
        with suppress(BlockingIOError):
            while True:
                stamps.append(_stamp(self._socket.recvmsg(65535, 256)[1]))
        return bool(stamps) and stamps[-1] < now

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.frames()
        self._socket.close()

    def frames(self) -> list[tuple[float, bytes]]:
        """The instant of each in seconds of the time of day, and its octets; also after the end."""
        while self._socket.fileno() >= 0:
            try:
                data, ancillary, _, where = self._socket.recvmsg(65535, 256)
            except BlockingIOError:
                break
            if where[0] == self._interface and data[12:14] == struct.pack("!H", ETH_P_IPV6):
                self._frames.append((_stamp(ancillary), data))
        return self._frames

    def heard(self, *kinds: int) -> list[Heard]:
        """The ICMPv6 messages, in order; of these types if any are given."""
        return [each for each in _all(self.frames()) if not kinds or each.kind in kinds]

    def packets(self) -> list[tuple[float, bytes]]:
        """All IPv6 packets, with their instants."""
        return [(at, frame[_ETHERNET:]) for at, frame in self.frames()]


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2])
    return float(seconds + nanoseconds / 1e9)


def _all(recorded: Iterable[tuple[float, bytes]]) -> Iterator[Heard]:
    for at, frame in recorded:
        packet = frame[_ETHERNET:]
        next_header, body = packet[6], packet[_IPV6:]
        if next_header == _HOP_BY_HOP:  # in front of every MLD message
            next_header, body = body[0], body[8 * (body[1] + 1) :]
        if next_header == ICMPV6 and body:
            source, destination = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
            yield Heard(at, frame[6:12].hex(":"), frame[:6].hex(":"), source, destination, body)


def solicited_node(address: Address) -> IPv6Address:
    """RFC 4291 section 2.7.1, computed here once more."""
    return IPv6Address(packed("ff02::1:ff00:0")[:13] + packed(address)[13:])


def hardware_group(group: Address) -> bytes:
    """The Ethernet address of a multicast group (RFC 2464 section 7)."""
    return b"\x33\x33" + packed(group)[12:]


def solicitation(target: Address, source: Address, hardware: bytes, *, destination: bytes = b"") -> bytes:
    """The frame of a Neighbor Solicitation to the group of `target`; from "::" it is somebody's duplicate detection."""
    group = solicited_node(target)
    option = b"" if packed(source) == bytes(16) else bytes((1, 1)) + hardware
    body = icmpv6(SOLICITATION, 0, bytes(4) + packed(target) + option, source, group)
    return frame(ipv6(source, group, ICMPV6, body, hops=255), hardware, destination or hardware_group(group))


def advertisement_of(target: Address, source: Address, hardware: bytes) -> bytes:
    """The frame of an unsolicited Neighbor Advertisement to all nodes, with the O flag."""
    body = struct.pack("!I", 0x2000_0000) + packed(target) + bytes((2, 1)) + hardware
    message = icmpv6(ADVERTISEMENT, 0, body, source, ALL_NODES)
    return frame(ipv6(source, ALL_NODES, ICMPV6, message, hops=255), hardware, hardware_group(ALL_NODES))


def frame(packet: bytes, source: bytes, destination: bytes) -> bytes:
    """A packet in an Ethernet frame."""
    return destination + source + struct.pack("!H", ETH_P_IPV6) + packet
