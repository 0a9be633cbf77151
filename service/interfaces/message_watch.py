# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is told of new messages in the log: callers that asked for it, as long as they are on the bus.

The signal goes to them alone. While nobody watches, the log has no listener and there is nothing to do.
"""

import asyncio
from typing import Any, Final

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from mnclient.errors import MobileIPv6Error
from mnclient.runtime.message_log import MessageLog
from mnclient.units import Seconds
from service import contract
from service.bus_connection import BUS_ERRORS

INTERVAL: Final = Seconds(0.1)
"""At most ten times a second, however much is going on."""
MAX_WATCHERS: Final = 64
"""Bounds what is sent, and the rules by which the bus tells us who leaves."""

_DAEMON: Final = "org.freedesktop.DBus"
_DAEMON_PATH: Final = "/org/freedesktop/DBus"


class MessageWatch:
    """One for each connection to a bus."""

    def __init__(self, bus: MessageBus, log: MessageLog) -> None:
        self._bus = bus
        self._log = log
        self._callers: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: asyncio.Handle | None = None
        self._told = float("-inf")
        bus.add_message_handler(self._receive)

    def close(self) -> None:
        """Tell nobody any more."""
        self._bus.remove_message_handler(self._receive)
        self._callers.clear()
        self._log.listener = None
        if self._pending is not None:
            self._pending.cancel()
        for task in self._tasks:
            task.cancel()

    def set(self, caller: str, wanted: bool) -> None:
        """From now on tell a caller, or do not. MobileIPv6Error when too many others are told already."""
        if wanted == (caller in self._callers):
            return
        if wanted:
            if len(self._callers) >= MAX_WATCHERS:
                raise MobileIPv6Error("Too many programs follow the protocol log", hint="close one of them")
            self._callers.add(caller)
            self._log.listener = self._noticed
        else:
            self._forget(caller)
        self._start(self._follow(caller) if wanted else self._unfollow(caller))

    def _forget(self, caller: str) -> None:
        self._callers.discard(caller)
        if not self._callers:
            self._log.listener = None

    # --- telling ---

    def _noticed(self) -> None:
        if self._pending is None:
            loop = asyncio.get_running_loop()
            wait = self._told + INTERVAL - loop.time()
            self._pending = loop.call_later(wait, self._tell) if wait > 0 else loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._pending = None
        self._told = asyncio.get_running_loop().time()
        for caller in self._callers if self._bus.connected else ():
            signal = Message(
                destination=caller,
                path=contract.ROOT_PATH,
                interface=contract.MANAGER,
                member="MessagesChanged",
                message_type=MessageType.SIGNAL,
            )
            # When the connection breaks meanwhile, the one who keeps it is told; here there is nothing to add.
            self._bus.send(signal).add_done_callback(lambda sent: sent.cancelled() or sent.exception())

    # --- who is still there ---

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, caller: str) -> None:
        await self._ask("AddMatch", _departure(caller))
        if not await self._ask("NameHasOwner", caller):
            self._forget(caller)  # it left before the bus had heard that we want to know

    async def _unfollow(self, caller: str) -> None:
        await self._ask("RemoveMatch", _departure(caller))

    async def _ask(self, member: str, argument: str) -> bool:
        """The answer of the bus, true when there is none to be had: whoever is gone then, so are we."""
        message = Message(_DAEMON, _DAEMON_PATH, _DAEMON, member, signature="s", body=[argument])
        try:
            reply = await self._bus.call(message)
        except BUS_ERRORS:
            return True
        return bool(reply.body[0]) if reply.body else True

    def _receive(self, message: Message) -> bool:
        if message.message_type is MessageType.SIGNAL and message.sender == _DAEMON:
            if message.member == "NameOwnerChanged" and message.body[0] in self._callers and not message.body[2]:
                self.set(message.body[0], False)
        return False


def _departure(caller: str) -> str:
    return f"type='signal',sender='{_DAEMON}',interface='{_DAEMON}',member='NameOwnerChanged',arg0='{caller}'"
