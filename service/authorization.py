# SPDX-License-Identifier: GPL-2.0-or-later
"""May this caller do that? Asked before anything else happens to a call; without a clear yes the answer is no.

Root and the service's own user always may: they could do it without us. Everybody else is decided by polkit on the same
bus. Where there is no polkit (a private bus, a container), nobody else may.
"""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeGuard

from dbus_fast import DBusError, Message, MessageType, Variant

from service.contract import MANAGER, METHODS, Action, NotAllowed, Permission
from service.settings_schema import BY_KEY

_LOG: Final = logging.getLogger(__name__)

_POLKIT: Final = "org.freedesktop.PolicyKit1"
_POLKIT_PATH: Final = "/org/freedesktop/PolicyKit1/Authority"
_POLKIT_INTERFACE: Final = "org.freedesktop.PolicyKit1.Authority"
_ALLOW_USER_INTERACTION: Final = 1
_BUS: Final = "org.freedesktop.DBus"
_REMEMBERED_CALLERS: Final = 256  # bounds memory when somebody connects again and again


def required_action(interface: str, member: str, arguments: list[Any]) -> Action:
    """The permission a call needs. KeyError for a method that is not in the contract."""
    if interface == MANAGER and member in ("SetSetting", "TrySetting"):
        return setting_action(str(arguments[0]))
    return METHODS[interface][member].action


def setting_action(key: str) -> Action:
    """The permission to set one setting: its declaration says whether it concerns others than the person asking."""
    declared = BY_KEY.get(key)
    return Action.ADMINISTER if declared is None or declared.needs_admin else Action.CONTROL


Call = Callable[[Message], Awaitable[Message | None]]
"""Sends a method call and gives the reply, an error reply included."""


class Authority:
    """Decides for the callers of one bus connection."""

    def __init__(self, call: Call, own_user: int | None = None) -> None:
        self._call = call
        self._always_allowed = {0, os.geteuid() if own_user is None else own_user}
        self._users: OrderedDict[str, int] = OrderedDict()

    async def check(self, sender: str, action: Action, *, interactive: bool = False) -> None:
        """Returns if `sender` (a unique bus name) may do this; NotAllowed otherwise.

        `interactive`: the caller can wait while the person is asked for a password.
        """
        if await self._user(sender) in self._always_allowed:
            return
        is_authorized, is_challenge = await self._ask_polkit(sender, action, interactive)
        if is_authorized:
            return
        if is_challenge:
            hint = "confirm it with a password when asked, or do it as root"
        else:
            hint = "ask the administrator of this machine, or do it as root"
        raise NotAllowed(f"Permission {action.value} was not given", hint=hint)

    async def permissions(self, sender: str) -> dict[Action, Permission]:
        """What `sender` may do now, and what after a password. Nobody is asked for one."""
        if await self._user(sender) in self._always_allowed:
            return dict.fromkeys(Action, Permission.YES)
        answers = await asyncio.gather(*(self._permission(sender, action) for action in Action))
        return dict(zip(Action, answers, strict=True))

    async def _permission(self, sender: str, action: Action) -> Permission:
        try:
            is_authorized, is_challenge = await self._ask_polkit(sender, action, interactive=False)
        except NotAllowed:  # nobody who could decide
            return Permission.NO
        if is_authorized:
            return Permission.YES
        return Permission.PASSWORD if is_challenge else Permission.NO

    async def _user(self, sender: str) -> int:
        """The user id of a caller. Unique names are never given twice on a bus, so it can be remembered."""
        if sender in self._users:
            self._users.move_to_end(sender)
            return self._users[sender]
        reply = await self._call(
            Message(
                destination=_BUS,
                path="/org/freedesktop/DBus",
                interface=_BUS,
                member="GetConnectionCredentials",
                signature="s",
                body=[sender],
            )
        )
        credentials = reply.body[0] if _is_answer(reply, "a{sv}") else {}
        if "UnixUserID" not in credentials:
            raise NotAllowed("The bus does not say who is calling", hint="call again, as a local user")
        user = int(credentials["UnixUserID"].value)
        self._users[sender] = user
        if len(self._users) > _REMEMBERED_CALLERS:
            self._users.popitem(last=False)
        return user

    async def _ask_polkit(self, sender: str, action: Action, interactive: bool) -> tuple[bool, bool]:
        """polkit's answer: authorized, and whether a password could change a no."""
        subject = ["system-bus-name", {"name": Variant("s", sender)}]
        flags = _ALLOW_USER_INTERACTION if interactive else 0
        question = Message(
            destination=_POLKIT,
            path=_POLKIT_PATH,
            interface=_POLKIT_INTERFACE,
            member="CheckAuthorization",
            signature="(sa{sv})sa{ss}us",
            body=[subject, action.value, {}, flags, ""],
        )
        try:
            reply = await self._call(question)
        except (DBusError, OSError, EOFError) as error:
            raise _nobody_to_ask(action, str(error)) from None
        if not _is_answer(reply, "(bba{ss})"):
            raise _nobody_to_ask(action, _reason(reply))
        is_authorized, is_challenge, _ = reply.body[0]
        return bool(is_authorized), bool(is_challenge)


def _is_answer(reply: Message | None, signature: str) -> TypeGuard[Message]:
    return reply is not None and reply.message_type is MessageType.METHOD_RETURN and reply.signature == signature


def _reason(reply: Message | None) -> str:
    if reply is None:
        return "no reply"
    return f"{reply.error_name}: {reply.body[0] if reply.body else ''}"


def _nobody_to_ask(action: Action, reason: str) -> NotAllowed:
    _LOG.info("polkit gave no answer about %s: %s", action.value, reason)
    return NotAllowed(
        f"Permission {action.value} was not given, because polkit does not answer on this bus",
        hint="do it as root",
    )
