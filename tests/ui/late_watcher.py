# SPDX-License-Identifier: GPL-2.0-or-later
"""A watcher of tray icons that has its name before it answers: `python -m tests.ui.late_watcher SECONDS`."""

import asyncio
import sys

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.ui.desktop import WATCHER

PATH = "/StatusNotifierWatcher"


class Watcher:
    """Refuses everything until `open`, as a program does that has no such object yet."""

    def __init__(self) -> None:
        self.is_open = False
        self._items: list[str] = []

    def answer(self, message: Message) -> Message | bool:
        """To a call of the object."""
        if message.message_type is not MessageType.METHOD_CALL or message.path != PATH:
            return False
        if not self.is_open:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownObject", "no such object")
        if message.member == "RegisterStatusNotifierItem":
            self._items.append(f"{message.sender}/StatusNotifierItem")
            return Message.new_method_return(message)
        properties = {
            "IsStatusNotifierHostRegistered": Variant("b", True),
            "RegisteredStatusNotifierItems": Variant("as", self._items),
        }
        return Message.new_method_return(message, "v", [properties[message.body[1]]])


async def main(seconds: float) -> None:
    """Until it is killed."""
    watcher = Watcher()
    bus = await MessageBus(bus_type=BusType.SESSION).connect()
    bus.add_message_handler(watcher.answer)
    await bus.request_name(WATCHER)
    await asyncio.sleep(seconds)
    watcher.is_open = True
    await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
