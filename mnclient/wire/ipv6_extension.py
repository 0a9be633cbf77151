# SPDX-License-Identifier: GPL-2.0-or-later
"""The IPv6 header and the extension headers of Mobile IPv6 (RFC 8200 sections 3 and 4, RFC 6275 sections 6.3 and 6.4).

Read: hop-by-hop options, destination options with the Home Address option, routing headers, and fragment headers of
packets that are in one piece. What comes after them, ESP and AH included, is the payload. There is no reassembly.

Written, in this order: IPv6 header, type 2 routing header, destination options with the Home Address option, payload.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address
from struct import Struct
from typing import Final, Protocol

from mnclient.errors import WireError, WireFault
from mnclient.wire.addresses import address_of, is_multicast, is_unicast_routable, scope_of
from mnclient.wire.fields import check_unsigned

HOP_BY_HOP_OPTIONS: Final = 0
ROUTING: Final = 43
FRAGMENT: Final = 44
DESTINATION_OPTIONS: Final = 60
HOME_ADDRESS_OPTION: Final = 0xC9
TYPE_2_ROUTING: Final = 2
HEADER_SIZE: Final = 40

_EXTENSIONS: Final = frozenset((HOP_BY_HOP_OPTIONS, ROUTING, FRAGMENT, DESTINATION_OPTIONS))
_IPV6: Final = Struct("!IHBB16s16s")
_VERSION: Final = 6
_HOME_ADDRESS_HEADER: Final = Struct("!BB4sBB16s")
_TYPE_2_HEADER: Final = Struct("!BBBB4x16s")
_EXT_LEN: Final = 2  # of both: (24 octets / 8) - 1
_PADN_4: Final = bytes((1, 2, 0, 0))
_PAD1: Final = 0
_PADN: Final = 1
_SKIP_MASK: Final = 0xC0  # RFC 8200 section 4.2: with these bits 0 an unknown option is skipped
_WHOLE_PACKET_MASK: Final = 0xFFF9  # fragment offset and "more fragments"

_SECTION_IPV6: Final = "RFC 8200 section 3"
_SECTION_EXTENSION: Final = "RFC 8200 section 4"
_SECTION_HOME_ADDRESS: Final = "RFC 6275 section 9.3.1"
_SECTION_TYPE_2: Final = "RFC 6275 section 6.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipv6Headers:
    """A packet's IPv6 header and what its extension headers say.

    `source` and `destination` are those of the IPv6 header. `home_address` is the one of the Home Address option,
    `routing_home_address` the one of the type 2 routing header. `next_header` is the type of `payload`, which began at
    `payload_offset` of a decoded packet.
    """

    source: IPv6Address
    destination: IPv6Address
    next_header: int
    payload: bytes
    hop_limit: int = 64
    traffic_class: int = 0
    home_address: IPv6Address | None = None
    routing_home_address: IPv6Address | None = None
    payload_offset: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        check_unsigned("next_header", self.next_header, 8)
        check_unsigned("hop_limit", self.hop_limit, 8)
        check_unsigned("traffic_class", self.traffic_class, 8)


def decode_ipv6(data: bytes) -> Ipv6Headers:
    """The headers of a packet; octets behind its Payload Length are cut off. Offsets of errors count from its start."""
    walk = walk_ipv6(data)
    return Ipv6Headers(
        source=walk.source,
        destination=walk.destination,
        hop_limit=walk.hop_limit,
        traffic_class=walk.traffic_class,
        home_address=walk.home_address,
        routing_home_address=walk.routing_home_address,
        next_header=walk.next_header,
        payload=walk.payload,
        payload_offset=walk.offset,
    )


def walk_ipv6(data: bytes) -> "Walk":
    """The same, for those who take what they need and keep nothing of it."""
    if len(data) < HEADER_SIZE:
        title = f"an IPv6 header has {HEADER_SIZE} octets, not {len(data)}"
        raise _refused(title, WireFault.TRUNCATED, len(data), _SECTION_IPV6)
    first, length, next_header, hop_limit, source, destination = _IPV6.unpack_from(data)
    if first >> 28 != _VERSION:
        raise _refused(f"the IP version is {first >> 28}", WireFault.BAD_VALUE, 0, _SECTION_IPV6)
    if HEADER_SIZE + length > len(data):
        title = f"Payload Length is {length}, {len(data) - HEADER_SIZE} octets are there"
        raise _refused(title, WireFault.TRUNCATED, 4, _SECTION_IPV6)
    from_address = address_of(source)
    if is_multicast(from_address):
        raise _refused(f"the source {from_address} is a group", WireFault.BAD_VALUE, 8, _SECTION_IPV6)
    walk = Walk(data[: HEADER_SIZE + length], next_header)
    walk.source, walk.destination = from_address, address_of(destination)
    walk.hop_limit, walk.traffic_class = hop_limit, first >> 20 & 0xFF
    if next_header in _EXTENSIONS:
        walk.run()
    return walk


def encode_ipv6(headers: Ipv6Headers) -> bytes:
    """The packet. ValueError when it is too long for Payload Length."""
    return put_ipv6(headers, headers.next_header, headers.payload, headers.hop_limit, headers.traffic_class)


class Addresses(Protocol):
    """Whatever has the addresses of a packet, as in Ipv6Headers."""

    @property
    def source(self) -> IPv6Address: ...
    @property
    def destination(self) -> IPv6Address: ...
    @property
    def home_address(self) -> IPv6Address | None: ...
    @property
    def routing_home_address(self) -> IPv6Address | None: ...


def put_ipv6(addresses: Addresses, next_header: int, body: bytes, hop_limit: int, traffic_class: int = 0) -> bytes:
    """The headers in front of a payload. ValueError when that is too long for Payload Length."""
    if addresses.home_address is not None:
        body = _home_address_header(next_header, addresses.home_address) + body
        next_header = DESTINATION_OPTIONS
    if addresses.routing_home_address is not None:
        body = _type_2_header(next_header, addresses.routing_home_address) + body
        next_header = ROUTING
    if len(body) > 0xFFFF:
        raise ValueError(f"an IPv6 packet holds at most 65535 octets, not {len(body)}")
    first = _VERSION << 28 | traffic_class << 20
    ends = addresses.source.packed, addresses.destination.packed
    return _IPV6.pack(first, len(body), next_header, hop_limit, *ends) + body


class Walk:
    """Goes from one extension header to the next and collects what they say; the names are those of Ipv6Headers.

    `offset` is where the payload begins in `data`.
    """

    __slots__ = (
        "data",
        "destination",
        "home_address",
        "hop_limit",
        "next_header",
        "offset",
        "routing_home_address",
        "source",
        "traffic_class",
    )
    source: IPv6Address
    destination: IPv6Address
    hop_limit: int
    traffic_class: int

    def __init__(self, data: bytes, next_header: int) -> None:
        self.data = data
        self.next_header = next_header
        self.offset = HEADER_SIZE
        self.home_address: IPv6Address | None = None
        self.routing_home_address: IPv6Address | None = None

    @property
    def payload(self) -> bytes:
        """What comes behind the headers."""
        return self.data[self.offset :]

    def run(self) -> None:
        """Stops at the first header that is not an extension header read here."""
        if self.next_header == HOP_BY_HOP_OPTIONS:
            self._options(is_for_destination=False)
        while True:
            if self.next_header == DESTINATION_OPTIONS:
                self._options(is_for_destination=True)
            elif self.next_header == ROUTING:
                self._routing()
            elif self.next_header == FRAGMENT:
                self._fragment()
            elif self.next_header == HOP_BY_HOP_OPTIONS:
                title = "hop-by-hop options do not follow the IPv6 header"
                raise _refused(title, WireFault.BAD_VALUE, self.offset, _SECTION_EXTENSION)
            else:
                return

    def _options(self, *, is_for_destination: bool) -> None:
        end = self._end()
        at = self.offset + 2
        while at < end:
            kind = self.data[at]
            if kind == _PAD1:
                at += 1
                continue
            start = at + 2
            if start > end or (stop := start + self.data[at + 1]) > end:
                raise _refused(f"option {kind} runs past its header", WireFault.BAD_OPTION, at, _SECTION_EXTENSION)
            if kind == HOME_ADDRESS_OPTION and is_for_destination:
                self._home_address(at, self.data[start:stop])
            elif kind != _PADN and kind & _SKIP_MASK:
                title = f"option {kind} is not known and must not be skipped"
                raise _refused(title, WireFault.BAD_OPTION, at, "RFC 8200 section 4.2")
            at = stop
        self._advance(end)

    def _home_address(self, at: int, data: bytes) -> None:
        if len(data) != 16:
            title = f"a Home Address option has length {len(data)} instead of 16"
            raise _refused(title, WireFault.BAD_OPTION, at + 1, _SECTION_HOME_ADDRESS)
        if self.home_address is not None:
            raise _refused("there are two Home Address options", WireFault.BAD_OPTION, at, "RFC 6275 section 6.3")
        self.home_address = _routable(data, at + 2, _SECTION_HOME_ADDRESS)

    def _routing(self) -> None:
        end = self._end()
        kind, segments_left = self.data[self.offset + 2], self.data[self.offset + 3]
        if kind == TYPE_2_ROUTING:
            self._type_2(end - self.offset, segments_left)
        elif segments_left:
            title = f"a type {kind} routing header has {segments_left} segments left"
            raise _refused(title, WireFault.BAD_VALUE, self.offset + 2, "RFC 8200 section 4.4")
        self._advance(end)

    def _type_2(self, size: int, segments_left: int) -> None:
        if size != _TYPE_2_HEADER.size:
            title = f"a type 2 routing header has {size} octets instead of {_TYPE_2_HEADER.size}"
            raise _refused(title, WireFault.BAD_VALUE, self.offset + 1, _SECTION_TYPE_2)
        if segments_left != 1:
            title = f"a type 2 routing header has {segments_left} segments left instead of 1"
            raise _refused(title, WireFault.BAD_VALUE, self.offset + 3, _SECTION_TYPE_2)
        if self.routing_home_address is not None:
            raise _refused("there are two type 2 routing headers", WireFault.BAD_VALUE, self.offset, _SECTION_TYPE_2)
        at = self.offset + 8
        home = _routable(self.data[at : at + 16], at, _SECTION_TYPE_2)
        if scope_of(home) < scope_of(address_of(self.data[24:40])):
            title = f"the home address {home} has a smaller scope than the care-of address"
            raise _refused(title, WireFault.BAD_VALUE, at, _SECTION_TYPE_2)
        self.routing_home_address = home

    def _fragment(self) -> None:
        end = self._need(8)
        if int.from_bytes(self.data[self.offset + 2 : self.offset + 4]) & _WHOLE_PACKET_MASK:
            raise _refused("the packet is a fragment", WireFault.BAD_VALUE, self.offset, "RFC 8200 section 4.5")
        self._advance(end)

    def _end(self) -> int:
        """Where the extension header at `offset` ends by its own length."""
        self._need(8)
        return self._need((self.data[self.offset + 1] + 1) * 8)

    def _need(self, size: int) -> int:
        if self.offset + size > len(self.data):
            title = f"an extension header of {size} octets runs past the packet"
            raise _refused(title, WireFault.TRUNCATED, self.offset, _SECTION_EXTENSION)
        return self.offset + size

    def _advance(self, end: int) -> None:
        self.next_header = self.data[self.offset]
        self.offset = end


def _home_address_header(next_header: int, home_address: IPv6Address) -> bytes:
    option = HOME_ADDRESS_OPTION, 16, home_address.packed
    return _HOME_ADDRESS_HEADER.pack(next_header, _EXT_LEN, _PADN_4, *option)


def _type_2_header(next_header: int, home_address: IPv6Address) -> bytes:
    return _TYPE_2_HEADER.pack(next_header, _EXT_LEN, TYPE_2_ROUTING, 1, home_address.packed)


def _routable(data: bytes, offset: int, section: str) -> IPv6Address:
    address = address_of(data)
    if not is_unicast_routable(address):
        raise _refused(f"{address} is not a unicast routable home address", WireFault.BAD_VALUE, offset, section)
    return address


def _refused(title: str, fault: WireFault, offset: int, section: str) -> WireError:
    return WireError(title, fault=fault, offset=offset, section=section)
