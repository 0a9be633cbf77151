# SPDX-License-Identifier: GPL-2.0-or-later
"""How the parts of a move look: each a colour and a pattern, so that it is known without its colour."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.view.timeline_view import Part

LOOKS: Final = {
    Part.LINK: ("quiet", Qt.BrushStyle.Dense5Pattern),
    Part.NETWORK: ("accent", Qt.BrushStyle.FDiagPattern),
    Part.HOME_AGENT: ("warning", Qt.BrushStyle.SolidPattern),
    Part.PAYLOAD: ("good", Qt.BrushStyle.HorPattern),
    Part.CORRESPONDENTS: ("text", Qt.BrushStyle.DiagCrossPattern),
}
"""Part: role of its colour, and pattern."""


def fill(painter: QPainter, area: QRectF, part: Part) -> None:
    """Fill an area with the look of a part."""
    role, pattern = LOOKS[part]
    ink = theme.current().colour(role)
    ground = QColor(ink)
    ground.setAlphaF(0.22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.current().colour("card"))
    painter.drawRect(area)
    painter.setBrush(ground)
    painter.drawRect(area)
    painter.setBrush(QBrush(ink, pattern))
    painter.drawRect(area)
    if area.width() > 4:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, 1))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))


class Swatch(QWidget):
    """A small piece of the look of a part, for a legend."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._part = part
        self.setFixedSize(QSize(22, 14))
        theme.current().changed.connect(self.update)

    def set_part(self, part: Part) -> None:
        """The look of another part."""
        self._part = part
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        painter = QPainter(self)
        fill(painter, QRectF(self.rect()), self._part)
