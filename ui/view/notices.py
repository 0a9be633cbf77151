# SPDX-License-Identifier: GPL-2.0-or-later
"""Which notifications a person gets, decided from one snapshot after the other.

There are three places on the screen, and each holds one notification: a new one replaces what is there, and one that no
longer matters is closed. The end of a problem replaces the problem. Nothing is said just after the start or after the
machine slept: networks come up then, and what is wrong for a moment is no news. What is still wrong afterwards is told.

    for order in notices.look(snapshot, moment, muted):
        ...                                             # Show or Close
    delay = notices.next_look(snapshot, moment)         # look again then, even if nothing happens
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.handover import Handover, Outcome
from mnclient.model.problems import Problem, ProblemCode, Severity
from mnclient.model.service_status import ServiceStatus
from mnclient.units import Instant, Seconds
from ui.texts import tr
from ui.view.tray_view import Snapshot, TrayState, main_address, next_change, question, tray_state, visible_problems

QUIET_AT_START: Final = Seconds(15.0)
QUIET_AFTER_SLEEP: Final = Seconds(15.0)
SLEPT: Final = Seconds(1.0)
"""The machine slept, when the two clocks drifted apart by more than this."""
SERVICE_MAY_BE_AWAY: Final = Seconds(10.0)
"""A service that is restarted is no news."""
GAP: Final = Seconds(20.0)
"""Between two notifications in the same place."""


class Place(Enum):
    """Where a notification is; it holds one at a time."""

    PROPOSAL = "proposal"
    HANDOVER = "handover"
    PROBLEM = "problem"  # and recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Show this, in place of what is there. `address` is what Accept and Not now are about."""

    place: Place
    kind: str
    """The value of ui.user_settings.Notice: what it is muted by."""
    title: str
    body: str
    icon: str
    urgent: bool = False
    address: IPv6Address | None = None
    problem: tuple[ProblemCode | None, str] | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Take away what is in this place: it no longer matters."""

    place: Place


Order = Show | Close


@dataclass(frozen=True, slots=True)
class Moment:
    """`now` on this program's clock; `asleep` is how long the machine has slept since it was switched on; `ahead` is by
    how much the service's clock is ahead."""

    now: Instant
    asleep: Seconds = Seconds(0.0)
    ahead: Seconds = Seconds(0.0)

    @property
    def of_service(self) -> Instant:
        """Now, on the service's clock."""
        return Instant(self.now + self.ahead)


Told = tuple[ProblemCode | None, str]
"""A problem and its subject."""

AWAY: Final[Told] = (None, "")
"""The service is away."""


