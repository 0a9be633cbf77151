# SPDX-License-Identifier: GPL-2.0-or-later
"""Backoff and rate limit."""

import pytest

from mnclient.engine.retransmission import Backoff, RateLimit
from mnclient.units import Instant, Seconds


@pytest.mark.requirement("MN-11.8-05")
def test_timeouts_double_up_to_the_ceiling():
    backoff = Backoff(Seconds(1.5))
    assert not backoff.at_ceiling
    assert [backoff.next_timeout() for _ in range(7)] == [1.5, 3, 6, 12, 24, 32, 32]
    assert backoff.attempts == 7
    assert backoff.at_ceiling


def test_the_ceiling_is_known_as_soon_as_timeouts_no_longer_grow():
    backoff = Backoff(Seconds(1.0), ceiling=Seconds(4.0))
    assert [(backoff.next_timeout(), backoff.at_ceiling) for _ in range(3)] == [(1, False), (2, True), (4, True)]


def test_three_a_second_and_no_more():
    limit = RateLimit(3)
    permitted = []
    for tenth in range(30):
        now = Instant(tenth / 10)
        if limit.permits(now):
            limit.record(now)
            permitted.append(tenth)
    assert permitted == [0, 1, 2, 10, 11, 12, 20, 21, 22]


def test_the_next_permission_is_a_second_after_the_third_last():
    limit = RateLimit(3)
    for at in (10.0, 10.25, 10.5):
        assert limit.next_permission(Instant(at)) == at
        limit.record(Instant(at))
    assert not limit.permits(Instant(10.75))
    assert limit.next_permission(Instant(10.75)) == 11.0
    assert limit.permits(Instant(11.0))


def test_what_it_says_about_the_next_time_is_true_however_the_sum_is_rounded():
    for start in (0.1, 1000.3, 98765.4321, 1e6 + 0.7, 3.3e9 + 0.1):
        limit = RateLimit(1)
        limit.record(Instant(start))
        assert limit.permits(limit.next_permission(Instant(start))), start
