# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agent's own Router Advertisements (RFC 4861 section 6.2, RFC 6275 section 7)."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import LinkRemoved, Stopping
from mnclient.engine.home_agent.router_advertising import Intervals
from mnclient.model.config import AdvertisingConfig, HomeLinkConfig
from mnclient.units import Seconds
from mnclient.wire.neighbor_discovery import RouterAdvertisement, RouterSolicitation
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    PrefixInformation,
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import decode_packet, encode_packet
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    AGENT_LINK_LOCAL,
    AGENT_MAC,
    CONFIG,
    ETH0_UP,
    REAL_LINK,
    Script,
    neighbor,
    order,
    packets,
)

SOLICITATION = neighbor(RouterSolicitation(), "fe80::b")


def config(**advertising):
    advertising = {name: Seconds(value) if isinstance(value, float) else value for name, value in advertising.items()}
    return replace(CONFIG, links=(replace(REAL_LINK, advertising=AdvertisingConfig(**advertising)),))


def advertiser(**advertising) -> Script:
    return Script(config(**advertising))


def heard(actions) -> list[RouterAdvertisement]:
    return [each.packet.message for each in packets(actions, RouterAdvertisement)]


def times(script: Script, seconds: float) -> list[float]:
    """When advertisements leave, seen from the start of the clock's turn."""
    start, end, result = script.now, script.now + seconds, []
    while (deadline := script.agent.next_deadline()) is not None and deadline <= end:
        if heard(script.advance(deadline - script.now)):
            result.append(round(deadline - start, 3))
    return result


@pytest.mark.requirement("HA-7.1-01", "HA-7.2-01", "HA-7.5-03")
def test_what_it_says():
    script = advertiser()
    (sent,) = packets(script.actions, RouterAdvertisement)
    assert (sent.interface, sent.packet.source) == ("eth0", AGENT_LINK_LOCAL)
    assert (sent.packet.destination, sent.packet.hop_limit) == (IPv6Address("ff02::1"), 255)
    message = sent.packet.message
    assert message.home_agent
    assert message.router_lifetime == 1800
    assert message.source_link_layer_address == AGENT_MAC
    (prefix,) = message.prefixes
    assert prefix == PrefixInformation(
        prefix=AGENT,
        prefix_length=64,
        on_link=True,
        autonomous=True,
        router_address=True,
        valid_lifetime=Seconds(86400.0),
        preferred_lifetime=Seconds(14400.0),
    )
    assert encode_packet(sent.packet)


@pytest.mark.requirement("HA-7.4-02")
@pytest.mark.parametrize(
    "advertising, expected",
    [
        ({}, None),
        ({"home_agent_preference": 5}, (5, 1800)),
        ({"home_agent_lifetime": 600.0}, (0, 600)),
        ({"home_agent_preference": 5, "home_agent_lifetime": 0.0}, None),
        ({"home_agent_preference": 99999}, (65535, 1800)),
    ],
)
def test_home_agent_information_only_if_it_says_something(advertising, expected):
    (message,) = heard(advertiser(**advertising).actions)
    information = message.home_agent_information
    assert (information and (information.preference, information.lifetime)) == expected


@pytest.mark.requirement("HA-8.4-02")
def test_the_preference_is_a_setting():
    (message,) = heard(advertiser(home_agent_preference=12).actions)
    assert HomeAgentInformation(preference=12, lifetime=Seconds(1800.0)) in message.options


@pytest.mark.requirement("HA-7.3-01")
@pytest.mark.parametrize("longest, announced", [(600.0, 600.0), (0.2, 0.2), (0.07, 0.09)])
def test_the_advertisement_interval(longest, announced):
    (message,) = heard(advertiser(min_interval=0.03, max_interval=longest).actions)
    assert message.advertisement_interval == pytest.approx(announced)
    (silent,) = heard(advertiser(send_interval_option=False).actions)
    assert not any(isinstance(option, AdvertisementInterval) for option in silent.options)


@pytest.mark.requirement("HA-7.5-01", "HA-7.5-02", "HA-13-02")
def test_intervals_are_the_old_ones_by_default_and_may_be_short():
    assert Intervals.of(AdvertisingConfig()) == Intervals(Seconds(200.0), Seconds(600.0), Seconds(3.0))
    short = AdvertisingConfig(min_interval=Seconds(0.03), max_interval=Seconds(0.07))
    assert Intervals.of(short) == Intervals(Seconds(0.03), Seconds(0.07), Seconds(0.03))


@pytest.mark.parametrize("minimum, maximum", [(0.0, 0.0), (-1.0, -5.0), (600.0, 4.0), (0.001, 1e9)])
def test_absurd_intervals_are_bounded(minimum, maximum):
    intervals = Intervals.of(AdvertisingConfig(min_interval=Seconds(minimum), max_interval=Seconds(maximum)))
    assert intervals.minimum >= 0.03
    assert intervals.maximum >= 0.07
    assert intervals.minimum <= 0.75 * intervals.maximum


