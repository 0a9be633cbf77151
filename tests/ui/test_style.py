# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QRadioButton

from ui import theme


def brightness(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def greatest_contrast(image: QImage, ground: QColor, left: int, width: int) -> float:
    places = [(x, y) for x in range(left, left + width) for y in range(image.height())]
    lights = [brightness(image.pixelColor(*place)) + 0.05 for place in places]
    base = brightness(ground) + 0.05
    return max(max(each, base) / min(each, base) for each in lights)


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
@pytest.mark.parametrize("on", [False, True])
def test_boxes_stand_out_from_the_ground(qapp, qtbot, look, kind, on):
    theme.current().apply(qapp, look)
    box = kind()
    qtbot.addWidget(box)
    box.setChecked(on)
    box.resize(20, 20)
    # WCAG 1.4.11: what a control consists of has a contrast of at least 3
    assert greatest_contrast(box.grab().toImage(), theme.current().colour("surface"), 0, 18) >= 3


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
def test_fields_stand_out_from_the_ground(qapp, qtbot, look):
    theme.current().apply(qapp, look)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.resize(80, 24)
    assert greatest_contrast(field.grab().toImage(), theme.current().colour("surface"), 0, 3) >= 3


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
def test_buttons_stand_out_from_the_ground(qapp, qtbot, look):
    theme.current().apply(qapp, look)
    button = QPushButton()
    qtbot.addWidget(button)
    button.resize(80, 28)
    assert greatest_contrast(button.grab().toImage(), theme.current().colour("surface"), 0, 3) >= 3


def test_a_button_is_in_the_colour_it_was_given_and_shows_that_it_is_pressed(qtbot, light):
    button = QPushButton()
    qtbot.addWidget(button)
    button.resize(80, 28)
    palette = button.palette()
    palette.setColor(palette.ColorRole.Button, theme.current().colour("accent"))
    button.setPalette(palette)
    before = button.grab().toImage()
    assert before.pixelColor(40, 6) == before.pixelColor(40, 22) == theme.current().colour("accent")
    button.setDown(True)
    assert button.grab().toImage().pixelColor(40, 6) != theme.current().colour("accent")


@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
def test_what_is_on_looks_different(qapp, qtbot, kind, light):
    box = kind()
    qtbot.addWidget(box)
    before = box.grab().toImage()
    box.setChecked(True)
    assert box.grab().toImage() != before
