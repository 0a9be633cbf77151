# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray's line to the service: one client, one current status, and requests that never block.

    session.status_changed.connect(self.show_status)
    session.ask(lambda client: client.prefer_home_address(address), then=self.done, failed=self.say)

The service may come, go and come again at any time; `reach` says how it is. Everything here runs in the loop that Qt
runs in (qasync).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, Signal

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from service.client import Client, NotAllowed, ServiceUnavailable
from ui.texts import mark

T = TypeVar("T")

RETRY_AFTER: Final = 2.0
"""Seconds until a service that answered with an error is asked again; then twice as long each time."""
LONGEST_RETRY: Final = 15.0
"""But not longer than this."""


async def settings_with(client: Any, lists: Iterable[str]) -> dict[str, Any]:
    """The settings in force, and these that are lists, which the service tells one by one."""
    values = dict(await client.settings() or {})
    for key in lists:
        values[key] = await client.setting(key)
    return values


class Reach(Enum):
    """How the service can be reached."""

    CONNECTING = "connecting"
    READY = "ready"
    ABSENT = "absent"  # no service, or no bus
    DENIED = "denied"  # this person may not even read
    INCOMPATIBLE = "incompatible"  # another version, whose answers we do not understand


@dataclass(frozen=True, slots=True)
class Reached:
    """`reach`, and in words why; both texts are empty when it is ready."""

    reach: Reach
    title: str = ""
    hint: str = ""


class Session(QObject):
    """Signals:
    status_changed(ServiceStatus): something is different now. Only while the service is ready.
    reach_changed(Reached): the service came, went, or does not let us read.
    failed(MobileIPv6Error): a request without a `failed` of its own did not succeed.
    """

    status_changed = Signal(object)
    reach_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, bus: str = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = Client.connect(bus)
        self._status: ServiceStatus | None = None
        self._reached = Reached(Reach.CONNECTING)
        self._retry_after = RETRY_AFTER
        self._watcher: asyncio.Task[None] | None = None
        self._requests: set[asyncio.Task[None]] = set()

    @property
    def status(self) -> ServiceStatus | None:
        """The last status; None until there is one, and while the service is away."""
        return self._status

    @property
    def reached(self) -> Reached:
        """Whether the service can be reached."""
        return self._reached

    def start(self) -> None:
        """Begin to watch the service. The loop must be running, or about to."""
        self._watcher = asyncio.get_event_loop().create_task(self._watch())

    async def close(self) -> None:
        """Ends requests that have no answer yet, and leaves the bus."""
        tasks = [*self._requests, *([self._watcher] if self._watcher else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._client.close()

    def ask(
        self,
        request: Callable[[Client], Awaitable[T]],
        then: Callable[[T], Any] | None = None,
        failed: Callable[[MobileIPv6Error], Any] | None = None,
    ) -> None:
        """Send a request; `then` gets the answer, `failed` the error (without it, the signal `failed` is sent)."""
        task = asyncio.get_event_loop().create_task(self._perform(request, then, failed or self.failed.emit))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _perform(
        self,
        request: Callable[[Client], Awaitable[T]],
        then: Callable[[T], Any] | None,
        failed: Callable[[MobileIPv6Error], Any],
    ) -> None:
        try:
            answer = await request(self._client)
        except MobileIPv6Error as error:
            failed(error)
            return
        if then:
            then(answer)

    async def _watch(self) -> None:
        while True:
            try:
                async for status in self._client.watch():
                    self._status = status
                    self._retry_after = RETRY_AFTER
                    self._now(Reached(Reach.READY))
                    self.status_changed.emit(status)
            except ServiceUnavailable as error:
                self._status = None
                self._now(Reached(Reach.ABSENT, error.title, error.hint))
                await self._client.wait_for_service()
            except NotAllowed:  # the service names the permission, which says nothing to a person
                await self._without_status(Reached(Reach.DENIED, DENIED, DENIED_HINT))
            except (MobileIPv6Error, ValueError, TypeError, KeyError):
                # What does not fit our model was written by another version; one bad answer must not end the tray.
                await self._without_status(Reached(Reach.INCOMPATIBLE, OTHER_VERSION, OTHER_VERSION_HINT))

    async def _without_status(self, reached: Reached) -> None:
        self._status = None
        self._now(reached)
        await asyncio.sleep(self._retry_after)
        self._retry_after = min(2 * self._retry_after, LONGEST_RETRY)

    def _now(self, reached: Reached) -> None:
        if reached != self._reached:
            self._reached = reached
            self.reach_changed.emit(reached)


DENIED: Final = mark("You may not see the home addresses of this computer")
DENIED_HINT: Final = mark("Log in at the computer itself, or ask its administrator.")
OTHER_VERSION: Final = mark("The service is of another version, and its answers cannot be read")
OTHER_VERSION_HINT: Final = mark("Install the same version of the service and of this program, then restart both.")
