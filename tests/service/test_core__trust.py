# SPDX-License-Identifier: GPL-2.0-or-later
"""Trust in home agents as the service shows it: why one is believed, and what somebody else claims of it."""

from ipaddress import IPv6Address

import pytest

from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.problems import ProblemCode
from mnclient.model.service_status import Trust
from service.contract import InvalidArgument, UnknownThing
from service.core import ChangeKind
from tests.service.fake_node import AGENT, PREFIX, Machine, heard_changes, turn

HOME = IPv6Address("2001:db8:1::100")
TRUE, FALSE = b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x66"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def trust(core):
    (agent,) = core.status().known_home_agents
    return agent.trust


def claims(core):
    return [each for each in core.status().engine.problems if each.code is ProblemCode.HOME_AGENT_DIFFERS]


async def test_from_untrusted_to_pinned_to_paired_and_back(machine):
    async with machine.running() as core:
        machine.node.hear()
        assert trust(core) is Trust.UNTRUSTED
        core.add_home_address(HOME, AGENT)
        assert trust(core) is Trust.PINNED
        changes = heard_changes(core)
        core.keys.set(HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 256, 257, bytes(16), KeyOwner.COMPUTER)
        assert trust(core) is Trust.PAIRED and ChangeKind.HOME_AGENTS in changes
        core.keys.remove(HOME, AGENT, 257)
        assert trust(core) is Trust.PINNED
        core.remove_home_address(HOME)
        assert trust(core) is Trust.UNTRUSTED


async def test_a_key_makes_it_paired_after_a_restart_too(machine):
    async with machine.running() as core:
        core.add_home_agent(AGENT, PREFIX, True)
        core.keys.set(HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 256, 257, bytes(16), KeyOwner.COMPUTER)
    async with machine.running() as core:
        assert trust(core) is Trust.PAIRED


async def test_a_claim_is_shown_with_what_to_do_and_accepted(machine):
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        machine.node.hear()
        assert claims(core) == []
        changes = heard_changes(core)
        machine.node.hear(link_layer_address=FALSE)
        (problem,) = claims(core)
        assert ChangeKind.PROBLEM in changes
        assert f"{TRUE.hex(':')} → {FALSE.hex(':')}" in problem.text()
        assert f"mnctl home-agents accept {AGENT}" in problem.remedy()
        changes.clear()
        machine.node.hear(link_layer_address=FALSE)
        assert ChangeKind.PROBLEM not in changes, "said once"
        core.accept_home_agent(AGENT)
        assert claims(core) == []
        (home,) = machine.node.config.mobile_node.home_addresses
        assert home.home_agent_link_layer == FALSE
        await turn()
    async with machine.running() as core:
        (home,) = machine.node.config.mobile_node.home_addresses
        assert home.home_agent_link_layer == FALSE


async def test_nothing_is_accepted_that_nobody_claimed(machine):
    async with machine.running() as core:
        with pytest.raises(UnknownThing):
            core.accept_home_agent(AGENT)
        core.add_home_address(HOME, AGENT)
        machine.node.hear()
        with pytest.raises(InvalidArgument, match="Nothing has changed"):
            core.accept_home_agent(AGENT)
        machine.node.hear(address=PREFIX[2])
        (problem,) = claims(core)
        assert f"{AGENT} → {PREFIX[2]}" in problem.text()
        with pytest.raises(InvalidArgument, match="add the home address again"):
            core.accept_home_agent(AGENT)
