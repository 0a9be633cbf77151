# SPDX-License-Identifier: GPL-2.0-or-later
"""A new key for a guest, in the service as a whole: both count, then one."""

import json
from dataclasses import replace

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.guest import GuestState, RotationWish
from mnclient.model.keys import KeyKind, spi_parity
from service.contract import InvalidArgument, UnknownThing
from tests.service.fake_node import BOOT_TIME, Machine, until
from tests.service.test_core_guests import BOUND, HOME_AGENT, SECRET, WISH, registers, states

NEW_SECRET = bytes(range(16))
WEEK = 604_800.0
ROTATION = RotationWish(name="laptop", algorithm="hmac-sha1-96", secret=NEW_SECRET, overlap_until=BOOT_TIME + WEEK)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.service.fake_node.FakeNode.protections", ("esp", "rfc4285"))
    return Machine(tmp_path)


async def came(machine, core, **wish):
    """A guest that has registered with its first key."""
    core.guests.invite(replace(WISH, **wish))
    registers(machine)
    await until(lambda: states(core) == {"laptop": GuestState.USED})


def secrets_in_use(machine):
    return [each.secret for each in machine.node.config.home_agent.associations]


def registers_under(machine, spi):
    registers(machine, replace(BOUND, spi=spi))


async def test_both_count_until_the_new_one_has_been_used(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        (before,) = core.guests.listing()
        guest = core.guests.rotate(ROTATION)
        assert secrets_in_use(machine) == [NEW_SECRET, SECRET], "the new one first"
        assert guest.retiring is not None and guest.retiring.spi_in == before.spi_in != guest.spi_in
        assert (guest.state, guest.home_address) == (GuestState.USED, before.home_address)
        registers_under(machine, before.spi_in)
        registers_under(machine, guest.spi_in)
        await until(lambda: secrets_in_use(machine) == [NEW_SECRET])
        (settled,) = core.guests.listing()
        assert settled == replace(guest, retiring=None)
        assert [each.spi_out for each in core.keys.infos()] == [guest.spi_out]
    async with machine.running() as core:
        assert core.guests.listing() == (settled,)


async def test_the_one_before_goes_when_its_time_is_over(machine):
    """Whether the laptop has come or not; it can still come with the new one."""
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        guest = core.guests.rotate(ROTATION)
        machine.node.elapsed = WEEK + 1
        assert core.guests.listing() == (replace(guest, retiring=None),)
        assert secrets_in_use(machine) == [NEW_SECRET]


async def test_without_an_end_it_waits(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        core.guests.rotate(replace(ROTATION, overlap_until=None))
        machine.node.elapsed = 100 * WEEK
        core.guests.end_expired()
        assert secrets_in_use(machine) == [NEW_SECRET, SECRET]


async def test_over_a_restart(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        guest = core.guests.rotate(ROTATION)
        assert NEW_SECRET.hex() not in (machine.state / "guests.json").read_text()
    async with machine.running() as core:
        assert core.guests.listing() == (guest,)
        assert secrets_in_use(machine) == [NEW_SECRET, SECRET]


async def test_again_before_anybody_came(machine):
    """The file was lost: what nobody has used goes, what the laptop has stays."""
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        lost = core.guests.rotate(ROTATION)
        again = core.guests.rotate(replace(ROTATION, secret=bytes(range(100, 116))))
        assert secrets_in_use(machine) == [bytes(range(100, 116)), SECRET]
        assert again.retiring == lost.retiring


async def test_whoever_removes_the_new_key_takes_it_back(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        (before,) = core.guests.listing()
        guest = core.guests.rotate(ROTATION)
        core.keys.remove(*guest.key_identity)
        assert secrets_in_use(machine) == [SECRET]
        assert core.guests.listing() == (before,)


async def test_a_crash_between_entry_and_key(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        (before,) = core.guests.listing()
        core.guests.rotate(ROTATION)
    path = machine.state / "keys/keys.json"
    kept = json.loads(path.read_text())
    kept["keys"] = [each for each in kept["keys"] if each["secret"] == SECRET.hex()]
    path.write_text(json.dumps(kept))
    async with machine.running() as core:
        assert core.guests.listing() == (before,)
        assert secrets_in_use(machine) == [SECRET]


async def test_revoking_takes_both(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        core.guests.rotate(ROTATION)
        core.guests.revoke("laptop")
        assert core.keys.infos() == () and secrets_in_use(machine) == []


async def test_a_disk_that_refuses_changes_nothing(machine, monkeypatch):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        before = core.guests.listing()

        def full(*_args, **_more):
            raise MobileIPv6Error("no room")

        with monkeypatch.context() as patched:
            patched.setattr(core.keys, "set", full)
            with pytest.raises(MobileIPv6Error, match="no room"):
                core.guests.rotate(ROTATION)
        assert core.guests.listing() == before and secrets_in_use(machine) == [SECRET]


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"name": "nobody"}, UnknownThing, "no guest nobody"),
        ({"algorithm": "rot13"}, InvalidArgument, "is not an algorithm"),
        ({"secret": bytes(15)}, InvalidArgument, "15 octets"),
        ({"overlap_until": BOOT_TIME - 1}, InvalidArgument, "would not count any more"),
        ({"overlap_until": 1e300}, InvalidArgument, "would not count any more"),
    ],
)
async def test_wishes_that_cannot_be_had(machine, change, error, words):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        before = core.guests.listing()
        with pytest.raises(error, match=words):
            core.guests.rotate(replace(ROTATION, **change))
        assert core.guests.listing() == before and secrets_in_use(machine) == [SECRET]


async def test_who_has_not_come_gets_no_second_key(machine):
    async with machine.running(HOME_AGENT) as core:
        core.guests.invite(WISH)
        with pytest.raises(MobileIPv6Error, match="has not come with its first key yet"):
            core.guests.rotate(ROTATION)


@pytest.mark.parametrize("_turn", range(4))
async def test_keys_for_ipsec_are_unlike_to_the_system(machine, _turn):
    """Also again and again: of two that count the system must see which a message came under."""
    new = replace(ROTATION, algorithm="aes-gcm-128", secret=bytes(20))
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core, kind=KeyKind.ESP, algorithm="aes-gcm-128", secret=bytes(range(20)))
        for _ in range(2):
            guest = core.guests.rotate(new)
            before = guest.retiring
            assert guest.kind is KeyKind.ESP and before is not None
            assert spi_parity(guest.spi_in) != spi_parity(before.spi_in)
            assert spi_parity(guest.spi_out) != spi_parity(before.spi_out)
            assert secrets_in_use(machine) == [bytes(20), bytes(range(20))]
        registers_under(machine, guest.spi_in)
        await until(lambda: secrets_in_use(machine) == [bytes(20)])


async def test_a_key_for_ipsec_is_as_long_as_its_algorithm_wants(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core, kind=KeyKind.ESP, algorithm="aes-gcm-128", secret=bytes(20))
        before = core.guests.listing()
        with pytest.raises(InvalidArgument, match="is not an algorithm"):
            core.guests.rotate(ROTATION)
        assert core.guests.listing() == before


async def test_other_stored_forms_are_not_understood(machine):
    async with machine.running(HOME_AGENT) as core:
        await came(machine, core)
        core.guests.rotate(ROTATION)
    path = machine.state / "guests.json"
    for wrong in ({}, {"spi_in": 1, "spi_out": 2, "algorithm": "hmac-sha1-96", "ends_time": None}, 7, [1]):
        document = json.loads(path.read_text())
        document["guests"][0]["retiring"] = wrong
        path.write_text(json.dumps(document))
        async with machine.running() as core:
            assert core.guests.listing() == ()
        document["guests"][0]["retiring"] = None
        path.write_text(json.dumps(document))
