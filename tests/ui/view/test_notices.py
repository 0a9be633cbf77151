# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.handover import Outcome
from mnclient.model.problems import ProblemCode
from mnclient.units import Instant, Seconds
from tests.ui import samples
from ui.view.notices import GAP, QUIET_AFTER_SLEEP, QUIET_AT_START, SERVICE_MAY_BE_AWAY, Close, Moment, Notices, Place
from ui.view.tray_view import Snapshot

LOST = Snapshot("absent", None, "The mnclient service is not running", "start it")
BROKEN = samples.PROBLEM


class Person:
    """Looks at a notification now and then. Time goes on only when it is told to."""

    def __init__(self, status=samples.AWAY, muted=()):
        self.notices, self.now, self.asleep, self.muted = Notices(), samples.NOW, 0.0, muted
        self.see(status)
        self.wait(QUIET_AT_START + 1)

    def see(self, status):
        self.snapshot = status if isinstance(status, Snapshot) else Snapshot("ready", status)
        return self.look()

    def look(self):
        return self.notices.look(self.snapshot, self.moment, self.muted)

    @property
    def moment(self):
        return Moment(Instant(self.now), Seconds(self.asleep))

    def wait(self, seconds):
        self.now += seconds
        return self.look()

    @property
    def next_look(self):
        return self.notices.next_look(self.snapshot, self.moment)


def titles(orders):
    return [order if isinstance(order, Close) else order.title for order in orders]


def moved(number=6, started=samples.NOW + 100, **changes):
    return replace(samples.AWAY, handovers=(*samples.HANDOVERS, samples.handover(number, started, **changes)))


def test_a_question_is_asked_once():
    person = Person()
    (asked,) = person.see(samples.QUESTION)
    assert (asked.kind, asked.place, asked.address) == ("proposal", Place.PROPOSAL, samples.PROPOSED)
    assert asked.body.startswith(f"Use {samples.PROPOSED} as a home address?")
    assert person.wait(1000) == []
    assert person.see(samples.AWAY) == [Close(Place.PROPOSAL)]
    assert person.see(samples.AWAY) == []


def test_the_next_question_replaces_the_one_that_was_answered():
    person = Person()
    second = replace(samples.PROPOSAL, address=samples.SECOND_ADDRESS, proposed_time=samples.PROPOSAL.proposed_time + 1)
    person.see(replace(samples.AWAY, proposals=(samples.PROPOSAL, second)))
    assert person.see(replace(samples.AWAY, proposals=(second,))) == [Close(Place.PROPOSAL)]  # not all at once
    assert person.next_look == GAP
    assert [order.address for order in person.wait(GAP)] == [samples.SECOND_ADDRESS]


def test_a_question_from_before_the_start_is_asked_a_little_later():
    notices = Notices()
    early = Moment(samples.NOW)
    snapshot = Snapshot("ready", samples.QUESTION)
    assert notices.look(snapshot, early) == []
    assert notices.next_look(snapshot, early) == QUIET_AT_START
    assert len(notices.look(snapshot, Moment(Instant(samples.NOW + QUIET_AT_START)))) == 1


def test_a_finished_move_is_told():
    person = Person()
    (told,) = person.see(moved())
    assert (told.kind, told.title) == ("handover", "Moved to another network")
    assert told.body == "2001:db8:1::10 goes on over wlan0, after 36 ms."
    assert person.wait(100) == []


def test_the_first_move_is_told_too():
    person = Person(replace(samples.AWAY, handovers=()))
    assert titles(person.see(moved(to_network="home"))) == ["Back home"]


def test_a_move_that_is_under_way_or_failed_is_not_told():
    person = Person()
    for outcome in (Outcome.UNDER_WAY, Outcome.FAILED, Outcome.SUPERSEDED):
        assert person.see(moved(outcome=outcome)) == []


def test_moves_in_quick_succession_are_told_once():
    person = Person()
    assert len(person.see(moved(6, samples.NOW + 20))) == 1
    assert person.see(moved(7, samples.NOW + 22)) == []
    assert person.wait(GAP) == []  # old news


def test_a_problem_and_its_end():
    person = Person()
    (told,) = person.see(BROKEN)
    assert told.urgent and told.title == "The home agent refused the registration"
    assert person.wait(1000) == []
    (told,) = person.see(samples.AWAY)
    assert (told.kind, told.place, told.title) == ("recovery", Place.PROBLEM, "All is well again")
    assert person.wait(1000) == []


def test_a_problem_that_ends_elsewhere_than_in_a_working_address_is_just_closed():
    person = Person()
    person.see(BROKEN)
    assert person.see(samples.NO_NETWORK) == [Close(Place.PROBLEM)]


def test_a_problem_is_told_when_it_has_lasted():
    person = Person()
    started = samples.problem(ProblemCode.HOME_AGENT_SILENT, since=person.now)
    assert person.see(samples.with_engine(problems=(started,))) == []
    assert person.next_look == 5.0
    assert titles(person.wait(5.0)) == ["The home agent does not answer"]
    assert person.next_look is None


