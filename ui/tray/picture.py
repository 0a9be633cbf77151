# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture in the tray, drawn so that it shows on the panel that it is on.

Nobody tells a program what colour the panel has. Where the desktop is known to have a dark one, or one coloured like
its windows, the picture is drawn for that; everywhere else it gets a rim that sets it off from any ground.
"""

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from ui.theme import Look, colour, draw, source

SIZES: Final = (16, 22, 24, 32, 44, 48, 64)

_WHITE: Final = QColor("#ffffff")
_BLACK: Final = QColor("#16181b")


class Panel(Enum):
    """The ground that the picture is on."""

    LIGHT = "light"
    DARK = "dark"
    UNKNOWN = "unknown"


_DARK_PANELS: Final = frozenset({"gnome", "gnome-classic", "unity", "pantheon", "budgie", "x-cinnamon", "cinnamon"})
_PANELS_LIKE_WINDOWS: Final = frozenset({"kde", "lxqt"})


def panel_of(*, desktop_is_dark: bool, environment: Mapping[str, str] = os.environ) -> Panel:
    """What is known about the panel of this desktop."""
    names = set(environment.get("XDG_CURRENT_DESKTOP", "").lower().split(":"))
    if names & _DARK_PANELS:
        return Panel.DARK
    if names & _PANELS_LIKE_WINDOWS:
        return Panel.DARK if desktop_is_dark else Panel.LIGHT
    return Panel.UNKNOWN


def tray_picture(name: str, role: str, panel: Panel) -> QIcon:
    """The icon of a tray state."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(picture(name, role, panel, size))
    return icon


def picture(name: str, role: str, panel: Panel, size: int) -> QPixmap:
    """The same in one size."""
    ink = colour(role, Look.DARK if panel is Panel.DARK else Look.LIGHT)
    if panel is not Panel.UNKNOWN:
        return draw(source(name, ink, _BLACK if panel is Panel.DARK else _WHITE), size)
    inner = draw(source(name, ink, _WHITE), size - 2 * _rim(size))
    return _rimmed(inner, draw(source(name, _WHITE, _WHITE), size - 2 * _rim(size)), size)


def _rim(size: int) -> int:
    return max(size // 16, 1)


def _rimmed(inner: QPixmap, shadow: QPixmap, size: int) -> QPixmap:
    rim = _rim(size)
    whole = QPixmap(size, size)
    whole.fill(Qt.GlobalColor.transparent)
    painter = QPainter(whole)
    for x in range(2 * rim + 1):
        for y in range(2 * rim + 1):
            painter.drawPixmap(QPoint(x, y), shadow)
    painter.drawPixmap(QPoint(rim, rim), inner)
    painter.end()
    return whole
