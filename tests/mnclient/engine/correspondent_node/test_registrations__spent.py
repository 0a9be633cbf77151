# SPDX-License-Identifier: GPL-2.0-or-later
"""Nonces that made a binding make none again once it was deleted (RFC 6275 section 9.5.3)."""

from dataclasses import replace

import pytest

from mnclient.constants import MAX_NONCE_LIFETIME
from mnclient.engine.correspondent_node.binding_cache import MOST_SPENT
from tests.mnclient.engine.correspondent_node.script import CARE_OF, CARE_OF_2, HOME, Mobile, Script, statuses


@pytest.mark.requirement("CN-9.5.3-02")
def test_nonces_of_a_deleted_binding_are_not_used_again():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    used = replace(mobile)
    assert statuses(mobile.update(0.0)) == [0]
    mobile.sequence = used.sequence = mobile.sequence + 1
    assert statuses(used.update()) == [138]
    assert script.bound() == {}
    script.advance(2.0)
    assert statuses(mobile.test().update()) == [0]  # a new test is given a new nonce at once
    assert script.bound() == {HOME: CARE_OF}


@pytest.mark.requirement("CN-9.5.3-02")
@pytest.mark.parametrize("ends_again", [False, True])
def test_nor_are_they_when_there_was_another_binding_since(ends_again):
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    used = replace(mobile)
    assert statuses(mobile.update(0.0)) == [0]
    script.advance(2.0)
    mobile.register()
    if ends_again:
        assert statuses(mobile.update(0.0)) == [0]
    before = script.bound()
    used.sequence = mobile.sequence
    assert statuses(used.update()) == [138]
    assert script.bound() == before
    used.care_of, used.care_of_test = CARE_OF_2, replace(mobile, care_of=CARE_OF_2).test().care_of_test
    assert statuses(used.update()) == [0], "another care-of address was proven anew"


@pytest.mark.requirement("CN-9.5.3-02")
def test_whoever_ends_too_many_to_remember_waits_until_they_are_old():
    script = Script()
    mobile = Mobile(script).test()
    for number in range(MOST_SPENT):
        mobile.care_of = CARE_OF_2 + number
        mobile.register()
        assert statuses(mobile.update(0.0)) == [0]
    mobile.care_of = CARE_OF
    assert statuses(mobile.test().update()) == [138]
    assert sum(map(len, script.role._registrations.cache._spent.values())) == MOST_SPENT
    script.advance(MAX_NONCE_LIFETIME)
    assert script.role._registrations.cache._spent == {}
    mobile.register()
    assert script.bound() == {HOME: CARE_OF}
