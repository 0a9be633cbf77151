# SPDX-License-Identifier: GPL-2.0-or-later
"""One row of a list that is put in order."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ui import theme
from ui.texts import tr
from ui.widgets.labels import ElidedLabel, IconLabel, TintedLabel
from ui.widgets.read_only import read_only


class OrderRow(QFrame):
    """Number, picture, name and state; a handle to drag it by, and two buttons that move it."""

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.key = key
        self._is_lifted = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self._number = QLabel()
        self._number.setMinimumWidth(20)
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._icon = IconLabel("network", "quiet", 20)
        self._title = ElidedLabel()
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._state = TintedLabel("", "quiet")
        self._state.setWordWrap(False)
        self._detail = ElidedLabel(role="quiet")
        self.up = self._button(tr("Move up"))
        self.down = self._button(tr("Move down"))
        self._arrange()
        theme.current().changed.connect(self._redraw)
        self._redraw()

    def show_item(self, title: str, state: str, detail: str, icon: str, role: str, *, faint: bool) -> None:
        """What it is about."""
        self._title.set_text(title)
        self._state.setText(state)
        self._state.set_role(role)
        self._detail.set_text(detail)
        self._icon.set_icon(icon, role)
        self._title.setEnabled(not faint)

    def show_place(self, place: int, count: int, reason: str) -> None:
        """Where in the list it stands (from 0), and why it may not be moved."""
        self._number.setText(str(place + 1))
        read_only(self.up, reason)
        read_only(self.down, reason)
        self.up.setEnabled(not reason and place > 0)
        self.down.setEnabled(not reason and place < count - 1)
        self.setCursor(Qt.CursorShape.ArrowCursor if reason else Qt.CursorShape.OpenHandCursor)
        self.setToolTip(reason)
        facts = [self._state.text(), self._detail.full_text()]
        name = tr("{name}, number {place} of {count}", name=self._title.full_text(), place=place + 1, count=count)
        self.setAccessibleName(". ".join([name, *(each for each in facts if each)]))
        self.setAccessibleDescription(reason or tr("Alt with the arrow keys moves it"))

    def set_narrow(self, narrow: bool) -> None:
        """With little room the state stands below the name."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._top.setDirection(down if narrow else across)

    def set_lifted(self, lifted: bool) -> None:
        """Whether it is in the person's hand."""
        self._is_lifted = lifted
        self.setCursor(Qt.CursorShape.ClosedHandCursor if lifted else Qt.CursorShape.OpenHandCursor)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        colours = theme.current()
        strong = self._is_lifted or self.hasFocus()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.colour("accent" if strong else "line"), 2 if strong else 1))
        painter.setBrush(colours.colour("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.update()

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setMinimumSize(28, 24)
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button

    def _arrange(self) -> None:
        top = self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.setSpacing(2)
        top.addWidget(self._title, 1)
        top.addWidget(self._state)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(top)
        words.addWidget(self._detail)
        buttons = QVBoxLayout()
        buttons.setSpacing(0)
        buttons.addWidget(self.up)
        buttons.addWidget(self.down)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(10)
        self._handle = IconLabel("drag", "quiet", 16)
        for each in (self._handle, self._number, self._icon):
            row.addWidget(each)
        row.addLayout(words, 1)
        row.addLayout(buttons)

    def _redraw(self) -> None:
        self.up.setIcon(theme.current().icon("up", "text"))
        self.down.setIcon(theme.current().icon("down", "text"))
        self.update()