def test_a_problem_that_was_gone_before_it_lasted_is_never_told():
    person = Person()
    started = samples.problem(ProblemCode.HOME_AGENT_SILENT, since=person.now)
    assert person.see(samples.with_engine(problems=(started,))) == []
    person.now += 2
    assert person.see(samples.AWAY) == []


def test_what_comes_and_goes_does_not_pile_up():
    person = Person()
    told = 0
    for _ in range(60):  # two minutes of coming and going
        told += len(person.see(BROKEN))
        person.now += 1
        told += len(person.see(samples.AWAY))
        person.now += 1
    assert told <= 2 * (120 / GAP + 1)


def test_a_postponed_problem_is_told_later():
    person = Person()
    person.see(BROKEN)
    person.see(samples.AWAY)
    assert person.see(BROKEN) == []
    assert person.next_look == GAP
    assert titles(person.wait(GAP)) == ["The home agent refused the registration"]


def test_one_of_two_problems_ends():
    person = Person()
    both = samples.with_engine(
        BROKEN, problems=(*BROKEN.engine.problems, samples.problem(ProblemCode.NO_IPV6, subject="", detail="sysctl"))
    )
    (told,) = person.see(both)
    rest = tuple(each for each in both.engine.problems if each.declaration.title != told.title)
    assert person.see(samples.with_engine(BROKEN, problems=rest)) == [Close(Place.PROBLEM)]


def test_a_warning_from_before_the_start_is_old_news():
    risky = samples.with_engine(problems=(samples.problem(ProblemCode.UNPROTECTED_SIGNALLING),))
    assert Person(risky).wait(1000) == []
    assert titles(Person().see(risky)) == ["Registrations are not protected"]


def test_an_error_from_before_the_start_is_told_once_things_have_settled():
    notices = Notices()
    notices.look(Snapshot("ready", BROKEN), Moment(samples.NOW))
    assert len(notices.look(Snapshot("ready", BROKEN), Moment(Instant(samples.NOW + QUIET_AT_START)))) == 1


def test_waking_up_is_quiet():
    person = Person()
    person.now, person.asleep = person.now + 3600, person.asleep + 3590
    assert person.see(BROKEN) == []
    assert person.see(moved(started=person.now)) == []
    assert person.next_look == QUIET_AFTER_SLEEP
    person.see(BROKEN)
    assert titles(person.wait(QUIET_AFTER_SLEEP)) == ["The home agent refused the registration"]


def test_what_ended_while_the_machine_slept_is_closed_without_a_word():
    person = Person()
    person.see(BROKEN)
    person.now, person.asleep = person.now + 3600, person.asleep + 3590
    assert person.see(samples.AWAY) == [Close(Place.PROBLEM)]


def test_a_clock_that_jumps_back_does_not_silence_for_long():
    person = Person()
    person.see(BROKEN)
    person.see(samples.AWAY)
    person.now -= 4000
    assert titles(person.see(samples.with_engine(problems=(
        samples.problem(ProblemCode.NO_IPV6, since=0.0),)))) == ["This machine has no IPv6"]  # fmt: skip


def test_a_service_that_restarts_is_no_news():
    person = Person()
    assert person.see(LOST) == []
    assert person.next_look == SERVICE_MAY_BE_AWAY
    person.now += 5
    assert person.see(samples.AWAY) == []


def test_a_service_that_stays_away_is_told_and_so_is_its_return():
    person = Person()
    person.see(LOST)
    (told,) = person.wait(SERVICE_MAY_BE_AWAY)
    assert (told.title, told.body) == ("The mnclient service is not running", "start it")
    assert person.next_look is None
    assert titles(person.see(samples.AWAY)) == ["All is well again"]


def test_a_service_that_never_was_there_is_not_missed():
    assert Person(LOST).wait(1000) == []


def test_a_question_of_a_service_that_went_is_taken_away():
    person = Person()
    person.see(samples.QUESTION)
    assert person.see(LOST) == [Close(Place.PROPOSAL)]


@pytest.mark.parametrize("kind, status", [("proposal", samples.QUESTION), ("handover", moved()), ("problem", BROKEN)])
def test_each_kind_can_be_muted(kind, status):
    assert Person().see(status) != []
    assert Person(muted=(kind,)).see(status) == []


def test_a_muted_recovery_still_takes_the_problem_away():
    person = Person(muted=("recovery",))
    person.see(BROKEN)
    assert person.see(samples.AWAY) == [Close(Place.PROBLEM)]


def test_nothing_to_wait_for_needs_no_timer():
    assert Person().next_look is None


def test_the_clock_of_the_service_may_be_another_one():
    notices = Notices()
    started = samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW)
    snapshot = Snapshot("ready", samples.with_engine(problems=(started,)))
    ahead = Seconds(samples.NOW - 50.0)
    assert notices.look(snapshot, Moment(Instant(50.0), ahead=ahead)) == []
    assert notices.next_look(snapshot, Moment(Instant(50.0), ahead=ahead)) == 5.0
    assert len(notices.look(snapshot, Moment(Instant(50.0 + QUIET_AT_START), ahead=ahead))) == 1
