# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands where there is nothing yet: a picture, a sentence, and what to do next."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from ui.widgets.labels import MEDIUM, IconLabel, heading, quiet


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
        self.button.setVisible(bool(button))
        self.button.clicked.connect(self.acted)
        self._text.setVisible(bool(text))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 32, 24, 32)
        column.setSpacing(12)
        for each in (self._title, self._text):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            each.setMaximumWidth(520)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for each in (self._title, self._text):
            column.addWidget(each)
            column.setAlignment(each, Qt.AlignmentFlag(0))
        column.addSpacing(4)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)

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
