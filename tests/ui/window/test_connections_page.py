# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from mnclient.model.status import BindingCacheStatus, HomeAgentStatus
from mnclient.units import Instant, Seconds
from service.contract import InvalidArgument
from tests.ui import samples
from ui.window.connections_page import CACHE, CORRESPONDENTS, TOLD

HOME_AGENT = samples.with_engine(home_agent=HomeAgentStatus(bindings=2, max_bindings=10))


def entry(number):
    return BindingCacheStatus(
        home_address=samples.HOME[0x100 + number],
        care_of_address=samples.CARE_OF,
        sequence=number,
        lifetime=Seconds(600.0),
        expires=Instant(samples.NOW + 60 * number),
        home_registration=True,
    )


def column(page, place=0):
    model = page.tables[page.shown].model()
    return [model.index(row, place).data() for row in range(model.rowCount())]


def test_direct_or_through_the_agent_and_why(window):
    page = window.open_page("connections")
    assert column(page, 1) == ["directly", "through the home agent", "through the home agent"]
    assert column(page, 2) == ["", "its turn has not come yet", "it does not answer"]
    assert page.optimization.text() == "1 correspondent is reached directly"


def test_500_bindings_are_filtered_and_sorted(window, session):
    session.show(samples.CROWDED)
    page = window.open_page("connections")
    page.tabs.setCurrentIndex(1)
    assert page.shown == TOLD and len(column(page)) == 500
    QTest.keyClicks(page.filter, "2001:db8:c::10a")
    assert len(column(page)) == 16 and page.count.text() == "16 of 500 rows"
    page.filter.clear()
    header = page.tables[TOLD].horizontalHeader()
    at = header.sectionViewportPosition(2) + 8
    for _ in range(2):  # up, then down
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=header.rect().topLeft() + _point(at))
    agreed = column(page, 2)
    assert agreed == sorted(agreed, key=lambda text: text == "yes", reverse=True)


def _point(x):
    from PySide6.QtCore import QPoint

    return QPoint(x, 8)


def test_nothing_matches_and_nothing_is_there(window, session):
    page = window.open_page("connections")
    page.filter.setText("no such thing")
    assert page.empty.isVisible() and page.empty.title() == "Nothing matches"
    page.filter.clear()
    assert not page.empty.isVisible()
    session.show(samples.AT_HOME)
    assert page.empty.isVisible() and page.empty.title() == "Nothing here yet"


def test_a_selected_row_stays_while_time_goes_on(window):
    page = window.open_page("connections")
    table = page.tables[CORRESPONDENTS]
    table.selectRow(2)
    window._received -= 30
    window._tick()
    assert table.currentIndex().row() == 2 and column(page, 3)[2] == "asked again: 30 s left"


def test_the_binding_cache_of_a_home_agent(window, session, qtbot):
    page = window.open_page("connections")
    assert page.tabs.count() == 2
    session.answers["binding_cache"] = ((entry(1), entry(2)), 2)
    session.show(HOME_AGENT)
    assert page.tabs.count() == 3 and page.shown == CORRESPONDENTS
    page.tabs.setCurrentIndex(2)
    assert page.shown == CACHE and column(page) == [str(samples.HOME[0x101]), str(samples.HOME[0x102])]
    session.answers["binding_cache"] = ((entry(2),), 1)
    QTest.keyClicks(page.filter, str(samples.HOME[0x102]))
    qtbot.waitUntil(lambda: len(column(page)) == 1, timeout=2000)
    assert session.asked("binding_cache")[-1] == (0, 1000, str(samples.HOME[0x102]))


def test_half_an_address_is_no_error(window, session, qtbot):
    session.show(HOME_AGENT)
    page = window.open_page("connections")
    page.tabs.setCurrentIndex(2)
    session.answers["binding_cache"] = InvalidArgument("Not an address")
    page.filter.setText("2001:")
    qtbot.waitUntil(lambda: page.empty.isVisible() and page.empty.title() == "Nothing matches", timeout=2000)
    assert not window.banner.isVisible()


def test_the_role_goes_while_its_table_is_shown(window, session):
    session.show(HOME_AGENT)
    page = window.open_page("connections")
    page.tabs.setCurrentIndex(2)
    session.show(samples.AWAY)
    assert page.tabs.count() == 2 and page.shown == TOLD


@pytest.mark.parametrize("word", ["(", "[", "\\", "*", "%s", "🙂" * 40])
def test_any_filter_may_be_typed(window, word):
    page = window.open_page("connections")
    page.filter.setText(word)
    assert page.empty.isVisible()


def test_ctrl_f_finds_the_filter(window):
    page = window.open_page("connections")
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is page.filter


def test_with_one_home_address_nobody_is_told_which(window, session):
    page = window.open_page("connections")
    before = page.tables[CORRESPONDENTS].model().columnCount()
    session.show(replace(samples.TWO_ADDRESSES))
    assert page.tables[CORRESPONDENTS].model().columnCount() == before + 1
