# SPDX-License-Identifier: GPL-2.0-or-later
"""One program for each person: a second start hands its wish to the first, and ends.

Over the session bus, as org.freedesktop.Application; where there is no such bus, over a socket in the person's runtime
folder. Where there is neither, each start is a program of its own.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from dbus_fast import Message, Variant

from ui.tray.session_bus import NobodyThere, SessionBus

NAME: Final = "org.mnclient.Tray"
PATH: Final = "/org/mnclient/Tray"
APPLICATION: Final = "org.freedesktop.Application"
SOCKET: Final = "mnclient-tray.socket"
TOKEN_VARIABLE: Final = "XDG_ACTIVATION_TOKEN"

PATIENCE: Final = 5.0
LONGEST_WISH: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Wish:
    """What a start of the program asks for: `what` is "hidden", "window", "preferences", "wizard" or "invitation"."""

    what: str
    argument: str = ""
    token: str = ""
    """The desktop's permission to come to the front."""


WISHES: Final = frozenset({"hidden", "window", "preferences", "wizard", "invitation"})


async def hand_over(bus: SessionBus, wish: Wish) -> bool:
    """Give the wish to the program that runs already; False when none does."""
    if bus.is_connected:
        return await _hand_over_by_bus(bus, wish)
    return await _hand_over_by_socket(wish)


class SingleInstance:
    """The place where wishes of later starts arrive."""

    def __init__(self, bus: SessionBus, grant: Callable[[Wish], None]) -> None:
        self._bus = bus
        self._grant = grant
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def claim(self) -> bool:
        """Be the one; False when another program is."""
        if self._bus.is_connected:
            self._bus.answer(APPLICATION, self._called)
            return await self._bus.take_name(NAME)
        place = socket_path()
        if place is None:
            return True
        if await _answers(place):
            return False
        place.unlink(missing_ok=True)  # left by a program that was killed
        self._server = await asyncio.start_unix_server(self._connected, place, limit=LONGEST_WISH)
        return True

    async def close(self) -> None:
        """Be it no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
            for talk in self._talks:
                talk.cancel()
            if self._talks:
                await asyncio.wait(self._talks)
            if (place := socket_path()) is not None:
                place.unlink(missing_ok=True)

    def _called(self, message: Message) -> bool:
        wish = wish_of(message.member or "", list(message.body))
        if wish is None:
            return False
        asyncio.get_running_loop().call_soon(self._grant, wish)  # answer first: a window takes its time
        return True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        try:
            async with asyncio.timeout(PATIENCE):
                line = await reader.readline()
            wish = wish_from_line(line)
            if wish is not None:
                writer.write(b"yes\n")
                self._grant(wish)
        except (OSError, TimeoutError, ValueError):
            pass  # whoever it was has gone, or has too much to say
        finally:
            await _hang_up(writer)


def socket_path() -> Path | None:
    """Where the socket is; None where a person has no folder for such things."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    return Path(folder) / SOCKET if folder and Path(folder).is_dir() else None


def wish_of(member: str, body: list[Any]) -> Wish | None:
    """The wish in a call of org.freedesktop.Application; None when it is no such call."""
    token = _token(body[-1]) if body else ""
    match member, body:
        case "Activate", [dict()]:
            return Wish("window", "", token)
        case "Open", [[str() as uri, *_], dict()]:
            parts = urlsplit(uri)
            return Wish("invitation", unquote(parts.path) if parts.scheme == "file" else uri, token)
        case "ActivateAction", [str() as what, [*parameters], dict()] if what in WISHES:
            values = [each.value for each in parameters if isinstance(each, Variant)]
            return Wish(what, values[0] if values and isinstance(values[0], str) else "", token)
        case _:
            return None


def wish_from_line(line: bytes) -> Wish | None:
    """The wish that came through the socket; None when it is none."""
    try:
        values = json.loads(line)
        wish = Wish(*(str(each) for each in values))
    except (ValueError, TypeError):
        return None
    return wish if wish.what in WISHES else None


def _token(platform_data: object) -> str:
    value = platform_data.get("activation-token") if isinstance(platform_data, dict) else None
    return value.value if isinstance(value, Variant) and isinstance(value.value, str) else ""


async def _hand_over_by_bus(bus: SessionBus, wish: Wish) -> bool:
    platform_data = {"activation-token": Variant("s", wish.token)} if wish.token else {}
    parameters = [Variant("s", wish.argument)] if wish.argument else []
    if not await _is_owned(bus, NAME):  # the call itself would have the bus start a program
        return False
    try:
        await bus.call(NAME, PATH, APPLICATION, "ActivateAction", "sava{sv}", wish.what, parameters, platform_data)
    except NobodyThere:
        return await _is_owned(bus, NAME)  # it is there, and says nothing: a second one would not be better
    return True


async def _is_owned(bus: SessionBus, name: str) -> bool:
    from ui.tray.session_bus import DAEMON, DAEMON_PATH

    try:
        (owned,) = await bus.call(DAEMON, DAEMON_PATH, DAEMON, "NameHasOwner", "s", name)
    except NobodyThere:
        return False
    return bool(owned)


async def _hand_over_by_socket(wish: Wish) -> bool:
    place = socket_path()
    if place is None:
        return False
    line = json.dumps([wish.what, wish.argument, wish.token]).encode() + b"\n"
    return await _say(place, line) == b"yes\n"


async def _answers(place: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(place)
    except OSError:
        return False
    await _hang_up(writer)
    return True


async def _say(place: Path, line: bytes) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(place)
            try:
                writer.write(line)
                return await reader.readline()
            finally:
                await _hang_up(writer)
    except (OSError, TimeoutError):
        return b""


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
