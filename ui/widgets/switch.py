# SPDX-License-Identifier: GPL-2.0-or-later
"""A switch: on or off, told by place, colour and a word."""

from typing import Final

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from ui import theme

_TRACK: Final = QSize(40, 22)
_GAP: Final = 8


class Switch(QCheckBox):
    """A check box that looks like a switch, and to a screen reader is one."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.current().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        metrics = self.fontMetrics()
        words = metrics.size(Qt.TextFlag.TextShowMnemonic, self.text()).width() + _GAP if self.text() else 0
        return QSize(_TRACK.width() + words + 4, max(_TRACK.height(), metrics.height()) + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def hitButton(self, place: QPoint) -> bool:  # noqa: N802
        return self.rect().contains(place)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        left = self.width() - _TRACK.width() - 2 if mirrored else 2
        track = QRectF(left, (self.height() - _TRACK.height()) / 2, _TRACK.width(), _TRACK.height())
        self._draw_track(painter, track, self.isChecked() is not mirrored)
        self._draw_words(painter, track, mirrored)

    def _draw_track(self, painter: QPainter, track: QRectF, at_right: bool) -> None:
        colours = theme.current()
        ink = colours.colour("accent" if self.isChecked() else "quiet")
        if not self.isEnabled():
            ink.setAlphaF(0.45)
        painter.setPen(QPen(ink, 1.5))
        painter.setBrush(ink if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(track.adjusted(1, 1, -1, -1), track.height() / 2, track.height() / 2)
        side = track.height() - 10
        knob = QRectF(track.right() - side - 5 if at_right else track.left() + 5, track.top() + 5, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("on_accent") if self.isChecked() else ink)
        painter.drawEllipse(knob)
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent"), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), track.height() / 2 + 2, track.height() / 2 + 2)

    def _draw_words(self, painter: QPainter, track: QRectF, mirrored: bool) -> None:
        if not self.text():
            return
        area = QRectF(self.rect())
        if mirrored:
            area.setRight(track.left() - _GAP)
        else:
            area.setLeft(track.right() + _GAP)
        painter.setPen(theme.current().colour("text" if self.isEnabled() else "quiet"))
        flags = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
        )
        painter.drawText(area, int(flags) | int(Qt.TextFlag.TextShowMnemonic), self.text())
