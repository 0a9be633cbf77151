# SPDX-License-Identifier: GPL-2.0-or-later
"""Bindings that an administrator ends, by name or by the rules of access."""

from ipaddress import IPv6Network

import pytest

from mnclient.engine.events import BindingsDismissed
from mnclient.model.binding_filter import ALL_BINDINGS, BindingFilter
from mnclient.model.config import AccessRule
from mnclient.model.stored_binding import Stored
from tests.mnclient.engine.home_agent.script import CARE_OF, CONFIG, HOME, OTHER_HOME, VIRTUAL_HOME, Script, acks


@pytest.fixture
def script() -> Script:
    script = Script()
    script.register(HOME, sequence=5)
    script.register(OTHER_HOME, sequence=9)
    script.register(VIRTUAL_HOME, sequence=1)
    script.advance(10)
    assert list(script.bound()) == [HOME, OTHER_HOME, VIRTUAL_HOME]
    return script


def dismiss(script: Script, which: BindingFilter) -> list[object]:
    script.give(BindingsDismissed(which=which))
    return list(script.bound())


@pytest.mark.parametrize(
    ("which", "left"),
    [
        (BindingFilter(home_addresses=IPv6Network(HOME)), [OTHER_HOME, VIRTUAL_HOME]),
        (BindingFilter(addresses=IPv6Network("2001:db8:1::/64")), [VIRTUAL_HOME]),
        (BindingFilter(interface="eth0"), [VIRTUAL_HOME]),
        (BindingFilter(interface=""), [HOME, OTHER_HOME]),
        (BindingFilter(care_of_addresses=IPv6Network(CARE_OF)), []),
        (BindingFilter(interface="wlan7"), [HOME, OTHER_HOME, VIRTUAL_HOME]),
        (ALL_BINDINGS, []),
    ],
)
def test_those_that_are_meant_end_with_all_they_have_in_the_kernel(script, which, left):
    assert dismiss(script, which) == left
    assert {owner.partition(":")[2] for owner in script.desired if ":" in owner} == {str(each) for each in left}
    counted = script.agent.counters().get("binding.dismissed", 0)
    assert counted == 3 - len(left)


def test_who_is_still_away_registers_again_and_nothing_old_counts(script):
    dismiss(script, ALL_BINDINGS)
    (old,) = acks(script.update(5, 600.0))
    assert (old.status, old.sequence) == (135, 5)
    script.update(6, 600.0)
    script.advance(2)
    assert HOME in script.bound()


def test_a_binding_that_is_being_tested_for_duplicates_ends_too():
    script = Script()
    script.update(1, 600.0)
    assert dismiss(script, ALL_BINDINGS) == []
    assert acks(script.advance(5)) == []


def test_who_may_no_longer_register_is_bound_no_longer(script):
    denied = AccessRule(allow=False, home_addresses=IPv6Network(HOME))
    script.reconfigure(CONFIG, access=(denied,))
    assert list(script.bound()) == [OTHER_HOME, VIRTUAL_HOME]
    (refused,) = acks(script.update(6, 600.0))
    assert refused.status == 129


def test_the_rules_hold_for_what_was_kept_over_a_restart(script):
    kept = script.agent.snapshot(script.now)
    again = Script(config=None)
    again.agent.restore(Stored(bindings=kept), again.now)
    again.reconfigure(CONFIG, access=(AccessRule(allow=False, home_addresses=IPv6Network(HOME)),))
    assert list(again.bound()) == [OTHER_HOME, VIRTUAL_HOME]


def test_the_interface_is_that_of_the_home_link(script):
    assert [each.interface for each in script.agent.binding_cache(script.now)] == ["eth0", "eth0", ""]


def test_a_role_that_is_off_has_nothing_to_end():
    script = Script(config=None)
    assert script.give(BindingsDismissed(which=ALL_BINDINGS)) == []
