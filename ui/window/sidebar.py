# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of pages at the side: pictures and words, on a narrow window pictures alone."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme
from ui.widgets import pictures

WIDE: Final = 208
SLIM: Final = 60
_ROW: Final = 44
_COUNT: Final = Qt.ItemDataRole.UserRole + 1
_ROLE: Final = Qt.ItemDataRole.UserRole + 2
_ICON: Final = Qt.ItemDataRole.UserRole + 3
_NAME: Final = Qt.ItemDataRole.UserRole


class Sidebar(QListWidget):
    """Signals:
    chosen(name): the person wants this page.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(_Entry(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.viewport().setAutoFillBackground(False)
        self.is_slim = False
        self.set_slim(False)
        self.currentItemChanged.connect(lambda item: item and self.chosen.emit(item.data(_NAME)))
        theme.current().changed.connect(self.viewport().update)

    def add_page(self, name: str, title: str, icon: str) -> None:
        """One more page, at the end."""
        item = QListWidgetItem(title)
        item.setData(_NAME, name)
        item.setData(_ICON, icon)
        item.setData(_COUNT, 0)
        self.addItem(item)

    def select(self, name: str) -> None:
        """Mark this page as the one shown."""
        for place in range(self.count()):
            if self.item(place).data(_NAME) == name:
                self.setCurrentRow(place)

    def set_count(self, name: str, count: int, role: str = "accent") -> None:
        """A number beside a page: how many things want attention there."""
        for place in range(self.count()):
            item = self.item(place)
            if item.data(_NAME) == name:
                item.setData(_COUNT, count)
                item.setData(_ROLE, role)
                title = item.text()
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title} ({count})" if count else title)

    def set_slim(self, slim: bool) -> None:
        """Show pictures alone; words become tooltips."""
        self.is_slim = slim
        self.setFixedWidth(SLIM if slim else WIDE)
        for place in range(self.count()):
            self.item(place).setToolTip(self.item(place).text() if slim else "")
        self.scheduleDelayedItemsLayout()


class _Entry(QStyledItemDelegate):
    def __init__(self, bar: Sidebar) -> None:
        super().__init__(bar)
        self._bar = bar

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(SLIM - 4, max(_ROW, option.fontMetrics.height() + 20))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        colours = theme.current()
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(option.rect).adjusted(8, 2, -8, -2)
        self._ground(painter, ground, option, is_current)
        role = "accent" if is_current else "text"
        mirrored = option.direction is Qt.LayoutDirection.RightToLeft
        left = ground.right() - 32 if mirrored else ground.left() + 12
        place = QPointF(left, ground.center().y() - 10)
        pictures.paint(painter, place, index.data(_ICON), "accent" if is_current else "quiet", 20)
        if not self._bar.is_slim:
            font = option.font
            font.setBold(is_current)
            painter.setFont(font)
            painter.setPen(colours.colour(role))
            words = ground.adjusted(12, 0, -44, 0) if mirrored else ground.adjusted(44, 0, -12, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | (
                Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
            )
            text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(words.width()))
            painter.drawText(words, flags, text)
        if index.data(_COUNT):
            self._badge(painter, ground, index, mirrored)
        painter.restore()

    def _ground(self, painter: QPainter, ground: QRectF, option: QStyleOptionViewItem, is_current: bool) -> None:
        colours = theme.current()
        accent = colours.colour("accent")
        if is_current:
            wash = QColor(accent)
            wash.setAlphaF(0.0 if colours.look.is_contrast else 0.14)
            painter.setBrush(wash)
            painter.setPen(QPen(accent, 2) if colours.look.is_contrast else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(ground, 8, 8)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            wash = colours.colour("text")
            wash.setAlphaF(0.06)
            painter.setBrush(wash)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(ground, 8, 8)
        if is_current and self._bar.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(accent, 1.5))
            painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 7, 7)

    def _badge(self, painter: QPainter, ground: QRectF, index: QModelIndex, mirrored: bool) -> None:
        colours = theme.current()
        text = str(index.data(_COUNT))
        font = painter.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        height = painter.fontMetrics().height() + 2
        width = max(painter.fontMetrics().horizontalAdvance(text) + 10, height)
        top = ground.top() if self._bar.is_slim else ground.center().y() - height / 2
        right = ground.right() - (0 if self._bar.is_slim else 10)
        pill = QRectF(ground.left() + 10 if mirrored else right - width, top, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour(index.data(_ROLE) or "accent"))
        painter.drawRoundedRect(pill, height / 2, height / 2)
        painter.setPen(colours.colour("on_accent"))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
