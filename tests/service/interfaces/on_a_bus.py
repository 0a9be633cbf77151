# SPDX-License-Identifier: GPL-2.0-or-later
"""A service with a fake core on a bus, and what a caller does with it."""

import asyncio
from contextlib import asynccontextmanager

from dbus_fast import Message, MessageType

from service import contract
from service.bus_connection import connect
from service.interfaces.bus import BusFace
from tests.service.fake_core import FakeCore
from tests.service.private_bus import private_bus


@asynccontextmanager
async def service(core=None):
    """A service on a bus, and a connection of a caller."""
    core = core or FakeCore()
    with private_bus() as bus:
        face = BusFace(core, bus.address)
        await face.start()
        caller = await connect(bus.address)
        try:
            yield core, caller, face
        finally:
            caller.disconnect()
            await face.stop()


async def call(bus, member, *body, interface=contract.MANAGER, path=contract.ROOT_PATH, signature=None):
    if signature is None:
        signature = contract.METHODS[interface][member].signature
    message = Message(contract.BUS_NAME, path, interface, member, signature=signature, body=list(body))
    async with asyncio.timeout(10):
        return await bus.call(message)


async def eventually(condition, within=10.0):
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.005)


async def listen(bus):
    """Every signal of the service from now on."""
    heard = []
    bus.add_message_handler(lambda message: _note(heard, message))
    rule = f"type='signal',sender='{contract.BUS_NAME}'"
    reply = await bus.call(
        Message(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "AddMatch",
            signature="s",
            body=[rule],
        )
    )
    assert reply.message_type is MessageType.METHOD_RETURN
    return heard


def _note(heard, message):
    if message.message_type is MessageType.SIGNAL and message.sender != "org.freedesktop.DBus":
        heard.append(message)
    return False
