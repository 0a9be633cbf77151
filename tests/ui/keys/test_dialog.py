# SPDX-License-Identifier: GPL-2.0-or-later
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLabel, QLineEdit

from service.contract import NotAllowed
from tests.ui import samples
from tests.ui.keys.samples import COMPUTERS, MISSING, USERS, with_keys
from tests.ui.preferences.service_samples import NOTHING
from ui import theme
from ui.keys.keyring_store import key_name
from ui.view.key_text import Secret


def answer(dialog, text, qtbot):
    button = next(each for each in dialog.question.buttons() if text in each.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_keys_are_listed_without_the_keys(dialog):
    assert dialog.list.keys() == [COMPUTERS.identity, USERS.identity]
    assert dialog.findChildren(QLineEdit) == []
    assert dialog.mark.isVisible()


def test_delete_asks_first(dialog, session, qtbot):
    dialog.list.setFocus()
    dialog.list.setCurrentRow(0)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert "cannot be brought back" in dialog.question.informativeText()
    qtbot.keyClick(dialog.question, Qt.Key.Key_Return)
    assert session.asked("remove_key") == []
    qtbot.mouseClick(dialog.delete_button, Qt.MouseButton.LeftButton)
    answer(dialog, "Delete", qtbot)
    assert session.asked("remove_key") == [COMPUTERS.identity]
    assert dialog.outcome.text() == "The key is deleted."


def test_a_key_of_the_person_leaves_the_keyring_too(dialog, keyring, qtbot):
    keyring.kept[key_name(*USERS.identity)] = Secret(b"x")
    dialog.list.setCurrentRow(1)
    dialog.ask_to_delete()
    answer(dialog, "Delete", qtbot)
    assert keyring.kept == {}


def test_a_refusal_is_told(dialog, session, qtbot):
    session.answers["remove_key"] = NotAllowed("Permission was not given", hint="ask the administrator")
    dialog.list.setCurrentRow(0)
    dialog.ask_to_delete()
    answer(dialog, "Delete", qtbot)
    assert dialog.outcome.text() == "Permission was not given: ask the administrator"


def test_without_permission_the_list_is_visible_and_read_only(dialog, session):
    session.answers["permissions"] = NOTHING
    dialog.hide()
    dialog.show()
    dialog.list.setCurrentRow(0)
    for each in (dialog.add_button, dialog.replace_button, dialog.delete_button):
        assert not each.isEnabled() and "Only an administrator" in each.toolTip()
    dialog.ask_to_delete()
    dialog.replace()
    assert not hasattr(dialog, "question") and dialog.form is None
    assert dialog.list.count() == 2


def test_without_the_service(dialog, session):
    session.lose()
    assert dialog.reach_banner.isVisible() and not dialog.add_button.isEnabled()
    session.show(with_keys(COMPUTERS))
    assert not dialog.reach_banner.isVisible() and dialog.add_button.isEnabled()


def test_a_locked_keyring_is_a_banner_with_a_way_out(dialog, session, keyring, qtbot):
    keyring.kept[key_name(*MISSING.identity)] = Secret(b"a key")
    keyring.lock()
    assert not dialog.trouble_banner.isVisible()
    session.show(with_keys(COMPUTERS, MISSING))
    assert dialog.trouble_banner.title() == "Your keyring is locked"
    keyring.broken = None
    qtbot.mouseClick(dialog.trouble_banner.button, Qt.MouseButton.LeftButton)
    assert session.asked("provide_key") == [(*MISSING.identity, b"a key")]
    session.show(with_keys(COMPUTERS, USERS))
    assert not dialog.trouble_banner.isVisible()


def test_a_keyring_that_stays_locked_says_so_again(dialog, session, keyring, qtbot):
    keyring.lock()
    session.show(with_keys(MISSING))
    qtbot.mouseClick(dialog.trouble_banner.button, Qt.MouseButton.LeftButton)
    assert dialog.trouble_banner.title() == "Your keyring is locked" and dialog.trouble_banner.button.isVisible()


def test_without_a_key_it_says_what_one_is_good_for(dialog, session):
    session.show(samples.AWAY)
    assert dialog.empty.isVisible() and not dialog.list.isVisible()


@pytest.mark.parametrize("look", ["dark", "contrast", "light"])
def test_every_look_and_a_narrow_window(dialog, qapp, look):
    theme.current().apply(qapp, look)
    dialog.resize(360, 480)
    assert dialog.width() == 360 and not dialog.grab().isNull()
    assert all(each.text() == "" or each.width() > 0 for each in dialog.findChildren(QLabel) if each.isVisible())


def test_nothing_overlaps_in_a_small_window(dialog, session, keyring, qtbot):
    keyring.lock()
    session.show(with_keys(COMPUTERS, MISSING))
    dialog.resize(360, 480)
    qtbot.waitUntil(lambda: dialog.trouble_banner.isVisible())
    places = [
        QRect(each.mapTo(dialog, QPoint()), each.size())
        for each in (dialog.trouble_banner, dialog.list, dialog.add_button, dialog.unused)
    ]
    assert all(above.bottom() < below.top() for above, below in pairwise(places))


def test_escape_closes(dialog, qtbot):
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
