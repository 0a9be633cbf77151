# SPDX-License-Identifier: GPL-2.0-or-later
"""One connection for each client, and an end of it, whatever else is going on."""

import asyncio

import pytest

from service import client as client_module
from service.client import Client
from service.contract import ServiceUnavailable
from tests.service.private_bus import private_bus
from tests.service.test_client import served, soon


async def test_two_who_ask_at_once_share_one_connection(monkeypatch):
    made = []

    async def counted(address):
        made.append(await connect(address))
        return made[-1]

    connect = client_module.connect
    monkeypatch.setattr(client_module, "connect", counted)
    async with served() as (_, client):
        await asyncio.gather(client.status(), client.settings(), client.wait_for_service())
        assert len(made) == 1


async def test_closing_does_not_wait_for_one_who_reconnects(monkeypatch):
    monkeypatch.setattr(client_module, "RETRY", 0.0)
    with private_bus() as bus:
        client = Client.connect(bus.address)

        async def as_the_tray_does():
            while True:
                try:
                    await client.status()
                except ServiceUnavailable:
                    await asyncio.sleep(0)

        asking = asyncio.create_task(as_the_tray_does())
        with pytest.raises(ServiceUnavailable):
            await client.status()
        await soon(client.close())
        with pytest.raises(ServiceUnavailable, match="was closed"):
            await client.status()
        asking.cancel()
        await asyncio.wait([asking])


async def test_closing_while_it_connects(monkeypatch):
    reached, go_on = asyncio.Event(), asyncio.Event()
    made = []

    async def slow(address):
        made.append(await connect(address))
        reached.set()
        await go_on.wait()
        return made[-1]

    connect = client_module.connect
    monkeypatch.setattr(client_module, "connect", slow)
    with private_bus() as bus:
        client = Client.connect(bus.address)
        asking = asyncio.create_task(client.status())
        await soon(reached.wait())
        await soon(client.close())
        go_on.set()
        with pytest.raises(ServiceUnavailable, match="was closed"):
            await soon(asking)
        assert not made[0].connected
