# SPDX-License-Identifier: GPL-2.0-or-later
"""A signalling message as people look at it: read with our own codec, or the reason why it cannot be.

Signalling is: Mobility Headers, ICMPv6 133 to 136 (Neighbor Discovery) and 144 to 147 (home agent and prefix
discovery), also inside IPv6-in-IPv6 tunnels. A message that our codec refuses is shown with the reason. What is
encrypted (ESP) cannot be shown, and is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import PROTOCOL_IPV6
from mnclient.errors import WireError
from mnclient.wire.ipv6_extension import DESTINATION_OPTIONS, HEADER_SIZE, ROUTING
from mnclient.wire.packet import Packet, decode_packet
from mnclient.wire.signalling import message_type, upper_layer

MAX_TUNNELS: Final = 4
"""How many IPv6 headers around each other are looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One message of a capture; exactly one of `packet` and `error` is there.

    `frame` counts from 1, `time` is wall-clock time. `protocol` is 135 or 58, `kind` the MH Type or ICMPv6 type; both
    are None when an extension header is so broken that they cannot be told. `source` and `destination` are those of the
    IPv6 header next to the message, `tunnels` those of the headers around it, the outermost first.
    """

    frame: int
    time: float
    source: IPv6Address
    destination: IPv6Address
    tunnels: tuple[tuple[IPv6Address, IPv6Address], ...] = ()
    protocol: int | None = None
    kind: int | None = None
    packet: Packet | None = None
    error: WireError | None = None


def messages_of(
    frame: int, time: float, data: bytes, tunnels: tuple[tuple[IPv6Address, IPv6Address], ...] = ()
) -> Iterator[Inspected]:
    """The signalling in one IPv6 packet, which may be inside tunnels: one message or none."""
    if len(data) < HEADER_SIZE or data[0] >> 4 != 6:
        return
    source, destination = IPv6Address(data[8:24]), IPv6Address(data[24:40])
    protocol, offset = upper_layer(data)
    if protocol == PROTOCOL_IPV6 and len(tunnels) < MAX_TUNNELS:
        yield from messages_of(frame, time, data[offset:], (*tunnels, (source, destination)))
        return
    kind = message_type(protocol, data[offset:])
    if kind is None and protocol != DESTINATION_OPTIONS and protocol != ROUTING:
        return
    packet, error = None, None
    try:
        packet = decode_packet(data)
    except WireError as refused:
        error = refused
    yield Inspected(
        frame=frame,
        time=time,
        source=source,
        destination=destination,
        tunnels=tunnels,
        protocol=None if kind is None else protocol,
        kind=kind,
        packet=packet,
        error=error,
    )
