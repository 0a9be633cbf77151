# SPDX-License-Identifier: GPL-2.0-or-later
"""A list whose items have a title and, quieter, a line below it."""

from typing import Any, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from ui import theme

DETAIL: Final = Qt.ItemDataRole.UserRole + 1
KEY: Final = Qt.ItemDataRole.UserRole
"""What names the item, whatever it shows."""
_ROOM: Final = 8
_ICON: Final = 24


class TwoLineList(QListWidget):
    """As high as its items, up to `most` of them; then it scrolls."""

    def __init__(self, name: str, most: int = 6) -> None:
        super().__init__()
        self._most = most
        self.setAccessibleName(name)
        self.setIconSize(QSize(_ICON, _ICON))
        self.setItemDelegate(_Delegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        theme.current().changed.connect(self.viewport().update)

    def keys(self) -> list[Any]:
        """The keys of the items, in the order shown."""
        return [self.item(row).data(KEY) for row in range(self.count())]

    def row_of(self, key: Any) -> int | None:
        """Where the item with this key is; None when there is none."""
        keys = self.keys()
        return keys.index(key) if key in keys else None

    def rebuild(self, keys: list[Any]) -> None:
        """Items with these keys; the one that was current stays it if it is still there. Sends no signal of its own."""
        current = self.currentItem().data(KEY) if self.currentItem() is not None else None
        blocked = self.blockSignals(True)
        self.clear()
        for key in keys:
            item = QListWidgetItem()
            item.setData(KEY, key)
            self.addItem(item)
            if key == current:
                self.setCurrentItem(item)
        self.blockSignals(blocked)
        self.fit()

    def fit(self) -> None:
        """Be as high as the items want."""
        height = sum(self.sizeHintForRow(row) for row in range(min(self.count(), self._most)))
        self.setFixedHeight(max(height, 1) + 2 * self.frameWidth())

    def fill(self, row: int, title: str, detail: str, icon: str = "", role: str = "text") -> None:
        """What an item says."""
        item = self.item(row)
        item.setText(title)
        item.setData(DETAIL, detail)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {detail}" if detail else title)
        item.setToolTip(f"{title}\n{detail}" if detail else title)
        if icon:
            item.setIcon(theme.current().icon(icon, role))


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        lines = 2 if index.data(DETAIL) else 1
        height = option.fontMetrics.height() * lines + (2 if lines == 2 else 0)
        return QSize(0, max(height, _ICON if index.data(Qt.ItemDataRole.DecorationRole) else 0) + 2 * _ROOM)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        title, option.text = option.text, " "
        style = option.widget.style() if option.widget else QApplication.style()
        painter.save()
        colour = theme.current().colour
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(option.rect, colour("accent") if is_selected else colour("card"))
        option.backgroundBrush = Qt.BrushStyle.NoBrush
        has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
        option.state &= ~(QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus)
        if has_focus:
            painter.setPen(QPen(colour("on_accent" if is_selected else "accent"), 2))
            painter.drawRect(option.rect.adjusted(2, 2, -3, -3))
        option.rect = option.rect.adjusted(_ROOM, 0, -_ROOM, 0)
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        left = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget).left() + 6
        place = QRect(left, option.rect.top(), option.rect.right() - left, option.rect.height())
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        text = colour("on_accent") if is_selected else colour("text" if enabled else "quiet")
        quiet = colour("on_accent" if is_selected else "quiet")
        detail = str(index.data(DETAIL) or "")
        height = option.fontMetrics.height()
        top = place.center().y() - (height if detail else height // 2)
        for words, ink in ((title, text), (detail, quiet)):
            painter.setPen(ink)
            line = QRect(place.left(), top, place.width(), height)
            mode = Qt.TextElideMode.ElideMiddle if words is title else Qt.TextElideMode.ElideRight
            painter.drawText(
                line, Qt.AlignmentFlag.AlignVCenter, option.fontMetrics.elidedText(words, mode, line.width())
            )
            top += height + 2
        painter.restore()
