# SPDX-License-Identifier: GPL-2.0-or-later
"""Timestamps against replay: their format, what a home agent takes, and what a mobile node sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.constants import LEAST_REPLAY_WINDOW, REPLAY_WINDOW
from mnclient.security.timestamps import (
    TimestampSource,
    Verdict,
    correction,
    from_ntp,
    is_later,
    judge,
    mismatch_answer,
    to_ntp,
)
from mnclient.units import Seconds
from tests.mnclient.wire.strategies import thorough

NOW = 1_800_000_000.25
END_OF_ERA = 2_085_978_496.0  # 7 February 2036, 06:28:16 UTC, as seconds since 1970


def test_format() -> None:
    assert to_ntp(0.0) == 2_208_988_800 << 32
    assert to_ntp(0.5) == 2_208_988_800 << 32 | 1 << 31
    assert to_ntp(END_OF_ERA) == 0


@thorough
@given(time=st.floats(0, 10_000_000_000), noise=st.integers(0, 0xFFF))
def test_there_and_back(time: float, noise: int) -> None:
    assert from_ntp(to_ntp(time, noise), time) == pytest.approx(time, abs=4e-6)


@pytest.mark.requirement("RFC4285-MN-6-01")
def test_bits_below_the_clock_are_random() -> None:
    assert {to_ntp(NOW, noise) & 0xFFF for noise in (1, 2, 0xFFF)} == {1, 2, 0xFFF}
    assert to_ntp(NOW, 0xFFF) >> 12 == to_ntp(NOW, 0) >> 12


@pytest.mark.requirement("RFC4285-HA-6-01")
@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (0.0, Verdict.FRESH),
        (-6.999, Verdict.FRESH),
        (6.999, Verdict.FRESH),
        (-7.001, Verdict.OUT_OF_WINDOW),
        (7.001, Verdict.OUT_OF_WINDOW),
        (86400.0, Verdict.OUT_OF_WINDOW),
    ],
)
@pytest.mark.parametrize("now", [NOW, END_OF_ERA, END_OF_ERA + 3.0])
def test_window(difference: float, verdict: Verdict, now: float) -> None:
    assert judge(to_ntp(now + difference), now=now, window=REPLAY_WINDOW, last=None) is verdict


@pytest.mark.requirement("RFC4285-HA-6-01")
def test_nothing_older_than_what_was_accepted() -> None:
    last = to_ntp(NOW)
    assert judge(last, now=NOW, window=REPLAY_WINDOW, last=last) is Verdict.NOT_NEWER
    assert judge(last - 1, now=NOW, window=REPLAY_WINDOW, last=last) is Verdict.NOT_NEWER
    assert judge(last + 1, now=NOW, window=REPLAY_WINDOW, last=last) is Verdict.FRESH


def test_the_next_era_is_later() -> None:
    assert is_later(to_ntp(END_OF_ERA + 1), to_ntp(END_OF_ERA - 1))
    assert not is_later(to_ntp(END_OF_ERA - 1), to_ntp(END_OF_ERA + 1))


def test_the_least_window() -> None:
    assert Seconds(3.0) == LEAST_REPLAY_WINDOW < REPLAY_WINDOW


@pytest.mark.requirement("RFC4285-HA-6-02")
def test_answer_to_a_mismatch() -> None:
    answer = mismatch_answer(0x1111_1111_2222_2222, NOW)
    assert answer >> 32 == to_ntp(NOW) >> 32
    assert answer & 0xFFFFFFFF == 0x2222_2222


@pytest.mark.requirement("RFC4285-MN-6-02")
@thorough
@given(skew=st.floats(-1e7, 1e7))
def test_a_skewed_clock_recovers_in_one_round(skew: float) -> None:
    source = TimestampSource()
    refused = source.next(NOW + skew, 5)
    source.correct(mismatch_answer(refused, NOW), NOW + skew)
    assert judge(source.next(NOW + skew + 0.1, 6), now=NOW + 0.1, window=Seconds(3.001), last=None) is Verdict.FRESH


def test_correction_is_within_a_second() -> None:
    assert correction(mismatch_answer(0, NOW), NOW) == pytest.approx(0.0, abs=1.0)
    assert correction(mismatch_answer(0, NOW - 100), NOW) == pytest.approx(-100.0, abs=1.0)


@pytest.mark.requirement("RFC4285-MN-6-01")
@thorough
@given(times=st.lists(st.floats(NOW - 1000, NOW + 1000), min_size=2, max_size=20), noise=st.integers(0, 0xFFF))
def test_each_is_larger_than_the_last_wherever_the_clock_goes(times: list[float], noise: int) -> None:
    source = TimestampSource()
    sent = [source.next(time, noise) for time in times]
    assert sent == sorted(set(sent))


@pytest.mark.requirement("RFC4285-MN-6-01")
def test_larger_than_what_was_accepted_before_a_restart() -> None:
    before = TimestampSource()
    timestamp = before.next(NOW, 0)
    before.accept(timestamp)
    after = TimestampSource(offset=before.offset, accepted=before.accepted)
    assert is_later(after.next(NOW - 3600, 0), timestamp)


@pytest.mark.requirement("RFC4285-MN-6-01")
def test_a_correction_never_goes_behind_what_was_accepted() -> None:
    source = TimestampSource()
    accepted = source.next(NOW, 0)
    source.accept(accepted)
    ahead = source.next(NOW + 5000, 0)
    source.correct(mismatch_answer(ahead, NOW - 60), NOW)
    assert is_later(source.next(NOW, 0), accepted)


def test_what_was_refused_binds_nobody() -> None:
    source = TimestampSource()
    ahead = source.next(NOW + 5000, 0)
    source.correct(mismatch_answer(ahead, NOW), NOW + 5000)
    assert is_later(ahead, source.next(NOW + 5000, 0))
