# SPDX-License-Identifier: GPL-2.0-or-later
"""No binding is granted for longer than its home prefix is valid, nor outlasts it (RFC 6275 section 10.3.1)."""

from dataclasses import replace

import pytest

from mnclient.units import Seconds
from tests.mnclient.engine.home_agent.script import CONFIG, HOME, Script, acks
from tests.mnclient.engine.home_agent.test_home_agents_list import advertisement, prefix
from tests.mnclient.engine.home_agent.test_prefix_advertising import registered


def test_a_registration_lasts_no_longer_than_the_prefix_that_another_router_advertises():
    script = registered(CONFIG)
    script.give(advertisement(prefix("2001:db8:1::2", valid=100.0), home_agent=False))
    script.advance(20.0)
    (granted,) = acks(script.update(7, lifetime=600.0))
    assert (granted.status, granted.lifetime) == (1, 80.0)


@pytest.mark.requirement("HA-10.3.1-12")
@pytest.mark.parametrize("valid", [100.0, 0.0])
def test_a_binding_ends_with_the_prefix_of_its_home_address(valid: float):
    """However long it was granted when the prefix was to last longer."""
    script = registered(replace(CONFIG, max_lifetime=Seconds(100_000.0)))
    script.give(advertisement(prefix("2001:db8:1::2", valid=50_000.0), home_agent=False))
    script.give(advertisement(prefix("2001:db8:1::2", valid=valid), home_agent=False))
    if valid:
        script.advance(valid - 0.1)
        assert list(script.bound()) == [HOME]
    script.advance(0.1)
    assert script.bound() == {} and f"home-agent:{HOME}" not in script.desired


@pytest.mark.requirement("HA-10.3.1-12")
def test_a_binding_stays_where_the_prefix_is_advertised_again_in_time():
    script = registered(CONFIG)  # granted for an hour
    for _ in range(20):
        script.give(advertisement(prefix("2001:db8:1::2", valid=120.0), home_agent=False))
        script.advance(100.0)
    assert list(script.bound()) == [HOME]
    script.advance(20.0)
    assert script.bound() == {}


@pytest.mark.requirement("HA-10.3.1-11", "HA-10.3.1-12")
def test_duplicate_detection_does_not_carry_a_binding_beyond_its_prefix():
    script = Script(CONFIG)
    script.give(advertisement(prefix("2001:db8:1::2", valid=400.0), home_agent=False))
    script.update(lifetime=600.0)
    (granted,) = acks(script.advance(1.0))
    assert granted.lifetime == 396.0, "of the 399 s that remain"
    script.advance(395.9)
    assert list(script.bound()) == [HOME]
    script.advance(0.1)
    assert script.bound() == {}


@pytest.mark.requirement("HA-10.3.1-12")
def test_no_binding_ends_while_another_router_still_says_that_its_prefix_is_valid():
    script = registered(CONFIG)
    script.give(advertisement(prefix("2001:db8:1::2", valid=300.0), home_agent=False))
    script.give(advertisement(prefix(valid=0.0), source="fe80::3", home_agent=False))
    script.advance(299.9)
    assert list(script.bound()) == [HOME]
    script.advance(0.1)
    assert script.bound() == {}
