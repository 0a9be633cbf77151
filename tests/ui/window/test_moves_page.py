# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from mnclient.model.handover import Outcome
from tests.ui import samples


def test_the_newest_is_chosen_and_told_in_stages(window):
    page = window.open_page("moves")
    assert page.list.chosen().number == 5
    assert page.stages.texts()[:3] == ["Link lost", "Link back", "Asked for a router"]
    assert page.stages.outcome.text() == "completed, worked again after 36 ms"


def test_moves_are_chosen_by_keys_and_by_mouse(window):
    page = window.open_page("moves")
    page.list.setFocus()
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    assert page.list.chosen().number == 4 and page.stages.outcome.text() == "moved on"
    QTest.keyClick(page.list, Qt.Key.Key_End)
    assert page.list.chosen().number == 1
    first = page.list.visualRect(page.list.model().index(0, 0)).center()
    page.list.scrollToTop()
    QTest.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=first)
    assert page.list.chosen().number in (5, 4)


def test_what_is_chosen_stays_chosen_when_another_move_comes(window, session):
    page = window.open_page("moves")
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    chosen = page.list.chosen().number
    session.show(replace(samples.AWAY, handovers=(*samples.HANDOVERS, samples.handover(6, samples.NOW - 1))))
    assert page.list.chosen().number == chosen
    assert page.list.model().rowCount() == 6


def test_each_stage_has_a_tooltip(window, qtbot):
    page = window.open_page("moves")
    row = page.list.visualRect(page.list.model().index(0, 0))
    bar = page.list.bars.bar(row, page.list.fontMetrics().height())
    at = QPoint(int(bar.left() + bar.width() * 0.030 / page.list.bars.longest), int(bar.center().y()))
    view = page.list.viewport()
    QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, at, view.mapToGlobal(at)))
    qtbot.waitUntil(lambda: QToolTip.text() == "Home agent agreed at 36 ms, after 12 ms", timeout=2000)
    QToolTip.hideText()


def test_a_screen_reader_hears_the_whole_move(window):
    page = window.open_page("moves")
    text = page.list.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Home network to 2001:db8:2::/64" in text and "Verified at 51 ms" in text


def test_a_move_under_way_grows(window, session):
    moving = samples.handover(9, samples.NOW - 1, Outcome.UNDER_WAY)
    session.show(replace(samples.AWAY, handovers=(moving,)))
    page = window.open_page("moves")
    assert page.list.chosen().total == pytest.approx(1)
    window._received -= 20
    window._tick()
    assert page.list.chosen().total == pytest.approx(21)


def test_a_hundred_moves(window, session):
    session.show(samples.CROWDED)
    page = window.open_page("moves")
    assert page.list.model().rowCount() == 100
    QTest.keyClick(page.list, Qt.Key.Key_End)
    assert page.list.chosen().number == 1


def test_no_move_yet(window, session):
    session.show(samples.FIRST_RUN)
    page = window.open_page("moves")
    assert page.empty.isVisible() and not page.both.isVisible()


def test_a_narrow_page_has_the_stages_below(window, qapp):
    page = window.open_page("moves")
    window.resize(1200, 700)
    qapp.processEvents()
    assert page.stages.x() > page.list.width()
    window.resize(400, 700)
    qapp.processEvents()
    assert page.stages.x() < 40 and page.stages.y() > 100
