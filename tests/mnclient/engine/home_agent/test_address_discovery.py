# SPDX-License-Identifier: GPL-2.0-or-later
"""Home Agent Address Discovery as the home agent answers it (RFC 6275 sections 8.4 and 10.5)."""

import random
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import DISCOVERY_ANSWER_RATE
from mnclient.engine.events import LinkRemoved, PacketReceived
from mnclient.model.config import AdvertisingConfig, HomeLinkConfig
from mnclient.wire.addresses import home_agents_anycast
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryReply, HomeAgentAddressDiscoveryRequest
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CONFIG,
    REAL_LINK,
    VIRTUAL_AGENT,
    VIRTUAL_LINK,
    Script,
    packets,
)
from tests.mnclient.engine.home_agent.test_home_agents_list import advertisement, information, prefix

ANYCAST = home_agents_anycast(REAL_LINK.prefix)
OTHER_LINK = HomeLinkConfig(
    prefix=IPv6Network("2001:db8:9::/64"), address=IPv6Address("2001:db8:9::1"), interface="eth1"
)


def request(destination: IPv6Address = ANYCAST, source: IPv6Address = CARE_OF, identifier: int = 77) -> PacketReceived:
    message = HomeAgentAddressDiscoveryRequest(identifier=identifier)
    return PacketReceived(interface="wan", packet=Packet(source=source, destination=destination, message=message))


def reply(script: Script, asked: PacketReceived | None = None) -> Packet | None:
    sent = packets(script.give(asked or request()), HomeAgentAddressDiscoveryReply)
    assert len(sent) <= 1
    return sent[0].packet if sent else None


def listed(script: Script, asked: PacketReceived | None = None) -> list[str]:
    answer = reply(script, asked)
    assert answer is not None
    return [str(each) for each in answer.message.home_agents]  # type: ignore[union-attr]


@pytest.mark.requirement("HA-6.5-01", "HA-10.5.1-02")
def test_the_reply_goes_from_an_address_of_its_own_straight_to_who_asked():
    answer = reply(Script())
    assert answer is not None
    assert (answer.source, answer.destination) == (AGENT, CARE_OF)
    assert (answer.home_address, answer.routing_home_address) == (None, None)
    assert answer.message == HomeAgentAddressDiscoveryReply(identifier=77, home_agents=(AGENT,))


@pytest.mark.requirement("HA-10.5.1-03")
def test_all_addresses_of_all_home_agents_the_most_preferred_first():
    script = Script(
        replace(CONFIG, links=(replace(REAL_LINK, advertising=AdvertisingConfig(home_agent_preference=5)),))
    )
    script.give(advertisement(prefix("2001:db8:1::2"), prefix("2001:db8:9::2"), information(9), source="fe80::2"))
    script.give(advertisement(prefix("2001:db8:1::3"), source="fe80::3"))
    assert listed(script) == ["2001:db8:1::2", "2001:db8:9::2", "2001:db8:1::1", "2001:db8:1::3"]


@pytest.mark.requirement("HA-10.5.1-03")
def test_the_order_among_equals_is_drawn_anew_each_time():
    script = Script()
    script.entropy.uniform = random.Random(6275).uniform  # type: ignore[method-assign]
    script.give(advertisement(prefix("2001:db8:1::2"), source="fe80::2"))
    script.give(advertisement(prefix("2001:db8:1::9"), information(1), source="fe80::9"))
    orders = {tuple(listed(script)) for _ in range(20)}
    assert orders == {
        ("2001:db8:1::9", "2001:db8:1::1", "2001:db8:1::2"),
        ("2001:db8:1::9", "2001:db8:1::2", "2001:db8:1::1"),
    }


@pytest.mark.requirement("HA-10.5.1-04")
def test_the_reply_ends_with_what_fits_into_1280_octets():
    script = Script()
    for number in range(2, 12):
        addresses = [prefix(f"2001:db8:1::{number:x}{index:02x}") for index in range(10)]
        script.give(advertisement(*addresses, information(number), source=f"fe80::{number:x}"))
    answer = reply(script)
    assert answer is not None
    assert 1280 - 16 < len(encode_packet(answer)) <= 1280
    found = listed(script)
    assert found[0] == "2001:db8:1::b00"
    assert "2001:db8:1::200" not in found, "the least preferred are those that are cut"
    assert str(AGENT) not in found


