# SPDX-License-Identifier: GPL-2.0-or-later
"""The Mobility Header: known answers, the order of checks, round trips and hostile octets."""

import hashlib
import hmac
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.authentication_options import MobileNodeIdentifier, MobilityMessageAuthentication
from mnclient.wire.binding import BindingAcknowledgement, BindingRefreshRequest, BindingUpdate
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.mobility_header import (
    MobilityMessage,
    decode_mobility_header,
    encode_for_authenticator,
    encode_mobility_header,
)
from mnclient.wire.mobility_options import BindingAuthorizationData, NonceIndices, UnknownMobilityOption
from tests.mnclient.wire import vectors
from tests.mnclient.wire.strategies import damaged, mobility_messages, refusal, thorough
from tests.mnclient.wire.vectors import CARE_OF, CORRESPONDENT, HOME, MOBILITY_HEADERS


def sealed(text: str) -> bytes:
    """A Mobility Header with its checksum put right, from HOME to CORRESPONDENT."""
    octets = bytes.fromhex(text)
    checksum = internet_checksum(HOME, CORRESPONDENT, 135, octets[:4] + b"\0\0" + octets[6:])
    return octets[:4] + checksum.to_bytes(2) + octets[6:]


def refused(octets: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        decode_mobility_header(octets, HOME, CORRESPONDENT)
    return caught.value


@pytest.mark.requirement("ALL-6.1.1-02")
@pytest.mark.requirement("ALL-6.1.1-03")
@pytest.mark.requirement("ALL-6.1.1-05")
@pytest.mark.requirement("ALL-6.1.2-01")
@pytest.mark.requirement("ALL-6.1.3-01")
@pytest.mark.requirement("ALL-6.1.4-01")
@pytest.mark.requirement("ALL-6.1.5-01")
@pytest.mark.requirement("ALL-6.1.6-01")
@pytest.mark.requirement("ALL-6.1.7-01")
@pytest.mark.requirement("ALL-6.1.8-01")
@pytest.mark.requirement("ALL-6.1.9-01")
@pytest.mark.requirement("ALL-6.2.7-05")
@pytest.mark.parametrize("name", MOBILITY_HEADERS)
def test_known_answers(name: str) -> None:
    octets, source, destination, message = MOBILITY_HEADERS[name]
    assert encode_mobility_header(message, source, destination) == octets
    assert decode_mobility_header(octets, source, destination) == message


@pytest.mark.requirement("ALL-6.1.1-02")
@pytest.mark.requirement("ALL-6.1.1-08")
@thorough
@given(message=mobility_messages)
def test_round_trip(message: MobilityMessage) -> None:
    octets = encode_mobility_header(message, HOME, CORRESPONDENT)
    assert len(octets) == (octets[1] + 1) * 8
    assert octets[0] == 59
    assert octets[3] == 0
    assert decode_mobility_header(octets, HOME, CORRESPONDENT) == message


@pytest.mark.requirement("ALL-6.1.7-01", "ALL-6.1.8-01")
@pytest.mark.parametrize(
    ("message", "octets"),
    [
        (
            BindingUpdate(sequence=0x1234, lifetime=Seconds(60.0), acknowledge=False, home_registration=False),
            "3b010500 0000 1234 0000 000f 01020000",
        ),
        (
            BindingAcknowledgement(status=130, sequence=0x1234, lifetime=Seconds(60.0)),
            "3b010600 0000 8200 1234 000f 01020000",
        ),
    ],
)
def test_without_options_four_octets_of_padding_fill_it_up(message: MobilityMessage, octets: str) -> None:
    assert encode_mobility_header(message, HOME, CORRESPONDENT) == sealed(octets)


def test_checksum_covers_the_addresses() -> None:
    octets, source, destination, _ = MOBILITY_HEADERS["HoTI"]
    for pair in ((CARE_OF, destination), (source, CARE_OF)):
        with pytest.raises(WireError) as caught:
            decode_mobility_header(octets, *pair)
        assert caught.value.fault is WireFault.BAD_CHECKSUM


@pytest.mark.requirement("ALL-6.2.7-05")
@pytest.mark.parametrize("name", MOBILITY_HEADERS)
def test_checksum_covers_every_octet(name: str) -> None:
    octets, source, destination, _ = MOBILITY_HEADERS[name]
    for at in set(range(len(octets))) - {1}:  # octet 1 says how many there are
        changed = bytearray(octets)
        changed[at] ^= 0x10
        with pytest.raises(WireError) as caught:
            decode_mobility_header(bytes(changed), source, destination)
        assert caught.value.fault is WireFault.BAD_CHECKSUM


@pytest.mark.requirement("ALL-9.2-01", "ALL-9.2-03", "ALL-9.2-04")
def test_faults_come_in_the_order_of_the_standard() -> None:
    everything_wrong = bytes.fromhex("3a006300ffff0000")
    assert refused(everything_wrong).fault is WireFault.BAD_CHECKSUM
    error = refused(sealed("3a00630000000000"))
    assert (error.fault, error.offset) == (WireFault.UNKNOWN_TYPE, 2)
    error = refused(sealed("3a00050000000000"))
    assert (error.fault, error.offset) == (WireFault.BAD_PAYLOAD_PROTO, 0)
    error = refused(sealed("3b00050000000000"))
    assert (error.fault, error.offset) == (WireFault.BAD_HEADER_LENGTH, 1)


@pytest.mark.requirement("ALL-9.2-04")
@pytest.mark.parametrize(("kind", "least"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 1), (6, 1), (7, 2)])
def test_least_header_length(kind: int, least: int) -> None:
    short = f"3b{least - 1:02x}{kind:02x}00" + "00" * (least * 8 - 4)
    assert refused(sealed(short)).fault is WireFault.BAD_HEADER_LENGTH
    enough = f"3b{least:02x}{kind:02x}00" + "00" * (least * 8 + 4)
    decode_mobility_header(sealed(enough), HOME, CORRESPONDENT)


