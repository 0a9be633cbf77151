# SPDX-License-Identifier: GPL-2.0-or-later
"""What is on trial besides a home address: settings, the order of interfaces, keys."""

import pytest
from dbus_fast import MessageType

from mnclient.model.keys import KeyKind, KeyOwner
from tests.service.fake_core import ADDRESS, HOME_AGENT
from tests.service.interfaces.on_a_bus import call, eventually, service

TRIALS = [
    ("TrySetting", ["home_agent.max_lifetime", "60"], ("try_setting", "home_agent.max_lifetime", "60")),
    ("TryInterfaceOrder", [["wlan0"]], ("try_interface_order", ["wlan0"])),
    (
        "TryKey",
        [str(ADDRESS), str(HOME_AGENT), "esp", "aes-gcm-128", 256, 257, b"secret", "user"],
        ("try_key", ADDRESS, HOME_AGENT, KeyKind.ESP, "aes-gcm-128", 256, 257, b"secret", KeyOwner.USER),
    ),
]


@pytest.mark.parametrize("member, body, expected", TRIALS)
async def test_what_a_caller_tries_does_not_outlive_it(member, body, expected):
    async with service() as (core, caller, _face):
        reply = await call(caller, member, *body)
        assert (reply.message_type, reply.body) == (MessageType.METHOD_RETURN, [])
        assert core.calls == [expected]
        name = caller.unique_name
        caller.disconnect()
        await eventually(lambda: core.left == [name])


async def test_giving_everything_up():
    async with service() as (core, caller, _face):
        assert (await call(caller, "CancelTrial", "")).body == []
        assert core.calls == [("cancel_trial", None)]
