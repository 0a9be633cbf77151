# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from tests.ui import samples
from tests.ui.preferences.service_samples import Service
from ui.preferences.dialog import PreferencesDialog


@pytest.fixture
def service(session):
    return Service(session)


@pytest.fixture
def dialog(desk, session, service, qtbot, monkeypatch, tmp_path):
    """The preferences of a laptop that is away, open on the screen."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    session.show(samples.TWO_ADDRESSES)
    made = PreferencesDialog(desk)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def turn(dialog):
    """Turns to a page and gives it."""

    def to(name):
        dialog.show_page(name)
        return dialog.pages.currentWidget()

    return to
