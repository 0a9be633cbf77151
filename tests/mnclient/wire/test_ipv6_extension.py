# SPDX-License-Identifier: GPL-2.0-or-later
"""The IPv6 header and its extension headers."""

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.wire.ipv6_extension import Ipv6Headers, decode_ipv6, encode_ipv6
from tests.mnclient.wire.strategies import damaged, refusal, routable, thorough, u8, unicast
from tests.mnclient.wire.vectors import CARE_OF, HOME, HOME_ADDRESS_HEADER, HOME_AGENT, TYPE_2_ROUTING_HEADER

PAYLOAD = b"payload!"
PLAIN = Ipv6Headers(source=CARE_OF, destination=HOME_AGENT, next_header=135, payload=PAYLOAD)


def packet(*chain: tuple[int, bytes], payload: bytes = PAYLOAD, last: int = 135) -> bytes:
    """A packet with these extension headers, each without its first octet, which is put in here."""
    kinds = [kind for kind, _ in chain] + [last]
    body = b"".join(bytes((kinds[n + 1],)) + rest for n, (_, rest) in enumerate(chain)) + payload
    return encode_ipv6(replace(PLAIN, next_header=kinds[0], payload=body))


def options(text: str) -> bytes:
    """An options header, without its first octet."""
    octets = bytes.fromhex(text)
    assert len(octets) % 8 == 6
    return bytes(((len(octets) + 2) // 8 - 1,)) + octets


def refused(octets: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        decode_ipv6(octets)
    return caught.value


def home_address(text: str) -> str:
    return "01020000c910" + IPv6Address(text).packed.hex()


def test_plain() -> None:
    octets = encode_ipv6(replace(PLAIN, hop_limit=3, traffic_class=0xB8))
    assert octets == bytes.fromhex("6b80000000088703") + CARE_OF.packed + HOME_AGENT.packed + PAYLOAD
    decoded = decode_ipv6(octets)
    assert decoded == replace(PLAIN, hop_limit=3, traffic_class=0xB8)
    assert decoded.payload_offset == 40


@pytest.mark.requirement("ALL-6.3-01")
def test_home_address_option() -> None:
    headers = replace(PLAIN, home_address=HOME)
    octets = encode_ipv6(headers)
    assert octets[6] == 60
    assert octets[40:] == HOME_ADDRESS_HEADER + PAYLOAD
    assert decode_ipv6(octets) == headers
    assert decode_ipv6(octets).payload_offset == 64


@pytest.mark.requirement("ALL-6.4.1-01")
def test_type_2_routing_header() -> None:
    headers = replace(PLAIN, routing_home_address=HOME)
    octets = encode_ipv6(headers)
    assert octets[6] == 43
    assert octets[40:] == TYPE_2_ROUTING_HEADER + PAYLOAD
    assert decode_ipv6(octets) == headers


@pytest.mark.requirement("ALL-6.3-02", "MN-11.3.2-01")
def test_order_of_both() -> None:
    headers = replace(PLAIN, next_header=50, home_address=HOME, routing_home_address=HOME_AGENT)
    octets = encode_ipv6(headers)
    assert (octets[6], octets[40], octets[64]) == (43, 60, 50)
    assert decode_ipv6(octets) == headers


@thorough
@given(
    headers=st.builds(
        Ipv6Headers,
        source=unicast,
        destination=unicast,
        next_header=u8.filter(lambda kind: kind not in (0, 43, 44, 60)),
        payload=st.binary(max_size=40),
        hop_limit=u8,
        traffic_class=u8,
        home_address=st.none() | routable,
        routing_home_address=st.none() | routable,
    ),
    trailer=st.binary(max_size=10),
)
def test_round_trip(headers: Ipv6Headers, trailer: bytes) -> None:
    octets = encode_ipv6(headers)
    decoded = decode_ipv6(octets + trailer)
    assert decoded == headers
    assert octets[decoded.payload_offset :] == headers.payload


@pytest.mark.parametrize(
    "chain",
    [
        [(0, options("050200000100"))],
        [(0, options("050200000100")), (60, options("010400000000"))],
        [(60, options("0401040001 00"))],  # Tunnel Encapsulation Limit
        [(60, options("3f0401020304"))],  # unknown, may be skipped
        [(43, bytes((0, 0, 0)) + bytes(4))],  # type 0, done with
        [(43, bytes((2, 4, 0)) + bytes(20))],
        [(44, bytes(7))],  # a packet in one piece
        [(44, bytes((0, 0, 6)) + bytes(4))],
    ],
)
def test_headers_that_are_skipped(chain: list[tuple[int, bytes]]) -> None:
    decoded = decode_ipv6(packet(*chain))
    assert (decoded.next_header, decoded.payload) == (135, PAYLOAD)
    assert (decoded.home_address, decoded.routing_home_address) == (None, None)


@pytest.mark.parametrize("kind", [50, 51, 41, 59, 17])
def test_other_headers_are_the_payload(kind: int) -> None:
    decoded = decode_ipv6(packet(last=kind))
    assert (decoded.next_header, decoded.payload) == (kind, PAYLOAD)


def test_home_address_behind_other_padding() -> None:
    octets = packet((60, options("0000010100c910" + HOME.packed.hex() + "01050000000000")))
    assert decode_ipv6(octets).home_address == HOME


@pytest.mark.requirement("ALL-9.3.1-01")
@pytest.mark.parametrize("text", ["::", "::1", "ff02::1", "fe80::1"])
def test_home_address_must_be_unicast_routable(text: str) -> None:
    error = refused(packet((60, options(home_address(text)))))
    assert (error.fault, error.offset) == (WireFault.BAD_VALUE, 48)
    with_routing = (43, bytes((2, 2, 1, 0, 0, 0, 0)) + IPv6Address(text).packed)
    assert refused(packet(with_routing)).fault is WireFault.BAD_VALUE


@pytest.mark.requirement("MN-6.4-02")
@pytest.mark.parametrize(
    ("home", "care_of", "is_taken"),
    [
        ("2001:db8:1::9", "2001:db8:2::9", True),
        ("fd00::9", "2001:db8:2::9", True),  # unique local addresses are of global scope
        ("2001:db8:1::9", "fec0::9", True),
        ("fec0::9", "fec0::8", True),
        ("fec0::9", "2001:db8:2::9", False),
        ("feff::9", "fd00::9", False),
        ("fe80::9", "2001:db8:2::9", False),
        ("fe80::9", "fe80::8", False),
    ],
)
def test_the_home_address_of_a_routing_header_has_no_smaller_scope(home: str, care_of: str, is_taken: bool) -> None:
    headers = replace(PLAIN, destination=IPv6Address(care_of), routing_home_address=IPv6Address(home))
    octets = encode_ipv6(headers)
    if is_taken:
        assert decode_ipv6(octets).routing_home_address == IPv6Address(home)
    else:
        error = refused(octets)
        assert (error.fault, error.offset) == (WireFault.BAD_VALUE, 48)


ROUTED = bytes((2, 2, 1)) + bytes(4) + HOME.packed  # a type 2 routing header, without its first octet


@pytest.mark.parametrize(
    ("chain", "fault", "offset"),
    [
        ([(60, options(home_address("2001:db8::1")))] * 2, WireFault.BAD_OPTION, 70),
        ([(60, options("c90400000000"))], WireFault.BAD_OPTION, 43),
        ([(60, options("8a0400000000"))], WireFault.BAD_OPTION, 42),  # unknown, must not be skipped
        ([(60, options("010500000000"))], WireFault.BAD_OPTION, 42),  # past its header
        ([(60, options("010300000001"))], WireFault.BAD_OPTION, 47),  # no length octet
        ([(0, options(home_address("2001:db8::1")))], WireFault.BAD_OPTION, 46),  # not a destination option
        ([(60, options("010400000000")), (0, options("010400000000"))], WireFault.BAD_VALUE, 48),
        ([(43, ROUTED[:2] + b"\0" + ROUTED[3:])], WireFault.BAD_VALUE, 43),  # no segments left
        ([(43, ROUTED[:2] + b"\2" + ROUTED[3:])], WireFault.BAD_VALUE, 43),
        ([(43, ROUTED), (43, ROUTED)], WireFault.BAD_VALUE, 64),
        ([(43, b"\0" + ROUTED[1:7])], WireFault.BAD_VALUE, 41),
        ([(43, b"\3" + ROUTED[1:] + bytes(8))], WireFault.BAD_VALUE, 41),
        ([(43, bytes((0, 0, 1)) + bytes(4))], WireFault.BAD_VALUE, 42),
        ([(43, bytes((2, 4, 1)) + bytes(20))], WireFault.BAD_VALUE, 42),
        ([(44, bytes((0, 0, 1)) + bytes(4))], WireFault.BAD_VALUE, 40),
        ([(44, bytes((0, 0, 8)) + bytes(4))], WireFault.BAD_VALUE, 40),
        ([(60, bytes((200,)) + bytes(6))], WireFault.TRUNCATED, 40),
    ],
)
def test_headers_that_are_refused(chain: list[tuple[int, bytes]], fault: WireFault, offset: int) -> None:
    error = refused(packet(*chain))
    assert (error.fault, error.offset) == (fault, offset)


def test_header_that_does_not_fit() -> None:
    plain = encode_ipv6(PLAIN)
    for length in range(40):
        assert refused(plain[:length]).fault is WireFault.TRUNCATED
    for length in range(40, 48):
        error = refused(plain[:length])
        assert (error.fault, error.offset) == (WireFault.TRUNCATED, 4)
    assert refused(b"\x45" + plain[1:]).fault is WireFault.BAD_VALUE
    assert decode_ipv6(plain + b"link padding").payload == PAYLOAD


@pytest.mark.parametrize("kind", [0, 43, 44, 60])
@pytest.mark.parametrize("size", range(8))
def test_extension_headers_that_do_not_fit(kind: int, size: int) -> None:
    assert refused(packet(last=kind, payload=bytes(size))).fault is WireFault.TRUNCATED


def test_groups_send_nothing() -> None:
    error = refused(encode_ipv6(replace(PLAIN, source=IPv6Address("ff02::1"))))
    assert (error.fault, error.offset) == (WireFault.BAD_VALUE, 8)


@pytest.mark.parametrize("changes", [{"hop_limit": 256}, {"next_header": -1}, {"traffic_class": 256}])
def test_impossible_headers_cannot_be_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 255"):
        replace(PLAIN, **changes)


def test_too_long_a_payload() -> None:
    with pytest.raises(ValueError, match="65535"):
        encode_ipv6(replace(PLAIN, payload=bytes(65536)))


bodies = st.binary(min_size=7, max_size=7) | st.sampled_from([HOME_ADDRESS_HEADER[1:], TYPE_2_ROUTING_HEADER[1:]])
chains = st.lists(st.tuples(st.sampled_from([0, 43, 44, 60]), bodies), max_size=5)


@thorough
@given(octets=st.binary(max_size=100) | damaged(chains.map(lambda chain: packet(*chain))))
def test_anything_is_a_value_or_a_wire_error(octets: bytes) -> None:
    error = refusal(lambda: decode_ipv6(octets))
    assert error is None or 0 <= error.offset <= len(octets)