@pytest.mark.requirement("HA-8.4-01")
def test_each_link_has_its_own_list():
    script = Script(replace(CONFIG, links=(REAL_LINK, OTHER_LINK, VIRTUAL_LINK)))
    script.give(replace(script.agent._links.interfaces["eth0"], interface="eth1", link_layer_address=b"\2\0\0\0\0\7"))
    script.give(advertisement(prefix("2001:db8:1::2"), source="fe80::2"))
    script.give(advertisement(prefix("2001:db8:9::2"), source="fe80::2", interface="eth1"))
    assert sorted(listed(script)) == ["2001:db8:1::1", "2001:db8:1::2"]
    asked = request(home_agents_anycast(OTHER_LINK.prefix))
    assert sorted(listed(script, asked)) == ["2001:db8:9::1", "2001:db8:9::2"]
    assert listed(script, request(home_agents_anycast(VIRTUAL_LINK.prefix))) == [str(VIRTUAL_AGENT)]
    anycast = script.desired["home-agent"].anycast_addresses
    assert {each.interface: each.address for each in anycast} == {
        link.interface or "mn6agent": home_agents_anycast(link.prefix) for link in (REAL_LINK, OTHER_LINK, VIRTUAL_LINK)
    }


def test_of_two_prefixes_on_one_link_the_one_asked_for_comes_first():
    second = replace(OTHER_LINK, interface="eth0")
    script = Script(replace(CONFIG, links=(REAL_LINK, second)))
    assert listed(script, request(home_agents_anycast(second.prefix))) == [str(second.address), str(AGENT)]


def test_who_has_gone_silent_is_listed_no_longer():
    script = Script()
    script.give(advertisement(prefix("2001:db8:1::2"), information(9, lifetime=30.0)))
    assert listed(script)[0] == "2001:db8:1::2"
    script.advance(31.0)
    assert listed(script) == [str(AGENT)]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request(AGENT), "destination"),
        (request(home_agents_anycast(IPv6Network("2001:db8:77::/64"))), "destination"),
        (request(source=IPv6Address("fe80::1")), "source"),
        (request(source=IPv6Address("::")), "source"),
        (request(source=IPv6Address("ff02::1")), "source"),
    ],
)
def test_no_answer(asked: PacketReceived, reason: str):
    script = Script()
    assert reply(script, asked) is None
    assert script.agent.counters()[f"dhaad.ignored.{reason}"] == 1


def test_a_link_that_is_gone_is_not_answered_for():
    script = Script()
    script.give(LinkRemoved(interface="eth0"))
    assert reply(script) is None


def test_answers_are_limited_because_they_are_longer_than_requests():
    script = Script()
    answers = [reply(script, request(identifier=number)) for number in range(DISCOVERY_ANSWER_RATE + 30)]
    assert len([each for each in answers if each is not None]) == DISCOVERY_ANSWER_RATE
    script.advance(1.0)
    assert reply(script) is not None


@pytest.mark.parametrize("enabled", [True, False])
def test_an_administrator_can_switch_it_off(enabled: bool):
    script = Script(replace(CONFIG, address_discovery=enabled))
    assert (reply(script) is not None) is enabled
    assert bool(script.desired["home-agent"].anycast_addresses) is enabled
    script.reconfigure(CONFIG, address_discovery=not enabled)
    assert (reply(script) is not None) is not enabled
    assert bool(script.desired["home-agent"].anycast_addresses) is not enabled


def test_a_long_prefix_has_no_anycast_address():
    script = Script(replace(CONFIG, links=(replace(REAL_LINK, prefix=IPv6Network("2001:db8:1::/124")),)))
    assert script.desired["home-agent"].anycast_addresses == frozenset()
    assert reply(script, request(IPv6Address("2001:db8:1::e"))) is None
