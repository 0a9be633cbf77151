# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom this computer talks to and how, whom it told where it is, and who told it."""

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedLayout, QTabBar, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import BindingCacheStatus
from service.contract import MAX_BINDING_CACHE_PAGE
from ui.texts import mark, tr, trn
from ui.view import bindings_view
from ui.view.bindings_view import Table
from ui.view.moment import Moment
from ui.widgets import EmptyState, StateLabel
from ui.widgets.cell_table import CellTable
from ui.widgets.labels import quiet
from ui.widgets.search_field import SearchField
from ui.window.context import Context
from ui.window.page import Page

CORRESPONDENTS, TOLD, CACHE = "correspondents", "told", "cache"
_TITLES: Final = {
    CORRESPONDENTS: mark("Correspondents"),
    TOLD: mark("Who was told"),
    CACHE: mark("Other mobile computers"),
}
_EMPTY: Final = {
    CORRESPONDENTS: mark("Whoever exchanges packets with this computer while it is away appears here."),
    TOLD: mark("While this computer is away, its home agent and correspondents are told where it is."),
    CACHE: mark("No mobile computer has told this one where it is."),
}
SETTLE: Final = 250
"""Milliseconds after the last key until the service is asked for what matches."""


class ConnectionsPage(Page):
    """Three tables, one at a time."""

    HELP = mark(
        "A correspondent is a computer this one talks to. Packets go through the home agent until the correspondent has"
        " shown that it can do without; then they go directly. The column Why says what stands against it."
    )

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.optimization = StateLabel()
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(tr("Tables"))
        self.filter = SearchField(tr("Filter by address or word"))
        self.tables = {name: CellTable(tr(text)) for name, text in _TITLES.items()}
        self.empty = EmptyState("path", "", "")
        self.count = quiet("")
        self._place = QWidget()
        self._layout = QStackedLayout(self._place)
        for each in (*self.tables.values(), self.empty):
            self._layout.addWidget(each)
        for each in (self.optimization, self.tabs, self.filter):
            self.add(each)
        self.add(self._place, 1)
        self.add(self.count)
        self._names: list[str] = []
        self._cached: tuple[BindingCacheStatus, ...] = ()
        self._total = 0
        self._last: tuple[ServiceStatus, Moment] | None = None
        self._settled = QTimer(self, singleShot=True, interval=SETTLE)
        self._settled.timeout.connect(self._ask_cache)
        self.filter.textChanged.connect(self._look)
        self.tabs.currentChanged.connect(lambda place: self._turn())

    @property
    def shown(self) -> str:
        """The table that is shown."""
        place = self.tabs.currentIndex()
        return self._names[place] if 0 <= place < len(self._names) else CORRESPONDENTS

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        is_news = self._last is None or self._last[0] is not status
        self._last = (status, moment)
        text, role, icon = bindings_view.optimization(status)
        self.optimization.set_state(icon, text, role)
        self._show_tabs([CORRESPONDENTS, TOLD, *([CACHE] if bindings_view.has_cache(status) else [])])
        if is_news and self.shown == CACHE:
            self._ask_cache()
        self._fill()

    def enter(self) -> None:
        if self.shown == CACHE:
            self._ask_cache()

    def find(self) -> None:
        self.filter.take()

    def _show_tabs(self, names: list[str]) -> None:
        if names == self._names:
            return
        self._names = names
        self.tabs.blockSignals(True)
        before = self.tabs.currentIndex()
        while self.tabs.count():
            self.tabs.removeTab(0)
        for name in names:
            self.tabs.addTab(tr(_TITLES[name]))
        self.tabs.setCurrentIndex(min(max(before, 0), len(names) - 1))
        self.tabs.blockSignals(False)

    def _table(self, name: str, status: ServiceStatus, moment: Moment) -> Table:
        if name == CORRESPONDENTS:
            return bindings_view.correspondents(status, moment)
        if name == TOLD:
            return bindings_view.told(status, moment)
        return bindings_view.cache(self._cached, moment)

    def _fill(self) -> None:
        if self._last is None:
            return
        name = self.shown
        table = self._table(name, *self._last)
        widget = self.tables[name]
        widget.set_table(table)
        # The service has filtered the cache already, by whole addresses and prefixes.
        matching = widget.look_for("" if name == CACHE else self.filter.text())
        total = self._total if name == CACHE else len(table.rows)
        if matching:
            self._layout.setCurrentWidget(widget)
        else:
            self._layout.setCurrentWidget(self.empty)
            is_filtered = bool(self.filter.text().strip()) and (name == CACHE or bool(table.rows))
            title = tr("Nothing matches") if is_filtered else tr("Nothing here yet")
            self.empty.say("search" if is_filtered else "path", title, "" if is_filtered else tr(_EMPTY[name]))
        self.count.setText(_count(matching, total))

    def _turn(self) -> None:
        if self.shown == CACHE:
            self._ask_cache()
        self._fill()

    def _look(self) -> None:
        if self.shown == CACHE:
            self._settled.start()
        else:
            self._fill()

    def _ask_cache(self) -> None:
        wanted = self.filter.text().strip()

        def known(answer: tuple[tuple[BindingCacheStatus, ...], int] | None) -> None:
            self._cached, self._total = answer or ((), 0)
            self._fill()

        def refused(error: MobileIPv6Error) -> None:
            # What is typed is not an address yet: nothing matches, and that is all there is to say.
            known(None)

        self.context.session.ask(
            lambda client: client.binding_cache(0, MAX_BINDING_CACHE_PAGE, wanted), then=known, failed=refused
        )


def _count(shown: int, total: int) -> str:
    if shown >= total:
        return trn("{count} row", "{count} rows", total)
    return tr("{shown} of {total} rows", shown=shown, total=total)
