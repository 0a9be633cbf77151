# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs for the decoders: each gives a value or raises WireError, and a value can be written and read again."""

from mnclient.errors import WireError
from mnclient.network.sockets import _classify
from mnclient.wire.cga_parameters import decode_cga_parameters, encode_cga_parameters
from mnclient.wire.enhanced_options import signed_cga_parameters
from mnclient.wire.icmpv6 import ICMPV6
from mnclient.wire.ipv6_extension import HEADER_SIZE, HOP_BY_HOP_OPTIONS, Ipv6Headers, encode_ipv6
from mnclient.wire.multicast_listener import ALL_MLDV2_ROUTERS, IPV6, decode_membership, encode_membership
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from mnclient.wire.signalling import message_type, upper_layer
from tests.fuzz.frames import AGENT, CARE_OF, FRAMES, LINK_LOCAL, sealed

AS_IT_IS = 0x80  # of the first octet: length and checksum stay what chance made of them
ROUTER_ALERT = bytes((ICMPV6, 0, 5, 2, 0, 0, 1, 0))
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


def fuzz_membership(data: bytes) -> None:
    """What somebody says of multicast groups through a tunnel; the rest is an ICMPv6 message, with its checksum."""
    form = data[0] if data else 0
    message = data[1:]
    octets = message if form & AS_IT_IS else _tunnelled(sealed(message, ICMPV6, LINK_LOCAL, ALL_MLDV2_ROUTERS))
    try:
        membership = decode_membership(octets)
    except WireError:
        return
    encode_membership(membership)


def _tunnelled(message: bytes) -> bytes:
    inner = Ipv6Headers(source=LINK_LOCAL, destination=ALL_MLDV2_ROUTERS, next_header=HOP_BY_HOP_OPTIONS, hop_limit=1,
                        payload=ROUTER_ALERT + message)  # fmt: skip
    outer = Ipv6Headers(source=CARE_OF, destination=AGENT, next_header=IPV6, payload=encode_ipv6(inner))
    return encode_ipv6(outer)


def read(octets: bytes) -> None:
    """Decode a packet; what was understood must survive being written."""
    try:
        packet = decode_packet(octets)
    except WireError as error:
        refusal = error
    else:
        assert decode_packet(encode_packet(packet)) == packet
        _read_cga_parameters(packet)
        return
    assert 0 <= refusal.offset <= len(octets), refusal


def _read_cga_parameters(packet: Packet) -> None:
    """What is spread over several options is a structure of its own."""
    signed = signed_cga_parameters(getattr(packet.message, "options", ()))
    if signed is None:
        return
    try:
        parameters = decode_cga_parameters(signed[0])
    except WireError as error:
        refusal = error
    else:
        assert encode_cga_parameters(parameters) == signed[0]
        return
    assert 0 <= refusal.offset <= len(signed[0]), refusal
