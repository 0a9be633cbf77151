# SPDX-License-Identifier: GPL-2.0-or-later
"""A line to type into, with its name above it and what is wrong with it below it."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from ui import theme
from ui.texts import tr
from ui.widgets.labels import StateLabel, quiet

LONGEST: int = 4096
"""Characters that can be typed or pasted; nothing here is longer."""


class Field(QWidget):
    """Signals:
    typed(str): the person changed the text.
    """

    typed = Signal(str)

    def __init__(
        self, name: str, hint: str = "", *, example: str = "", secret: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setMaxLength(LONGEST)
        self.line.setPlaceholderText(example)
        self.line.setMinimumHeight(32)
        label = QLabel(name)
        label.setBuddy(self.line)
        label.setWordWrap(True)
        self.line.setAccessibleName(name.replace("&", ""))
        self._hint = hint
        self._note = quiet(hint)
        self._error = StateLabel("error", "", "bad", 16)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for each in (label, self.line, self._note, self._error):
            column.addWidget(each)
        self.line.textEdited.connect(self.typed)
        if secret:
            self._hide_text()
        self.set_error("")

    @property
    def error(self) -> str:
        """What is said to be wrong; "" when nothing is."""
        return "" if self._error.isHidden() else self._error.text()

    def set_text(self, text: str) -> None:
        """Show this text; nothing happens to the cursor when it is there already."""
        if text != self.line.text():
            self.line.setText(text)

    def set_error(self, text: str, good: str = "") -> None:
        """Say what is wrong, in place of the hint. `good`: say that it is right instead."""
        if text:
            self._error.set_state("error", text, "bad")
        elif good:
            self._error.set_state("check", good, "good")
        self._error.setVisible(bool(text or good))
        self._note.setVisible(bool(self._hint) and not text and not good)
        self.line.setAccessibleDescription(text or good or self._hint)

    def _hide_text(self) -> None:
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        show = QAction(theme.current().icon("visible", "quiet"), tr("Show what is typed"), self.line)
        show.setCheckable(True)
        show.toggled.connect(
            lambda on: self.line.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)
        )
        self.line.addAction(show, QLineEdit.ActionPosition.TrailingPosition)
