# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from mnclient.model.problems import ProblemCode
from service.contract import NotAllowed
from tests.ui import samples

LEFT = Qt.MouseButton.LeftButton


def test_the_switch_and_its_refusal(window, session):
    page = window.open_page("overview")
    assert page.switch.isChecked()
    QTest.mouseClick(page.switch, LEFT)
    assert session.asked("set_setting") == [("mobile_node.enabled", "false")]
    session.show(samples.OFF)
    assert not page.switch.isChecked() and page.headline.text() == "Switched off"
    session.answers["set_setting"] = NotAllowed("Permission was not given", hint="ask")
    QTest.mouseClick(page.switch, LEFT)
    assert session.asked("set_setting")[1] == ("mobile_node.enabled", "true")
    assert not page.switch.isChecked() and window.banner.title() == "Permission was not given"


def test_an_address_is_copied(window):
    row = window.open_page("overview").address_rows.get(samples.ADDRESS)
    QTest.mouseClick(row.address.button, LEFT)
    assert QGuiApplication.clipboard().text() == str(samples.ADDRESS)
    assert "verified, 12 seconds ago" in row.accessibleName()


def test_another_address_becomes_the_preferred_one(window, session):
    session.show(samples.TWO_ADDRESSES)
    page = window.open_page("overview")
    first, second = page.address_rows.get(samples.ADDRESS), page.address_rows.get(samples.SECOND_ADDRESS)
    assert not first.prefer.isVisible() and second.prefer.isVisible()
    QTest.mouseClick(second.prefer, LEFT)
    assert session.asked("prefer_home_address") == [(samples.SECOND_ADDRESS,)]


def test_a_proposal_is_answered(window, session):
    other = replace(samples.PROPOSAL, address=samples.HOME[0x99])
    session.show(replace(samples.AWAY, proposals=(samples.PROPOSAL, other)))
    page = window.open_page("overview")
    assert "heard 13 times" in page.proposal_rows.get(other.address).reason.text()
    page.proposal_rows.get(samples.PROPOSED).accept.setFocus()
    QTest.keyClick(page.proposal_rows.get(samples.PROPOSED).accept, Qt.Key.Key_Space)
    QTest.mouseClick(page.proposal_rows.get(other.address).later, LEFT)
    assert session.asked("accept_proposal") == [(samples.PROPOSED,)]
    assert session.asked("dismiss_proposal") == [(other.address,)]
    session.show(samples.AWAY)
    assert not page.proposals.isVisible()


def test_an_answer_that_comes_after_the_question_is_gone(window, session, qapp):
    session.show(samples.QUESTION)
    page = window.open_page("overview")
    session.hold("accept_proposal")
    QTest.mouseClick(page.proposal_rows.get(samples.PROPOSED).accept, LEFT)
    session.show(samples.AWAY)
    qapp.sendPostedEvents(None, 52)  # DeferredDelete: the button is no more
    session.release()
    assert not page.proposals.isVisible()


def test_the_worst_problem_in_short(window, session, opened):
    session.show(samples.CROWDED)
    page = window.open_page("overview")
    assert page.problem.isVisible() and page.problem.text().endswith(f"And {len(ProblemCode) - 1} more.")
    QTest.mouseClick(page.problem.button, LEFT)
    assert opened == [("open_window", "problems")]


def test_nothing_set_up_yet(window, session, opened):
    session.show(samples.FIRST_RUN)
    page = window.open_page("overview")
    assert page.empty.isVisible() and not page.addresses.isVisible() and not page.path_card.isVisible()
    QTest.mouseClick(page.empty.button, LEFT)
    assert opened == [("open_wizard",)]


def test_ages_go_on(window, session):
    page = window.open_page("overview")
    window._received -= 48  # that long ago
    window._tick()
    assert page.address_rows.get(samples.ADDRESS).verified.text() == "verified, 1 minute ago"


def test_tab_goes_from_top_to_bottom(window, session, qapp):
    session.show(samples.CROWDED)
    page = window.open_page("overview")
    session.show(replace(samples.TWO_ADDRESSES, proposals=(samples.PROPOSAL,)))
    qapp.processEvents()
    page.switch.setFocus()
    heights = [page.switch.mapTo(window, page.switch.rect().center()).y()]
    for _ in range(7):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        focus = window.focusWidget()
        heights.append(focus.mapTo(page.content, focus.rect().center()).y())
    assert heights[1:] == sorted(heights[1:])
    assert window.focusWidget() is page.address_rows.get(samples.SECOND_ADDRESS).address.button


@pytest.mark.parametrize("width", [360, 500, 1000])
def test_the_picture_has_the_height_it_needs(window, qapp, width):
    page = window.open_page("overview")
    window.resize(width, 600)
    for _ in range(10):
        qapp.processEvents()
    assert page.path.height() == page.path.heightForWidth(page.path.width())


def test_keys_are_opened_beside_the_addresses(window, opened):
    page = window.open_page("overview")
    page.keys_button.setFocus()
    QTest.keyClick(page.keys_button, Qt.Key.Key_Space)
    assert opened == [("open_keys",)]