@pytest.mark.parametrize("length", range(16))
def test_cut_short(length: int) -> None:
    error = refused(MOBILITY_HEADERS["HoTI"].octets[:length])
    assert error.fault is WireFault.TRUNCATED
    assert error.offset <= length  # an ICMPv6 Parameter Problem does not point at what is not there


def test_octets_behind_the_header_are_ignored() -> None:
    octets, source, destination, message = MOBILITY_HEADERS["HoTI"]
    assert decode_mobility_header(octets + b"more", source, destination) == message


@pytest.mark.requirement("ALL-6.1.1-03")
def test_reserved_octet_is_ignored() -> None:
    assert decode_mobility_header(sealed("3b0000ff0000ffff"), HOME, CORRESPONDENT) == BindingRefreshRequest()


@pytest.mark.requirement("ALL-6.2.1-01")
@thorough
@given(message=mobility_messages)
def test_unknown_options_are_skipped_in_every_message(message: MobilityMessage) -> None:
    unknown = UnknownMobilityOption(type=222, data=b"12345")
    options = (unknown, *message.options)
    changed = type(message)(**{name: getattr(message, name) for name in message.__slots__} | {"options": options})
    octets = encode_mobility_header(changed, HOME, CORRESPONDENT)
    assert decode_mobility_header(octets, HOME, CORRESPONDENT) == changed


def test_too_many_options_do_not_fit() -> None:
    options = (UnknownMobilityOption(type=222, data=bytes(255)),) * 8
    with pytest.raises(ValueError, match="at most 2048 octets"):
        encode_mobility_header(BindingRefreshRequest(options=options), HOME, CORRESPONDENT)


def authenticator(key: bytes, care_of: bytes, message: MobilityMessage) -> bytes:
    covered = care_of + CORRESPONDENT.packed + encode_for_authenticator(message)
    return hmac.digest(key, covered, hashlib.sha1)[:12]


