# SPDX-License-Identifier: GPL-2.0-or-later
"""A new key on a laptop: on trial, kept, and proved; then the one before is gone."""

from ipaddress import IPv6Address

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.stored_binding import Stored, StoredRegistration
from mnclient.units import Seconds
from service.contract import UnknownThing
from tests.service.fake_node import AGENT, Machine, turn, until

HOME = IPv6Address("2001:db8:1::100")
OLD, NEW = bytes(range(16)), bytes(range(50, 66))
ME = ":1.7"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def with_old_key(core):
    core.add_home_address(HOME, AGENT)
    core.keys.set(HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 1000, 1001, OLD, KeyOwner.COMPUTER)


def try_new(core, caller=ME):
    core.keys.try_out(HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 2000, 2001, NEW, KeyOwner.COMPUTER, caller)


def in_use(machine):
    return machine.node.config.mobile_node.home_addresses[0].association.secret


def accepts(machine, spi):
    """The home agent has accepted a registration under this key."""
    registration = StoredRegistration(
        home_address=HOME, home_agent=AGENT, sequence=9, remaining=Seconds(600.0), spi=spi
    )
    machine.node.stored = Stored(registrations=(registration,))
    machine.node.report(HOME)


def spis(core):
    return [each.spi_out for each in core.keys.infos()]


async def test_the_newest_is_used_and_the_one_before_goes_when_it_is_proved(machine):
    async with machine.running() as core:
        with_old_key(core)
        try_new(core)
        assert in_use(machine) == NEW
        core.keep_home_address(HOME, ME)
        assert spis(core) == [1001, 2001]
        accepts(machine, 1001)
        await turn()
        assert spis(core) == [1001, 2001], "the old one proves nothing of the new"
        accepts(machine, 2001)
        await until(lambda: spis(core) == [2001])
    async with machine.running() as core:
        assert spis(core) == [2001]


async def test_proved_on_trial_and_kept_then(machine):
    async with machine.running() as core:
        with_old_key(core)
        try_new(core)
        accepts(machine, 2001)
        await turn()
        core.keys.proven(HOME, AGENT, 2001)
        assert spis(core) == [1001, 2001], "what is on trial may be given up"
        core.keep_home_address(HOME, ME)
        await until(lambda: spis(core) == [2001])


@pytest.mark.parametrize("how", ["left", "cancelled"])
async def test_given_up_the_one_before_is_used_again(machine, how):
    async with machine.running() as core:
        with_old_key(core)
        try_new(core)
        if how == "left":
            core.caller_left(ME)
        else:
            core.cancel_trial(None, ME)
        assert in_use(machine) == OLD and spis(core) == [1001]


async def test_only_who_tries_a_key_can_keep_it(machine):
    async with machine.running() as core:
        with_old_key(core)
        try_new(core)
        for address, caller in ((HOME, ":1.8"), (HOME + 1, ME)):
            with pytest.raises(UnknownThing):
                core.keep_home_address(address, caller)
        core.remove_home_address(HOME)
        with pytest.raises(UnknownThing):
            core.keep_home_address(HOME, ME)


async def test_a_persons_key_is_left_alone(machine):
    async with machine.running() as core:
        core.add_home_address(HOME, AGENT)
        core.keys.set(HOME, AGENT, KeyKind.RFC4285, "hmac-sha1-96", 1000, 1001, OLD, KeyOwner.USER)
        try_new(core)
        core.keep_home_address(HOME, ME)
        core.keys.proven(HOME, AGENT, 2001)
        assert spis(core) == [1001, 2001]


async def test_a_clock_set_back_makes_no_old_key_the_newest(machine):
    async with machine.running() as core:
        with_old_key(core)
        machine.node.elapsed = -86_400.0
        try_new(core)
        assert in_use(machine) == NEW
        machine.node.elapsed = 0.0


async def test_a_disk_that_refuses_keeps_both(machine, monkeypatch, caplog):
    async with machine.running() as core:
        with_old_key(core)
        try_new(core)
        core.keep_home_address(HOME, ME)

        def full(*_):
            raise MobileIPv6Error("no room")

        with monkeypatch.context() as patched:
            patched.setattr(core.keys, "remove", full)
            core.keys.proven(HOME, AGENT, 2001)
        assert spis(core) == [1001, 2001] and "the key before cannot be removed: no room" in caplog.text
