# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests are answered without keeping anything of who asked (RFC 6275 section 5.2.5)."""

from dataclasses import replace
from gc import get_referents
from ipaddress import IPv6Address
from types import BuiltinFunctionType, FunctionType, ModuleType

import pytest

from mnclient.constants import CORRESPONDENT_ANSWER_RATE
from mnclient.wire.packet import Packet
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    HOME,
    OURS,
    Mobile,
    Script,
    care_of_test_init,
    home_test_init,
)

HOTI = Packet(source=HOME, destination=OURS, message=home_test_init())
COTI = Packet(source=CARE_OF, destination=OURS, message=care_of_test_init())


def sizes(role) -> tuple[int, ...]:
    cache = role._registrations.cache
    return len(role._nonces), len(cache), cache.remembered(), len(role._timers._deadlines), len(role._answers._times)


def addresses_known_to(thing: object) -> set[IPv6Address]:
    """All that can be found from an object on, wherever it is kept."""
    found, seen, waiting = set(), set(), [thing]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | ModuleType | FunctionType | BuiltinFunctionType):
            continue
        seen.add(id(each))
        if isinstance(each, IPv6Address):
            found.add(each)
        waiting += get_referents(each)
    return found


@pytest.mark.requirement("CN-5.2.5-03")
def test_whoever_was_answered_is_unknown_until_a_binding_update_comes():
    script = Script()
    before = addresses_known_to(script.role)
    mobile = Mobile(script)
    mobile.test()
    assert addresses_known_to(script.role) == before
    mobile.update()
    assert addresses_known_to(script.role) - before == {HOME, CARE_OF, OURS}, "they would have been found"


@pytest.mark.requirement("CN-5.2.5-03")
def test_a_flood_of_tests_allocates_nothing():
    script = Script()
    for number in range(CORRESPONDENT_ANSWER_RATE):
        script.receive(replace(HOTI, source=HOME + number))
    before = sizes(script.role)
    answers = []
    for number in range(2000):
        answers += script.receive(replace(HOTI, source=HOME + number))
        answers += script.receive(replace(COTI, source=CARE_OF + number))
    assert sizes(script.role) == before
    assert answers == []  # and the answers to all together are limited
    script.advance(1.0)
    assert len(script.receive(HOTI)) == 1
    assert script.node.next_deadline() is None
