# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from service.contract import InvalidArgument
from tests.ui import samples

LEFT = Qt.MouseButton.LeftButton


def test_32_agents_the_best_first(window, session):
    session.show(samples.CROWDED)
    page = window.open_page("agents")
    rows = page.rows.widgets()
    assert len(rows) == 32 and page.count.text().startswith("32 of at most 32")
    assert rows[0].address.label.full_text() == str(samples.HOME_AGENT) and rows[0].use.isVisibleTo(rows[0])
    assert [row.rank._rank for row in rows] == sorted((row.rank._rank for row in rows), reverse=True)


def test_a_row_stays_the_same_while_it_is_about_the_same(window, session):
    page = window.open_page("agents")
    row = page.rows.get(samples.HOME_AGENT)
    row.forget.setFocus()
    better = replace(samples.SECOND_AGENT, rank=0.99)
    session.show(replace(samples.AWAY, known_home_agents=(samples.AGENT, better)))
    assert page.rows.get(samples.HOME_AGENT) is row and window.focusWidget() is row.forget
    assert page.rows.widgets()[0].address.label.full_text() == str(better.address)


def test_forgetting_is_asked_about(window, session, qtbot):
    page = window.open_page("agents")
    row = page.rows.get(samples.HOME_AGENT)
    QTest.mouseClick(row.forget, LEFT)
    assert "still uses it" in page.question.informativeText()
    QTest.keyClick(page.question, Qt.Key.Key_Escape)
    assert session.asked("remove_home_agent") == []
    QTest.mouseClick(row.forget, LEFT)
    (forget,) = [each for each in page.question.buttons() if "Forget" in each.text()]
    QTest.mouseClick(forget, LEFT)
    assert session.asked("remove_home_agent") == [(samples.HOME_AGENT,)]


def test_one_is_added(window, session):
    page = window.open_page("agents")
    QTest.mouseClick(page.add_button, LEFT)
    dialog = page.dialog
    assert not dialog.add.isEnabled()
    QTest.keyClicks(dialog.address, "2001:db8:5::1")
    assert dialog.prefix.placeholderText() == "2001:db8:5::/64" and dialog.add.isEnabled()
    QTest.keyClick(dialog.address, Qt.Key.Key_Return)
    assert session.asked("add_home_agent") == [(IPv6Address("2001:db8:5::1"), IPv6Network("2001:db8:5::/64"), True)]


@pytest.mark.parametrize(
    "address", ["", "x", "192.0.2.1", "fe80::1", "ff02::1", "::", "::1", "fe80::1%eth0", "9" * 200]
)
def test_what_is_no_home_agent_cannot_be_added(window, session, address):
    page = window.open_page("agents")
    page.add_button.click()
    page.dialog.address.setText(address)
    assert not page.dialog.add.isEnabled() and bool(page.dialog.wrong.text()) is bool(address)
    page.dialog.reject()


def test_the_network_must_have_the_address_in_it(window, session):
    page = window.open_page("agents")
    page.add_button.click()
    page.dialog.address.setText("2001:db8:5::1")
    page.dialog.prefix.setText("2001:db8:6::/64")
    assert not page.dialog.add.isEnabled() and "with this address in it" in page.dialog.wrong.text()
    page.dialog.prefix.setText("2001:db8::/32")
    assert page.dialog.add.isEnabled()
    page.dialog.reject()


def test_a_refusal_stands_beside_what_was_typed(window, session):
    session.answers["add_home_agent"] = InvalidArgument("32 are known already", hint="forget one")
    page = window.open_page("agents")
    page.add_button.click()
    page.dialog.address.setText("2001:db8:5::1")
    QTest.mouseClick(page.dialog.add, LEFT)
    assert page.dialog.isVisible() and page.dialog.error.title() == "32 are known already"
    assert page.dialog.add.isEnabled()
    page.dialog.reject()


def test_none_is_known(window, session):
    session.show(replace(samples.AWAY, known_home_agents=()))
    page = window.open_page("agents")
    assert page.empty.isVisible() and not page.card.isVisible()
