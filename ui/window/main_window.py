# SPDX-License-Identifier: GPL-2.0-or-later
"""The status window: pages at the side, and over all of them what has to be said.

Pages are made when they are first shown. Nothing moves while the window is hidden.
"""

import time
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from mnclient.model.service_status import ServiceStatus
from ui import theme
from ui.desk import Desk
from ui.session import Reach, Reached
from ui.texts import mark, tr
from ui.view import problems_view
from ui.view.moment import Moment, moment_of
from ui.view.wording import capital
from ui.widgets import Banner, EmptyState
from ui.window.agents_page import AgentsPage
from ui.window.connections_page import ConnectionsPage
from ui.window.context import Context
from ui.window.interfaces_page import InterfacesPage
from ui.window.log_page import LogPage
from ui.window.moves_page import MovesPage
from ui.window.overview_page import OverviewPage
from ui.window.page import Page
from ui.window.problems_page import ProblemsPage
from ui.window.sidebar import SLIM, Sidebar
from ui.window.traffic_page import TrafficPage

PAGES: Final = {
    "overview": (mark("Overview"), "home", OverviewPage),
    "agents": (mark("Home agents"), "agent", AgentsPage),
    "interfaces": (mark("Interfaces"), "network", InterfacesPage),
    "connections": (mark("Connections"), "path", ConnectionsPage),
    "moves": (mark("Moves"), "timeline", MovesPage),
    "traffic": (mark("Traffic"), "graph", TrafficPage),
    "problems": (mark("Problems"), "warning", ProblemsPage),
    "log": (mark("Protocol log"), "log", LogPage),
}
"""Name: title, picture and class."""

SMALLEST: Final = (360, 480)
USUAL: Final = (1000, 720)
SLIM_BELOW: Final = 720
"""Narrower windows show the pictures of the sidebar alone."""
SECOND: Final = 1000

_ABSENCES: Final = {
    Reach.CONNECTING: ("working", mark("Looking for the service"), "busy"),
    Reach.ABSENT: ("disconnect", "", "quiet"),
    Reach.DENIED: ("lock", "", "warning"),
    Reach.INCOMPATIBLE: ("warning", "", "warning"),
}


