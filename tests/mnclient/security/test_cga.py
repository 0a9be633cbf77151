# SPDX-License-Identifier: GPL-2.0-or-later
"""Generated addresses: the example of RFC 3972, the hashes written out with hashlib, and each check of section 5."""

import hashlib
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.security.cga import (
    CgaFault,
    CollisionError,
    after_collision,
    cga_fault,
    find_modifier,
    generated_address,
    hash1,
    hash2,
    security_parameter,
)
from mnclient.wire.cga_parameters import CgaParameters

# RFC 3972 appendix B: Sec 1, prefix fe80::, the modifier after this one is the first that serves.
START = bytes.fromhex("89a8a8b2e858d8b8f2633f44d2d4ce9a")
FOUND = bytes.fromhex("89a8a8b2e858d8b8f2633f44d2d4ce9b")
KEY = bytes.fromhex(
    "305c300d06092a864886f70d0101010500034b003048024100c2c2f137305454f10bd9cea36844b530e9211a4b262b16467cb7dfba1f595c"
    "0194f275be5a4d386f2c3c2382508773c7867f9b3b9e63a09c7bc48f7a54ebefaf0203010001"
)
EXAMPLE = CgaParameters(modifier=FOUND, subnet_prefix=IPv6Address("fe80::").packed[:8], public_key=KEY)
ADDRESS = IPv6Address("fe80::3c4a:5bf6:ffb4:ca6c")


@pytest.mark.requirement("RFC3972-ALL-3-02")
def test_hash1() -> None:
    assert hash1(EXAMPLE).hex() == "fd4a5bf6ffb4ca6c"
    extended = replace(EXAMPLE, collision_count=2, extensions=b"more")
    everything = FOUND + extended.subnet_prefix + b"\x02" + KEY + b"more"
    assert hash1(extended) == hashlib.sha1(everything).digest()[:8]


@pytest.mark.requirement("RFC3972-ALL-3-03")
def test_hash2() -> None:
    assert hash2(EXAMPLE).hex() == "000001ca680b83888d0912dffcce"
    extended = replace(EXAMPLE, collision_count=2, extensions=b"more")
    assert hash2(extended) == hashlib.sha1(FOUND + bytes(9) + KEY + b"more").digest()[:14]


@pytest.mark.requirement("RFC3972-MN-4-01")
def test_the_example_of_the_rfc() -> None:
    assert find_modifier(START, KEY, 1) == FOUND
    assert generated_address(EXAMPLE, 1) == ADDRESS
    assert security_parameter(ADDRESS) == 1
    assert cga_fault(ADDRESS, EXAMPLE) is None


@pytest.mark.requirement("RFC3972-MN-4-01")
def test_sec_0_takes_the_modifier_as_it_is() -> None:
    assert find_modifier(START, KEY, 0) == START
    parameters = replace(EXAMPLE, modifier=START)
    address = generated_address(parameters, 0)
    identifier = address.packed[8:]
    assert identifier[0] & 0xE3 == 0  # Sec, u and g
    assert cga_fault(address, parameters) is None


@pytest.mark.requirement("RFC3972-MN-4-01")
def test_the_search_goes_on_behind_the_last_modifier() -> None:
    assert find_modifier(b"\xff" * 16, KEY, 0) == b"\xff" * 16
    found = find_modifier(b"\xff" * 16, KEY, 1)
    assert found is not None
    assert found[0] == 0  # it wrapped
    assert hashlib.sha1(found + bytes(9) + KEY).digest()[:2] == b"\0\0"


def test_a_search_ends() -> None:
    assert find_modifier(START, KEY, 7, attempts=10) is None
    assert find_modifier(START, KEY, 1, attempts=1) is None
    assert find_modifier(START, KEY, 1, attempts=2) == FOUND


@pytest.mark.requirement("RFC3972-MN-4-02")
def test_collisions() -> None:
    second = after_collision(EXAMPLE)
    third = after_collision(second)
    assert [each.collision_count for each in (EXAMPLE, second, third)] == [0, 1, 2]
    addresses = {generated_address(each, 1) for each in (EXAMPLE, second, third)}
    assert len(addresses) == 3
    assert all(cga_fault(generated_address(each, 1), each) is None for each in (second, third))
    with pytest.raises(CollisionError, match="three generated addresses"):
        after_collision(third)


@pytest.mark.requirement("RFC3972-ALL-5-01")
def test_another_prefix() -> None:
    other = IPv6Address(int(ADDRESS) | 1 << 64)
    assert cga_fault(other, EXAMPLE) is CgaFault.SUBNET_PREFIX


@pytest.mark.requirement("RFC3972-ALL-5-01")
@pytest.mark.parametrize("bit", range(64))
def test_another_identifier(bit: int) -> None:
    changed = IPv6Address(int(ADDRESS) ^ 1 << bit)
    if bit >= 61:  # Sec: 1 becomes 0, 3 or 5
        assert cga_fault(changed, EXAMPLE) is (None if bit == 61 else CgaFault.HASH2)
    elif bit in (56, 57):  # g and u are not compared
        assert cga_fault(changed, EXAMPLE) is None
    else:
        assert cga_fault(changed, EXAMPLE) is CgaFault.HASH1


@pytest.mark.requirement("RFC3972-ALL-5-01")
@pytest.mark.parametrize(
    "other",
    [
        replace(EXAMPLE, collision_count=1),
        replace(EXAMPLE, modifier=START),
        replace(EXAMPLE, public_key=KEY[:-1] + b"\x03"),
        replace(EXAMPLE, extensions=b"\0"),
    ],
)
def test_other_parameters(other: CgaParameters) -> None:
    assert cga_fault(ADDRESS, other) is CgaFault.HASH1


@pytest.mark.requirement("RFC3972-ALL-5-01")
def test_a_modifier_without_the_work() -> None:
    cheap = replace(EXAMPLE, modifier=START)
    plain = generated_address(cheap, 0)
    claims_more = IPv6Address(int(plain) | 1 << 61)
    assert cga_fault(claims_more, cheap) is CgaFault.HASH2
    with pytest.raises(ValueError, match="sec 1"):
        generated_address(cheap, 1)


@pytest.mark.parametrize("sec", [-1, 8])
def test_sec_has_three_bits(sec: int) -> None:
    with pytest.raises(ValueError, match="sec must be"):
        find_modifier(START, KEY, sec)
    with pytest.raises(ValueError, match="sec must be"):
        generated_address(EXAMPLE, sec)


def test_a_start_has_128_bits() -> None:
    with pytest.raises(ValueError, match="16 octets"):
        find_modifier(START[:-1], KEY, 0)
