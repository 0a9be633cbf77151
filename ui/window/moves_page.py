# SPDX-License-Identifier: GPL-2.0-or-later
"""The timeline of moves: how long each took, and what the time was spent on."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from mnclient.model.service_status import ServiceStatus
from ui import theme
from ui.texts import mark, tr
from ui.view import timeline_view
from ui.view.moment import Moment
from ui.view.timeline_view import PARTS, Move
from ui.view.wording import duration
from ui.widgets import Card, EmptyState, StateLabel, quiet
from ui.widgets.flow import Flow
from ui.widgets.labels import ElidedLabel
from ui.window.context import Context
from ui.window.move_list import MoveList
from ui.window.page import Page
from ui.window.stage_pattern import Swatch

BESIDE: Final = 720
"""With less room the stages of the chosen move stand below the list."""


class MovesPage(Page):
    """Every move as a bar of stages, and the chosen one in words."""

    HELP = mark(
        "Each bar is one change of the network, from the left edge on; all bars have the same scale. The upright mark"
        " is where your home address worked again. Choose a move with the mouse or the arrow keys to see its stages."
    )

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.list = MoveList()
        self.list.setAccessibleName(title)
        self.axis = Axis()
        self.stages = StageList()
        self.legend = Flow()
        for part, text in PARTS.items():
            self.legend.add(_legend_entry(part, tr(text)))
        self.empty = EmptyState(
            "timeline",
            tr("No move yet"),
            tr("When this computer changes the network, you see here how long it took, in milliseconds."),
        )
        card = Card()
        card.body.setContentsMargins(8, 8, 8, 8)
        card.body.setSpacing(4)
        card.body.addWidget(self.list, 1)
        card.body.addWidget(self.axis)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.legend)
        left.addWidget(card, 1)
        self.both = QWidget()
        self._split = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.both)
        self._split.setContentsMargins(0, 0, 0, 0)
        self._split.setSpacing(16)
        self._split.addLayout(left, 3)
        self._split.addWidget(self.stages, 2)
        self.add(self.both, 1)
        self.add(self.empty, 1)
        self.list.selectionModel().currentChanged.connect(lambda now, before: self._choose())

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        moves = timeline_view.moves(status.handovers, moment)
        self.list.set_moves(moves, [moment.time_of(each.started) for each in moves])
        self.axis.set_longest(self.list.bars.longest)
        self.both.setVisible(bool(moves))
        self.empty.setVisible(not moves)
        self._choose()

    def show_moment(self, status: ServiceStatus, moment: Moment) -> None:
        if any(each.outcome.value == "under-way" for each in status.handovers):
            self.show_status(status, moment)

    def find(self) -> None:
        self.list.setFocus()

    def _choose(self) -> None:
        move = self.list.chosen()
        if move is not None:
            self.stages.show_move(move, self.list.moves.when(self.list.currentIndex().row()))

    def resizeEvent(self, event) -> None:  # noqa: N802 (Qt's name)
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._split.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self.stages.set_short(not beside)


class Axis(QWidget):
    """The scale below the bars."""

    def __init__(self) -> None:
        super().__init__()
        self._longest = 0.1
        self.setAccessibleName(tr("Time since the move began"))
        theme.current().changed.connect(self.update)

    def set_longest(self, longest: float) -> None:
        """The right end stands for this time."""
        if longest != self._longest:
            self._longest = longest
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(100, self.fontMetrics().height() + 10)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        left, width = 12.0, self.width() - 24.0
        painter.setPen(QPen(theme.current().colour("quiet"), 1))
        painter.drawLine(int(left), 2, int(left + width), 2)
        metrics = painter.fontMetrics()
        wanted = max(int(width / (metrics.horizontalAdvance("10000 ms") * 1.6)), 1)
        free_from = 0.0
        for at in timeline_view.ticks(self._longest, wanted):
            x = left + width * at / self._longest
            painter.drawLine(int(x), 2, int(x), 6)
            text = timeline_view.milliseconds(at)
            wide = metrics.horizontalAdvance(text)
            start = min(max(x - wide / 2, 0.0), self.width() - wide)
            if start >= free_from:
                painter.drawText(QRectF(start, 8, wide + 2, metrics.height()), Qt.AlignmentFlag.AlignLeft, text)
                free_from = start + wide + 8


class StageList(Card):
    """The stages of one move, one below the other."""

    def __init__(self) -> None:
        super().__init__(tr("Stages"))
        self._shown: tuple[Move, str] | None = None
        self.where = ElidedLabel()
        self.outcome = StateLabel()
        self.when = quiet("")
        self.grid_widget = QWidget()
        self.grid = QGridLayout(self.grid_widget)
        self.grid.setContentsMargins(0, 0, 8, 0)
        self.grid.setHorizontalSpacing(12)
        self.grid.setVerticalSpacing(6)
        self.grid.setColumnStretch(1, 1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setAccessibleName(tr("Stages"))
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.viewport().setAutoFillBackground(False)
        self.area.setWidget(self.grid_widget)
        self.grid_widget.setAutoFillBackground(False)  # setWidget has switched it on
        for each in (self.when, self.where, self.outcome):
            self.body.addWidget(each)
        self.body.addWidget(self.area, 1)
        self.setMinimumHeight(180)

    def show_move(self, move: Move, when: str) -> None:
        """The stages of this one."""
        if self._shown == (move, when):
            return
        self._shown = (move, when)
        self.when.setText(f"{when} · {move.title}")
        self.where.set_text(move.where)
        self.outcome.set_state(move.icon, move.result, move.role)
        while self.grid.count():
            widget = self.grid.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        for row, piece in enumerate(move.pieces):
            took, at = QLabel(f"+{duration(piece.took)}"), QLabel(duration(piece.end))
            name = ElidedLabel(piece.stage)
            name.setAccessibleName(piece.text())
            for each in (took, at):
                each.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, each in enumerate((Swatch(piece.part), name, took, at)):
                self.grid.addWidget(each, row, column)
        self.grid.setRowStretch(len(move.pieces), 1)

    def set_short(self, short: bool) -> None:
        """Below the list there is little height: what the list says already is left out."""
        for each in (self.title, self.when):
            each.setVisible(not short)

    def texts(self) -> list[str]:
        """What is listed."""
        names = (self.grid.itemAtPosition(row, 1) for row in range(self.grid.rowCount()))
        return [item.widget().full_text() for item in names if item is not None]


def _legend_entry(part: timeline_view.Part, text: str) -> QWidget:
    entry = QWidget()
    row = QHBoxLayout(entry)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(Swatch(part))
    row.addWidget(QLabel(text))
    return entry
