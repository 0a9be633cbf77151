# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl join` with a new key for a home address that is there."""

from dataclasses import replace

import pytest

from mnclient.errors import MobileIPv6Error
from mnclient.model.invitation_use import IDENTIFIERS
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.status import HomeAddressState
from tests.service.fake_core import ADDRESS, AWAY, HOME_AGENT, with_engine
from tests.service.test_cli_join import INVITATION, SECRET, done, here, laptop, write

__all__ = ["laptop"]  # the fixture

STATUS = replace(AWAY.engine.home_addresses[0], accepted_spi=70_000)
OLD = replace(AWAY.keys[0], home_address=ADDRESS, home_agent=HOME_AGENT, spi_in=9000, spi_out=9001)
NEW = (ADDRESS, HOME_AGENT, KeyKind.RFC4285, "hmac-sha1-96", 80_000, 70_000, SECRET, KeyOwner.COMPUTER)


def keyed(state):
    there = tuple(replace(each, trial=False) for each in AWAY.home_addresses)
    return replace(with_engine(home_addresses=(state,)), home_addresses=there, keys=(OLD,), protections=("rfc4285",))


async def test_it_is_kept_when_the_home_agent_has_accepted_it(laptop):
    laptop.core.value = keyed(STATUS)
    told = await laptop("join", write())
    assert laptop.core.calls == [("try_key", *NEW), ("keep_home_address", ADDRESS)]
    assert f"The home agent accepts the new key of {ADDRESS}" in told and "c0ffee" not in told + laptop.errors
    assert (await laptop.json("join", write()))["accepted"] is True


async def test_with_the_name_of_the_invitation(laptop):
    laptop.core.value = keyed(STATUS)
    laptop.core.values[IDENTIFIERS] = []
    await laptop("join", write(replace(INVITATION, identity="laptop@example.org")))
    value = f'[{{home_address = "{ADDRESS}", identifier = "laptop@example.org"}}]'
    assert laptop.core.calls[0] == ("try_setting", IDENTIFIERS, value)
    assert done(laptop) == ["try_setting", "try_key", "keep_home_address"]


@pytest.mark.parametrize(
    "state",
    [
        replace(STATUS, accepted_spi=9001),
        replace(STATUS, accepted_spi=None),
        replace(STATUS, state=HomeAddressState.REGISTERING, registered=False),
    ],
)
async def test_what_was_registered_before_proves_nothing(laptop, state):
    laptop.core.value = keyed(state)
    await laptop("join", write(), "--timeout", "0.2", status=1)
    assert "did not accept the new key" in laptop.errors and "The one before is used" in laptop.errors
    assert "mnctl keys rotate" in laptop.errors
    assert done(laptop) == ["try_key", "cancel_trial"]


async def test_at_home_and_later_it_is_kept_unproved(laptop):
    laptop.core.value = keyed(replace(STATUS, state=HomeAddressState.AT_HOME, care_of_address=None))
    told = await laptop("join", write())
    assert "used from another network on" in told and done(laptop) == ["try_key", "keep_home_address"]
    laptop.core.value = keyed(replace(STATUS, accepted_spi=9001))
    assert (await laptop.json("join", write(), "--later"))["accepted"] is False


async def test_a_refusal_leaves_nothing_on_trial(laptop, monkeypatch):
    def full(*_):
        raise MobileIPv6Error("There are 64 keys", hint="remove one")

    laptop.core.value = keyed(STATUS)
    monkeypatch.setattr(laptop.core.keys, "try_out", full)
    await laptop("join", write(), status=1)
    assert "There are 64 keys" in laptop.errors and done(laptop) == ["cancel_trial"]


async def test_numbers_that_are_in_use(laptop):
    laptop.core.value = replace(keyed(STATUS), keys=(replace(OLD, spi_in=80_000),))
    await laptop("join", write(), status=1)
    assert "The number 80000 (SPI) of this invitation is in use" in laptop.errors and laptop.core.calls == []


async def test_of_another_home_agent_it_is_no_successor(laptop):
    laptop.core.value = replace(keyed(STATUS), keys=(replace(OLD, home_agent=HOME_AGENT + 7),))
    await laptop("join", write(), status=1)
    assert "with no key of this invitation" in laptop.errors and laptop.core.calls == []
    assert here("invitation").exists()
