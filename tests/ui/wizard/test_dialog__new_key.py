# SPDX-License-Identifier: GPL-2.0-or-later
"""An invitation with a new key for a home address that is here: by drag and drop, and what may go wrong."""

from dataclasses import replace

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState
from service.contract import Action, Permission
from tests.ui import samples
from tests.ui.view.test_invitation_view import OLD, OWN, PAIRED
from tests.ui.wizard.people import AGENT, GIVE_UP, INVITATION, SECRET, changes_of, trying, write
from tests.ui.wizard.test_dialog import drop
from tests.ui.wizard.test_dialog__faults import Keyring
from ui.view.wizard_flow import State

ADDRESS = INVITATION.home_address
KEPT = ("keep_home_address", (ADDRESS,))
IDENTITY, OLD_IDENTITY = (ADDRESS, AGENT, INVITATION.spi_out), OLD.identity


def new_key(owner=KeyOwner.COMPUTER):
    return (
        "try_key",
        (ADDRESS, AGENT, KeyKind.RFC4285, "hmac-sha1-96", INVITATION.spi_in, INVITATION.spi_out, SECRET, owner),
    )


def stands(state=HomeAddressState.REGISTERED, accepted_spi=OLD.spi_out, **more):
    """The address is registered and works, under this key."""
    told = {"registered": True, "verified": True, "protected": True, "accepted_spi": accepted_spi} | more
    after = trying(ADDRESS, state, PAIRED, **told)
    return replace(after, home_addresses=PAIRED.home_addresses, keys=(OLD, OWN))


def dropped(wizard, person, session, folder, status=PAIRED):
    session.show(status)
    drop(wizard, write(folder / "second"))
    person.until(lambda: wizard.guide.draft.invitation is not None)


def test_it_is_said_tried_and_kept(wizard, person, session, tmp_path):
    dropped(wizard, person, session, tmp_path)
    assert f"A new key for {ADDRESS}, which you have" in wizard.agent_page.invitation_state.text()
    person.next()  # nothing to choose: the address, the key, and where it lives are as they were
    assert wizard.guide.state is State.TRYING and changes_of(session) == [new_key()]
    assert "The new key of" in wizard.trial_page.text.text()
    session.show(stands())
    assert wizard.guide.state is State.TRYING, "what was registered before proves nothing"
    session.show(stands(accepted_spi=INVITATION.spi_out))
    assert wizard.guide.state is State.DONE and changes_of(session) == [new_key(), KEPT]
    assert wizard.done_page.title.text() == "Your address has a new key"
    assert "not needed any more" in wizard.done_page.text.text() and not wizard.done_page.banner.isVisible()
    wizard.close()
    assert changes_of(session) == [new_key(), KEPT]


@pytest.mark.parametrize("before", [True, False])
def test_what_was_opened_is_in_sight_however_many_home_agents_there_are(wizard, person, session, tmp_path, before):
    """Those that were found before, or are found after it was opened."""
    crowd = replace(PAIRED, known_home_agents=samples.CROWDED.known_home_agents)
    dropped(wizard, person, session, tmp_path, crowd if before else replace(PAIRED, known_home_agents=()))
    session.show(crowd)
    words, area = wizard.agent_page.invitation_state, wizard._areas[State.AGENT]
    person.until(lambda: area.viewport().rect().contains(words.mapTo(area.viewport(), words.rect().bottomLeft())))


def test_at_home_it_is_kept_unproved(wizard, person, session, tmp_path):
    dropped(wizard, person, session, tmp_path)
    person.next()
    session.show(stands(HomeAddressState.AT_HOME, care_of_address=None, registered=False, verified=None))
    assert wizard.guide.state is State.DONE and "from another network on" in wizard.done_page.text.text()


