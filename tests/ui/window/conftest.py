# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from tests.ui import samples
from ui.window.main_window import MainWindow


@pytest.fixture
def window(qtbot, desk, session, qapp, monkeypatch):
    """The status window, away from home; `open_page(name)` turns to a page and gives it.

    Its clock stands still, however long a test takes. By what a test takes from `_received`, time goes on.
    """
    monkeypatch.setattr("ui.window.main_window._now", lambda: samples.NOW)
    session.show(samples.AWAY)
    made = MainWindow(desk)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)

    def open_page(name):
        made.show_page(name)
        qapp.processEvents()
        return made.page_widget(name)

    made.open_page = open_page
    return made


@pytest.fixture
def opened(desk, monkeypatch):
    """What the desk is asked to open, by name; nothing is opened."""
    asked = []
    for name in ("open_window", "open_preferences", "open_wizard", "open_keys", "quit"):
        monkeypatch.setattr(desk, name, lambda *more, name=name: asked.append((name, *more)))
    return asked
