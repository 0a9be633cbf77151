# SPDX-License-Identifier: GPL-2.0-or-later
"""The administrator's file of keys for AAA servers: what is read, what is refused, and who gets it."""

import json
from ipaddress import IPv6Address

import pytest

from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.problems import ProblemCode
from service.aaa_key_file import FILE, load_aaa_keys
from service.key_file import FileRefused
from tests.service.fake_node import AGENT, Machine

HOME = IPv6Address("2001:db8:1::100")
KEY = bytes.fromhex("5ec7e7" * 8)
ROW = {"home_address": str(HOME), "home_agent": str(AGENT), "key": KEY.hex()}


def written(folder, *rows, version=1):
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(json.dumps({"version": version, "keys": rows}))
    path.chmod(0o600)
    return path


def test_the_keys(tmp_path):
    assert load_aaa_keys(tmp_path / "keys" / FILE) == {}
    other = ROW | {"home_agent": "2001:db8:9::1", "key": "00" * 64}
    found = load_aaa_keys(written(tmp_path / "keys", ROW, other))
    assert found == {(HOME, AGENT): KEY, (HOME, IPv6Address("2001:db8:9::1")): bytes(64)}


@pytest.mark.parametrize(
    "row, reason",
    [
        (ROW | {"key": "5ec7e7" * 5}, "key number 1 has not two addresses and a key of 16 to 64 octets"),
        (ROW | {"key": "5e" * 65}, "key number 1"),
        (ROW | {"key": "5ec7e7x"}, "key number 1"),
        (ROW | {"key": 7}, "key number 1"),
        (ROW | {"home_address": "home"}, "key number 1"),
        ({}, "key number 1"),
        ([], "key number 1"),
        (None, "key number 1"),
    ],
)
def test_what_is_wrong_is_refused_without_a_word_of_the_key(tmp_path, row, reason):
    with pytest.raises(FileRefused, match=reason) as refused:
        load_aaa_keys(written(tmp_path / "keys", row))
    assert "5ec7e7" not in str(refused.value)


def test_too_much_twice_or_open_is_refused(tmp_path):
    many = [ROW | {"home_address": f"2001:db8:1::{number:x}"} for number in range(100, 165)]
    for rows, reason in ((many, "65 keys are more than 64"), ([ROW, ROW], "two keys for one home agent")):
        with pytest.raises(FileRefused, match=reason):
            load_aaa_keys(written(tmp_path / "keys", *rows))
    path = written(tmp_path / "keys", ROW)
    path.chmod(0o604)
    with pytest.raises(FileRefused, match="open to other users"):
        load_aaa_keys(path)


def secret_for_the_server(machine):
    return machine.node.config.mobile_node.home_addresses[0].association.aaa_secret


async def test_the_node_has_it_and_loses_it_with_the_file(tmp_path):
    machine = Machine(tmp_path)
    path = written(machine.state / "keys", ROW)
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        core.keys.set(HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 1000, 1001, bytes(16), KeyOwner.COMPUTER)
        assert secret_for_the_server(machine) == KEY
        assert KEY.hex() not in repr(machine.node.config) and repr(KEY) not in repr(machine.node.config)
        path.chmod(0o640)
        core.keys.load()
        assert secret_for_the_server(machine) == b""
        (problem,) = [each for each in core.status().engine.problems if each.code is ProblemCode.KEY_FILE_REFUSED]
        assert problem.subject == str(path) and "open to other users" in problem.text()
        path.chmod(0o600)
        core.keys.load()
        assert secret_for_the_server(machine) == KEY
        assert ProblemCode.KEY_FILE_REFUSED not in {each.code for each in core.status().engine.problems}
