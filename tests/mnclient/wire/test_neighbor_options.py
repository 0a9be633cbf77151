# SPDX-License-Identifier: GPL-2.0-or-later
"""Neighbor Discovery options as values."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.units import Seconds
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    Mtu,
    PrefixInformation,
    RecursiveNameServers,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
    UnknownNeighborOption,
)

ROUTER = IPv6Address("2001:db8:1::1")


@pytest.mark.parametrize(("length", "network"), [(0, "::/0"), (64, "2001:db8:1::/64"), (128, "2001:db8:1::1/128")])
def test_network_of_a_prefix(length: int, network: str) -> None:
    option = PrefixInformation(
        prefix=ROUTER,
        prefix_length=length,
        on_link=True,
        autonomous=True,
        router_address=False,
        valid_lifetime=Seconds(1.0),
        preferred_lifetime=Seconds(1.0),
    )
    assert option.network == IPv6Network(network)


@pytest.mark.requirement("MN-7.2-01")
@pytest.mark.parametrize(
    ("prefix", "length", "says_r", "router"),
    [
        ("2001:db8:1::1", 64, True, "2001:db8:1::1"),
        ("2001:db8:1::1", 64, False, None),
        ("2001:db8:1::", 64, True, None),  # the anycast address of all routers of the link
        ("2001:db8:1::", 60, True, None),
        ("2001:db8:1::", 127, True, "2001:db8:1::"),
        ("2001:db8:1::1", 128, True, "2001:db8:1::1"),
    ],
)
def test_address_of_a_router(prefix: str, length: int, says_r: bool, router: str | None) -> None:
    option = PrefixInformation(
        prefix=IPv6Address(prefix),
        prefix_length=length,
        on_link=True,
        autonomous=True,
        router_address=says_r,
        valid_lifetime=Seconds(1.0),
        preferred_lifetime=Seconds(1.0),
    )
    assert option.router == (IPv6Address(router) if router else None)


@pytest.mark.parametrize("preference", RouterPreference)
def test_preference_in_a_flag_octet(preference: RouterPreference) -> None:
    assert RouterPreference.of_flags(preference.flags | 0xE7) is preference
    assert RouterPreference.of_flags(0b10 << 3) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: SourceLinkLayerAddress(address=b""),
        lambda: TargetLinkLayerAddress(address=bytes(2039)),
        lambda: Mtu(mtu=-1),
        lambda: AdvertisementInterval(interval=Seconds(-1.0)),
        lambda: HomeAgentInformation(preference=65536, lifetime=Seconds(1.0)),
        lambda: RecursiveNameServers(addresses=(), lifetime=Seconds(1.0)),
        lambda: RecursiveNameServers(addresses=(ROUTER,) * 128, lifetime=Seconds(1.0)),
        lambda: UnknownNeighborOption(type=253, data=b"12345"),
        lambda: UnknownNeighborOption(type=253, data=bytes(2046)),
        lambda: PrefixInformation(
            prefix=ROUTER,
            prefix_length=129,
            on_link=True,
            autonomous=True,
            router_address=True,
            valid_lifetime=Seconds(1.0),
            preferred_lifetime=Seconds(1.0),
        ),
    ],
)
def test_impossible_values_cannot_be_made(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="must"):
        make()
