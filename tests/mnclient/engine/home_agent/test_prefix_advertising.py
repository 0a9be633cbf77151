# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile Prefix Advertisements of the home agent (RFC 6275 sections 6.8, 8.4 and 10.6)."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from itertools import pairwise

import pytest

from mnclient.constants import (
    MAX_MOB_PFX_ADV_INTERVAL,
    MIN_MOB_PFX_ADV_INTERVAL,
    PREFIX_ADV_RETRIES,
    PREFIX_ADV_TIMEOUT,
)
from mnclient.engine.events import PacketReceived
from mnclient.engine.home_agent.home_prefixes import MAX_ROUTERS_OF_A_PREFIX
from mnclient.engine.home_agent.prefix_advertising import UNSOLICITED, schedule_delay
from mnclient.model.config import AdvertisingConfig, HomeAgentConfig, HomeLinkConfig
from mnclient.units import Seconds
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.packet import Packet
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    HOME,
    OTHER_HOME,
    REAL_LINK,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    FakeEntropy,
    Script,
    acks,
    packets,
)
from tests.mnclient.engine.home_agent.test_home_agents_list import advertisement, prefix

ADVERTISED = replace(REAL_LINK, advertising=AdvertisingConfig(valid_lifetime=Seconds(86400), preferred_lifetime=14400))
SERVING = HomeAgentConfig(links=(ADVERTISED, CONFIG.links[1]), allow_unprotected_signalling=True)
NEW_LINK = HomeLinkConfig(
    prefix=IPv6Network("2001:db8:8::/64"),
    address=IPv6Address("2001:db8:8::1"),
    interface="eth0",
    advertising=AdvertisingConfig(),
)
SOON = {"min_prefix_advertisement_interval": Seconds(10.0), "max_prefix_advertisement_interval": Seconds(20.0)}


def solicitation(
    home: IPv6Address | None = HOME,
    source: IPv6Address = CARE_OF,
    destination: IPv6Address = AGENT,
    identifier: int = 321,
) -> PacketReceived:
    message = MobilePrefixSolicitation(identifier=identifier)
    packet = Packet(source=source, destination=destination, message=message, home_address=home)
    return PacketReceived(interface="wan", packet=packet)


def flagged(event: PacketReceived, **flags: bool) -> PacketReceived:
    """The same Router Advertisement with other flags."""
    return replace(event, packet=replace(event.packet, message=replace(event.packet.message, **flags)))  # type: ignore[type-var]


def told(actions) -> list[Packet]:
    return [each.packet for each in packets(actions, MobilePrefixAdvertisement)]


def times(script: Script, seconds: float) -> list[float]:
    """When advertisements go out in the time given, from now on."""
    start, end, found = script.now, script.now + seconds, []
    while (deadline := script.agent.next_deadline()) is not None and deadline <= end:
        actions = script.advance(max(deadline - script.now, 0.0))
        found += [round(script.now - start, 3)] * len(told(actions))
    script.advance(end - script.now)
    return found


def registered(config: HomeAgentConfig = SERVING, home: IPv6Address = HOME) -> Script:
    script = Script(config)
    script.update(home=home, lifetime=100_000.0)
    script.advance(1.0)
    assert home in script.bound()
    return script


@pytest.fixture
def script() -> Script:
    return registered(replace(SERVING, max_lifetime=Seconds(100_000.0), **SOON))


@pytest.mark.requirement("HA-6.8-02", "HA-6.8-03", "HA-6.8-05", "HA-10.6.2-01", "HA-10.6.3-01", "HA-10.6.3-02")
def test_a_solicitation_is_answered_at_once():
    script = registered()
    (answer,) = told(script.give(solicitation()))
    assert (answer.source, answer.destination, answer.routing_home_address) == (AGENT, CARE_OF, HOME)
    message = answer.message
    assert isinstance(message, MobilePrefixAdvertisement)
    assert (message.identifier, message.managed, message.other) == (321, False, False)
    (option,) = message.prefixes
    assert (option.router, option.network) == (AGENT, REAL_LINK.prefix)
    assert (option.valid_lifetime, option.preferred_lifetime) == (86400, 14400)


@pytest.mark.requirement("HA-10.6.3-01")
def test_the_source_is_the_address_that_was_registered_with():
    script = registered(home=VIRTUAL_HOME)
    (answer,) = told(script.give(solicitation(VIRTUAL_HOME, destination=VIRTUAL_AGENT)))
    assert answer.source == VIRTUAL_AGENT
    (option,) = answer.message.prefixes  # type: ignore[union-attr]
    assert option.router == VIRTUAL_AGENT
    assert option.valid_lifetime == float("inf"), "nobody advertises it, so nothing ends it"


