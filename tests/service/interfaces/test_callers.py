# SPDX-License-Identifier: GPL-2.0-or-later
"""A trial ends when its caller leaves, however it leaves."""

import asyncio
import subprocess
import sys

import pytest
from dbus_fast import Message, MessageType

from service.bus_connection import connect
from service.contract import NotAllowed
from service.interfaces.callers import Callers
from tests.service.fake_core import ADDRESS, HOME
from tests.service.interfaces.on_a_bus import call, eventually, service
from tests.service.private_bus import private_bus

DAEMON = "org.freedesktop.DBus"


async def begin(caller, address=ADDRESS):
    reply = await call(caller, "TryHomeAddress", str(address), "", 64)
    assert reply.message_type is MessageType.METHOD_RETURN, reply.body


async def test_a_caller_that_leaves_is_noticed():
    async with service() as (core, other, face):
        caller = await connect(face._address)
        name = caller.unique_name
        await begin(caller)
        await begin(caller, HOME[9])
        await begin(other)
        assert core.trials == {ADDRESS: other.unique_name, HOME[9]: name}
        caller.disconnect()
        await eventually(lambda: core.left)
        await call(other, "GetStatus")
        assert core.left == [name], "once, and nobody else"


async def test_one_that_crashes_is_noticed():
    program = """
import asyncio, os, sys
from service.client import Client
from ipaddress import IPv6Address
async def main():
    async with Client.connect(sys.argv[1]) as client:
        await client.try_home_address(IPv6Address("2001:db8:1::10"))
        os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    async with service() as (core, _caller, face):
        result = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", program, face._address], check=False, capture_output=True
        )
        assert result.returncode == -9, result.stderr
        await eventually(lambda: core.left)
        assert core.left == list(core.trials.values())


async def test_callers_without_a_trial_are_not_watched():
    async with service() as (core, other, face):
        caller = await connect(face._address)
        await call(caller, "GetStatus")
        await call(caller, "AddHomeAddress", str(ADDRESS), "", 64)
        caller.disconnect()
        await begin(other)
        assert core.left == []
        assert face._endpoint._callers._watched == {other.unique_name}


async def test_with_the_bus_everybody_is_gone():
    async with service() as (core, caller, face):
        await begin(caller)
        name = caller.unique_name
        await face.stop()
        assert core.left == [name]


async def test_a_forged_signal_ends_nothing():
    async with service() as (core, caller, face):
        await begin(caller)
        forger = await connect(face._address)
        for destination in (None, face._bus.unique_name):
            body = [caller.unique_name, caller.unique_name, ""]
            forged = Message.new_signal("/org/freedesktop/DBus", DAEMON, "NameOwnerChanged", "sss", body)
            forged.destination = destination
            await forger.send(forged)
        await call(forger, "GetStatus")  # what was sent before it has arrived
        assert core.left == []
        forger.disconnect()


async def test_one_that_left_before_it_could_be_watched_begins_nothing():
    with private_bus() as bus:
        own, gone = await connect(bus.address), await connect(bus.address)
        left = []
        callers = Callers(own, left.append)
        name = gone.unique_name
        gone.disconnect()
        await gone.wait_for_disconnect()
        async with asyncio.timeout(10):
            while True:  # the bus needs a moment to notice
                question = Message(DAEMON, "/org/freedesktop/DBus", DAEMON, "NameHasOwner", signature="s", body=[name])
                if not (await own.call(question)).body[0]:
                    break
        with pytest.raises(NotAllowed, match="does not tell"):
            await callers.watch(name)
        callers.close()
        assert left == []
        own.disconnect()
