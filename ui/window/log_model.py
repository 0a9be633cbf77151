# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol log as a table: the newest last, at most a thousand, those that a filter lets through."""

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from mnclient.model.message_log import LoggedMessage
from ui import theme
from ui.texts import mark, tr
from ui.view import messages_view
from ui.view.messages_view import Filter
from ui.widgets.local_time import full, precise

HEADINGS: Final = (mark("Time"), mark("Direction"), mark("Message"), mark("From"), mark("To"), mark("Summary"))
MESSAGE: Final = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractTableModel):
    """Messages come in batches; rows appear at the end and disappear at the beginning."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[LoggedMessage, ...] = ()
        self._shown: list[LoggedMessage] = []
        self._filter = Filter("")

    @property
    def everything(self) -> tuple[LoggedMessage, ...]:
        """All that is kept, whatever the filter."""
        return self._all

    @property
    def shown(self) -> tuple[LoggedMessage, ...]:
        """What the filter lets through."""
        return tuple(self._shown)

    @property
    def last(self) -> int:
        """The number of the newest message, 0 without any."""
        return self._all[-1].number if self._all else 0

    def extend(self, messages: Iterable[LoggedMessage]) -> None:
        """Messages that came."""
        kept = messages_view.merged(self._all, messages)
        before, self._all = self._all, kept
        begins_anew = bool(before) and bool(kept) and kept[-1].number < before[-1].number
        if begins_anew:
            self._reset()
            return
        new = [each for each in kept if not before or each.number > before[-1].number]
        new = [each for each in new if self._filter.lets_through(each)]
        oldest = kept[0].number if kept else 0
        gone = next((at for at, each in enumerate(self._shown) if each.number >= oldest), len(self._shown))
        if gone:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
            del self._shown[:gone]
            self.endRemoveRows()
        if new:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
            self._shown += new
            self.endInsertRows()

    def look_for(self, text: str) -> None:
        """Show only what matches."""
        self._filter = Filter(text)
        self._reset()

    def clear(self) -> None:
        """Forget everything."""
        self._all = ()
        self._reset()

    def row_of(self, number: int) -> int | None:
        """Where a message is shown."""
        return next((row for row, each in enumerate(self._shown) if each.number == number), None)

    def _reset(self) -> None:
        self.beginResetModel()
        self._shown = [each for each in self._all if self._filter.lets_through(each)]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 (Qt's)
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(HEADINGS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        message = self._shown[index.row()]
        if role == MESSAGE:
            return message
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(message, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return full(message.time) if index.column() == 0 else _text(message, index.column())
        if role == Qt.ItemDataRole.DecorationRole:
            if index.column() == 1:
                return theme.current().icon("up" if message.outgoing else "down", "quiet")
            if index.column() == 2 and message.malformed:
                return theme.current().icon("warning", "warning")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(HEADINGS[section])
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        return None


def _text(message: LoggedMessage, column: int) -> str:
    match column:
        case 0:
            return precise(message.time)
        case 1:
            return messages_view.direction(message)
        case 2:
            return messages_view.words(message.name)
        case 3:
            return str(message.source)
        case 4:
            return str(message.destination)
        case _:
            return messages_view.summary(message)
