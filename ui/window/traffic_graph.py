# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws how fast data flowed in the last two minutes: received above, as an area, and sent, as a dashed line."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.texts import tr
from ui.view import traffic_view
from ui.view.traffic_view import SHOWN, Point
from ui.view.wording import rate

_GAP: Final = 2.5
"""Seconds without a reading until the line is interrupted."""


class TrafficGraph(QWidget):
    """Shows points of ui.view.traffic_view."""

    def __init__(self) -> None:
        super().__init__()
        self._points: tuple[Point, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(180)
        self.setAccessibleName(tr("Traffic of the last two minutes"))
        theme.current().changed.connect(self.update)

    @property
    def points(self) -> tuple[Point, ...]:
        """What is drawn."""
        return self._points

    def show_points(self, points: Sequence[Point]) -> None:
        """Draw these."""
        self._points = tuple(points)
        self.setAccessibleDescription(traffic_view.summary(self._points))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(600, 320)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        end = traffic_view.top(self._points)
        metrics = painter.fontMetrics()
        steps = traffic_view.levels(end)
        labels = [rate(end * level / steps) for level in range(steps + 1)]
        left = max(metrics.horizontalAdvance(each) for each in labels) + 12
        plot = QRectF(left, metrics.height() / 2 + 2, self.width() - left - 8, 0)
        plot.setBottom(self.height() - metrics.height() - 12)
        self._draw_grid(painter, plot, labels)
        self._draw_times(painter, plot)
        self._draw_area(painter, plot, end)
        self._draw_line(painter, plot, end)

    def _draw_grid(self, painter: QPainter, plot: QRectF, labels: list[str]) -> None:
        colours = theme.current()
        for level, text in enumerate(labels):
            y = plot.bottom() - plot.height() * level / (len(labels) - 1)
            painter.setPen(QPen(colours.colour("line"), 1, Qt.PenStyle.SolidLine if not level else Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours.colour("quiet"))
            area = QRectF(0, y - 20, plot.left() - 8, 40)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)

    def _draw_times(self, painter: QPainter, plot: QRectF) -> None:
        painter.setPen(theme.current().colour("quiet"))
        metrics = painter.fontMetrics()
        free_from = -1000.0
        for age in (120, 90, 60, 30, 0):
            text = tr("now") if not age else tr("{number} s ago", number=age)
            x = plot.right() - plot.width() * age / SHOWN
            wide = metrics.horizontalAdvance(text)
            start = min(max(x - wide / 2, 0.0), self.width() - wide)
            if start > free_from:
                painter.drawText(QPointF(start, self.height() - 4 - metrics.descent()), text)
                free_from = start + wide + 8

    def _runs(self, plot: QRectF, end: float, which: str) -> list[list[QPointF]]:
        """Lines without interruption."""
        runs: list[list[QPointF]] = [[]]
        before: float | None = None
        for point in self._points:
            value = getattr(point, which)
            far = before is not None and before - point.age > _GAP
            if (value is None or far) and runs[-1]:
                runs.append([])
            before = point.age
            if value is not None and point.age <= SHOWN:
                x = plot.right() - plot.width() * point.age / SHOWN
                runs[-1].append(QPointF(x, plot.bottom() - plot.height() * min(value / end, 1.0)))
        return [run for run in runs if run]

    def _draw_area(self, painter: QPainter, plot: QRectF, end: float) -> None:
        ink = theme.current().colour("accent")
        for run in self._runs(plot, end, "received"):
            path = QPainterPath(run[0])
            for point in run[1:]:
                path.lineTo(point)
            painter.setPen(QPen(ink, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(path)
            path.lineTo(QPointF(run[-1].x(), plot.bottom()))
            path.lineTo(QPointF(run[0].x(), plot.bottom()))
            wash = QColor(ink)
            wash.setAlphaF(0.18)
            painter.fillPath(path, wash)

    def _draw_line(self, painter: QPainter, plot: QRectF, end: float) -> None:
        pen = QPen(theme.current().colour("warning"), 2)
        pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for run in self._runs(plot, end, "sent"):
            painter.drawPolyline(run)


class LineSample(QWidget):
    """How a line looks, for the legend."""

    def __init__(self, role: str, dashed: bool) -> None:
        super().__init__()
        self._look = (role, dashed)
        self.setFixedSize(QSize(28, 14))
        theme.current().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        role, dashed = self._look
        painter = QPainter(self)
        pen = QPen(theme.current().colour(role), 2)
        if dashed:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.drawLine(0, 7, 28, 7)
