# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip

from tests.ui import samples
from ui import theme
from ui.view.path_view import Place, path
from ui.window.path_widget import PathWidget


@pytest.fixture
def drawn(qtbot, light):
    made = PathWidget()
    qtbot.addWidget(made)
    made.show_path(path(samples.AWAY))
    made.resize(720, made.heightForWidth(720))
    made.show()
    return made


def has_colour(picture, colour):
    return any(
        picture.pixelColor(x, y) == colour for x in range(0, picture.width(), 2) for y in range(picture.height())
    )


@pytest.mark.parametrize("width", [260, 720, 1400])
def test_places_do_not_overlap_and_are_inside(drawn, width):
    drawn.resize(width, drawn.heightForWidth(width))
    boxes = list(drawn.places().values())
    assert len(boxes) == 4
    for box in boxes:
        assert drawn.rect().contains(box.toAlignedRect().adjusted(1, 1, -1, -1))
        assert not any(box.intersects(other) for other in boxes if other != box)


def test_what_does_not_work_is_drawn_otherwise(drawn):
    assert not has_colour(drawn.grab().toImage(), theme.current().colour("bad"))
    drawn.show_path(path(samples.PROBLEM))
    assert has_colour(drawn.grab().toImage(), theme.current().colour("bad"))
    assert "does not work (refused)" in drawn.accessibleDescription()


def test_a_tooltip_has_the_whole_address(drawn, qtbot):
    at = drawn.places()[Place.NETWORK].center().toPoint()
    drawn.event(QHelpEvent(QEvent.Type.ToolTip, at, drawn.mapToGlobal(at)))
    qtbot.waitUntil(lambda: str(samples.CARE_OF) in QToolTip.text(), timeout=2000)
    nowhere = QPoint(1, 1)
    drawn.event(QHelpEvent(QEvent.Type.ToolTip, nowhere, drawn.mapToGlobal(nowhere)))
    QToolTip.hideText()


def test_a_box_has_room_for_the_longest_title(drawn):
    drawn.show_path(
        replace(drawn._path, nodes=(replace(drawn._path.nodes[0], title="Ein langer Titel"), *drawn._path.nodes[1:]))
    )
    drawn.resize(600, drawn.heightForWidth(600))
    boxes = drawn.places()
    assert boxes[Place.COMPUTER].width() >= min(drawn._title_width() - 1, (600 - 2 * 66) / 3 - 1)
    assert boxes[Place.COMPUTER].right() < boxes[Place.NETWORK].left()
