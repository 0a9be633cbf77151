# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands where there is nothing yet: a picture, a sentence, and what to do next."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui.widgets.labels import MEDIUM, IconLabel, heading, quiet

WIDEST: Final = 560


class EmptyState(QWidget):
    """Signals:
    acted(): the button was pressed.
    """

    acted = Signal()

    def __init__(
        self,
        icon: str,
        title: str,
        text: str = "",
        button: str = "",
        *,
        role: str = "quiet",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, role, 48)
        self._title = heading(title, MEDIUM)
        self._text = quiet(text)
        self.button = QPushButton(button)
        self.button.clicked.connect(self.acted)
        inner = QWidget()
        inner.setMaximumWidth(WIDEST)
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 32, 24, 32)
        column.setSpacing(12)
        for each in (self._title, self._text):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for each in (self._title, self._text):
            column.addWidget(each)
        column.addSpacing(4)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(inner, 100)
        row.addStretch(1)
        # not before they are in here: a widget without a parent would be a window
        self.button.setVisible(bool(button))
        self._text.setVisible(bool(text))

    def say(self, icon: str, title: str, text: str, role: str = "quiet", button: str = "") -> None:
        """Something else is missing."""
        self._icon.set_icon(icon, role)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.button.setText(button)
        self.button.setVisible(bool(button))

    def title(self) -> str:
        """What it says now."""
        return self._title.text()

    def text(self) -> str:
        """The sentence below the title."""
        return self._text.text()
