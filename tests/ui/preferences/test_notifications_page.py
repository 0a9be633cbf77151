# SPDX-License-Identifier: GPL-2.0-or-later
from PySide6.QtCore import Qt

from ui.user_settings import Notice


def test_each_kind_can_be_muted_and_undone(dialog, turn, user_settings, session, qtbot):
    page = turn("notifications")
    assert set(page.rows) == set(Notice)
    assert not page.rows[Notice.HANDOVER].switch.isChecked()
    for notice, row in page.rows.items():
        before = user_settings.is_muted(notice)
        qtbot.mouseClick(row.switch, Qt.MouseButton.LeftButton)
        assert user_settings.is_muted(notice) is not before
        dialog.model.undo()
        assert user_settings.is_muted(notice) is before and row.switch.isChecked() is not before
    assert session.asked("set_setting") == []


def test_it_works_without_the_service(dialog, turn, session, user_settings, qtbot):
    session.lose()
    page = turn("notifications")
    qtbot.mouseClick(page.rows[Notice.PROBLEM].switch, Qt.MouseButton.LeftButton)
    assert user_settings.is_muted(Notice.PROBLEM) and dialog.undo_bar.button.isEnabled()


def test_a_change_elsewhere_is_shown(turn, user_settings):
    page = turn("notifications")
    user_settings.change(muted=())
    assert all(each.switch.isChecked() for each in page.rows.values())