@pytest.mark.parametrize(
    ("name", "key", "care_of"),
    [
        ("BU to a correspondent", vectors.BINDING_KEY, CARE_OF),
        ("BA from a correspondent", vectors.BINDING_KEY, CARE_OF),
        ("deleting BU to a correspondent", vectors.DELETION_KEY, HOME),
    ],
)
def test_octets_the_authenticator_covers(name: str, key: bytes, care_of: IPv6Address) -> None:
    octets, source, destination, message = MOBILITY_HEADERS[name]
    assert isinstance(message, BindingUpdate | BindingAcknowledgement)
    assert message.authorization_data is not None
    expected = message.authorization_data.authenticator
    received = decode_mobility_header(octets, source, destination)
    assert authenticator(key, care_of.packed, message) == expected
    assert authenticator(key, care_of.packed, received) == expected


def test_authenticator_covers_the_octets_as_they_came() -> None:
    # Reserved bits and the sender's own padding are covered, though they are not part of the value.
    octets = sealed("3b030500ffff00018fff000f 0404000500 06 050c 000102030405060708090a0b".replace(" ", ""))
    message = decode_mobility_header(octets, HOME, CORRESPONDENT)
    assert encode_for_authenticator(message) == octets[:4] + b"\0\0" + octets[6:20]


@pytest.mark.requirement("RFC4285-ALL-5.1-02")
@pytest.mark.parametrize("length", [17, 18, 25])
def test_octets_covered_by_an_authentication_option(length: int) -> None:
    option = MobilityMessageAuthentication(spi=256, authenticator=b"m" * (length - 5))
    message = BindingUpdate(
        sequence=1, lifetime=Seconds(60.0), acknowledge=True, home_registration=True, options=(option,)
    )
    octets = encode_mobility_header(message, HOME, CORRESPONDENT)
    covered = octets[:4] + b"\0\0" + octets[6 : octets.index(b"\x09" + bytes((length,))) + 7]
    assert encode_for_authenticator(message) == covered
    assert encode_for_authenticator(decode_mobility_header(octets, HOME, CORRESPONDENT)) == covered


def test_nothing_to_authenticate() -> None:
    for options in ((), (NonceIndices(home=1, care_of=2),), (MobileNodeIdentifier(identifier=b"a"),)):
        with pytest.raises(ValueError, match="no authenticator"):
            encode_for_authenticator(BindingRefreshRequest(options=options))


def test_received_octets_are_no_part_of_the_value() -> None:
    one = BindingAuthorizationData(authenticator=bytes(12), preceding=b"1")
    assert one == BindingAuthorizationData(authenticator=bytes(12))
    assert hash(one) == hash(BindingAuthorizationData(authenticator=bytes(12)))


def decodes_or_refuses(octets: bytes) -> None:
    error = refusal(lambda: decode_mobility_header(octets, HOME, CORRESPONDENT))
    assert error is None or (0 <= error.offset <= max(len(octets), 8) and error.section)


def with_checksum(octets: bytes) -> bytes:
    """Lets damaged octets past the first check."""
    length = (octets[1] + 1) * 8 if len(octets) > 8 else 8
    if length > len(octets):
        return octets
    cleared = octets[:4] + b"\0\0" + octets[6:length]
    checksum = internet_checksum(HOME, CORRESPONDENT, 135, cleared)
    return octets[:4] + checksum.to_bytes(2) + octets[6:]


whole_headers = mobility_messages.map(lambda message: encode_mobility_header(message, HOME, CORRESPONDENT))


@thorough
@given(octets=st.binary(max_size=100) | damaged(whole_headers))
def test_anything_is_a_value_or_a_wire_error(octets: bytes) -> None:
    decodes_or_refuses(octets)
    decodes_or_refuses(with_checksum(octets))


@thorough
@given(kind=st.integers(0, 8), rest=st.binary(min_size=4, max_size=100))
def test_anything_of_a_known_type_is_a_value_or_a_wire_error(kind: int, rest: bytes) -> None:
    rest += bytes(-len(rest) % 8 + 4)
    length = (len(rest) + 4) // 8 - 1
    decodes_or_refuses(with_checksum(bytes((59, length, kind, 0)) + rest))
