# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of RFC 4283 and RFC 4285: layouts, alignment, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.wire.authentication_options import (
    MN_AAA,
    MN_HA,
    MessageIdentification,
    MobileNodeIdentifier,
    MobilityMessageAuthentication,
)
from mnclient.wire.mobility_options import MobilityOption, decode_mobility_options, encode_mobility_options
from tests.mnclient.wire.strategies import plain_mobility_options, thorough

FIXED = 12  # octets before the options of a Binding Update or Acknowledgement
IDENTIFIER = MobileNodeIdentifier(identifier=b"user@example.com")
IDENTIFICATION = MessageIdentification(timestamp=0xE0A1_B2C3_D4E5_F607)
AUTHENTICATION = MobilityMessageAuthentication(spi=0x12345678, authenticator=bytes(range(12)))


def decode(text: str) -> tuple[MobilityOption, ...]:
    return decode_mobility_options(bytes(FIXED) + bytes.fromhex(text), FIXED)


@pytest.mark.requirement("RFC4283-MN-3-01")
@pytest.mark.requirement("RFC4283-MN-3.1-01")
def test_identifier() -> None:
    encoded = encode_mobility_options((IDENTIFIER,), FIXED)
    assert encoded == bytes((8, 1 + 16, 1)) + b"user@example.com" + b"\0"  # the zero is Pad1 behind the option
    assert decode_mobility_options(bytes(FIXED) + encoded, FIXED) == (IDENTIFIER,)


@pytest.mark.requirement("RFC4283-MN-3-01")
@pytest.mark.parametrize("offset", range(8, 16))
def test_identifier_needs_no_alignment(offset: int) -> None:
    assert encode_mobility_options((IDENTIFIER,), offset).startswith(b"\x08\x11\x01user")


@pytest.mark.requirement("RFC4283-ALL-3.1-01")
@pytest.mark.parametrize(
    ("subtype", "name"),
    [
        (1, "network access identifier"),
        (2, "IPv6 address"),
        (3, "IMSI"),
        (4, "P-TMSI"),
        (5, "EUI-48"),
        (6, "EUI-64"),
        (7, "GUTI"),
        (8, "DUID"),
        (77, "unknown (77)"),
    ],
)
def test_subtypes_of_identifiers(subtype: int, name: str) -> None:
    (option,) = decode(f"0803{subtype:02x}abcd")
    assert option == MobileNodeIdentifier(subtype=subtype, identifier=b"\xab\xcd")
    assert isinstance(option, MobileNodeIdentifier)
    assert option.subtype_name == name


@pytest.mark.requirement("RFC4285-ALL-5-01")
@thorough
@given(before=st.lists(plain_mobility_options, max_size=4))
def test_authentication(before: list[MobilityOption]) -> None:
    encoded = bytes(FIXED) + encode_mobility_options((*before, AUTHENTICATION), FIXED)
    layout = bytes((9, 5 + 12, MN_HA)) + bytes.fromhex("12345678") + bytes(range(12))
    assert encoded.rindex(layout) % 4 == 1


@pytest.mark.requirement("RFC4285-ALL-5.1-03")
@thorough
@given(before=st.lists(plain_mobility_options, max_size=4))
def test_a_last_authentication_option_has_nothing_behind_it(before: list[MobilityOption]) -> None:
    encoded = encode_mobility_options((*before, AUTHENTICATION), FIXED)
    assert encoded.endswith(AUTHENTICATION.authenticator)
    assert (FIXED + len(encoded)) % 8 == 0


@pytest.mark.requirement("RFC4285-ALL-6-01")
@thorough
@given(before=st.lists(plain_mobility_options, max_size=4))
def test_identification(before: list[MobilityOption]) -> None:
    encoded = bytes(FIXED) + encode_mobility_options((*before, IDENTIFICATION), FIXED)
    assert encoded.rindex(bytes.fromhex("0a08 e0a1b2c3d4e5f607")) % 8 == 2


def test_all_of_them_there_and_back() -> None:
    aaa = MobilityMessageAuthentication(subtype=MN_AAA, spi=3, authenticator=bytes(20))
    options = (IDENTIFIER, IDENTIFICATION, AUTHENTICATION, aaa)
    encoded = bytes(FIXED) + encode_mobility_options(options, FIXED)
    decoded = decode_mobility_options(encoded, FIXED)
    assert decoded == options
    assert isinstance(decoded[2], MobilityMessageAuthentication)
    assert decoded[2].preceding == encoded[: encoded.index(b"\x09\x11")]


@pytest.mark.requirement("RFC4285-ALL-5-02")
def test_one_subtype_twice_is_refused() -> None:
    twice = encode_mobility_options((AUTHENTICATION, AUTHENTICATION), FIXED)
    with pytest.raises(WireError, match="two authentication options have subtype 1") as caught:
        decode_mobility_options(bytes(FIXED) + twice, FIXED)
    assert caught.value.fault is WireFault.BAD_OPTION


@pytest.mark.parametrize(
    "octets", ["0800", "080101", "0900", "090401000001", "0a0700000000000000", "0a09000000000000000000"]
)
def test_wrong_lengths_are_refused(octets: str) -> None:
    with pytest.raises(WireError, match="has length") as caught:
        decode(octets)
    assert caught.value.fault is WireFault.BAD_OPTION
    assert caught.value.offset == FIXED + 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: MobileNodeIdentifier(identifier=b""),
        lambda: MobileNodeIdentifier(identifier=bytes(255)),
        lambda: MobileNodeIdentifier(identifier=b"a", subtype=256),
        lambda: MobilityMessageAuthentication(spi=1 << 32, authenticator=b""),
        lambda: MobilityMessageAuthentication(spi=-1, authenticator=b""),
        lambda: MobilityMessageAuthentication(spi=256, authenticator=bytes(251)),
        lambda: MessageIdentification(timestamp=1 << 64),
    ],
)
def test_impossible_values_cannot_be_made(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="must"):
        make()
