# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel leaves undone in packets that it hands to a raw socket. Pure.

A kernel puts off a TCP or UDP checksum until a network card can do it, and TCP segments stay one large packet as long.
Between the namespaces, containers and virtual machines of one computer no card ever comes. And a kernel that receives
joins TCP segments again, also those in a tunnel (GRO). In all these cases the checksum field has the sum of the pseudo
header alone, and whoever is given such a packet would drop it.

Packets that belong to this host are good as they are, but for the checksum. Those that are to be forwarded have to fit
the links again. What size they had is not told, so they get one that fits every link.
"""

import struct
from collections.abc import Iterator
from typing import Final

from mnclient.constants import IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU

_TCP: Final = 6
_CHECKSUMS: Final = {_TCP: IPV6_HEADER_LENGTH + 16, 17: IPV6_HEADER_LENGTH + 6}
"""Where TCP and UDP have their checksums. Others are never put off."""

_NEXT_HEADER: Final = 6
_ADDRESSES: Final = slice(8, IPV6_HEADER_LENGTH)
_SEQUENCE: Final = slice(IPV6_HEADER_LENGTH + 4, IPV6_HEADER_LENGTH + 8)
_DATA_OFFSET, _FLAGS = IPV6_HEADER_LENGTH + 12, IPV6_HEADER_LENGTH + 13
_TCP_HEADER_LENGTH: Final = 20
_FIN, _PSH, _CWR = 0x01, 0x08, 0x80
_ONES: Final = 0xFFFF  # a number modulo this is the ones' complement sum of its 16-bit words


def is_unfinished(packet: bytes) -> bool:
    """Whether the checksum field has the sum of the pseudo header alone.

    That is so by chance of one good packet in 65,536 as well: to finish it once more does no harm.
    """
    place = _CHECKSUMS.get(packet[_NEXT_HEADER])
    if place is None or len(packet) < place + 2:
        return False
    return int.from_bytes(packet[place : place + 2]) % _ONES == _pseudo_header(packet) % _ONES


def finished(packet: bytes, *, forwarded: bool) -> Iterator[bytes]:
    """An unfinished packet with its checksum; one that is `forwarded` in as many segments as it takes."""
    if not forwarded or len(packet) <= IPV6_MINIMUM_MTU or packet[_NEXT_HEADER] != _TCP:
        yield _with_checksum(bytearray(packet))
        return
    data = IPV6_HEADER_LENGTH + 4 * (packet[_DATA_OFFSET] >> 4)
    if not IPV6_HEADER_LENGTH + _TCP_HEADER_LENGTH <= data <= len(packet):
        return  # no TCP header
    step = IPV6_MINIMUM_MTU - data
    first = int.from_bytes(packet[_SEQUENCE])
    for start in range(0, len(packet) - data, step):
        part = packet[data + start : data + start + step]
        segment = bytearray(packet[:data] + part)
        segment[4:6] = struct.pack("!H", len(segment) - IPV6_HEADER_LENGTH)
        segment[_SEQUENCE] = struct.pack("!I", (first + start) & 0xFFFFFFFF)
        if start:
            segment[_FLAGS] &= ~_CWR
        if data + start + step < len(packet):
            segment[_FLAGS] &= ~(_FIN | _PSH)
        yield _with_checksum(segment)


def _with_checksum(packet: bytearray) -> bytes:
    place = _CHECKSUMS[packet[_NEXT_HEADER]]
    packet[place : place + 2] = bytes(2)
    body = packet[IPV6_HEADER_LENGTH:] + bytes(len(packet) % 2)
    total = (_pseudo_header(packet) + int.from_bytes(body)) % _ONES
    packet[place : place + 2] = struct.pack("!H", _ONES - total)
    return bytes(packet)


def _pseudo_header(packet: bytes | bytearray) -> int:
    """RFC 8200 section 8.1, as a number with the right remainder."""
    return int.from_bytes(packet[_ADDRESSES]) + len(packet) - IPV6_HEADER_LENGTH + packet[_NEXT_HEADER]
