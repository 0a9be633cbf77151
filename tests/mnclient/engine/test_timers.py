# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of timers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mnclient.engine.timers import Timer, TimerTable
from mnclient.units import Instant

A, B = Timer.REFRESH_BINDING, Timer.BINDING_EXPIRES


def test_the_earliest_is_reported_and_popped_first():
    table = TimerTable()
    table.set(A, "x", Instant(5.0))
    table.set(B, "x", Instant(3.0))
    table.set(A, "y", Instant(4.0))
    assert table.earliest() == 3.0
    assert table.pop_due(Instant(4.5)) == [(B, "x"), (A, "y")]
    assert table.earliest() == 5.0


def test_setting_again_replaces_in_both_directions():
    table = TimerTable()
    table.set(A, "x", Instant(5.0))
    table.set(A, "x", Instant(9.0))
    assert table.earliest() == 9.0
    assert table.pop_due(Instant(8.0)) == []
    table.set(A, "x", Instant(2.0))
    assert table.deadline(A, "x") == 2.0
    assert table.pop_due(Instant(9.0)) == [(A, "x")]
    assert table.earliest() is None


def test_what_is_stopped_does_not_fire():
    table = TimerTable()
    table.set(A, "x", Instant(1.0))
    table.stop(A, "x")
    table.stop(B, "x")
    assert table.deadline(A, "x") is None
    assert table.earliest() is None
    assert table.pop_due(Instant(10.0)) == []


def test_stopped_and_set_again_to_the_same_instant_it_fires_once():
    table = TimerTable()
    table.set(A, "x", Instant(1.0))
    table.stop(A, "x")
    table.set(A, "x", Instant(1.0))
    assert table.pop_due(Instant(1.0)) == [(A, "x")]
    assert table.pop_due(Instant(1.0)) == []


def test_timers_of_one_instant_fire_in_the_order_set():
    table = TimerTable()
    for subject in "dacb":
        table.set(A, subject, Instant(1.0))
    assert [subject for _, subject in table.pop_due(Instant(1.0))] == list("dacb")


def test_thousands_of_renewals_do_not_pile_up():
    table = TimerTable()
    for turn in range(10_000):
        table.set(A, turn % 10, Instant(float(turn)))
    assert len(table._heap) <= 64 + 4 * 10 + 1
    assert table.earliest() == 9990.0


@settings(deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.tuples(st.sampled_from(["set", "stop", "pop"]), st.integers(0, 5), st.integers(0, 50)), max_size=200)
)
def test_it_behaves_like_a_plain_dictionary(operations):
    table, model = TimerTable(), {}
    for operation, subject, number in operations:
        if operation == "set":
            table.set(A, subject, Instant(float(number)))
            model[subject] = number
        elif operation == "stop":
            table.stop(A, subject)
            model.pop(subject, None)
        else:
            due = [subject for _, subject in table.pop_due(Instant(float(number)))]
            assert sorted(due) == sorted(each for each, at in model.items() if at <= number)
            assert [model[each] for each in due] == sorted(model[each] for each in due)
            model = {each: at for each, at in model.items() if at > number}
        assert table.earliest() == min(model.values(), default=None)
