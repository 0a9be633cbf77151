# SPDX-License-Identifier: GPL-2.0-or-later
"""Callers whose leaving matters, because something of theirs must not outlive them."""

from collections.abc import Callable
from typing import Final

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from service.contract import NotAllowed

_DAEMON: Final = "org.freedesktop.DBus"


class Callers:
    """Watches single unique names. `left` is called with each that leaves; nobody else's comings wake us up."""

    def __init__(self, bus: MessageBus, left: Callable[[str], None]) -> None:
        self._bus = bus
        self._left = left
        self._watched: set[str] = set()

    async def watch(self, name: str) -> None:
        """Tell when `name` leaves. NotAllowed when it has left already, or when the bus does not tell us."""
        if name in self._watched:
            return
        watching = await self._ask("AddMatch", _rule(name))
        # It may have left before the rule was in force; after this answer nothing can be missed.
        is_there = await self._ask("NameHasOwner", name)
        if watching is None or is_there is None or not is_there.body[0]:
            raise NotAllowed("The bus does not tell when this caller leaves", hint="call again")
        self._watched.add(name)

    def receive(self, message: Message) -> None:
        """Any signal of the bus."""
        if message.sender != _DAEMON or message.member != "NameOwnerChanged" or message.signature != "sss":
            return
        name, _, new_owner = message.body
        if name in self._watched and not new_owner:
            self._watched.discard(name)
            self._forget_rule(name)
            self._left(name)

    def close(self) -> None:
        """The bus is gone, and with it everybody who was on it."""
        watched, self._watched = self._watched, set()
        for name in watched:
            self._left(name)

    def _forget_rule(self, name: str) -> None:
        if self._bus.connected:
            sent = self._bus.send(_question("RemoveMatch", _rule(name)))
            sent.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _ask(self, member: str, argument: str) -> Message | None:
        """The answer, or None for an error."""
        reply = await self._bus.call(_question(member, argument))
        return reply if reply.message_type is MessageType.METHOD_RETURN else None


def _rule(name: str) -> str:
    return f"type='signal',sender='{_DAEMON}',interface='{_DAEMON}',member='NameOwnerChanged',arg0='{name}'"


def _question(member: str, argument: str) -> Message:
    return Message(_DAEMON, "/org/freedesktop/DBus", _DAEMON, member, signature="s", body=[argument])
