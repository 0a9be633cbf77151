# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is told of new messages, how often, and that nobody is remembered for long."""

import asyncio

import pytest
from dbus_fast import MessageType

from service import contract
from service.bus_connection import connect
from service.codec import from_variants
from service.interfaces import message_watch
from tests.service.interfaces.on_a_bus import call, eventually, service
from tests.service.private_bus import connect_as
from tests.service.samples_of_messages import BU, fill


def signals(bus):
    """The members of our signals from now on, without any match rule."""
    heard = []

    def note(message):
        if message.message_type is MessageType.SIGNAL and message.interface == contract.MANAGER:
            heard.append(message.member)
        return False

    bus.add_message_handler(note)
    return heard


async def test_messages_come_in_pages_after_a_number():
    async with service() as (core, caller, _face):
        for _ in range(contract.MAX_MESSAGES_PAGE + 2):
            core.message_log.note("wlan0", True, BU)
        first = from_variants((await call(caller, "GetMessages", 0)).body[0])
        assert [each["number"] for each in first] == list(range(1, contract.MAX_MESSAGES_PAGE + 1))
        assert first[0]["packet"] == BU.hex(":")
        rest = from_variants((await call(caller, "GetMessages", contract.MAX_MESSAGES_PAGE)).body[0])
        assert [each["number"] for each in rest] == [contract.MAX_MESSAGES_PAGE + 1, contract.MAX_MESSAGES_PAGE + 2]
        assert (await call(caller, "GetMessages", 2**64 - 1)).body[0] == []


async def test_only_who_watches_is_told_and_only_while_it_does():
    async with service() as (core, caller, face):
        other = await connect(face._address)
        heard, not_heard = signals(caller), signals(other)
        fill(core.message_log)
        assert core.message_log.listener is None
        await call(caller, "WatchMessages", True)
        await call(caller, "WatchMessages", True)  # twice is once
        core.message_log.note("wlan0", True, BU)
        await eventually(lambda: heard)
        assert heard == ["MessagesChanged"]
        await call(caller, "WatchMessages", False)
        assert core.message_log.listener is None
        core.message_log.note("wlan0", True, BU)
        await call(caller, "GetCounters")  # a signal would have come before this answer
        await call(other, "GetCounters")
        assert heard == ["MessagesChanged"]
        assert not_heard == []
        other.disconnect()


async def test_first_news_comes_at_once_and_a_flood_at_most_every_tenth_of_a_second(monkeypatch):
    monkeypatch.setattr(message_watch, "INTERVAL", 0.3)
    async with service() as (core, caller, _face):
        heard = signals(caller)
        await call(caller, "WatchMessages", True)
        begin = asyncio.get_running_loop().time()
        while len(heard) < 3:
            core.message_log.note("wlan0", True, BU)
            await asyncio.sleep(0)
        assert asyncio.get_running_loop().time() - begin >= 0.6 * 0.99


async def test_who_leaves_the_bus_is_forgotten():
    async with service() as (core, caller, face):
        other = await connect(face._address)
        await call(other, "WatchMessages", True)
        await call(caller, "WatchMessages", True)
        watch = face._endpoint._message_watch
        other.disconnect()
        await eventually(lambda: watch._callers == {caller.unique_name})
        assert core.message_log.listener is not None
        caller.disconnect()
        await eventually(lambda: core.message_log.listener is None)


async def test_who_left_before_the_bus_would_tell_is_forgotten_too():
    async with service() as (core, _caller, face):
        face._endpoint._message_watch.set(":1.9999", True)
        assert core.message_log.listener is not None
        await eventually(lambda: core.message_log.listener is None)


async def test_number_of_watchers_is_bounded(monkeypatch):
    monkeypatch.setattr(message_watch, "MAX_WATCHERS", 1)
    async with service() as (_core, caller, face):
        other = await connect(face._address)
        await call(caller, "WatchMessages", True)
        refused = await call(other, "WatchMessages", True)
        assert refused.error_name == contract.ERROR_PREFIX + "Failed"
        await call(caller, "WatchMessages", False)
        assert (await call(other, "WatchMessages", True)).message_type is MessageType.METHOD_RETURN
        other.disconnect()


async def test_service_that_leaves_the_bus_listens_no_more():
    async with service() as (core, caller, face):
        await call(caller, "WatchMessages", True)
        await face.stop()
        assert core.message_log.listener is None


@pytest.mark.parametrize("member, body", [("GetMessages", [0]), ("WatchMessages", [True])])
async def test_another_user_sees_nothing_of_the_log(member, body):
    async with service() as (core, _caller, face):
        stranger = await connect_as(face._address, 65534)
        reply = await call(stranger, member, *body)
        assert reply.error_name == contract.ERROR_PREFIX + "NotAllowed"
        assert core.message_log.listener is None
        stranger.disconnect()
