# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the changes of a trial, one after the other, and takes back whatever of them was done.

What the service has on trial it gives up when it is told to, and by itself when it stops or when this program is gone.
What was made permanent in the same moment in which the person gave up is taken back here, one by one; a service that
went away is waited for.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error
from service.client import ServiceUnavailable
from service.contract import UnknownThing
from ui.keys.keyring_store import KeyringStore, key_name
from ui.session import Reach, Reached, Session
from ui.view.key_text import Secret
from ui.view.wizard_plan import KEYRING_DELETE, KEYRING_SAVE, Change, Plan, Request


class TrialRunner(QObject):
    """Signals:
    began(): everything was sent; the trial goes on.
    refused(Change, MobileIPv6Error): one of them was not done. What was done before is being taken back.
    kept(): the address is permanent.
    not_kept(MobileIPv6Error): it is still on trial.
    left_over(MobileIPv6Error): something could not be taken back.
    """

    began = Signal()
    refused = Signal(object, object)
    kept = Signal()
    not_kept = Signal(object)
    left_over = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = KeyringStore(parent=self)
        self._session = session
        self._plan: Plan | None = None
        self._next: Plan | None = None  # begins when the one before is taken back
        self._pending: list[Change] = []
        self._done: list[Change] = []
        self._is_asking = False
        self._is_undoing = False
        self._is_waiting = False  # for the service, to go on taking back
        session.reach_changed.connect(self._service_changed)

    @property
    def is_idle(self) -> bool:
        """Nothing is set, nothing is being set, nothing has to be taken back."""
        return not (self._done or self._is_asking or self._is_undoing)

    @property
    def is_trying(self) -> bool:
        """The trial goes on: everything was sent, and nothing is being taken back."""
        return bool(self._done) and not (self._pending or self._is_asking or self._is_undoing)

    def begin(self, plan: Plan) -> None:
        """Send the changes of this plan, after everything of an earlier one is taken back."""
        if not self.is_idle:
            self._next = plan
            return
        self._plan, self._pending = plan, list(plan.changes)
        self._go_on()

    def undo(self) -> None:
        """Take back whatever was done; what is under way is taken back when its answer has come."""
        self._next = None
        self._pending = []
        if self._plan is None or self._is_undoing:
            return
        self._is_undoing = True
        if not self._is_asking:
            self._take_back()

    def keep(self) -> None:
        """Make it permanent."""
        if self._plan is not None and not self._is_undoing and not self._is_asking:
            self._ask(self._plan.keep, self._made_permanent, self._not_permanent)

    def clear_away(self, spare: tuple[Request, ...]) -> None:
        """What is not needed any more; the one after the other, since nobody waits for it."""
        if spare:
            self._ask(spare[0], lambda: self.clear_away(spare[1:]), lambda error: self._not_cleared(error, spare[1:]))

    def _not_cleared(self, error: MobileIPv6Error, others: tuple[Request, ...]) -> None:
        if not isinstance(error, UnknownThing):
            self.left_over.emit(error)
        self.clear_away(others)

    def _go_on(self) -> None:
        if not self._pending:
            self.began.emit()
            return
        change = self._pending.pop(0)
        self._ask(change.do, lambda: self._applied(change), lambda error: self._refused(change, error))

    def _applied(self, change: Change) -> None:
        self._done.append(change)
        if self._is_undoing:
            self._take_back()
        else:
            self._go_on()

    def _refused(self, change: Change, error: MobileIPv6Error) -> None:
        if isinstance(error, ServiceUnavailable):
            self._done.append(change)  # nobody knows whether it was done
        self._pending = []
        was_wanted = not self._is_undoing
        self._is_undoing = True
        if was_wanted:
            self.refused.emit(change, error)
        self._take_back()

    def _made_permanent(self) -> None:
        if self._is_undoing:
            self._done = [replace(each, undo=each.undo_kept) for each in self._done]
            self._take_back()
            return
        self._plan, self._done = None, []
        self.kept.emit()

    def _not_permanent(self, error: MobileIPv6Error) -> None:
        if self._is_undoing:
            self._take_back()
        else:
            self.not_kept.emit(error)

    def _take_back(self) -> None:
        if self._done:
            change = self._done[-1]
            self._ask(change.undo, self._taken_back, self._not_taken_back)
            return
        self._is_undoing, self._plan = False, None
        following, self._next = self._next, None
        if following is not None:
            self.begin(following)

    def _taken_back(self) -> None:
        undone = self._done[-1].undo
        self._done = [each for each in self._done if each.undo != undone]  # one request may take back several
        self._take_back()

    def _not_taken_back(self, error: MobileIPv6Error) -> None:
        if isinstance(error, ServiceUnavailable):
            self._is_waiting = True
            return
        if not isinstance(error, UnknownThing):  # it is gone already, which is what was wanted
            self.left_over.emit(error)
        self._taken_back()

    def _service_changed(self, reached: Reached) -> None:
        if reached.reach is Reach.READY and self._is_waiting:
            self._is_waiting = False
            self._take_back()

    def _ask(self, request: Request, then: Callable[[], Any], failed: Callable[[MobileIPv6Error], Any]) -> None:
        self._is_asking = True

        def answered(_answer: Any) -> None:
            self._is_asking = False
            then()

        def refused(error: MobileIPv6Error) -> None:
            self._is_asking = False
            failed(error)

        if request.method in (KEYRING_SAVE, KEYRING_DELETE):
            self._ask_keyring(request, answered, refused)
        else:
            self._session.ask(lambda client: getattr(client, request.method)(*request.arguments), answered, refused)

    def _ask_keyring(
        self, request: Request, answered: Callable[[Any], Any], refused: Callable[[MobileIPv6Error], Any]
    ) -> None:
        name = key_name(*request.arguments[0])
        if request.method == KEYRING_DELETE:
            self.store.delete(name, answered, refused)
            return
        has_failed = False

        def failed(error: MobileIPv6Error) -> None:
            nonlocal has_failed
            has_failed = True
            refused(error)

        def saved(answer: Any) -> None:
            if has_failed:  # it was too slow, and nobody waits for it any more
                self.store.delete(name, lambda _: None, self.left_over.emit)
            else:
                answered(answer)

        self.store.save(name, Secret(request.arguments[1]), saved, failed)
