# SPDX-License-Identifier: GPL-2.0-or-later
import itertools

import pytest
from PySide6.QtGui import QPalette

from ui import theme
from ui.theme import FOLDER, ROLES, Look, Theme, colour

NAMES = sorted(path.stem for path in FOLDER.glob("*.svg"))
GROUNDS = ("surface", "card")
INKS = ("text", "quiet", "accent", "good", "busy", "warning", "bad")


def contrast(first, second):
    """WCAG 2: 1 to 21."""

    def brightness(ink):
        parts = [ink.redF(), ink.greenF(), ink.blueF()]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((brightness(first), brightness(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look, ink, ground", list(itertools.product(Look, INKS, GROUNDS)))
def test_every_text_can_be_read(look, ink, ground):
    assert contrast(colour(ink, look), colour(ground, look)) >= (7.0 if look.is_contrast else 4.5)


@pytest.mark.parametrize("look", Look)
def test_what_is_selected_can_be_read(look):
    assert contrast(colour("on_accent", look), colour("accent", look)) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_draws_something(qapp, name):
    picture = theme.pixmap(name, colour("text", Look.LIGHT), 24).toImage()
    inked = [1 for x in range(24) for y in range(24) if picture.pixelColor(x, y).alpha() > 128]
    assert len(inked) > 8


def test_an_icon_is_in_the_colour_of_its_role(qapp):
    made = Theme()
    picture = made.icon("remove", "bad").pixmap(24, 24).toImage()
    assert picture.pixelColor(12, 12) == made.colour("bad")


@pytest.mark.parametrize("name", ["tray-away", "tray-home", "tray-problem", "tray-question"])
def test_what_shines_through_an_icon_is_seen_in_a_window(qapp, name):
    theme.current().apply(qapp, "light")
    image = theme.current().icon(name, "good").pixmap(64, 64).toImage()
    inside = {image.pixelColor(x, y).name() for x in range(64) for y in range(64)}
    assert {colour("good", Look.LIGHT).name(), colour("on_accent", Look.LIGHT).name()} <= inside


def test_there_is_no_icon_without_a_file(qapp):
    with pytest.raises(FileNotFoundError):
        Theme().icon("no-such-picture")


def test_the_whole_program_gets_the_colours(qapp, qtbot):
    made = Theme()
    made.apply(qapp, "light")
    assert not made.is_dark
    with qtbot.waitSignal(made.changed):
        made.apply(qapp, "dark")
    assert made.is_dark
    assert qapp.palette().color(QPalette.ColorRole.Window) == made.colour("surface")
    made.apply(qapp, "contrast")
    assert made.look.is_contrast
    made.apply(qapp, "no such theme")  # from a damaged file: as the desktop is
    assert made.look in Look
    made.apply(qapp, "light")


def test_every_role_has_a_colour():
    assert all(colour(role, look).isValid() for role in ROLES for look in Look)
