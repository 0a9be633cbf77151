# SPDX-License-Identifier: GPL-2.0-or-later
"""One home agent: its rank as a bar, its address, and when it was heard."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from service.contract import Action
from ui import theme
from ui.texts import tr
from ui.view import agents_view
from ui.widgets import CopyLabel, IconLabel, StateLabel, quiet, read_only
from ui.window.context import Context

_BAR: Final = QSize(48, 8)


class RankBar(QWidget):
    """A rank between 0 and 1 as the length of a bar, and as a number below it."""

    def __init__(self) -> None:
        super().__init__()
        self._rank = 0.0
        self.setFixedWidth(_BAR.width())
        theme.current().changed.connect(self.update)

    def set_rank(self, rank: float) -> None:
        """Show this rank."""
        if rank != self._rank or not self.toolTip():
            self._rank = rank
            self.setToolTip(agents_view.rank_text(rank))
            self.setAccessibleName(agents_view.rank_text(rank))
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(_BAR.width(), _BAR.height() + 4 + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - self.sizeHint().height()) / 2
        whole = QRectF(0.5, top + 0.5, _BAR.width() - 1, _BAR.height() - 1)
        painter.setPen(QPen(colours.colour("line"), 1))
        painter.setBrush(colours.colour("surface"))
        painter.drawRoundedRect(whole, 4, 4)
        if self._rank > 0:
            part = QRectF(whole)
            part.setWidth(max(whole.width() * self._rank, whole.height()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("accent"))
            painter.drawRoundedRect(part, 4, 4)
        painter.setPen(colours.colour("quiet"))
        words = QRectF(0, top + _BAR.height() + 2, _BAR.width(), self.fontMetrics().height())
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, str(round(self._rank * 100)))


class AgentRow(QFrame):
    """Signals:
    forget_asked(row, button): the person wants it forgotten.
    """

    forget_asked = Signal(object, object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._row: agents_view.AgentRow | None = None
        self._has_line = False
        self.rank = RankBar()
        self.address = CopyLabel("", tr("Copy the address"))
        font = self.address.text_label.font()
        font.setBold(True)
        self.address.text_label.setFont(font)
        self.facts = quiet("")
        self.use = StateLabel("check-circle", tr("in use"), "good", 16, wrap=False)
        self.pin = IconLabel("pin", "accent", 16)
        self.pin.setToolTip(tr("Pinned: it is never dropped from the list, and no other router can take its place"))
        self.pin.setAccessibleName(tr("pinned"))
        self.forget = QToolButton()
        self.forget.setAutoRaise(True)
        self.forget.setMinimumSize(32, 32)
        self.forget.setToolTip(tr("Forget this home agent"))
        self.forget.clicked.connect(lambda: self.forget_asked.emit(self._row, self.forget))
        self._arrange()
        context.permissions.changed.connect(self._allow)
        theme.current().changed.connect(self._redraw)
        self._redraw()
        self._allow()

    def show_row(self, row: agents_view.AgentRow) -> None:
        """Show what is known about it."""
        if row == self._row:
            return
        self._row = row
        self.rank.set_rank(row.rank)
        self.address.set_text(str(row.address))
        self.facts.setText(" · ".join((row.prefix, row.advertisements, row.heard, row.origin, row.trust)))
        self.use.setVisible(bool(row.serves))
        self.use.setToolTip("\n".join(row.serves))
        self.pin.setVisible(row.pinned)
        self.setAccessibleName(row.describe())
        self.forget.setAccessibleName(tr("Forget {address}", address=row.address))

    def set_line(self, has_line: bool) -> None:
        """Whether a line divides it from the row above."""
        if has_line != self._has_line:
            self._has_line = has_line
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        if self._has_line:
            painter = QPainter(self)
            painter.setPen(QPen(theme.current().colour("line"), 1))
            painter.drawLine(16, 0, self.width() - 16, 0)

    def _arrange(self) -> None:
        marks = QHBoxLayout()
        marks.setSpacing(8)
        marks.addWidget(self.pin)
        marks.addWidget(self.use)
        marks.addStretch(1)
        top = self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.setSpacing(4)
        top.addWidget(self.address, 1)
        top.addLayout(marks)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addLayout(top)
        words.addWidget(self.facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 10)
        row.setSpacing(12)
        row.addWidget(self.rank)
        row.addLayout(words, 1)
        row.addWidget(self.forget)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        beside = self.width() >= self.fontMetrics().averageCharWidth() * 68
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._top.setDirection(across if beside else down)

    def _allow(self) -> None:
        read_only(self.forget, self._context.permissions.reason(Action.MANAGE_ADDRESSES))

    def _redraw(self) -> None:
        self.forget.setIcon(theme.current().icon("trash", "quiet"))
        self.update()
