# SPDX-License-Identifier: GPL-2.0-or-later
"""Leads through the wizard: keeps the draft and the state, asks the service, and runs the trial. It has no widget."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus, Suggestion
from mnclient.units import Instant
from service.client import ServiceUnavailable
from service.contract import NotAllowed
from ui.session import Reach, Reached, Session, settings_with
from ui.view import trial_answers
from ui.view.trial_view import Trial, TrialView, Verdict
from ui.view.wizard_agents import RANDOM_BITS, address_rows, agent_rows
from ui.view.wizard_draft import Draft, Way, facts_of, home_address_of, home_agent_of, prefix_of, would_lose
from ui.view.wizard_flow import CHOICES, Effect, Facts, Input, State, effects, following
from ui.view.wizard_plan import LISTS, Change, Plan, plan_of
from ui.wizard.page import Scene
from ui.wizard.permission import Needs
from ui.wizard.runner import TrialRunner

TICK: Final = 100
"""Milliseconds between two looks at a trial that goes on."""
ON_TRIAL: Final = (State.TRYING, State.FAILED, State.KEEPING)
_GOOD: Final = (Verdict.WORKS, Verdict.AT_HOME)
_MEND: Final = {
    State.AGENT: Input.TO_AGENT,
    State.ADDRESS: Input.TO_ADDRESS,
    State.PROTECTION: Input.TO_PROTECTION,
    State.INTERFACES: Input.TO_INTERFACES,
}


class Guide(QObject):
    """Signals:
    moved(State, State): another page is in front.
    changed(): something to show is different.
    left_over(MobileIPv6Error): something set for a trial could not be taken back.
    """

    moved = Signal(object, object)
    changed = Signal()
    left_over = Signal(object)

    def __init__(
        self, session: Session, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.state = State.CLOSED
        self.draft = Draft()
        self.trial: Trial | None = None
        self.plan: Plan | None = None
        self.needs = Needs()
        self.refusals: dict[State, MobileIPv6Error] = {}
        self._clock = clock
        self._received = 0.0
        self._last_status: ServiceStatus | None = session.status
        self._suggestions: tuple[Suggestion, ...] = ()
        self._identifier = 0
        self._has_chosen = False  # an address; until then the first suggestion is taken, also one that comes late
        self._agents: tuple[Any, ...] = ()
        self.runner = TrialRunner(session, self)
        self.runner.began.connect(self._began)
        self.runner.refused.connect(self._refused)
        self.runner.kept.connect(self._kept)
        self.runner.not_kept.connect(self._not_kept)
        self.runner.left_over.connect(self.left_over)
        self._ticker = QTimer(self, interval=TICK)
        self._ticker.timeout.connect(self._look)
        session.status_changed.connect(self._status_changed)
        session.reach_changed.connect(self._reach_changed)

    # --- what is shown ---

    @property
    def status(self) -> ServiceStatus | None:
        """What the pages show: the last status, also while the service is away, so that no step comes or goes."""
        return self.session.status or self._last_status

    @property
    def facts(self) -> Facts:
        """What the way depends on. Without the service nobody goes on."""
        facts = facts_of(self.draft, self.status)
        if self.session.status is None:
            return Facts(facts.skipped, frozenset(CHOICES))
        if self.leads_to_trial(facts) and self.needs.refusal(self.draft, self.session.status):
            return Facts(facts.skipped, facts.incomplete | {self.state})
        return facts

    def leads_to_trial(self, facts: Facts) -> bool:
        """Whether the next step is the trial."""
        return self.state in CHOICES and following(self.state, Input.NEXT, Facts(facts.skipped)) is State.TRYING

    def scene(self) -> Scene:
        """What the pages show."""
        status = self.status
        return Scene(draft=self.draft, status=status, addresses=self._addresses(), refusals=self.refusals)

    def trial_view(self) -> TrialView | None:
        """How the trial stands; None when there is none."""
        return self.trial.view(self._now()) if self.trial else None

    def is_safe_to_close(self) -> bool:
        """Whether closing throws nothing away."""
        if self.state in (State.CLOSED, State.DONE):
            return True
        return self.state not in ON_TRIAL and not would_lose(self.draft)

    # --- what happens ---

    def edit(self, changes: dict[str, Any]) -> None:
        """The person chose or typed this."""
        before = home_agent_of(self.draft)
        self.draft = replace(self.draft, **changes)
        self.refusals = {}
        self._has_chosen = "suggestion" in changes or (self._has_chosen and before == home_agent_of(self.draft))
        self._settle()
        self.changed.emit()

    def take(self, event: Input) -> None:
        """This happened."""
        before = self.state
        after = following(before, event, self.facts)
        self.state = after
        if before is not after:
            self._enter(before, after)
            self.moved.emit(before, after)
        for effect in effects(before, event, after):
            self._perform(effect)  # which may lead on at once
        self.changed.emit()

    def go_to_start(self) -> None:
        """To the first page, from wherever there is a way to it; nothing of a trial stays."""
        if self.state is State.DONE:
            self.take(Input.CLOSE)
        if self.state is State.CLOSED:
            self.take(Input.OPEN)
        while self.state is not State.AGENT:
            self.take(Input.BACK)

    # --- below: the way ---

    def _enter(self, before: State, after: State) -> None:
        if before is State.CLOSED:
            self.draft, self.refusals, self._has_chosen = Draft(), {}, False
            self._identifier = secrets.randbits(RANDOM_BITS) & ~(0x03 << 56)
            self._ask_all()
            self._settle()
        elif after in CHOICES and self.session.reached.reach is Reach.READY:
            self._ask_permissions()  # an administrator may have changed them, and nobody tells
        if after is State.CLOSED:
            self.draft = Draft()  # with all secrets
        if after in ON_TRIAL:
            self._ticker.start()
        else:
            self._ticker.stop()
        if after in (*CHOICES, State.CLOSED):
            self.trial = None

    def _perform(self, effect: Effect) -> None:
        if effect is Effect.UNDO:
            self.runner.undo()
        elif effect is Effect.KEEP:
            self.runner.keep()
        elif effect is Effect.START:
            self._start()

    def _start(self) -> None:
        self.refusals = {}
        self.trial = None
        self.session.ask(lambda client: settings_with(client, LISTS), self._begin, self._unanswered)

    def _begin(self, settings: dict[str, Any]) -> None:
        status = self.session.status
        if self.state is not State.TRYING or status is None:
            return  # gone back in the meantime
        self.plan = plan_of(self.draft, status, settings)
        assert self.plan is not None, "a draft that leads to the trial is complete"
        self.trial = Trial(address=self.plan.address, agent=self.plan.agent, new_spi=self.plan.new_spi)
        self.runner.begin(self.plan)
        self.changed.emit()

    def _unanswered(self, error: MobileIPv6Error) -> None:
        self._fail(trial_answers.refused(error))

    def _fail(self, answer: trial_answers.Answer) -> None:
        if self.state not in ON_TRIAL:
            return
        trial = self.trial or Trial(address=home_address_of(self.draft, self.status), agent=home_agent_of(self.draft))
        self.trial = trial.lost(answer)
        self.take(Input.FAILS)

    def _began(self) -> None:
        if self.trial is not None:
            self.trial = self.trial.begun(self._now())
        self._look()

    def _refused(self, change: Change, error: MobileIPv6Error) -> None:
        if self.state not in ON_TRIAL:
            return
        if isinstance(error, NotAllowed | ServiceUnavailable):
            self._fail(trial_answers.refused(error))
            return
        self.take(_MEND[change.mend])
        self.refusals = {self.state: error}
        self.changed.emit()

    def _kept(self) -> None:
        if self.plan is not None and self.trial is not None and self.trial.is_answered:
            self.runner.clear_away(self.plan.spare)
        self.take(Input.KEPT)

    def _not_kept(self, error: MobileIPv6Error) -> None:
        self._fail(trial_answers.refused(error))

    def _look(self) -> None:
        """What the trial says now, and where that leads."""
        status = self.session.status
        if self.trial is None or self.state not in ON_TRIAL:
            return
        if status is not None and self.runner.is_trying:
            self.trial = self.trial.seen(status, self._now())
        view = self.trial.view(self._now())
        if self.state in (State.TRYING, State.FAILED) and self.runner.is_trying:
            if view.verdict in _GOOD:
                self.take(Input.WORKS)
                return
            if view.verdict is Verdict.FAILED and self.state is State.TRYING:
                self.take(Input.FAILS)
                return
        self.changed.emit()

    # --- below: the service ---

    def _ask_all(self) -> None:
        if self.session.reached.reach is not Reach.READY:
            return
        self._ask_permissions()
        self.session.ask(lambda client: client.settings(), self._take_settings, self._ignore)
        self._ask_suggestions()

    def _ask_permissions(self) -> None:
        self.session.ask(lambda client: client.permissions(), self._take_permissions, self._ignore)

    def _ask_suggestions(self) -> None:
        self.session.ask(lambda client: client.suggestions(), self._take_suggestions, self._ignore)

    def _ignore(self, error: MobileIPv6Error) -> None:
        """Only a help was asked for; without it the service decides when the trial starts, and says so."""

    def _take_permissions(self, permissions: Any) -> None:
        self.needs = replace(self.needs, permissions=permissions or {})
        self.changed.emit()

    def _take_settings(self, settings: Any) -> None:
        self.needs = replace(self.needs, settings=settings or {})
        self.changed.emit()

    def _take_suggestions(self, suggestions: Any) -> None:
        self._suggestions = tuple(suggestions or ())
        self._settle()
        self.changed.emit()

    def _status_changed(self, status: ServiceStatus) -> None:
        self._received = self._clock()
        self._last_status = status
        if self.state is State.CLOSED:
            return
        agents = tuple((each.address, each.prefix) for each in status.known_home_agents)
        if agents != self._agents:
            self._agents = agents
            self._ask_suggestions()
        self._settle()
        if self.state in ON_TRIAL:
            self._look()
        else:
            self.changed.emit()

    def _reach_changed(self, reached: Reached) -> None:
        if self.state is State.CLOSED:
            return
        if reached.reach is Reach.READY:
            self._ask_all()
        elif self.state in ON_TRIAL:
            self._fail(trial_answers.without_service(reached.title, reached.hint))
        self.changed.emit()

    def _now(self) -> Instant:
        status = self.session.status
        if status is None:
            return Instant(self.trial.started or 0.0) if self.trial else Instant(0.0)
        return Instant(status.engine.now + max(0.0, self._clock() - self._received))

    # --- below: the draft ---

    def _settle(self) -> None:
        """Choose for the person what has not been chosen yet, and what has become impossible."""
        if self.state not in CHOICES:
            return  # what is on trial stays as it was chosen
        status, draft = self.status, self.draft
        rows = agent_rows(status) if status else ()
        there = {row.address for row in rows}
        is_open = draft.way is None or (draft.way is Way.FOUND and draft.found_agent not in there)
        if is_open and self.state is State.AGENT:
            found = rows[0].address if rows else None
            draft = replace(draft, way=Way.FOUND if rows else None, found_agent=found)
        self.draft = draft
        addresses = self._addresses()
        is_there = draft.suggestion in {row.address for row in addresses}
        if addresses and not (self._has_chosen and is_there):
            self.draft = replace(draft, suggestion=addresses[0].address)

    def _addresses(self) -> tuple[Any, ...]:
        status = self.status
        prefix, agent = prefix_of(self.draft, status), home_agent_of(self.draft)
        return address_rows(self._suggestions, prefix, status, agent, self._identifier) if prefix else ()
