# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of ui/icons in exactly the size that is drawn. `theme.icon` makes many sizes, for whoever chooses later."""

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap

from ui import theme


def picture(name: str, role: str, size: float, ratio: float = 1.0) -> QPixmap:
    """`size` is what it takes on the screen, `ratio` how many pixels each point of it has."""
    made = QPixmap(_drawn(name, theme.current().colour(role).name(), round(size * ratio)))
    made.setDevicePixelRatio(ratio)
    return made


def paint(painter: QPainter, place: QPointF, name: str, role: str, size: float) -> None:
    """Draw it with its upper left corner there."""
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(QRectF(place.x(), place.y(), size, size).toRect(), picture(name, role, size, ratio))


@lru_cache(maxsize=512)
def _drawn(name: str, ink: str, pixels: int) -> QPixmap:
    return theme.pixmap(name, QColor(ink), pixels)