@pytest.mark.parametrize("code", [ProblemCode.HOME_AGENT_SILENT, ProblemCode.KEY_REJECTED])
def test_a_key_that_is_not_accepted_changes_nothing(wizard, person, session, tmp_path, code):
    dropped(wizard, person, session, tmp_path)
    person.next()
    wrong = samples.problem(code, subject=str(ADDRESS), detail=str(AGENT), since=0.0)
    session.show(stands(HomeAddressState.REGISTERING, problems=(wrong,)))
    assert wizard.guide.state is State.FAILED
    assert "does not accept the new key" in wizard.trial_page.banner.title()
    assert "keeps the key it had" in wizard.trial_page.banner.text()
    assert not wizard.trial_page.mend.isVisible(), "the home agent is the right one"
    person.back()
    assert wizard.guide.state is State.AGENT and changes_of(session) == [new_key(), GIVE_UP]


def test_a_refusal_is_said_where_the_invitation_is(wizard, person, session, tmp_path):
    session.answers["try_key"] = MobileIPv6Error("There are 64 keys", hint="remove one")
    dropped(wizard, person, session, tmp_path)
    person.next()
    assert wizard.guide.state is State.AGENT and "There are 64 keys" in wizard.agent_page.banner.title()


def test_what_was_used_leads_nowhere(wizard, person, session, tmp_path):
    dropped(wizard, person, session, tmp_path, replace(PAIRED, keys=(OWN,)))
    assert "was used already" in wizard.agent_page.invitation_state.text()
    assert not wizard.footer.next.isEnabled()
    session.show(PAIRED)  # somebody removed that key, and the one before is back
    assert "A new key for" in wizard.agent_page.invitation_state.text() and wizard.footer.next.isEnabled()


def test_closing_asks_about_the_key(wizard, person, session, tmp_path):
    dropped(wizard, person, session, tmp_path)
    person.next()
    wizard.close()
    assert wizard.question.text() == "Close without the new key?"
    next(each for each in wizard.question.buttons() if "Close" in each.text()).click()
    assert changes_of(session) == [new_key(), GIVE_UP]


def test_who_may_not_install_keys_is_told(wizard, person, session, tmp_path):
    session.answers["permissions"] = {**dict.fromkeys(Action, Permission.YES), Action.MANAGE_KEYS: Permission.NO}
    wizard.guide._ask_permissions()
    dropped(wizard, person, session, tmp_path)
    assert not wizard.footer.next.isEnabled() and "may not install keys" in wizard.footer.note.text()


@pytest.mark.parametrize("is_proved", [True, False])
def test_a_persons_key_stays_a_persons(wizard, person, session, tmp_path, is_proved):
    """And the one before leaves the keyring once the home agent has accepted the new one."""
    wizard.guide.runner.store = keyring = Keyring()
    users = replace(PAIRED, keys=(replace(OLD, owner=KeyOwner.USER),))
    dropped(wizard, person, session, tmp_path, users)
    person.next()
    at_home = stands(HomeAddressState.AT_HOME, care_of_address=None, registered=False, verified=None)
    session.show(stands(accepted_spi=INVITATION.spi_out) if is_proved else at_home)
    assert wizard.guide.state is State.DONE
    removed = [("remove_key", OLD_IDENTITY)] if is_proved else []
    assert changes_of(session) == [new_key(KeyOwner.USER), KEPT, *removed]
    assert [name for name, _ in keyring.calls] == (["save", "delete"] if is_proved else ["save"])


def test_what_cannot_be_cleared_away_is_said(wizard, person, session, tmp_path):
    wizard.guide.runner.store = keyring = Keyring()
    session.answers["remove_key"] = MobileIPv6Error("The keys cannot be changed", hint="look")
    dropped(wizard, person, session, tmp_path, replace(PAIRED, keys=(replace(OLD, owner=KeyOwner.USER),)))
    person.next()
    session.show(stands(accepted_spi=INVITATION.spi_out))
    assert wizard.guide.state is State.DONE
    assert "cannot be changed" in wizard.message.news.text()
    assert [name for name, _ in keyring.calls] == ["save", "delete"]
