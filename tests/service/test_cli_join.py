# SPDX-License-Identifier: GPL-2.0-or-later
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation import invitation_text
from mnclient.model.invitation_use import IDENTIFIERS
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeAddressState
from service import invitation_seal
from service.guest_rules import invitation_for
from service.settings_schema import BY_KEY
from service.settings_values import parsed, plain_copy
from tests.service.fake_core import ADDRESS, AWAY, BOOT_TIME, HOME, HOME_AGENT, with_engine
from tests.service.fake_guests import GUEST

SECRET = bytes.fromhex("c0ffee00c0ffee01c0ffee02c0ffee03")
INVITATION = invitation_for(replace(GUEST, home_address=ADDRESS), SECRET)
KEY = (ADDRESS, HOME_AGENT, KeyKind.RFC4285, "hmac-sha1-96", 80_000, 70_000, SECRET, KeyOwner.COMPUTER)
STATUS = AWAY.engine.home_addresses[0]
REGISTERED = replace(STATUS, verified=False)
VERIFIED = replace(STATUS, verified=True)
REGISTERING = replace(STATUS, state=HomeAddressState.REGISTERING, registered=False, registered_until=None)
REFUSED = replace(REGISTERING, state=HomeAddressState.REFUSED)
FRESH = replace(AWAY, home_addresses=(), keys=(), protections=("rfc4285",), known_home_agents=())


def on_trial(state, **engine):
    home_addresses = (replace(AWAY.home_addresses[0], trial=True),)
    return replace(FRESH, engine=with_engine(home_addresses=(state,), **engine).engine, home_addresses=home_addresses)


def here(name="."):
    return Path(name)


