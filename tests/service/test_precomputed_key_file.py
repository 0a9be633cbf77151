# SPDX-License-Identifier: GPL-2.0-or-later
"""The administrator's file of precomputed keys: what is read, what is refused, and what the roles get of it."""

import json
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.config import CorrespondentNodeConfig, HomeAddressConfig, MobileNodeConfig, NodeConfig
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.problems import ProblemCode
from service.core_protection import keyed
from service.key_file import FileRefused
from service.precomputed_key_file import MAX_PRECOMPUTED_KEYS, load_precomputed_keys
from tests.service.fake_node import Machine

ROW = {
    "home_address": "2001:db8:1::10",
    "correspondent": "2001:db8:3::30",
    "node_key": "5ec7e7" * 8,
    "home_nonce": "a0a1a2a3a4a5a6a7",
    "care_of_nonce": "b0b1b2b3b4b5b6b7",
}
KEY = PrecomputedKey(
    home_address=IPv6Address("2001:db8:1::10"),
    correspondent=IPv6Address("2001:db8:3::30"),
    node_key=bytes.fromhex("5ec7e7" * 8),
    home_nonce=bytes.fromhex("a0a1a2a3a4a5a6a7"),
    care_of_nonce=bytes.fromhex("b0b1b2b3b4b5b6b7"),
)


def written(folder, *rows, version=1):
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "precomputed.json"
    path.write_text(json.dumps({"version": version, "keys": rows}))
    path.chmod(0o600)
    return path


def test_the_keys(tmp_path):
    assert load_precomputed_keys(tmp_path / "keys" / "precomputed.json") == ()
    assert load_precomputed_keys(written(tmp_path / "keys", ROW)) == (KEY,)


@pytest.mark.parametrize(
    "change",
    [
        {"node_key": "5ec7e7" * 6},
        {"node_key": "5ec7e7" * 22},
        {"node_key": "secret"},
        {"node_key": None},
        {"home_nonce": ""},
        {"care_of_nonce": "5ec7e7"},
        {"home_address": "192.0.2.1"},
        {"correspondent": ROW["home_address"]},
    ],
)
def test_wrong_values_are_refused_without_quoting_a_secret(tmp_path, change):
    with pytest.raises(FileRefused, match="key number 2") as caught:
        load_precomputed_keys(written(tmp_path / "keys", ROW, ROW | {"correspondent": "2001:db8::1"} | change))
    assert "5ec7e7" not in caught.value.reason and "secret" not in caught.value.reason


def test_too_many_are_refused(tmp_path):
    with pytest.raises(FileRefused, match=f"more than {MAX_PRECOMPUTED_KEYS}"):
        load_precomputed_keys(written(tmp_path / "keys", *[{}] * (MAX_PRECOMPUTED_KEYS + 1)))


@pytest.mark.parametrize("content", ["{}", '{"version": 2, "keys": []}'])
def test_another_file_is_refused_by_its_name(tmp_path, content):
    path = written(tmp_path / "keys", ROW)
    path.write_text(content)
    with pytest.raises(FileRefused, match="it is not"):
        load_precomputed_keys(path)
    path.chmod(0o640)
    with pytest.raises(FileRefused, match="open to other users"):
        load_precomputed_keys(path)


@pytest.mark.requirement("RFC4449-ALL-4-01")
def test_a_node_key_for_two_pairs_is_refused(tmp_path):
    other = ROW | {"home_address": "2001:db8:1::11"}
    with pytest.raises(FileRefused, match="a node key of their own") as caught:
        load_precomputed_keys(written(tmp_path / "keys", ROW, other))
    assert "5ec7e7" not in caught.value.reason


def test_each_role_gets_its_own():
    home = HomeAddressConfig(address=KEY.home_address, prefix=IPv6Network("2001:db8:1::/64"), home_agent=None)
    both = NodeConfig(
        mobile_node=MobileNodeConfig(home_addresses=(home,)), correspondent_node=CorrespondentNodeConfig()
    )
    config = keyed(both, (), (KEY,))
    assert (config.mobile_node.precomputed_keys, config.correspondent_node.precomputed_keys) == ((KEY,), ())
    config = keyed(NodeConfig(correspondent_node=CorrespondentNodeConfig()), (), (KEY,))
    assert config.correspondent_node.precomputed_keys == (KEY,)
    assert keyed(NodeConfig(), (), (KEY,)) == NodeConfig()


ENABLED = "[correspondent_node]\nenabled = true\n"


@pytest.mark.requirement("RFC4449-ALL-4-02")
async def test_the_service_uses_them_only_where_the_file_is(tmp_path):
    machine = Machine(tmp_path)
    async with machine.running(ENABLED) as core:
        assert core._config.correspondent_node.precomputed_keys == ()
        written(machine.state / "keys", ROW)
        core.reload()
        assert core._config.correspondent_node.precomputed_keys == (KEY,)
        assert core.status().engine.problems == ()
    async with machine.running() as core:
        assert core._config.correspondent_node.precomputed_keys == (KEY,)


async def test_a_refused_file_is_a_problem_until_it_is_not(tmp_path):
    machine = Machine(tmp_path)
    path = written(machine.state / "keys", ROW)
    path.chmod(0o644)
    async with machine.running(ENABLED) as core:
        (problem,) = core.status().engine.problems
        assert problem.code is ProblemCode.KEY_FILE_REFUSED
        assert str(path) in problem.text()
        assert core._config.correspondent_node.precomputed_keys == ()
        path.chmod(0o600)
        core.reload()
        assert core.status().engine.problems == ()
        assert core._config.correspondent_node.precomputed_keys == (KEY,)
