# SPDX-License-Identifier: GPL-2.0-or-later
from PySide6.QtCore import Qt

from ui import autostart
from ui.user_settings import UserSettings


def test_start_with_the_session(dialog, turn, qtbot):
    page = turn("program")
    assert not page.start.switch.isChecked()
    qtbot.mouseClick(page.start.switch, Qt.MouseButton.LeftButton)
    assert autostart.is_enabled()
    dialog.model.undo()
    assert not autostart.is_enabled() and not page.start.switch.isChecked()


def test_a_folder_that_cannot_be_written(turn, qtbot, tmp_path, monkeypatch):
    page = turn("program")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    qtbot.mouseClick(page.start.switch, Qt.MouseButton.LeftButton)
    assert not page.start.switch.isChecked() and "could not be changed" in page.outcome.text()


def test_what_another_program_did_is_seen_on_the_next_look(dialog, turn):
    page = turn("program")
    autostart.set_enabled(True)
    dialog.show_page("general")
    dialog.show_page("program")
    assert page.start.switch.isChecked()


def test_colours_and_language_are_remembered(turn, user_settings, qtbot):
    page = turn("program")
    page.theme.box.setFocus()
    qtbot.keyClick(page.theme.box, Qt.Key.Key_End)
    assert user_settings.wishes.theme == "contrast"
    page.language.box.setFocus()
    qtbot.keyClick(page.language.box, Qt.Key.Key_Down)
    kept = UserSettings(user_settings.path.parent).wishes
    assert kept.theme == "contrast" and kept.language == page.language.box.itemData(1) != ""


def test_a_wish_that_nobody_knows_is_shown_as_the_default(turn, user_settings):
    page = turn("program")
    user_settings.change(theme="sepia", language="xx")
    assert page.theme.box.currentData() == "desktop" and page.language.box.currentData() == ""
