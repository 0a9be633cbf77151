# SPDX-License-Identifier: GPL-2.0-or-later
"""The person's own message bus: notifications, tray hosts, and a second start of this program are found there.

There may be none; then nothing of it is there, and nothing fails. A bus that breaks off does not come again: a session
ends with it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError
from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error

_log = logging.getLogger(__name__)

DAEMON: Final = "org.freedesktop.DBus"
DAEMON_PATH: Final = "/org/freedesktop/DBus"
PATIENCE: Final = 10.0
"""Seconds until a program that does not answer is given up."""

_ERRORS: Final = (DBusFastError, OSError, EOFError, KeyError, TimeoutError)


class NobodyThere(MobileIPv6Error):
    """The other program is not on the bus, does not answer, or refuses."""


class SessionBus(QObject):
    """Signals:
    owner_changed(str, str): a watched name has this owner now; "" when it has none.
    signalled(Message): a signal that was subscribed to.
    """

    owner_changed = Signal(str, str)
    signalled = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bus: MessageBus | None = None
        self._answerers: dict[str, Callable[[Message], bool]] = {}

    @property
    def is_connected(self) -> bool:
        """Whether there is a bus."""
        return self._bus is not None and self._bus.connected

    async def connect(self) -> bool:
        """Join the bus; False when there is none."""
        try:
            async with asyncio.timeout(PATIENCE):
                self._bus = await MessageBus(bus_type=BusType.SESSION).connect()
        except _ERRORS as error:
            _log.info("there is no session bus: %s", error)
            return False
        self._bus.add_message_handler(self._receive)
        return True

    async def close(self) -> None:
        """Leave the bus."""
        bus, self._bus = self._bus, None
        if bus is not None and bus.connected:
            bus.disconnect()
            with contextlib.suppress(*_ERRORS):
                await bus.wait_for_disconnect()

    async def call(
        self, destination: str, path: str, interface: str, member: str, signature: str = "", *body: Any
    ) -> list[Any]:
        """The answer of a method. NobodyThere when there is none."""
        if self._bus is None or not self._bus.connected:
            raise NobodyThere("There is no session bus")
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._bus.call(message)
        except _ERRORS as error:
            raise NobodyThere(f"{destination} does not answer ({error or type(error).__name__})") from error
        if reply is None:
            raise NobodyThere("The session bus is gone")
        if reply.message_type is MessageType.ERROR:
            raise NobodyThere(f"{destination} refuses {member}: {reply.error_name}")
        return list(reply.body)

    async def watch_owner(self, name: str) -> str:
        """Tell of every new owner of this name from now on; the owner there is."""
        await self.subscribe(f"sender='{DAEMON}',member='NameOwnerChanged',arg0='{name}'")
        try:
            (owner,) = await self.call(DAEMON, DAEMON_PATH, DAEMON, "GetNameOwner", "s", name)
        except NobodyThere:
            return ""
        return str(owner)

    async def subscribe(self, rule: str) -> None:
        """Hear these signals from now on."""
        with contextlib.suppress(NobodyThere):  # then there is nobody to send them either
            await self.call(DAEMON, DAEMON_PATH, DAEMON, "AddMatch", "s", f"type='signal',{rule}")

    async def take_name(self, name: str) -> bool:
        """Own a name of the bus; False when somebody else does."""
        try:
            (answer,) = await self.call(DAEMON, DAEMON_PATH, DAEMON, "RequestName", "su", name, _DO_NOT_QUEUE)
        except NobodyThere:
            return True  # the bus is gone, and with it whoever else could have the name
        return answer in (_PRIMARY_OWNER, _ALREADY_OWNER)

    def answer(self, interface: str, answerer: Callable[[Message], bool]) -> None:
        """Calls of this interface go to `answerer`; it is True when it knew the method, which then has no result."""
        self._answerers[interface] = answerer

    def _receive(self, message: Message) -> Message | bool:
        if message.message_type is MessageType.SIGNAL:
            if message.sender == DAEMON and message.member == "NameOwnerChanged":
                self.owner_changed.emit(message.body[0], message.body[2])
            else:
                self.signalled.emit(message)
            return False
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        answerer = self._answerers.get(message.interface or "")
        return Message.new_method_return(message) if answerer is not None and answerer(message) else False


_DO_NOT_QUEUE: Final = 4
_PRIMARY_OWNER: Final = 1
_ALREADY_OWNER: Final = 4
