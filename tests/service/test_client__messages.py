# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol log through the client library."""

import asyncio
from contextlib import aclosing

import pytest

from service import client as client_module
from service.client import Client, pcap_of
from service.contract import MAX_MESSAGES_PAGE, ServiceUnavailable
from service.interfaces.bus import BusFace
from service.message_feed import logged
from tests.service.fake_core import FakeCore
from tests.service.fake_node import until
from tests.service.private_bus import private_bus
from tests.service.samples_of_messages import BA, BU, filled
from tests.service.test_client import served, soon


async def test_messages_are_the_logs_own():
    core = FakeCore()
    core.message_log = filled()
    async with served(core) as (_, client):
        found = await client.messages()
        assert found == tuple(map(logged, core.message_log.after(0, 100)))
        assert await client.messages(after=2) == found[2:]
        assert await client.messages(after=4) == ()
        assert pcap_of(found).endswith(found[-1].packet)


@pytest.mark.parametrize("more", [0, 1, MAX_MESSAGES_PAGE])
async def test_all_pages_are_asked_for(more):
    async with served() as (core, client):
        for _ in range(MAX_MESSAGES_PAGE + more):
            core.message_log.note("eth0", True, BU)
        assert [each.number for each in await client.messages()] == list(range(1, MAX_MESSAGES_PAGE + more + 1))


async def test_counters():
    async with served() as (core, client):
        assert await client.counters() == core.counters()


async def test_watching_begins_with_what_is_there_and_goes_on():
    async with served() as (core, client):
        core.message_log.note("eth0", True, BU)
        async with aclosing(client.watch_messages()) as news:
            assert [each.number for each in await soon(anext(news))] == [1]
            core.message_log.note("eth0", False, BA)
            core.message_log.note("eth0", False, BA)
            assert [each.number for each in await soon(anext(news))] == [2, 3]
        await until(lambda: core.message_log.listener is None)


async def test_empty_log_is_said_to_be_empty_and_no_batch_after_it_is():
    async with served() as (core, client), aclosing(client.watch_messages()) as news:
        assert await soon(anext(news)) == ()
        waiting = asyncio.create_task(anext(news))
        await client.counters()
        client._notice_messages()  # a signal that came late
        await client.counters()
        assert not waiting.done()
        core.message_log.note("eth0", True, BU)
        assert [each.number for each in await soon(waiting)] == [1]


async def test_one_of_two_watches_of_a_client_ends():
    async with served() as (core, client), aclosing(client.watch_messages()) as one:
        await soon(anext(one))
        async with aclosing(client.watch_messages()) as other:
            await soon(anext(other))
        core.message_log.note("eth0", True, BU)
        assert len(await soon(anext(one))) == 1


async def test_watching_ends_with_the_service_even_when_the_next_is_there_at_once(monkeypatch):
    monkeypatch.setattr(client_module, "RETRY", 0.01)
    with private_bus() as bus:
        core = FakeCore()
        face = BusFace(core, bus.address)
        await face.start()
        async with Client.connect(bus.address) as client:
            async with aclosing(client.watch_messages()) as news:
                await soon(anext(news))
                await face.stop()
                face = BusFace(core, bus.address)
                await face.start()
                await until(lambda: client._services == 2)  # one went, one came
                with pytest.raises(ServiceUnavailable):
                    await soon(anext(news))
            await soon(client.wait_for_service())
            async with aclosing(client.watch_messages()) as news:
                await soon(anext(news))
                core.message_log.note("eth0", True, BU)
                assert len(await soon(anext(news))) == 1
        await face.stop()


async def test_without_a_service_watching_says_so():
    with private_bus() as bus:
        async with Client.connect(bus.address) as client:
            with pytest.raises(ServiceUnavailable):
                await soon(anext(client.watch_messages()))
