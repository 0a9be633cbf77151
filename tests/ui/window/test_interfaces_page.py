# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from service.contract import NotAllowed
from tests.ui import samples

WANTED = ("wwan0", "eth0", "wlan0")


def drag_to_top(page, name):
    row = page.list.row(name)
    start = row.rect().center()
    QTest.mousePress(row, Qt.MouseButton.LeftButton, pos=start)
    begin = row.mapToGlobal(start)
    for step in range(1, 6):
        QTest.mouseMove(row, row.mapFromGlobal(begin - QPoint(0, 60 * step)))
    QTest.mouseRelease(row, Qt.MouseButton.LeftButton, pos=start)


def ordered(status, names):
    interfaces = {each.name: each for each in status.engine.interfaces}
    return samples.with_engine(
        status, interfaces=tuple(replace(interfaces[name], priority=10 * at) for at, name in enumerate(names, start=1))
    )


def test_dragging_asks_the_service_once(window, session):
    page = window.open_page("interfaces")
    assert page.list.order == ("eth0", "wlan0", "wwan0")
    drag_to_top(page, "wwan0")
    assert session.asked("set_interface_order") == [(WANTED,)]
    window._tick()  # the service has agreed, but its status is still the old one
    assert page.list.order == WANTED
    session.show(ordered(samples.AWAY, WANTED))
    assert page.list.order == WANTED
    session.show(ordered(samples.AWAY, ("eth0", "wlan0", "wwan0")))  # somebody else ordered them
    assert page.list.order == ("eth0", "wlan0", "wwan0")


def test_a_refused_order_snaps_back_and_says_why(window, session):
    session.answers["set_interface_order"] = NotAllowed("Permission was not given", hint="ask")
    page = window.open_page("interfaces")
    drag_to_top(page, "wwan0")
    assert page.list.order == ("eth0", "wlan0", "wwan0")
    assert window.banner.isVisible() and window.banner.title() == "Permission was not given"


def test_news_while_the_service_thinks_does_not_undo_the_drop(window, session):
    session.hold("set_interface_order")
    page = window.open_page("interfaces")
    drag_to_top(page, "wwan0")
    session.show(samples.UNVERIFIED)
    assert page.list.order == WANTED
    session.answers["set_interface_order"] = NotAllowed("no", hint="")
    session.release()
    assert page.list.order == ("eth0", "wlan0", "wwan0")


def test_by_keys(window, session):
    page = window.open_page("interfaces")
    row = page.list.row("wlan0")
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert session.asked("set_interface_order") == [(("wlan0", "eth0", "wwan0"),)]


def test_escape_ends_the_dragging_and_not_the_window(window, session):
    page = window.open_page("interfaces")
    row = page.list.row("wwan0")
    QTest.mousePress(row, Qt.MouseButton.LeftButton, pos=row.rect().center())
    QTest.mouseMove(row, row.rect().center() - QPoint(0, 60))
    assert page.list.is_dragging
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not page.list.is_dragging and window.isVisible()
    QTest.mouseRelease(row, Qt.MouseButton.LeftButton)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not window.isVisible() and session.asked("set_interface_order") == []


def test_states_in_words(window):
    page = window.open_page("interfaces")
    assert "in use" in page.list.row("wlan0").accessibleName()
    assert "reaches the home agent" in page.list.row("wlan0").accessibleName()


def test_without_interfaces(window, session):
    session.show(samples.with_engine(interfaces=()))
    page = window.open_page("interfaces")
    assert page.empty.isVisible() and not page.list.isVisible()
