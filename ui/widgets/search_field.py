# SPDX-License-Identifier: GPL-2.0-or-later
"""A field to type into what one looks for."""

from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ui import theme
from ui.texts import tr

LONGEST: Final = 128


class SearchField(QLineEdit):
    """With a magnifying glass, and a cross that empties it."""

    def __init__(self, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint)
        self.setClearButtonEnabled(True)
        self.setMaxLength(LONGEST)
        self.setAccessibleName(tr("Filter"))
        self._glass = self.addAction(theme.current().icon("search", "quiet"), QLineEdit.ActionPosition.LeadingPosition)
        theme.current().changed.connect(self._redraw)

    def take(self) -> None:
        """Let the person type."""
        self.setFocus()
        self.selectAll()

    def event(self, event: QEvent) -> bool:
        """Escape empties the field, and only an empty field lets it close the window."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self.text():
            if event.type() is QEvent.Type.KeyPress:
                self.clear()
            event.accept()
            return True
        return super().event(event)

    def _redraw(self) -> None:
        self._glass.setIcon(theme.current().icon("search", "quiet"))
