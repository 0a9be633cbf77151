# SPDX-License-Identifier: GPL-2.0-or-later
"""What a screen reader is told of the windows on a desktop, and where things are that one can point at.

    eyes = Eyes(here)
    eyes.press("push button", "Next")
    eyes.wait("label", "Reachable")

Names and roles are those of AT-SPI, the accessibility bus of Linux desktops. What has no name here cannot be found, by
a test or by a person who cannot see.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dbus_fast import Message
from dbus_fast.aio import MessageBus

from tests.ui.desktop import PATIENCE, Desktop

LAUNCHERS: Final = (Path("/usr/libexec/at-spi-bus-launcher"), Path("/usr/lib/at-spi2-core/at-spi-bus-launcher"))
ROOT_PATH: Final = "/org/a11y/atspi/accessible/root"
_ACCESSIBLE: Final = "org.a11y.atspi.Accessible"
_CHECKED, _ENABLED, _FOCUSED, _SHOWING = (1 << bit for bit in (4, 8, 12, 25))


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in a window: its role ("push button"), its name, and the middle of it on the screen."""

    owner: str
    path: str
    role: str
    name: str
    description: str
    states: int
    place: tuple[int, int, int, int]

    @property
    def middle(self) -> tuple[int, int]:
        """Where to point at."""
        x, y, width, height = self.place
        return x + width // 2, y + height // 2

    @property
    def is_enabled(self) -> bool:
        """Whether it can be used."""
        return bool(self.states & _ENABLED)

    @property
    def is_checked(self) -> bool:
        """Whether it is switched on."""
        return bool(self.states & _CHECKED)

    @property
    def is_focused(self) -> bool:
        """Whether keys go to it."""
        return bool(self.states & _FOCUSED)


class Eyes:
    """Programs must be started after it, with `environment`, to be seen."""

    def __init__(self, here: Desktop) -> None:
        self.here = here
        launcher = next(each for each in LAUNCHERS if each.exists())
        here.start([str(launcher), "--launch-immediately"])
        here.until(lambda: here.has_owner("org.a11y.Bus"), "the accessibility bus")
        self._address = here.call("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
        here.environment["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"

    def things(self) -> list[Thing]:
        """All that can be seen, from the outside to the inside."""
        return asyncio.run(self._look())

    def find(self, role: str, name: str) -> Thing | None:
        """The first thing of this role whose name matches (a regular expression, anywhere in it)."""
        pattern = re.compile(name)
        return next((each for each in self.things() if each.role == role and pattern.search(each.name)), None)

    def wait(self, role: str, name: str, *, enabled: bool = False, within: float = PATIENCE) -> Thing:
        """The same, as soon as it is there."""

        def look() -> Thing | None:
            found = self.find(role, name)
            return found if found and (found.is_enabled or not enabled) else None

        try:
            return self.here.until(look, f"{role} {name!r}", within)
        except AssertionError as error:
            raise AssertionError(f"{error}\nwhat there is:\n{self.picture()}") from None

    def gone(self, role: str, name: str, within: float = PATIENCE) -> None:
        """Waits until there is no such thing."""
        self.here.until(lambda: self.find(role, name) is None, f"the end of {role} {name!r}", within)

    def press(self, role: str, name: str, within: float = PATIENCE) -> Thing:
        """Click on it with the mouse, as soon as it stays where it is."""
        thing = self.wait(role, name, enabled=True, within=within)
        while (again := self.wait(role, name, enabled=True, within=within)).place != thing.place:
            thing = again
        self.here.click(*thing.middle)
        return thing

    def focused(self) -> Thing | None:
        """What keys go to."""
        return next((each for each in reversed(self.things()) if each.is_focused), None)

    @staticmethod
    def matches(thing: Thing, name: str) -> bool:
        """Whether this is its name, as `find` sees it."""
        return re.search(name, thing.name) is not None

    def picture(self) -> str:
        """All there is, in lines."""
        return "\n".join(f"  {each.role} {each.name!r} {each.place}" for each in self.things() if each.name)

    async def _look(self) -> list[Thing]:
        bus = await MessageBus(bus_address=self._address).connect()
        try:
            async with asyncio.timeout(PATIENCE):
                (applications,) = await _ask(bus, "org.a11y.atspi.Registry", ROOT_PATH, _ACCESSIBLE, "GetChildren")
                found: list[Thing] = []
                for owner, path in applications:
                    for child_owner, child in await _children(bus, owner, path):
                        await _walk(bus, child_owner, child, found)
                return found
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()


async def _walk(bus: MessageBus, owner: str, path: str, found: list[Thing]) -> None:
    """What is not shown has nothing in it that is. Things may go while we look."""
    try:
        states = (await _ask(bus, owner, path, _ACCESSIBLE, "GetState"))[0] if path else ()
    except Gone:
        return
    if not states or not states[0] & _SHOWING:
        return
    thing, children = await asyncio.gather(_thing(bus, owner, path, states[0]), _children(bus, owner, path))
    if thing:
        found.append(thing)
    for child_owner, child in children:
        await _walk(bus, child_owner, child, found)


async def _thing(bus: MessageBus, owner: str, path: str, states: int) -> Thing | None:
    try:
        (role,), name, description, (place,) = await asyncio.gather(
            _ask(bus, owner, path, _ACCESSIBLE, "GetRoleName"),
            _text(bus, owner, path, "Name"),
            _text(bus, owner, path, "Description"),
            _ask(bus, owner, path, "org.a11y.atspi.Component", "GetExtents", "u", 0),
        )
    except Gone:
        return None
    return Thing(owner, path, role, name, description, states, tuple(place))


async def _text(bus: MessageBus, owner: str, path: str, name: str) -> str:
    """A property. Qt answers no question for all of them."""
    (value,) = await _ask(bus, owner, path, "org.freedesktop.DBus.Properties", "Get", "ss", _ACCESSIBLE, name)
    return str(value.value)


async def _children(bus: MessageBus, owner: str, path: str) -> list[tuple[str, str]]:
    try:
        (children,) = await _ask(bus, owner, path, _ACCESSIBLE, "GetChildren")
    except Gone:
        return []
    return [(each[0], each[1]) for each in children]


class Gone(Exception):
    """It is not there any more."""


async def _ask(bus: MessageBus, owner: str, path: str, interface: str, member: str, signature: str = "",
               *body: Any) -> Any:  # fmt: skip
    message = Message(destination=owner, path=path, interface=interface, member=member, signature=signature,
                      body=list(body))  # fmt: skip
    reply = await bus.call(message)
    if reply.error_name:
        raise Gone(f"{reply.error_name}: {reply.body}")
    return reply.body


def named(things: list[Thing], role: str) -> Iterator[str]:
    """The names of all things of a role."""
    return (each.name for each in things if each.role == role)
