# SPDX-License-Identifier: GPL-2.0-or-later
"""What waits for a far end: whose it is, how much, and for how long."""

from collections import Counter
from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_HELD_PACKETS, MAX_HOME_ADDRESSES
from mnclient.network.portable.held import HELD_FOR, HeldPackets

HOME = IPv6Address("2001:db8:1::1000")


@pytest.fixture
def counters() -> Counter[str]:
    return Counter()


@pytest.fixture
def held(counters: Counter[str]) -> HeldPackets:
    return HeldPackets(counters)


def packet(number: int, home: IPv6Address = HOME) -> bytes:
    """A header with a source, and a number behind it."""
    return bytes(8) + home.packed + bytes(16) + number.to_bytes(2)


def test_what_waited_comes_in_its_order_and_once(held, counters):
    for number in range(3):
        held.hold(packet(number), 10.0)
    assert list(held.release(HOME.packed, 10.5)) == [packet(number) for number in range(3)]
    assert list(held.release(HOME.packed, 10.5)) == []
    assert counters == {"tunnel.out.held": 3}


@pytest.mark.parametrize("late, kept", [(0.0, True), (1e-6, False)])
def test_what_waited_too_long_is_lost_and_counted(held, counters, late, kept):
    """Its sender has sent it again."""
    held.hold(packet(1), 0.0)
    held.hold(packet(2), 1.0)
    wanted = [packet(1), packet(2)] if kept else [packet(2)]
    assert list(held.release(HOME.packed, HELD_FOR + late)) == wanted
    assert counters["tunnel.out.held-lost"] == 2 - len(wanted)


def test_each_home_address_waits_for_itself(held):
    other = HOME + 1
    held.hold(packet(1), 0.0)
    held.hold(packet(2, other), 0.0)
    assert list(held.release(other.packed, 0.0)) == [packet(2, other)]
    assert list(held.release(HOME.packed, 0.0)) == [packet(1)]


def test_of_too_many_the_oldest_are_lost_and_counted(held, counters):
    for number in range(MAX_HELD_PACKETS + 2):
        held.hold(packet(number), 0.0)
    assert list(held.release(HOME.packed, 0.0)) == [packet(number) for number in range(2, MAX_HELD_PACKETS + 2)]
    assert counters["tunnel.out.held-lost"] == 2


def test_of_too_many_home_addresses_the_first_is_forgotten_and_counted(held, counters):
    for number in range(MAX_HOME_ADDRESSES + 1):
        held.hold(packet(number, HOME + number), 0.0)
    assert list(held.release(HOME.packed, 0.0)) == []
    assert counters["tunnel.out.held-lost"] == 1
    last = HOME + MAX_HOME_ADDRESSES
    assert list(held.release(last.packed, 0.0)) == [packet(MAX_HOME_ADDRESSES, last)]