@pytest.mark.requirement("HA-10.6.3-01")
def test_who_has_no_binding_is_answered_from_the_address_of_the_home_link():
    (answer,) = told(Script(SERVING).give(solicitation(OTHER_HOME)))
    assert (answer.source, answer.destination, answer.routing_home_address) == (AGENT, CARE_OF, OTHER_HOME)


@pytest.mark.requirement("HA-6.8-04")
def test_one_mobile_node_gets_no_more_than_one_in_a_second():
    script = registered()
    assert len(told(script.give(solicitation(identifier=1)))) == 1
    script.advance(0.2)
    assert told(script.give(solicitation(identifier=2))) == []
    script.advance(0.2)
    assert told(script.give(solicitation(identifier=3))) == []
    assert told(script.advance(0.59)) == []
    (late,) = told(script.advance(0.01))
    assert late.message.identifier == 3, "the newest one is what the mobile node waits for"  # type: ignore[union-attr]


@pytest.mark.requirement("HA-6.8-04")
def test_what_was_told_unasked_counts_as_well(script: Script):
    assert times(script, 15.0) == [15.0]
    script.advance(0.2)
    assert told(script.give(solicitation())) == []
    assert told(script.advance(0.79)) == []
    assert len(told(script.advance(0.02))) == 1


@pytest.mark.requirement("HA-10.6.2-03")
def test_everybody_hears_of_the_prefixes_in_time(script: Script):
    first = next(iter(times(script, 20.0)))
    assert 10.0 <= first <= 20.0
    script.give(solicitation())
    assert times(script, 20.0), "counted from what was sent last"


@pytest.mark.requirement("HA-10.6.3-02")
def test_an_unsolicited_one_goes_to_where_the_home_address_is(script: Script):
    script.update(2, care_of=CARE_OF_2, lifetime=100_000.0)
    (first, *_) = told(script.advance(20.0))
    assert (first.source, first.destination, first.routing_home_address) == (AGENT, CARE_OF_2, HOME)
    assert first.message.identifier == UNSOLICITED  # type: ignore[union-attr]


@pytest.mark.requirement("HA-10.6.2-04")
@pytest.mark.parametrize("fraction", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    ("preferred", "longest"),
    [(14_400.0, 14_400.0), (1e9, 86_400.0), (60.0, 1140.0)],
)
def test_the_delay_is_drawn_between_its_bounds(fraction: float, preferred: float, longest: float):
    entropy = FakeEntropy()
    entropy.fraction = fraction
    delay = schedule_delay(HomeAgentConfig(), Seconds(preferred), entropy)
    assert delay == pytest.approx(600.0 + fraction * (longest - 600.0))


@pytest.mark.requirement("HA-10.6.2-04")
def test_equal_bounds_leave_no_offset():
    config = HomeAgentConfig(max_prefix_advertisement_interval=MIN_MOB_PFX_ADV_INTERVAL)
    assert schedule_delay(config, Seconds(1e9), FakeEntropy()) == 600.0


@pytest.mark.requirement("HA-12-01", "HA-10.6.2-05")
def test_what_is_not_acknowledged_is_repeated_three_times_each_time_later(script: Script):
    assert (PREFIX_ADV_TIMEOUT, PREFIX_ADV_RETRIES) == (3.0, 3)
    assert MAX_MOB_PFX_ADV_INTERVAL == 86400.0
    sent = times(script, 15.0 + 3 + 6 + 12 + 23)
    assert [round(later - sooner, 3) for sooner, later in pairwise(sent)] == [3.0, 6.0, 12.0]


@pytest.mark.requirement("HA-10.6.2-05")
def test_a_solicitation_acknowledges(script: Script):
    assert len(times(script, 15.5)) == 1
    script.advance(1.0)
    assert len(told(script.give(solicitation()))) == 1
    assert times(script, 9.0) == [], "no repeats"


@pytest.mark.requirement("HA-10.6.2-06")
def test_nothing_is_sent_once_the_binding_has_ended():
    script = Script(replace(SERVING, **SOON))
    script.register(HOME, lifetime=16.0)
    assert times(script, 15.5) != []
    assert times(script, 100.0) == [], "neither repeats nor what was scheduled"
    script.advance(20.0)
    script.register(HOME, sequence=5, lifetime=600.0)
    script.update(6, lifetime=0.0)
    assert times(script, 100.0) == []


