# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from ui.view.traffic_view import RECEIVED, SENT, Reading, extended, points, reading, summary, top


def readings(*counts, step=1.0):
    return tuple(Reading(number * step, count, 2 * count) for number, count in enumerate(counts))


def test_rates():
    (first, second) = points(readings(0, 500, 1500, step=0.5), now=1.0)
    assert (first.age, first.received, first.sent) == (0.5, 1000, 2000)
    assert (second.age, second.received) == (0.0, 2000)
    assert summary((first, second)) == "Received 2.0 kB/s, sent 4.0 kB/s."


def test_a_restart_is_a_gap_and_not_a_fall():
    shown = points(readings(1000, 5000, 10), now=2.0)
    assert shown[1].received is None and "started again" in summary(shown)
    assert top(shown) == 10_000


def test_only_what_is_shown_is_kept():
    kept = ()
    for second in range(1000):
        kept = extended(kept, Reading(float(second), second, second))
    assert len(kept) == 123 and kept[-1].time == 999
    assert len(extended(kept, Reading(998.5, 0, 0))) == 123  # a second answer for the same time takes its place


@pytest.mark.parametrize(
    "highest, end", [(0, 1000), (1000, 1000), (1001, 2000), (2001, 5000), (5001, 10_000), (3e9, 5e9)]
)
def test_the_axis_ends_at_a_round_number(highest, end):
    assert top(points(readings(0, highest / 2), now=1.0)) == end


def test_a_service_that_does_not_count():
    assert reading(1.0, {}) is None
    assert reading(1.0, {RECEIVED: 5, SENT: 6}) == Reading(1.0, 5, 6)
    assert summary(()) == "Nothing measured yet."
