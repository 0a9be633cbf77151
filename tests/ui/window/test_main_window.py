# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

from mnclient.errors import MobileIPv6Error
from mnclient.model.problems import ProblemCode
from service.contract import Action, NotAllowed, Permission
from tests.ui import samples
from ui.session import Reach
from ui.window.main_window import PAGES, SLIM_BELOW, MainWindow

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_every_page_shows_every_state(window, session, qapp):
    for status in (*samples.STATES.values(), samples.FIRST_RUN, samples.TWO_ADDRESSES, samples.CROWDED):
        session.show(status)
        for name in PAGES:
            window.open_page(name)
            qapp.processEvents()
            assert window.page == name


def test_pages_by_mouse_and_by_keys(window):
    bar = window.sidebar
    QTest.mouseClick(bar.viewport(), Qt.MouseButton.LeftButton, pos=bar.visualItemRect(bar.item(4)).center())
    assert window.page == "moves"
    QTest.keyClick(bar, Qt.Key.Key_Down)
    assert window.page == "traffic"
    QTest.keyClick(window, Qt.Key.Key_8, CONTROL)
    assert window.page == "log" and bar.currentRow() == 7
    window.show_page("no such page")
    assert window.page == "overview"


def test_the_title_says_which_page_it_is(window):
    window.show_page("moves")
    assert window.windowTitle() == "Moves — mnclient"
    window.show_page("overview")
    assert window.windowTitle() == "Overview — mnclient"


def test_keys_that_every_window_has(window, opened):
    QTest.keyClick(window, Qt.Key.Key_Comma, CONTROL)
    QTest.keyClick(window, Qt.Key.Key_K, CONTROL)
    QTest.keyClick(window, Qt.Key.Key_Q, CONTROL)
    assert opened == [("open_preferences",), ("open_keys",), ("quit",)]
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert window.help.isVisible() and "Registered means" in window.help.text()
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert not window.help.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


@pytest.mark.parametrize("reach", [Reach.ABSENT, Reach.DENIED, Reach.INCOMPATIBLE, Reach.CONNECTING])
def test_without_the_service_the_window_says_so_and_comes_back(window, session, reach):
    session.lose(reach, "It is not there", "start it")
    assert window.absence.isVisible() and not window.sidebar.isVisible()
    assert window.absence.title() == "It is not there" and window.absence.text() == "Start it"
    assert not window._second.isActive()
    session.show(samples.AT_HOME)
    assert not window.absence.isVisible() and window.sidebar.isVisible()
    assert window.page_widget("overview").headline.text() == f"At home, reachable at {samples.ADDRESS}"


def test_a_window_opened_before_the_service(qtbot, desk, session):
    window = MainWindow(desk)
    qtbot.addWidget(window)
    window.show()
    assert window.absence.title() == "Looking for the service"
    session.show(samples.AWAY)
    assert window.page_widget("overview").headline.text() == f"Away, reachable at {samples.ADDRESS}"
    assert session.asked("permissions")


def test_nothing_moves_while_nobody_looks(window, session):
    window.open_page("traffic")
    assert window._second.isActive() and window.page_widget("traffic").is_polling
    window.close()
    assert not window._second.isActive() and not window.page_widget("traffic").is_polling
    session.show(samples.AT_HOME)
    assert not window._second.isActive()
    window.show()
    assert window._second.isActive() and window.page_widget("traffic").is_polling


def test_a_narrow_window_has_pictures_alone(window, qapp):
    window.resize(SLIM_BELOW - 100, 500)
    qapp.processEvents()
    assert window.sidebar.is_slim and window.sidebar.item(1).toolTip() == "Home agents"
    window.resize(SLIM_BELOW + 100, 500)
    qapp.processEvents()
    assert not window.sidebar.is_slim and window.sidebar.item(1).toolTip() == ""


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_the_smallest_window(window, session, qapp, name):
    session.show(samples.CROWDED)
    window.resize(360, 480)
    window.open_page(name)
    qapp.processEvents()
    assert window.width() == 360 and window.height() == 480
    assert window.page_widget(name).minimumSizeHint().width() <= 360 - window.sidebar.width()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("status", [samples.TWO_ADDRESSES, samples.CROWDED, samples.FIRST_RUN])
def test_whatever_can_be_used_has_a_name_and_is_reached_by_tab(window, session, name, status):
    session.show(status)
    page = window.open_page(name)
    kinds = (QAbstractButton, QLineEdit, QAbstractItemView)
    used = [each for each in page.findChildren(QWidget) if isinstance(each, kinds) and each.isVisible()]
    used = [each for each in used if each.objectName() not in ("qt_toolbar_ext_button", "_q_qlineeditclearaction")]
    assert used or name in ("interfaces", "problems", "traffic", "agents", "moves")
    for each in used:
        if isinstance(each.parent(), QLineEdit | QHeaderView | QTabBar) or isinstance(each, QHeaderView):
            continue
        assert each.accessibleName() or (isinstance(each, QAbstractButton) and each.text()), each
        assert each.focusPolicy() & Qt.FocusPolicy.TabFocus, each