def test_a_later_registration_begins_again_what_got_no_answer(script: Script):
    times(script, 15.0 + 3 + 6 + 12 + 24)
    assert len(told(script.update(2, lifetime=100_000.0))) == 1


@pytest.mark.requirement("HA-10.6.2-01", "HA-10.6.2-02")
@pytest.mark.parametrize(
    "links",
    [
        (replace(ADVERTISED, advertising=AdvertisingConfig(valid_lifetime=Seconds(7200), preferred_lifetime=600)),),
        (ADVERTISED, NEW_LINK),
    ],
    ids=["shorter", "one-more"],
)
def test_other_prefixes_are_told_to_everybody_who_is_absent(links: tuple[HomeLinkConfig, ...]):
    config = replace(
        SERVING, links=links, max_lifetime=Seconds(100_000.0), min_prefix_advertisement_interval=Seconds(5)
    )
    script = registered(replace(config, links=(ADVERTISED,), max_prefix_advertisement_interval=Seconds(80_000.0)))
    assert times(script, 300.0) == []
    script.configure(replace(config, max_prefix_advertisement_interval=Seconds(8)))
    (first, *_) = told(script.advance(8.0))
    found = {each.network: each for each in first.message.prefixes}  # type: ignore[union-attr]
    assert found.keys() == {link.prefix for link in links}
    valid = links[0].advertising.valid_lifetime if links[0].advertising else None
    assert found[REAL_LINK.prefix].valid_lifetime == valid


@pytest.mark.requirement("HA-10.6.2-01")
@pytest.mark.parametrize(("valid", "is_news"), [(996.0, False), (1000.0, False), (500.0, True)])
def test_a_lifetime_that_only_grows_old_is_no_news(valid: float, is_news: bool):
    script = registered(replace(CONFIG, max_lifetime=Seconds(100_000.0), **SOON))
    script.give(advertisement(prefix("2001:db8:5::2", valid=1000.0)))
    script.give(solicitation())  # so the next one goes out in 15 s
    script.entropy.fraction = 0.0
    script.advance(4.0)
    script.give(advertisement(prefix("2001:db8:5::2", valid=valid)))
    assert times(script, 12.0)[0] == (10.0 if is_news else 11.0)


@pytest.mark.requirement("HA-10.6.2-01")
@pytest.mark.parametrize(
    ("of_the_prefix", "of_the_message"),
    [({"on_link": False}, {}), ({"autonomous": False}, {}), ({}, {"managed": True}), ({}, {"other": True})],
)
def test_other_flags_of_the_home_prefix_are_news(of_the_prefix: dict[str, bool], of_the_message: dict[str, bool]):
    script = registered(replace(CONFIG, max_lifetime=Seconds(100_000.0), **SOON))
    home_prefix = prefix("2001:db8:1::2")
    script.give(advertisement(home_prefix))
    script.give(solicitation())  # so the next one goes out in 15 s
    script.entropy.fraction = 0.0
    script.advance(4.0)
    script.give(flagged(advertisement(replace(home_prefix, **of_the_prefix)), **of_the_message))
    assert times(script, 12.0)[0] == 10.0


def test_two_routers_that_say_different_things_in_turn_are_no_news():
    script = registered(replace(CONFIG, max_lifetime=Seconds(100_000.0), **SOON))
    both = (
        flagged(advertisement(prefix("2001:db8:1::2")), managed=True),
        advertisement(prefix("2001:db8:1::", valid=7200.0, router=False), source="fe80::3", home_agent=False),
    )
    for each in both:
        script.give(each)
    script.give(solicitation())  # so the next one goes out in 15 s
    script.entropy.fraction = 0.0
    script.advance(4.0)
    for each in both:
        script.give(each)
    assert times(script, 12.0)[0] == 11.0


@pytest.mark.requirement("HA-10.6.2-01")
def test_that_a_prefix_lives_on_after_another_router_has_ended_it_is_news():
    script = registered(replace(CONFIG, max_lifetime=Seconds(100_000.0), **SOON))
    lasting, ended = advertisement(prefix("2001:db8:1::2")), advertisement(prefix(valid=0.0), source="fe80::3")
    script.give(lasting)
    script.give(ended)
    script.give(solicitation())  # so the next one goes out in 15 s
    script.entropy.fraction = 0.0
    script.advance(4.0)
    script.give(lasting)
    assert times(script, 12.0)[0] == 10.0


