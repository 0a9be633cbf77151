# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobility options: layouts, alignment, and what is refused."""

from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.mobility_options import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    BindingRefreshAdvice,
    MobilityOption,
    NonceIndices,
    UnknownMobilityOption,
    decode_mobility_options,
    encode_mobility_options,
)
from tests.mnclient.wire.strategies import mobility_options, plain_mobility_options, refusal, thorough
from tests.mnclient.wire.vectors import CARE_OF

ADVICE = BindingRefreshAdvice(interval=Seconds(40.0))
ALTERNATE = AlternateCareOfAddress(address=CARE_OF)
INDICES = NonceIndices(home=5, care_of=6)
AUTHORIZATION = BindingAuthorizationData(authenticator=bytes(range(12)))
FIXED = 12  # octets before the options of a Binding Update or Acknowledgement

LAYOUTS: list[tuple[tuple[MobilityOption, ...], str]] = [
    ((), "01020000"),
    ((ALTERNATE,), "0100 0310 20010db8000200000000000000000020"),
    ((INDICES, AUTHORIZATION), "0404 0005 0006 050c 000102030405060708090a0b"),
    (
        (INDICES, ALTERNATE, AUTHORIZATION),
        "0404 0005 0006 01020000 0310 20010db8000200000000000000000020 0100 050c 000102030405060708090a0b",
    ),
    ((ADVICE,), "0202 000a"),
    ((AUTHORIZATION,), "010400000000 050c 000102030405060708090a0b"),
    ((UnknownMobilityOption(type=200, data=b"x"),), "c80178 00"),
]


def decode(text: str) -> tuple[MobilityOption, ...]:
    return decode_mobility_options(bytes(FIXED) + bytes.fromhex(text), FIXED)


@pytest.mark.requirement("ALL-6.2.1-02")
@pytest.mark.requirement("ALL-6.2.2-01")
@pytest.mark.requirement("ALL-6.2.4-01")
@pytest.mark.requirement("ALL-6.2.5-01")
@pytest.mark.requirement("ALL-6.2.6-01")
@pytest.mark.requirement("ALL-6.2.7-01")
@pytest.mark.parametrize(("options", "layout"), LAYOUTS)
def test_layouts(options: tuple[MobilityOption, ...], layout: str) -> None:
    assert encode_mobility_options(options, FIXED) == bytes.fromhex(layout)
    assert decode(layout) == options


@thorough
@given(options=mobility_options, offset=st.sampled_from([8, 12, 16, 24]))
def test_round_trip(options: tuple[MobilityOption, ...], offset: int) -> None:
    encoded = encode_mobility_options(options, offset)
    assert (offset + len(encoded)) % 8 == 0
    assert decode_mobility_options(bytes(offset) + encoded, offset) == options


@pytest.mark.requirement("ALL-6.2.1-02", "ALL-6.2.4-01", "ALL-6.2.5-01", "ALL-6.2.6-01", "ALL-6.2.7-01")
@thorough
@given(before=st.lists(plain_mobility_options, max_size=4))
@example(before=[UnknownMobilityOption(type=99, data=b"odd")])
def test_alignment_holds_whatever_comes_before(before: list[MobilityOption]) -> None:
    advised = bytes(FIXED) + encode_mobility_options((*before, ADVICE), FIXED)
    assert advised.rindex(bytes.fromhex("0202000a")) % 2 == 0
    encoded = bytes(FIXED) + encode_mobility_options((*before, ALTERNATE, INDICES, AUTHORIZATION), FIXED)
    assert encoded.rindex(b"\x03\x10" + CARE_OF.packed) % 8 == 6
    assert encoded.rindex(bytes.fromhex("040400050006")) % 2 == 0
    assert encoded.endswith(b"\x05\x0c" + bytes(range(12)))


@pytest.mark.requirement("ALL-6.2-01")
def test_all_other_options_come_in_any_order() -> None:
    unknown = UnknownMobilityOption(type=99, data=b"abc")
    others: tuple[MobilityOption, ...] = (ADVICE, ALTERNATE, INDICES, unknown)
    for order in permutations(others):
        options = (*order, AUTHORIZATION)
        encoded = encode_mobility_options(options, FIXED)
        assert encoded.endswith(AUTHORIZATION.authenticator)
        assert decode_mobility_options(bytes(FIXED) + encoded, FIXED) == options


@pytest.mark.requirement("ALL-6.2-01")
def test_nothing_is_written_behind_authorization_data() -> None:
    with pytest.raises(ValueError, match="last mobility option"):
        encode_mobility_options((AUTHORIZATION, INDICES), FIXED)


@pytest.mark.requirement("ALL-6.2-01", "MN-11.7.3-01")
@pytest.mark.parametrize("behind", ["00", "0100", "04040005 0006", "050c000102030405060708090a0b"])
def test_nothing_is_read_behind_authorization_data(behind: str) -> None:
    with pytest.raises(WireError) as caught:
        decode("050c000102030405060708090a0b" + behind)
    assert caught.value.fault is WireFault.BAD_OPTION
    assert caught.value.offset == FIXED


@pytest.mark.requirement("ALL-6.2.3-01")
def test_padding_is_not_looked_into() -> None:
    assert decode("00 0102ffff 00 0100 0202000a 0103aabbcc") == (ADVICE,)


@pytest.mark.requirement("ALL-6.2.3-01")
@pytest.mark.parametrize("length", range(8))
def test_padding_written(length: int) -> None:
    padding = encode_mobility_options((), 16 - length)
    expected = (b"", b"\0")[length] if length < 2 else bytes((1, length - 2)) + bytes(length - 2)
    assert padding == expected


@pytest.mark.requirement("ALL-6.2.1-01")
def test_unknown_types_are_skipped_and_kept() -> None:
    assert decode("c802abcd 0202000a") == (UnknownMobilityOption(type=200, data=b"\xab\xcd"), ADVICE)


@pytest.mark.requirement("ALL-6.2.1-03")
@pytest.mark.parametrize("octets", ["02", "0202", "020200", "0103ffff", "c8ff00", "0000000003"])
def test_options_past_the_end_are_refused(octets: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(octets)
    assert caught.value.fault is WireFault.BAD_OPTION


@pytest.mark.parametrize("octets", ["0200", "02030000 00", "0304 00000000", "0402 0000", "0400"])
def test_wrong_lengths_are_refused(octets: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(octets)
    assert caught.value.fault is WireFault.BAD_OPTION
    assert caught.value.offset == FIXED + 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: BindingRefreshAdvice(interval=Seconds(-1)),
        lambda: NonceIndices(home=65536, care_of=0),
        lambda: NonceIndices(home=0, care_of=-1),
        lambda: BindingAuthorizationData(authenticator=bytes(256)),
        lambda: UnknownMobilityOption(type=5, data=b""),
        lambda: UnknownMobilityOption(type=256, data=b""),
        lambda: UnknownMobilityOption(type=9, data=bytes(17)),
        lambda: UnknownMobilityOption(type=6, data=bytes(256)),
    ],
)
def test_impossible_values_cannot_be_made(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="must"):
        make()


@thorough
@given(octets=st.binary(max_size=64))
def test_anything_is_a_value_or_a_wire_error(octets: bytes) -> None:
    error = refusal(lambda: decode_mobility_options(bytes(FIXED) + octets, FIXED))
    assert error is None or error.fault is WireFault.BAD_OPTION
