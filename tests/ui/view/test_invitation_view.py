# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import pytest

from mnclient.model.keys import KeyKind
from mnclient.model.service_status import ManagedHomeAddress, Origin
from tests.ui.view.test_wizard_draft import INSTALLED, SIGNING
from tests.ui.wizard.people import AGENT, HOME, INVITATION, SECRET, START
from ui.view.invitation_view import invitation_view, refusal_of, succeeded_key

ADDRESS = INVITATION.home_address
HERE = ManagedHomeAddress(
    address=ADDRESS, prefix=HOME, home_agent=AGENT, origin=Origin.MANUAL, preferred=True, active=True
)
OLD = replace(INSTALLED, home_address=ADDRESS, spi_in=9000, spi_out=9001)
OWN = replace(OLD, spi_in=INVITATION.spi_in, spi_out=INVITATION.spi_out)
PAIRED = replace(SIGNING, home_addresses=(HERE,), keys=(OLD,))
"""This computer has the home address, with the key of an earlier invitation."""


def test_an_address_that_is_not_here():
    for status in (None, START, SIGNING, replace(PAIRED, home_addresses=())):
        view = invitation_view(INVITATION, status)
        assert (view.icon, view.role, view.refusal) == ("check-circle", "good", None)
        assert f"For laptop: {ADDRESS} at the home agent {AGENT}" in view.words
    assert "of your choice" in invitation_view(replace(INVITATION, home_address=None), PAIRED).words


def test_a_new_key_for_an_address_that_is_here():
    view = invitation_view(INVITATION, PAIRED)
    assert (view.icon, view.role, view.refusal) == ("key", "good", None)
    assert f"A new key for {ADDRESS}, which you have" in view.words and "connections" in view.words
    assert succeeded_key(INVITATION, PAIRED) == OLD
    assert succeeded_key(INVITATION, None) is None and succeeded_key(None, PAIRED) is None
    assert succeeded_key(replace(INVITATION, home_address=None), PAIRED) is None


BARE = replace(INVITATION, kind=None, algorithm="", spi_in=0, spi_out=0, secret=b"")


@pytest.mark.parametrize(
    "invitation, status, words",
    [
        (INVITATION, replace(PAIRED, keys=(OLD, OWN)), ["used already", "Nothing has to be done"]),
        (INVITATION, replace(PAIRED, keys=()), ["home address 2001:db8:1::77 already", "remove that address"]),
        (INVITATION, replace(PAIRED, keys=(replace(OLD, home_agent=AGENT + 1),)), ["already", "remove that address"]),
        (BARE, PAIRED, ["already", "remove that address"]),
        (INVITATION, replace(PAIRED, keys=(replace(OLD, spi_in=4096),)), ["number 4096", "another invitation"]),
        (replace(INVITATION, kind=KeyKind.ESP), SIGNING, ["cannot use the key", "another kind: rfc4285"]),
    ],
)
def test_what_it_cannot_be_used_for(invitation, status, words):
    view = invitation_view(invitation, status)
    assert (view.icon, view.role) == ("error", "bad")
    assert view.refusal is not None and refusal_of(invitation, status) is not None
    for each in words:
        assert each in view.words
    assert repr(SECRET) not in repr(view) and SECRET.hex() not in repr(view)


def test_what_was_given_up_is_taken_up_again_with_the_key_that_is_here():
    assert refusal_of(INVITATION, replace(PAIRED, home_addresses=(), keys=(OWN,))) is None
