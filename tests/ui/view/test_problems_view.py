# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.model.problems import ProblemCode
from tests.ui import samples
from ui.view.moment import moment_of
from ui.view.problems_view import KEYS, rows

MOMENT = moment_of(samples.CROWDED)


def test_the_worst_is_first_and_every_problem_has_its_words():
    shown = rows(samples.CROWDED, MOMENT)
    assert {row.code for row in shown} == set(ProblemCode)
    roles = [row.role for row in shown]
    assert roles == sorted(roles, key=["bad", "warning", "accent"].index)
    assert all(row.title and row.remedy and "{" not in row.text + row.remedy for row in shown)
    assert all(bool(row.place) == bool(row.action) for row in shown)


def test_a_young_problem_is_not_told_about_until_it_has_lasted():
    young = samples.with_engine(problems=(samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW - 1),))
    assert rows(young, moment_of(young)) == ()
    (row,) = rows(young, moment_of(young, elapsed=10))
    assert row.since == "for 11 s"


def test_where_it_can_be_mended():
    keyless = samples.with_engine(problems=(samples.problem(ProblemCode.PROTECTION_MISSING),))
    assert rows(keyless, MOMENT)[0].place == KEYS


def test_braces_in_a_detail_are_only_braces():
    odd = samples.with_engine(problems=(samples.problem(ProblemCode.NETWORK_REFUSED, detail="{x}\n{0}"),))
    assert "{x}" in rows(odd, MOMENT)[0].text


def test_a_problem_of_tomorrow_is_just_beginning():
    future = samples.with_engine(problems=(samples.problem(ProblemCode.NO_HOME_AGENT, since=samples.NOW + 900),))
    assert rows(future, MOMENT) == ()
