# SPDX-License-Identifier: GPL-2.0-or-later
"""A service with a fake core on a bus of its own, in a thread: for tests in which the tray is a process of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mnclient.model.service_status import ServiceStatus
from service.interfaces.bus import BusFace
from tests.service.fake_core import FakeCore
from tests.service.private_bus import PrivateBus, private_bus
from tests.ui import samples


class Served:
    """`core` holds the status, and notes what it is asked to change."""

    def __init__(self, bus: PrivateBus, status: ServiceStatus) -> None:
        self.bus = bus
        self.address = bus.address
        self.core = FakeCore(status)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._face: BusFace | None = None

    def start(self) -> None:
        """Come to the bus."""
        self._face = BusFace(self.core, self.address)
        self._do(self._face.start())

    def stop(self) -> None:
        """Leave the bus."""
        if self._face:
            self._do(self._face.stop())
            self._face = None

    def show(self, status: ServiceStatus) -> None:
        """From now on this is true."""
        self.soon(self.core.change, status)

    def soon(self, function: Callable[..., object], *arguments: object) -> None:
        """Call this where the service runs."""
        self._loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)


@contextmanager
def served(status: ServiceStatus = samples.AWAY, *, running: bool = True) -> Iterator[Served]:
    """A service that shows this status."""
    with private_bus() as bus:
        service = Served(bus, status)
        try:
            if running:
                service.start()
            yield service
        finally:
            service.close()
