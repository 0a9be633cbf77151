# SPDX-License-Identifier: GPL-2.0-or-later
"""The CGA Parameters data structure: layout, the end of the key, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.wire.cga_parameters import CgaParameters, decode_cga_parameters, encode_cga_parameters
from tests.mnclient.wire.strategies import thorough

MODIFIER = bytes(range(16))
PREFIX = bytes.fromhex("20010db800010000")
KEY = bytes.fromhex("3003020105")
FIXED = MODIFIER + PREFIX + b"\x01"
PARAMETERS = CgaParameters(
    modifier=MODIFIER, subnet_prefix=PREFIX, collision_count=1, public_key=KEY, extensions=b"\xff\xfd\0\1x"
)


def sequence(length: int) -> bytes:
    """A DER sequence with so many octets in it."""
    if length < 128:
        return bytes((0x30, length)) + bytes(length)
    size = 1 if length < 256 else 2
    return bytes((0x30, 0x80 | size)) + length.to_bytes(size) + bytes(length)


@pytest.mark.requirement("RFC3972-ALL-3-01")
def test_layout() -> None:
    encoded = encode_cga_parameters(PARAMETERS)
    assert encoded == FIXED + KEY + b"\xff\xfd\0\1x"
    assert decode_cga_parameters(encoded) == PARAMETERS


@pytest.mark.requirement("RFC3972-ALL-3-01")
@thorough
@given(
    modifier=st.binary(min_size=16, max_size=16),
    prefix=st.binary(min_size=8, max_size=8),
    count=st.integers(0, 2),
    length=st.sampled_from((0, 1, 127, 128, 255, 256, 700)),
    extensions=st.binary(max_size=20),
)
def test_round_trip(modifier: bytes, prefix: bytes, count: int, length: int, extensions: bytes) -> None:
    parameters = CgaParameters(
        modifier=modifier,
        subnet_prefix=prefix,
        collision_count=count,
        public_key=sequence(length),
        extensions=extensions,
    )
    assert decode_cga_parameters(encode_cga_parameters(parameters)) == parameters


@pytest.mark.requirement("RFC3972-ALL-5-01")
@pytest.mark.parametrize("count", [3, 255])
def test_a_collision_count_above_two_is_refused(count: int) -> None:
    with pytest.raises(WireError, match="collision count") as caught:
        decode_cga_parameters(MODIFIER + PREFIX + bytes((count,)) + KEY)
    assert (caught.value.fault, caught.value.offset) == (WireFault.BAD_VALUE, 24)


@pytest.mark.parametrize(
    ("octets", "fault", "offset"),
    [
        (b"", WireFault.TRUNCATED, 0),
        (FIXED[:-1], WireFault.TRUNCATED, 24),
        (FIXED, WireFault.BAD_VALUE, 25),
        (FIXED + b"\x30", WireFault.BAD_VALUE, 25),
        (FIXED + b"\x31\x00", WireFault.BAD_VALUE, 25),
        (FIXED + KEY[:-1], WireFault.TRUNCATED, 29),
        (FIXED + b"\x30\x80", WireFault.BAD_VALUE, 25),  # a length that only BER has
        (FIXED + b"\x30\x81\x7f" + bytes(127), WireFault.BAD_VALUE, 25),  # not the shortest way
        (FIXED + b"\x30\x82\x00\x80" + bytes(128), WireFault.BAD_VALUE, 25),
        (FIXED + b"\x30\x82\x01", WireFault.BAD_VALUE, 25),
        (FIXED + b"\x30\x83\x01\x00\x00", WireFault.BAD_VALUE, 25),
    ],
)
def test_damage_is_refused(octets: bytes, fault: WireFault, offset: int) -> None:
    with pytest.raises(WireError) as caught:
        decode_cga_parameters(octets)
    assert (caught.value.fault, caught.value.offset) == (fault, offset)


@thorough
@given(octets=st.binary(max_size=60))
def test_anything_is_a_value_or_a_wire_error(octets: bytes) -> None:
    try:
        parameters = decode_cga_parameters(octets)
    except WireError:
        return
    assert encode_cga_parameters(parameters) == octets


@pytest.mark.parametrize(
    "make",
    [
        lambda: CgaParameters(modifier=bytes(15), subnet_prefix=PREFIX, public_key=KEY),
        lambda: CgaParameters(modifier=MODIFIER, subnet_prefix=bytes(16), public_key=KEY),
        lambda: CgaParameters(modifier=MODIFIER, subnet_prefix=PREFIX, public_key=KEY, collision_count=3),
        lambda: CgaParameters(modifier=MODIFIER, subnet_prefix=PREFIX, public_key=KEY, collision_count=-1),
        lambda: CgaParameters(modifier=MODIFIER, subnet_prefix=PREFIX, public_key=b""),
        lambda: CgaParameters(modifier=MODIFIER, subnet_prefix=PREFIX, public_key=KEY + b"\0"),
    ],
)
def test_impossible_values_cannot_be_made(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="must be"):
        make()
