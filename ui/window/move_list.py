# SPDX-License-Identifier: GPL-2.0-or-later
"""The moves as a list: each row a title, when it was, and a bar of its stages on the scale all rows share."""

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from ui import theme
from ui.view import timeline_view
from ui.view.timeline_view import Move
from ui.widgets import pictures
from ui.widgets.local_time import when
from ui.window.stage_pattern import fill

MOVE: Final = Qt.ItemDataRole.UserRole
_BAR: Final = 18
_PAD: Final = 12
Index = QModelIndex | QPersistentModelIndex


class MoveModel(QAbstractListModel):
    """The moves, the newest first. `time_of` tells the time of day of an instant."""

    def __init__(self, parent: QListView) -> None:
        super().__init__(parent)
        self._moves: tuple[Move, ...] = ()
        self._times: tuple[float, ...] = ()

    def set_moves(self, moves: Sequence[Move], times: Sequence[float]) -> None:
        """Show these; what is selected stays selected while it exists."""
        moves = tuple(moves)
        same = [each.number for each in moves] == [each.number for each in self._moves]
        if not same:
            self.beginResetModel()
        self._moves, self._times = moves, tuple(times)
        if not same:
            self.endResetModel()
        elif moves:
            self.dataChanged.emit(self.index(0), self.index(len(moves) - 1))

    def place_of(self, number: int) -> int | None:
        """The row of a move."""
        return next((row for row, each in enumerate(self._moves) if each.number == number), None)

    def when(self, row: int) -> str:
        """When it began, for people."""
        return when(self._times[row])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 (Qt's)
        return 0 if parent.isValid() else len(self._moves)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        move = self._moves[index.row()]
        if role == MOVE:
            return move
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{self.when(index.row())} · {move.title}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return move.describe(self.when(index.row()))
        return None


class MoveList(QListView):
    """Chosen with the mouse or with the arrow keys."""

    def __init__(self) -> None:
        super().__init__()
        self.moves = MoveModel(self)
        self.setModel(self.moves)
        self.bars = _Bars(self)
        self.setItemDelegate(self.bars)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        theme.current().changed.connect(self.viewport().update)

    def set_moves(self, moves: Sequence[Move], times: Sequence[float]) -> None:
        """Show these."""
        chosen = self.chosen()
        self.bars.longest = timeline_view.scale(moves)
        self.moves.set_moves(moves, times)
        row = self.moves.place_of(chosen.number) if chosen else None
        if self.moves.rowCount() and (row is None or not self.currentIndex().isValid()):
            self.setCurrentIndex(self.moves.index(row or 0))
        self.viewport().update()

    def chosen(self) -> Move | None:
        """The move that is selected."""
        index = self.currentIndex()
        return index.data(MOVE) if index.isValid() else None


class _Bars(QStyledItemDelegate):
    longest = 0.1

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        return QSize(200, 2 * _PAD + option.fontMetrics.height() + 8 + _BAR)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        move: Move = index.data(MOVE)
        colours = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect).adjusted(2, 2, -2, -2)
        if option.state & QStyle.StateFlag.State_Selected:
            wash = QColor(colours.colour("accent"))
            wash.setAlphaF(0.0 if colours.look.is_contrast else 0.10)
            painter.setBrush(wash)
            painter.setPen(QPen(colours.colour("accent"), 2 if option.state & QStyle.StateFlag.State_HasFocus else 1))
            painter.drawRoundedRect(area, 6, 6)
        self._draw_words(painter, option, index, move)
        self._draw_bar(painter, self.bar(option.rect, option.fontMetrics.height()), move)
        painter.restore()

    def bar(self, row: Any, text_height: int) -> QRectF:
        """Where the bar of a row may be."""
        inner = QRectF(row).adjusted(_PAD, _PAD, -_PAD, -_PAD)
        return QRectF(inner.left(), inner.top() + text_height + 8, inner.width(), _BAR)

    def _draw_words(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex, move: Move) -> None:
        colours = theme.current()
        inner = QRectF(option.rect).adjusted(_PAD, _PAD, -_PAD, 0)
        inner.setHeight(option.fontMetrics.height())
        bold = QFont(option.font)
        bold.setBold(True)
        painter.setFont(bold)
        result = move.took or move.outcome
        width = painter.fontMetrics().horizontalAdvance(result) + 4
        painter.setPen(colours.colour(move.role))
        vertical = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, vertical | Qt.AlignmentFlag.AlignRight, result)
        pictures.paint(painter, QPointF(inner.right() - width - 22, inner.center().y() - 8), move.icon, move.role, 16)
        painter.setFont(option.font)
        painter.setPen(colours.colour("text"))
        words = inner.adjusted(0, 0, -(width + 30), 0)
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, vertical | Qt.AlignmentFlag.AlignLeft, text)

    def _draw_bar(self, painter: QPainter, area: QRectF, move: Move) -> None:
        colours = theme.current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("surface"))
        painter.drawRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for piece in move.pieces:
            fill(painter, self._piece(area, piece), piece.part)
        if move.total > self.longest * 1.001:  # it goes on beyond the edge
            pictures.paint(painter, QPointF(area.right() - 18, area.top() + 1), "next", "text", 16)
        if move.works is not None and move.works <= self.longest:
            at = area.left() + area.width() * move.works / self.longest
            painter.setPen(QPen(colours.colour("text"), 2))
            painter.drawLine(int(at), int(area.top() - 3), int(at), int(area.bottom() + 3))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _piece(self, area: QRectF, piece: timeline_view.Piece) -> QRectF:
        start = area.left() + area.width() * min(piece.start / self.longest, 1.0)
        end = area.left() + area.width() * min(piece.end / self.longest, 1.0)
        return QRectF(start, area.top(), max(end - start, 1.0 if start < area.right() else 0.0), area.height())

    def helpEvent(  # noqa: N802 (Qt's name)
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: QModelIndex
    ) -> bool:
        if event.type() is not QEvent.Type.ToolTip or not index.isValid():
            return False
        move: Move = index.data(MOVE)
        area = self.bar(option.rect, view.fontMetrics().height())
        under = [each for each in move.pieces if self._piece(area, each).contains(event.pos().toPointF())]
        text = under[-1].text() if under else index.data(Qt.ItemDataRole.AccessibleTextRole)
        QToolTip.showText(event.globalPos(), text, view)
        return True
