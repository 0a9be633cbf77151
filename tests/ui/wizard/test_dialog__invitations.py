# SPDX-License-Identifier: GPL-2.0-or-later
"""Invitations: of the worst kind, sealed, expired, and for what is there already."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from mnclient.model.invitation import invitation_text
from service.contract import InvalidArgument
from tests.ui.wizard.people import FIRST, HOME, INVITATION, START, write
from ui.view.wizard_flow import State


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 500,
        b"not = [an invitation",
        b"x" * 20_000,
        invitation_text(INVITATION).replace('"2001:db8:1::1"', '"fe80::1"').encode(),
        invitation_text(INVITATION).replace("spi_in = 4096", "spi_in = 1").encode(),
        b"[" * 10_000,
    ],
    ids=["empty", "binary", "broken", "huge", "field", "number", "brackets"],
)
def test_the_worst_invitations_are_refused_in_words(wizard, person, session, tmp_path, content):
    path = tmp_path / "invitation"
    path.write_bytes(content)
    wizard.import_invitation(path)
    refused(wizard, person)
    assert INVITATION.secret.hex() not in wizard.agent_page.invitation_state.text()


def refused(wizard, person):
    person.until(lambda: wizard.agent_page.invitation_state._label._role == "bad")
    assert wizard.agent_page.invitation_state.isVisible() and wizard.agent_page.invitation_state.text()
    assert not wizard.footer.next.isEnabled()


def test_what_is_no_file_is_refused(wizard, person, tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "pipe"):
        wizard.import_invitation(path)
        refused(wizard, person)


def test_an_expired_invitation(wizard, person, session, tmp_path):
    wizard.import_invitation(write(tmp_path / "old", replace(INVITATION, expires_time=1_000_000_000.0)))
    refused(wizard, person)
    assert "2001-09-09" in wizard.agent_page.invitation_state.text()


def test_a_sealed_invitation_asks_for_its_passphrase(wizard, person, session, tmp_path):
    from service.client import seal_invitation

    write(tmp_path / "sealed", seal_invitation(INVITATION, "correct horse", cost=14))
    wizard.import_invitation(tmp_path / "sealed")
    field = wizard.agent_page.passphrase_field
    person.until(field.isVisible)
    assert not wizard.footer.next.isEnabled()
    person.type("wrong horse")
    person.press(Qt.Key.Key_Return)
    person.until(lambda: "does not open" in wizard.agent_page.invitation_state.text())
    field.line.selectAll()
    person.type("correct horse")
    person.press(Qt.Key.Key_Return)
    person.until(lambda: wizard.guide.draft.invitation == INVITATION)
    assert not field.isVisible() and field.line.text() == ""


def test_an_invitation_without_an_address_lets_one_choose(wizard, person, session, tmp_path):
    wizard.import_invitation(write(tmp_path / "open", replace(INVITATION, home_address=None)))
    person.until(lambda: wizard.guide.draft.invitation is not None)
    person.next()
    assert wizard.guide.state is State.ADDRESS and FIRST in wizard.address_page.cards


def test_an_invitation_for_an_address_that_is_there_already(wizard, person, session, tmp_path):
    session.answers["try_home_address"] = InvalidArgument(f"{HOME[0x77]} is a home address already")
    session.show(replace(START, protections=("rfc4285",)))
    wizard.import_invitation(write(tmp_path / "again"))
    person.until(lambda: wizard.guide.draft.invitation is not None)
    person.next()
    person.next()
    assert wizard.guide.state is State.AGENT and "already" in wizard.agent_page.banner.title()


def test_a_trial_is_not_disturbed_by_an_invitation(wizard, person, session, tmp_path):
    for _ in range(3):
        person.next()
    wizard.import_invitation(write(tmp_path / "later"))
    wizard.guide.changed.emit()
    assert wizard.guide.state is State.TRYING and wizard.message.news.isVisible()
