# SPDX-License-Identifier: GPL-2.0-or-later
import itertools

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from ui.tray.picture import SIZES, Panel, panel_of, picture, tray_picture
from ui.view.tray_view import ROLES, TrayState

GROUNDS = {Panel.LIGHT: "#f0f0f0", Panel.DARK: "#1e1e1e"}


def shape(state, size=16):
    """Where there is ink, without any colour."""
    image = picture(state.value, "text", Panel.LIGHT, size).toImage()
    return [
        image.pixelColor(x, y).alpha() > 128 and image.pixelColor(x, y).lightness() < 128
        for x in range(size)
        for y in range(size)
    ]


@pytest.mark.parametrize("one, other", list(itertools.combinations(TrayState, 2)))
def test_shapes_differ_without_colour_at_16_pixels(qapp, one, other):
    first, second = shape(one), shape(other)
    different = sum(a != b for a, b in zip(first, second, strict=True))
    either = sum(a or b for a, b in zip(first, second, strict=True))
    assert different / either > 0.3


@pytest.mark.parametrize("panel, ground", [(Panel.LIGHT, Panel.LIGHT), (Panel.DARK, Panel.DARK),
                                           (Panel.UNKNOWN, Panel.LIGHT), (Panel.UNKNOWN, Panel.DARK)])  # fmt: skip
@pytest.mark.parametrize("state", TrayState)
def test_it_can_be_seen_on_its_ground(qapp, state, panel, ground):
    image = QImage(22, 22, QImage.Format.Format_RGB32)
    image.fill(QColor(GROUNDS[ground]))
    painter = QPainter(image)
    painter.drawPixmap(0, 0, picture(state.value, ROLES[state], panel, 22))
    painter.end()
    base = QColor(GROUNDS[ground]).lightness()
    clear = [1 for x in range(22) for y in range(22) if abs(image.pixelColor(x, y).lightness() - base) > 60]
    assert len(clear) > 40


@pytest.mark.parametrize(
    "desktop, dark, expected",
    [
        ("GNOME", False, Panel.DARK),
        ("ubuntu:GNOME", True, Panel.DARK),
        ("KDE", False, Panel.LIGHT),
        ("KDE", True, Panel.DARK),
        ("XFCE", True, Panel.UNKNOWN),
        ("", False, Panel.UNKNOWN),
    ],
)
def test_what_is_known_about_panels(desktop, dark, expected):
    assert panel_of(desktop_is_dark=dark, environment={"XDG_CURRENT_DESKTOP": desktop}) is expected


def test_every_size_is_there(qapp):
    icon = tray_picture("tray-home", "text", Panel.UNKNOWN)
    assert sorted(each.width() for each in icon.availableSizes()) == sorted(SIZES)
