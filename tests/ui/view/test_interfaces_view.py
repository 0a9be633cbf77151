# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from tests.ui import samples
from ui.view.interfaces_view import moved, rows


def state(**changes):
    (row,) = rows(samples.with_engine(interfaces=(replace(samples.WIRELESS, **changes),)))
    return row.state, row.role


def test_the_preferred_is_first():
    assert [(row.name, row.state) for row in rows(samples.AWAY)] == [
        ("eth0", "not connected"),
        ("wlan0", "in use"),
        ("wwan0", "ready to take over"),
    ]
    assert rows(samples.AWAY)[1].detail == f"{samples.CARE_OF} · reaches the home agent"
    assert "number 2 of 3: in use" in rows(samples.AWAY)[1].describe(2, 3)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"enabled": False}, ("not to be used", "quiet")),
        ({"is_up": False}, ("not connected", "quiet")),
        ({"reaches_home_agent": False}, ("in use", "warning")),
        ({"is_active": False, "reaches_home_agent": False}, ("connected", "warning")),
        ({"is_active": False}, ("connected", "quiet")),
    ],
)
def test_states(changes, expected):
    assert state(**changes) == expected


def test_a_name_in_another_script_is_isolated():
    (row,) = rows(samples.with_engine(interfaces=(replace(samples.WIRELESS, name="רשת"),)))
    assert row.name == "רשת" and row.shown != row.name and row.shown in row.describe(1, 1)


@pytest.mark.parametrize(
    "start, end, order",
    [(0, 2, "bca"), (2, 0, "cab"), (1, 1, "abc"), (0, 99, "bca"), (2, -5, "cab"), (7, 0, "abc"), (-1, 0, "abc")],
)
def test_moved(start, end, order):
    assert "".join(moved("abc", start, end)) == order