@pytest.fixture
def laptop(mnctl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mnctl.core.values["mobile_node.verify"] = True
    mnctl.core.value = on_trial(VERIFIED)
    return mnctl


def write(invitation=INVITATION, name="invitation"):
    here(name).write_text(invitation_text(invitation), encoding="utf-8")
    return name


def done(laptop):
    return [call[0] for call in laptop.core.calls]


async def test_everything_is_configured_and_tried(laptop):
    told = await laptop("join", write())
    assert laptop.core.calls == [
        ("try_key", *KEY),
        ("try_home_address", ADDRESS, HOME_AGENT, 64),
        ("keep_home_address", ADDRESS),
        ("add_home_agent", HOME_AGENT, HOME, True),
    ]
    assert f"It works. Home address {ADDRESS} is kept" in told and "remove it" in told
    assert "c0ffee" not in told + laptop.errors


async def test_from_standard_input_and_as_json(laptop, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(invitation_text(INVITATION)))
    lines = [json.loads(line) for line in (await laptop("join", "-", "--json")).splitlines()]
    assert lines[0]["status"]["state"] == "registered"
    assert lines[-1] == {"ok": True, "home_address": str(ADDRESS), "verified": True}


async def test_the_name_of_the_invitation_is_what_the_home_agent_is_told(laptop):
    others = {"home_address": str(HOME[0x99]), "identifier": "work@example.org"}
    laptop.core.values[IDENTIFIERS] = [others, {"home_address": str(ADDRESS), "identifier": "old"}]
    named = replace(INVITATION, identity='me"\\@example.org')
    await laptop("join", write(named))
    name, key, value = laptop.core.calls[0]
    assert (name, key) == ("try_setting", IDENTIFIERS) and laptop.core.calls[1] == ("try_key", *KEY)
    mine = {"home_address": str(ADDRESS), "identifier": named.identity}
    assert plain_copy(parsed(BY_KEY[IDENTIFIERS], value)) == [others, mine]
    laptop.core.calls.clear()
    laptop.core.values[IDENTIFIERS] = [mine]
    await laptop("join", write(named))
    assert done(laptop)[0] == "try_key", "it has that name already"


async def test_a_machine_whose_role_is_off_is_switched_on(laptop):
    laptop.core.values["mobile_node.enabled"] = False
    await laptop("join", write())
    assert laptop.core.calls[0] == ("try_setting", "mobile_node.enabled", "true")


async def test_a_pinned_home_agent_is_not_pinned_again(laptop):
    known = (replace(AWAY.known_home_agents[0], pinned=True),)
    laptop.core.value = replace(on_trial(VERIFIED), known_home_agents=known)
    await laptop("join", write())
    assert "add_home_agent" not in done(laptop)


async def test_no_room_for_the_home_agent_is_told_and_no_failure(laptop, monkeypatch):
    def full(*_):
        raise MobileIPv6Error("There are 32 home agents", hint="remove one")

    monkeypatch.setattr(laptop.core, "add_home_agent", full)
    told = await laptop("join", write())
    assert "There are 32 home agents" in told and "It works" in told


async def test_later_is_kept_without_a_trial(laptop):
    laptop.core.value = on_trial(REGISTERING)
    told = await laptop("join", write(), "--later")
    assert done(laptop)[:3] == ["try_key", "try_home_address", "keep_home_address"]
    assert "registered as soon as there is a network" in told and "has not heard of it yet" in told
    assert (await laptop.json("join", write(), "--later"))["verified"] is False


async def test_who_joins_at_home_is_told_to_leave_in_time(laptop):
    laptop.core.value = on_trial(replace(REGISTERING, state=HomeAddressState.AT_HOME, care_of_address=None))
    told = await laptop("join", write())
    assert "It works" in told and "must, from another network, before" in told
    assert "another network" not in await laptop("join", write(replace(INVITATION, expires_time=None)))
    laptop.core.value = on_trial(REGISTERED)
    assert "another network" not in await laptop("join", write(), "--timeout", "0.2")


async def test_registered_and_not_verified_is_kept_and_said(laptop):
    laptop.core.value = on_trial(REGISTERED)
    told = await laptop("join", write(), "--timeout", "0.2")
    assert "registered and kept, but a test packet did not come back" in told
    assert "keep_home_address" in done(laptop)


async def test_silence_changes_nothing(laptop):
    silent = Problem(code=ProblemCode.HOME_AGENT_SILENT, subject=str(ADDRESS), detail=str(HOME_AGENT))
    laptop.core.value = on_trial(REGISTERING, problems=(silent,))
    await laptop("join", write(), "--timeout", "0.2", status=1)
    assert "not accepted within 0.2 s: the home agent does not answer. Nothing was changed" in laptop.errors
    assert "--later" in laptop.errors
    assert done(laptop) == ["try_key", "try_home_address", "cancel_trial"]
    laptop.core.value = on_trial(REGISTERING, problems=())
    await laptop("join", write(), "--timeout", "0.2", status=1)
    assert "within 0.2 s. Nothing" in laptop.errors


async def test_a_revoked_or_wrong_key_is_told_in_the_words_of_the_problem(laptop):
    problem = Problem(code=ProblemCode.KEY_REJECTED, subject=str(ADDRESS), detail=str(HOME_AGENT))
    laptop.core.value = on_trial(REFUSED, problems=(problem,))
    await laptop("join", write(), status=1)
    assert "The home agent does not accept the key" in laptop.errors and "new invitation" in laptop.errors
    assert done(laptop)[-1] == "cancel_trial" and "keep_home_address" not in done(laptop)


async def test_expired_names_both_clocks(laptop):
    await laptop("join", write(replace(INVITATION, expires_time=BOOT_TIME + 999.0)), status=1)
    assert "expired" in laptop.errors and "here it is" in laptop.errors
    assert "set the clock of this computer" in laptop.errors
    assert laptop.core.calls == []


async def test_the_same_again_is_refused(laptop):
    key = replace(AWAY.keys[0], spi_in=80_000, spi_out=70_000, owner=KeyOwner.COMPUTER)
    laptop.core.value = replace(on_trial(VERIFIED), keys=(key,))
    await laptop("join", write(), status=1)
    assert f"was used here already, for {ADDRESS}" in laptop.errors
    assert "mnctl home-addresses add" in laptop.errors
    await laptop("join", write(replace(INVITATION, home_address=None)), status=1)
    assert "was used here already" in laptop.errors
    assert laptop.core.calls == []


async def test_what_is_here_already(laptop):
    laptop.core.value = replace(on_trial(VERIFIED), home_addresses=AWAY.home_addresses)
    await laptop("join", write(), status=1)
    assert f"mnctl home-addresses remove {ADDRESS}" in laptop.errors
    other = replace(AWAY.keys[0], spi_in=80_000, spi_out=7000)
    laptop.core.value = replace(on_trial(VERIFIED), keys=(other,))
    await laptop("join", write(), status=1)
    assert "The number 80000 (SPI) of this invitation is in use" in laptop.errors
    assert f"mnctl keys remove {ADDRESS} {HOME_AGENT} 7000" in laptop.errors
    assert laptop.core.calls == []


async def test_a_key_that_this_computer_cannot_use(laptop):
    esp = replace(INVITATION, kind=KeyKind.ESP, algorithm="aes-gcm-128", secret=bytes(20))
    await laptop("join", write(esp), status=1)
    assert "cannot use keys of the kind esp" in laptop.errors
    assert "mnctl invite laptop --protection rfc4285" in laptop.errors
    bare = replace(INVITATION, kind=None, algorithm="", spi_in=0, spi_out=0, secret=b"")
    await laptop("join", write(bare), status=1)
    assert "has no key" in laptop.errors
    assert laptop.core.calls == []


async def test_the_choice_of_an_address(laptop):
    await laptop("join", write(replace(INVITATION, home_address=None)), "--home-address", str(ADDRESS))
    assert laptop.core.calls[0] == ("try_key", *KEY)
    await laptop("join", write(), "--home-address", str(HOME[77]), status=1)
    assert f"is for {ADDRESS}, not for {HOME[77]}" in laptop.errors
    chosen = set()
    for _ in range(3):
        laptop.core.calls.clear()
        await laptop("join", write(replace(INVITATION, home_address=None)), "--later")
        chosen.add(laptop.core.calls[0][1])
    assert len(chosen) == 3 and all(each in HOME for each in chosen)


async def test_a_refusal_leaves_nothing_on_trial(laptop, monkeypatch):
    def refused(*_):
        raise MobileIPv6Error("There are 16 home addresses", hint="remove one")

    monkeypatch.setattr(laptop.core, "try_home_address", refused)
    await laptop("join", write(), status=1)
    assert "There are 16 home addresses" in laptop.errors
    assert done(laptop) == ["try_key", "cancel_trial"]


# --- files ---


async def test_a_sealed_one_opens_with_its_passphrase_alone(laptop):
    write(invitation_seal.seal_invitation(INVITATION, "correct horse", 14))
    here("right").write_text("correct horse\n")
    here("wrong").write_text("correct hoarse\n")
    await laptop("join", "invitation", "--passphrase-file", "wrong", status=1)
    assert "The passphrase does not open this invitation" in laptop.errors and laptop.core.calls == []
    await laptop("join", "invitation", status=1)
    assert "nobody is at a terminal" in laptop.errors
    await laptop("join", "invitation", "--passphrase-file", "right")
    assert laptop.core.calls[0] == ("try_key", *KEY)


@pytest.mark.parametrize("typed, status", [(["no", "no", "correct horse"], 0), (["no"] * 3, 1)])
async def test_a_mistyped_passphrase_is_asked_again(laptop, monkeypatch, typed, status):
    write(invitation_seal.seal_invitation(INVITATION, "correct horse", 14))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(typed)
    monkeypatch.setattr("service.cli_passphrase.getpass", lambda _prompt: next(answers))
    await laptop("join", "invitation", status=status)
    assert "does not open this invitation" in laptop.errors
    assert list(answers) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"hello",
        b"mnclient_invitation = 1\n",
        b"x" * 20_000,
        invitation_text(INVITATION)[:300].encode(),
    ],
)
async def test_what_is_no_invitation(laptop, content):
    here("file").write_bytes(content)
    await laptop("join", "file", status=1)
    assert laptop.errors.startswith("mnctl: ") and "c0ffee" not in laptop.errors
    assert laptop.core.calls == []


async def test_files_that_are_none(laptop, monkeypatch):
    await laptop("join", "nowhere", status=5)
    assert "There is no file nowhere" in laptop.errors
    here("folder").mkdir()
    await laptop("join", "folder", status=1)
    assert "This is not a file" in laptop.errors
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    await laptop("join", "-", status=1)
    assert "This is not text" in laptop.errors
