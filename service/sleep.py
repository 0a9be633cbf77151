# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells when the machine wakes up: logind announces it on the system bus (org.freedesktop.login1, PrepareForSleep).

A machine without logind or without a system bus never hears of it, which is no reason to complain: then the links say
what changed, only later.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from mnclient.units import Seconds
from service.bus_connection import BUS_ERRORS, connect, leave, until_gone

_log = logging.getLogger(__name__)

LOGIND: Final = "org.freedesktop.login1"
LOGIND_PATH: Final = "/org/freedesktop/login1"
LOGIND_MANAGER: Final = "org.freedesktop.login1.Manager"
SIGNAL: Final = "PrepareForSleep"  # b: true before sleeping, false after waking up
ANSWER_TIMEOUT: Final = Seconds(10.0)
RETRY: Final = Seconds(30.0)
"""How often a bus that was there, and went away, is looked for."""

_DAEMON: Final = "org.freedesktop.DBus"
_DAEMON_PATH: Final = "/org/freedesktop/DBus"
_OWNER_CHANGED: Final = "NameOwnerChanged"
_MATCHES: Final = (
    f"type='signal',sender='{LOGIND}',path='{LOGIND_PATH}',interface='{LOGIND_MANAGER}',member='{SIGNAL}'",
    f"type='signal',sender='{_DAEMON}',interface='{_DAEMON}',member='{_OWNER_CHANGED}',arg0='{LOGIND}'",
)


class SleepWatch:
    """Calls `resumed` each time the machine wakes up, from its making until `stop`."""

    def __init__(self, resumed: Callable[[], None], address: str = "system", retry: Seconds = RETRY) -> None:
        """`address`: the bus logind is on. Must be made in a running loop; `resumed` is called in it."""
        self._resumed = resumed
        self._address = address
        self._retry = retry
        self._bus: MessageBus | None = None
        self._logind = ""  # its unique name, "" while it is not on the bus
        self._task = asyncio.create_task(self._watch(), name="sleep")
        self.listening = asyncio.Event()
        """Set while logind would be heard."""

    async def stop(self) -> None:
        """Listen no longer. May be called twice."""
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._leave()

    async def _watch(self) -> None:
        if not await self._listen():
            return  # a machine without a system bus
        while self._bus is not None:
            await until_gone(self._bus)
            self.listening.clear()
            _log.info("the system bus went away: waking up is not noticed until it is back")
            await self._come_back()

    async def _come_back(self) -> None:
        back = False
        while not back:
            await asyncio.sleep(self._retry)
            back = await self._listen()

    async def _listen(self) -> bool:
        """Whether the bus would bring the signal now."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                self._bus = await connect(self._address)
                self._bus.add_message_handler(self._receive)
                for rule in _MATCHES:
                    await self._bus.call(_to_daemon("AddMatch", rule))
                reply = await self._bus.call(_to_daemon("GetNameOwner", LOGIND))
        except (*BUS_ERRORS, TimeoutError) as error:
            _log.debug("waking up is not noticed: %s", error)
            await self._leave()
            return False
        if reply.message_type is MessageType.METHOD_RETURN:
            self._logind = str(reply.body[0])  # otherwise it may come later, and NameOwnerChanged says so
        self.listening.set()
        return True

    async def _leave(self) -> None:
        bus, self._bus, self._logind = self._bus, None, ""
        if bus is not None:
            await leave(bus)

    def _receive(self, message: Message) -> bool:
        if message.message_type is not MessageType.SIGNAL:
            return False
        if message.sender == _DAEMON and message.member == _OWNER_CHANGED and message.signature == "sss":
            name, _, owner = message.body
            self._logind = owner if name == LOGIND else self._logind
        elif _is_waking_up(message) and message.sender == self._logind:
            # What is sent to us alone comes through without a match, from anybody: only logind is believed.
            _log.info("the machine woke up")
            self._resumed()
        return False


def _is_waking_up(message: Message) -> bool:
    names = (message.interface, message.member, message.signature)
    return names == (LOGIND_MANAGER, SIGNAL, "b") and message.body == [False]


def _to_daemon(member: str, argument: str) -> Message:
    return Message(
        destination=_DAEMON, path=_DAEMON_PATH, interface=_DAEMON, member=member, signature="s", body=[argument]
    )
