# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.handover import Outcome, Stage
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as Is
from mnclient.model.status import Phase
from mnclient.units import Instant
from tests.ui import samples
from tests.ui.wizard.people import AGENT, FIRST, NOBODY, START, at_home, trying, works
from ui.view.trial_answers import PRECEDENCE, refused, without_service
from ui.view.trial_view import SLOW_AFTER, UNVERIFIED_AFTER, Progress, Step, Trial, Verdict, seconds_text
from ui.view.wizard_flow import State

T0 = START.engine.now
NEW = Trial(address=FIRST, agent=AGENT)
BEGUN = NEW.begun(T0)


def after(seconds):
    return Instant(T0 + seconds)


def progress(trial, seconds=0.5):
    return {row.step: row.progress for row in trial.view(after(seconds)).rows}


def shows(trial, seconds=0.5):
    return trial.view(after(seconds)).verdict


def problem(code, detail="", subject=str(FIRST), since=0.0):
    return samples.problem(code, subject=subject, detail=detail, since=since)


def test_a_new_key_works_when_the_home_agent_has_accepted_that_one():
    trial = replace(BEGUN, new_spi=4097)
    before = replace(works(FIRST).engine.home_addresses[0], accepted_spi=9001)
    status = replace(works(FIRST), engine=replace(works(FIRST).engine, home_addresses=(before,)))
    assert progress(trial.seen(status))[Step.ASKED] is Progress.DONE
    assert not trial.seen(status).is_answered and shows(trial.seen(status)) is Verdict.RUNNING
    assert BEGUN.seen(status).is_answered
    accepted = replace(before, accepted_spi=4097)
    seen = trial.seen(replace(status, engine=replace(status.engine, home_addresses=(accepted,))))
    assert seen.is_answered and shows(seen) is Verdict.WORKS
    late = trial.seen(status).view(after(SLOW_AFTER + 1))
    assert late.verdict is Verdict.FAILED and "does not accept the new key" in late.answer.title
    assert shows(trial.seen(at_home(FIRST))) is Verdict.AT_HOME


@pytest.mark.parametrize(
    "code, words",
    [
        (ProblemCode.KEY_REJECTED, "does not accept the key"),
        (ProblemCode.KEY_NOT_AVAILABLE, "not here yet"),
        (ProblemCode.PROTECTION_IMPOSSIBLE, "cannot use this key"),
        (ProblemCode.HOME_NOT_PROVED, "does not prove it"),
    ],
)
def test_what_is_wrong_with_the_key_is_said(code, words):
    silent = problem(ProblemCode.HOME_AGENT_SILENT)
    status = trying(FIRST, problems=(silent, problem(code, detail=str(AGENT))))
    answer = BEGUN.seen(status).view(after(0.5)).answer
    assert words in answer.title and "{" not in answer.title + answer.text + answer.todo


def test_nothing_runs_out_while_a_password_is_looked_for():
    view = NEW.view(after(10_000))
    assert view.verdict is Verdict.RUNNING and view.answer is None
    assert [row.progress for row in view.rows] == [Progress.BUSY, *[Progress.WAITING] * 4]


def test_stages_of_a_trial_abroad():
    searching = trying(FIRST, Is.SEARCHING, after=0.05, care_of_address=None)
    steps = [
        (searching, Step.ACCEPTED),
        (trying(FIRST, Is.WAITING, after=0.1), Step.NETWORK),
        (trying(FIRST, Is.REGISTERING, after=0.2), Step.ASKED),
        (trying(FIRST, Is.REGISTERED, after=0.3, registered=True), Step.ANSWERED),
        (works(FIRST), Step.VERIFIED),
    ]
    trial = BEGUN
    for status, last in steps:
        trial = trial.seen(status)
        seen = progress(trial)
        done = list(Step)[: list(Step).index(last) + 1]
        assert [each for each, how in seen.items() if how is Progress.DONE] == done
        assert [how for how in seen.values() if how is not Progress.DONE][:1] in ([Progress.BUSY], [])
    assert shows(trial) is Verdict.WORKS
    assert [row.time for row in trial.view(after(9)).rows] == ["50 ms", "100 ms", "200 ms", "300 ms", "300 ms"]
    assert trial.view(after(9)).elapsed == "300 ms"


def test_a_stage_keeps_the_time_at_which_it_was_first_seen():
    trial = BEGUN.seen(trying(FIRST, after=0.2)).seen(trying(FIRST, after=5.0))
    assert dict(trial.reached)[Step.ASKED] == after(0.2)


def test_times_of_a_move_win_and_those_of_an_earlier_one_do_not():
    move = samples.handover(9, T0 + 0.01, Outcome.UNDER_WAY, home_address=FIRST)
    old = replace(move, number=8, started=after(-50), stages=((Stage.BINDING_UPDATE, after(-49)),))
    status = replace(trying(FIRST, after=0.2), handovers=(old, move))
    assert dict(BEGUN.seen(status).reached)[Step.ASKED] == pytest.approx(T0 + 0.01 + 0.0235)
    assert dict(BEGUN.seen(replace(status, handovers=(old,))).reached)[Step.ASKED] == after(0.2)


def test_at_home():
    trial = BEGUN.seen(trying(FIRST, Is.DETECTING, care_of_address=None))
    assert progress(trial) == {Step.ACCEPTED: Progress.DONE, Step.NETWORK: Progress.DONE, Step.UNIQUE: Progress.BUSY}
    trial = trial.seen(at_home(FIRST))
    assert shows(trial) is Verdict.AT_HOME and set(progress(trial).values()) == {Progress.DONE}


