# SPDX-License-Identifier: GPL-2.0-or-later
"""A connection to a message bus by its name or address, for the service and for its clients."""

import asyncio
import socket
from typing import Any, Final

from dbus_fast import BusType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

BUS_ERRORS: Final = (DBusFastError, OSError, EOFError, KeyError)
"""What a bus that is missing, refuses or breaks off can raise (KeyError: no HOME when a session bus is looked for)."""


async def connect(address: str) -> MessageBus:
    """Connected to "system", "session" or an address like unix:path=/run/x. One of BUS_ERRORS when that fails."""
    if address == "system":
        bus = MessageBus(bus_type=BusType.SYSTEM)
    elif address == "session":
        bus = MessageBus(bus_type=BusType.SESSION)
    else:
        bus = MessageBus(bus_address=address)
    await bus.connect()
    writer: Any = bus._writer
    writer.sock = _PatientSocket(writer.sock)
    return bus


async def until_gone(bus: MessageBus) -> None:
    """Returns when the connection has ended, for whatever reason."""
    # Shielded: the library hands out one future to all who wait, and one who gives up would end it for the others.
    await asyncio.shield(asyncio.ensure_future(_gone(bus)))


async def leave(bus: MessageBus) -> None:
    """Close the connection, and return when it is closed."""
    if bus.connected:
        bus.disconnect()
        await until_gone(bus)


class _PatientSocket:
    """Takes nothing, for now, when its buffer is full.

    dbus-fast 5.2 sends at once what it is given, without asking whether there is room, and takes the refusal for the
    end of the connection: a burst of signals, or a message behind a long answer, broke it off.
    """

    def __init__(self, wrapped: socket.socket) -> None:
        self._wrapped = wrapped

    def send(self, octets: memoryview) -> int:
        try:
            return self._wrapped.send(octets)
        except BlockingIOError:
            return 0  # the writer goes on when there is room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


async def _gone(bus: MessageBus) -> None:
    try:
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # the library says nothing about it
    except BUS_ERRORS:
        return  # that it ended is all that was asked
