# SPDX-License-Identifier: GPL-2.0-or-later
"""Generated home addresses in the service: the key is made once, offered, used, and never shown."""

from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from mnclient.model.config import HomeAddressConfig, MobileNodeConfig, NodeConfig
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState, HomeAddressStatus
from mnclient.security.cga import cga_fault
from mnclient.security.generated_addresses import address_in
from service.autoconfiguration.suggestions import GENERATED
from service.core_generated import GeneratedAddresses
from service.core_problems import ServiceProblems
from tests.mnclient.security.rsa_keys import private_der, rsa_key
from tests.service.fake_node import AGENT, EUI64, PREFIX, Machine

WANTED = "[mobile_node]\ngenerated_addresses = true\n"
OTHER_PREFIX = IPv6Network("2001:db8:2::/64")


async def test_the_address_is_offered_first_and_is_proven(tmp_path):
    machine = Machine(tmp_path)
    async with machine.running(WANTED) as core:
        core.add_home_agent(AGENT, PREFIX, pinned=True)
        first = core.suggestions(AGENT)[0]
        assert (first.reason, first.address in PREFIX) == (GENERATED, True)
        core.add_home_address(first.address, AGENT)
        (proven,) = machine.node.config.mobile_node.generated_addresses
        assert proven.address == first.address
        assert cga_fault(proven.address, proven.parameters) is None
        secret = proven.private_key
        assert secret.hex() not in repr(core.status()) + repr(machine.node.config)
    async with machine.running() as core:  # started again
        assert machine.node.config.mobile_node.generated_addresses == (proven,)
        core.set_setting("mobile_node.generated_addresses", "false")
        assert machine.node.config.mobile_node.generated_addresses == ()
        assert core.suggestions(AGENT)[0].address == EUI64
        core.set_setting("mobile_node.generated_addresses", "true")
        assert machine.node.config.mobile_node.generated_addresses == (proven,)


async def test_without_the_setting_there_is_no_key(tmp_path):
    machine = Machine(tmp_path)
    async with machine.running() as core:
        core.add_home_agent(AGENT, PREFIX, pinned=True)
        assert core.suggestions(AGENT)[0].address == EUI64
    assert not (machine.state / "keys").exists()


async def test_other_home_addresses_are_proven_as_ever(tmp_path):
    machine = Machine(tmp_path)
    async with machine.running(WANTED) as core:
        core.add_home_address(EUI64, AGENT)
        assert machine.node.config.mobile_node.generated_addresses == ()


async def test_a_file_that_others_can_read_is_a_problem_and_is_not_replaced(tmp_path):
    machine = Machine(tmp_path)
    async with machine.running(WANTED):
        pass
    path = machine.state / "keys" / "generated.json"
    before = path.read_bytes()
    path.chmod(0o644)
    async with machine.running() as core:
        (problem,) = core.status().engine.problems
        assert (problem.code, problem.subject) == (ProblemCode.KEY_FILE_REFUSED, str(path))
        assert path.read_bytes() == before
        core.add_home_agent(AGENT, PREFIX, pinned=True)
        assert core.suggestions(AGENT)[0].address == EUI64
        path.chmod(0o600)
        core.reload()
        assert core.status().engine.problems == ()
        assert core.suggestions(AGENT)[0].reason == GENERATED


@pytest.mark.requirement("RFC3972-MN-4-02")
async def test_an_address_that_somebody_else_has_is_followed_by_the_next_which_is_proven_too(tmp_path, monkeypatch):
    machine = Machine(tmp_path)
    async with machine.running(WANTED) as core:
        core.add_home_agent(AGENT, PREFIX, pinned=True)
        first = core.suggestions(AGENT)[0].address
        core.add_home_address(first, AGENT)
        refused = HomeAddressStatus(address=first, prefix=PREFIX, home_agent=AGENT, state=HomeAddressState.DUPLICATE)
        status = replace(machine.node.status(), home_addresses=(refused,))
        monkeypatch.setattr(machine.node, "status", lambda: status)
        second = core.suggestions(AGENT)[0]
        assert second.reason == GENERATED and second.address != first
        core.add_home_address(second.address, AGENT)
        proven = {each.address: each.parameters for each in machine.node.config.mobile_node.generated_addresses}
        assert {each: proven[each].collision_count for each in proven} == {first: 0, second.address: 1}
        assert cga_fault(second.address, proven[second.address]) is None


@pytest.fixture
def generated(tmp_path):
    made = []

    def make():
        made.append(1)
        return private_der(rsa_key())

    found = GeneratedAddresses(tmp_path, ServiceProblems(lambda: 0.0), make)
    found.made = made
    return found


def test_a_key_is_made_once(generated):
    generated.apply(True)
    key = generated.key
    generated.apply(True)
    generated.apply(False)
    assert generated.key is None
    generated.apply(True)
    assert (generated.key, len(generated.made)) == (key, 1)
    generated.stop()
    assert generated.key is None


@pytest.mark.requirement("RFC3972-MN-4-01")
def test_the_search_begins_at_random(tmp_path):
    """With one key twice. A search goes through the last octets; the first ones stay as they were drawn."""
    found = []
    for name in ("one", "other"):
        made = GeneratedAddresses(tmp_path / name, ServiceProblems(lambda: 0.0), lambda: private_der(rsa_key()))
        made.apply(True)
        found.append(made.key.modifier[:8])
    assert found[0] != found[1]


def test_no_mobile_node_has_none(generated):
    generated.apply(True)
    assert generated.used_in(NodeConfig()) == NodeConfig()


def test_a_disk_that_refuses_is_a_problem(tmp_path, generated):
    (tmp_path / "keys").write_text("a file in the place of the folder")
    generated.apply(True)
    assert generated.key is None


def test_an_address_of_any_prefix_is_recognised(generated):
    generated.apply(True)
    home = HomeAddressConfig(address=EUI64, prefix=PREFIX, home_agent=AGENT)
    found = [address_in(prefix, generated.key, count) for prefix in (PREFIX, OTHER_PREFIX) for count in range(3)]
    homes = tuple(replace(home, address=each.address) for each in found)
    config = generated.used_in(NodeConfig(mobile_node=MobileNodeConfig(home_addresses=(home, *homes))))
    assert config.mobile_node.generated_addresses == tuple(found)
