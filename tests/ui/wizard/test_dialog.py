# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole way, with mouse and keys, by each of the entries."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.status import Phase
from tests.ui import samples
from tests.ui.wizard.people import (
    AGENT,
    FIRST,
    INVITATION,
    NOBODY,
    SECOND,
    SECRET,
    SET,
    START,
    SUGGESTIONS,
    TWO_INTERFACES,
    TYPED,
    address,
    at_home,
    changes_of,
    trying,
    works,
    write,
)
from ui.view.wizard_draft import Protect
from ui.view.wizard_flow import State


def test_three_clicks_from_a_found_agent_to_a_trial(wizard, person, session):
    for _ in range(3):
        person.next()
    assert changes_of(session) == [SET, ("try_home_address", (FIRST, AGENT, 64))]
    session.show(trying(FIRST))
    assert wizard.guide.state is State.TRYING
    session.show(works(FIRST))
    assert wizard.guide.state is State.DONE
    assert changes_of(session)[-1] == ("keep_home_address", (FIRST,))
    assert wizard.done_page.address.text_label.full_text() == str(FIRST)
    assert wizard.done_page.banner.isVisible()  # without a key
    before = list(session.requests)
    person.next()
    assert not wizard.isVisible() and session.requests == before


def test_two_clicks_when_the_key_is_there(wizard, person, session):
    key = samples_key(FIRST)
    session.show(replace(START, keys=(key,), protections=("rfc4285",)))
    person.next()
    person.next()
    assert changes_of(session) == [("try_home_address", (FIRST, AGENT, 64))]


def samples_key(home_address):
    from mnclient.model.keys import KeyInfo

    return KeyInfo(
        home_address=home_address,
        home_agent=AGENT,
        kind=KeyKind.RFC4285,
        algorithm="hmac-sha1-96",
        spi_in=4096,
        spi_out=4097,
        owner=KeyOwner.COMPUTER,
        created_time=0.0,
        available=True,
    )


def test_at_home_is_success_too(wizard, person, session):
    for _ in range(3):
        person.next()
    session.show(at_home(FIRST))
    assert wizard.guide.state is State.DONE
    assert "house" in wizard.done_page.icon_words.text()


