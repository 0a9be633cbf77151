# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from ui import theme
from ui.widgets import Banner, Card, CopyLabel, ElidedLabel, EmptyState, StateLabel, Switch, read_only

pytestmark = pytest.mark.usefixtures("light")


def shown(qtbot, widget, width=360, height=120):
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def test_an_address_is_copied_by_mouse_and_by_key(qtbot):
    label = shown(qtbot, CopyLabel("2001:db8::1", "Copy the address"))
    assert label.button.toolTip() == "Copy the address"
    qtbot.mouseClick(label.button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "2001:db8::1"
    assert label.button.toolTip() == "Copied"
    label.set_text("2001:db8::2")
    label.setFocus()
    qtbot.keyClick(label.button, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == "2001:db8::2"
    qtbot.waitUntil(lambda: label.button.toolTip() == "Copy the address", timeout=5000)


def test_a_long_text_keeps_both_ends_and_is_a_tooltip(qtbot):
    label = shown(qtbot, ElidedLabel("x" * 100 + "end"), width=120)
    assert label.text().endswith("end") and "…" in label.text()
    assert label.toolTip() == label.full_text()
    label.set_text("short")
    assert label.text() == "short" and label.toolTip() == ""


def test_what_comes_from_outside_is_not_markup(qtbot):
    label = shown(qtbot, ElidedLabel("<b>wlan0</b>"), width=300)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text() == "<b>wlan0</b>"


def test_a_banner_says_what_can_be_done(qtbot):
    banner = shown(qtbot, Banner("error", "It failed", "Because.", "Try &again", closable=True))
    with qtbot.waitSignal(banner.acted):
        qtbot.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    assert banner.accessibleName() == "It failed"
    banner.say("info", "It works")
    assert not banner.button.isVisible() and banner.text() == ""
    with qtbot.waitSignal(banner.dismissed):
        qtbot.mouseClick(banner.close_button, Qt.MouseButton.LeftButton)
    assert banner.isHidden()


def test_an_empty_state_leads_on(qtbot):
    empty = shown(qtbot, EmptyState("home", "No home address", "Get one.", "&Add"), height=300)
    with qtbot.waitSignal(empty.acted):
        qtbot.keyClick(empty.button, Qt.Key.Key_Space)
    empty.say("check", "All is well", "")
    assert empty.title() == "All is well" and not empty.button.isVisible()


def test_a_read_only_control_says_why_and_comes_back(qtbot):
    button = shown(qtbot, QPushButton("Forget"))
    button.setToolTip("Forget this home agent")
    for reason in ("Only an administrator may", "Another reason"):
        read_only(button, reason)
        assert not button.isEnabled() and button.toolTip() == reason
    read_only(button, "")
    assert button.isEnabled() and button.toolTip() == "Forget this home agent"


def test_a_switch_is_moved_by_mouse_and_by_key(qtbot):
    switch = shown(qtbot, Switch("Connected"), height=32)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.isChecked()
    switch.setFocus()
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert not switch.isChecked()
    on, off = None, switch.grab().toImage()
    switch.setChecked(True)
    on = switch.grab().toImage()
    assert on != off


def test_widgets_follow_the_theme(qtbot, qapp):
    card = shown(qtbot, Card("Title"))
    state = StateLabel("check", "Works", "good")
    card.body.addWidget(state)
    before = card.grab().toImage()
    theme.current().apply(qapp, "dark")
    qapp.processEvents()  # Qt tells widgets of a palette by an event
    try:
        assert card.title.palette().windowText().color() == theme.current().colour("text")
        assert card.grab().toImage().pixelColor(180, 5) == theme.current().colour("card")
        assert card.grab().toImage() != before
    finally:
        theme.current().apply(qapp, "light")
    state.set_state("error", "Broken", "bad")
    assert state.text() == state.accessibleName() == "Broken"