@dataclass(slots=True)
class Notices:
    """What has been said so far. Not shared between persons, not kept over restarts."""

    _quiet_until: Instant | None = None
    _asleep: Seconds = Seconds(0.0)
    _shown: dict[Place, Instant] = field(default_factory=dict)
    _open: dict[Place, Told | None] = field(default_factory=dict)
    """What is on the screen; for a problem, which."""
    _told_problems: set[Told] = field(default_factory=set)
    _told_proposals: set[IPv6Address] = field(default_factory=set)
    _last_move: Instant | None = None
    _was_ready: bool = False
    _lost_at: Instant | None = None

    def look(self, snapshot: Snapshot, moment: Moment, muted: Collection[str] = ()) -> list[Order]:
        """What to do on the screen now."""
        first = self._quiet_until is None
        self._keep_quiet(moment)
        self._note_presence(snapshot, moment)
        if first and snapshot.status is not None:
            self._told_problems |= {_told(each) for each in _warnings(snapshot.status)}
        orders = [
            *self._about_proposals(snapshot.status, moment),
            *self._about_moves(snapshot.status, moment),
            *self._about_problems(snapshot, moment),
        ]
        return [each for order in orders if (each := self._note(order, moment, muted)) is not None]

    def next_look(self, snapshot: Snapshot, moment: Moment) -> Seconds | None:
        """When time alone may change what `look` says; None: not before the next snapshot."""
        waits: list[float] = []
        if self._quiet_until is not None and self._is_quiet(moment):
            waits.append(self._quiet_until - moment.now)
        if snapshot.status is not None and (change := next_change(snapshot.status, moment.of_service)) is not None:
            waits.append(change)
        if self._lost_at is not None and AWAY not in self._told_problems:
            waits.append(self._lost_at + SERVICE_MAY_BE_AWAY - moment.now)
        waits += [at + GAP - moment.now for place, at in self._shown.items() if self._is_postponed(place, snapshot)]
        return Seconds(max(min(waits), 0.0)) if waits else None

    # --- quiet --------------------------------------------------------------------------------------------------

    def _keep_quiet(self, moment: Moment) -> None:
        if self._quiet_until is None:
            self._quiet_until = Instant(moment.now + QUIET_AT_START)
        elif moment.asleep - self._asleep > SLEPT:
            self._quiet_until = Instant(moment.now + QUIET_AFTER_SLEEP)
        self._asleep = moment.asleep

    def _is_quiet(self, moment: Moment) -> bool:
        if self._quiet_until is None:
            return True
        left = self._quiet_until - moment.now
        return 0.0 < left <= max(QUIET_AT_START, QUIET_AFTER_SLEEP)  # more: the clock was set back

    def _may_show(self, place: Place, moment: Moment) -> bool:
        last = self._shown.get(place)
        return not self._is_quiet(moment) and (last is None or not 0.0 <= moment.now - last < GAP)

    def _is_postponed(self, place: Place, snapshot: Snapshot) -> bool:
        if snapshot.status is None:
            return False
        if place is Place.PROPOSAL:
            return any(each.address not in self._told_proposals for each in snapshot.status.proposals)
        return place is Place.PROBLEM and any(
            _told(each) not in self._told_problems for each in _worth_telling(snapshot.status, None)
        )

    def _note(self, order: Order, moment: Moment, muted: Collection[str]) -> Order | None:
        """What is really done: what is muted only takes away what it would have replaced."""
        if isinstance(order, Show) and order.kind not in muted:
            self._shown[order.place] = moment.now
            self._open[order.place] = order.problem
            return order
        if order.place not in self._open:
            return None
        del self._open[order.place]
        return Close(order.place)

    def _note_presence(self, snapshot: Snapshot, moment: Moment) -> None:
        if snapshot.status is not None:
            self._was_ready, self._lost_at = True, None
        elif self._was_ready and self._lost_at is None:
            self._lost_at = moment.now

    # --- the three places ---------------------------------------------------------------------------------------

    def _about_proposals(self, status: ServiceStatus | None, moment: Moment) -> list[Order]:
        if status is None:
            return [Close(Place.PROPOSAL)]
        waiting = {each.address for each in status.proposals}
        self._told_proposals &= waiting
        asked = question(status)
        if asked is None:
            return [Close(Place.PROPOSAL)]
        if asked.address in self._told_proposals:
            return []
        gone: list[Order] = [Close(Place.PROPOSAL)]  # what is on the screen is about another one
        if not self._may_show(Place.PROPOSAL, moment):
            return gone
        self._told_proposals.add(asked.address)
        return [
            Show(
                place=Place.PROPOSAL,
                kind="proposal",
                title=tr("A home address is offered"),
                body=f"{asked.text}\n{asked.detail}",
                icon=TrayState.QUESTION.value,
                address=asked.address,
            )
        ]

    def _about_moves(self, status: ServiceStatus | None, moment: Moment) -> list[Order]:
        if status is None:
            return []
        done = [each for each in status.handovers if each.outcome is Outcome.COMPLETED]
        before = self._last_move
        self._last_move = max([each.started for each in done], default=before or Instant(0.0))
        if before is None or self._last_move <= before or not self._may_show(Place.HANDOVER, moment):
            return []
        return [_about_move(done[-1])]

    def _about_problems(self, snapshot: Snapshot, moment: Moment) -> list[Order]:
        if snapshot.status is None:
            return self._about_absence(snapshot, moment)
        current = _worth_telling(snapshot.status, moment.of_service)
        ended = self._told_problems - {_told(each) for each in current}
        self._told_problems -= ended
        new = [each for each in current if _told(each) not in self._told_problems]
        if new and self._may_show(Place.PROBLEM, moment):
            self._told_problems |= {_told(each) for each in new}
            return [_about_problem(new[0])]
        if self._open.get(Place.PROBLEM) not in ended:
            return []
        return [Close(Place.PROBLEM) if any(map(_is_error, current)) else self._recovery(snapshot.status, moment)]

    def _about_absence(self, snapshot: Snapshot, moment: Moment) -> list[Order]:
        if self._lost_at is None or AWAY in self._told_problems:
            return []
        if moment.now - self._lost_at < SERVICE_MAY_BE_AWAY or self._is_quiet(moment):
            return []
        self._told_problems.add(AWAY)
        return [
            Show(
                place=Place.PROBLEM,
                kind="problem",
                title=tr(snapshot.title),
                body=tr(snapshot.hint),
                icon=TrayState.PROBLEM.value,
                urgent=True,
                problem=AWAY,
            )
        ]

    def _recovery(self, status: ServiceStatus, moment: Moment) -> Order:
        home = main_address(status)
        state = tray_state(status, moment.of_service)
        works = state in (TrayState.HOME, TrayState.AWAY, TrayState.UNVERIFIED, TrayState.QUESTION)
        if home is None or not works or self._is_quiet(moment):
            return Close(Place.PROBLEM)
        return Show(
            place=Place.PROBLEM,
            kind="recovery",
            title=tr("All is well again"),
            body=tr("Your home address {address} works.", address=home.address),
            icon=TrayState.AWAY.value if state is TrayState.AWAY else TrayState.HOME.value,
        )


def _about_move(move: Handover) -> Show:
    took = move.duration()
    home = move.to_network == "home"
    title = tr("Back home") if home else tr("Moved to another network")
    milliseconds = None if took is None else max(round(took * 1000), 1)
    body = (
        tr("{address} goes on over {interface}.", address=move.home_address, interface=move.interface)
        if milliseconds is None
        else tr(
            "{address} goes on over {interface}, after {count} ms.",
            address=move.home_address,
            interface=move.interface,
            count=milliseconds,
        )
    )
    icon = TrayState.HOME if home else TrayState.AWAY
    return Show(place=Place.HANDOVER, kind="handover", title=title, body=body, icon=icon.value)


def _about_problem(problem: Problem) -> Show:
    said = problem.declaration
    values = {"subject": problem.subject, "detail": tr(problem.detail)}
    return Show(
        place=Place.PROBLEM,
        kind="problem",
        title=tr(said.title),
        body=tr(said.text).format(**values),
        icon=TrayState.PROBLEM.value,
        urgent=said.severity is Severity.ERROR,
        problem=_told(problem),
    )


def _worth_telling(status: ServiceStatus, now: Instant | None) -> list[Problem]:
    return [each for each in visible_problems(status, now) if each.declaration.severity is not Severity.NOTICE]


def _warnings(status: ServiceStatus) -> list[Problem]:
    return [each for each in status.engine.problems if each.declaration.severity is Severity.WARNING]


def _is_error(problem: Problem) -> bool:
    return problem.declaration.severity is Severity.ERROR


def _told(problem: Problem) -> Told:
    return problem.code, problem.subject
