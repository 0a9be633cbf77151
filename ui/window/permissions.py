# SPDX-License-Identifier: GPL-2.0-or-later
"""What this person may change. What is not allowed stays visible and says why."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from service.contract import Action, Permission
from ui.session import Reach, Reached, Session
from ui.texts import tr


class Permissions(QObject):
    """Signals:
    changed(): something is allowed, or no longer.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._refused: frozenset[Action] = frozenset()
        session.reach_changed.connect(self._reach)

    def refresh(self) -> None:
        """Ask the service again. Without an answer everything may be tried; a refusal is then told when it comes."""
        self._session.ask(lambda client: client.permissions(), then=self._know, failed=lambda error: self._know({}))

    def reason(self, *actions: Action) -> str:
        """Why one of these is not allowed, "" when all are. Being asked for a password is being allowed."""
        if self._refused.isdisjoint(actions):
            return ""
        return tr("You have no permission to change this. Ask the administrator of this computer.")

    def _know(self, answer: Mapping[Action, Permission] | None) -> None:
        refused = frozenset(action for action, permission in (answer or {}).items() if permission is Permission.NO)
        if refused != self._refused:
            self._refused = refused
            self.changed.emit()

    def _reach(self, reached: Reached) -> None:
        if reached.reach is Reach.READY:
            self.refresh()
