# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio

import pytest
from dbus_fast import Message, MessageType

from service.bus_connection import BUS_ERRORS, connect, leave, until_gone
from tests.service.private_bus import private_bus

PATH, INTERFACE = "/x", "org.example.Test"


def told(number, size):
    return Message(message_type=MessageType.SIGNAL, path=PATH, interface=INTERFACE, member="Told", signature="us",
                   body=[number, "x" * size])  # fmt: skip


@pytest.mark.parametrize("count, size", [(5000, 400), (60, 400_000)])
async def test_more_than_fits_into_the_socket_at_once(count, size):
    """A burst of messages waits for the bus; it does not break the connection."""
    with private_bus() as bus:
        speaker, listener = await connect(bus.address), await connect(bus.address)
        heard, all_heard = [], asyncio.Event()

        def hear(message):
            if message.member == "Told":
                heard.append(message.body[0])
                if len(heard) == count:
                    all_heard.set()

        listener.add_message_handler(hear)
        daemon = "org.freedesktop.DBus"
        await listener.call(
            Message(destination=daemon, path="/org/freedesktop/DBus", interface=daemon, member="AddMatch",
                    signature="s", body=[f"interface='{INTERFACE}'"])
        )  # fmt: skip
        sent = [speaker.send(told(number, size)) for number in range(count)]
        async with asyncio.timeout(60):
            await asyncio.gather(*sent)
            await all_heard.wait()
        assert heard == list(range(count))
        assert speaker.connected
        await leave(speaker)
        await leave(listener)


async def test_a_bus_that_ends_is_noticed():
    with private_bus() as bus:
        connection = await connect(bus.address)
        bus.stop()
        async with asyncio.timeout(10):
            await until_gone(connection)
        assert not connection.connected


async def test_there_is_no_bus():
    with pytest.raises(BUS_ERRORS):
        await connect("unix:path=/nonexistent/bus")
