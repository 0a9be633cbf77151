# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets around octets that chance made: right lengths and checksums, so that they get past the first check."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.errors import WireError
from mnclient.wire.addresses import ALL_NODES, UNSPECIFIED, solicited_node
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.icmpv6 import ICMPV6
from mnclient.wire.ipv6_extension import Ipv6Headers, decode_ipv6, encode_ipv6
from mnclient.wire.mobility_header import MOBILITY_HEADER

HOME, CARE_OF = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:2::5")
AGENT = IPv6Address("2001:db8:1::1")
LINK_LOCAL = IPv6Address("fe80::1")
PAYLOAD_LENGTH = 4  # offset in the IPv6 header
LONGEST_MOBILITY_HEADER = 2048
CHECKSUM_AT = {MOBILITY_HEADER: 4, ICMPV6: 2}


@dataclass(frozen=True)
class Frame:
    """The headers in front of a message, and the addresses of its pseudo-header."""

    headers: bytes
    next_header: int
    source: IPv6Address
    destination: IPv6Address

    def around(self, message: bytes) -> bytes:
        """A whole packet; the message as it is."""
        length = len(self.headers) - 40 + len(message)
        return self.headers[:PAYLOAD_LENGTH] + length.to_bytes(2) + self.headers[PAYLOAD_LENGTH + 2 :] + message

    def sealed_around(self, message: bytes) -> bytes:
        """A whole packet; the message with a length and a checksum that are right."""
        if self.next_header == MOBILITY_HEADER:
            message = fitted(message)
        return self.around(sealed(message, self.next_header, self.source, self.destination))


def fitted(header: bytes) -> bytes:
    """A Mobility Header of whole 8 octets, with Payload Proto and Header Len as they should be."""
    header = header[:LONGEST_MOBILITY_HEADER]
    header += bytes(-len(header) % 8 or (0 if header else 8))
    return bytes((59, len(header) // 8 - 1)) + header[2:]


def sealed(message: bytes, next_header: int, source: IPv6Address, destination: IPv6Address) -> bytes:
    """The message with the right checksum; what is too short for one, or has none, as it is."""
    at = CHECKSUM_AT.get(next_header)
    if at is None or len(message) < at + 2:
        return message
    blank = message[:at] + b"\0\0" + message[at + 2 :]
    return blank[:at] + internet_checksum(source, destination, next_header, blank).to_bytes(2) + blank[at + 2 :]


def resealed(packet: bytes) -> bytes:
    """A packet that was changed, with the checksum of its message right again; unreadable headers stay as they are."""
    try:
        headers = decode_ipv6(packet)
    except WireError:
        return packet
    source = headers.source if headers.home_address is None else headers.home_address
    destination = headers.destination if headers.routing_home_address is None else headers.routing_home_address
    return packet[: headers.payload_offset] + sealed(headers.payload, headers.next_header, source, destination)


def _frame(
    next_header: int,
    source: IPv6Address,
    destination: IPv6Address,
    home: IPv6Address | None = None,
    routed: IPv6Address | None = None,
    hop_limit: int = 255,
) -> Frame:
    headers = Ipv6Headers(
        source=source,
        destination=destination,
        next_header=next_header,
        payload=b"",
        hop_limit=hop_limit,
        home_address=home,
        routing_home_address=routed,
    )
    return Frame(encode_ipv6(headers), next_header, home or source, routed or destination)


FRAMES = (
    _frame(MOBILITY_HEADER, CARE_OF, AGENT),
    _frame(MOBILITY_HEADER, CARE_OF, AGENT, home=HOME),
    _frame(MOBILITY_HEADER, AGENT, CARE_OF, routed=HOME),
    _frame(MOBILITY_HEADER, CARE_OF, AGENT, home=HOME, routed=HOME),
    _frame(ICMPV6, AGENT, CARE_OF, hop_limit=64),
    _frame(ICMPV6, LINK_LOCAL, ALL_NODES),
    _frame(ICMPV6, UNSPECIFIED, solicited_node(HOME)),
    _frame(ICMPV6, AGENT, HOME),
    _frame(ICMPV6, CARE_OF, AGENT, home=HOME),
    _frame(ICMPV6, AGENT, CARE_OF, routed=HOME),
)
