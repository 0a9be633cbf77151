# SPDX-License-Identifier: GPL-2.0-or-later
"""The real service on a bus of its own, and a desk that talks to it: only the network is not there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.core import ServiceCore
from service.interfaces.bus import BusFace
from tests.service.fake_node import Machine
from tests.service.private_bus import private_bus
from ui.desk import Desk
from ui.session import Session
from ui.user_settings import UserSettings

PATIENCE = 20


@dataclass
class Room:
    """What a test finds there."""

    application: Any
    machine: Machine
    core: ServiceCore
    desk: Desk
    restart: Callable[[], Any]

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Let Qt and the service work until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self.application.processEvents()
                await asyncio.sleep(0.002)


@asynccontextmanager
async def real_service(
    application: Any, folder: Path, user_settings: UserSettings, settings: str = "version = 1\n"
) -> AsyncIterator[Room]:
    """A desk whose service is ready."""
    with private_bus() as bus:
        machine = Machine(folder)
        running = machine.running(settings)
        core = await running.__aenter__()
        face = BusFace(core, bus.address)
        await face.start()
        session = Session(bus.address)
        session.start()

        async def restart() -> None:
            nonlocal running, face
            await face.stop()
            await running.__aexit__(None, None, None)
            running = machine.running()
            room.core = await running.__aenter__()
            face = BusFace(room.core, bus.address)
            await face.start()

        room = Room(application, machine, core, Desk(session, user_settings), restart)
        try:
            await room.until(lambda: session.status is not None)
            yield room
        finally:
            for window in room.desk._windows.values():
                window.close()
                window.deleteLater()
            await session.close()
            await face.stop()
            await running.__aexit__(None, None, None)
