# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolTip


def test_control_f_and_a_word_lead_to_a_setting(dialog, qtbot):
    qtbot.keyClick(dialog, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert dialog.search.hasFocus()
    qtbot.keyClicks(dialog.search, "name serv")
    assert dialog.search.titles() == ["Name servers of the visited network – Privacy and direct paths"]
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    page = dialog.pages.currentWidget()
    assert dialog.page() == "privacy" and page.name_servers.switch.hasFocus()
    assert dialog.search.text() == ""
    shown = page.name_servers.visibleRegion().boundingRect()
    assert shown.height() > 20


def test_words_of_the_explanation_are_found_too(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "CLAIM")
    assert dialog.search.titles() == []  # the risk is a warning, not what the setting is for
    dialog.search.clear()
    qtbot.keyClicks(dialog.search, "as soon as a home agent")
    assert dialog.search.titles() == ["Desperation mode – General"]


def test_a_result_is_picked_with_the_mouse(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "home")
    popup = dialog.search.finder.popup()
    assert popup.isVisible() and len(dialog.search.titles()) > 3
    row = next(number for number, text in enumerate(dialog.search.titles()) if text.startswith("Known home agents"))
    qtbot.mouseClick(
        popup.viewport(), Qt.MouseButton.LeftButton, pos=popup.visualRect(popup.model().index(row, 0)).center()
    )
    assert dialog.page() == "home-addresses" and dialog.pages.currentWidget().agents.list.hasFocus()


@pytest.mark.parametrize("text", ["", "   ", "[", "\\", "💥", "a" * 5000, "no such thing", "\0"])
def test_what_is_not_found(dialog, qtbot, text):
    dialog.search.setText(text)
    dialog.search.textEdited.emit(text)
    before = dialog.page()
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.page() == before and dialog.isVisible()


def test_it_can_be_used_in_a_narrow_window(dialog, qtbot):
    dialog.resize(360, 480)
    assert dialog.search.isVisible() and dialog.search.width() > 300
    qtbot.keyClicks(dialog.search, "colours")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.page() == "program"
    dialog.resize(860, 680)
    assert dialog.search.isVisible() and dialog.search.width() < 232


def test_f1_says_what_a_control_is_for(dialog, qtbot):
    general = dialog.pages.currentWidget()
    general.ask_first.switch.setFocus()
    qtbot.keyClick(general.ask_first.switch, Qt.Key.Key_F1)
    assert QToolTip.text() == "A new home address is proposed, and taken only when you accept it."
    QToolTip.hideText()
