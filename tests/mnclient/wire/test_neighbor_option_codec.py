# SPDX-License-Identifier: GPL-2.0-or-later
"""Neighbor Discovery options."""

import math
from dataclasses import replace
from functools import partial
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.cursor import Reader
from mnclient.wire.neighbor_option_codec import decode_neighbor_options, encode_neighbor_options
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    Mtu,
    NeighborOption,
    PrefixInformation,
    RecursiveNameServers,
    RouteInformation,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
    UnknownNeighborOption,
)
from tests.mnclient.wire.strategies import refusal, router_options, thorough

ROUTER = IPv6Address("2001:db8:1::1")
PREFIX = PrefixInformation(
    prefix=ROUTER,
    prefix_length=64,
    on_link=True,
    autonomous=True,
    router_address=True,
    valid_lifetime=Seconds(math.inf),
    preferred_lifetime=Seconds(600.0),
)
DOCUMENTATION = IPv6Network("2001:db8::/32")
FLAGS = (("80", (True, False, False)), ("40", (False, True, False)), ("20", (False, False, True)))
"""L, A and R, each alone."""


def flagged(on_link: bool, autonomous: bool, router_address: bool) -> PrefixInformation:
    """The same prefix with other flags."""
    return replace(PREFIX, on_link=on_link, autonomous=autonomous, router_address=router_address)


OCTETS: list[tuple[NeighborOption, str]] = [
    (SourceLinkLayerAddress(address=bytes.fromhex("001122334455")), "0101 001122334455"),
    (TargetLinkLayerAddress(address=bytes.fromhex("001122334455")), "0201 001122334455"),
    (PREFIX, "0304 40e0 ffffffff 00000258 00000000 20010db8000100000000000000000001"),
    *((flagged(*flags), f"0304 40{octet} ffffffff 00000258 00000000 {ROUTER.packed.hex()}") for octet, flags in FLAGS),
    (Mtu(mtu=1500), "0501 0000 000005dc"),
    (AdvertisementInterval(interval=Seconds(0.07)), "0701 0000 00000046"),
    (HomeAgentInformation(preference=10, lifetime=Seconds(1800.0)), "0801 0000 000a 0708"),
    (
        RouteInformation(prefix=DOCUMENTATION, preference=RouterPreference.HIGH, lifetime=Seconds(600.0)),
        "1802 2008 00000258 20010db800000000",
    ),
    (
        RouteInformation(prefix=IPv6Network("::/0"), preference=RouterPreference.LOW, lifetime=Seconds(math.inf)),
        "1801 0018 ffffffff",
    ),
    (
        RecursiveNameServers(
            addresses=(IPv6Address("2001:db8::53"), IPv6Address("fe80::53")), lifetime=Seconds(1200.0)
        ),
        "1905 0000 000004b0 20010db8000000000000000000000053 fe800000000000000000000000000053",
    ),
    (UnknownNeighborOption(type=253, data=b"123456"), "fd01 313233343536"),
]


def decode(text: str, *, in_router_advertisement: bool = True) -> tuple[NeighborOption, ...]:
    reader = Reader(bytes.fromhex(text), section="section 1")
    return decode_neighbor_options(reader, in_router_advertisement=in_router_advertisement)


@pytest.mark.requirement("RFC4861-MN-4.6.2-01")
@pytest.mark.requirement("HA-7.3-01")
@pytest.mark.requirement("HA-7.4-01")
@pytest.mark.parametrize(("option", "octets"), OCTETS)
def test_octets(option: NeighborOption, octets: str) -> None:
    assert encode_neighbor_options((option,)) == bytes.fromhex(octets)
    assert decode(octets) == (option,)


@thorough
@given(options=router_options)
def test_round_trip(options: tuple[NeighborOption, ...]) -> None:
    assert decode(encode_neighbor_options(options).hex()) == options


@pytest.mark.requirement("MN-7.2-01")
@pytest.mark.parametrize("flags", ["20", "60", "a0", "e0"])
def test_router_address_whatever_the_other_flags(flags: str) -> None:
    (option,) = decode(f"0304 30{flags} 00000001 00000001 00000000 20010db8000100000000000000000001")
    assert isinstance(option, PrefixInformation)
    assert option.router == ROUTER
    assert option.network == IPv6Network("2001:db8:1::/48")


