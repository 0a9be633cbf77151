# SPDX-License-Identifier: GPL-2.0-or-later
"""Widgets without a screen, a person of one's own, and no patience with Qt's warnings."""

import os

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # what is run under a real screen is a process of its own (desktop.py)
os.environ.pop("QT_STYLE_OVERRIDE", None)

from PySide6.QtWidgets import QApplication

from tests.ui.desktop import desktop
from tests.ui.fake_session import FakeSession
from tests.ui.served import served
from ui import texts, theme
from ui.desk import Desk
from ui.language import use_language
from ui.user_settings import UserSettings


def pytest_itemcollected(item):
    if "tests/ui/" in item.nodeid and not item.get_closest_marker("qt_log_level_fail"):
        item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
        # of the platform without a screen, for every window with a smallest size
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"))


@pytest.fixture(scope="session")
def qapp_args():
    return ["mnclient"]


@pytest.fixture(autouse=True)
def english():
    """Texts are those of the source, whatever the language of whoever runs the tests."""
    before = texts._catalogue
    use_language(["en"])
    yield
    texts.install(before)


@pytest.fixture
def user_settings(tmp_path):
    return UserSettings(tmp_path / "person")


@pytest.fixture
def session(qapp):
    return FakeSession()


@pytest.fixture
def light(qapp):
    theme.current().apply(QApplication.instance(), "light")


@pytest.fixture
def desk(session, user_settings, light):
    """A desk whose windows end with the test."""
    made = Desk(session, user_settings)
    yield made
    for window in made._windows.values():
        window.close()
        window.deleteLater()
    made.deleteLater()


@pytest.fixture
def here():
    """A desktop with a real screen; the tray app on it is a process of its own."""
    with desktop() as made:
        yield made


@pytest.fixture
def service():
    """A service on a bus of its own, that shows what a test wants."""
    with served() as made:
        yield made
