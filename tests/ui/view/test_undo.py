# SPDX-License-Identifier: GPL-2.0-or-later
from ui.view.undo import MAX_LEVELS, Change, Request, UndoStack


def change(subject="a.b", value=True, back=("old",)):
    requests = tuple(Request("set_setting", (subject, each)) for each in back)
    return Change(
        title=f"{subject} = {value}",
        subject=subject,
        forward=Request("set_setting", (subject, str(value))),
        back=requests,
        value=value,
    )


def test_the_last_change_is_undone_first():
    first, second = change(), change("c.d", 5)
    stack = UndoStack().with_change(first).with_change(second)
    assert stack.last is second
    assert stack.without_change(second).last is first
    assert stack.without_change(second).without_change(first).last is None


def test_levels_are_bounded():
    stack = UndoStack()
    for number in range(MAX_LEVELS + 10):
        stack = stack.with_change(change(value=number))
    assert len(stack.changes) == MAX_LEVELS
    assert stack.last and stack.last.value == MAX_LEVELS + 9


def test_what_cannot_be_undone_ends_the_way_back_of_its_subject_alone():
    other = change("c.d")
    stack = UndoStack().with_change(change()).with_change(other).with_change(change(back=()))
    assert stack.changes == (other,)


def test_changes_that_somebody_else_has_overwritten_are_forgotten():
    mine, other = change(value=False), change("c.d", 7)
    stack = UndoStack().with_change(mine).with_change(other)
    assert stack.after_reading({"a.b": False, "c.d": 7}) is stack
    assert stack.after_reading({"a.b": True, "c.d": 7}).changes == (other,)
    assert stack.after_reading({"unrelated": 1}) is stack


def test_only_the_newest_value_of_a_setting_has_to_be_in_force():
    stack = UndoStack().with_change(change(value=1)).with_change(change(value=2))
    assert stack.after_reading({"a.b": 2}) is stack
    assert stack.after_reading({"a.b": 1}).changes == ()
