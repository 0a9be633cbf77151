# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from PySide6.QtGui import QGuiApplication

from service.contract import Action, NotAllowed, Permission
from tests.ui import samples
from ui.tray.answers import Answers
from ui.tray.menu import TrayMenu
from ui.view.tray_view import Snapshot, tray_view


@pytest.fixture
def menu(desk, session):
    answers = Answers(session)
    made = TrayMenu(desk, answers)
    made.answers = answers
    yield made
    made.menu.deleteLater()


def show(menu, status):
    menu.show(tray_view(Snapshot("ready", status)))


def entries(menu):
    """What can be seen; what cannot be chosen is in brackets."""
    seen = [each for each in menu.menu.actions() if each.isVisible() and not each.isSeparator()]
    names = [each.text().replace("&", "") for each in seen]
    return [name if each.isEnabled() else f"[{name}]" for name, each in zip(names, seen, strict=True)]


def choose(menu, name):
    next(each for each in menu.menu.actions() if each.text().replace("&", "") == name).trigger()


def test_what_is_in_it(menu):
    show(menu, samples.TWO_ADDRESSES)
    assert entries(menu) == [
        "[Away, reachable at 2001:db8:1::10, but not at every home address]",
        "[Network 2001:db8:2::/64 on wlan0]",
        "Copy 2001:db8:1::10 (reachable)",
        "Copy 2001:db8:7::10 (moving)",
        "Add a home address…",
        "Disconnect",
        "Open",
        "Preferences…",
        "Quit",
    ]


def test_an_address_is_copied(menu):
    show(menu, samples.AWAY)
    choose(menu, "Copy 2001:db8:1::10 (reachable)")
    assert QGuiApplication.clipboard().text() == "2001:db8:1::10"


def test_addresses_come_and_go(menu):
    for status in (samples.TWO_ADDRESSES, samples.FIRST_RUN, samples.AWAY):
        show(menu, status)
        assert sum(each.startswith("Copy") for each in entries(menu)) == len(status.home_addresses)


def test_switching_off_and_on(menu, session):
    show(menu, samples.AWAY)
    choose(menu, "Disconnect")
    show(menu, samples.OFF)
    assert "Disconnect" not in entries(menu)
    choose(menu, "Connect")
    assert session.asked("set_setting") == [("mobile_node.enabled", "false"), ("mobile_node.enabled", "true")]


@pytest.mark.parametrize("entry, method", [("Accept", "accept_proposal"), ("Not now", "dismiss_proposal")])
def test_a_question_is_answered(menu, session, entry, method):
    show(menu, samples.AWAY)
    assert entry not in entries(menu)
    show(menu, samples.QUESTION)
    assert f"[Use {samples.PROPOSED} as a home address?]" in entries(menu)
    choose(menu, entry)
    assert session.requests == [(method, (samples.PROPOSED,))]


def test_one_thing_at_a_time(menu, session):
    session.hold("set_setting")
    show(menu, samples.QUESTION)
    choose(menu, "Disconnect")
    assert "[Disconnect]" in entries(menu) and "[Accept]" in entries(menu)
    session.release()
    assert "Disconnect" in entries(menu)
    assert len(session.requests) == 1


def test_who_may_not_is_told_why(menu, session):
    session.answers["permissions"] = {Action.CONTROL: Permission.NO}
    session.show(samples.QUESTION)
    show(menu, samples.QUESTION)
    assert {"[Accept]", "[Not now]", "[Disconnect]"} < set(entries(menu))
    assert "[Only an administrator of this computer may change this]" in entries(menu)
    assert "Open" in entries(menu)
    session.lose()
    session.answers["permissions"] = {Action.CONTROL: Permission.PASSWORD}
    session.show(samples.QUESTION)
    assert "Disconnect" in entries(menu)
    assert not any("administrator" in each for each in entries(menu))


def test_a_refusal_is_told_and_the_entry_comes_back(menu, session, qtbot):
    session.answers["set_setting"] = NotAllowed("You may not do this", hint="ask")
    show(menu, samples.AWAY)
    with qtbot.waitSignal(menu.answers.refused) as refused:
        choose(menu, "Disconnect")
    assert refused.args[0].title == "You may not do this"
    assert "Disconnect" in entries(menu)


def test_without_the_service(menu):
    menu.show(tray_view(Snapshot("absent", None, "The service & all is not running", "start it")))
    assert menu.menu.actions()[0].text() == "The service && all is not running"
    assert entries(menu)[1:] == ["Add a home address…", "Open", "Preferences…", "Quit"]


def test_crowded(menu):
    show(menu, samples.CROWDED)
    assert len(entries(menu)) < 15
