# SPDX-License-Identifier: GPL-2.0-or-later
"""A trial registration as it goes on: stages with their times, and in the end a plain answer.

    trial = Trial(address=address, agent=agent)
    trial = trial.begun(now)            # the service said that it tries
    trial = trial.seen(status)          # with every status
    show(trial.view(now))

A new address has no move in the list of handovers before its second network, so the time of a stage is that of its
move where there is one, and otherwise that of the first status that showed it.
"""

from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.handover import Handover, Stage
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import HomeAddressState, HomeAddressStatus, Phase
from mnclient.units import Instant, Seconds, between
from ui.texts import mark, tr
from ui.view import trial_answers
from ui.view.trial_answers import Answer

SLOW_AFTER: Final = Seconds(20.0)
"""Nothing new for so long, and the person is told."""
UNVERIFIED_AFTER: Final = Seconds(15.0)
"""Registered for so long, and no test packet was even tried: verification is switched off, and yes is all there is."""


class Step(Enum):
    """What a person sees happen, in order."""

    ACCEPTED = "accepted"
    NETWORK = "network"
    ASKED = "asked"
    ANSWERED = "answered"
    VERIFIED = "verified"
    UNIQUE = "unique"  # at home


class Progress(Enum):
    """How far one of them is."""

    WAITING = "waiting"
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"


class Verdict(Enum):
    """How the trial stands."""

    RUNNING = "running"
    WORKS = "works"
    AT_HOME = "at-home"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StageRow:
    """One line. `time` is empty until it is done."""

    step: Step
    title: str
    progress: Progress
    time: str = ""


@dataclass(frozen=True, slots=True)
class TrialView:
    """Everything the page shows."""

    rows: tuple[StageRow, ...]
    verdict: Verdict
    answer: Answer | None = None
    elapsed: str = ""


