# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.service_status import KnownHomeAgent, Origin
from mnclient.units import Seconds
from service.autoconfiguration.ranking import (
    LONGEST_ADVERTISEMENT_INTERVAL,
    LOUDEST_BURST,
    SILENCE,
    order,
    rank_after,
    rank_now,
    threshold,
)

HOUR = 3600.0
DAY = 24 * HOUR
ranks = st.floats(0.0, 1.0)
numbers = st.integers(1, 10**9)
any_time = st.floats(allow_nan=False)  # infinite and negative, too: clocks are set


def heard(intervals, rank=0.0, number=0):
    """The rank after a first advertisement and one more after each interval."""
    rank = rank_after(rank, number + 1, Seconds(0.0))
    for count, interval in enumerate(intervals, start=number + 2):
        rank = rank_after(rank, count, Seconds(interval))
    return rank


@given(ranks, numbers, any_time)
def test_a_rank_stays_between_0_and_1_whatever_the_clock_does(rank, number, elapsed):
    assert 0.0 <= rank_after(rank, number, Seconds(elapsed)) <= 1.0
    assert 0.0 <= rank_now(rank, Seconds(elapsed)) <= 1.0


@given(st.floats(1.0, LONGEST_ADVERTISEMENT_INTERVAL), ranks.filter(lambda rank: rank < 0.999), numbers)
def test_grows_with_steady_advertisements(interval, rank, number):
    assert rank_after(rank, number, Seconds(interval)) > rank


@given(st.floats(30.0, LONGEST_ADVERTISEMENT_INTERVAL))
def test_a_day_of_steady_advertisements_is_nearly_certainty(interval):
    assert heard([interval] * int(DAY / interval)) > 0.99


@given(ranks.filter(lambda rank: rank > 1e-6), st.floats(0.0, 30 * DAY), st.floats(60.0, 30 * DAY))
def test_decays_in_silence(rank, silence, longer):
    begin = LONGEST_ADVERTISEMENT_INTERVAL + silence
    assert rank_now(rank, Seconds(begin + longer)) < rank_now(rank, Seconds(begin)) <= rank


@given(ranks, st.floats(0.0, LONGEST_ADVERTISEMENT_INTERVAL))
def test_the_longest_interval_a_router_may_have_is_no_silence(rank, elapsed):
    assert rank_now(rank, Seconds(elapsed)) == rank


def test_half_is_gone_after_the_half_life():
    assert abs(rank_now(0.8, Seconds(LONGEST_ADVERTISEMENT_INTERVAL + SILENCE)) - 0.4) < 1e-12


@given(st.integers(1, 5000), st.floats(0.0, 5.0))
def test_no_burst_gets_far(count, duration):
    assert heard([duration / count] * count) < LOUDEST_BURST + 0.001


def test_a_steady_agent_overtakes_a_loud_visitor():
    loud = heard([5.0 / 20_000] * 20_000)
    steady = heard([600.0] * 12)  # two hours, with the default interval of RFC 4861
    assert steady > 3 * loud


def test_a_loud_visitor_does_not_disturb_for_longer_than_it_is_there():
    steady_for_a_quarter_of_an_hour = heard([300.0] * 3)
    assert steady_for_a_quarter_of_an_hour > heard([0.001] * 10_000)


@given(ranks, ranks, numbers, any_time)
def test_the_past_counts(lower, higher, number, elapsed):
    lower, higher = sorted((lower, higher))
    assert rank_after(lower, number, Seconds(elapsed)) <= rank_after(higher, number, Seconds(elapsed))


def test_a_clock_set_back_counts_as_no_time():
    assert rank_after(0.5, 100, Seconds(-DAY)) == rank_after(0.5, 100, Seconds(0.0))


@given(st.integers(0, 99))
def test_more_responsiveness_asks_for_less(responsiveness):
    assert threshold(responsiveness + 1) < threshold(responsiveness)


def test_the_ends_of_the_scale():
    one_advertisement = heard([])
    assert one_advertisement < threshold(100) < LOUDEST_BURST, "a dozen advertisements, but more than one"
    assert heard([600.0] * 24) < threshold(0) < heard([600.0] * 60), "more than four hours, less than ten"


AGENT = KnownHomeAgent(
    address=IPv6Address("2001:db8:1::1"), prefix=IPv6Network("2001:db8:1::/64"), origin=Origin.LEARNED, rank=0.5
)


def test_the_advertised_preference_decides_between_equal_ranks_only():
    preferred = replace(AGENT, address=IPv6Address("2001:db8:1::2"), preference=9)
    better = replace(AGENT, address=IPv6Address("2001:db8:1::3"), rank=0.52)
    a_hair_better = replace(AGENT, address=IPv6Address("2001:db8:1::4"), rank=0.5001, advertisements=5)
    listed = sorted([AGENT, preferred, better, a_hair_better], key=order)
    assert listed == [better, preferred, a_hair_better, AGENT]


@given(st.permutations([replace(AGENT, address=AGENT.address + n, preference=n % 3) for n in range(6)]))
def test_the_order_does_not_depend_on_the_order_before(agents):
    by_address = sorted(agents, key=lambda agent: agent.address)
    assert sorted(agents, key=order) == sorted(by_address, key=order)
