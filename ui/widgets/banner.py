# SPDX-License-Identifier: GPL-2.0-or-later
"""A message across a window: what happened, and perhaps a button that does something about it."""

from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from ui import theme
from ui.texts import tr
from ui.widgets.labels import IconLabel, wrapped

KINDS: Final = {"info": ("info", "accent"), "warning": ("warning", "warning"), "error": ("error", "bad")}
"""Kind: picture and role."""


class Banner(QFrame):
    """Signals:
    acted(): the button was pressed.
    dismissed(): it was closed; it hides itself.
    """

    acted = Signal()
    dismissed = Signal()

    def __init__(
        self,
        kind: str = "info",
        title: str = "",
        text: str = "",
        action: str = "",
        *,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel("info", "accent", 20)
        self._title = wrapped("")
        self._text = wrapped("")
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self.button = QPushButton()
        self.button.clicked.connect(self.acted)
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setAccessibleName(tr("Dismiss this message"))
        self.close_button.setToolTip(tr("Dismiss this message"))
        self.close_button.clicked.connect(self._dismiss)
        self._arrange()
        self.close_button.setVisible(closable)
        theme.current().changed.connect(self._redraw)
        self.say(kind, title, text, action)
        self._redraw()

    def say(self, kind: str, title: str, text: str = "", action: str = "") -> None:
        """Show this message."""
        self._kind = kind if kind in KINDS else "info"
        self._icon.set_icon(*KINDS[self._kind])
        for label, words in ((self._title, title), (self._text, text)):
            label.setText(words)
            label.setVisible(bool(words))
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.update()

    def title(self) -> str:
        """What it says now."""
        return self._title.text()

    def text(self) -> str:
        """The sentence below the title."""
        return self._text.text()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        ink = theme.current().colour(KINDS[self._kind][1])
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(ink, 1))
        painter.setBrush(theme.current().colour("card"))
        painter.drawRoundedRect(ground, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        ink.setAlphaF(0.0 if theme.current().look.is_contrast else 0.08)
        painter.setBrush(ink)
        painter.drawRoundedRect(ground, 8, 8)

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        words.addWidget(self._text)
        below = QVBoxLayout()
        below.setContentsMargins(0, 4, 0, 0)
        below.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        words.addLayout(below)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 12, 12)
        row.setSpacing(12)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    def _redraw(self) -> None:
        self.close_button.setIcon(theme.current().icon("close", "quiet"))
        self.update()

    def _dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()
