# SPDX-License-Identifier: GPL-2.0-or-later
import math

import pytest

from ui.view.wording import ago, duration, isolated, lasting, left, octets, rate, sentence, shortened


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "0 ms"),
        (0.0384, "38 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (1.24, "1.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3599, "1 h"),
        (3600 + 300, "1 h 5 min"),
        (3 * 86400, "3 days"),
        (-5, "0 ms"),
        (math.inf, "0 ms"),
        (math.nan, "0 ms"),
    ],
)
def test_duration(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "just now"),
        (-4, "just now"),  # two clocks never agree quite
        (-3600, "not known: the clock was changed"),
        (math.nan, "not known: the clock was changed"),
        (12, "12 seconds ago"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (86400 * 400, "400 days ago"),
    ],
)
def test_ago(seconds, words):
    assert ago(seconds) == words


def test_left_and_lasting():
    assert left(0) == left(-3) == "ended"
    assert left(0.2) == "1.0 s left"
    assert left(580) == "10 min left"
    assert left(math.inf) == "without end"
    assert lasting(-9) == lasting(1) == "since just now"
    assert lasting(61) == "for 1 min"


@pytest.mark.parametrize(
    "count, words",
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (999_600, "1.0 MB"),
        (20e6, "20 MB"),
        (7e15, "7000 TB"),
        (-1, "0 B"),
    ],
)
def test_octets(count, words):
    assert octets(count) == words
    assert rate(count) == words + "/s"


def test_names_keep_their_place_in_a_sentence():
    assert isolated("wlan0") == "wlan0"
    assert isolated("שלום") == "\N{FIRST STRONG ISOLATE}שלום\N{POP DIRECTIONAL ISOLATE}"
    assert "\n" not in isolated("a\nb") and "\N{RIGHT-TO-LEFT OVERRIDE}" not in isolated("a\N{RIGHT-TO-LEFT OVERRIDE}b")


def test_what_is_isolated_already_stays_so():
    once = isolated("שלום")
    assert isolated(once) == once
    assert isolated(f"on {once}") == f"\N{FIRST STRONG ISOLATE}on {once}\N{POP DIRECTIONAL ISOLATE}"
    assert "\N{POP DIRECTIONAL ISOLATE}" not in isolated("a\N{POP DIRECTIONAL ISOLATE}b")[:-1]
    assert isolated("a\N{FIRST STRONG ISOLATE}b").count("\N{FIRST STRONG ISOLATE}") == 1


def test_shortened_and_sentence():
    assert shortened("abcdefgh", 8) == "abcdefgh"
    assert shortened("abcdefghi", 5) == "ab…hi"
    assert len(shortened("x" * 4000, 40)) == 40
    assert sentence(["One", "", "Two?", "Three."]) == "One. Two? Three."
