# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person can have done from the tray: answer a proposal, connect, disconnect. One thing at a time."""

from collections.abc import Mapping
from ipaddress import IPv6Address

from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error
from service.contract import Action, Permission
from ui.session import Reach, Reached, Session

ENABLED = "mobile_node.enabled"


class Answers(QObject):
    """Signals:
    changed(): a request began or ended, or something is allowed that was not, or the other way round.
    refused(MobileIPv6Error): it was not done.
    """

    changed = Signal()
    refused = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.is_busy = False
        self.is_allowed = True
        session.reach_changed.connect(self._reach)

    def answer(self, address: IPv6Address, *, accept: bool) -> None:
        """Take a proposed home address into use, or not now."""
        if accept:
            self._ask(lambda client: client.accept_proposal(address))
        else:
            self._ask(lambda client: client.dismiss_proposal(address))

    def switch(self, *, on: bool) -> None:
        """Use the home addresses, or leave them alone."""
        self._ask(lambda client: client.set_setting(ENABLED, "true" if on else "false"))

    def _ask(self, request) -> None:
        if self.is_busy:
            return
        self._set_busy(True)
        self._session.ask(request, then=lambda _: self._set_busy(False), failed=self._failed)

    def _reach(self, reached: Reached) -> None:
        if reached.reach is Reach.READY:
            # Without an answer all may be tried: the service decides in the end.
            self._session.ask(lambda client: client.permissions(), then=self._know, failed=lambda _: self._know({}))

    def _know(self, permissions: Mapping[Action, Permission] | None) -> None:
        allowed = (permissions or {}).get(Action.CONTROL) is not Permission.NO
        if allowed != self.is_allowed:
            self.is_allowed = allowed
            self.changed.emit()

    def _failed(self, error: MobileIPv6Error) -> None:
        self._set_busy(False)
        self.refused.emit(error)

    def _set_busy(self, busy: bool) -> None:
        self.is_busy = busy
        self.changed.emit()
