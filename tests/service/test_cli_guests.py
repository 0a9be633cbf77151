# SPDX-License-Identifier: GPL-2.0-or-later
import json
import re
import stat
from dataclasses import replace
from ipaddress import IPv6Network
from pathlib import Path

import pytest

from mnclient.model.guest import GuestState
from mnclient.model.invitation import SealedInvitation, parse_invitation
from mnclient.model.keys import KeyKind
from service import cli_parser_guests, invitation_seal
from service.contract import InvalidArgument
from tests.service.fake_core import ADDRESS, AWAY, BOOT_TIME, HOME_AGENT, PROPOSED
from tests.service.fake_guests import GUEST

ROOT = Path(__file__).resolve().parents[2]
NOW = BOOT_TIME + 1000.0


def here(name="."):
    return Path(name)


@pytest.fixture
def agent(mnctl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(invitation_seal.seal_invitation, "__defaults__", (14,))
    mnctl.core.value = replace(AWAY, protections=("rfc4285",))
    return mnctl


def read(name):
    return parse_invitation(here(name).read_bytes())


async def test_a_guest_and_its_invitation_have_the_same_key(agent):
    told = await agent("invite", "laptop")
    wish, invitation = agent.core.guests.wish, read("laptop.mnclient-invitation")
    assert (invitation.secret, invitation.kind, invitation.algorithm) == (wish.secret, wish.kind, wish.algorithm)
    assert (wish.kind, wish.algorithm, len(wish.secret)) == (KeyKind.RFC4285, "hmac-sha1-96", 16)
    assert (invitation.spi_in, invitation.spi_out) == (GUEST.spi_out, GUEST.spi_in)
    assert invitation.home_address == PROPOSED
    assert invitation.expires_time == wish.expires_time == NOW + 7 * 86_400
    assert stat.S_IMODE(here("laptop.mnclient-invitation").stat().st_mode) == 0o600
    assert f"home address {PROPOSED}" in told and "mnctl join laptop.mnclient-invitation" in told
    assert wish.secret.hex() not in told and "█" not in told


@pytest.mark.requirement("ALL-5.1-01")
@pytest.mark.parametrize("protection", ["rfc4285", "esp"])
async def test_keys_are_made_anew_each_time(agent, protection):
    agent.core.value = replace(AWAY, protections=(protection,))
    made = set()
    for name in ("a", "b", "c"):
        await agent("invite", name)
        made.add(agent.core.guests.wish.secret)
    assert len(made) == 3


async def test_ipsec_where_this_machine_can(agent):
    agent.core.value = replace(AWAY, protections=("esp", "rfc4285"))
    await agent("invite", "a")
    assert (read("a.mnclient-invitation").kind, read("a.mnclient-invitation").algorithm) == (KeyKind.ESP, "aes-gcm-256")
    await agent("invite", "b", "--protection", "rfc4285")
    assert read("b.mnclient-invitation").kind is KeyKind.RFC4285
    await agent("invite", "c", "--algorithm", "chacha20-poly1305")
    assert read("c.mnclient-invitation").algorithm == "chacha20-poly1305"
    await agent("invite", "d", "--algorithm", "hmac-sha1-96", status=1)
    assert "is not an algorithm for esp" in agent.errors and not here("d.mnclient-invitation").exists()


async def test_an_old_algorithm_is_called_so_beside_the_invitation(agent):
    agent.core.value = replace(AWAY, protections=("esp", "rfc4285"))
    text = await agent("invite", "a", "--algorithm", "3des-cbc+hmac-sha1", "--output", "-")
    assert parse_invitation(text.encode()).algorithm == "3des-cbc+hmac-sha1"
    assert "old and weak" in agent.errors and "old and weak" not in text
    await agent("invite", "b", "--output", "-")
    assert agent.errors == ""


async def test_everything_that_may_be_said(agent):
    words = ("--home-address", str(ADDRESS), "--home-agent", str(HOME_AGENT), "--expires", "never")
    await agent("invite", "x", *words, "--care-of-addresses", "2001:db8:2::/64", "2001:db8:3::/64", "--output", "o")
    wish = agent.core.guests.wish
    assert (wish.home_address, wish.home_agent, wish.expires_time) == (ADDRESS, HOME_AGENT, None)
    assert wish.care_of_addresses == (IPv6Network("2001:db8:2::/64"), IPv6Network("2001:db8:3::/64"))
    assert read("o").home_address == ADDRESS and read("o").expires_time is None


@pytest.mark.parametrize(
    "text, expected", [("30min", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600), ("never", None)]
)
def test_times(text, expected):
    assert cli_parser_guests.an_expiry(text) == expected


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5h", "٣d", "99999999999999d", "11000d", "1y", "d7"])
async def test_times_that_are_none(agent, text, capsys):
    with pytest.raises(SystemExit):
        await agent("invite", "x", f"--expires={text}")
    assert "write it like 30min" in capsys.readouterr().err


async def test_on_standard_output_there_is_the_invitation_and_nothing_else(agent):
    told = await agent("invite", "x", "--output", "-")
    assert parse_invitation(told).secret == agent.core.guests.wish.secret
    assert list(here().iterdir()) == []
    told = await agent.json("invite", "x", "--output", "-")
    assert parse_invitation(told["invitation"]).name == "x"


async def test_as_json(agent):
    told = await agent.json("invite", "x", "--png", "x.png")
    assert (told["ok"], told["file"], told["png"]) == (True, "x.mnclient-invitation", "x.png")
    assert told["guest"]["home_address"] == str(PROPOSED)
    assert agent.core.guests.wish.secret.hex() not in json.dumps(told)
    assert "png" not in await agent.json("invite", "y")
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in documented for name in told["guest"])


