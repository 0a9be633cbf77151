# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from tests.ui.wizard import people
from ui.wizard.dialog import WizardDialog


@pytest.fixture
def wizard(session, desk, qtbot):
    """Open, with a service that says yes to everything, two home agents and one interface."""
    session.answers.update(people.answers())
    session.show(people.START)
    window = WizardDialog(desk)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)  # mnemonics are for the window in front
    yield window
    window._may_close = True
    window.close()


@pytest.fixture
def person(wizard, qtbot):
    return people.Person(wizard, qtbot)
