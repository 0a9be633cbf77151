# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_HOME_ADDRESSES
from mnclient.errors import ConfigError, MobileIPv6Error
from mnclient.model.keys import KeyKind, KeyOwner
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


# --- what else is on trial ---

UNPROTECTED = "mobile_node.allow_unprotected_signalling"
INTERFACES = "mobile_node.interfaces"
KEY = (HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 1000, 1001)
FIRST_SECRET, SECRET = bytes(range(16)), bytes(range(16, 32))
SETTINGS = 'version = 1\n\n# mine\n[mobile_node]\ninterfaces = [{ name = "eth0", priority = 7 }]\n'


def files(machine):
    """All that is on disk."""
    every = (machine.settings, *sorted(each for each in machine.state.rglob("*") if each.is_file()))
    return {each: each.read_bytes() for each in every if each.exists()}


def in_force(core):
    return core.setting(UNPROTECTED), core.setting(INTERFACES), core.keys.infos(), core.status().home_addresses


def try_everything(core, caller=ME):
    core.try_setting(UNPROTECTED, "true", caller)
    core.keys.try_out(*KEY, SECRET, KeyOwner.COMPUTER, caller)
    core.try_interface_order(["eth0"], caller)
    core.try_home_address(HOME, AGENT, 64, caller)


@pytest.mark.parametrize("end", ["cancel", "leave", "stop", "crash"])
@pytest.mark.parametrize("had_key", [False, True])
async def test_nothing_of_a_trial_is_left(machine, end, had_key):
    async with machine.running(SETTINGS) as core:
        if had_key:
            core.keys.set(*KEY, FIRST_SECRET, KeyOwner.COMPUTER)
    async with machine.running(crash=end == "crash") as core:
        before, on_disk = in_force(core), files(machine)
        try_everything(core)
        assert core.setting(UNPROTECTED) is True
        assert core.setting(INTERFACES) != before[1]
        assert [each.identity for each in core.keys.infos()] == [(HOME, AGENT, 1001)]
        assert machine.node.config.mobile_node.allow_unprotected_signalling, "it is used"
        assert files(machine) == on_disk
        if end == "cancel":
            core.cancel_trial(None, ME)
        elif end == "leave":
            core.caller_left(ME)
        if end in ("cancel", "leave"):
            assert in_force(core) == before
            assert not machine.node.config.mobile_node.allow_unprotected_signalling
            assert machine.node.home_addresses == []
    stored = files(machine)
    stored.pop(machine.state / "bindings.json", None)
    assert {each: stored.get(each) for each in on_disk if each.name != "bindings.json"} == {
        each: content for each, content in on_disk.items() if each.name != "bindings.json"
    }
    async with machine.running() as core:
        assert in_force(core) == before


async def test_all_of_it_is_kept_with_the_address(machine):
    async with machine.running(SETTINGS, crash=True) as core:
        core.keys.set(*KEY, FIRST_SECRET, KeyOwner.COMPUTER)
        try_everything(core)
        core.try_setting("mobile_node.verify", "false", SOMEBODY)
        core.keep_home_address(HOME, ME)
        kept = in_force(core)
        core.caller_left(ME)
        assert in_force(core) == kept
        core.caller_left(SOMEBODY)
        assert core.setting("mobile_node.verify") is True
    assert "# mine" in machine.settings.read_text()
    async with machine.running() as core:
        assert in_force(core)[:2] == (True, kept[1])
        assert [each.identity for each in core.keys.infos()] == [(HOME, AGENT, 1001)]
    assert SECRET.hex() in (machine.state / "keys/keys.json").read_text()


async def test_who_decides_meanwhile_decides(machine):
    async with machine.running(SETTINGS) as core:
        try_everything(core)
        core.set_setting(UNPROTECTED, "false")
        core.set_setting("mobile_node.verify", "false")
        core.keys.set(*KEY, FIRST_SECRET, KeyOwner.COMPUTER)
        core.caller_left(ME)
        assert core.setting(UNPROTECTED) is False and core.setting("mobile_node.verify") is False
        assert [each.identity for each in core.keys.infos()] == [(HOME, AGENT, 1001)]
        assert FIRST_SECRET.hex() in (machine.state / "keys/keys.json").read_text()
        core.keys.try_out(*KEY, SECRET, KeyOwner.COMPUTER, ME)
        core.keys.remove(HOME, AGENT, 1001)
        core.caller_left(ME)
        assert core.keys.infos() == ()


async def test_a_trial_outlives_a_reload(machine):
    async with machine.running(SETTINGS) as core:
        core.keys.set(*KEY, FIRST_SECRET, KeyOwner.COMPUTER)
        before, file = in_force(core), (machine.state / "keys/keys.json").read_bytes()
        try_everything(core)
        tried = in_force(core)
        core.reload()
        assert in_force(core) == tried
        other = IPv6Address("2001:db8:1::200")
        core.keys.set(other, *KEY[1:], FIRST_SECRET, KeyOwner.COMPUTER)
        assert SECRET.hex() not in (machine.state / "keys/keys.json").read_text()
        core.keys.remove(other, AGENT, 1001)
        core.cancel_trial(None, ME)
        assert in_force(core) == before
        assert (machine.state / "keys/keys.json").read_bytes() == file


async def test_a_file_that_became_wrong_keeps_nothing(machine):
    async with machine.running(SETTINGS) as core:
        before = in_force(core)
        try_everything(core)
        machine.settings.write_text("not TOML at all [")
        with pytest.raises(ConfigError):
            core.keep_home_address(HOME, ME)
        assert not (machine.state / "keys/keys.json").exists()
        machine.settings.write_text(SETTINGS)
        core.cancel_trial(None, ME)
        assert in_force(core) == before


async def test_what_is_wrong_is_not_tried(machine):
    async with machine.running(SETTINGS) as core:
        before = in_force(core)
        with pytest.raises(ConfigError):
            core.try_setting(UNPROTECTED, "7", ME)
        with pytest.raises(UnknownThing):
            core.try_interface_order(["nothing0"], ME)
        with pytest.raises(InvalidArgument):
            core.keys.try_out(*KEY, b"short", KeyOwner.COMPUTER, ME)
        assert in_force(core) == before
        core.cancel_trial(None, ME)  # no error when there is nothing
