# SPDX-License-Identifier: GPL-2.0-or-later
"""Sequence numbers, and the memory of deleted entries."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.home_agent.binding_cache import Binding, BindingCache, link_local_of
from mnclient.engine.sequence_numbers import is_newer
from mnclient.engine.timers import TimerTable
from mnclient.units import Instant, Seconds
from tests.mnclient.engine.home_agent.script import CARE_OF, HOME, REAL_LINK

NOW = Instant(100.0)


@pytest.mark.requirement("ALL-9.5.1-02")
def test_sequence_numbers_are_compared_modulo_65536():
    not_greater = {sequence for sequence in range(65536) if not is_newer(sequence, 15)}
    assert not_greater == {*range(16), *range(32783, 65536)}


@pytest.mark.requirement("ALL-9.5.1-02")
@pytest.mark.parametrize("last", [0, 1, 32767, 32768, 65535])
def test_half_of_all_sequence_numbers_but_one_are_newer(last):
    newer = [sequence for sequence in range(65536) if is_newer(sequence, last)]
    assert len(newer) == 32767
    assert (last + 1) % 65536 in newer
    assert (last + 32767) % 65536 in newer


def test_the_link_local_address_has_the_same_identifier():
    assert link_local_of(IPv6Address("2001:db8:1::ff:fe00:1")) == IPv6Address("fe80::ff:fe00:1")


def binding(number: int) -> Binding:
    return Binding(
        home_address=IPv6Address(int(HOME) + number),
        care_of_address=CARE_OF,
        sequence=number,
        lifetime=Seconds(600.0),
        expires=Instant(NOW + 600),
        link=REAL_LINK,
    )


def test_the_memory_of_deleted_entries_is_bounded_and_loses_the_oldest():
    cache = BindingCache(TimerTable())
    for number in range(5):
        cache.put(binding(number))
        cache.delete(binding(number), sequence=number, now=NOW, limit=3)
    remembered = [cache.last_sequence(IPv6Address(int(HOME) + number)) for number in range(5)]
    assert remembered == [None, None, 2, 3, 4]
    assert len(cache) == 0


def test_a_snapshot_has_what_is_left_of_each_lifetime():
    cache = BindingCache(TimerTable())
    cache.put(binding(1))
    waiting = binding(2)
    waiting.detecting = True
    cache.put(waiting)
    cache.delete(binding(3), sequence=9, now=NOW, limit=10)
    stored = cache.snapshot(Instant(NOW + 100))
    assert [(int(each.home_address) - int(HOME), each.sequence, each.remaining) for each in stored] == [
        (1, 1, 500.0),
        (3, 9, 0.0),
    ]
