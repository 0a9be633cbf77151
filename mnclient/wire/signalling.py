# SPDX-License-Identifier: GPL-2.0-or-later
"""Which message is in a packet, found without reading it: for what only sorts packets, and for broken ones."""

from typing import Final

from mnclient.constants import PROTOCOL_ICMPV6, PROTOCOL_MOBILITY
from mnclient.wire.ipv6_extension import DESTINATION_OPTIONS, FRAGMENT, HEADER_SIZE, HOP_BY_HOP_OPTIONS, ROUTING

ICMPV6_SIGNALLING: Final = frozenset((133, 134, 135, 136, 144, 145, 146, 147))
"""Neighbor Discovery, home agent address discovery and mobile prefix discovery."""

_EXTENSIONS: Final = (HOP_BY_HOP_OPTIONS, ROUTING, FRAGMENT, DESTINATION_OPTIONS)
_NEXT_HEADER: Final = 6
_MH_TYPE: Final = 2


def upper_layer(data: bytes) -> tuple[int, int]:
    """The protocol behind the extension headers and where it begins; an extension header when that one is broken.

    `data` begins with a whole IPv6 header.
    """
    protocol, offset = data[_NEXT_HEADER], HEADER_SIZE
    while protocol in _EXTENSIONS:
        if offset + 8 > len(data):
            break
        length = 8 if protocol == FRAGMENT else (data[offset + 1] + 1) * 8
        if offset + length > len(data):
            break
        if protocol == FRAGMENT and int.from_bytes(data[offset + 2 : offset + 4]) >> 3:
            return -1, offset  # not the first piece: whatever is there is no header
        protocol, offset = data[offset], offset + length
    return protocol, offset


def message_type(protocol: int, payload: bytes) -> int | None:
    """The MH Type or ICMPv6 type, None when this is no signalling."""
    if protocol == PROTOCOL_MOBILITY and len(payload) > _MH_TYPE:
        return payload[_MH_TYPE]
    if protocol == PROTOCOL_ICMPV6 and payload[:1] and payload[0] in ICMPV6_SIGNALLING:
        return payload[0]
    return None
