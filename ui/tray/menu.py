# SPDX-License-Identifier: GPL-2.0-or-later
"""The menu of the tray icon: flat, and the same entries in the same places."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from ui.desk import Desk
from ui.texts import tr
from ui.tray.answers import Answers
from ui.view.tray_view import TrayView


class TrayMenu(QObject):
    """`menu` shows a view of the tray."""

    def __init__(self, desk: Desk, answers: Answers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._answers = answers
        self._view: TrayView | None = None
        self._addresses: list[QAction] = []
        self.menu = QMenu()
        self._build()
        answers.changed.connect(self._enable)

    def show(self, view: TrayView) -> None:
        """From now on show this."""
        if view == self._view:
            return
        self._view = view
        self._state.setText(_plain(view.title))
        self._network.setText(_plain(view.network))
        self._network.setVisible(bool(view.network))
        asked = view.question
        for each in (self._question_line, self._question, self._accept, self._dismiss):
            each.setVisible(asked is not None)
        self._question.setText(_plain(asked.text) if asked else "")
        self._connect.setVisible(view.can_connect)
        self._disconnect.setVisible(view.can_disconnect)
        self._show_addresses(view)
        self._enable()

    def end(self) -> None:
        """Its icon is gone."""
        self.menu.deleteLater()
        self.deleteLater()

    def _build(self) -> None:
        self._state = self._line()
        self._network = self._line()
        self._reason = self._line()
        self._reason.setText(tr("Only an administrator of this computer may change this"))
        self._question_line = self.menu.addSeparator()
        self._question = self._line()
        self._accept = self._entry(tr("&Accept"), lambda: self._answer(accept=True))
        self._dismiss = self._entry(tr("&Not now"), lambda: self._answer(accept=False))
        self.menu.addSeparator()
        self._after_addresses = self._entry(tr("A&dd a home address…"), lambda: self._desk.open_wizard())
        self.menu.addSeparator()
        self._connect = self._entry(tr("&Connect"), lambda: self._answers.switch(on=True))
        self._disconnect = self._entry(tr("Dis&connect"), lambda: self._answers.switch(on=False))
        self.menu.addSeparator()
        self.open = self._entry(tr("&Open"), lambda: self._desk.open_window())
        self._entry(tr("&Preferences…"), lambda: self._desk.open_preferences())
        self.menu.addSeparator()
        self._entry(tr("&Quit"), self._desk.quit)
        self.menu.setDefaultAction(self.open)

    def _line(self) -> QAction:
        line = self.menu.addAction("")
        line.setEnabled(False)
        return line

    def _entry(self, text: str, chosen) -> QAction:
        entry = self.menu.addAction(text)
        entry.triggered.connect(lambda _checked=False: chosen())
        return entry

    def _show_addresses(self, view: TrayView) -> None:
        while len(self._addresses) > len(view.addresses):
            gone = self._addresses.pop()
            self.menu.removeAction(gone)
            gone.deleteLater()
        while len(self._addresses) < len(view.addresses):
            entry = QAction(self.menu)
            entry.triggered.connect(lambda _checked=False, entry=entry: _copy(entry.data()))
            self.menu.insertAction(self._after_addresses, entry)
            self._addresses.append(entry)
        for entry, line in zip(self._addresses, view.addresses, strict=True):
            entry.setText(tr("Copy {address}", address=_plain(line.label)))
            entry.setData(line.address)

    def _enable(self) -> None:
        for each in (self._accept, self._dismiss, self._connect, self._disconnect):
            each.setEnabled(self._answers.is_allowed and not self._answers.is_busy)
        self._reason.setVisible(not self._answers.is_allowed)

    def _answer(self, *, accept: bool) -> None:
        if self._view is not None and self._view.question is not None:
            self._answers.answer(self._view.question.address, accept=accept)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def _plain(text: str) -> str:
    """Text in which no letter is taken for a shortcut."""
    return text.replace("&", "&&")