def test_the_first_three_come_soon_and_the_rest_at_random_intervals():
    script = advertiser()  # the first one has gone already
    assert times(script, 2000) == [16.0, 32.0, 48.0, 448.0, 848.0, 1248.0, 1648.0]
    script = advertiser(min_interval=0.03, max_interval=0.07)
    assert times(script, 0.2) == [0.05, 0.1, 0.15, 0.2]


@pytest.mark.parametrize("waited, answered", [(10.0, 0.25), (1.0, 2.0)])
def test_a_solicitation_is_answered_after_a_random_delay_but_not_too_soon_after_the_last(waited, answered):
    script = advertiser()
    script.advance(waited)
    script.give(SOLICITATION)
    assert times(script, 5.0) == [answered]


def test_the_answer_begins_a_new_interval():
    script = advertiser()
    script.advance(60)
    script.give(SOLICITATION)
    assert times(script, 410) == [0.25, 400.25]


def test_the_answer_is_the_planned_one_if_that_is_earlier():
    script = advertiser(min_interval=3.0, max_interval=5.0)
    script.advance(3.9)
    script.give(SOLICITATION)
    assert times(script, 1.0) == [0.1]


def test_the_answer_comes_at_once_where_that_is_set():
    script = advertiser(answer_delay=0.0, min_interval=0.03, max_interval=4.0, min_delay_between=0.03)
    script.advance(1.0)
    script.give(SOLICITATION)
    assert times(script, 0.01) == [0.0]
    script.give(SOLICITATION)
    assert times(script, 0.03) == [0.03]


def test_nobody_is_answered_where_another_router_advertises():
    script = Script()
    assert script.give(SOLICITATION) == []
    assert script.agent.next_deadline() is None
    assert not heard(script.actions)


@pytest.mark.parametrize("unusable", [{"is_up": False}, {"link_local_address": None}])
def test_it_waits_for_a_link_local_address_on_a_link_that_is_up(unusable):
    script = Script(config(), links=(replace(ETH0_UP, **unusable),))
    assert script.agent.next_deadline() is None
    assert len(heard(script.give(ETH0_UP))) == 1
    assert not heard(script.give(replace(ETH0_UP, **unusable)))
    assert script.agent.next_deadline() is None


def test_a_removed_interface_ends_it_quietly():
    script = advertiser()
    assert not heard(script.give(LinkRemoved(interface="eth0")))
    assert script.agent.next_deadline() is None


def test_several_prefixes_on_one_interface_share_an_advertisement():
    second = HomeLinkConfig(
        prefix=IPv6Network("2001:db8:4::/64"),
        address=IPv6Address("2001:db8:4::1"),
        interface="eth0",
        advertising=AdvertisingConfig(),
    )
    first = replace(REAL_LINK, advertising=AdvertisingConfig())
    (message,) = heard(Script(replace(CONFIG, links=(first, second))).actions)
    assert [each.router for each in message.prefixes] == [AGENT, second.address]


def test_a_change_is_told_soon():
    script = advertiser()
    script.advance(100)
    script.configure(config(router_lifetime=900.0))
    assert times(script, 1.0) == [0.0]
    assert heard(script.actions)[-1].router_lifetime == 900


@pytest.mark.parametrize("end", ["stop", "off", "no longer advertised"])
def test_the_last_words(end):
    script = advertiser(home_agent_preference=3)
    if end == "stop":
        actions = script.give(Stopping())
    else:
        actions = script.configure(CONFIG if end == "no longer advertised" else None)
    (message,) = heard(actions)
    assert message.router_lifetime == 0
    assert message.home_agent_information is None
    assert SourceLinkLayerAddress(address=AGENT_MAC) in message.options
    assert order(actions)[:2] == ["RouterAdvertisement", "state"]
    assert script.agent.next_deadline() is None


@pytest.mark.requirement("HA-7.5-04")
@pytest.mark.parametrize(
    "configured, said", [(0.2, 1.0), (0.9, 1.0), (1.0, 1.0), (1800.0, 1800.0), (0.0, 0.0), (-1.0, 0.0)]
)
def test_it_is_a_default_router_for_a_second_at_least_however_short_the_intervals(configured, said):
    script = advertiser(router_lifetime=Seconds(configured), min_interval=Seconds(0.03), max_interval=Seconds(0.07))
    (sent,) = packets(script.actions, RouterAdvertisement)
    message = decode_packet(encode_packet(sent.packet)).message
    assert isinstance(message, RouterAdvertisement)
    assert message.router_lifetime == said
