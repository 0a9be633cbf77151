# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from mnclient.model.handover import Outcome, Stage
from mnclient.units import Instant
from tests.ui import samples
from ui.view.moment import moment_of
from ui.view.timeline_view import Part, milliseconds, moves, scale, ticks

MOMENT = moment_of(samples.AWAY)


def test_the_newest_move_is_first():
    shown = moves(samples.HANDOVERS, MOMENT)
    assert [each.number for each in shown] == [5, 4, 3, 2, 1]
    assert shown[0].title == "Home network to 2001:db8:2::/64"
    assert shown[0].took == "36 ms" and shown[0].works == pytest.approx(0.036)
    assert [each.outcome for each in shown[1:3]] == ["moved on", "failed"]
    assert shown[2].took == "" and shown[2].result == "failed" and shown[2].works is None


def test_pieces_follow_each_other_without_gap():
    (move,) = moves([samples.handover()], MOMENT)
    assert move.pieces[0].start == 0 and move.pieces[-1].end == move.total
    assert all(a.end == b.start for a, b in zip(move.pieces, move.pieces[1:], strict=False))
    assert {each.part for each in move.pieces} == set(Part)
    assert "Router heard at 21 ms, after 15 ms" in move.describe("Today")


def test_a_move_under_way_goes_on():
    (move,) = moves([samples.handover(started=samples.NOW - 3, outcome=Outcome.UNDER_WAY)], MOMENT)
    assert move.pieces[-1].stage == "Waiting" and move.total == pytest.approx(3)
    assert move.pieces[-1].part is Part.HOME_AGENT


def test_a_damaged_record_does_not_run_backwards():
    stages = ((Stage.LINK_UP, Instant(samples.NOW - 100)), (Stage.ROUTER_HEARD, Instant(samples.NOW - 61)))
    (move,) = moves([samples.handover(started=samples.NOW - 60, stages=stages)], MOMENT)
    assert [(each.start, each.end) for each in move.pieces] == [(0, 0), (0, 0)]
    (empty,) = moves([samples.handover(stages=())], MOMENT)
    assert empty.pieces == () and empty.total == 0


def test_one_slow_move_does_not_hide_the_others():
    quick = [samples.handover(number, samples.NOW - number) for number in range(1, 6)]
    slow = samples.handover(9, samples.NOW - 20, slower=100)
    shown = moves([*quick, slow], MOMENT)
    assert scale(shown) == pytest.approx(4 * 0.094)
    assert scale(moves(quick, MOMENT)) == pytest.approx(0.094)
    assert scale([]) > 0


@pytest.mark.parametrize(
    "longest, expected",
    [(0.094, (0, 0.02, 0.04, 0.06, 0.08)), (1.0, (0, 0.2, 0.4, 0.6, 0.8, 1.0)), (0.0, (0,)), (7.0, (0, 2, 4, 6))],
)
def test_ticks_are_round(longest, expected):
    assert ticks(longest) == pytest.approx(expected)


def test_words_of_the_axis():
    assert [milliseconds(each) for each in (0, 0.02, 0.0005, 2, 12)] == ["0 ms", "20 ms", "0.5 ms", "2000 ms", "12 s"]
