# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mnclient.errors import ConfigError, MobileIPv6Error, NetworkError
from mnclient.model.keys import KeyKind, KeyOwner
from mnclient.model.status import Phase
from service import client as client_module
from service.client import Client
from service.contract import (
    MAX_BINDING_CACHE_PAGE,
    Action,
    InvalidArgument,
    NotAllowed,
    Permission,
    ServiceUnavailable,
    UnknownThing,
)
from service.interfaces.bus import BusFace
from service.settings_description import settings_schema
from tests.service.fake_core import ADDRESS, AWAY, HANDOVER, HOME, HOME_AGENT, SERVING, FakeCore, bindings
from tests.service.private_bus import connect_as, private_bus

AT_HOME = replace(AWAY, engine=replace(AWAY.engine, phase=Phase.AT_HOME))


@asynccontextmanager
async def served(core=None):
    """A client of a service on a bus."""
    core = core or FakeCore()
    with private_bus() as bus:
        face = BusFace(core, bus.address)
        await face.start()
        async with Client.connect(bus.address) as client:
            yield core, client
        await face.stop()


async def soon(awaitable, within=10):
    async with asyncio.timeout(within):
        return await awaitable


@pytest.mark.parametrize("status", [AWAY, SERVING, AT_HOME])
async def test_the_status_is_the_services_own(status):
    async with served(FakeCore(status)) as (_, client):
        assert await client.status() == status


async def test_reading():
    async with served() as (core, client):
        assert await client.handovers() == (HANDOVER,)
        assert await client.suggestions() == core.suggestions(None)
        assert await client.suggestions(HOME_AGENT) == core.suggestions(None)
        assert await client.settings() == core.values
        assert await client.setting("mobile_node.enabled") is True
        assert await client.service_process() == os.getpid()
        assert await client.settings_schema() == settings_schema()
        assert await client.permissions() == dict.fromkeys(Action, Permission.YES)


async def test_the_binding_cache_in_pages():
    core = FakeCore()
    core.cache = bindings(MAX_BINDING_CACHE_PAGE + 5)
    async with served(core) as (_, client):
        first, total = await client.binding_cache()
        second, _ = await client.binding_cache(offset=len(first))
        assert first + second == core.cache
        assert total == len(core.cache)
        assert await client.binding_cache(limit=2, matching="2001:db8:1::12") == ((core.cache[2],), 1)


async def test_changing():
    async with served() as (core, client):
        await client.set_setting("mobile_node.enabled", "false")
        await client.add_home_address(ADDRESS, HOME_AGENT, 56)
        await client.add_home_address(ADDRESS)
        await client.remove_home_address(ADDRESS)
        await client.prefer_home_address(ADDRESS)
        await client.accept_proposal(ADDRESS)
        await client.dismiss_proposal(ADDRESS)
        await client.add_home_agent(HOME_AGENT, HOME, pinned=True)
        await client.remove_home_agent(HOME_AGENT)
        await client.set_interface_priority("wlan0", 5)
        await client.set_interface_order(("wlan0", "eth0"))
        await client.try_home_address(ADDRESS)
        await client.keep_home_address(ADDRESS)
        await client.try_home_address(ADDRESS, HOME_AGENT, 56)
        await client.cancel_trial(ADDRESS)
        await client.try_setting("mobile_node.enabled", "false")
        await client.try_interface_order(("wlan0",))
        await client.try_key(ADDRESS, HOME_AGENT, KeyKind.ESP, "x", 256, 257, b"secret")
        await client.cancel_trial()
        await client.set_key(ADDRESS, HOME_AGENT, KeyKind.ESP, "x", 256, 4_294_967_295, b"secret", KeyOwner.USER)
        await client.provide_key(ADDRESS, HOME_AGENT, 4_294_967_295, bytearray(b"secret"))
        await client.remove_key(ADDRESS, HOME_AGENT, 256)
        await client.set_home_agent_link(HOME, HOME_AGENT, "lan", advertise=True)
        await client.set_home_agent_link(HOME, HOME_AGENT)
        await client.remove_home_agent_link(HOME)
        await client.reload()
        assert core.calls == [
            ("set_setting", "mobile_node.enabled", "false"),
            ("add_home_address", ADDRESS, HOME_AGENT, 56),
            ("add_home_address", ADDRESS, None, 64),
            ("remove_home_address", ADDRESS),
            ("prefer_home_address", ADDRESS),
            ("accept_proposal", ADDRESS),
            ("dismiss_proposal", ADDRESS),
            ("add_home_agent", HOME_AGENT, HOME, True),
            ("remove_home_agent", HOME_AGENT),
            ("set_interface_priority", "wlan0", 5),
            ("set_interface_order", ["wlan0", "eth0"]),
            ("try_home_address", ADDRESS, None, 64),
            ("keep_home_address", ADDRESS),
            ("try_home_address", ADDRESS, HOME_AGENT, 56),
            ("cancel_trial", ADDRESS),
            ("try_setting", "mobile_node.enabled", "false"),
            ("try_interface_order", ["wlan0"]),
            ("try_key", ADDRESS, HOME_AGENT, KeyKind.ESP, "x", 256, 257, b"secret", KeyOwner.COMPUTER),
            ("cancel_trial", None),
            ("set_key", ADDRESS, HOME_AGENT, KeyKind.ESP, "x", 256, 4_294_967_295, b"secret", KeyOwner.USER),
            ("provide_key", ADDRESS, HOME_AGENT, 4_294_967_295, b"secret"),
            ("remove_key", ADDRESS, HOME_AGENT, 256),
            ("set_home_agent_link", HOME, HOME_AGENT, "lan", True),
            ("set_home_agent_link", HOME, HOME_AGENT, None, False),
            ("remove_home_agent_link", HOME),
            ("reload",),
        ]


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("is too large", key="a.b", accepted="1 to 3", file="/etc/x"),
        NetworkError("refused", operation="route add", errno=1, hint="look"),
        UnknownThing("no such address", hint="known: none"),
        InvalidArgument("odd", hint="even"),
        MobileIPv6Error("title", hint="hint"),
    ],
)
async def test_errors_arrive_as_they_were_raised(error):
    async with served() as (core, client):
        core.refusal = error
        with pytest.raises(type(error)) as raised:
            await client.reload()
        assert type(raised.value) is type(error)
        assert vars(raised.value) == vars(error)


