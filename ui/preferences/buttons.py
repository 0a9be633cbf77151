# SPDX-License-Identifier: GPL-2.0-or-later
"""The buttons at the bottom of a form."""

from PySide6.QtWidgets import QDialogButtonBox, QPushButton

from ui.texts import tr


def form_buttons(text: str) -> tuple[QDialogButtonBox, QPushButton]:
    """Cancel, and a button with this text that the return key presses; never Cancel, even while that one is off."""
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    box.button(QDialogButtonBox.StandardButton.Cancel).setText(tr("Cancel"))
    box.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
    button = box.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
    button.setDefault(True)
    return box, button
