# SPDX-License-Identifier: GPL-2.0-or-later
import gc

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
)

from service.contract import Permission
from tests.ui import samples
from tests.ui.preferences.service_samples import EVERYTHING, NOTHING
from ui import theme
from ui.preferences.dialog import PAGES, PreferencesDialog
from ui.session import Reach
from ui.view import preferences_view as view
from ui.view.undo import Request

CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QAbstractSlider, QAbstractItemView, QLineEdit)


def controls(page):
    inner = ("qt_spinbox_lineedit", "qt_scrollarea_vcontainer", "qt_scrollarea_hcontainer")
    for kind in CONTROLS:
        for each in page.findChildren(kind):
            is_part = each.objectName() in inner or type(each.parent()) in (QComboBox, QAbstractItemView)
            if (
                each.isVisibleTo(page)
                and not is_part
                and type(each).__name__ not in ("QScrollBar", "QComboBoxListView")
            ):
                yield each


def test_every_page_can_be_opened_by_name(dialog):
    for name in PAGES:
        dialog.show_page(name)
        assert dialog.page() == name
    dialog.show_page("no such page")
    assert dialog.page() == list(PAGES)[-1]


def test_pages_turn_by_key_and_by_mouse(dialog, qtbot):
    dialog.list.setFocus()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.page() == "home-addresses"
    item = dialog.list.visualItemRect(dialog.list.item(3))
    qtbot.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=item.center())
    assert dialog.page() == "privacy"
    qtbot.keyClick(dialog, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert dialog.page() == "notifications"
    qtbot.keyClick(dialog, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert dialog.page() == "privacy"


def test_escape_closes(dialog, qtbot):
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


CHANGES_NOTHING = ("Copy", "Keys of your")  # the latter opens a window that has its own say


@pytest.mark.parametrize("name", PAGES)
def test_every_control_has_a_name_for_screen_readers(dialog, turn, name):
    nameless = [
        f"{type(each).__name__} {each.toolTip()}"
        for each in controls(turn(name))
        if not each.accessibleName() and not (isinstance(each, QAbstractButton) and each.text())
    ]
    assert nameless == []


@pytest.mark.parametrize("name", PAGES)
def test_every_control_is_reached_with_the_tab_key(dialog, turn, qtbot, name):
    page = turn(name)
    wanted = {each for each in controls(page) if each.isVisible() and each.isEnabled()}
    reached = set()
    dialog.list.setFocus()
    for _ in range(60):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        reached.add(dialog.focusWidget())
    assert {each for each in wanted if each.focusPolicy() & Qt.FocusPolicy.TabFocus} <= reached
    without = [each for each in wanted if not each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert without == []


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_into_a_narrow_window(dialog, turn, name):
    page = turn(name)
    dialog.resize(360, 480)
    assert dialog.box.isVisible() and not dialog.list.isVisible()
    assert page.widget().width() <= page.viewport().width()
    assert dialog.width() == 360


def test_the_undo_bar_names_the_last_change_and_takes_it_back(dialog, service, turn, qtbot):
    assert not dialog.undo_bar.isVisible()
    general = turn("general")
    qtbot.mouseClick(general.ask_first.switch, Qt.MouseButton.LeftButton)
    assert dialog.undo_bar.isVisible()
    assert dialog.undo_bar.words.text() == "Changed: Ask me first: Off"
    qtbot.mouseClick(dialog.undo_bar.button, Qt.MouseButton.LeftButton)
    assert service.settings.get(view.ASK_FIRST) is True and general.ask_first.switch.isChecked()
    assert not dialog.undo_bar.isVisible()


def test_control_z_undoes(dialog, service, turn, qtbot):
    general = turn("general")
    general.ask_first.switch.setFocus()
    qtbot.keyClick(general.ask_first.switch, Qt.Key.Key_Space)
    assert service.settings.get(view.ASK_FIRST) is False
    qtbot.keyClick(general.ask_first.switch, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert service.settings.get(view.ASK_FIRST) is True


def test_changes_can_be_kept(dialog, service, turn, qtbot):
    qtbot.mouseClick(turn("general").ask_first.switch, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.undo_bar.close_button, Qt.MouseButton.LeftButton)
    assert not dialog.undo_bar.isVisible() and service.settings.get(view.ASK_FIRST) is False


@pytest.mark.parametrize("name", ["general", "home-addresses", "interfaces", "privacy"])
def test_without_the_service_everything_is_read_only_and_says_why(dialog, session, turn, name):
    session.lose(Reach.ABSENT, "The mnclient service is not running", "start it: systemctl start mnclientd")
    assert dialog.banner.isVisible() and "systemctl start" in dialog.banner.text()
    for each in controls(turn(name)):
        is_view = isinstance(each, QAbstractItemView)
        changes = not each.accessibleName().startswith(CHANGES_NOTHING)
        assert is_view or not changes or not each.isEnabled(), each.accessibleName()
        assert is_view or not changes or each.toolTip() == "The service cannot be reached."
    session.show(samples.TWO_ADDRESSES)
    assert not dialog.banner.isVisible()


@pytest.mark.parametrize("name", ["general", "home-addresses", "interfaces", "privacy"])
def test_without_permission_everything_is_visible_and_read_only(dialog, session, turn, name):
    session.answers["permissions"] = NOTHING
    dialog.hide()
    dialog.show()
    page = turn(name)
    for each in controls(page):
        if isinstance(each, QAbstractItemView) or each.accessibleName().startswith(CHANGES_NOTHING):
            continue
        assert not each.isEnabled() and each.toolTip(), each.accessibleName()
        assert each.toolTip() == "Only an administrator of this computer may change this."


def test_a_dialog_that_is_gone_hears_nothing(desk, session, service, qtbot):
    session.show(samples.AWAY)
    made = PreferencesDialog(desk)
    made.show()
    made.close()
    made.deleteLater()
    del made
    gc.collect()
    qtbot.wait(0)
    session.show(samples.CROWDED)
    theme.current().changed.emit()


@pytest.mark.parametrize(
    "status", [*samples.STATES.values(), samples.FIRST_RUN, samples.CROWDED, samples.TWO_ADDRESSES]
)
def test_every_status_can_be_shown(dialog, session, turn, status):
    for name in PAGES:
        turn(name)
        session.show(status)


@pytest.mark.parametrize("look", ["dark", "contrast", "light"])
def test_every_look_can_be_shown(dialog, qapp, look):
    theme.current().apply(qapp, look)
    assert not dialog.grab().isNull()


def test_who_comes_back_may_change_what_was_allowed_meanwhile(dialog, session):
    session.answers["permissions"] = NOTHING
    dialog.model.read_permissions()
    request = Request("set_setting", ("mobile_node.enabled",))
    assert dialog.model.permission(request) is Permission.NO
    session.answers["permissions"] = EVERYTHING
    dialog.activateWindow()
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.ActivationChange))
    assert dialog.model.permission(request) is Permission.YES
