# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from mnclient.errors import MobileIPv6Error
from tests.ui import samples
from tests.ui.preferences.service_samples import NOTHING
from ui.view import preferences_view as view


@pytest.fixture
def page(turn):
    return turn("interfaces")


def reordered(*names):
    """What the service shows once it has this order."""
    found = {each.name: each for each in samples.TWO_ADDRESSES.engine.interfaces}
    rows = tuple(replace(found[name], priority=10 * number) for number, name in enumerate(names, start=1))
    return samples.with_engine(samples.TWO_ADDRESSES, interfaces=rows)


def test_the_order_is_that_of_the_priorities(page):
    assert page.names() == ["eth0", "wlan0", "wwan0"]
    assert page.list.item(1).data(Qt.ItemDataRole.AccessibleTextRole) == "wlan0, In use"


def test_move_with_the_keyboard_and_undo(page, session, dialog, qtbot):
    page.list.setFocus()
    page.list.setCurrentRow(2)
    qtbot.keyClick(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert session.asked("set_interface_order") == [(("eth0", "wwan0", "wlan0"),)]
    assert page.names() == ["eth0", "wwan0", "wlan0"] and page.list.currentRow() == 1
    session.show(reordered("eth0", "wwan0", "wlan0"))
    dialog.model.undo()
    assert session.asked("set_interface_order")[-1] == (("eth0", "wlan0", "wwan0"),)
    session.show(reordered("eth0", "wlan0", "wwan0"))
    assert page.names() == ["eth0", "wlan0", "wwan0"]


def test_move_with_the_buttons(page, session, qtbot):
    assert not page.up_button.isEnabled()
    page.list.setCurrentRow(0)
    assert not page.up_button.isEnabled() and page.down_button.isEnabled()
    qtbot.mouseClick(page.down_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.down_button, Qt.MouseButton.LeftButton)
    assert page.names() == ["wlan0", "wwan0", "eth0"]
    assert not page.down_button.isEnabled() and page.up_button.isEnabled()
    assert session.asked("set_interface_order")[-1] == (("wlan0", "wwan0", "eth0"),)


def test_the_order_wanted_stays_until_the_service_has_it(page, session):
    page.list.setCurrentRow(1)
    page.move_current(-1)
    session.show(samples.TWO_ADDRESSES)  # something else changed meanwhile
    assert page.names() == ["wlan0", "eth0", "wwan0"]
    session.show(reordered("wlan0", "eth0", "wwan0"))
    session.show(reordered("wwan0", "eth0", "wlan0"))  # another program
    assert page.names() == ["wwan0", "eth0", "wlan0"]


def test_a_refused_order_snaps_back(page, session):
    session.answers["set_interface_order"] = MobileIPv6Error("eth0 is gone", hint="plug it in")
    page.list.setCurrentRow(0)
    page.move_current(1)
    assert page.names() == ["eth0", "wlan0", "wwan0"]
    assert page.outcomes[0].text() == "eth0 is gone: plug it in"


def test_never_use_an_interface_and_undo(page, service, session, dialog):
    page.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    rows = [{"name": "wlan0", "priority": 100, "enabled": False}]
    assert service.settings.get(view.INTERFACES) == rows
    assert "Never used" in page.list.item(1).data(Qt.ItemDataRole.AccessibleTextRole)
    session.show(samples.TWO_ADDRESSES)
    dialog.model.undo()
    assert service.settings.get(view.INTERFACES) == []
    assert page.list.item(1).checkState() is Qt.CheckState.Checked


def test_space_ticks(page, service, qtbot):
    page.list.setFocus()
    page.list.setCurrentRow(0)
    qtbot.keyClick(page.list, Qt.Key.Key_Space)
    assert service.settings.get(view.INTERFACES)[0]["enabled"] is False


def test_without_permission_nothing_can_be_dragged_or_ticked(page, session, dialog):
    session.answers["permissions"] = NOTHING
    dialog.model.wake()
    assert page.list.dragDropMode() is page.list.DragDropMode.NoDragDrop
    assert not page.list.item(0).flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert page.list.isEnabled() and page.list.toolTip()


def test_interfaces_come_and_go(page, session):
    page.list.setCurrentRow(1)
    session.show(samples.with_engine(samples.TWO_ADDRESSES, interfaces=(samples.WIRELESS,)))
    assert page.names() == ["wlan0"] and page.list.currentRow() == 0
    session.show(samples.with_engine(samples.TWO_ADDRESSES, interfaces=()))
    assert page.empty.isVisible()
    session.show(samples.CROWDED)
    assert page.list.count() == 15


def test_a_name_from_outside_is_plain_text(page, session):
    name = "\u202ewlan<b>0"
    session.show(samples.with_engine(samples.TWO_ADDRESSES, interfaces=(replace(samples.WIRED, name=name),)))
    assert "\u202e" not in page.list.item(0).text()
