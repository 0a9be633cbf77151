# SPDX-License-Identifier: GPL-2.0-or-later
"""Stand-ins for addresses: none stays, and what is in the same prefix stays in the same prefix."""

import re
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.report.mask import Mask

SECRET = b"s" * 32
DOCUMENTATION = IPv6Network("3fff::/20")
GLOBAL = st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address)


def common(first, second):
    """How many bits two addresses have in common."""
    return 128 - (int(first) ^ int(second)).bit_length()


@given(GLOBAL, st.integers(3, 128), st.integers(0))
def test_two_have_as_many_bits_in_common_as_before(first, bits, noise):
    second = IPv6Address(int(first) ^ (noise % (1 << (128 - bits)) if bits < 128 else 0))
    mask = Mask(SECRET)
    stand_ins = mask.address(first), mask.address(second)
    assert all(each in DOCUMENTATION for each in stand_ins)
    if common(first, second) >= 32:
        assert common(*stand_ins) == common(first, second)
    else:
        assert common(*stand_ins) < 32


@given(GLOBAL, st.integers(32, 128))
def test_an_address_is_in_the_stand_in_of_its_prefix(address, length):
    mask = Mask(SECRET)
    network = IPv6Network((address, length), strict=False)
    assert mask.address(address) in mask.network(network)
    assert mask.network(network).prefixlen == length


@given(GLOBAL)
def test_another_secret_gives_another_stand_in(address):
    assert Mask(SECRET).address(address) == Mask(SECRET).address(address) != Mask(b"t" * 32).address(address)


@pytest.mark.parametrize(
    "text",
    [
        "::", "::1", "::/0", "2000::/3", "fe80::/64", "ff02::1", "ff02::1/128", "ff00::/8", "10:46:37", "12:30", "a:b",
        "2026-11-26T10:46:37+00:00", "0x135 dead:beef", "127.0.0.1", "0.0.0.0", "6.1.0-56-amd64", "ff:ff:ff:ff:ff:ff",
        "1.2.3.4.5", "999.1.1.1", "",
    ],
)  # fmt: skip
def test_what_is_no_place_stays(text):
    assert Mask(SECRET).text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "2001:db8:1::10", "2001:DB8:1::10", "2001:db8:1:0:0:0:0:10", "(2001:db8:1::10)", "2001:db8:1::10: silent",
        "via 2001:db8:1::10 dev", '"2001:db8:1::10"', "2001:db8:1::10/64", "2001:db8:1::10/128", "2001:db8:1::10/999",
        "peer:2001:db8:1::10", "[2001:db8:1::10]:80", "2001:db8:1::10%eth0", "home=2001:db8:1::10,x", "2001:db8:1::10.",
        "20010db8000100000000000000000010 2001:db8:1::10",
    ],
)  # fmt: skip
def test_an_address_is_found_wherever_it_stands(text):
    masked = Mask(SECRET).text(text)
    stand_in = str(Mask(SECRET).address(IPv6Address("2001:db8:1::10")))
    assert stand_in in masked
    assert "db8" not in masked.lower()


def test_a_whole_text_keeps_its_sense():
    mask = Mask(SECRET)
    text = "2001:db8:1::/64 dev eth0\ndefault via fe80::2:1 dev eth0\ninet6 2001:db8:1::10/64\n2001:db8:2::/64 x\n"
    masked = mask.text(text)
    home, address, other = (re.findall(r"3fff:[0-9a-f:]+", masked)[place] for place in (0, 1, 2))
    assert IPv6Address(address) in IPv6Network(f"{home}/64")
    assert IPv6Network(f"{other}/64") != IPv6Network(f"{home}/64")
    assert "fe80::2:1" not in masked and "via fe80::" in masked
    assert mask.text(text) == masked


def test_hardware_and_ipv4_addresses_have_stand_ins_too():
    mask = Mask(SECRET)
    masked = mask.text("link/ether 52:54:00:12:34:56 x 52:54:00:ab:cd:ef 192.168.1.7/24 10.0.0.1 192.168.1.7")
    assert masked == "link/ether 02:00:00:00:00:00 x 02:00:00:00:00:01 192.0.2.1/24 192.0.2.2 192.0.2.1"
    assert mask.text("ff02::1:ff12:3456") != "ff02::1:ff12:3456"


def test_there_are_always_enough_stand_ins():
    mask = Mask(SECRET)
    for number in range(5000):
        assert mask.address(IPv6Address((0x2000_0000 + number) << 96)) in DOCUMENTATION
    assert mask.text(" ".join(f"10.0.{number // 250}.{number % 250}" for number in range(2000))).count(".") == 6000


@given(st.text(alphabet="0123456789abcdef:./ %x", max_size=60))
def test_any_text_is_read(text):
    Mask(SECRET).text(text)
