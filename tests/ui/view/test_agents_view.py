# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

from tests.ui import samples
from ui.view.agents_view import forgetting, rows
from ui.view.moment import moment_of

MOMENT = moment_of(samples.AWAY)


def only(**changes):
    (row,) = rows(replace(samples.AWAY, known_home_agents=(replace(samples.AGENT, **changes),)), MOMENT)
    return row


def test_the_best_is_first():
    first, second = rows(samples.AWAY, MOMENT)
    assert first.address == samples.HOME_AGENT and first.serves == (str(samples.ADDRESS),)
    assert first.heard == "1 minute ago on wlan0" and first.advertisements == "214 advertisements"
    assert second.heard == "never heard" and second.origin == "given by the administrator"
    assert len(rows(samples.CROWDED, MOMENT)) == 32


def test_what_is_heard_tomorrow_was_heard_by_another_clock():
    assert only(last_heard_time=MOMENT.time + 86400).heard.startswith("not known")
    assert only(last_heard_time=MOMENT.time - 2, interface="").heard == "just now"


def test_a_rank_that_is_none_is_bounded():
    assert [only(rank=each).rank for each in (7.0, -1.0, float("nan"))] == [1.0, 0.0, 0.0]


def test_words():
    row = only()
    assert row.describe().endswith("heard on a network, pinned, in use")
    assert "1 home address still uses it" in forgetting(row)
    assert "still" not in forgetting(replace(row, serves=()))