def _now() -> float:
    """The service's clock: it goes on while the machine sleeps, and nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class MainWindow(QWidget):
    """Everything about this computer's home addresses. Its only argument is the desk it lies on."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._session = desk.session
        self.context = Context(desk, self)
        self._pages: dict[str, Page] = {}
        self._shown = ""
        self._received = _now()
        self._second = QTimer(self, interval=SECOND)
        self._second.timeout.connect(self._tick)
        self.setMinimumSize(*SMALLEST)
        self._build()
        self._connect()
        self._restore()
        self._reach(self._session.reached)
        if self._session.status is not None:
            self.context.permissions.refresh()
            self.show_status(self._session.status)

    @property
    def page(self) -> str:
        """The name of the page that is shown."""
        return self._shown

    def page_widget(self, name: str) -> Page:
        """A page, made if it was not shown yet."""
        if name not in self._pages:
            title, _, kind = PAGES[name]
            page = kind(self.context, tr(title))
            self._pages[name] = page
            self.stack.addWidget(page)
        return self._pages[name]

    def show_page(self, name: str) -> None:
        """Turn to a page; a name that does not exist is the first one."""
        name = name if name in PAGES else next(iter(PAGES))
        if name == self._shown:
            return
        before = self._pages.get(self._shown)
        self._shown = name
        if before is not None and self.isVisible():
            before.leave()
        self.help.hide()
        page = self.page_widget(name)
        self.stack.setCurrentWidget(page)
        self.sidebar.select(name)
        self.setWindowTitle(f"{page.title.text()} — mnclient")
        if self._session.status is not None:
            page.show_status(self._session.status, self._moment(self._session.status))
        if self.isVisible() and self._session.status is not None:
            page.enter()

    def show_status(self, status: ServiceStatus) -> None:
        """Show what is true now."""
        self._received = _now()
        moment = self._moment(status)
        problems = problems_view.rows(status, moment)
        self.sidebar.set_count("problems", len(problems), problems[0].role if problems else "accent")
        self.sidebar.set_count("overview", len(status.proposals))
        if self.isVisible():
            self.page_widget(self._shown).show_status(status, moment)

    # --- how it is put together ---

    def _build(self) -> None:
        self.sidebar = Sidebar()
        self.sidebar.setAccessibleName(tr("Pages"))
        for name, (title, icon, _) in PAGES.items():
            self.sidebar.add_page(name, tr(title), icon)
        self.preferences = QToolButton()
        self.preferences.setAutoRaise(True)
        self.preferences.setText("\u2002\u2009" + tr("Preferences"))  # below the words of the list
        self.preferences.setAccessibleName(tr("Preferences"))
        self.preferences.setToolTip(tr("Preferences (Ctrl+,)"))
        self.preferences.setIconSize(QSize(20, 20))
        self.preferences.clicked.connect(lambda: self._desk.open_preferences())
        side = QVBoxLayout()
        side.setContentsMargins(0, 12, 0, 12)
        side.addWidget(self.sidebar, 1)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self.preferences)
        self._foot.addStretch(1)
        side.addLayout(self._foot)
        self.banner = Banner(closable=True)
        self.banner.hide()
        self.help = Banner(closable=True)
        self.help.hide()
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedHeight(3)
        self.busy.setAccessibleName(tr("Working"))
        self.stack = QStackedWidget()
        self._said = QVBoxLayout()
        self._said.setContentsMargins(24, 0, 24, 0)
        self._said.setSpacing(8)
        self._said.addSpacing(4)
        for each in (self.banner, self.help):
            self._said.addWidget(each)
        main = QVBoxLayout()
        main.setSpacing(0)
        main.addWidget(self.busy)
        main.addLayout(self._said)
        main.addWidget(self.stack, 1)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(side)
        row.addLayout(main, 1)
        self.absence = EmptyState("working", tr("Looking for the service"))
        self.all = QStackedWidget()
        self.all.addWidget(both)
        self.all.addWidget(self.absence)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.all)
        self._busy(False)
        self._redraw()

    def _connect(self) -> None:
        self._session.status_changed.connect(self.show_status)
        self._session.reach_changed.connect(self._reach)
        self._session.failed.connect(lambda error: self._say("error", tr(error.title), capital(tr(error.hint))))
        self.context.said.connect(self._say)
        self.context.busy_changed.connect(self._busy)
        self.sidebar.chosen.connect(self.show_page)
        theme.current().changed.connect(self._redraw)
        keys = {
            "Esc": self.close,
            "Ctrl+W": self.close,
            "Ctrl+Q": self._desk.quit,
            "Ctrl+,": self._desk.open_preferences,
            "Ctrl+K": self._desk.open_keys,
            "F1": self._help,
            "Ctrl+F": lambda: self.page_widget(self._shown).find(),
        }
        for place, name in enumerate(PAGES, start=1):
            keys[f"Ctrl+{place}"] = lambda name=name: self.show_page(name)
        for sequence, act in keys.items():
            QShortcut(QKeySequence(sequence), self).activated.connect(act)

    def _restore(self) -> None:
        """Page and size of the last time, as far as they make sense."""
        wished = self._desk.user_settings.wishes.window
        width, height = USUAL
        if isinstance(size := wished.get("size"), list) and len(size) == 2 and all(isinstance(n, int) for n in size):
            width, height = (min(max(n, low), 16_000) for n, low in zip(size, SMALLEST, strict=True))
        self.resize(width, height)
        page = wished.get("page")
        self.show_page(page if isinstance(page, str) else "")

    # --- what happens ---

    def _moment(self, status: ServiceStatus) -> Moment:
        return moment_of(status, _now() - self._received)

    def _tick(self) -> None:
        if (status := self._session.status) is not None:
            self.page_widget(self._shown).show_moment(status, self._moment(status))

    def _reach(self, reached: Reached) -> None:
        is_ready = reached.reach is Reach.READY
        page = self._pages.get(self._shown)
        if not is_ready:
            icon, title, role = _ABSENCES[reached.reach]
            self.absence.say(icon, tr(reached.title or title), capital(tr(reached.hint)), role)
            if page is not None and self.isVisible() and self.all.currentIndex() == 0:
                page.leave()
        was_ready = self.all.currentIndex() == 0
        self.all.setCurrentIndex(0 if is_ready else 1)
        if is_ready and not was_ready and page is not None and self.isVisible():
            page.enter()
        self._run_clock()

    def _say(self, kind: str, title: str, text: str) -> None:
        self.banner.say(kind, title, text)
        self.banner.show()

    def _busy(self, busy: bool) -> None:
        policy = self.busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(policy)
        self.busy.setVisible(busy)

    def _help(self) -> None:
        page = self.page_widget(self._shown)
        if self.help.isVisible() or not page.HELP:
            self.help.hide()
            return
        self.help.say("info", page.title.text(), tr(page.HELP))
        self.help.show()

    def _redraw(self) -> None:
        self.preferences.setIcon(theme.current().icon("preferences", "quiet"))

    def _run_clock(self) -> None:
        if self.isVisible() and not self.isMinimized() and self._session.status is not None:
            self._second.start()
        else:
            self._second.stop()

    # --- Qt ---

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        super().showEvent(event)
        page = self.page_widget(self._shown)
        if (status := self._session.status) is not None and not event.spontaneous():
            page.show_status(status, self._moment(status))
            page.enter()
        self._run_clock()

    def hideEvent(self, event) -> None:  # noqa: N802
        super().hideEvent(event)
        if not event.spontaneous():
            self.page_widget(self._shown).leave()
        self._second.stop()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self._run_clock()
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            if self._session.status is not None:
                self.context.permissions.refresh()  # an administrator may have changed them, and nobody tells

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        wished = {**self._desk.user_settings.wishes.window, "page": self._shown}
        if not self.isMaximized():
            wished["size"] = [self.width(), self.height()]
        self._desk.user_settings.change(window=wished)
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        slim = self.width() < SLIM_BELOW
        self.sidebar.set_slim(slim)
        icon_only, beside = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.preferences.setToolButtonStyle(icon_only if slim else beside)
        self._foot.setContentsMargins((SLIM - self.preferences.sizeHint().width()) // 2 if slim else 17, 0, 0, 0)
        side = 16 if self.width() < SLIM_BELOW else 24
        self._said.setContentsMargins(side, 0, side, 0)
