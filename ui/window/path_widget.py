# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the way of packets: this computer, the network it is in, its home agent, and the others.

Side by side where there is room, else one below the other. A whole line carries packets, a dashed one is not sure yet,
and one that should work and does not has a cross.
"""

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui import theme
from ui.texts import tr
from ui.view.path_view import Line, Node, Path, Place, Stroke
from ui.widgets import pictures

STACKED_BELOW: Final = 540
_PAD: Final = 12.0
_ICON: Final = 20.0
_LINES: Final = 2
_INDENT: Final = 64.0
_WIDEST: Final = 250.0


class PathWidget(QWidget):
    """Shows a `Path` of ui.view.path_view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        # not Fixed: that would hold it to the height it has side by side
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(200)
        self.setAccessibleName(tr("The way of packets"))
        theme.current().changed.connect(self.update)

    def show_path(self, path: Path) -> None:
        """Draw this one."""
        if path != self._path:
            self._path = path
            self.setAccessibleDescription(path.description)
            self.updateGeometry()
            self.update()

    def places(self) -> dict[Place, QRectF]:
        """Where each place is drawn."""
        width, height = float(self.width()), self._box_height()
        if self._is_stacked(width):
            gap = self._gap()
            boxes = {}
            for number, place in enumerate(Place):
                left = _INDENT if place is Place.HOME_AGENT else 0.0
                boxes[place] = QRectF(left + 1, 1 + number * (height + gap), width - left - 2, height)
            return boxes
        gap = min(max(width * 0.15, 76.0), 170.0)
        side = min((width - 2 * gap) / 3, _WIDEST)
        gap = (width - 3 * side) / 2
        low = height + self._gap()
        boxes = {
            Place.COMPUTER: QRectF(1, low, side - 1, height),
            Place.NETWORK: QRectF(side + gap, low, side, height),
            Place.CORRESPONDENTS: QRectF(2 * (side + gap), low, side - 1, height),
        }
        middle = (boxes[Place.NETWORK].center().x() + boxes[Place.CORRESPONDENTS].center().x()) / 2
        boxes[Place.HOME_AGENT] = QRectF(middle - side / 2, 1, side, height)
        return boxes

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        return QSize(620, self.heightForWidth(620))

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        count = len(Place) if self._is_stacked(width) else 2
        return round(count * self._box_height() + (count - 1) * self._gap() + 3)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and self._path is not None:
            self._tooltip(event)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._path is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        boxes = self.places()
        ways = [(line, self._way(line, boxes)) for line in self._path.lines]
        for line, way in ways:
            self._draw_line(painter, line, way)
        for node in self._path.nodes:
            self._draw_node(painter, node, boxes[node.place])
        for line, way in ways:
            self._draw_label(painter, line, way, boxes)

    # --- geometry ---

    def _is_stacked(self, width: float) -> bool:
        # Larger letters need more room for the same words.
        return width < max(STACKED_BELOW, self.fontMetrics().averageCharWidth() * 68)

    def _box_height(self) -> float:
        return 2 * _PAD + max(self._bold_metrics().height(), _ICON) + _LINES * (self._metrics().height() + 2) + 2

    def _gap(self) -> float:
        return self._metrics().height() + 28.0

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.font())

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def _bold_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._bold())

    def _way(self, line: Line, boxes: dict[Place, QRectF]) -> QPainterPath:
        start, end = boxes[line.start], boxes[line.end]
        if self._is_stacked(self.width()):
            return self._way_down(line, start, end)
        if line.end is Place.HOME_AGENT:
            return _bent(QPointF(start.center().x(), start.top()), QPointF(end.left(), end.center().y()))
        if line.start is Place.HOME_AGENT:
            return _bent(QPointF(end.center().x(), end.top()), QPointF(start.right(), start.center().y()))
        way = QPainterPath(QPointF(start.right(), start.center().y()))
        way.lineTo(QPointF(end.left(), end.center().y()))
        return way

    def _way_down(self, line: Line, start: QRectF, end: QRectF) -> QPainterPath:
        through = Place.HOME_AGENT in (line.start, line.end)
        x = self.width() / 2 + _INDENT / 2 if through else _INDENT / 2
        if (line.start, line.end) == (Place.COMPUTER, Place.NETWORK):
            x = self.width() / 2
        way = QPainterPath(QPointF(x, start.bottom()))
        way.lineTo(QPointF(x, end.top()))
        return way

    # --- drawing ---

    def _draw_line(self, painter: QPainter, line: Line, way: QPainterPath) -> None:
        pen = QPen(theme.current().colour(line.role), 3)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if line.stroke is not Stroke.SOLID:
            pen.setDashPattern([2.0, 1.5] if line.stroke is Stroke.DASHED else [1.0, 1.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(way)
        if line.stroke is Stroke.BROKEN and not line.label:
            self._draw_cross(painter, way.pointAtPercent(0.5), line.role)

    def _draw_cross(self, painter: QPainter, at: QPointF, role: str) -> None:
        colours = theme.current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("card"))
        painter.drawEllipse(at, 12, 12)
        pictures.paint(painter, at - QPointF(9, 9), "close", role, 18)

    def _draw_label(self, painter: QPainter, line: Line, way: QPainterPath, boxes: dict[Place, QRectF]) -> None:
        if not line.label:
            return
        area = self._label_area(line, way, boxes)
        is_broken = line.stroke is Stroke.BROKEN
        ink = theme.current().colour(line.role)
        painter.setPen(QPen(ink, 1))
        painter.setBrush(theme.current().colour("card"))
        painter.drawRoundedRect(area, 8, 8)
        words = area
        if is_broken:
            pictures.paint(painter, QPointF(area.left() + 6, area.center().y() - 8), "close", line.role, 16)
            words = area.adjusted(18, 0, 0, 0)
        painter.setPen(ink)
        painter.setFont(self.font())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), line.label)

    def _label_area(self, line: Line, way: QPainterPath, boxes: dict[Place, QRectF]) -> QRectF:
        middle = way.pointAtPercent(0.5)
        if line.end is Place.HOME_AGENT and not self._is_stacked(self.width()):
            middle = QPointF(boxes[line.start].center().x(), boxes[line.start].top() - self._gap() / 2 - 6)
        mark = 18.0 if line.stroke is Stroke.BROKEN else 0.0
        straight = Place.HOME_AGENT not in (line.start, line.end)
        room = self.width() * 0.6
        if straight and not self._is_stacked(self.width()):
            room = boxes[line.end].left() - boxes[line.start].right() - 20
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        text = self._metrics().boundingRect(QRectF(0, 0, max(room - mark, 40.0), 400), flags, line.label)
        area = QRectF(0, 0, text.width() + 16 + mark, text.height() + 6)
        area.moveCenter(middle)
        if self._is_stacked(self.width()) and straight and line.start is Place.NETWORK:
            area.moveTop(boxes[Place.NETWORK].bottom() + (self._gap() - area.height()) / 2)
            area.moveLeft(max(middle.x() - area.width() / 2, 2.0))
        area.moveRight(min(area.right(), self.width() - 1.0))
        return area

    def _draw_node(self, painter: QPainter, node: Node, box: QRectF) -> None:
        colours = theme.current()
        painter.setPen(QPen(colours.colour(node.role if node.role != "accent" else "line"), 1.5))
        painter.setBrush(colours.colour("surface"))
        painter.drawRoundedRect(box, 8, 8)
        inner = box.adjusted(_PAD, _PAD, -_PAD, -_PAD)
        pictures.paint(painter, inner.topLeft(), node.icon, node.role, _ICON)
        head = QRectF(inner.left() + _ICON + 8, inner.top(), inner.width() - _ICON - 8, _ICON)
        head.setHeight(max(_ICON, self._bold_metrics().height()))
        painter.setFont(self._bold())
        painter.setPen(colours.colour("text"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        title = self._bold_metrics().elidedText(node.title, Qt.TextElideMode.ElideRight, head.width())
        painter.drawText(head, int(flags), title)
        painter.setFont(self.font())
        painter.setPen(colours.colour("quiet"))
        top = head.bottom() + 4
        for text in node.lines[:_LINES]:
            height = self._metrics().height()
            shown = self._metrics().elidedText(text, Qt.TextElideMode.ElideMiddle, inner.width())
            painter.drawText(QRectF(inner.left(), top, inner.width(), height), int(flags), shown)
            top += height + 2

    def _tooltip(self, event: QHelpEvent) -> None:
        boxes = self.places()
        for node in self._path.nodes if self._path else ():
            if boxes[node.place].contains(QPointF(event.pos())):
                QToolTip.showText(event.globalPos(), "\n".join((node.title, *node.lines)), self)
                return
        QToolTip.hideText()


def _bent(start: QPointF, end: QPointF) -> QPainterPath:
    """Straight up from `start`, and around a corner to `end`."""
    way = QPainterPath(start)
    radius = min(24.0, abs(end.x() - start.x()), abs(start.y() - end.y()))
    side = 1.0 if end.x() > start.x() else -1.0
    way.lineTo(QPointF(start.x(), end.y() + radius))
    way.quadTo(QPointF(start.x(), end.y()), QPointF(start.x() + side * radius, end.y()))
    way.lineTo(end)
    return way
