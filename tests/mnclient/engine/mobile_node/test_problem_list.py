# SPDX-License-Identifier: GPL-2.0-or-later
from mnclient.engine.mobile_node.problem_list import ProblemList
from mnclient.model.problems import ProblemCode
from mnclient.units import Instant
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, Script, ack, only, updates

SILENT = (ProblemCode.HOME_AGENT_SILENT, "x", "y")


def test_a_problem_keeps_its_beginning_until_it_ends():
    problems = ProblemList()
    problems.update([SILENT], Instant(5.0))
    problems.update([SILENT, (ProblemCode.NO_IPV6, "", "")], Instant(9.0))
    assert [(each.code, each.since) for each in problems.all()] == [
        (ProblemCode.HOME_AGENT_SILENT, 5.0),
        (ProblemCode.NO_IPV6, 9.0),
    ]
    problems.update([], Instant(10.0))
    assert problems.all() == ()
    problems.update([SILENT], Instant(11.0))
    assert only(problems.all()).since == 11.0


def test_its_words_may_change_meanwhile():
    problems = ProblemList()
    problems.update([SILENT], Instant(5.0))
    problems.update([(SILENT[0], "x", "z")], Instant(6.0))
    assert (only(problems.all()).detail, only(problems.all()).since) == ("z", 5.0)


def test_every_problem_can_be_said_in_words():
    script = Script()
    assert script.problems() == {ProblemCode.NO_CARE_OF_ADDRESS}
    texts = [problem.text() for problem in script.node.problems(script.now)]
    assert str(HOME) in only(texts)


def test_a_refusal_names_both_sides():
    script = Script()
    script.register()
    script.pass_time(451.0)
    script.give(ack(updates(script.actions)[-1], 132))
    problem = only(each for each in script.node.problems(script.now) if each.code is ProblemCode.NOT_HOME_SUBNET)
    assert (problem.subject, problem.detail) == (str(HOME), str(AGENT))
