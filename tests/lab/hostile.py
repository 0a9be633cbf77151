# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that nobody should send, octet by octet, and a hidden observer of what comes back.

Nothing here uses the product's codec: what it would refuse to write must be written, and its answers are read by
other eyes.
"""

import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv6Address
from pathlib import Path
from typing import Self

from tests.lab.lab import Lab
from tests.lab.node import Node, inside
from tests.lab.service import Service

MOBILITY, ICMPV6, IPV6, NO_NEXT_HEADER, ROUTING, DESTINATION_OPTIONS = 135, 58, 41, 59, 43, 60
BRR, HOTI, COTI, HOT, COT, BU, BA, BE = range(8)
A, H, L, K = 0x8000, 0x4000, 0x2000, 0x1000

ETH_P_IPV6 = 0x86DD
PACKET_OUTGOING = 4
ALL_NODES = "ff02::1"

Address = IPv6Address | str


def packed(address: Address) -> bytes:
    return IPv6Address(address).packed


def checksum(source: Address, destination: Address, protocol: int, data: bytes) -> int:
    """RFC 8200 section 8.1, word by word."""
    pseudo = packed(source) + packed(destination) + struct.pack("!II", len(data), protocol)
    octets = pseudo + data + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def ipv6(
    source: Address, destination: Address, protocol: int, payload: bytes, *, hops: int = 64, length: int | None = None
) -> bytes:
    """A packet. `length`: a Payload Length that is not the true one."""
    said = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28, said, protocol, hops) + packed(source) + packed(destination) + payload


def mobility(
    kind: int,
    data: bytes,
    source: Address,
    destination: Address,
    *,
    proto: int = NO_NEXT_HEADER,
    length: int | None = None,
    spoil: int = 0,
) -> bytes:
    """A Mobility Header with a right checksum; `length` is a Header Len that is not the true one, `spoil` a wrong sum.

    `source` and `destination` are those of the pseudo-header: the home addresses where there are any.
    """
    data += bytes(-(6 + len(data)) % 8)
    size = (6 + len(data)) // 8 - 1 if length is None else length
    header = struct.pack("!BBBB", proto, size & 0xFF, kind, 0)
    covered = header + bytes(2) + data
    claimed = covered[: (size + 1) * 8]
    total = checksum(source, destination, MOBILITY, claimed) ^ spoil
    return header + struct.pack("!H", total) + data


def update(sequence: int, lifetime: int = 10, flags: int = A | H, options: bytes = b"") -> bytes:
    """The data of a Binding Update; `lifetime` in units of 4 s."""
    return struct.pack("!HHH", sequence, flags, lifetime) + options


def acknowledgement(status: int, sequence: int, lifetime: int = 10) -> bytes:
    """The data of a Binding Acknowledgement."""
    return struct.pack("!BBHH", status, 0, sequence, lifetime)


def error(status: int, home_address: Address) -> bytes:
    """The data of a Binding Error."""
    return struct.pack("!BB", status, 0) + packed(home_address)


def alternate_care_of(address: Address) -> bytes:
    """An Alternate Care-of Address option, aligned behind the data of a Binding Update."""
    return bytes((1, 2, 0, 0)) + bytes((3, 16)) + packed(address)


def home_option(next_header: int, *addresses: Address) -> bytes:
    """A Destination Options header with a Home Address option for each address."""
    options = bytes((1, 2, 0, 0)) + bytes((1, 4, 0, 0, 0, 0)).join(
        bytes((201, 16)) + packed(each) for each in addresses
    )
    return bytes((next_header, (2 + len(options)) // 8 - 1)) + options


def type_2(next_header: int, address: Address, *, left: int = 1, length: int = 2) -> bytes:
    """A type 2 routing header."""
    return bytes((next_header, length, 2, left, 0, 0, 0, 0)) + packed(address)


def icmpv6(kind: int, code: int, body: bytes, source: Address, destination: Address) -> bytes:
    """An ICMPv6 message with a right checksum."""
    total = checksum(source, destination, ICMPV6, struct.pack("!BBH", kind, code, 0) + body)
    return struct.pack("!BBH", kind, code, total) + body


def advertisement(
    *options: bytes,
    lifetime: int = 1800,
    home_agent: bool = True,
    hop_limit: int = 64,
    reachable: int = 0,
    retransmit: int = 0,
) -> bytes:
    """A Router Advertisement behind its checksum."""
    flags = 0x20 if home_agent else 0
    return struct.pack("!BBHII", hop_limit, flags, lifetime, reachable, retransmit) + b"".join(options)


def prefix_option(
    prefix: Address, length: int = 64, *, flags: int = 0xC0, valid: int = 86400, preferred: int = 14400
) -> bytes:
    """Prefix Information; `flags` are L 0x80, A 0x40 and R 0x20."""
    return struct.pack("!BBBBIII", 3, 4, length, flags, valid, preferred, 0) + packed(prefix)


def interval_option(milliseconds: int) -> bytes:
    """Advertisement Interval."""
    return struct.pack("!BBHI", 7, 1, 0, milliseconds)


def home_agent_option(preference: int, lifetime: int) -> bytes:
    """Home Agent Information."""
    return struct.pack("!BBHHH", 8, 1, 0, preference, lifetime)


def mtu_option(mtu: int) -> bytes:
    """MTU."""
    return struct.pack("!BBHI", 5, 1, 0, mtu)


def router_frame(source: Address, hardware: bytes, body: bytes, *, hops: int = 255, code: int = 0) -> bytes:
    """The Ethernet frame of a Router Advertisement to all nodes."""
    packet = ipv6(source, ALL_NODES, ICMPV6, icmpv6(134, code, body, source, ALL_NODES), hops=hops)
    return bytes.fromhex("333300000001") + hardware + struct.pack("!H", ETH_P_IPV6) + packet


class Stranger:
    """Somebody on a machine of the lab who sends whatever he wants, and sees everything that reaches him."""

    def __init__(self, node: Node, interface: str) -> None:
        with ExitStack() as undo, inside(node.namespace):
            self._out = undo.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW))
            self._in = undo.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6)))
            self._in.bind((interface, ETH_P_IPV6))
            self._in.setblocking(False)
            self._undo = undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def send(self, packet: bytes) -> None:
        """Send it; the kernel routes by the destination address and looks at nothing else."""
        self._out.sendto(packet, (str(IPv6Address(packet[24:40])), 0))

    def received(self) -> list[bytes]:
        """What came in since the last call, without Neighbor Discovery."""
        return [packet for packet in self._all() if not (packet[6] == ICMPV6 and 133 <= packet[40] <= 137)]

    def _all(self) -> Iterator[bytes]:
        while True:
            try:
                packet, where = self._in.recvfrom(65535)
            except BlockingIOError:
                return
            if where[2] != PACKET_OUTGOING:
                yield packet


@contextmanager
def frames(node: Node, interface: str) -> Iterator[socket.socket]:
    """A socket that sends whole Ethernet frames out of an interface."""
    with inside(node.namespace):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with opened:
        opened.bind((interface, 0))
        yield opened


def told(packet: bytes) -> str:
    """An answer in words: "BA 132 sequence 5 via 2001:db8::9", "BE 2 home ::", "PP 0 pointer 40"."""
    source, destination = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
    next_header, body, way = packet[6], packet[40:], ""
    if next_header == ROUTING and body[2] == 2:
        destination = IPv6Address(body[8:24])
        next_header, body, way = body[0], body[24:], f" via {destination}"
    if next_header not in (MOBILITY, ICMPV6):
        return f"next header {next_header}{way}"
    if checksum(source, destination, next_header, body):
        return f"wrong checksum{way}"
    if next_header == ICMPV6:
        name = {1: "unreachable", 2: "too big", 3: "time exceeded", 4: "PP"}.get(body[0], f"ICMPv6 {body[0]}")
        return f"{name} {body[1]} pointer {int.from_bytes(body[4:8])}{way}"
    if body[2] == BA:
        return f"BA {body[6]} sequence {int.from_bytes(body[8:10])}{way}"
    if body[2] == BE:
        return f"BE {body[6]} home {IPv6Address(body[8:24])}{way}"
    return f"MH type {body[2]}{way}"


def resident_kilobytes(service: Service) -> int:
    """Resident memory of a service."""
    lines = Path(f"/proc/{service.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def complete_log(service: Service) -> str:
    """Everything it has said since its first start."""
    assert service.process is not None
    return service.process.log.read_text(encoding="utf-8", errors="replace")


def reload(lab: Lab, service: Service, words: str) -> None:
    """Have it read its files again, and wait until its log says so in these words."""
    before = complete_log(service).count(words)
    os.kill(service.pid, signal.SIGHUP)
    lab.eventually(lambda: complete_log(service).count(words) > before, within=5.0, what=f"the log says: {words}")
