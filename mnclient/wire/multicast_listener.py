# SPDX-License-Identifier: GPL-2.0-or-later
"""Multicast Listener Discovery inside a tunnel (RFC 3810, RFC 2710; RFC 6275 sections 10.4.3 and 11.3.4).

Read and written together with both IPv6 headers: the outer one tells which mobile node is speaking, since the inner
source is a link-local address that several may have.
"""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address
from struct import Struct
from typing import Final

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.addresses import UNSPECIFIED, is_link_local, is_multicast
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.cursor import Reader
from mnclient.wire.ipv6_extension import HOP_BY_HOP_OPTIONS, Ipv6Headers, decode_ipv6, encode_ipv6

ALL_MLDV2_ROUTERS: Final = IPv6Address("ff02::16")
IPV6: Final = 41
_ICMPV6: Final = 58
_NEXT_HEADER: Final = 6
_QUERY, _REPORT, _DONE, _REPORT_V2 = 130, 131, 132, 143
_ROUTER_ALERT: Final = bytes((_ICMPV6, 0, 5, 2, 0, 0, 1, 0))  # RFC 2711, value 0: MLD; PadN
_HEAD: Final = Struct("!BBH")
_ADDRESSED: Final = Struct("!H2x16s")  # maximum response delay or code, group
_QUERY_V2: Final = Struct("!BBH")  # S and QRV, QQIC, number of sources
_RECORDS: Final = Struct("!2xH")
_RECORD: Final = Struct("!BBH16s")
_HOP_LIMIT: Final = 1
_ROBUSTNESS: Final = 2
_EXPONENTIAL: Final = 0x8000  # a maximum response code from here on is a floating-point number (RFC 3810 section 5.1.3)
_SECTION: Final = "RFC 3810 section 5"


