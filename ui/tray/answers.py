# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person can have done from the tray: answer a proposal, connect, disconnect. One thing at a time."""

from ipaddress import IPv6Address

from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error
from ui.session import Session

ENABLED = "mobile_node.enabled"


class Answers(QObject):
    """Signals:
    busy_changed(): a request began or ended.
    refused(MobileIPv6Error): it was not done.
    """

    busy_changed = Signal()
    refused = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.is_busy = False

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

    def _failed(self, error: MobileIPv6Error) -> None:
        self._set_busy(False)
        self.refused.emit(error)

    def _set_busy(self, busy: bool) -> None:
        self.is_busy = busy
        self.busy_changed.emit()
