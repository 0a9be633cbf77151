# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the person is in the wizard: the steps one below the other, or in a narrow window one line and a bar."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.texts import tr
from ui.view.wizard_flow import TITLES, State

ROW: Final = 40
DISC: Final = 24
MARGIN: Final = 20
BAR: Final = 4


class StepList(QWidget):
    """Only to be looked at; Back goes back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[State, ...] = ()
        self._current = State.AGENT
        self._is_narrow = False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        theme.current().changed.connect(self.update)

    def show_steps(self, steps: tuple[State, ...], current: State) -> None:
        """These are the steps, and this is the one in front."""
        self._steps, self._current = steps, current
        self.setAccessibleName(self.sentence())
        self.updateGeometry()
        self.update()

    def set_narrow(self, is_narrow: bool) -> None:
        """Lie on top of the page instead of beside it."""
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self.updateGeometry()
            self.update()

    def sentence(self) -> str:
        """The same in words."""
        title = tr(TITLES[self._current])
        return tr("Step {number} of {count}: {title}", number=self._number() + 1, count=len(self._steps), title=title)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        if self._is_narrow:
            return QSize(200, self.fontMetrics().height() + 2 * 12 + BAR)
        return QSize(self.wide_width(), len(self._steps) * self._row() + 2 * MARGIN)

    def wide_width(self) -> int:
        """How wide it is beside the pages."""
        bold = QFont(self.font())
        bold.setBold(True)
        metrics = QFontMetrics(bold)
        return max(metrics.horizontalAdvance(tr(each)) for each in TITLES.values()) + DISC + 20 + 2 * MARGIN

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(100, self.sizeHint().height()) if self._is_narrow else self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.current().colour("card"))
        painter.setPen(QPen(theme.current().colour("line"), 1))
        if self._is_narrow:
            self._paint_line(painter)
        else:
            painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())
            for number, step in enumerate(self._steps):
                self._paint_step(painter, number, step)

    def _number(self) -> int:
        return self._steps.index(self._current) if self._current in self._steps else 0

    def _row(self) -> int:
        return max(ROW, self.fontMetrics().height() + 20)

    def _paint_line(self, painter: QPainter) -> None:
        colours = theme.current()
        text = self.rect().adjusted(24, 0, -24, -BAR)
        painter.setPen(colours.colour("text"))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(
            text, align, self.fontMetrics().elidedText(self.sentence(), Qt.TextElideMode.ElideRight, text.width())
        )
        bar = QRectF(0, self.height() - BAR, self.width(), BAR)
        painter.fillRect(bar, colours.colour("line"))
        bar.setWidth(bar.width() * (self._number() + 1) / max(1, len(self._steps)))
        painter.fillRect(bar, colours.colour("accent"))

    def _paint_step(self, painter: QPainter, number: int, step: State) -> None:
        colours, row = theme.current(), self._row()
        top = MARGIN + number * row
        disc = QRectF(MARGIN, top + (row - DISC) / 2, DISC, DISC)
        is_done, is_here = number < self._number(), number == self._number()
        if number:
            painter.setPen(QPen(colours.colour("accent" if is_done or is_here else "line"), 2))
            middle = disc.center().x()
            painter.drawLine(int(middle), int(disc.top() - row + DISC + 2), int(middle), int(disc.top() - 2))
        painter.setPen(QPen(colours.colour("accent" if is_done or is_here else "quiet"), 2 if is_here else 1))
        painter.setBrush(colours.colour("accent") if is_here else colours.colour("card"))
        painter.drawEllipse(disc.adjusted(1, 1, -1, -1))
        if is_done:
            icon = colours.icon("check", "accent").pixmap(QSize(16, 16), self.devicePixelRatioF())
            painter.drawPixmap(disc.adjusted(4, 4, -4, -4).toRect(), icon)
        else:
            painter.setPen(colours.colour("on_accent" if is_here else "quiet"))
            painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(number + 1))
        font = QFont(self.font())
        font.setBold(is_here)
        painter.setFont(font)
        painter.setPen(colours.colour("text" if is_here or is_done else "quiet"))
        words = QRectF(disc.right() + 12, top, self.width() - disc.right() - 12 - 8, row)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, tr(TITLES[step]))
        painter.setFont(self.font())
