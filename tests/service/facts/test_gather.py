# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts of this machine: gathered without harm, with and without a service, whatever the files look like."""

import os
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from mnclient.model.service_status import Origin
from service.client import Client
from service.doctor.examine import examine
from service.facts import gather as gathering
from service.facts.gather import Places, gather
from service.facts.machine import read_clock, read_managers, read_rights
from service.facts.network import echo, read_way
from service.interfaces.bus import BusFace
from service.settings import default_path
from service.state_store import STATE_FILE, State, StateStore, StoredHomeAddress, default_directory, peek_home_addresses
from tests.service.fake_core import ADDRESS, HOME, HOME_AGENT, FakeCore
from tests.service.private_bus import private_bus

SETTINGS = """version = 1
[[mobile_node.home_addresses]]
address = "2001:db8:1::99"
home_agent = "2001:db8:1::1"
"""
STORED = StoredHomeAddress(address=ADDRESS, prefix=HOME, home_agent=HOME_AGENT, origin=Origin.LEARNED)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("service.facts.network._PATIENCE", 0.01)


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "mnclient.toml", tmp_path / "state")


async def facts_without_service(places):
    async with Client.connect("unix:path=/nowhere", interactive=False) as client:
        return await gather(client, places)


async def test_with_a_service(places):
    with private_bus() as bus:
        face = BusFace(FakeCore(), bus.address)
        await face.start()
        async with Client.connect(bus.address, interactive=False) as client:
            facts = await gather(client, places)
        await face.stop()
    assert facts.service.status is not None and facts.service.mobile_node is True
    assert [(home.address, home.home_agent) for home in facts.homes] == [(ADDRESS, HOME_AGENT)]
    assert facts.kernel.datapath == "portable" and facts.kernel.is_known
    assert facts.rights.permissions["org.mnclient.control"] == "yes"
    assert examine(facts)


async def test_without_a_service_the_files_say_what_it_would_do(places):
    places.settings.write_text(SETTINGS)
    assert StateStore(places.state).save(State(home_addresses=(STORED,)))
    facts = await facts_without_service(places)
    assert "no message bus" in facts.service.no_bus and facts.service.no_bus_remedy
    assert {str(home.address) for home in facts.homes} == {"2001:db8:1::99", str(ADDRESS)}
    assert facts.service.mobile_node is True and facts.service.status is None
    assert facts.rights.state_mode == 0o700


async def test_without_anything(places):
    facts = await facts_without_service(places)
    assert (facts.homes, facts.homes_unknown, facts.service.settings_refused) == ((), "", "")
    assert (facts.rights.state_mode, facts.rights.keys_mode) == (None, None)


@pytest.mark.parametrize("content", [b"version = 1\nnonsense = 5\n", b"\xff\xfe", b"[[", b"version = 99\n"])
async def test_settings_that_are_not_accepted(places, content):
    places.settings.write_bytes(content)
    facts = await facts_without_service(places)
    assert facts.service.settings_refused and facts.service.mobile_node is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"5", b'{"home_addresses": 5}', b'{"home_addresses": [{"address": "x"}]}', b"\xff" * 9],
)
def test_a_damaged_state_file_is_left_alone(tmp_path, content):
    (tmp_path / STATE_FILE).write_bytes(content)
    assert peek_home_addresses(tmp_path) == ()
    assert [each.name for each in tmp_path.iterdir()] == [STATE_FILE]
    assert peek_home_addresses(tmp_path / "nowhere") == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_what_only_root_may_read(places):
    places.settings.write_text(SETTINGS)
    places.settings.chmod(0)
    assert (await facts_without_service(places)).homes_unknown == "only root can see this"


async def test_a_state_directory_that_may_not_be_read(places, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(gathering, "peek_home_addresses", refuse)
    assert (await facts_without_service(places)).homes_unknown == "only root can see this"


def test_where_things_are():
    assert Places.chosen(None, None) == Places(default_path(), default_directory())
    assert Places.chosen("/a/b.toml", "/c") == Places(Path("/a/b.toml"), Path("/c"))


def test_the_machine_can_always_be_asked(tmp_path):
    assert read_clock().is_synchronized in (True, False, None) and read_clock().now > 1.7e9
    assert [manager.name for manager in read_managers()] == ["NetworkManager", "systemd-networkd"]
    (tmp_path / "keys").mkdir(mode=0o750)
    rights = read_rights(tmp_path, {}, is_root=False)
    assert rights.keys_mode == 0o750 and not rights.state_unknown


def test_oneself_answers_an_echo_request():
    answered, unknown = echo(IPv6Address("::1"))
    assert answered is True or unknown.startswith("An echo request cannot be sent"), unknown


def test_an_address_that_is_nobodys_source(monkeypatch):
    answered, unknown = echo(IPv6Address("::1"), IPv6Address("2001:db8:dead::1"))
    assert answered is None and unknown
    way = read_way(IPv6Address("::1"), None)
    assert way.interface == "lo" or way.no_route


def test_without_iproute_the_home_agent_is_asked_all_the_same(monkeypatch):
    monkeypatch.setattr("service.facts.network.find", lambda name: None)
    way = read_way(IPv6Address("::1"), None)
    assert way.unseen == "the program ip is not installed" and not way.no_route
    assert way.is_answered or way.echo_unknown