async def test_pictures(agent):
    told = await agent("invite", "x", "--qr", "--png", "x.png")
    assert "▀" in told or "█" in told
    picture = here("x.png")
    assert picture.read_bytes().startswith(b"\x89PNG") and stat.S_IMODE(picture.stat().st_mode) == 0o600


async def test_a_name_is_no_way_to_another_folder(agent):
    await agent("invite", "../../etc/x y")
    assert [each.name for each in here().iterdir()] == ["_.._etc_x_y.mnclient-invitation"]


async def test_sealed(agent):
    here("pass").write_text("correct horse\nnot this\n")
    told = await agent("invite", "x", "--passphrase-file", "pass")
    sealed = read("x.mnclient-invitation")
    assert isinstance(sealed, SealedInvitation)
    assert invitation_seal.open_invitation(sealed, "correct horse").secret == agent.core.guests.wish.secret
    assert "It is sealed" in told and "show it to nobody" not in told


async def test_what_cannot_be_sealed_is_not_offered(agent):
    here("pass").write_text("short\n")
    await agent("invite", "x", "--passphrase-file", "pass", status=1)
    assert "passphrase cannot protect" in agent.errors and "8 to 1024 characters" in agent.errors
    await agent("invite", "x", "--passphrase-file", "nowhere", status=5)
    here("pass").write_bytes(b"\xff\xfe")
    await agent("invite", "x", "--passphrase-file", "pass", status=1)
    assert "is not text" in agent.errors
    await agent("invite", "x", "--seal", status=1)
    assert "nobody is at a terminal" in agent.errors and "--passphrase-file" in agent.errors
    assert agent.core.calls == []
    assert [each.name for each in here().iterdir()] == ["pass"]


@pytest.mark.parametrize("typed, words", [(["correct horse", "correct hoarse"], "differ"), ([], "No passphrase")])
async def test_a_passphrase_is_typed_twice(agent, monkeypatch, typed, words):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(typed)

    def typing(_prompt):
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("service.cli_passphrase.getpass", typing)
    await agent("invite", "x", "--seal", status=1)
    assert words in agent.errors and agent.core.calls == []
    answers = iter(["correct horse"] * 2)
    await agent("invite", "x", "--seal")
    assert isinstance(read("x.mnclient-invitation"), SealedInvitation)


@pytest.mark.parametrize("option", ["--output", "--png"])
async def test_nothing_is_written_over(agent, option):
    here("there").write_text("mine")
    here("link").symlink_to("nowhere")
    for name in ("there", "link"):
        await agent("invite", "x", option, name, status=1)
        assert "There is a file" in agent.errors
    assert here("there").read_text() == "mine" and agent.core.calls == []
    await agent("invite", "x", "--output", "one", "--png", "one", status=1)
    assert "cannot be one file" in agent.errors


async def test_what_cannot_be_written_is_taken_back(agent):
    await agent("invite", "x", "--png", "no/such/folder.png", status=1)
    assert agent.core.calls == [("invite", "x"), ("revoke", "x")]
    assert "no/such/folder.png" in agent.errors
    assert list(here().iterdir()) == []


async def test_a_refusal_writes_nothing(agent):
    agent.core.refusal = InvalidArgument("x is a guest already", hint="choose another name")
    await agent("invite", "x", "--png", "x.png", status=1)
    assert "x is a guest already" in agent.errors and "Choose another name" in agent.errors
    assert list(here().iterdir()) == []


async def test_the_list(agent):
    agent.core.guests.all = (
        GUEST,
        replace(GUEST, name="for ever", expires_time=None),
        replace(GUEST, name="came", state=GuestState.USED, used_time=NOW),
        replace(GUEST, name="late", state=GuestState.EXPIRED, ended_time=NOW),
        replace(GUEST, name="gone", state=GuestState.REVOKED, ended_time=NOW, has_key=False),
        replace(GUEST, name="keyless", has_key=False),
    )
    told = await agent("guests")
    for words in (
        rf"laptop +{PROPOSED} +{HOME_AGENT} +rfc4285, hmac-sha1-96 +70000, 80000 +invited until \S+ \S+, has not come",
        r"for ever .* invited, has not come yet",
        r"came .* first came \d",
        r"late .* expired before it came",
        r"gone .* revoked \d",
        r"keyless .* its key is gone: mnctl revoke keyless",
    ):
        assert re.search(words, told), words
    assert len((await agent.json("guests"))["guests"]) == 6
    agent.core.guests.all = ()
    assert "Nobody was invited" in await agent("guests")


async def test_revoking(agent):
    assert f"laptop is no guest any more, and {PROPOSED} is free" in await agent("revoke", "laptop")
    assert agent.core.calls == [("revoke", "laptop")]