def test_no_router_address_without_the_flag() -> None:
    (option,) = decode("0304 40df 00000001 00000001 ffffffff 20010db8000100000000000000000001")
    assert isinstance(option, PrefixInformation)
    assert option.router is None
    assert (option.on_link, option.autonomous) == (True, True)


@pytest.mark.requirement("RFC4861-ALL-4.6-02")
@pytest.mark.parametrize("octets", ["0100 000000000000", "0501 0000 000005dc fd00"])
def test_length_zero_is_refused(octets: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(octets)
    assert caught.value.fault is WireFault.BAD_OPTION


@pytest.mark.parametrize("octets", ["01", "0101", "0101 0011223344", "0304 40e0 ffffffff"])
def test_options_past_the_end_are_refused(octets: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(octets)
    assert caught.value.fault in (WireFault.BAD_OPTION, WireFault.TRUNCATED)


@pytest.mark.requirement("RFC4861-ALL-4.6-01")
def test_unknown_types_are_skipped_and_kept() -> None:
    unknown = UnknownNeighborOption(type=253, data=bytes(14))
    assert decode("fd02" + "00" * 14 + "0501 0000 000005dc") == (unknown, Mtu(mtu=1500))


@pytest.mark.parametrize(
    "octets",
    [
        "0301 40c0 00000000",  # Prefix Information of 8 octets
        "0304 81c0 00000001 00000001 00000000 20010db8000100000000000000000001",  # of 129 bits
        "0502 0000 000005dc 0000000000000000",
        "0702 0000 00000046 0000000000000000",
        "0802 0000 000a0708 0000000000000000",
        "1801 2000 00000258",  # Route Information without room for its 32 bits
        "1802 4100 00000258 20010db800000000",  # of 65 bits in 8 octets
        "1803 8100 00000258 20010db8000000000000000000000000",
        "1804 4000 00000258 20010db8000000000000000000000000 0000000000000000",
        "1901 0000 000004b0",  # Recursive DNS Server without an address
        "1904 0000 000004b0 20010db8000000000000000000000053 0000000000000000",  # with one and a half
    ],
)
@pytest.mark.requirement("RFC4191-MN-2.3-01")
def test_malformed_options_are_kept_as_unknown(octets: str) -> None:
    whole = bytes.fromhex(octets)
    assert decode(octets + "0501 0000 000005dc") == (
        UnknownNeighborOption(type=whole[0], data=whole[2:]),
        Mtu(mtu=1500),
    )


@pytest.mark.requirement("RFC4191-MN-2.3-01")
def test_route_information_with_more_octets_than_it_needs() -> None:
    (option,) = decode("1803 2008 00000258 20010db8ffffffffffffffffffffffff")
    assert option == RouteInformation(prefix=DOCUMENTATION, preference=RouterPreference.HIGH, lifetime=Seconds(600.0))


@pytest.mark.requirement("RFC4191-MN-2.3-02")
def test_route_information_with_the_reserved_preference_is_left_out() -> None:
    assert decode("1802 2010 00000258 20010db800000000 0501 0000 000005dc") == (Mtu(mtu=1500),)


def test_home_agent_options_mean_nothing_elsewhere() -> None:
    options = decode("0701 0000 00000046 0801 0000 000a 0708", in_router_advertisement=False)
    assert options == (
        UnknownNeighborOption(type=7, data=bytes.fromhex("000000000046")),
        UnknownNeighborOption(type=8, data=bytes.fromhex("0000000a0708")),
    )


def test_long_link_layer_addresses_are_padded() -> None:
    encoded = encode_neighbor_options((SourceLinkLayerAddress(address=bytes(range(8))),))
    assert encoded == b"\x01\x02" + bytes(range(8)) + bytes(6)


@thorough
@given(octets=st.binary(max_size=80), kind=st.sampled_from([1, 2, 3, 5, 7, 8, 24]), length=st.integers(0, 5))
def test_anything_is_a_value_or_a_wire_error(octets: bytes, kind: int, length: int) -> None:
    for whole in (octets.hex(), bytes((kind, length)).hex() + octets.hex()):
        error = refusal(partial(decode, whole))
        assert error is None or error.fault in (WireFault.BAD_OPTION, WireFault.TRUNCATED)
