# SPDX-License-Identifier: GPL-2.0-or-later
"""A short list that a person puts in order: by dragging, with Alt and the arrow keys, or with buttons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from ui.view.interfaces_view import moved
from ui.widgets.order_row import OrderRow

GAP: Final = 8
NARROW: Final = 48
"""Letters. With less room rows are higher instead."""


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One row. `key` is unique; `describe` says everything to a screen reader; faint ones are switched off."""

    key: str
    title: str
    state: str = ""
    detail: str = ""
    icon: str = "network"
    role: str = "quiet"
    faint: bool = False


class OrderList(QWidget):
    """Signals:
    order_changed(tuple of keys): the person wants this order. It is shown until `set_items` or `revert`.
    """

    order_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[OrderItem, ...] = ()
        self._order: tuple[str, ...] = ()
        self._rows: dict[str, OrderRow] = {}
        self._reason = ""
        self._pressed: QPoint | None = None
        self._dragged = ""
        self._grip = 0
        self._target = 0
        self._later: tuple[OrderItem, ...] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def order(self) -> tuple[str, ...]:
        """The keys as they are shown."""
        return self._order

    @property
    def is_dragging(self) -> bool:
        """Whether a row is being dragged now."""
        return bool(self._dragged)

    def row(self, key: str) -> OrderRow:
        """The row of this key."""
        return self._rows[key]

    def set_items(self, items: Sequence[OrderItem]) -> None:
        """Show these, in this order. While a row is dragged this waits for the drop."""
        if self._dragged:
            self._later = tuple(items)
            return
        self._items = tuple(items)
        keys = tuple(each.key for each in items)
        for gone in self._rows.keys() - set(keys):
            self._rows.pop(gone).deleteLater()
        for item in items:
            if item.key not in self._rows:
                self._rows[item.key] = self._new_row(item.key)
        self._show(keys)

    def revert(self) -> None:
        """Back to the order that was set last."""
        self._show(tuple(each.key for each in self._items))

    def set_read_only(self, reason: str) -> None:
        """Nothing can be moved, for this reason; "" allows it again."""
        self._reason = reason
        self._show(self._order)

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        count = len(self._order)
        width = max((row.sizeHint().width() for row in self._rows.values()), default=0)
        return QSize(width, max(count * self._pitch() - GAP, 0))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        width = max((row.minimumSizeHint().width() for row in self._rows.values()), default=0)
        return QSize(width, self.sizeHint().height())

    def move_row(self, key: str, steps: int) -> None:
        """Move one up (-1) or down (1)."""
        start = self._order.index(key)
        wanted = moved(self._order, start, start + steps)
        if wanted != self._order and not self._reason:
            self._show(wanted)
            self._rows[key].setFocus(Qt.FocusReason.OtherFocusReason)
            self.order_changed.emit(wanted)

    # --- what the person does ---

    def eventFilter(self, row: OrderRow, event: QEvent) -> bool:  # noqa: N802
        kind = event.type()
        if kind is QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape and self._dragged:
            event.accept()  # it ends the dragging, and does not close the window
            return True
        if kind is QEvent.Type.KeyPress:
            return self._key(row, event)
        if kind is QEvent.Type.MouseButtonPress and event.button() is Qt.MouseButton.LeftButton:
            self._pressed = self._place(row, event)
            self._grip = self._pressed.y() - row.y()
        elif kind is QEvent.Type.MouseMove and self._pressed is not None:
            self._drag(row, self._place(row, event))
        elif kind is QEvent.Type.MouseButtonRelease:
            self._drop()
        return False

    def _key(self, row: OrderRow, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self._dragged:
            self._end()
            return True
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(event.key())
        if steps is None:
            return False
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_row(row.key, steps)
        else:
            place = min(max(self._order.index(row.key) + steps, 0), len(self._order) - 1)
            self._rows[self._order[place]].setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _place(self, row: OrderRow, event: QMouseEvent) -> QPoint:
        return row.mapToParent(event.position().toPoint())

    def _drag(self, row: OrderRow, place: QPoint) -> None:
        if not self._dragged:
            far = (place - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if self._reason or not far:
                return
            self._dragged = row.key
            row.set_lifted(True)
            row.raise_()
        last = (len(self._order) - 1) * self._pitch()
        row.move(row.x(), min(max(place.y() - self._grip, 0), last))
        self._target = round(row.y() / self._pitch())
        self._arrange(moved(self._order, self._order.index(row.key), self._target))

    def _drop(self) -> None:
        if not self._dragged:
            self._pressed = None
            return
        wanted = moved(self._order, self._order.index(self._dragged), self._target)
        changed = wanted != self._order
        if changed:
            self._order = wanted
        self._end()
        if changed:
            self.order_changed.emit(wanted)

    def _end(self) -> None:
        self._rows[self._dragged].set_lifted(False)
        self._dragged, self._pressed = "", None
        waiting, self._later = self._later, None
        if waiting is not None and {each.key for each in waiting} != set(self._order):
            self.set_items(waiting)
        else:
            self._show(self._order)

    # --- what is seen ---

    def _new_row(self, key: str) -> OrderRow:
        row = OrderRow(key, self)
        row.installEventFilter(self)
        row.up.clicked.connect(lambda: self.move_row(key, -1))
        row.down.clicked.connect(lambda: self.move_row(key, 1))
        row.show()
        return row

    def _show(self, order: tuple[str, ...]) -> None:
        self._order = order
        items = {each.key: each for each in self._items}
        before: QWidget | None = None
        for place, key in enumerate(order):
            item, row = items[key], self._rows[key]
            row.show_item(item.title, item.state, item.detail, item.icon, item.role, faint=item.faint)
            row.show_place(place, len(order), self._reason)
            for control in (row, row.up, row.down):
                if before is not None:
                    QWidget.setTabOrder(before, control)
                before = control
        self._fold()
        self._arrange(order)

    def _arrange(self, order: Sequence[str]) -> None:
        for place, key in enumerate(order):
            if key != self._dragged:
                self._rows[key].setGeometry(0, place * self._pitch(), self.width(), self._pitch() - GAP)

    def _fold(self) -> None:
        narrow = self.width() < self.fontMetrics().averageCharWidth() * NARROW
        for row in self._rows.values():
            row.set_narrow(narrow)
        self.updateGeometry()

    def _pitch(self) -> int:
        return max((row.sizeHint().height() for row in self._rows.values()), default=56) + GAP

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fold()
        self._arrange(self._order)
