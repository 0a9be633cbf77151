# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from ui.widgets.order_list import OrderItem, OrderList

NAMES = ("eth0", "wlan0", "wwan0")


@pytest.fixture
def order(qtbot, light):
    made = OrderList()
    made.set_items([OrderItem(name, name, "in use", "2001:db8::1") for name in NAMES])
    qtbot.addWidget(made)
    made.resize(420, made.sizeHint().height())
    made.show()
    made.wishes = []
    made.order_changed.connect(made.wishes.append)
    return made


def drag(order, name, by, *, drop=True):
    row = order.row(name)
    start = QPoint(row.width() // 2, row.height() // 2)
    QTest.mousePress(row, Qt.MouseButton.LeftButton, pos=start)
    begin = row.mapToGlobal(start)
    for step in range(1, 9):
        QTest.mouseMove(row, row.mapFromGlobal(begin + QPoint(0, by * step // 8)))
    if drop:
        QTest.mouseRelease(row, Qt.MouseButton.LeftButton, pos=row.mapFromGlobal(begin + QPoint(0, by)))


def pitch(order):
    return order.row(NAMES[1]).y() - order.row(NAMES[0]).y()


def shown(order):
    return tuple(sorted(NAMES, key=lambda name: order.row(name).y()))


def test_a_row_is_dragged_to_the_top(order):
    drag(order, "wwan0", -2 * pitch(order))
    assert order.wishes == [("wwan0", "eth0", "wlan0")]
    assert shown(order) == order.order == ("wwan0", "eth0", "wlan0")


def test_others_make_room_while_it_is_dragged_and_escape_puts_it_back(order):
    drag(order, "eth0", pitch(order), drop=False)
    assert order.is_dragging and shown(order)[0] == "wlan0"
    QTest.keyClick(order.row("eth0"), Qt.Key.Key_Escape)
    assert not order.is_dragging and shown(order) == NAMES and order.wishes == []
    QTest.mouseRelease(order.row("eth0"), Qt.MouseButton.LeftButton)
    assert order.wishes == []


def test_far_outside_is_the_end_of_the_list(order):
    drag(order, "eth0", 5000)
    assert order.wishes == [("wlan0", "wwan0", "eth0")]


def test_a_click_moves_nothing(order):
    QTest.mouseClick(order.row("eth0"), Qt.MouseButton.LeftButton)
    drag(order, "eth0", 3)
    assert order.wishes == [] and shown(order) == NAMES


def test_with_keys(order):
    order.row("eth0").setFocus()
    QTest.keyClick(order.row("eth0"), Qt.Key.Key_Down)
    assert order.row("wlan0").hasFocus()
    QTest.keyClick(order.row("wlan0"), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert order.wishes == [("wlan0", "eth0", "wwan0")] and order.row("wlan0").hasFocus()
    QTest.keyClick(order.row("wlan0"), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)  # it is at the top
    assert len(order.wishes) == 1


def test_with_buttons(order):
    assert not order.row("eth0").up.isEnabled() and not order.row("wwan0").down.isEnabled()
    QTest.mouseClick(order.row("wlan0").down, Qt.MouseButton.LeftButton)
    assert order.wishes == [("eth0", "wwan0", "wlan0")]


def test_what_was_refused_snaps_back(order):
    drag(order, "wwan0", -2 * pitch(order))
    order.revert()
    assert shown(order) == order.order == NAMES


def test_read_only(order):
    order.set_read_only("Only an administrator may")
    drag(order, "wwan0", -2 * pitch(order))
    QTest.keyClick(order.row("wwan0"), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert order.wishes == [] and shown(order) == NAMES
    assert order.row("wlan0").up.toolTip() == "Only an administrator may"
    order.set_read_only("")
    QTest.mouseClick(order.row("wlan0").up, Qt.MouseButton.LeftButton)
    assert order.wishes == [("wlan0", "eth0", "wwan0")]


def test_news_does_not_tear_a_row_out_of_the_hand(order):
    drag(order, "eth0", pitch(order), drop=False)
    order.set_items([OrderItem("wlan0", "wlan0"), OrderItem("wwan0", "wwan0")])
    assert order.is_dragging
    QTest.mouseRelease(order.row("eth0"), Qt.MouseButton.LeftButton)
    assert order.order == ("wlan0", "wwan0")


def test_a_screen_reader_hears_name_place_and_state(order):
    assert order.row("wlan0").accessibleName() == "wlan0, number 2 of 3. in use. 2001:db8::1"
    assert "Alt" in order.row("wlan0").accessibleDescription()
