# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole packet: IPv6 header, extension headers, and the one message in it."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.errors import WireError, WireFault
from mnclient.wire.fields import check_unsigned
from mnclient.wire.icmpv6 import ICMPV6, Icmpv6Message, decode_icmpv6, encode_icmpv6
from mnclient.wire.ipv6_extension import Walk, put_ipv6, walk_ipv6
from mnclient.wire.mobility_header import (
    MOBILITY_HEADER,
    MobilityMessage,
    decode_mobility_header,
    encode_mobility_header,
)
from mnclient.wire.neighbor_discovery import HOP_LIMIT, NeighborDiscoveryMessage, check_neighbor_discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One message, and the addresses it goes by.

    `source` and `destination` are those of the IPv6 header as on the wire, `home_address` is the one of the Home
    Address option (RFC 6275 section 6.3), `routing_home_address` the one of the type 2 routing header (section 6.4).
    """

    source: IPv6Address
    destination: IPv6Address
    message: MobilityMessage | Icmpv6Message
    hop_limit: int = 64
    home_address: IPv6Address | None = None
    routing_home_address: IPv6Address | None = None

    def __post_init__(self) -> None:
        check_unsigned("hop_limit", self.hop_limit, 8)

    @property
    def effective_source(self) -> IPv6Address:
        """The source as upper layers and the pseudo-header have it (RFC 6275 sections 6.1.1 and 9.3.1)."""
        return self.source if self.home_address is None else self.home_address

    @property
    def effective_destination(self) -> IPv6Address:
        """The final destination, as the pseudo-header has it (RFC 6275 section 6.1.1)."""
        return self.destination if self.routing_home_address is None else self.routing_home_address


def decode_packet(data: bytes) -> Packet:
    """The packet in the octets from an IPv6 header on, without what may follow it.

    WireError for everything that is not a valid message of ours in valid headers, for Neighbor Discovery also by hop
    limit and addresses. Its offset counts from the IPv6 header: it is where an ICMPv6 Parameter Problem points.
    """
    headers = walk_ipv6(data)
    try:
        message = _decode_message(headers)
    except WireError as error:
        offset = headers.offset + error.offset
        raise WireError(error.title, fault=error.fault, offset=offset, section=error.section) from None
    if isinstance(message, NeighborDiscoveryMessage):
        _check_neighbor_discovery(headers, message)
    return Packet(
        source=headers.source,
        destination=headers.destination,
        message=message,
        hop_limit=headers.hop_limit,
        home_address=headers.home_address,
        routing_home_address=headers.routing_home_address,
    )


def encode_packet(packet: Packet) -> bytes:
    """The octets of a packet, from the IPv6 header on. Neighbor Discovery always goes with hop limit 255."""
    message = packet.message
    pseudo_header = packet.effective_source, packet.effective_destination
    hop_limit = HOP_LIMIT if isinstance(message, NeighborDiscoveryMessage) else packet.hop_limit
    if isinstance(message, MobilityMessage):
        next_header, payload = MOBILITY_HEADER, encode_mobility_header(message, *pseudo_header)
    else:
        next_header, payload = ICMPV6, encode_icmpv6(message, *pseudo_header)
    return put_ipv6(packet, next_header, payload, hop_limit)


def _decode_message(headers: Walk) -> MobilityMessage | Icmpv6Message:
    source = headers.source if headers.home_address is None else headers.home_address
    destination = headers.destination if headers.routing_home_address is None else headers.routing_home_address
    if headers.next_header == MOBILITY_HEADER:
        return decode_mobility_header(headers.payload, source, destination)
    if headers.next_header == ICMPV6:
        return decode_icmpv6(headers.payload, source, destination)
    # Not UNKNOWN_TYPE: that asks for a Binding Error.
    title = f"Next Header {headers.next_header} is neither a Mobility Header nor ICMPv6"
    raise WireError(title, fault=WireFault.BAD_VALUE, offset=0, section="RFC 8200 section 4")


def _check_neighbor_discovery(headers: Walk, message: NeighborDiscoveryMessage) -> None:
    if headers.home_address is not None or headers.routing_home_address is not None:
        # Neighbours speak from their own link with their own addresses; nothing good hides behind such a packet.
        title = "Neighbor Discovery comes with a Home Address option or a type 2 routing header"
        raise WireError(title, fault=WireFault.BAD_VALUE, offset=6, section="RFC 4861 section 6.1")
    check_neighbor_discovery(message, headers.source, headers.destination, headers.hop_limit)
