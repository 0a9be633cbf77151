# SPDX-License-Identifier: GPL-2.0-or-later
"""Notifications of the desktop (org.freedesktop.Notifications); without them a message at the tray icon, or nothing."""

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any, Final

from dbus_fast import Message, Variant
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from ui.texts import tr
from ui.tray.picture import Panel, picture
from ui.tray.session_bus import NobodyThere, SessionBus
from ui.view.notices import Close, Order, Place, Show
from ui.view.tray_view import ROLES, TrayState

SERVER: Final = "org.freedesktop.Notifications"
SERVER_PATH: Final = "/org/freedesktop/Notifications"
ACCEPT: Final = "accept"
DISMISS: Final = "dismiss"
OPEN: Final = "default"

_STAYS: Final = 0
_AS_THE_DESKTOP_LIKES: Final = -1
_PICTURE: Final = 64


class Notifications(QObject):
    """Signals:
    chosen(Show, str): the person chose "accept", "dismiss" or "default" (the notification itself) on what was shown.
    """

    chosen = Signal(object, str)

    def __init__(self, bus: SessionBus, fallback: Callable[[str, str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bus = bus
        self._fallback = fallback
        self._capabilities: frozenset[str] | None = None
        self._shown: dict[Place, tuple[int, Show]] = {}
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        bus.owner_changed.connect(self._server_changed)
        bus.signalled.connect(self._signalled)

    async def start(self) -> None:
        """Begin to show what is put in."""
        if self._bus.is_connected:
            await self._bus.watch_owner(SERVER)
            await self._bus.subscribe(f"interface='{SERVER}'")
        self._worker = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """Take away what is on the screen."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])
        for place in list(self._shown):
            await self._close(place)

    def put(self, order: Order) -> None:
        """Show or close this, after what was put before."""
        self._orders.put_nowait(order)

    async def _work(self) -> None:
        while True:
            order = await self._orders.get()
            if isinstance(order, Close):
                await self._close(order.place)
            else:
                await self._show(order)

    async def _show(self, order: Show) -> None:
        try:
            capabilities = await self._ask_capabilities()
            before = self._shown[order.place][0] if order.place in self._shown else 0
            (number,) = await self._call("Notify", "susssasa{sv}i", *notification(order, before, capabilities))
        except NobodyThere:
            self._shown.pop(order.place, None)
            self._fallback(order.title, order.body)
            return
        self._shown[order.place] = (int(number), order)

    async def _close(self, place: Place) -> None:
        number, _ = self._shown.pop(place, (0, None))
        if not number:
            return
        try:
            await self._call("CloseNotification", "u", number)
        except NobodyThere:
            return  # it is gone, and what it showed with it

    async def _ask_capabilities(self) -> frozenset[str]:
        if self._capabilities is None:
            (answer,) = await self._call("GetCapabilities")
            self._capabilities = frozenset(answer)
        return self._capabilities

    async def _call(self, member: str, signature: str = "", *body: Any) -> list[Any]:
        return await self._bus.call(SERVER, SERVER_PATH, SERVER, member, signature, *body)

    def _server_changed(self, name: str, _owner: str) -> None:
        if name == SERVER:  # another program shows them now, and knows nothing of the old numbers
            self._capabilities = None
            self._shown.clear()

    def _signalled(self, message: Message) -> None:
        expected = {"ActionInvoked": "us", "NotificationClosed": "uu"}.get(message.member or "")
        if message.interface != SERVER or message.signature != expected:
            return
        number, what = message.body
        for place, (each, order) in list(self._shown.items()):
            if each == number and message.member == "NotificationClosed":
                del self._shown[place]
            elif each == number:
                self.chosen.emit(order, str(what))


def notification(order: Show, replaces: int, capabilities: frozenset[str]) -> tuple[Any, ...]:
    """The arguments of Notify for this order, for a server that can do these things."""
    body = order.body if order.address is None or "actions" in capabilities else _with_hint(order.body)
    actions = [OPEN, tr("Open")]
    if order.address is not None:
        actions += [ACCEPT, tr("Accept"), DISMISS, tr("Not now")]
    hints = {
        "urgency": Variant("y", 1 if order.urgent or order.address is not None else 0),
        "category": Variant("s", "network"),
        "desktop-entry": Variant("s", "org.mnclient.Tray"),
        "image-data": Variant("(iiibiiay)", _pixels(order.icon)),
    }
    return (
        "mnclient",
        replaces,
        "",
        order.title,
        escape(body, quote=False) if "body-markup" in capabilities else body,
        actions if "actions" in capabilities else [],
        hints,
        _AS_THE_DESKTOP_LIKES if order.address is None else _STAYS,
    )


def _with_hint(body: str) -> str:
    return body + "\n" + tr("Answer in the menu of the tray icon.")


def _pixels(name: str) -> list[Any]:
    drawn = picture(name, ROLES[TrayState(name)], Panel.UNKNOWN, _PICTURE)
    image = drawn.toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    return [image.width(), image.height(), image.bytesPerLine(), True, 8, 4, bytes(image.constBits())]
