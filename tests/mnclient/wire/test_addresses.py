# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses."""

from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given

from mnclient.wire import addresses
from tests.mnclient.wire.strategies import addresses as any_address
from tests.mnclient.wire.strategies import thorough


@pytest.mark.requirement("ALL-4.6-01")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::", False),
        ("::1", False),
        ("::2", True),
        ("fe80::1", False),
        ("febf:ffff::1", False),
        ("fec0::1", True),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("fc00::1", True),
        ("2001:db8::1", True),
    ],
)
def test_unicast_routable(text: str, expected: bool) -> None:
    assert addresses.is_unicast_routable(IPv6Address(text)) is expected


@thorough
@given(address=any_address)
def test_agrees_with_the_standard_library(address: IPv6Address) -> None:
    refused = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    assert addresses.is_unicast_routable(address) is not refused
    assert addresses.is_solicited_node(addresses.solicited_node(address))


def test_solicited_node() -> None:
    group = addresses.solicited_node(IPv6Address("2001:db8::12:3456:789a"))
    assert group == IPv6Address("ff02::1:ff56:789a")
    assert not addresses.is_solicited_node(IPv6Address("ff02::1:fe56:789a"))


def test_eui64_identifier() -> None:
    assert addresses.eui64_identifier(bytes.fromhex("001122334455")) == bytes.fromhex("021122fffe334455")
    assert addresses.eui64_identifier(bytes.fromhex("0211223344556677")) == bytes.fromhex("0011223344556677")
    with pytest.raises(ValueError, match="6 or 8"):
        addresses.eui64_identifier(b"12345")


def test_address_from() -> None:
    identifier = bytes.fromhex("021122fffe334455")
    formed = addresses.address_from(IPv6Network("2001:db8:2::/64"), identifier)
    assert formed == IPv6Address("2001:db8:2::211:22ff:fe33:4455")
    with pytest.raises(ValueError, match="/64"):
        addresses.address_from(IPv6Network("2001:db8:2::/48"), identifier)
    with pytest.raises(ValueError, match="8 octets"):
        addresses.address_from(IPv6Network("2001:db8:2::/64"), b"1234567")


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("2001:db8:1::/64", "2001:db8:1:0:fdff:ffff:ffff:fffe"),
        ("2001:db8::/48", "2001:db8:0:ffff:ffff:ffff:ffff:fffe"),
        ("2001:db8::/121", "2001:db8::7e"),
    ],
)
def test_home_agents_anycast(network: str, expected: str) -> None:
    assert addresses.home_agents_anycast(IPv6Network(network)) == IPv6Address(expected)


def test_home_agents_anycast_needs_seven_bits() -> None:
    with pytest.raises(ValueError, match="121 bits"):
        addresses.home_agents_anycast(IPv6Network("2001:db8::/122"))


@thorough
@given(address=any_address)
def test_what_comes_again_is_the_same(address: IPv6Address) -> None:
    assert addresses.text_of(address) == str(address)
    assert addresses.address_of(address.packed) == address
    assert addresses.address_of(address.packed) is addresses.address_of(bytes(address.packed))


@pytest.mark.parametrize("octets", [b"", bytes(4), bytes(15), bytes(17)])
def test_an_address_has_16_octets(octets: bytes) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="16"):
            addresses.address_of(octets)
