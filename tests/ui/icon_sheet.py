# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray icon in its eight states: on a sheet, and one by one for the README."""

import os
from pathlib import Path
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter

from ui.tray.picture import Panel, picture
from ui.view.tray_view import ROLES, TrayState

SIZES: Final = (22, 64)
WORDS: Final = {
    TrayState.HOME: "At home",
    TrayState.AWAY: "Away, verified",
    TrayState.UNVERIFIED: "Not verified",
    TrayState.WORKING: "Moving",
    TrayState.QUESTION: "Question",
    TrayState.PROBLEM: "Problem",
    TrayState.NO_NETWORK: "No network",
    TrayState.OFF: "Off",
}
GROUNDS: Final = ((Panel.LIGHT, "#f3f5f7", "#1b1f24"), (Panel.DARK, "#202327", "#e8ebef"))
_CELL: Final = (112, 136)
_README_SIZE: Final = 44


def sheet(file: Path) -> Path:
    """All states at 22 and 64 pixels, on a light and on a dark panel."""
    _application = QGuiApplication.instance() or QGuiApplication([])
    width, height = _CELL
    image = QImage(width * len(WORDS), height * len(GROUNDS), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    font = QFont()
    font.setPixelSize(13)
    painter.setFont(font)
    for row, (panel, ground, ink) in enumerate(GROUNDS):
        painter.fillRect(0, row * height, image.width(), height, QColor(ground))
        painter.setPen(QColor(ink))
        for column, (state, words) in enumerate(WORDS.items()):
            left, top = column * width, row * height
            small, large = (picture(state.value, ROLES[state], panel, size) for size in SIZES)
            painter.drawPixmap(left + (width - 64) // 2, top + 10, large)
            painter.drawPixmap(left + (width - 22) // 2, top + 82, small)
            painter.drawText(QRect(left, top + 108, width, 22), Qt.AlignmentFlag.AlignCenter, words)
    painter.end()
    assert image.save(str(file)), f"{file} cannot be written"
    return file


def single(state: TrayState, file: Path) -> Path:
    """One state, with the rim that sets it off from any ground."""
    _application = QGuiApplication.instance() or QGuiApplication([])
    assert picture(state.value, ROLES[state], Panel.UNKNOWN, _README_SIZE).save(str(file)), f"{file} cannot be written"
    return file
