# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of RFC 4866: layouts, the split of long parameters, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.wire.enhanced_options import (
    CareOfTestInitOption,
    CareOfTestOption,
    CgaParametersFragment,
    CgaParametersRequest,
    PermanentHomeKeygenToken,
    Signature,
    signed_cga_parameters,
    split_cga_parameters,
)
from mnclient.wire.mobility_options import (
    MobilityOption,
    NonceIndices,
    decode_mobility_options,
    encode_mobility_options,
)
from tests.mnclient.wire.strategies import thorough

FIXED = 12  # octets before the options of a Binding Update or Acknowledgement
INDICES = NonceIndices(home=1, care_of=2)
FULL = CgaParametersFragment(data=bytes(255))
REST = CgaParametersFragment(data=b"rest")
SIGNED = Signature(signature=b"signature")


def decode(octets: bytes) -> tuple[MobilityOption, ...]:
    return decode_mobility_options(bytes(FIXED) + octets, FIXED)


LAYOUTS: list[Any] = [
    (CgaParametersRequest(), "0b00"),
    (CgaParametersFragment(data=b"\xab\xcd"), "0c02abcd"),
    (Signature(signature=b"\x01\x02\x03"), "0d03010203"),
    (PermanentHomeKeygenToken(encrypted=b"\xfe\xdc"), "0e02fedc"),
    (CareOfTestInitOption(), "0f00"),
    (CareOfTestOption(keygen_token=bytes(range(8))), "10080001020304050607"),
]


@pytest.mark.parametrize(("option", "layout"), LAYOUTS)
@pytest.mark.parametrize("offset", range(8, 16))
def test_layouts(option: MobilityOption, layout: str, offset: int) -> None:
    encoded = encode_mobility_options((option,), offset)
    assert encoded.startswith(bytes.fromhex(layout))  # at any offset: none of them is aligned
    assert decode_mobility_options(bytes(offset) + encoded, offset) == (option,)


@pytest.mark.requirement("RFC4866-ALL-4.5-01")
def test_long_parameters_are_split() -> None:
    parameters = bytes(range(256)) * 2 + b"end"
    options: tuple[MobilityOption, ...] = (INDICES, *split_cga_parameters(parameters), SIGNED)
    encoded = encode_mobility_options(options, FIXED)
    start = encoded.index(b"\x0c\xff")
    middle = start + 2 + 255
    last = middle + 2 + 255
    assert encoded[start + 2 : middle] == parameters[:255]
    assert encoded[middle : middle + 2] == b"\x0c\xff"
    assert encoded[middle + 2 : last] == parameters[255:510]
    assert encoded[last : last + 7] == b"\x0c\x05" + parameters[510:]
    assert encoded[last + 7 :].startswith(b"\x0d\x09signature")  # no padding between them
    assert signed_cga_parameters(decode(encoded)) == (parameters, SIGNED)


@pytest.mark.requirement("RFC4866-ALL-4.5-01")
@thorough
@given(parameters=st.binary(min_size=1, max_size=1100))
def test_there_and_back(parameters: bytes) -> None:
    options = split_cga_parameters(parameters)
    assert all(len(option.data) == 255 for option in options[:-1])
    assert signed_cga_parameters((INDICES, *options, SIGNED)) == (parameters, SIGNED)


@pytest.mark.requirement("RFC4866-ALL-4.5-01")
@pytest.mark.parametrize(
    "options",
    [
        (),
        (INDICES,),
        (SIGNED,),
        (FULL, REST),
        (SIGNED, REST),
        (FULL, INDICES, REST, SIGNED),
        (FULL, REST, INDICES, SIGNED),
        (REST, FULL, SIGNED),
        (REST, REST, SIGNED),
        (REST, SIGNED, SIGNED),
        (REST, SIGNED, REST, SIGNED),
        (REST, SIGNED, INDICES, SIGNED),
    ],
)
def test_anything_but_one_signed_run_is_no_proof(options: tuple[MobilityOption, ...]) -> None:
    assert signed_cga_parameters(options) is None


def test_a_signature_knows_what_came_before_it() -> None:
    encoded = bytes(range(1, FIXED + 1)) + encode_mobility_options((INDICES, REST, SIGNED), FIXED)
    *_, signature = decode_mobility_options(encoded, FIXED)
    assert isinstance(signature, Signature)
    before = encoded[: encoded.index(b"\x0d\x09")]
    assert signature.preceding == before[:4] + b"\0\0" + before[6:]


@pytest.mark.parametrize(
    "octets", ["0b0100", "0c00", "0d00", "0e00", "0f0100", "1000", "100700000000000000", "1009000000000000000000"]
)
def test_wrong_lengths_are_refused(octets: str) -> None:
    with pytest.raises(WireError, match="has length") as caught:
        decode(bytes.fromhex(octets))
    assert caught.value.fault is WireFault.BAD_OPTION
    assert caught.value.offset == FIXED + 1
    assert caught.value.section.startswith("RFC 4866")


@pytest.mark.parametrize(
    "make",
    [
        lambda: CgaParametersFragment(data=b""),
        lambda: CgaParametersFragment(data=bytes(256)),
        lambda: Signature(signature=b""),
        lambda: Signature(signature=bytes(256)),
        lambda: PermanentHomeKeygenToken(encrypted=b""),
        lambda: PermanentHomeKeygenToken(encrypted=bytes(256)),
        lambda: CareOfTestOption(keygen_token=bytes(7)),
    ],
)
def test_impossible_values_cannot_be_made(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="must"):
        make()
