# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile prefix discovery of home addresses that have a key (RFC 6275 sections 5.1, 10.6.3 and 11.4.3)."""

from dataclasses import replace

import pytest

from mnclient.units import Seconds
from tests.mnclient.engine.home_agent.script import (
    CARE_OF,
    HOME,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    acks,
    binding_update,
    packets,
)
from tests.mnclient.engine.home_agent.test_authentication import agent, signed
from tests.mnclient.engine.home_agent.test_guests import KEYED, MINE, OTHERS, keyed, under
from tests.mnclient.engine.home_agent.test_home_agents_list import advertisement, prefix
from tests.mnclient.engine.home_agent.test_prefix_advertising import MobilePrefixAdvertisement, solicitation

ASKED = solicitation(VIRTUAL_HOME, destination=VIRTUAL_AGENT)


def registered():
    script = keyed()
    assert [each.status for each in acks(script.give(under(MINE, binding_update(home=VIRTUAL_HOME))))] == [0]
    return script


@pytest.mark.requirement("HA-5.4-01")
def test_under_its_key_it_is_answered_under_its_key():
    (answer,) = packets(registered().give(under(MINE, ASKED)), MobilePrefixAdvertisement)
    assert answer.protection == MINE.protection


@pytest.mark.parametrize("asked", [ASKED, under(OTHERS, ASKED)], ids=["bare", "key-of-another"])
def test_without_its_key_it_is_not(asked):
    script = registered()
    assert packets(script.give(asked), MobilePrefixAdvertisement) == []
    assert script.agent.counters()["mps.ignored.unprotected"] == 1


def test_what_nobody_asked_for_goes_under_the_key_too():
    script = registered()
    script.configure(replace(KEYED, min_prefix_advertisement_interval=5.0, max_prefix_advertisement_interval=5.0))
    script.give(under(MINE, ASKED))  # from now on at the new pace
    (unasked, *_) = packets(script.advance(6.0), MobilePrefixAdvertisement)
    assert unasked.protection == MINE.protection


@pytest.mark.requirement("RFC4285-MN-2-01")
def test_where_the_key_protects_binding_updates_alone_nothing_is_told():
    """Neither to who asks, nor in time, nor of news: anybody could have written it."""
    script = agent(min_prefix_advertisement_interval=Seconds(5.0), max_prefix_advertisement_interval=Seconds(9.0))
    script.give(signed(script, lifetime=3600.0))
    script.advance(1.0)
    assert script.bound() == {HOME: CARE_OF}
    told = script.give(solicitation()) + script.give(advertisement(prefix("2001:db8:8::9")))
    told += script.advance(600.0)
    assert packets(told, MobilePrefixAdvertisement) == []
    assert script.agent.counters()["mps.ignored.unprotected"] == 1
    assert script.bound() == {HOME: CARE_OF}
