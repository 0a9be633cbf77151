# SPDX-License-Identifier: GPL-2.0-or-later
"""A text that people want to have elsewhere: an address, with a button that copies it."""

from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from ui import theme
from ui.texts import tr
from ui.widgets.labels import ElidedLabel

CONFIRMED_FOR: Final = 1500
"""Milliseconds for which the button says that the text was copied."""


class CopyLabel(QWidget):
    """`what` names the text in the button's tooltip: "Copy the address"."""

    def __init__(self, text: str = "", what: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(text)
        self.button = QToolButton()
        self.button.setAutoRaise(True)
        self.button.setIconSize(QSize(18, 18))
        self.button.setMinimumSize(32, 32)
        self._what = what or tr("Copy")
        self._confirmed = QTimer(self, singleShot=True, interval=CONFIRMED_FOR)
        self._confirmed.timeout.connect(self._rest)
        self.button.clicked.connect(self.copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label)
        row.addWidget(self.button)
        row.addStretch(1)
        theme.current().changed.connect(self._rest)
        self._rest()

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:  # noqa: N802 (Qt's name)
        """A focus proxy would be a second stop for Tab, and break the order of others."""
        self.button.setFocus(reason)

    @property
    def text_label(self) -> QLabel:
        """The label, for another font."""
        return self.label

    def set_text(self, text: str) -> None:
        """Show, and copy, another text."""
        self.label.set_text(text)
        self._rest()

    def copy(self) -> None:
        """Put the text into the clipboard, and say so for a moment."""
        QGuiApplication.clipboard().setText(self.label.full_text())
        self.button.setIcon(theme.current().icon("check", "good"))
        self.button.setToolTip(tr("Copied"))
        self.button.setAccessibleName(tr("Copied"))
        self._confirmed.start()

    def _rest(self) -> None:
        self._confirmed.stop()
        self.button.setIcon(theme.current().icon("copy", "quiet"))
        self.button.setToolTip(self._what)
        self.button.setAccessibleName(f"{self._what}: {self.label.full_text()}")
