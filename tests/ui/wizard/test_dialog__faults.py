# SPDX-License-Identifier: GPL-2.0-or-later
"""Closing at every step, refusals, a service that vanishes."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyOwner
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState
from service.client import ServiceUnavailable
from service.contract import InvalidArgument, NotAllowed, Permission
from tests.ui import samples
from tests.ui.wizard import people
from tests.ui.wizard.people import (
    AGENT,
    FIRST,
    GIVE_UP,
    INVITATION,
    SET,
    START,
    TWO_INTERFACES,
    UNSET,
    changes_of,
    trying,
    works,
    write,
)
from ui.keys.keyring_store import KeyringLocked
from ui.session import Reach
from ui.view.wizard_draft import Draft, Protect
from ui.view.wizard_flow import State

ORDERED = ("try_interface_order", (("wlan0", "eth0", "wwan0"),))
DISORDERED = ("set_setting", ("mobile_node.interfaces", '[{name = "eth0", priority = 10}]'))
TRY = ("try_home_address", (FIRST, AGENT, 64))
SILENT = (samples.problem(ProblemCode.HOME_AGENT_SILENT, subject=str(FIRST), since=0),)


def close(wizard):
    """As a person does it: Esc, and yes if asked."""
    from PySide6.QtTest import QTest

    QTest.keyClick(wizard, Qt.Key.Key_Escape)
    if wizard.question is not None:
        asked = next(each for each in wizard.question.buttons() if "Close" in each.text())
        QTest.mouseClick(asked, Qt.MouseButton.LeftButton)


def to_trial(wizard, person, session, status=TWO_INTERFACES):
    """Everything that can be changed is changed."""
    session.answers["setting"] = {
        "mobile_node.interfaces": ({"name": "eth0", "priority": 10},),
        "mobile_node.access_identifiers": (),
    }.get
    session.show(status)
    for _ in range(3):
        person.next()
    wizard.interfaces_page.list.setCurrentRow(0)
    person.click(wizard.interfaces_page.down)
    person.next()


@pytest.mark.parametrize("steps", range(4))
def test_closing_before_the_trial_sends_nothing(wizard, person, session, steps):
    session.show(TWO_INTERFACES)
    for _ in range(steps):
        person.next()
    close(wizard)
    assert not wizard.isVisible() and wizard.guide.state is State.CLOSED
    assert changes_of(session) == []


def test_closing_during_the_trial_takes_everything_back(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES))
    assert changes_of(session) == [SET, ORDERED, TRY]
    close(wizard)
    assert not wizard.isVisible()
    assert changes_of(session)[3:] == [GIVE_UP]
    assert wizard.guide.draft == Draft()


def test_closing_after_it_failed_takes_everything_back(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES, after=9, problems=SILENT))
    assert wizard.guide.state is State.FAILED
    close(wizard)
    assert changes_of(session)[3:] == [GIVE_UP]


def test_closing_while_the_first_change_is_on_its_way(wizard, person, session):
    session.hold("try_setting")
    to_trial(wizard, person, session)
    assert changes_of(session) == [SET]
    close(wizard)
    assert changes_of(session) == [SET] and not wizard.isVisible()
    session.release()
    assert changes_of(session) == [SET, GIVE_UP]


def test_closing_while_it_is_being_kept(wizard, person, session):
    to_trial(wizard, person, session)
    session.hold("keep_home_address")
    session.show(works(FIRST, TWO_INTERFACES))
    assert wizard.guide.state is State.KEEPING
    close(wizard)
    session.release()
    kept, *back = changes_of(session)[3:]
    assert kept == ("keep_home_address", (FIRST,))
    assert back == [("remove_home_address", (FIRST,)), DISORDERED, UNSET]


def test_closing_when_it_is_done_changes_nothing(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(works(FIRST, TWO_INTERFACES))
    before = list(session.requests)
    close(wizard)
    assert session.requests == before and not wizard.isVisible()


def test_going_on_after_escape_keeps_everything(wizard, person, session):
    from PySide6.QtTest import QTest

    person.click(wizard.agent_page.typed)
    person.click(wizard.agent_page.agent_field.line)
    person.type("2001:db8:9::1")
    person.press(Qt.Key.Key_Escape)
    assert wizard.isVisible() and wizard.question is not None
    QTest.keyClick(wizard.question, Qt.Key.Key_Escape)
    assert wizard.isVisible() and wizard.question is None
    assert wizard.guide.draft.agent_text == "2001:db8:9::1"


def test_opened_again_it_begins_anew(wizard, person, session):
    person.click(wizard.agent_page.typed)
    person.click(wizard.agent_page.agent_field.line)
    person.type("2001:db8:9::1")
    close(wizard)
    wizard.show()
    assert wizard.guide.state is State.AGENT and wizard.guide.draft.found_agent == AGENT
    assert wizard.agent_page.agent_field.line.text() == ""


def test_back_from_a_failed_trial_keeps_what_was_chosen(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES, after=9, problems=SILENT))
    session.show(TWO_INTERFACES)
    chosen = wizard.guide.draft
    person.back()
    assert wizard.guide.state is State.INTERFACES and wizard.guide.draft == chosen
    assert changes_of(session)[3:] == [GIVE_UP]
    person.next()
    assert changes_of(session)[4:] == [SET, ORDERED, TRY]


def test_trying_again_begins_after_all_was_taken_back(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES, after=9, problems=SILENT))
    session.hold("cancel_trial")
    person.next()
    assert changes_of(session)[3:] == [GIVE_UP]
    session.show(TWO_INTERFACES)
    session.release()
    assert changes_of(session)[3:] == [GIVE_UP, SET, ORDERED, TRY]
    session.show(works(FIRST, TWO_INTERFACES))
    assert wizard.guide.state is State.DONE


def test_a_home_agent_that_answers_late_is_success(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES, after=9, problems=SILENT))
    assert "does not answer" in wizard.trial_page.banner.title()
    session.show(works(FIRST, TWO_INTERFACES))
    assert wizard.guide.state is State.DONE


def test_kept_in_spite_of_a_test_that_failed(wizard, person, session):
    for _ in range(3):
        person.next()
    unverified = (samples.problem(ProblemCode.NOT_VERIFIED, subject=str(FIRST), since=0),)
    state = HomeAddressState.REGISTERED
    session.show(trying(FIRST, state, after=9, problems=unverified, registered=True, verified=False))
    person.click(wizard.trial_page.keep)
    assert wizard.guide.state is State.DONE


def test_the_answer_leads_to_where_it_is_mended(wizard, person, session):
    for _ in range(3):
        person.next()
    duplicate = (samples.problem(ProblemCode.HOME_ADDRESS_DUPLICATE, subject=str(FIRST), since=0),)
    session.show(trying(FIRST, HomeAddressState.DUPLICATE, problems=duplicate))
    person.click(wizard.trial_page.mend)
    assert wizard.guide.state is State.ADDRESS
    assert changes_of(session) == [SET, TRY, GIVE_UP]


# --- refusals ---


def test_permission_refused_at_the_last_moment(wizard, person, session):
    session.answers["try_home_address"] = NotAllowed("Permission was not given", hint="ask the administrator")
    for _ in range(3):
        person.next()
    assert wizard.guide.state is State.FAILED
    assert wizard.trial_page.banner.title() == "Permission was not given"
    assert changes_of(session) == [SET, TRY, GIVE_UP]
    session.answers.pop("try_home_address")
    person.next()
    session.show(works(FIRST))
    assert wizard.guide.state is State.DONE


def test_without_permission_everything_is_visible_and_nothing_starts(wizard, person, session):
    wizard._may_close = True
    wizard.close()
    session.answers["permissions"] = people.answers(Permission.NO)["permissions"]
    wizard.show()
    person.next()
    person.next()
    assert wizard.guide.state is State.PROTECTION and not wizard.footer.next.isEnabled()
    assert "You may not" in wizard.footer.note.text() and wizard.footer.note.isVisible()


def test_a_permission_that_was_given_meanwhile_is_noticed(wizard, person, session):
    wizard._may_close = True
    wizard.close()
    session.answers["permissions"] = people.answers(Permission.NO)["permissions"]
    wizard.show()
    person.next()
    person.next()
    assert not wizard.footer.next.isEnabled()
    session.answers["permissions"] = people.answers(Permission.YES)["permissions"]
    person.back()
    person.next()
    assert wizard.guide.state is State.PROTECTION and wizard.footer.next.isEnabled()


def test_a_password_is_announced(wizard, person, session):
    wizard._may_close = True
    wizard.close()
    session.answers["permissions"] = people.answers(Permission.PASSWORD)["permissions"]
    wizard.show()
    assert not wizard.footer.note.isVisible()
    person.next()
    person.next()
    assert "password" in wizard.footer.note.text() and wizard.footer.note.isVisible()


def test_a_refused_address_is_said_beside_the_field(wizard, person, session):
    session.answers["try_home_address"] = InvalidArgument("2001:db8:1::55 is taken", hint="choose another")
    person.next()
    person.click(wizard.address_page.typed)
    person.click(wizard.address_page.address_field.line)
    person.type("2001:db8:1::55")
    person.next()
    person.next()
    assert wizard.guide.state is State.ADDRESS
    assert "2001:db8:1::55 is taken" in wizard.address_page.address_field.error
    person.click(wizard.address_page.address_field.line)
    person.type("5")
    assert not wizard.address_page.address_field.error or "taken" not in wizard.address_page.address_field.error


def test_a_refused_key_is_said_beside_the_field(wizard, person, session):
    session.show(replace(START, protections=("rfc4285",)))
    session.answers["try_key"] = MobileIPv6Error("There are 64 keys", hint="remove one")
    person.next()
    person.next()
    page = wizard.protection_page
    person.click(page.cards[Protect.TYPED])
    for field, text in ((page.typed.secret, "00" * 16), (page.typed.spi_out, "4097"), (page.typed.spi_in, "4096")):
        person.click(field.line)
        person.type(text)
    person.next()
    assert wizard.guide.state is State.PROTECTION and "There are 64 keys" in page.typed.secret.error
    assert [name for name, _ in changes_of(session)] == ["try_key"]


def test_what_cannot_be_taken_back_is_said(wizard, person, session):
    to_trial(wizard, person, session)
    session.answers["cancel_trial"] = NotAllowed("You may not do that any more")
    person.back()
    assert wizard.message.news.isVisible() and "not do that any more" in wizard.message.news.text()


class Keyring:
    def __init__(self, error=None):
        self.error, self.calls = error, []

    def save(self, name, secret, then, failed):
        self.calls.append(("save", name))
        then(None) if self.error is None else failed(self.error)

    def delete(self, name, then, failed):
        self.calls.append(("delete", name))
        then(None)


def invited(wizard, person, session, tmp_path):
    session.show(replace(START, protections=("rfc4285",)))
    wizard.import_invitation(write(tmp_path / "invitation"))
    person.until(lambda: wizard.guide.draft.invitation is not None)
    person.next()
    person.click(wizard.protection_page.owners[Protect.INVITATION].buttons[KeyOwner.USER])
    person.next()


def test_a_key_for_the_keyring_is_taken_back_too(wizard, person, session, tmp_path):
    wizard.guide.runner.store = keyring = Keyring()
    invited(wizard, person, session, tmp_path)
    assert changes_of(session)[0][1][-1] is KeyOwner.USER
    close(wizard)
    name = f"{INVITATION.home_address} {AGENT} 4097"
    assert keyring.calls == [("save", name), ("delete", name)]
    assert changes_of(session)[2:] == [GIVE_UP]


def test_a_locked_keyring_is_a_sentence(wizard, person, session, tmp_path):
    wizard.guide.runner.store = Keyring(KeyringLocked("Your keyring is locked", hint="Unlock it, then try again."))
    invited(wizard, person, session, tmp_path)
    assert wizard.guide.state is State.PROTECTION and "locked" in wizard.protection_page.banner.title()
    assert changes_of(session) == []


# --- the service ---


def test_the_service_vanishes_in_the_middle(wizard, person, session):
    person.next()
    session.lose(Reach.ABSENT, "The mnclient service is not running", "start it: systemctl start mnclientd")
    assert wizard.message.reach.isVisible() and "not running" in wizard.message.reach.title()
    assert not wizard.footer.next.isEnabled() and wizard.footer.back.isEnabled()
    session.show(START)
    assert not wizard.message.isVisible() and wizard.footer.next.isEnabled()


def test_the_service_vanishes_during_the_trial(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES))
    gone = ServiceUnavailable("The mnclient service is not running")
    session.answers.update(cancel_trial=gone)
    session.lose()
    assert wizard.guide.state is State.FAILED and "not running" in wizard.trial_page.banner.title()
    assert not wizard.footer.next.isEnabled()
    close(wizard)
    session.answers.pop("cancel_trial")
    before = len(changes_of(session))
    session.show(TWO_INTERFACES)  # it may have been on the bus all the time, behind one that was not
    assert changes_of(session)[before:] == [GIVE_UP]


def test_the_service_was_started_again_during_the_trial(wizard, person, session):
    to_trial(wizard, person, session)
    session.show(trying(FIRST, status=TWO_INTERFACES))
    session.show(TWO_INTERFACES)
    assert wizard.guide.state is State.FAILED and "gave the trial up" in wizard.trial_page.banner.title()
