# SPDX-License-Identifier: GPL-2.0-or-later
"""A card: what belongs together, on a ground of its own."""

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.widgets.labels import MEDIUM, heading

RADIUS: Final = 8.0
MARGIN: Final = 16


class Card(QFrame):
    """Add widgets to `body`; what stands right of the title goes into `header`."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self.body.setSpacing(12)
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        self._role = "line"
        if title:
            self.title = heading(title, MEDIUM)
            self.header.addWidget(self.title, 1)
            self.body.addLayout(self.header)
            self.setAccessibleName(title)
        theme.current().changed.connect(self.update)

    def set_edge(self, role: str) -> None:
        """The colour of the edge: "line" unless the card wants attention."""
        self._role = role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().colour(self._role), 1))
        painter.setBrush(theme.current().colour("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
