# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from PySide6.QtCore import Qt

from mnclient.errors import MobileIPv6Error
from service.contract import InvalidArgument
from tests.ui import samples
from tests.ui.preferences.service_samples import SUGGESTIONS

NEW = IPv6Address("2001:db8:1::abcd")


@pytest.fixture
def page(turn):
    return turn("home-addresses")


@pytest.fixture
def form(page, qtbot):
    qtbot.mouseClick(page.by_hand_button, Qt.MouseButton.LeftButton)
    assert page.form.isVisible()
    return page.form


def test_the_preferred_address_comes_first(page):
    assert list(page.rows) == [samples.ADDRESS, samples.SECOND_ADDRESS]
    first, second = page.rows.values()
    assert first.preferred.isVisible() and not first.prefer_button.isVisible()
    assert second.prefer_button.isVisible() and second.state.text() == "Not active"
    assert "2001:db8:1::1" in first.detail.text()


def test_prefer_another_and_undo(page, session, dialog, qtbot):
    qtbot.mouseClick(page.rows[samples.SECOND_ADDRESS].prefer_button, Qt.MouseButton.LeftButton)
    assert session.requests[-2:] != [] and session.asked("prefer_home_address") == [(samples.SECOND_ADDRESS,)]
    dialog.model.undo()
    assert session.asked("prefer_home_address")[-1] == (samples.ADDRESS,)


def test_remove_asks_first(page, session, dialog, qtbot):
    qtbot.mouseClick(page.rows[samples.ADDRESS].remove_button, Qt.MouseButton.LeftButton)
    question = page.question
    assert question.isVisible() and str(samples.ADDRESS) in question.text()
    keep, remove = question.defaultButton(), next(each for each in question.buttons() if "Remove" in each.text())
    qtbot.keyClick(question, Qt.Key.Key_Return)
    assert keep is not remove and session.asked("remove_home_address") == []
    qtbot.mouseClick(page.rows[samples.ADDRESS].remove_button, Qt.MouseButton.LeftButton)
    remove = next(each for each in page.question.buttons() if "Remove" in each.text())
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert session.asked("remove_home_address") == [(samples.ADDRESS,)]
    dialog.model.undo()
    assert session.asked("add_home_address") == [(samples.ADDRESS, samples.HOME_AGENT, 64)]
    assert session.asked("prefer_home_address") == [(samples.ADDRESS,)]


def test_an_address_that_is_gone_before_the_answer(page, session, qtbot):
    qtbot.mouseClick(page.rows[samples.SECOND_ADDRESS].remove_button, Qt.MouseButton.LeftButton)
    session.show(samples.AWAY)
    remove = next(each for each in page.question.buttons() if "Remove" in each.text())
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert session.asked("remove_home_address") == []


