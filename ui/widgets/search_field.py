# SPDX-License-Identifier: GPL-2.0-or-later
"""A field to type into what one looks for."""

from typing import Final

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

    def _redraw(self) -> None:
        self._glass.setIcon(theme.current().icon("search", "quiet"))
