# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agents list (RFC 6275 sections 10.1 and 10.5.1)."""

from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_HOME_AGENTS_LISTED
from mnclient.engine.actions import PublishStatus
from mnclient.units import Seconds
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import HomeAgentInformation, PrefixInformation, RouterPreference
from tests.mnclient.engine.home_agent.script import AGENT, AGENT_LINK_LOCAL, AGENT_MAC, Script, neighbor

OTHER = "fe80::2"
OTHER_ADDRESS = "2001:db8:1::2"


def prefix(address: str = OTHER_ADDRESS, valid: float = 86400.0, router: bool = True) -> PrefixInformation:
    return PrefixInformation(
        prefix=IPv6Address(address),
        prefix_length=64,
        on_link=True,
        autonomous=True,
        router_address=router,
        valid_lifetime=Seconds(valid),
        preferred_lifetime=Seconds(valid),
    )


def advertisement(*options, source: str = OTHER, lifetime: float = 1800.0, home_agent: bool = True, **changes):
    message = RouterAdvertisement(
        hop_limit=64,
        managed=False,
        other=False,
        home_agent=home_agent,
        preference=RouterPreference.MEDIUM,
        router_lifetime=Seconds(lifetime),
        reachable_time=Seconds(0.0),
        retransmit_timer=Seconds(0.0),
        options=options,
    )
    return neighbor(message, source, **changes)


def information(preference: int, lifetime: float = 1800.0) -> HomeAgentInformation:
    return HomeAgentInformation(preference=preference, lifetime=Seconds(lifetime))


def others(script: Script):
    listed = script.agent.status(script.now).home_agents
    return [each for each in listed if each.link_local_address != AGENT_LINK_LOCAL]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.mark.requirement("HA-10.5.1-01", "ALL-7.4-01", "HA-10.1-01")
def test_a_home_agent_is_listed_with_its_router_address_and_the_defaults(script):
    assert script.give(advertisement(prefix(), prefix("2001:db8:5::", router=False))) == [PublishStatus()]
    (entry,) = others(script)
    assert (entry.link_local_address, entry.addresses) == (IPv6Address(OTHER), (IPv6Address(OTHER_ADDRESS),))
    assert (entry.preference, entry.expires, entry.interface) == (0, script.now + 1800, "eth0")


@pytest.mark.requirement("HA-10.5.1-01", "ALL-7.4-01")
def test_its_information_option_comes_before_the_defaults(script):
    script.give(advertisement(prefix(), information(7, 60.0), lifetime=0.0))
    (entry,) = others(script)
    assert (entry.preference, entry.expires) == (7, script.now + 60)


@pytest.mark.requirement("HA-10.5.1-01")
@pytest.mark.parametrize(
    "last",
    [
        advertisement(home_agent=False),
        advertisement(lifetime=0.0),
        advertisement(information(5, 0.0)),
    ],
)
def test_without_H_flag_or_lifetime_it_is_removed(script, last):
    script.give(advertisement(prefix()))
    assert script.give(last) == [PublishStatus()]
    assert others(script) == []
    assert script.give(last) == []
    assert script.agent.next_deadline() is None


@pytest.mark.requirement("HA-10.5.1-01")
def test_a_refresh_extends_and_publishes_only_news(script):
    script.give(advertisement(prefix()))
    script.advance(1000)
    assert script.give(advertisement(prefix())) == []
    assert others(script)[0].expires == script.now + 1800
    assert script.give(advertisement(prefix(), information(9))) == [PublishStatus()]
    assert script.give(advertisement(prefix("2001:db8:1::3"), information(9))) == [PublishStatus()]
    assert len(others(script)[0].addresses) == 2


@pytest.mark.requirement("HA-10.1-01")
def test_the_entry_and_each_address_end_with_their_lifetimes(script):
    script.give(advertisement(prefix(), prefix("2001:db8:1::3", valid=100.0), lifetime=300.0))
    script.advance(99)
    assert len(others(script)[0].addresses) == 2
    assert script.advance(1) == [PublishStatus()]
    assert others(script)[0].addresses == (IPv6Address(OTHER_ADDRESS),)
    assert script.advance(200) == [PublishStatus()]
    assert others(script) == []
    assert script.agent.next_deadline() is None


def test_a_prefix_with_lifetime_zero_takes_its_address_away(script):
    script.give(advertisement(prefix(), prefix("2001:db8:1::3")))
    script.give(advertisement(prefix("2001:db8:1::3", valid=0.0)))
    assert others(script)[0].addresses == (IPv6Address(OTHER_ADDRESS),)


@pytest.mark.requirement("ALL-7.4-01")
def test_the_most_preferred_comes_first_and_we_are_among_them(script):
    script.give(advertisement(information(5), source="fe80::5"))
    script.give(advertisement(information(9), source="fe80::9"))
    listed = script.agent.status(script.now).home_agents
    assert [each.preference for each in listed] == [9, 5, 0]
    assert (listed[2].link_local_address, listed[2].addresses) == (AGENT_LINK_LOCAL, (AGENT,))


def test_a_flood_of_names_is_bounded_and_pushes_nobody_out(script):
    script.give(advertisement(prefix()))
    for number in range(1000):
        script.give(advertisement(source=f"fe80::bad:{number:x}"))
    assert len(others(script)) == MAX_HOME_AGENTS_LISTED
    script.advance(1000)
    script.give(advertisement(prefix()))  # who is known is heard
    assert max(each.expires for each in others(script)) == script.now + 1800
    assert IPv6Address(OTHER) in {each.link_local_address for each in others(script)}


def test_a_flood_of_addresses_is_bounded(script):
    script.give(advertisement(*(prefix(f"2001:db8:1::{number:x}") for number in range(1, 100))))
    assert len(others(script)[0].addresses) == 16
    script.advance(1000)
    script.give(advertisement(prefix("2001:db8:1::1", valid=5000.0)))  # one that is known lives longer for it
    script.give(advertisement(lifetime=9000.0))
    script.advance(4999)
    assert IPv6Address("2001:db8:1::1") in others(script)[0].addresses
    script.advance(1)
    assert len(others(script)[0].addresses) == 15


@pytest.mark.parametrize("changes", [{"interface": "wan"}, {"mac": AGENT_MAC}])
def test_elsewhere_or_from_ourselves_it_does_not_count(script, changes):
    assert script.give(advertisement(prefix(), **changes)) == []
    assert others(script) == []


def test_a_link_no_longer_served_is_forgotten(script):
    script.give(advertisement(prefix()))
    config = script.agent._config
    script.reconfigure(config, links=config.links[1:])
    assert script.agent.status(script.now).home_agents == ()
    assert script.agent.next_deadline() is None