_TITLES: Final = {
    Step.ACCEPTED: mark("The service begins the trial"),
    Step.NETWORK: mark("A network is found"),
    Step.ASKED: mark("The home agent is asked"),
    Step.ANSWERED: mark("The home agent says yes"),
    Step.VERIFIED: mark("A packet comes back through it"),
    Step.UNIQUE: mark("Nobody else uses the address"),
}
_ABROAD: Final = (Step.ACCEPTED, Step.NETWORK, Step.ASKED, Step.ANSWERED, Step.VERIFIED)
_HOME: Final = (Step.ACCEPTED, Step.NETWORK, Step.UNIQUE)
_STAGES: Final = {
    Stage.CARE_OF_ADDRESS: Step.NETWORK,
    Stage.BINDING_UPDATE: Step.ASKED,
    Stage.BINDING_ACKNOWLEDGED: Step.ANSWERED,
    Stage.VERIFIED: Step.VERIFIED,
}
_AT_HOME: Final = (HomeAddressState.DETECTING, HomeAddressState.AT_HOME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What has been seen of it. `reached` holds the first instant of each step.

    `started` is None as long as the service has not begun: a person may be looking for a password.
    """

    address: IPv6Address
    agent: IPv6Address | None
    new_spi: int | None = None
    """Of a new key for an address that is there; None where the address itself is tried."""
    started: Instant | None = None
    reached: tuple[tuple[Step, Instant], ...] = ()
    is_home: bool = False
    failure: Answer | None = None
    is_lost: bool = False
    """The service refused it, gave it up, or went away: only a new trial helps."""

    def begun(self, now: Instant) -> "Trial":
        """The service said that it tries."""
        return self if self.started is not None else replace(self, started=now)

    def seen(self, status: ServiceStatus, now: Instant | None = None) -> "Trial":
        """With what this status shows at `now` (None: when it was made). One that was lost stays so."""
        if self.is_lost:
            return self
        home = _found(status, self.address)
        now = status.engine.now if now is None else now
        if home is None:
            return self._without(status)
        started = now if self.started is None else self.started
        reached = dict(self.reached)
        for step, instant in _steps_of(home, now).items():
            reached.setdefault(step, instant)
        reached |= _times(_move(status, self.address, started), started)
        if not self._is_accepted(home):
            reached.pop(Step.ANSWERED, None)
        if not (self._is_accepted(home) and home.verified):
            reached.pop(Step.VERIFIED, None)
        ordered = tuple((step, reached[step]) for step in Step if step in reached)
        is_home = home.state in _AT_HOME
        seen = replace(self, started=started, reached=ordered, is_home=is_home, failure=None)
        return replace(seen, failure=None if seen.verdict() in _GOOD else self._failure(status, home, now))

    def _is_accepted(self, home: HomeAddressStatus) -> bool:
        """Whether the home agent said yes to what is on trial: of a new key, to that and not to the one before."""
        return home.registered and self.new_spi in (None, home.accepted_spi)

    @property
    def is_answered(self) -> bool:
        """Whether the home agent said yes."""
        return Step.ANSWERED in dict(self.reached)

    def lost(self, answer: Answer) -> "Trial":
        """It cannot go on, and this is why."""
        return replace(self, failure=answer, is_lost=True)

    def verdict(self) -> Verdict:
        """How it stands."""
        reached = dict(self.reached)
        if self.failure is not None:
            return Verdict.FAILED
        if self.is_home:
            return Verdict.AT_HOME if Step.UNIQUE in reached else Verdict.RUNNING
        return Verdict.WORKS if Step.VERIFIED in reached else Verdict.RUNNING

    def view(self, now: Instant) -> TrialView:
        """What to show now. Waiting too long is an answer, too."""
        elapsed = Seconds(0.0) if self.started is None else between(self.started, now)
        verdict, answer = self.verdict(), self.failure
        if verdict is Verdict.RUNNING and self.started is not None:
            last = max((instant for _, instant in self.reached), default=self.started)
            verdict, answer = self._waited(between(last, now))
        if verdict in _GOOD and self.started is not None and self.reached:
            elapsed = between(self.started, max(instant for _, instant in self.reached))  # and not until it was seen
        return TrialView(rows=self._rows(verdict), verdict=verdict, answer=answer, elapsed=seconds_text(elapsed))

    def _waited(self, quiet: Seconds) -> tuple[Verdict, Answer | None]:
        if Step.ANSWERED in dict(self.reached) and quiet >= UNVERIFIED_AFTER:
            return Verdict.WORKS, None
        if quiet >= SLOW_AFTER:
            slow = trial_answers.slow(int(quiet))
            return Verdict.FAILED, slow if self.new_spi is None else trial_answers.new_key_unanswered(str(self.address))
        return Verdict.RUNNING, None

    def _rows(self, verdict: Verdict) -> tuple[StageRow, ...]:
        reached = dict(self.reached)
        steps = _HOME if self.is_home else _ABROAD
        rows: list[StageRow] = []
        is_before = False  # something before this one is not done yet
        for step in steps:
            if step in reached and not is_before:
                time = seconds_text(between(self.started or reached[step], reached[step]))
                rows.append(StageRow(step, tr(_TITLES[step]), Progress.DONE, time))
                continue
            here = Progress.FAILED if verdict is Verdict.FAILED else Progress.BUSY
            if verdict is Verdict.WORKS:
                here = Progress.WAITING
            rows.append(StageRow(step, tr(_TITLES[step]), Progress.WAITING if is_before else here))
            is_before = True
        return tuple(rows)

    def _without(self, status: ServiceStatus) -> "Trial":
        """The engine does not know the address: not yet, or no longer."""
        if status.engine.phase is Phase.OFF and self.started is not None:
            return replace(self, failure=trial_answers.switched_off())
        if self.reached and not any(each.address == self.address for each in status.home_addresses):
            return self.lost(trial_answers.given_up())
        return self

    def _failure(self, status: ServiceStatus, home: HomeAddressStatus, now: Instant) -> Answer | None:
        address, home_agent = str(home.address), str(self.agent or home.home_agent or "")
        visible = {
            each.code: each
            for each in status.engine.problems
            if each.is_visible(now) and each.code in trial_answers.PRECEDENCE and _concerns(each.subject, address)
        }
        for code in trial_answers.PRECEDENCE:
            if code in visible and self.new_spi is not None and code in trial_answers.OF_NEW_KEYS:
                return trial_answers.new_key_unanswered(address)
            if code in visible:
                detail = visible[code].detail
                return trial_answers.answer_for(code, address=address, agent=home_agent, detail=detail)
        if status.engine.phase is Phase.NO_NETWORK and not any(each.is_up for each in status.engine.interfaces):
            return trial_answers.no_network()
        return None


_GOOD: Final = (Verdict.WORKS, Verdict.AT_HOME)


def seconds_text(seconds: Seconds) -> str:
    """A duration as it is read: milliseconds under a second, tenths after."""
    if seconds < 1.0:
        return tr("{count} ms", count=max(0, round(seconds * 1000)))
    if seconds < 60.0:
        return tr("{count} s", count=f"{seconds:.1f}")
    return tr("{count} min", count=f"{seconds / 60:.0f}")


def _found(status: ServiceStatus, address: IPv6Address) -> HomeAddressStatus | None:
    return next((each for each in status.engine.home_addresses if each.address == address), None)


def _steps_of(home: HomeAddressStatus, now: Instant) -> dict[Step, Instant]:
    """What this status says is done."""
    state = home.state
    done = [Step.ACCEPTED]
    if state in _AT_HOME:
        done.append(Step.NETWORK)
        if state is HomeAddressState.AT_HOME:
            done.append(Step.UNIQUE)
    elif home.care_of_address is not None:
        done.append(Step.NETWORK)
        if state in (HomeAddressState.REGISTERING, HomeAddressState.REFUSED) or home.registered:
            done.append(Step.ASKED)
        if home.registered:
            done.append(Step.ANSWERED)
            if home.verified:
                done.append(Step.VERIFIED)
    return dict.fromkeys(done, now)


def _move(status: ServiceStatus, address: IPv6Address, started: Instant) -> Handover | None:
    mine = [each for each in status.handovers if each.home_address == address]
    return mine[-1] if mine and mine[-1].started >= started else None


def _times(move: Handover | None, started: Instant) -> dict[Step, Instant]:
    if move is None:
        return {}
    return {_STAGES[stage]: instant for stage, instant in move.stages if stage in _STAGES and instant >= started}


def _concerns(subject: str, address: str) -> bool:
    """A problem of this address, or of the computer as a whole; not one of another home address."""
    try:
        return IPv6Address(subject) == IPv6Address(address)
    except ValueError:
        return True