@pytest.mark.requirement("HA-10.6.2-02")
def test_what_was_not_acknowledged_goes_into_the_next_one(script: Script):
    script.give(advertisement(prefix("2001:db8:5::2", valid=30.0)))
    (first, *_) = told(script.advance(15.5))
    assert IPv6Network("2001:db8:5::/64") in {each.network for each in first.message.prefixes}  # type: ignore[union-attr]
    script.advance(20.0)  # by now it has expired, and the mobile node may never have heard of it
    again = told(script.advance(10.0)) or told(script.update(2, lifetime=100_000.0))
    assert IPv6Network("2001:db8:5::/64") in {each.network for each in again[0].message.prefixes}  # type: ignore[union-attr]


@pytest.mark.requirement("HA-10.6.3-03")
@pytest.mark.parametrize(("managed", "other"), [(True, False), (False, True)])
def test_m_and_o_are_those_of_the_advertisements_the_prefixes_came_from(managed: bool, other: bool):
    script = registered()
    script.give(flagged(advertisement(prefix("2001:db8:5::2")), managed=managed, other=other))
    (answer,) = told(script.give(solicitation()))
    assert (answer.message.managed, answer.message.other) == (managed, other)  # type: ignore[union-attr]


@pytest.mark.requirement("HA-10.6.3-03")
def test_m_and_o_are_set_if_any_router_of_the_prefix_sets_them():
    """Whichever was heard last."""
    script = registered()
    for source, flags in (("fe80::2", {"managed": True}), ("fe80::3", {"other": True}), ("fe80::4", {})):
        script.give(flagged(advertisement(prefix("2001:db8:5::2"), source=source), **flags))
    (answer,) = told(script.give(solicitation()))
    assert (answer.message.managed, answer.message.other) == (True, True)  # type: ignore[union-attr]


def test_of_many_routers_of_a_prefix_the_last_ones_count():
    """Their number is bounded, since anybody on the link can be many."""
    script = registered()
    script.give(flagged(advertisement(prefix("2001:db8:5::2")), managed=True))
    for number in range(MAX_ROUTERS_OF_A_PREFIX):
        script.give(advertisement(prefix("2001:db8:5::2"), source=f"fe80::bad:{number:x}"))
    (answer,) = told(script.give(solicitation()))
    assert not answer.message.managed  # type: ignore[union-attr]


def test_who_advertises_the_home_prefix_says_how_long_it_lasts():
    script = registered(CONFIG)
    script.give(advertisement(prefix("2001:db8:1::2", valid=5000.0), home_agent=False))
    script.advance(100.0)
    (answer,) = told(script.give(solicitation()))
    (option,) = answer.message.prefixes  # type: ignore[union-attr]
    assert (option.router, option.valid_lifetime) == (AGENT, 4900.0)


def test_a_home_prefix_that_nobody_advertises_any_longer_has_ended():
    script = registered(CONFIG)
    script.give(advertisement(prefix("2001:db8:1::2", valid=40.0), home_agent=False))
    script.advance(50.0)
    script.give(advertisement(prefix("2001:db8:5::2"), home_agent=False))
    (answer,) = told(script.give(solicitation()))
    assert [each.valid_lifetime for each in answer.message.prefixes] == [0.0, 86400.0]  # type: ignore[union-attr]
    assert [ack.status for ack in acks(script.update(7))] == [132], "and nothing more is granted in it"


@pytest.mark.requirement("HA-8.4-03")
def test_an_administrator_can_switch_it_off(script: Script):
    script.reconfigure(replace(SERVING, **SOON), prefix_advertisements=False)
    assert told(script.give(solicitation())) == []
    assert times(script, 100.0) == []
    assert script.agent.counters()["mps.ignored.switched-off"] == 1


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (solicitation(home=None), "home-address"),
        (solicitation(home=IPv6Address("2001:db8:66::1")), "home-address"),
        (solicitation(source=CARE_OF_2), "care-of-address"),
        (solicitation(destination=VIRTUAL_AGENT), "destination"),
    ],
)
def test_no_answer(asked: PacketReceived, reason: str):
    script = registered()
    assert told(script.give(asked)) == []
    assert script.agent.counters()[f"mps.ignored.{reason}"] == 1


def test_without_protection_nobody_is_told_anything():
    script = Script(replace(SERVING, allow_unprotected_signalling=False))
    assert told(script.give(solicitation())) == []
    assert script.agent.counters()["mps.ignored.unprotected"] == 1
