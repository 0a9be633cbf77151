# SPDX-License-Identifier: GPL-2.0-or-later
"""A page of the preferences: cards in a column that scrolls, not wider than is good to read."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui import theme
from ui.widgets import Card, heading, quiet

WIDEST: Final = 720
MARGIN: Final = 24
NARROW_MARGIN: Final = 16
NARROW: Final = 480


class Page(QScrollArea):
    """Add cards with `card`, rows to a card with `row`."""

    def __init__(self, title: str, introduction: str = "") -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(title)
        inner = QWidget()
        self._outer = QHBoxLayout(inner)
        self._outer.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        content = QWidget()
        content.setMaximumWidth(WIDEST)
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(16)
        self._outer.addWidget(content, 1)
        self.column.addWidget(heading(title))
        if introduction:
            self.column.addWidget(quiet(introduction))
        self._end = QWidget()
        self.column.addWidget(self._end, 1)
        self.setWidget(inner)
        theme.current().changed.connect(self._ground)
        self._ground()

    def card(self, title: str = "") -> Card:
        """One more card."""
        card = Card(title)
        self.add(card)
        return card

    def add(self, widget: QWidget) -> None:
        """One more widget below the others."""
        self.column.insertWidget(self.column.indexOf(self._end), widget)

    def resizeEvent(self, event) -> None:  # noqa: N802 (Qt's name)
        margin = NARROW_MARGIN if self.width() < NARROW else MARGIN
        self._outer.setContentsMargins(margin, margin, margin, margin)
        super().resizeEvent(event)

    def _ground(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, theme.current().colour("surface"))
        self.setPalette(palette)


def row(card: Card, widget: QWidget) -> QWidget:
    """One more row of a card, below a thin line when it is not the first."""
    if card.property("rows"):
        card.body.addWidget(Line())
    card.setProperty("rows", True)
    card.body.addWidget(widget)
    return widget


class Line(QFrame):
    """A thin line between two rows."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)
        self.setAutoFillBackground(True)
        theme.current().changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, theme.current().colour("line"))
        self.setPalette(palette)