def test_a_move_during_the_trial_from_home_to_abroad():
    trial = BEGUN.seen(trying(FIRST, Is.DETECTING, care_of_address=None)).seen(trying(FIRST, after=1.0))
    assert progress(trial)[Step.ASKED] is Progress.DONE and shows(trial) is Verdict.RUNNING


def test_what_is_no_longer_true_is_not_done():
    trial = BEGUN.seen(trying(FIRST, Is.REGISTERED, registered=True)).seen(trying(FIRST, Is.REGISTERING, after=1.0))
    assert progress(trial)[Step.ANSWERED] is Progress.BUSY


@pytest.mark.parametrize("code", PRECEDENCE)
def test_every_problem_has_a_plain_answer(code):
    states = {ProblemCode.HOME_ADDRESS_DUPLICATE: Is.DUPLICATE, ProblemCode.PROTECTION_MISSING: Is.UNPROTECTED}
    trial = BEGUN.seen(trying(FIRST, states.get(code, Is.REGISTERING), problems=(problem(code, "the reason"),)))
    view = trial.view(after(1))
    assert view.verdict is Verdict.FAILED and view.answer is not None
    words = f"{view.answer.title} {view.answer.text} {view.answer.todo}"
    assert view.answer.title and view.answer.todo and "mnctl" not in words and "{" not in words
    assert Progress.FAILED in progress(trial).values()
    assert view.answer.may_keep is (code is ProblemCode.NOT_VERIFIED)


def test_the_worst_problem_is_told():
    both = (problem(ProblemCode.HOME_AGENT_SILENT), problem(ProblemCode.HOME_ADDRESS_DUPLICATE))
    assert BEGUN.seen(trying(FIRST, problems=both)).view(after(1)).answer.mend is State.ADDRESS


def test_problems_of_others_and_young_ones_are_not_told():
    other = problem(ProblemCode.REGISTRATION_REFUSED, subject=str(samples.ADDRESS))
    young = problem(ProblemCode.HOME_AGENT_SILENT, since=T0)
    trial = BEGUN.seen(trying(FIRST, problems=(other, young)))
    assert shows(trial) is Verdict.RUNNING
    assert shows(trial.seen(trying(FIRST, problems=(other, young)), after(6))) is Verdict.FAILED


def test_unprotected_signalling_is_not_a_failure():
    trial = BEGUN.seen(trying(FIRST, problems=(problem(ProblemCode.UNPROTECTED_SIGNALLING),)))
    assert shows(trial) is Verdict.RUNNING


def test_it_goes_on_when_the_problem_is_over():
    silent = trying(FIRST, problems=(problem(ProblemCode.HOME_AGENT_SILENT),))
    trial = BEGUN.seen(silent)
    assert shows(trial) is Verdict.FAILED
    assert shows(trial.seen(works(FIRST))) is Verdict.WORKS


def test_waiting_too_long_is_an_answer():
    assert shows(BEGUN, SLOW_AFTER - 0.1) is Verdict.RUNNING
    view = BEGUN.view(after(SLOW_AFTER))
    assert view.verdict is Verdict.FAILED and view.answer is not None and "20" in view.answer.text


def test_yes_is_enough_where_nobody_verifies():
    trial = BEGUN.seen(trying(FIRST, Is.REGISTERED, after=0.0, registered=True))
    assert shows(trial, UNVERIFIED_AFTER - 0.1) is Verdict.RUNNING
    assert shows(trial, UNVERIFIED_AFTER) is Verdict.WORKS
    assert progress(trial, UNVERIFIED_AFTER)[Step.VERIFIED] is Progress.WAITING


def test_no_network_at_all():
    down = replace(samples.WIRELESS, is_up=False)
    status = trying(FIRST, Is.WAITING, care_of_address=None)
    status = replace(status, engine=replace(status.engine, phase=Phase.NO_NETWORK, interfaces=(down,)))
    assert "not connected" in BEGUN.seen(status).view(after(1)).answer.title


def test_switched_off():
    off = replace(NOBODY, engine=replace(NOBODY.engine, phase=Phase.OFF))
    assert shows(NEW.seen(off)) is Verdict.RUNNING  # the service has not begun
    assert shows(BEGUN.seen(off)) is Verdict.FAILED


def test_lost_stays_lost():
    trial = BEGUN.seen(trying(FIRST)).seen(START)
    assert trial.is_lost and shows(trial) is Verdict.FAILED
    assert shows(trial.seen(works(FIRST))) is Verdict.FAILED


def test_an_address_that_is_not_there_yet_is_waited_for():
    assert shows(BEGUN.seen(START)) is Verdict.RUNNING


def test_a_clock_that_jumps_back():
    trial = BEGUN.seen(trying(FIRST, after=0.2))
    view = trial.view(Instant(0.0))
    assert view.verdict is Verdict.RUNNING and view.elapsed == "0 ms"


@pytest.mark.parametrize(
    "seconds, words",
    [(-3, "0 ms"), (0.0364, "36 ms"), (0.9994, "999 ms"), (1.25, "1.2 s"), (59.0, "59.0 s"), (125, "2 min")],
)
def test_durations(seconds, words):
    assert seconds_text(seconds) == words


def test_words_of_the_service_become_sentences():
    from mnclient.errors import MobileIPv6Error

    assert refused(MobileIPv6Error("No", hint="ask somebody")).text == "Ask somebody."
    assert without_service("", "").title == "The service is not there"