async def test_watching():
    async with served() as (core, client):
        seen = client.watch()
        assert await soon(anext(seen)) == AWAY
        core.change(AT_HOME)
        assert await soon(anext(seen)) == AT_HOME
        core.change(AWAY)
        core.change(SERVING)
        async for status in seen:
            if status == SERVING:
                break
        await seen.aclose()


async def test_the_service_comes_and_goes():
    with private_bus() as bus:
        async with Client.connect(bus.address) as client:
            with pytest.raises(ServiceUnavailable, match="not running"):
                await client.status()
            with pytest.raises(ServiceUnavailable):
                await client.service_process()
            waiting = asyncio.create_task(client.wait_for_service())
            face = BusFace(FakeCore(), bus.address)
            await face.start()
            await soon(waiting)
            seen = client.watch()
            assert await soon(anext(seen)) == AWAY
            await face.stop()
            with pytest.raises(ServiceUnavailable):
                await soon(anext(seen))
            again = BusFace(FakeCore(SERVING), bus.address)
            await again.start()
            await soon(client.wait_for_service())
            assert await client.status() == SERVING
            await again.stop()


async def test_the_bus_comes_and_goes(monkeypatch):
    monkeypatch.setattr(client_module, "RETRY", 0.02)
    with private_bus() as bus:
        face = BusFace(FakeCore(), bus.address)
        await face.start()
        async with Client.connect(bus.address) as client:
            seen = client.watch()
            assert await soon(anext(seen)) == AWAY
            bus.stop()
            with pytest.raises(ServiceUnavailable):
                await soon(anext(seen))
            with pytest.raises(ServiceUnavailable, match="no message bus"):
                await client.status()
            waiting = asyncio.create_task(client.wait_for_service())
            bus.start()
            await soon(waiting, 20)
            assert await client.status() == AWAY
        await face.stop()


@pytest.mark.parametrize("address", ["unix:path=/nonexistent", "nonsense", "unix:path=/", ""])
async def test_no_bus_is_said(address, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    async with Client.connect(address or "session") as client:
        with pytest.raises(ServiceUnavailable, match="no message bus") as raised:
            await client.status()
        assert "--bus" in raised.value.hint


async def test_a_service_that_hangs_is_noticed(monkeypatch):
    async with served() as (core, client):
        await client.status()
        monkeypatch.setattr(client_module, "INTERACTIVE_TIMEOUT", 0.05)
        core.status = lambda: (_ for _ in ()).throw(AssertionError("not asked"))
        monkeypatch.setattr("service.interfaces.endpoint.Endpoint._answer", lambda *_: None)
        with pytest.raises(ServiceUnavailable, match="did not answer"):
            await client.status()


async def test_without_permission(monkeypatch):
    async with served() as (core, client):
        stranger = await connect_as(client._address, 65534)

        async def connect(_address):
            return stranger

        monkeypatch.setattr(client_module, "connect", connect)
        async with Client.connect(client._address) as other:
            with pytest.raises(NotAllowed) as raised:
                await other.reload()
            assert raised.value.hint
            with pytest.raises(NotAllowed):
                await other.status()
        assert core.calls == []


async def test_a_bus_policy_that_forbids_is_no_permission():
    rule = '<deny send_interface="org.mnclient.MobileNode1.Manager" send_member="Reload"/>'
    policy = f'<policy context="mandatory">{rule}</policy>'
    with private_bus(more=policy) as bus:
        face = BusFace(FakeCore(), bus.address)
        await face.start()
        async with Client.connect(bus.address) as client:
            with pytest.raises(NotAllowed, match="The bus does not let"):
                await client.reload()
        await face.stop()
