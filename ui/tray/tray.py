# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray as a whole: it looks at each new status, and at the time when time alone changes something.

While nothing changes no timer runs.
"""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, QTimer

from mnclient.errors import MobileIPv6Error
from ui.desk import Desk
from ui.texts import tr
from ui.tray.answers import Answers
from ui.tray.clock import ServiceClock
from ui.tray.notifications import ACCEPT, DISMISS, Notifications
from ui.tray.session_bus import SessionBus
from ui.tray.tray_icon import TrayIcon
from ui.view.notices import Notices, Place, Show
from ui.view.tray_view import Snapshot, TrayState, next_change, tray_view

JUST_AFTER: Final = 0.02
"""Seconds by which a timer is set late, so that what it waits for has come."""


class Tray(QObject):
    """Icon, menu and notifications of one person."""

    def __init__(self, desk: Desk, bus: SessionBus, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._session = desk.session
        self._settings = desk.user_settings
        self._clock = ServiceClock()
        self._notices = Notices()
        self.answers = Answers(self._session, self)
        self.icon = TrayIcon(desk, self.answers, bus, self)
        self.notifications = Notifications(bus, self.icon.say, self)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)
        self._session.status_changed.connect(self._heard)
        self._session.reach_changed.connect(self._look)
        self.answers.refused.connect(self._refused)
        desk.key_courier.troubled.connect(self._refused)
        self.notifications.chosen.connect(self._chosen)
        self.icon.host_missing.connect(self._without_host)

    async def start(self) -> None:
        """Appear."""
        await self.notifications.start()
        await self.icon.start()
        self._look()

    async def close(self) -> None:
        """Disappear, with everything that is on the screen."""
        self._timer.stop()
        self.icon.close()
        await self.notifications.close()

    def _heard(self, status) -> None:
        self._clock.heard(status)
        self._look()

    def _look(self) -> None:
        reached, status = self._session.reached, self._session.status
        snapshot = Snapshot(reached.reach.value, status, reached.title, reached.hint)
        moment = self._clock.moment()
        self.icon.show(tray_view(snapshot, moment.of_service))
        for order in self._notices.look(snapshot, moment, self._settings.wishes.muted):
            self.notifications.put(order)
        waits = [self._notices.next_look(snapshot, moment), next_change(status, moment.of_service) if status else None]
        self._look_again(min((each for each in waits if each is not None), default=None))

    def _look_again(self, delay: float | None) -> None:
        if delay is None:
            self._timer.stop()
        else:
            self._timer.start(round((delay + JUST_AFTER) * 1000))

    def _chosen(self, shown: Show, what: str) -> None:
        if shown.address is not None and what in (ACCEPT, DISMISS):
            self.answers.answer(shown.address, accept=what == ACCEPT)
        else:
            self._desk.open_window()

    def _refused(self, error: MobileIPv6Error) -> None:
        self.notifications.put(replace(_MESSAGE, title=tr(error.title), body=tr(error.hint)))

    def _without_host(self) -> None:
        if self._settings.wishes.told_without_tray:
            return
        self._settings.change(told_without_tray=True)
        text = tr("Start mnclient from the applications to see its window. Extensions of the desktop can add a tray.")
        self.notifications.put(
            replace(_MESSAGE, title=tr("This desktop shows no tray icons"), body=text, icon=TrayState.HOME.value)
        )
        self._desk.open_window()


_MESSAGE: Final = Show(place=Place.PROBLEM, kind="problem", title="", body="", icon=TrayState.PROBLEM.value)
