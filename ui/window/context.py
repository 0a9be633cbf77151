# SPDX-License-Identifier: GPL-2.0-or-later
"""What every page of the status window is given: the desk, permissions, and a way to ask that shows it is at work."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from mnclient.errors import MobileIPv6Error
from ui.desk import Desk
from ui.texts import tr
from ui.view.wording import capital
from ui.window.permissions import Permissions

BUSY_AFTER: Final = 150
"""Milliseconds until a request that has no answer yet is shown as busy."""
_HAD_FOCUS: Final = "had focus before it was asked"


class Context(QObject):
    """Signals:
    said(kind, title, text): a message for the top of the window; see ui.widgets.Banner.
    busy_changed(bool): requests take long enough to be seen.
    """

    said = Signal(str, str, str)
    busy_changed = Signal(bool)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.session = desk.session
        self.permissions = Permissions(desk.session, self)
        self._asking = 0
        self._patience = QTimer(self, singleShot=True, interval=BUSY_AFTER)
        self._patience.timeout.connect(lambda: self.busy_changed.emit(self._asking > 0))

    def ask(
        self,
        request: Callable[[Any], Any],
        control: QWidget | None = None,
        then: Callable[[Any], Any] | None = None,
        failed: Callable[[MobileIPv6Error], Any] | None = None,
    ) -> None:
        """Send a request. Until there is an answer `control` is off; an error is told at the top of the window, after
        `failed` has set right what was shown too early."""
        self._begin(control)

        def succeeded(answer: Any) -> None:
            self._end(control)
            if then:
                then(answer)

        def refused(error: MobileIPv6Error) -> None:
            self._end(control)
            if failed:
                failed(error)
            self.said.emit("error", tr(error.title), capital(tr(error.hint)))

        self.session.ask(request, then=succeeded, failed=refused)

    def _begin(self, control: QWidget | None) -> None:
        self._asking += 1
        if not self._patience.isActive():
            self._patience.start()
        if control is not None:
            control.setProperty(_HAD_FOCUS, control.hasFocus())
            control.setEnabled(False)

    def _end(self, control: QWidget | None) -> None:
        self._asking -= 1
        if self._asking == 0:
            self._patience.stop()
            self.busy_changed.emit(False)
        if control is not None and isValid(control):
            control.setEnabled(True)
            if control.property(_HAD_FOCUS):
                control.setFocus(Qt.FocusReason.OtherFocusReason)
