# SPDX-License-Identifier: GPL-2.0-or-later
"""The icon itself. Its host (a panel) may start late, go, come again, change to the other kind, or not exist.

Qt decides how to speak to a host when an icon is made: so a new one is made whenever the hosts of the newer kind
(StatusNotifierItem) appear or vanish. For the older kind (XEmbed) Qt waits by itself.
"""

import asyncio
import contextlib
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from ui import theme
from ui.desk import Desk
from ui.tray.answers import Answers
from ui.tray.menu import TrayMenu
from ui.tray.picture import panel_of, tray_picture
from ui.tray.session_bus import NobodyThere, SessionBus
from ui.view.tray_view import TrayView

WATCHER: Final = "org.kde.StatusNotifierWatcher"
HOST_MAY_BE_LATE: Final = 10.0
"""Seconds after the start until somebody is told that there is no tray: panels start with the session."""
WATCHER_PATH: Final = "/StatusNotifierWatcher"
WATCHER_MAY_BE_LATE: Final = 5.0
"""Seconds that are waited for a watcher which has its name and does not answer."""
PAUSE: Final = 0.1
"""Seconds between questions to it."""


class TrayIcon(QObject):
    """Signals:
    host_missing(): this desktop shows no tray icons. Sent at most once.
    """

    host_missing = Signal()

    def __init__(self, desk: Desk, answers: Answers, bus: SessionBus, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._answers = answers
        self._bus = bus
        self._view: TrayView | None = None
        self._icon: QSystemTrayIcon | None = None
        self._menu: TrayMenu | None = None
        self._appearing: asyncio.Task[None] | None = None
        bus.owner_changed.connect(self._host_changed)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._draw)

    async def start(self) -> None:
        """Appear as soon as there is something to show and somebody to show it."""
        owner = await self._bus.watch_owner(WATCHER) if self._bus.is_connected else ""
        self._host_changed(WATCHER, owner)
        QTimer.singleShot(round(HOST_MAY_BE_LATE * 1000), self, self._look_for_host)

    def close(self) -> None:
        """Disappear."""
        if self._appearing is not None:
            self._appearing.cancel()
            self._appearing = None
        self._remove()

    def _remove(self) -> None:
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
        if self._menu is not None:
            self._menu.end()
            self._menu = None

    def show(self, view: TrayView) -> None:
        """From now on show this."""
        before, self._view = self._view, view
        if self._icon is None or view == before:
            return
        if before is None or before.state is not view.state:
            self._draw()
        self._icon.setToolTip(view.tooltip)
        if self._menu is not None:
            self._menu.show(view)
        self._icon.setVisible(True)

    def say(self, title: str, text: str) -> None:
        """A message at the icon, for desktops without notifications."""
        if self._icon is not None and self._icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable():
            self._icon.showMessage(title, text, self._icon.icon())

    def _make(self) -> None:
        self._remove()
        self._icon = QSystemTrayIcon(self)
        self._icon.activated.connect(self._activated)
        self._menu = TrayMenu(self._desk, self._answers, self)
        self._icon.setContextMenu(self._menu.menu)
        view, self._view = self._view, None
        if view is not None:
            self.show(view)

    def _draw(self, _scheme: object = None) -> None:
        if self._icon is not None and self._view is not None:
            panel = panel_of(desktop_is_dark=theme.desktop_is_dark())
            self._icon.setIcon(tray_picture(self._view.icon, self._view.role, panel))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.MiddleClick):
            self._desk.open_window()

    def _host_changed(self, name: str, owner: str) -> None:
        if name != WATCHER:
            return
        if self._appearing is not None:
            self._appearing.cancel()
        self._appearing = asyncio.get_running_loop().create_task(self._appear(is_watched=bool(owner)))

    async def _appear(self, *, is_watched: bool) -> None:
        if is_watched:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WATCHER_MAY_BE_LATE):
                    await self._answer_of_watcher()
        self._make()

    async def _answer_of_watcher(self) -> None:
        """Qt asks it once, and it may have its name before it can answer."""
        while True:
            with contextlib.suppress(NobodyThere):
                await self._bus.call(WATCHER, WATCHER_PATH, _PROPERTIES, "Get", "ss", WATCHER, _WITH_HOST)
                return
            await asyncio.sleep(PAUSE)

    def _look_for_host(self) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable():
            self.host_missing.emit()


_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_WITH_HOST: Final = "IsStatusNotifierHostRegistered"
