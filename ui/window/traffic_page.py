# SPDX-License-Identifier: GPL-2.0-or-later
"""How much goes through the home addresses, read from the service once a second while one looks."""

import time
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from service.contract import Action
from ui.texts import mark, tr
from ui.view import traffic_view
from ui.view.moment import Moment
from ui.view.traffic_view import Reading
from ui.view.wording import octets, rate
from ui.widgets import Card, EmptyState, heading, quiet
from ui.widgets.flow import Flow
from ui.widgets.labels import MEDIUM
from ui.window.context import Context
from ui.window.page import Page
from ui.window.traffic_graph import LineSample, TrafficGraph

EVERY: Final = 1000
"""Milliseconds between two readings."""


class TrafficPage(Page):
    """A graph of the last two minutes, and what was carried since the service began."""

    HELP = mark(
        "What goes to and from your home addresses while you are away. At home nothing is counted, because"
        " packets take no detour there."
    )
    ACTIONS: tuple[Action, ...] = ()

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self._readings: tuple[Reading, ...] = ()
        self._is_asking = False
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self._ask)
        self.graph = TrafficGraph()
        self.received = _Figure(tr("Received"), LineSample("accent", dashed=False))
        self.sent = _Figure(tr("Sent"), LineSample("warning", dashed=True))
        figures = Flow(gap=32)
        figures.add(self.received)
        figures.add(self.sent)
        self.card = Card()
        self.card.body.addWidget(figures)
        self.card.body.addWidget(self.graph, 1)
        self.explanation = quiet(tr("Through your home addresses, in the last two minutes."))
        self.empty = EmptyState(
            "graph", tr("This service does not count traffic"), tr("Install a newer version to see it here.")
        )
        self.empty.hide()
        self.add(self.explanation)
        self.add(self.card, 1)
        self.add(self.empty, 1)

    @property
    def is_polling(self) -> bool:
        """Whether the service is asked once a second."""
        return self._timer.isActive()

    def enter(self) -> None:
        self._ask()
        self._timer.start()

    def leave(self) -> None:
        self._timer.stop()

    def show_moment(self, status: ServiceStatus, moment: Moment) -> None:
        pass  # the readings have a rhythm of their own

    def _ask(self) -> None:
        if self._is_asking:
            return
        self._is_asking = True
        self.context.session.ask(lambda client: client.counters(), then=self._read, failed=self._fail)

    def _read(self, counters: Mapping[str, int] | None) -> None:
        self._is_asking = False
        newest = traffic_view.reading(time.monotonic(), counters or {})
        self.card.setVisible(newest is not None)
        self.explanation.setVisible(newest is not None)
        self.empty.setVisible(newest is None)
        if newest is None:
            return
        self._readings = traffic_view.extended(self._readings, newest)
        points = traffic_view.points(self._readings, newest.time)
        self.graph.show_points(points)
        last = points[-1] if points else None
        self.received.show_figure(last.received if last else None, newest.received)
        self.sent.show_figure(last.sent if last else None, newest.sent)

    def _fail(self, error: MobileIPv6Error) -> None:
        # The service went away: the window says so by itself, and the graph gets a gap.
        self._is_asking = False


class _Figure(QWidget):
    """A rate in large letters, and how much it was in all."""

    def __init__(self, name: str, sample: LineSample) -> None:
        super().__init__()
        self._name = name
        self.value = heading("", MEDIUM)
        self.value.setWordWrap(False)
        self.total = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(sample)
        row.addWidget(QLabel(name))
        row.addWidget(self.value)
        row.addWidget(self.total, 1, Qt.AlignmentFlag.AlignLeft)
        self.show_figure(None, 0)

    def show_figure(self, now: float | None, total: int) -> None:
        """The rate now, None if nobody knows, and the amount since the service began."""
        self.value.setText("–" if now is None else rate(now))
        self.total.setText(tr("{amount} in all", amount=octets(total)))
        self.setAccessibleName(f"{self._name}: {self.value.text()}, {self.total.text()}")
        self.updateGeometry()
