# SPDX-License-Identifier: GPL-2.0-or-later
"""The service's face on D-Bus: connects, takes the name, publishes changes, and comes back when the bus does.

Changes are gathered until none has come for 30 ms, but for no longer than 80 ms: to describe everything and to say what
is different takes as long as half of a handover, which is made of changes that follow each other within milliseconds.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from dbus_fast import DBusError, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus

from mnclient.errors import MobileIPv6Error
from mnclient.units import Seconds
from service import contract
from service.bus_connection import BUS_ERRORS, connect, leave, until_gone
from service.interfaces.core_protocol import Core
from service.interfaces.endpoint import Endpoint

_LOG: Final = logging.getLogger(__name__)

QUIET_TIME: Final = Seconds(0.03)
"""What moves the laptop comes first: nothing is published until no change has come for so long."""
LONGEST_WAIT: Final = Seconds(0.08)
"""Then a change is published all the same: quick for the eye, and no load when a link flaps."""
FIRST_RETRY: Final = Seconds(0.2)
LAST_RETRY: Final = Seconds(5.0)
CONNECT_TIMEOUT: Final = Seconds(10.0)


class BusFace:
    """Shows a core on a bus. `address`: "system", "session", or a bus address like unix:path=/run/x."""

    def __init__(self, core: Core, address: str) -> None:
        self._core = core
        self._address = address
        self._bus: MessageBus | None = None
        self._endpoint: Endpoint | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._pending: asyncio.TimerHandle | None = None
        self._first_change = self._last_change = 0.0

    async def start(self) -> None:
        """Connect and take the name. MobileIPv6Error when there is no bus, or when the name is taken or refused."""
        await self._connect()
        self._unsubscribe = self._core.subscribe(self._changed)
        self._keeper = asyncio.create_task(self._keep_connected())

    async def stop(self) -> None:
        """Give the name back and leave the bus. May be called at any time, also twice."""
        if self._unsubscribe:
            self._unsubscribe()
            self._unsubscribe = None
        if self._pending:
            self._pending.cancel()
            self._pending = None
        if self._keeper:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
            self._keeper = None
        await self._disconnect()

    # --- the connection ---

    async def _connect(self) -> None:
        bus = await _connected(self._address)
        endpoint = Endpoint(self._core, bus)  # before the name: whoever sees the name can call at once
        try:
            await self._take_name(bus)
        except BaseException:
            endpoint.close()
            bus.disconnect()
            raise
        self._bus, self._endpoint = bus, endpoint

    async def _take_name(self, bus: MessageBus) -> None:
        try:
            reply = await bus.request_name(contract.BUS_NAME, NameFlag.DO_NOT_QUEUE)
        except DBusError as error:
            hint = "install the bus policy org.mnclient.MobileNode1.conf, or use another bus"
            raise MobileIPv6Error(f"The bus refuses the name {contract.BUS_NAME} ({error.text})", hint=hint) from error
        except (OSError, EOFError) as error:
            raise _no_bus(self._address, error) from error
        if reply not in (RequestNameReply.PRIMARY_OWNER, RequestNameReply.ALREADY_OWNER):
            raise MobileIPv6Error(
                f"Another service already has the name {contract.BUS_NAME} on this bus",
                hint="stop it first, or give this one another bus",
            )

    async def _disconnect(self) -> None:
        bus, endpoint = self._bus, self._endpoint
        self._bus = self._endpoint = None
        if endpoint:
            endpoint.close()
        if bus:
            await leave(bus)

    async def _keep_connected(self) -> None:
        while True:
            if self._bus:
                await until_gone(self._bus)
                _LOG.warning("the bus %s went away; waiting for it", self._address)
                await self._disconnect()
            await self._reconnect()
            _LOG.info("back on the bus %s", self._address)

    async def _reconnect(self) -> None:
        delay = FIRST_RETRY
        while True:
            await asyncio.sleep(delay)
            try:
                await self._connect()
            except MobileIPv6Error as error:
                _LOG.debug("not yet on the bus: %s", error)
                delay = min(Seconds(delay * 2), LAST_RETRY)
            else:
                return

    # --- changes ---

    def _changed(self, _change: Any) -> None:
        loop = asyncio.get_running_loop()
        self._last_change = loop.time()
        if self._pending is None:
            self._first_change = self._last_change
            self._pending = loop.call_later(QUIET_TIME, self._publish_when_quiet)

    def _publish_when_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        due = min(self._last_change + QUIET_TIME, self._first_change + LONGEST_WAIT)
        if due > loop.time():
            self._pending = loop.call_at(due, self._publish_when_quiet)
            return
        self._pending = None
        if self._endpoint:
            self._endpoint.publish()


async def _connected(address: str) -> MessageBus:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await connect(address)
    except (*BUS_ERRORS, TimeoutError) as error:
        raise _no_bus(address, error) from error


def _no_bus(address: str, error: BaseException) -> MobileIPv6Error:
    reason = str(error) or type(error).__name__
    hint = "start the bus, or name another one (system, session, or an address like unix:path=/run/example)"
    return MobileIPv6Error(f"There is no bus at {address!r} ({reason})", hint=hint)
