# SPDX-License-Identifier: GPL-2.0-or-later
"""The bar at the bottom: what was changed last, and the way back."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout

from ui import theme
from ui.preferences.model import PreferencesModel
from ui.preferences.page import Line
from ui.texts import tr, trn
from ui.widgets import IconLabel, quiet, wrapped


class UndoBar(QFrame):
    """Hidden while nothing can be undone."""

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__()
        self._model = model
        self.words = wrapped("")
        self._more = quiet("")
        self.button = QPushButton(tr("&Undo"))
        self.button.setToolTip(tr("Take the last change back (Ctrl+Z)"))
        self.button.clicked.connect(model.undo)
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip(tr("Keep all changes"))
        self.close_button.setAccessibleName(tr("Keep all changes"))
        self.close_button.clicked.connect(model.forget_undo)
        self._arrange()
        theme.current().changed.connect(self._draw)
        model.undo_changed.connect(self._refresh)
        model.changed.connect(self._refresh)
        self._draw()
        self._refresh()

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.words)
        words.addWidget(self._more)
        line = QHBoxLayout()
        line.setContentsMargins(16, 8, 12, 8)
        line.setSpacing(12)
        line.addWidget(IconLabel("check-circle", "good", 20))
        line.addLayout(words, 1)
        line.addWidget(self.button)
        line.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Line())
        column.addLayout(line)
        self.setAutoFillBackground(True)

    def _refresh(self) -> None:
        stack = self._model.undo_stack
        self.setVisible(stack.last is not None)
        self.button.setEnabled(self._model.can_undo())
        if stack.last is not None:
            self.words.setText(tr("Changed: {change}", change=stack.last.title))
            self.button.setAccessibleName(tr("Undo: {change}", change=stack.last.title))
        earlier = len(stack.changes) - 1
        self._more.setVisible(earlier > 0)
        self._more.setText(trn("{count} earlier change", "{count} earlier changes", max(earlier, 0)))

    def _draw(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.current().colour("card"))
        self.setPalette(palette)
        self.close_button.setIcon(theme.current().icon("close", "quiet"))
