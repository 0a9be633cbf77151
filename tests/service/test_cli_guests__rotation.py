# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl keys rotate`: a new key for a guest, and the invitation that has it."""

import stat
from dataclasses import replace

import pytest

from mnclient.model.guest import GuestState, RetiringKey
from mnclient.model.invitation import SealedInvitation
from mnclient.model.keys import KEY_ALGORITHMS, KeyKind
from service import invitation_seal
from service.contract import InvalidArgument
from tests.service.fake_core import PROPOSED
from tests.service.fake_guests import GUEST
from tests.service.test_cli_guests import NOW, agent, here, read

__all__ = ["agent"]  # the fixture


async def test_the_guest_and_its_invitation_have_the_same_new_key(agent):
    told = await agent("keys", "rotate", "laptop")
    wish, invitation = agent.core.guests.rotation, read("laptop.mnclient-invitation")
    assert (wish.name, wish.algorithm, len(wish.secret)) == ("laptop", "hmac-sha1-96", 16)
    assert wish.overlap_until == NOW + 7 * 86_400
    assert (invitation.secret, invitation.kind) == (wish.secret, KeyKind.RFC4285)
    assert (invitation.spi_in, invitation.spi_out) == (81_000, 71_000), "as the laptop has them"
    assert invitation.home_address == PROPOSED and invitation.expires_time is None
    assert stat.S_IMODE(here("laptop.mnclient-invitation").stat().st_mode) == 0o600
    assert "The one before counts until it has come" in told and "at most until" in told
    assert "mnctl join laptop.mnclient-invitation" in told and wish.secret.hex() not in told


async def test_a_guest_keeps_its_kind_of_key(agent):
    agent.core.guests.all = (replace(GUEST, state=GuestState.USED, kind=KeyKind.ESP, algorithm="aes-gcm-128"),)
    await agent("keys", "rotate", "laptop")
    wish = agent.core.guests.rotation
    assert (wish.algorithm, len(wish.secret)) == (KEY_ALGORITHMS[KeyKind.ESP][0].name, 36)
    await agent("keys", "rotate", "laptop", "--algorithm", "hmac-sha1-96", "--output", "other", status=1)
    assert "is not an algorithm for esp" in agent.errors and not here("other").exists()


async def test_how_long_both_count(agent):
    await agent("keys", "rotate", "laptop", "--overlap", "30min", "--output", "a")
    assert agent.core.guests.rotation.overlap_until == NOW + 1800
    told = await agent("keys", "rotate", "laptop", "--overlap", "never", "--output", "b")
    assert agent.core.guests.rotation.overlap_until is None and "at most" not in told
    with pytest.raises(SystemExit):
        await agent("keys", "rotate", "laptop", "--overlap", "soon")


async def test_as_json_sealed_and_as_a_picture(agent):
    here("pass").write_text("correct horse\n")
    told = await agent.json("keys", "rotate", "laptop", "--passphrase-file", "pass", "--png", "x.png")
    assert (told["ok"], told["file"], told["png"]) == (True, "laptop.mnclient-invitation", "x.png")
    assert told["guest"]["retiring"]["spi_in"] == GUEST.spi_in
    sealed = read("laptop.mnclient-invitation")
    assert isinstance(sealed, SealedInvitation)
    opened = invitation_seal.open_invitation(sealed, "correct horse")
    assert opened.secret == agent.core.guests.rotation.secret


async def test_what_cannot_be_written_is_taken_back(agent):
    await agent("keys", "rotate", "laptop", "--png", "no/such/folder.png", status=1)
    assert agent.core.calls == [("rotate", "laptop"), ("remove_key", GUEST.home_address, GUEST.home_agent, 81_000)]
    assert list(here().iterdir()) == []


async def test_what_is_refused_makes_nothing(agent):
    await agent("keys", "rotate", "laptop", "--algorithm", "aes-gcm-256", status=1)
    assert "is not an algorithm for rfc4285" in agent.errors
    here("laptop.mnclient-invitation").write_text("mine")
    await agent("keys", "rotate", "laptop", status=1)
    assert "There is a file" in agent.errors and agent.core.calls == []
    agent.core.refusal = InvalidArgument("laptop has not come with its first key yet", hint="wait")
    await agent("keys", "rotate", "laptop", "--output", "other", status=1)
    assert "has not come with its first key yet" in agent.errors and not here("other").exists()


async def test_the_list_says_that_a_new_key_waits(agent):
    before = RetiringKey(algorithm="hmac-sha1-96", spi_in=1000, spi_out=1001)
    waits = replace(GUEST, state=GuestState.USED, used_time=NOW, retiring=before)
    agent.core.guests.all = (waits, replace(waits, name="soon", retiring=replace(before, ends_time=NOW + 60)))
    first, second = (await agent("guests")).splitlines()[1:3]
    assert first.endswith("has a new key, and has not come with it yet")
    assert "has not come with it yet: until " in second