class RecordType(IntEnum):
    """What a record says of a group (RFC 3810 section 5.2.12)."""

    MODE_IS_INCLUDE = 1
    MODE_IS_EXCLUDE = 2
    CHANGE_TO_INCLUDE_MODE = 3
    CHANGE_TO_EXCLUDE_MODE = 4
    ALLOW_NEW_SOURCES = 5
    BLOCK_OLD_SOURCES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """One record of a report. Of the sources only their number is kept: we do not filter by source."""

    type: RecordType
    group: IPv6Address
    sources: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerQuery:
    """Who listens? `group` is :: for a general query."""

    maximum_response: Seconds
    group: IPv6Address = UNSPECIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerReport:
    """What somebody listens to. A report and a done message of version 1 are read as the records they amount to."""

    records: tuple[GroupRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelledMembership:
    """A message with the addresses of both headers."""

    outer_source: IPv6Address
    outer_destination: IPv6Address
    source: IPv6Address
    destination: IPv6Address
    message: ListenerQuery | ListenerReport


def decode_membership(data: bytes) -> TunnelledMembership:
    """A whole packet, from its outer IPv6 header on. WireError for all that is no such message, or not a valid one."""
    outer = decode_ipv6(data)
    if outer.next_header != IPV6:
        raise _refused(f"Next Header {outer.next_header} is no tunnel", WireFault.BAD_VALUE, _NEXT_HEADER)
    if len(outer.payload) <= _NEXT_HEADER or outer.payload[_NEXT_HEADER] != HOP_BY_HOP_OPTIONS:
        raise _refused("there is no Router Alert option", WireFault.BAD_VALUE, outer.payload_offset + _NEXT_HEADER)
    inner = decode_ipv6(outer.payload)
    if inner.next_header != _ICMPV6 or len(inner.payload) < _HEAD.size:
        raise _refused("this is no ICMPv6 message", WireFault.BAD_VALUE, inner.payload_offset)
    if inner.hop_limit != _HOP_LIMIT or not (is_link_local(inner.source) or inner.source == UNSPECIFIED):
        raise _refused("it is not of this link", WireFault.BAD_VALUE, 7)
    if internet_checksum(inner.source, inner.destination, _ICMPV6, inner.payload):
        raise _refused("the checksum is wrong", WireFault.BAD_CHECKSUM, 2)
    return TunnelledMembership(
        outer_source=outer.source,
        outer_destination=outer.destination,
        source=inner.source,
        destination=inner.destination,
        message=_message(inner.payload),
    )


def encode_membership(membership: TunnelledMembership) -> bytes:
    """The octets, from the outer IPv6 header on: queries and reports of version 2, with a Router Alert option."""
    source, destination = membership.source, membership.destination
    body = _body(membership.message)
    checksum = internet_checksum(source, destination, _ICMPV6, body)
    payload = _ROUTER_ALERT + body[:2] + checksum.to_bytes(2) + body[4:]
    inner = Ipv6Headers(
        source=source, destination=destination, next_header=HOP_BY_HOP_OPTIONS, payload=payload, hop_limit=_HOP_LIMIT
    )
    outer = Ipv6Headers(
        source=membership.outer_source,
        destination=membership.outer_destination,
        next_header=IPV6,
        payload=encode_ipv6(inner),
    )
    return encode_ipv6(outer)


def _message(payload: bytes) -> ListenerQuery | ListenerReport:
    reader = Reader(payload, section=_SECTION, offset=_HEAD.size)
    match payload[0]:
        case kind if kind in (_QUERY, _REPORT, _DONE):
            delay, packed = reader.unpack(_ADDRESSED)
            group = IPv6Address(packed)
            if kind == _QUERY:
                is_version_1 = reader.remaining == 0
                return ListenerQuery(maximum_response=_seconds(delay, plain=is_version_1), group=group)
            left = kind == _DONE
            change = RecordType.CHANGE_TO_INCLUDE_MODE if left else RecordType.CHANGE_TO_EXCLUDE_MODE
            return ListenerReport(records=(GroupRecord(type=change, group=_group(group)),))
        case kind if kind == _REPORT_V2:
            (count,) = reader.unpack(_RECORDS)
            return ListenerReport(records=tuple(each for _ in range(count) if (each := _record(reader)) is not None))
        case kind:
            raise _refused(f"ICMPv6 type {kind} is not about listeners", WireFault.UNKNOWN_TYPE, 0)


def _record(reader: Reader) -> GroupRecord | None:
    """The next record; None for one of a type that is not known, which is skipped (section 5.2.12)."""
    kind, auxiliary, sources, packed = reader.unpack(_RECORD)
    reader.take(16 * sources)
    reader.take(4 * auxiliary)
    if kind not in RecordType.__members__.values():
        return None
    return GroupRecord(type=RecordType(kind), group=_group(IPv6Address(packed)), sources=sources)


def _group(address: IPv6Address) -> IPv6Address:
    if not is_multicast(address):
        raise _refused(f"{address} is no group", WireFault.BAD_VALUE, 8)
    return address


def _seconds(code: int, *, plain: bool) -> Seconds:
    """Milliseconds, or in version 2 a floating-point number of them."""
    if plain or code < _EXPONENTIAL:
        return Seconds(code / 1000)
    return Seconds(((code & 0xFFF | 0x1000) << (code >> 12 & 7) + 3) / 1000)


def _body(message: ListenerQuery | ListenerReport) -> bytes:
    """With a checksum of 0."""
    if isinstance(message, ListenerQuery):
        delay = min(round(message.maximum_response * 1000), _EXPONENTIAL - 1)
        interval = 125  # of the querier, in seconds; what is below 128 is written as it is (section 5.1.9)
        head = _HEAD.pack(_QUERY, 0, 0) + _ADDRESSED.pack(delay, message.group.packed)
        return head + _QUERY_V2.pack(_ROBUSTNESS, interval, 0)
    records = (_RECORD.pack(each.type, 0, 0, each.group.packed) for each in message.records)
    return _HEAD.pack(_REPORT_V2, 0, 0) + _RECORDS.pack(len(message.records)) + b"".join(records)


def _refused(title: str, fault: WireFault, offset: int) -> WireError:
    return WireError(title, fault=fault, offset=offset, section=_SECTION)
