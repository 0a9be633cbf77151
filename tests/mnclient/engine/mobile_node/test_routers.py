# SPDX-License-Identifier: GPL-2.0-or-later
"""What a router's advertisements leave behind."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_PREFIXES_PER_ROUTER, TWO_HOURS
from mnclient.engine.mobile_node.routers import Router
from mnclient.units import Instant
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import Mtu
from tests.mnclient.engine.mobile_node.script import MAC_A, NET_A, NET_B, ROUTER_A, advertisement, prefix

NOW = Instant(1000.0)


def said(*prefixes, **rest) -> RouterAdvertisement:
    message = advertisement(ROUTER_A, MAC_A, *prefixes, **rest).packet.message
    assert isinstance(message, RouterAdvertisement)
    return message


def router(*prefixes, now: Instant = NOW) -> Router:
    made = Router(ROUTER_A, MAC_A)
    made.learn(said(*prefixes), now)
    return made


def formable(made: Router, now: Instant = NOW) -> list[IPv6Network]:
    return [each.network for each in made.care_of_prefixes(now)]


@pytest.mark.requirement("RFC4862-MN-5.5.3-01", "RFC4862-MN-5.5.3-02")
@pytest.mark.parametrize(
    "option",
    [
        prefix(NET_A, autonomous=False),
        prefix(NET_A, valid=100.0, preferred=101.0),
        prefix(IPv6Network("fe80::/64")),
        prefix(IPv6Network("ff05::/64")),
        prefix(IPv6Network("2001:db8::/48")),
        prefix(NET_A, valid=0.0, preferred=0.0),
    ],
)
def test_no_address_is_formed_from(option):
    assert formable(router(option)) == []


@pytest.mark.requirement("RFC4861-MN-6.3.4-04", "RFC4861-MN-6.3.4-05")
def test_on_link_prefixes_follow_the_L_flag():
    made = router(prefix(NET_A, autonomous=False), prefix(NET_B, on_link=False), prefix(IPv6Network("fe80::/64")))
    assert made.on_link(NOW) == (NET_A,)
    made.learn(said(prefix(NET_A, on_link=False)), NOW)
    assert made.on_link(NOW) == (NET_A,)
    assert made.on_link(Instant(NOW + 86399.0)) == (NET_A,)
    assert made.on_link(Instant(NOW + 86400.0)) == (), "it was said for so long"
    made.learn(said(prefix(NET_A, valid=0.0, preferred=0.0, autonomous=False)), NOW)
    assert made.on_link(NOW) == ()


@pytest.mark.requirement("RFC4862-MN-5.5.3-03", "RFC4862-MN-5.5.3-04")
@pytest.mark.parametrize(
    "before, told, after",
    [
        (86400.0, 7201.0, 7201.0),  # more than two hours
        (3600.0, 5000.0, 5000.0),  # more than remains
        (3600.0, 10.0, 3600.0),  # two hours or less remain: kept
        (86400.0, 10.0, TWO_HOURS),
        (86400.0, 0.0, TWO_HOURS),
        (float("inf"), 10.0, TWO_HOURS),
        (10.0, float("inf"), float("inf")),
    ],
)
def test_the_two_hour_rule(before, told, after):
    made = router(prefix(NET_A, valid=before, preferred=5.0))
    made.learn(said(prefix(NET_A, valid=told, preferred=min(told, 3.0))), NOW)
    known = made.prefixes[NET_A]
    assert known.valid_until == NOW + after
    assert known.preferred_until == NOW + min(told, 3.0)


def test_prefixes_are_bounded_and_expired_ones_make_room():
    many = [IPv6Network((0x20010DB8 << 96 | number << 64, 64)) for number in range(40)]
    made = router(*[prefix(each, valid=50.0, preferred=50.0) for each in many])
    assert len(made.prefixes) == MAX_PREFIXES_PER_ROUTER
    assert made.refused_prefixes == 40 - MAX_PREFIXES_PER_ROUTER
    made.learn(said(prefix(NET_A)), Instant(NOW + 60.0))
    assert NET_A in made.prefixes


@pytest.mark.requirement("ALL-4.6-01")
def test_the_best_prefix_is_preferred_global_and_lasts():
    unique_local = IPv6Network("fd00:1::/64")
    made = router(
        prefix(unique_local, preferred=14400.0),
        prefix(NET_B, preferred=0.0),
        prefix(NET_A, preferred=100.0),
    )
    assert formable(made) == [NET_A, unique_local, NET_B]
    assert formable(made, Instant(NOW + 101.0))[0] == unique_local


@pytest.mark.requirement("MN-7.2-01")
def test_R_gives_the_routers_address_whatever_L_and_A_say():
    address = IPv6Address("2001:db8:a::1")
    made = router(prefix(NET_A, on_link=False, autonomous=False, router=address))
    assert made.global_addresses == {NET_A: address}
    assert formable(made) == []


def test_unusable_global_addresses_are_none():
    assert router(prefix(NET_A, router=IPv6Address("::"))).global_addresses == {}


def test_renewed_lifetimes_are_no_news_but_a_new_prefix_is():
    made = router(NET_A)
    assert not made.learn(said(NET_A), Instant(NOW + 5.0))
    assert made.learn(said(NET_A, NET_B), Instant(NOW + 6.0))
    assert made.learn(said(NET_A, prefix(NET_B, preferred=0.0)), Instant(NOW + 7.0))


def test_an_absurd_MTU_is_ignored():
    for mtu, expected in ((0, None), (1279, None), (1400, 1400)):
        made = router()
        made.learn(_with_option(said(), Mtu(mtu=mtu)), NOW)
        assert made.mtu == expected


def _with_option(message: RouterAdvertisement, option) -> RouterAdvertisement:
    return replace(message, options=(*message.options, option))