def test_the_wizard_is_one_click_away(page, desk, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(desk, "open_wizard", lambda: opened.append(True))
    qtbot.mouseClick(page.wizard_button, Qt.MouseButton.LeftButton)
    assert opened == [True]


def test_without_a_home_address_it_says_what_one_is_good_for(page, session):
    session.show(samples.FIRST_RUN)
    assert page.empty.isVisible() and page.wizard_button.isEnabled()


def test_add_by_hand(form, page, session, qtbot):
    assert not form.add_button.isEnabled()
    qtbot.keyClicks(form.address, str(NEW))
    qtbot.keyClick(form.address, Qt.Key.Key_Return)
    assert session.asked("add_home_address") == [(NEW, None, 64)]
    assert not form.isVisible()


def test_add_by_hand_with_a_home_agent(form, session, qtbot):
    qtbot.keyClicks(form.address, str(NEW))
    form.home_agent.setCurrentText(str(samples.HOME_AGENT))
    form.prefix_length.setValue(999)
    assert form.prefix_length.value() == 128
    qtbot.mouseClick(form.add_button, Qt.MouseButton.LeftButton)
    assert session.asked("add_home_address") == [(NEW, samples.HOME_AGENT, 128)]


@pytest.mark.parametrize("text", ["nonsense", "fe80::1%eth0", "1.2.3.4", "::1::2", "\0", "💥", "a" * 5000, "<b>x</b>"])
def test_the_worst_texts_cannot_be_added(form, session, qtbot, text):
    form.address.setText(text)
    assert not form.add_button.isEnabled() and form.state.text()
    qtbot.keyClick(form.address, Qt.Key.Key_Return)
    form.address.setText(str(NEW))
    form.home_agent.setCurrentText(text)
    assert not form.add_button.isEnabled()
    assert session.asked("add_home_address") == []


def test_a_refusal_keeps_the_form_open(form, session, qtbot):
    session.answers["add_home_address"] = InvalidArgument("2001:db8:1::abcd is outside", hint="choose another")
    qtbot.keyClicks(form.address, str(NEW))
    qtbot.keyClick(form.address, Qt.Key.Key_Return)
    assert form.isVisible() and form.state.text() == "2001:db8:1::abcd is outside: choose another"
    assert form.add_button.isEnabled()


def test_escape_closes_the_form_alone(form, dialog, qtbot):
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert not form.isVisible() and dialog.isVisible()


def test_home_agents_are_ranked_with_what_is_known(page, session):
    agents = page.agents.list
    assert agents.keys() == [samples.HOME_AGENT, samples.SECOND_AGENT.address]
    detail = agents.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert detail == "2001:db8:1::1, Rank 92 %, heard 214 times, last 1 minute ago"
    assert "not heard yet" in agents.item(1).data(Qt.ItemDataRole.AccessibleTextRole)
    session.show(samples.CROWDED)
    assert agents.count() == 32


def test_suggestions_come_as_soon_as_a_home_agent_is_picked(page, session, dialog, qtbot):
    agents = page.agents
    agents.list.setFocus()
    qtbot.keyClick(agents.list, Qt.Key.Key_Home)
    assert session.asked("suggestions") == [(samples.HOME_AGENT,)]
    assert list(agents.add_buttons) == [each.address for each in SUGGESTIONS]
    mine = agents.add_buttons[samples.ADDRESS]
    assert mine.text() == "Added" and not mine.isEnabled()
    other = SUGGESTIONS[0].address
    qtbot.mouseClick(agents.add_buttons[other], Qt.MouseButton.LeftButton)
    assert session.asked("add_home_address") == [(other, samples.HOME_AGENT, 64)]
    dialog.model.undo()
    assert session.asked("remove_home_address") == [(other,)]


def test_a_home_agent_without_suggestions(page, qtbot):
    page.agents.list.setCurrentRow(1)
    assert page.agents.state.isVisible() and "no suggestion" in page.agents.state.text()


def test_suggestions_of_a_home_agent_picked_before_are_not_shown(page, session):
    session.hold("suggestions")
    page.agents.list.setCurrentRow(0)
    page.agents.list.setCurrentRow(1)
    assert "Looking" in page.agents.state.text()
    session.release()
    assert page.agents.add_buttons == {}


def test_suggestions_that_fail(page, session):
    session.answers["suggestions"] = MobileIPv6Error("No interface", hint="plug one in")
    page.agents.list.setCurrentRow(0)
    assert page.agents.state.text() == "No interface: plug one in"


def test_what_is_picked_stays_picked_while_the_list_changes(page, session):
    page.agents.list.setCurrentRow(1)
    session.show(
        replace(samples.TWO_ADDRESSES, known_home_agents=(replace(samples.SECOND_AGENT, rank=0.99), samples.AGENT))
    )
    assert page.agents.list.currentRow() == 0
    assert page.agents.list.currentItem().text() == str(samples.SECOND_AGENT.address)
    session.show(replace(samples.TWO_ADDRESSES, known_home_agents=()))
    assert page.agents.empty.isVisible() and not page.agents.state.isVisible()


def test_the_focus_stays_on_a_row_while_the_list_changes(page, session, qtbot):
    page.rows[samples.ADDRESS].remove_button.setFocus()
    session.show(samples.AWAY)
    assert page.rows[samples.ADDRESS].remove_button.hasFocus()
