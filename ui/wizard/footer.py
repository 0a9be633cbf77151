# SPDX-License-Identifier: GPL-2.0-or-later
"""The buttons below the pages. Enter goes on, Alt+B goes back."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui import theme
from ui.texts import tr
from ui.view.wizard_flow import State, can_go_back
from ui.widgets.labels import StateLabel


class Footer(QFrame):
    """`next` is the default button of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = StateLabel("lock", "", "quiet", 16)
        self.leave = QPushButton(tr("&Cancel"))
        self.back = QPushButton(tr("&Back"))
        self.next = QPushButton(tr("&Next"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.leave)
        buttons.addStretch(1)
        buttons.addWidget(self.back)
        buttons.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 12)
        column.setSpacing(8)
        column.addWidget(self.note)
        column.addLayout(buttons)
        for each in (self.leave, self.back, self.next):
            each.setMinimumHeight(36)
        theme.current().changed.connect(self._redraw)
        self._redraw()

    def show_state(self, state: State, *, is_last: bool, is_complete: bool, refusal: str, asks: bool) -> None:
        """Show what can be done here. `is_last`: the trial comes next; `asks`: with a password before."""
        is_trying = state in (State.TRYING, State.KEEPING)
        words = {State.TRYING: tr("Trying"), State.KEEPING: tr("Keeping it"), State.FAILED: tr("&Try again")}
        words[State.DONE] = tr("&Close")
        text = words.get(state, tr("&Try it") if is_last else tr("&Next"))
        if text != self.next.text():
            self.next.setText(text)
        self.next.setEnabled(is_complete and not is_trying)
        self.next.setAccessibleDescription(refusal)
        self.back.setVisible(state is not State.DONE)
        self.back.setEnabled(can_go_back(state))
        self.leave.setVisible(state is not State.DONE)
        if refusal:
            self.note.set_state("lock", refusal, "warning")
        elif asks:
            self.note.set_state("lock", tr("You will be asked for a password."), "quiet")
        self.note.setVisible(bool(refusal) or asks)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.current().colour("surface"))
        painter.setPen(QPen(theme.current().colour("line"), 1))
        painter.drawLine(0, 0, self.width(), 0)

    def _redraw(self) -> None:
        colours = theme.current()
        palette = self.next.palette()
        for group in (palette.ColorGroup.Active, palette.ColorGroup.Inactive):
            palette.setColor(group, palette.ColorRole.Button, colours.colour("accent"))
            palette.setColor(group, palette.ColorRole.ButtonText, colours.colour("on_accent"))
        self.next.setPalette(palette)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, False)
        self.update()
