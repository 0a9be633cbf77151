# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton

from ui import theme
from ui.theme import Look


@pytest.fixture(params=[Look.CONTRAST_LIGHT, Look.CONTRAST_DARK])
def contrast(request, qapp, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(theme, "_look_for", lambda wish: request.param)
        theme.current().apply(qapp, "contrast")
        yield request.param
    theme.current().apply(qapp, "light")


@pytest.mark.parametrize("kind", [QPushButton, QLineEdit, QComboBox])
def test_whatever_can_be_used_has_an_edge_that_is_seen(qtbot, qapp, contrast, kind):
    widget = kind()
    qtbot.addWidget(widget)
    widget.resize(120, 32)
    widget.show()
    qapp.processEvents()
    picture = widget.grab().toImage()
    across = {picture.pixelColor(60, y).name() for y in range(4)}
    assert across & {theme.colour(role, contrast).name() for role in ("text", "accent")}


def test_the_other_looks_are_as_they_were(qtbot, qapp, light):
    button = QPushButton()
    qtbot.addWidget(button)
    button.resize(120, 32)
    assert button.style().metaObject().className() != "Edges"
