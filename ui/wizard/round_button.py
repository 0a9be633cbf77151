# SPDX-License-Identifier: GPL-2.0-or-later
"""A radio button that can be seen on light and dark: Fusion draws its edge from the window's colour alone."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QRadioButton, QStyle, QStyleOptionButton

from ui import theme


class RoundButton(QRadioButton):
    """The style's button with an indicator of our own."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        style, colours = self.style(), theme.current()
        place = style.subElementRect(QStyle.SubElement.SE_RadioButtonIndicator, option, self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(place.width(), place.height()) - 2
        disc = QRectF(place.center().x() - side / 2 + 0.5, place.center().y() - side / 2 + 0.5, side, side)
        is_on = self.isChecked()
        role = "quiet" if not self.isEnabled() else "accent" if is_on or self.underMouse() else "quiet"
        painter.setPen(QPen(colours.colour(role), 1.5))
        painter.setBrush(colours.colour("card"))
        painter.drawEllipse(disc)
        if is_on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour(role))
            painter.drawEllipse(disc.adjusted(3.5, 3.5, -3.5, -3.5))
        if self.text():
            self._paint_text(painter, option)

    def _paint_text(self, painter: QPainter, option: QStyleOptionButton) -> None:
        style = self.style()
        place: QRect = style.subElementRect(QStyle.SubElement.SE_RadioButtonContents, option, self)
        align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextShowMnemonic)
        style.drawItemText(painter, place, align, self.palette(), self.isEnabled(), self.text(), self.foregroundRole())
        if self.hasFocus():
            painter.setPen(QPen(theme.current().colour("text"), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(place).adjusted(-2, 1, -1, -1))
