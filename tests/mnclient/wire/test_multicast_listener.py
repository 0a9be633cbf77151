# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages about multicast membership in a tunnel, octet by octet."""

import struct
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError
from mnclient.units import Seconds
from mnclient.wire.multicast_listener import (
    ALL_MLDV2_ROUTERS,
    GroupRecord,
    ListenerQuery,
    ListenerReport,
    RecordType,
    TunnelledMembership,
    decode_membership,
    encode_membership,
)
from tests.lab.hostile import IPV6, icmpv6, ipv6, packed

AGENT, CARE_OF = IPv6Address("2001:db8:1::1"), IPv6Address("2001:db8:2::10")
SPEAKER, GROUP = IPv6Address("fe80::10"), IPv6Address("ff0e::1234")
ALERT = bytes((58, 0, 5, 2, 0, 0, 1, 0))


def inside(kind: int, body: bytes, *, hops: int = 1, source=SPEAKER, destination=ALL_MLDV2_ROUTERS, options=ALERT):
    """A message in a tunnel, made by other hands. `body` is what follows the checksum."""
    message = icmpv6(kind, 0, body, source, destination)
    next_header = 0 if options else 58
    return ipv6(CARE_OF, AGENT, IPV6, ipv6(source, destination, next_header, options + message, hops=hops))


def record(kind: int, group: IPv6Address, *sources: IPv6Address, auxiliary: bytes = b"") -> bytes:
    head = struct.pack("!BBH", kind, len(auxiliary) // 4, len(sources))
    return head + packed(group) + b"".join(map(packed, sources)) + auxiliary


def report(*records: bytes, count: int | None = None) -> bytes:
    return struct.pack("!HH", 0, len(records) if count is None else count) + b"".join(records)


def test_a_report_of_version_2():
    source = IPv6Address("2001:db8::5")
    data = inside(143, report(record(4, GROUP), record(3, GROUP, source, auxiliary=bytes(4)), record(77, GROUP)))
    assert decode_membership(data) == TunnelledMembership(
        outer_source=CARE_OF,
        outer_destination=AGENT,
        source=SPEAKER,
        destination=ALL_MLDV2_ROUTERS,
        message=ListenerReport(
            records=(
                GroupRecord(type=RecordType.CHANGE_TO_EXCLUDE_MODE, group=GROUP),
                GroupRecord(type=RecordType.CHANGE_TO_INCLUDE_MODE, group=GROUP, sources=1),
            )
        ),
    )


@pytest.mark.parametrize(
    ("kind", "change"), [(131, RecordType.CHANGE_TO_EXCLUDE_MODE), (132, RecordType.CHANGE_TO_INCLUDE_MODE)]
)
def test_version_1_is_read_as_what_it_amounts_to(kind, change):
    data = inside(kind, bytes(4) + packed(GROUP), destination=GROUP)
    assert decode_membership(data).message == ListenerReport(records=(GroupRecord(type=change, group=GROUP),))


@pytest.mark.parametrize(
    ("code", "rest", "seconds"),
    [
        (10_000, b"", 10.0),
        (0xFFFF, b"", 65.535),  # version 1: plain milliseconds
        (10_000, bytes((2, 125, 0, 0)), 10.0),
        (0x8000, bytes(4), 32.768),
        (0xFFFF, bytes(4), 8387.584),
        (0, bytes(4), 0.0),
    ],
)
def test_queries_and_how_long_one_may_wait(code, rest, seconds):
    body = struct.pack("!HH", code, 0) + bytes(16) + rest
    assert decode_membership(inside(130, body)).message == ListenerQuery(maximum_response=Seconds(seconds))


@pytest.mark.parametrize(
    "message",
    [
        ListenerQuery(maximum_response=Seconds(10.0)),
        ListenerReport(records=()),
        ListenerReport(records=(GroupRecord(type=RecordType.MODE_IS_EXCLUDE, group=GROUP),)),
    ],
)
def test_what_is_written_is_read_and_has_no_home_address_option(message):
    written = TunnelledMembership(
        outer_source=CARE_OF, outer_destination=AGENT, source=SPEAKER, destination=ALL_MLDV2_ROUTERS, message=message
    )
    data = encode_membership(written)
    assert decode_membership(data) == written
    assert (data[6], data[46], data[47], data[80:88]) == (41, 0, 1, ALERT)  # a tunnel, hop by hop, hop limit 1


VALID = inside(143, report(record(4, GROUP)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        VALID[:39],
        VALID[:60],
        VALID[:-1],
        inside(143, report(record(4, GROUP)), hops=2),
        inside(143, report(record(4, GROUP)), source=IPv6Address("2001:db8:2::10")),
        inside(143, report(record(4, GROUP)), options=b""),
        inside(143, report(record(4, GROUP), count=2)),
        inside(143, report(record(4, IPv6Address("2001:db8::1")))),
        inside(131, bytes(4) + packed(IPv6Address("2001:db8::1"))),
        inside(143, struct.pack("!HH", 0, 1) + struct.pack("!BBH", 4, 0, 0xFFFF) + packed(GROUP)),
        inside(128, bytes(4)),
        inside(130, bytes(3)),
        VALID[:90] + b"\xff" + VALID[91:],  # its checksum
        ipv6(CARE_OF, AGENT, 58, icmpv6(143, 0, report(), CARE_OF, AGENT)),
        ipv6(CARE_OF, AGENT, IPV6, b""),
        ipv6(CARE_OF, AGENT, IPV6, b"`"),
    ],
)
def test_what_is_not_valid_is_refused(data):
    with pytest.raises(WireError):
        decode_membership(data)


@given(st.binary(max_size=200), st.integers(0, len(VALID)))
def test_whatever_comes_there_is_a_value_or_a_wire_error(noise, at):
    for data in (noise, VALID[:at] + noise, VALID[:at] + noise + VALID[at + len(noise) :]):
        try:
            decode_membership(data)
        except WireError:
            pass
