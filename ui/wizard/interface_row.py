# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws a network in the list: its place, what it is, and whether it is connected."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme

STATE: Final = Qt.ItemDataRole.UserRole + 1
ICON: Final = Qt.ItemDataRole.UserRole + 2
NAME: Final = Qt.ItemDataRole.UserRole
GAP: Final = 12


class InterfaceRow(QStyledItemDelegate):
    """A card for each network."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return QSize(0, max(52, 2 * option.fontMetrics.height() + 20))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.current()
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(option.rect).adjusted(1, 3, -1, -3)
        painter.setPen(QPen(colours.colour("accent" if is_current else "line"), 2 if is_current else 1))
        painter.setBrush(colours.colour("card"))
        painter.drawRoundedRect(card, 8, 8)
        x = card.left() + GAP
        for name, role, size in (("drag", "quiet", 20), (index.data(ICON) or "link", "text", 20)):
            place = QRectF(x, card.center().y() - size / 2, size, size).toRect()
            ratio = painter.device().devicePixelRatioF()
            painter.drawPixmap(place, colours.icon(name, role).pixmap(QSize(size, size), ratio))
            x += size + GAP
        words = QRectF(x, card.top() + 6, card.right() - x - GAP, card.height() - 12)
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(colours.colour("text"))
        painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, str(index.data(NAME)))
        painter.setFont(option.font)
        painter.setPen(colours.colour("quiet"))
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, str(index.data(STATE) or ""))
        painter.restore()
