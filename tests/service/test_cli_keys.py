# SPDX-License-Identifier: GPL-2.0-or-later
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mnclient.model.keys import KeyKind, KeyOwner
from service import cli_keys
from tests.service.fake_core import ADDRESS, AWAY, HOME_AGENT

ROOT = Path(__file__).resolve().parents[2]
SECRET = bytes.fromhex("c0ffee00c0ffee01c0ffee02c0ffee03")
PLACE = (str(ADDRESS), str(HOME_AGENT))
WORDS = (
    "keys",
    "set",
    *PLACE,
    "--kind",
    "rfc4285",
    "--algorithm",
    "hmac-sha1-96",
    "--spi-in",
    "1000",
    "--spi-out",
    "1001",
)
CALL = ("set_key", ADDRESS, HOME_AGENT, KeyKind.RFC4285, "hmac-sha1-96", 1000, 1001, SECRET, KeyOwner.COMPUTER)


def typed(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


async def test_the_list(mnctl):
    text = await mnctl("keys")
    assert re.search(r"2001:db8:1::10 +2001:db8:1::1 +rfc4285, hmac-sha1-96 +1000, 1001 +a user", text)
    assert "this machine cannot protect registrations" in text
    assert await mnctl("keys", "list") == text
    told = await mnctl.json("keys")
    assert set(told) == {"keys", "protections"}
    assert told["keys"][0]["available"] is False
    documented = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in documented for name in told["keys"][0])
    mnctl.core.value = replace(AWAY, protections=("rfc4285",))
    assert "waits for the user's keyring" in await mnctl("keys")
    mnctl.core.value = replace(AWAY, protections=("rfc4285",), keys=(replace(AWAY.keys[0], available=True),))
    assert "ready" in await mnctl("keys")
    mnctl.core.value = replace(AWAY, keys=())
    assert "There is no key" in await mnctl("keys")


async def test_the_secret_comes_from_standard_input_or_a_file(mnctl, monkeypatch, tmp_path):
    typed(monkeypatch, SECRET.hex() + "\n")
    told = await mnctl(*WORDS)
    assert mnctl.core.calls == [CALL]
    (tmp_path / "key").write_text(SECRET.hex(" "))
    told += await mnctl(*WORDS, "--owner", "user", "--secret-file", str(tmp_path / "key"))
    assert mnctl.core.calls[1] == (*CALL[:-1], KeyOwner.USER)
    typed(monkeypatch, SECRET.hex())
    told += await mnctl("keys", "provide", *PLACE, "1001")
    assert mnctl.core.calls[2] == ("provide_key", ADDRESS, HOME_AGENT, 1001, SECRET)
    assert SECRET.hex()[:6] not in told + mnctl.errors
    await mnctl("keys", "remove", *PLACE, "1001")
    assert mnctl.core.calls[3] == ("remove_key", ADDRESS, HOME_AGENT, 1001)


async def test_an_old_algorithm_is_called_so(mnctl, monkeypatch):
    typed(monkeypatch, "5e" * 44)
    old = {"rfc4285": "esp", "hmac-sha1-96": "3des-cbc+hmac-sha1"}
    await mnctl(*(old.get(each, each) for each in WORDS))
    assert "3des-cbc+hmac-sha1 is old and weak" in mnctl.errors
    typed(monkeypatch, SECRET.hex())
    await mnctl(*WORDS)
    assert "weak" not in mnctl.errors
    weak = replace(AWAY.keys[0], kind=KeyKind.ESP, algorithm="3des-cbc+hmac-sha1", available=True)
    mnctl.core.value = replace(AWAY, protections=("esp", "rfc4285"), keys=(weak,))
    assert "ready, old and weak" in await mnctl("keys")


async def test_at_a_terminal_it_is_typed_without_an_echo(monkeypatch):
    terminal = io.StringIO("seen by everybody")
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr(cli_keys, "getpass", lambda _prompt: SECRET.hex())
    assert cli_keys._secret("-", "digits") == SECRET


@pytest.mark.parametrize("text", ["c0ffee0", "c0ffeexyz0", "ключ", "c0ffee" * 5000 + "x"])
async def test_what_is_no_secret_is_not_repeated(mnctl, monkeypatch, text):
    typed(monkeypatch, text)
    if len(text) > 1000:
        mnctl.core.refusal = AssertionError("too long to be one")
    await mnctl(*WORDS, status=1)
    assert "c0ffee" not in mnctl.errors
    assert mnctl.core.calls == []


async def test_what_is_wrong_says_what_would_be_right(mnctl, monkeypatch, tmp_path):
    typed(monkeypatch, "nothing")
    await mnctl(*WORDS, status=1)
    assert "16 octets (32 hexadecimal digits)" in mnctl.errors
    await mnctl(*WORDS, "--secret-file", str(tmp_path / "nowhere"), status=5)
    await mnctl(*WORDS, "--secret-file", str(tmp_path), status=1)
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    await mnctl(*WORDS, "--secret-file", str(tmp_path / "binary"), status=1)


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("1000", "255", "from 256 to 4294967295"),
        ("rfc4285", "md5", "one of: rfc4285, esp"),
        ("2001:db8:1::1", "x", "is not an IPv6 address"),
    ],
)
async def test_words_that_cannot_be_understood(mnctl, old, new, words, capsys):
    with pytest.raises(SystemExit):
        await mnctl(*(new if each == old else each for each in WORDS))
    assert words in capsys.readouterr().err


def test_a_secret_is_never_an_argument():
    from service.cli_parser import parser

    text = (ROOT / "docs/man/mnctl.1").read_text(encoding="utf-8")
    assert "--secret " not in text and "\\-\\-secret " not in text
    with pytest.raises(SystemExit):
        parser().parse_args([*WORDS, SECRET.hex()])
