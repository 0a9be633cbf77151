# SPDX-License-Identifier: GPL-2.0-or-later
import subprocess
import sys
from dataclasses import replace

import pytest

from mnclient.model.invitation import LOWEST_COST, InvitationError, invitation_text, parse_invitation
from service import client
from service.invitation_seal import COST, open_invitation, seal_invitation
from tests.mnclient.model.test_invitation import SECRET, WITH_KEY

PASSPHRASE = "correct horse ♞"


@pytest.fixture(scope="module")
def sealed():
    return seal_invitation(WITH_KEY, PASSPHRASE, LOWEST_COST)


def test_the_passphrase_opens_it(sealed):
    arrived = parse_invitation(invitation_text(sealed))
    assert arrived == sealed
    assert open_invitation(arrived, PASSPHRASE) == WITH_KEY
    assert (client.open_invitation, client.seal_invitation) == (open_invitation, seal_invitation)


def test_nothing_of_the_inside_is_readable(sealed):
    text = invitation_text(sealed)
    for part in (SECRET.hex(), "2001:db8", "example.org", "rfc4285"):
        assert part not in text


@pytest.mark.parametrize("passphrase", ["", "correct horse", PASSPHRASE + " ", "\ud800"])
def test_another_passphrase_does_not(sealed, passphrase):
    with pytest.raises(InvitationError, match="does not open"):
        open_invitation(sealed, passphrase)


def test_what_was_altered_does_not_open(sealed):
    content = bytearray(sealed.content)
    content[5] ^= 1
    for other in (
        replace(sealed, content=bytes(content)),
        replace(sealed, content=sealed.content[:-1]),
        replace(sealed, name="somebody else"),
        replace(sealed, nonce=bytes(12)),
        replace(sealed, salt=bytes(16)),
        replace(sealed, cost=LOWEST_COST + 1),
    ):
        with pytest.raises(InvitationError, match="does not open"):
            open_invitation(other, PASSPHRASE)


def test_each_seal_is_another_one(sealed):
    again = seal_invitation(WITH_KEY, PASSPHRASE, LOWEST_COST)
    assert again.salt != sealed.salt and again.nonce != sealed.nonce and again.content != sealed.content


@pytest.mark.parametrize("passphrase", ["", "1234567", "x" * 1025])
def test_a_passphrase_that_protects_nothing_is_refused(passphrase):
    with pytest.raises(InvitationError, match="cannot protect"):
        seal_invitation(WITH_KEY, passphrase)


def test_by_default_guessing_is_expensive():
    assert seal_invitation(WITH_KEY, PASSPHRASE).cost == COST == 16


def test_the_library_is_loaded_only_when_it_is_needed():
    program = "import sys, service.client; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