def test_the_whole_way_with_the_keyboard_alone(wizard, person, session):
    session.show(TWO_INTERFACES)
    assert wizard.focusWidget() is wizard.agent_page.group.checkedButton()
    person.press(Qt.Key.Key_Return)
    assert wizard.focusWidget() is wizard.address_page.cards[FIRST].radio
    person.until(wizard.address_page.cards[SECOND].isVisible)
    person.press(Qt.Key.Key_Down)
    assert wizard.guide.draft.suggestion == SECOND
    person.press(Qt.Key.Key_Return)
    person.press(Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier)
    person.until(lambda: wizard.guide.state is State.ADDRESS)  # a mnemonic shows the button pressed first
    assert wizard.guide.draft.suggestion == SECOND
    person.press(Qt.Key.Key_Return)
    person.press(Qt.Key.Key_Return)
    assert wizard.guide.state is State.INTERFACES and wizard.focusWidget() is wizard.interfaces_page.list
    assert wizard.interfaces_page.names() == ("eth0", "wlan0", "wwan0")
    person.press(Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert wizard.interfaces_page.names() == ("wlan0", "eth0", "wwan0")
    person.press(Qt.Key.Key_Return)
    order = ("try_interface_order", (("wlan0", "eth0", "wwan0"),))
    assert changes_of(session) == [SET, order, ("try_home_address", (SECOND, AGENT, 64))]
    session.show(works(SECOND, TWO_INTERFACES))
    assert wizard.guide.state is State.DONE and wizard.focusWidget() is wizard.footer.next
    person.press(Qt.Key.Key_Return)
    assert not wizard.isVisible()


def test_a_typed_home_agent(wizard, person, session):
    person.click(wizard.agent_page.typed)
    person.click(wizard.agent_page.agent_field.line)
    person.type("2001:db8:9::zz")
    assert wizard.agent_page.agent_field.error and not wizard.footer.next.isEnabled()
    person.press(Qt.Key.Key_Backspace)
    person.press(Qt.Key.Key_Backspace)
    person.type("1")
    assert not wizard.agent_page.agent_field.error
    person.press(Qt.Key.Key_Return)
    assert wizard.guide.state is State.ADDRESS
    prefix = "2001:db8:9:0:"
    assert [str(each) for each in wizard.address_page.cards][:2] == [
        prefix + "211:22ff:fe33:4455",
        prefix + "a8bb:ccff:fe00:100",
    ]
    person.click(wizard.address_page.typed)
    person.click(wizard.address_page.address_field.line)
    for text, is_wrong in (
        (str(TYPED), True),
        ("2001:db8:9::1", True),
        ("2001:db8:9::", True),
        ("2001:db8:9::5", False),
    ):
        wizard.focusWidget().selectAll()
        person.type(text)
        assert bool(wizard.guide.facts.incomplete & {State.ADDRESS}) is is_wrong, text
    person.press(Qt.Key.Key_Return)
    person.next()
    assert changes_of(session)[-1] == ("try_home_address", (address("2001:db8:9::5"), address("2001:db8:9::1"), 64))


def test_an_invitation_by_drag_and_drop(wizard, person, session, tmp_path):
    session.show(replace(START, protections=("rfc4285",)))
    drop(wizard, write(tmp_path / "invitation"))
    person.until(lambda: wizard.guide.draft.invitation is not None)
    assert "2001:db8:1::77" in wizard.agent_page.invitation_state.text()
    person.next()
    assert wizard.guide.state is State.PROTECTION  # the address is in the invitation
    assert wizard.protection_page.cards[Protect.INVITATION].radio.isChecked()
    person.next()
    secret = (INVITATION.home_address, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 4096, 4097, SECRET, KeyOwner.COMPUTER)
    assert changes_of(session) == [("try_key", secret), ("try_home_address", (INVITATION.home_address, AGENT, 64))]
    session.show(works(INVITATION.home_address, replace(START, protections=("rfc4285",))))
    assert wizard.guide.state is State.DONE and not wizard.done_page.banner.isVisible()


def drop(wizard, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(wizard.rect().center(), copy, mime, left, none)
    wizard.dragEnterEvent(enter)
    assert enter.isAccepted()
    wizard.dropEvent(QDropEvent(QPointF(wizard.rect().center()), copy, mime, left, none))


def test_a_typed_key(wizard, person, session):
    session.show(replace(START, protections=("rfc4285",)))
    person.next()
    person.next()
    assert not wizard.footer.next.isEnabled()  # going without is nobody's default where a key would protect
    page = wizard.protection_page
    person.click(page.cards[Protect.TYPED])
    for field, text in ((page.typed.secret, SECRET.hex()), (page.typed.spi_out, "4097"), (page.typed.spi_in, "0x1000")):
        assert not wizard.footer.next.isEnabled()
        person.click(field.line)
        person.type(text)
    person.press(Qt.Key.Key_Return)
    assert changes_of(session)[0][1][2:] == (KeyKind.RFC4285, "hmac-sha1-96", 4096, 4097, SECRET, KeyOwner.COMPUTER)


def test_a_made_key_and_its_copy(wizard, person, session, tmp_path):
    from mnclient.model.invitation import parse_invitation

    session.show(replace(START, protections=("rfc4285",)))
    person.next()
    person.next()
    person.click(wizard.protection_page.cards[Protect.MADE])
    copy = tmp_path / "copy"
    wizard.invitations.save_copy(copy)
    assert copy.stat().st_mode & 0o077 == 0
    person.next()
    saved = parse_invitation(copy.read_text())
    key = changes_of(session)[0][1]
    assert (saved.home_address, saved.home_agent) == key[:2] and saved.secret == key[6] and len(saved.secret) == 16
    wizard.invitations.save_copy(tmp_path / "no" / "folder")
    assert "could not be written" in wizard.protection_page.made.state.text()


def test_agents_appear_while_one_watches(wizard, person, session):
    session.show(NOBODY)
    assert wizard.agent_page.listening.isVisible() and not wizard.footer.next.isEnabled()
    session.show(replace(NOBODY, known_home_agents=(samples.SECOND_AGENT,)))
    assert not wizard.agent_page.listening.isVisible()
    session.show(START)
    assert list(wizard.agent_page.cards) == [samples.SECOND_AGENT.address, AGENT]
    assert wizard.guide.draft.found_agent == samples.SECOND_AGENT.address  # not moved from under the finger
    person.until(lambda: wizard.agent_page.cards[AGENT].y() < wizard.agent_page.cards[samples.SECOND_AGENT.address].y())
    session.show(replace(START, known_home_agents=samples.CROWDED.known_home_agents))
    assert len(wizard.agent_page.cards) == 32
    assert wizard.guide.draft.found_agent in wizard.agent_page.cards


def test_a_home_agent_that_was_merely_heard_says_so(wizard):
    card = wizard.agent_page.cards[AGENT]
    assert "Anybody here could claim" in card.radio.accessibleDescription()
    other = wizard.agent_page.cards[samples.SECOND_AGENT.address]
    assert "claim" not in other.radio.accessibleDescription()


def test_dragging_an_interface(wizard, person, session):
    session.show(TWO_INTERFACES)
    for _ in range(3):
        person.next()
    rows = wizard.interfaces_page.list
    assert rows.model().moveRow(rows.rootIndex(), 1, rows.rootIndex(), 0)  # what a drop inside the list does
    assert wizard.guide.draft.order == ("wlan0", "eth0", "wwan0")
    person.back()
    person.next()
    assert wizard.interfaces_page.names() == wizard.guide.draft.order


def test_switched_off_is_said_in_plain_words(wizard, person, session):
    for _ in range(3):
        person.next()
    session.show(replace(START, engine=replace(START.engine, phase=Phase.OFF)))
    assert wizard.guide.state is State.FAILED
    assert "switched off" in wizard.trial_page.banner.title()


@pytest.mark.parametrize("width, height", [(360, 480), (760, 600), (1600, 1000)])
def test_nothing_is_wider_than_the_window(wizard, person, session, width, height):
    session.show(TWO_INTERFACES)
    wizard.resize(width, height)
    for _ in range(5):
        area = wizard._areas[person.step]
        person.until(lambda each=area: each.widget().width() <= each.viewport().width())
        if wizard.footer.next.isEnabled():
            person.next()
    assert wizard.width() == width and wizard.height() == height


def test_help_belongs_to_its_page(wizard, person):
    person.press(Qt.Key.Key_F1)
    assert wizard.message.help.isVisible() and "home network" in wizard.message.help.text()
    person.press(Qt.Key.Key_F1)
    assert not wizard.message.isVisible()
    person.press(Qt.Key.Key_F1)
    person.next()
    assert not wizard.message.isVisible()


def test_every_control_has_a_name_and_says_why_it_is_off(wizard, person, session):
    session.show(TWO_INTERFACES)
    person.click(wizard.agent_page.typed)
    for _ in range(5):
        for each in wizard.findChildren(QWidget):
            if each.isVisible() and each.focusPolicy() & Qt.FocusPolicy.TabFocus:
                name = each.accessibleName() or getattr(each, "text", str)()
                assert name, (person.step, each)
        person.click(next(iter(wizard.agent_page.cards.values()))) if person.step is State.AGENT else None
        if wizard.footer.next.isEnabled():
            person.next()


def test_tab_reaches_everything_and_comes_back(wizard, person):
    first, seen = wizard.focusWidget(), []
    for _ in range(40):
        person.press(Qt.Key.Key_Tab)
        seen.append(wizard.focusWidget())
        if seen[-1] is first:
            break
    assert seen[-1] is first
    assert {wizard.footer.leave, wizard.footer.next} <= set(seen)


def test_what_is_found_late_is_still_the_first_choice(wizard, person, session):
    wizard.close()
    session.answers["suggestions"] = ()
    session.show(NOBODY)
    wizard.show()
    person.until(wizard.isActiveWindow)
    assert wizard.focusWidget() is wizard.agent_page.invitation.radio
    session.answers["suggestions"] = SUGGESTIONS
    session.show(START)
    assert wizard.focusWidget() is wizard.agent_page.cards[AGENT].radio
    person.next()
    assert wizard.guide.draft.suggestion == FIRST
    person.until(wizard.address_page.cards[SECOND].isVisible)
    person.click(wizard.address_page.cards[SECOND])
    session.show(replace(START, known_home_agents=START.known_home_agents[:1]))  # asks for suggestions again
    assert wizard.guide.draft.suggestion == SECOND