def test_no_text_is_cut_in_a_narrow_window(window, session, qapp):
    session.show(samples.CROWDED)
    window.resize(360, 600)
    for name in ("overview", "problems", "agents"):
        page = window.open_page(name)
        for _ in range(10):
            qapp.processEvents()
        for label in page.findChildren(QLabel):
            if label.isVisible() and label.wordWrap():
                assert label.height() >= label.heightForWidth(label.width()), label.text()


def test_numbers_at_the_side(window, session):
    session.show(samples.CROWDED)
    texts = [window.sidebar.item(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(len(PAGES))]
    assert f"Problems ({len(ProblemCode)})" in texts and "Overview (3)" in texts


def test_page_and_size_are_remembered(window, desk, qtbot):
    window.open_page("moves")
    window.resize(800, 600)
    window.close()
    again = MainWindow(desk)
    qtbot.addWidget(again)
    assert again.page == "moves" and (again.width(), again.height()) == (800, 600)


@pytest.mark.parametrize(
    "damaged", [{"size": "big", "page": 7}, {"size": [1, -5]}, {"size": [10**9, 10**9]}, {"page": "x"}]
)
def test_damaged_wishes_are_no_error(qtbot, desk, damaged):
    desk.user_settings.change(window=damaged)
    window = MainWindow(desk)
    qtbot.addWidget(window)
    assert window.page == "overview" and 360 <= window.width() <= 16_000 and window.height() >= 480


def test_errors_are_told_at_the_top(window, session):
    session.failed.emit(NotAllowed("Permission was not given", hint="ask the administrator"))
    assert window.banner.isVisible() and window.banner.title() == "Permission was not given"
    QTest.mouseClick(window.banner.close_button, Qt.MouseButton.LeftButton)
    assert not window.banner.isVisible()


def test_without_permission_everything_is_there_and_says_why(window, session):
    session.answers["permissions"] = dict.fromkeys(Action, Permission.NO)
    window.context.permissions.refresh()
    page = window.open_page("overview")
    assert not page.switch.isEnabled() and "no permission" in page.switch.toolTip()
    assert not page.add_button.isEnabled() and page._locked.isVisible()
    assert not window.open_page("agents").add_button.isEnabled()
    session.answers["permissions"] = dict.fromkeys(Action, Permission.PASSWORD)
    window.context.permissions.refresh()
    assert page.switch.isEnabled() and page.add_button.isEnabled() and not page._locked.isVisible()


def test_who_comes_back_to_the_window_may_do_what_was_allowed_meanwhile(window, session, qapp):
    session.answers["permissions"] = dict.fromkeys(Action, Permission.NO)
    window.context.permissions.refresh()
    page = window.open_page("overview")
    assert not page.switch.isEnabled()
    session.answers["permissions"] = dict.fromkeys(Action, Permission.YES)
    QApplication.sendEvent(window, QEvent(QEvent.Type.ActivationChange))
    assert page.switch.isEnabled()


def test_permissions_that_cannot_be_known_forbid_nothing(window, session):
    session.answers["permissions"] = MobileIPv6Error("No such method")
    window.context.permissions.refresh()
    assert window.open_page("overview").switch.isEnabled() and not window.banner.isVisible()


def test_what_takes_long_is_seen_to(window, session, qtbot):
    page = window.open_page("overview")
    session.hold("set_setting")
    page.switch.setFocus()
    QTest.keyClick(page.switch, Qt.Key.Key_Space)
    assert not page.switch.isEnabled() and not window.busy.isVisible()
    qtbot.waitUntil(window.busy.isVisible, timeout=2000)
    session.release()
    assert not window.busy.isVisible() and page.switch.isEnabled() and page.switch.hasFocus()


def test_no_other_window_flashes_up(window, session, qapp):
    class Watch(QObject):
        seen = ()

        def eventFilter(self, widget, event):
            if event.type() is QEvent.Type.Show and isinstance(widget, QWidget) and widget.isWindow():
                self.seen += (widget,)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    try:
        for status in (samples.CROWDED, samples.FIRST_RUN, samples.QUESTION):
            session.show(status)
            for name in PAGES:
                window.open_page(name)
        session.failed.emit(NotAllowed("no", hint="ask"))
    finally:
        qapp.removeEventFilter(watch)
    assert watch.seen == ()


@pytest.mark.parametrize("name", PAGES)
def test_tab_comes_around(window, session, qapp, name):
    session.show(replace(samples.TWO_ADDRESSES, proposals=(samples.PROPOSAL,)))
    window.open_page(name)
    window.sidebar.setFocus()
    for _ in range(40):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        if window.focusWidget() is window.sidebar:
            return
    pytest.fail("Tab never comes back to the list of pages")
