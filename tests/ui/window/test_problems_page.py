# SPDX-License-Identifier: GPL-2.0-or-later
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from mnclient.model.problems import ProblemCode
from tests.ui import samples


def card(page, code, subject=str(samples.ADDRESS)):
    return page.rows.get((code, subject))


def test_every_problem_is_told_with_what_to_do(window, session):
    session.show(samples.CROWDED)
    page = window.open_page("problems")
    assert len(page.rows.widgets()) == len(ProblemCode)
    for each in page.rows.widgets():
        assert each.title_label.text() and each.text.text() and each.remedy.text()
        assert "for 1 min" in each.since.text()


def test_where_it_can_be_mended(window, session, opened):
    session.show(samples.CROWDED)
    page = window.open_page("problems")
    for code in (ProblemCode.PROTECTION_MISSING, ProblemCode.NO_HOME_AGENT, ProblemCode.SETTINGS_REJECTED):
        QTest.keyClick(card(page, code).button, Qt.Key.Key_Space)
    assert opened == [("open_keys",), ("open_wizard",), ("open_preferences",)]
    assert not card(page, ProblemCode.NO_IPV6).button.isVisible()


def test_all_is_well_again(window, session):
    session.show(samples.PROBLEM)
    page = window.open_page("problems")
    assert page.list.isVisible() and not page.well.isVisible()
    session.show(samples.AWAY)
    assert page.well.isVisible() and page.well.title() == "All is well" and not page.list.isVisible()


def test_a_problem_appears_when_it_has_lasted(window, session):
    young = samples.problem(ProblemCode.HOME_AGENT_SILENT, since=samples.NOW - 1)
    session.show(samples.with_engine(problems=(young,)))
    page = window.open_page("problems")
    assert page.well.isVisible()
    window._received -= 10
    window._tick()
    assert card(page, ProblemCode.HOME_AGENT_SILENT).isVisible()


def test_a_long_list_is_read_with_the_arrow_keys(window, session, qapp):
    session.show(samples.CROWDED)
    page = window.open_page("problems")
    for _ in range(10):
        qapp.processEvents()
    page.area.setFocus()
    QTest.keyClick(page.area, Qt.Key.Key_PageDown)
    assert page.area.verticalScrollBar().value() > 0
