# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs for the decoders: each gives a value or raises WireError, and a value can be written and read again."""

from mnclient.errors import WireError
from mnclient.network.sockets import _classify
from mnclient.wire.ipv6_extension import HEADER_SIZE
from mnclient.wire.packet import decode_packet, encode_packet
from mnclient.wire.signalling import message_type, upper_layer
from tests.fuzz.frames import FRAMES

AS_IT_IS = 0x80  # of the first octet: length and checksum stay what chance made of them
NEXT_HEADERS = (0, 43, 44, 60, 58, 135, 59, 41)


def fuzz_message(data: bytes) -> None:
    """The first octet chooses the headers, the rest is a Mobility Header or an ICMPv6 message."""
    form = data[0] if data else 0
    frame = FRAMES[(form & ~AS_IT_IS) % len(FRAMES)]
    message = data[1:]
    read(frame.around(message) if form & AS_IT_IS else frame.sealed_around(message))


def fuzz_headers(data: bytes) -> None:
    """The first octet chooses the first extension header, the rest is a chain of them and what it leads to.

    Or the rest is a whole packet, its IPv6 header included, or what should be one.
    """
    form = data[0] if data else 0
    octets = data[1:] if form & AS_IT_IS else _chain(form, data[1:])
    if len(octets) >= HEADER_SIZE:  # below that neither is called
        protocol, offset = upper_layer(octets)
        assert HEADER_SIZE <= offset <= len(octets)
        message_type(protocol, octets[offset:])
    _classify(octets)
    read(octets)


def _chain(form: int, content: bytes) -> bytes:
    start = FRAMES[(form >> 3) % len(FRAMES)].headers[:HEADER_SIZE]
    return start[:4] + len(content).to_bytes(2) + bytes((NEXT_HEADERS[form % 8],)) + start[7:] + content


def read(octets: bytes) -> None:
    """Decode a packet; what was understood must survive being written."""
    try:
        packet = decode_packet(octets)
    except WireError as error:
        refusal = error
    else:
        assert decode_packet(encode_packet(packet)) == packet
        return
    assert 0 <= refusal.offset <= len(octets), refusal
