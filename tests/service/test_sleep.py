# SPDX-License-Identifier: GPL-2.0-or-later
"""Waking up, with a logind that the test plays on a bus of its own."""

import asyncio
import logging
import os
import signal
from contextlib import asynccontextmanager

import pytest
from dbus_fast import Message, MessageFlag, NameFlag

from mnclient.units import Seconds
from service.bus_connection import connect, leave
from service.daemon import EXIT_OK, serve
from service.sleep import LOGIND, LOGIND_MANAGER, LOGIND_PATH, SIGNAL, SleepWatch
from tests.service.fake_node import Machine, until
from tests.service.private_bus import private_bus


def prepare_for_sleep(*body, signature="b", destination=None):
    message = Message.new_signal(LOGIND_PATH, LOGIND_MANAGER, SIGNAL, signature, list(body))
    message.destination = destination
    return message


@asynccontextmanager
async def logind(bus, name=LOGIND):
    connection = await connect(bus.address)
    await connection.request_name(name, NameFlag.DO_NOT_QUEUE)
    yield connection
    await leave(connection)


@asynccontextmanager
async def watching(address, **more):
    """A watch that listens, and the list that grows with every resumption."""
    heard = []
    watch = SleepWatch(lambda: heard.append("resumed"), address, **more)
    async with asyncio.timeout(10):
        await watch.listening.wait()
    yield watch, heard
    await watch.stop()


async def everything_arrived(watch, sender):
    """A call through the same bus connections comes after the signals that were sent before it."""
    target = watch._bus.unique_name
    question = Message(target, "/", "org.freedesktop.DBus.Peer", "Ping", flags=MessageFlag.NONE)
    async with asyncio.timeout(10):
        await sender.call(question)


async def test_going_to_sleep_is_no_news_and_waking_up_is():
    with private_bus() as bus:
        async with logind(bus) as sender, watching(bus.address) as (watch, heard):
            await sender.send(prepare_for_sleep(True))
            await everything_arrived(watch, sender)
            assert heard == []
            for count in (1, 2):
                await sender.send(prepare_for_sleep(False))
                await everything_arrived(watch, sender)
                assert heard == ["resumed"] * count


async def test_a_logind_that_comes_later_or_again_is_heard():
    with private_bus() as bus:
        async with watching(bus.address) as (watch, heard):
            for count in (1, 2):
                async with logind(bus) as sender:
                    await until(lambda sender=sender: watch._logind == sender.unique_name)
                    await sender.send(prepare_for_sleep(False))
                    await everything_arrived(watch, sender)
                assert heard == ["resumed"] * count


@pytest.mark.parametrize("is_there", [True, False])
async def test_nobody_else_is_believed(is_there):
    with private_bus() as bus:
        async with (
            logind(bus, LOGIND if is_there else "org.example.Nobody"),
            watching(bus.address) as (watch, heard),
            logind(bus, "org.example.Forger") as forger,
        ):
            for destination in (None, watch._bus.unique_name):
                await forger.send(prepare_for_sleep(False, destination=destination))
            owner = ["org.freedesktop.login1", "", forger.unique_name]
            lie = Message.new_signal("/", "org.freedesktop.DBus", "NameOwnerChanged", "sss", owner)
            lie.destination = watch._bus.unique_name
            await forger.send(lie)
            await forger.send(prepare_for_sleep(False, destination=watch._bus.unique_name))
            await everything_arrived(watch, forger)
            assert heard == []


@pytest.mark.parametrize("signature, body", [("", []), ("s", ["false"]), ("i", [0]), ("bb", [False, False])])
async def test_a_signal_of_another_form_is_not_understood(signature, body):
    with private_bus() as bus:
        async with logind(bus) as sender, watching(bus.address) as (watch, heard):
            await sender.send(prepare_for_sleep(*body, signature=signature))
            await everything_arrived(watch, sender)
            assert heard == []


async def test_without_a_bus_it_is_silent(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    watch = SleepWatch(lambda: None, f"unix:path={tmp_path}/no-bus")
    async with asyncio.timeout(10):
        await watch._task
    await watch.stop()
    await watch.stop()
    assert caplog.text == ""


async def test_a_bus_that_comes_back():
    with private_bus() as bus:
        async with watching(bus.address, retry=Seconds(0.01)) as (watch, heard):
            bus.stop()
            await until(lambda: not watch.listening.is_set())
            bus.start()
            async with asyncio.timeout(10):
                await watch.listening.wait()
            async with logind(bus) as sender:
                await until(lambda: watch._logind == sender.unique_name)
                await sender.send(prepare_for_sleep(False))
                await everything_arrived(watch, sender)
            assert heard == ["resumed"]


@pytest.mark.parametrize("is_there", [True, False])
async def test_the_service_tells_its_node(tmp_path, monkeypatch, is_there):
    """logind is on the system bus, while the service itself may be on another."""
    machine = Machine(tmp_path)
    with private_bus() as own, private_bus() as system:
        address = system.address if is_there else f"unix:path={tmp_path}/no-bus"
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        async with logind(system) as sender:
            service = asyncio.create_task(serve(machine.core, own.address))
            await until(lambda: machine.node is not None and machine.node.is_running)
            if is_there:
                await until(lambda: resumptions_after(sender, machine.node))
            os.kill(os.getpid(), signal.SIGTERM)
            assert await service == EXIT_OK
            assert bool(machine.node.resumptions) == is_there


def resumptions_after(sender, node):
    sender.send(prepare_for_sleep(False))
    return node.resumptions
