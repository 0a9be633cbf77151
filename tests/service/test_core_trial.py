# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import Origin
from service.contract import InvalidArgument, UnknownThing
from service.core import ChangeKind
from tests.service.fake_node import AGENT, EUI64, Machine, heard_changes, turn

HOME = IPv6Address("2001:db8:1::100")
OTHER = IPv6Address("2001:db8:2::100")
ME, SOMEBODY = ":1.7", ":1.8"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def stored(machine):
    path = machine.state / "state.json"
    return [each["address"] for each in machine.stored()["home_addresses"]] if path.exists() else []


async def test_it_is_used_but_not_stored(machine):
    async with machine.running(crash=True) as core:
        changes = heard_changes(core)
        before = (machine.state / "state.json").stat()
        core.try_home_address(HOME, AGENT, 64, ME)
        assert machine.node.home_addresses == [str(HOME)]
        (managed,) = core.status().home_addresses
        assert (managed.trial, managed.origin, managed.home_agent) == (True, Origin.MANUAL, AGENT)
        assert ChangeKind.HOME_ADDRESSES in changes
        assert (machine.state / "state.json").stat() == before, "nothing is written"
        core.add_home_agent(AGENT, managed.prefix, True)
        assert stored(machine) == [], "nor with the next change of something else"
    async with machine.running() as core:
        assert core.status().home_addresses == (), "a crash gives it up"
        assert machine.node.home_addresses == []


async def test_it_is_given_up_when_its_caller_leaves(machine):
    async with machine.running() as core:
        core.try_home_address(HOME, AGENT, 64, ME)
        core.try_home_address(OTHER, None, 64, SOMEBODY)
        core.caller_left(":1.99")
        assert machine.node.home_addresses == [str(HOME), str(OTHER)]
        core.caller_left(ME)
        assert machine.node.home_addresses == [str(OTHER)]
        core.cancel_trial(OTHER, SOMEBODY)
        assert machine.node.home_addresses == []
        assert core.status().home_addresses == ()


async def test_it_is_kept(machine):
    async with machine.running(crash=True) as core:
        core.try_home_address(HOME, AGENT, 64, ME)
        core.keep_home_address(HOME, ME)
        assert stored(machine) == [str(HOME)]
        assert not core.status().home_addresses[0].trial
        core.caller_left(ME)
        assert machine.node.home_addresses == [str(HOME)]
    async with machine.running() as core:
        assert core.status().home_addresses[0].address == HOME


async def test_only_who_began_it_decides(machine):
    async with machine.running() as core:
        core.try_home_address(HOME, AGENT, 64, ME)
        for act in (core.keep_home_address, core.cancel_trial):
            with pytest.raises(UnknownThing, match="not on trial"):
                act(HOME, SOMEBODY)
            with pytest.raises(UnknownThing, match=f"known are: {HOME}"):
                act(OTHER, ME)
        assert core.status().home_addresses[0].trial


async def test_whoever_may_manage_addresses_can_end_or_keep_it_too(machine):
    async with machine.running() as core:
        core.try_home_address(HOME, AGENT, 64, ME)
        core.remove_home_address(HOME)
        assert machine.node.home_addresses == []
        core.try_home_address(HOME, AGENT, 64, SOMEBODY)
        core.caller_left(ME)
        assert machine.node.home_addresses == [str(HOME)], "the new trial is somebody else's"
        core.add_home_address(HOME, AGENT)
        assert stored(machine) == [str(HOME)]
        core.caller_left(SOMEBODY)
        assert machine.node.home_addresses == [str(HOME)]


async def test_it_is_not_preferred_by_hand(machine):
    async with machine.running() as core:
        core.add_home_address(OTHER, None)
        core.try_home_address(HOME, AGENT, 64, ME)
        with pytest.raises(InvalidArgument, match="only on trial"):
            core.prefer_home_address(HOME)
        core.keep_home_address(HOME, ME)
        core.prefer_home_address(HOME)
        assert [each.preferred for each in core.status().home_addresses] == [False, True]


@pytest.mark.parametrize(
    "address, home_agent, words",
    [
        ("fe80::1", None, "not a unicast routable"),
        ("2001:db8:1::", None, "anycast"),
        ("2001:db8:1::1", "2001:db8:1::1", "the home agent itself"),
        ("2001:db8:1::100", None, "already"),
        ("2001:db8:1::101", None, "already"),
    ],
)
async def test_what_cannot_be_one_is_not_tried(machine, address, home_agent, words):
    async with machine.running() as core:
        core.add_home_address(HOME, None)
        core.try_home_address(IPv6Address("2001:db8:1::101"), None, 64, ME)
        before = machine.node.home_addresses
        with pytest.raises(InvalidArgument, match=words):
            core.try_home_address(IPv6Address(address), home_agent and IPv6Address(home_agent), 64, ME)
        assert machine.node.home_addresses == before


async def test_trials_count_among_the_most_there_can_be(machine):
    async with machine.running() as core:
        for number in range(MAX_HOME_ADDRESSES):
            core.try_home_address(IPv6Address(int(HOME) + number), None, 64, ME)
        with pytest.raises(MobileIPv6Error, match="more are not possible"):
            core.try_home_address(OTHER, None, 64, ME)
        with pytest.raises(MobileIPv6Error, match="more are not possible"):
            core.add_home_address(OTHER, None)
        core.keep_home_address(HOME, ME)
        core.caller_left(ME)
        assert machine.node.home_addresses == [str(HOME)]


async def test_settings_take_it_over(machine):
    async with machine.running() as core:
        core.try_home_address(HOME, AGENT, 64, ME)
        core.set_setting("mobile_node.home_addresses", f'[{{ address = "{HOME}" }}]')
        (managed,) = core.status().home_addresses
        assert (managed.trial, managed.origin) == (False, Origin.ADMINISTRATOR)
        core.caller_left(ME)
        assert machine.node.home_addresses == [str(HOME)]
        with pytest.raises(UnknownThing):
            core.cancel_trial(HOME, ME)


async def test_it_holds_its_place_against_the_autoconfiguration(machine):
    text = "[autoconfiguration]\nask_first = false\nresponsiveness = 100\n"
    async with machine.running(text) as core:
        core.try_home_address(HOME, AGENT, 64, ME)
        machine.node.report(HOME)
        for _ in range(5):
            machine.node.hear()
            machine.node.elapsed += 600
        await turn()
        assert machine.node.home_addresses == [str(HOME)], "no second one at the same home"
        core.cancel_trial(HOME, ME)
        machine.node.hear()
        await turn()
        assert machine.node.home_addresses == [str(EUI64)], "its place is free again"


async def test_keeping_one_forgives_its_home_agent(machine):
    async with machine.running(crash=True) as core:
        core.set_setting("autoconfiguration.responsiveness", "100")
        for _ in range(5):
            machine.node.hear()
            machine.node.elapsed += 600
        core.dismiss_proposal(EUI64)
        core.try_home_address(HOME, AGENT, 64, ME)
        core.cancel_trial(HOME, ME)
        assert machine.stored()["dismissed"] == [str(AGENT)], "trying is not wanting"
        core.try_home_address(HOME, AGENT, 64, ME)
        core.keep_home_address(HOME, ME)
        assert machine.stored()["dismissed"] == []
