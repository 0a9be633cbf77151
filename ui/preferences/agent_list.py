# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agents this computer knows, to pick one; and the home addresses that could be had there."""

from ipaddress import IPv6Address
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus, Suggestion
from ui.preferences.model import PreferencesModel
from ui.preferences.rows import error_words
from ui.texts import tr
from ui.view import preferences_view as view
from ui.widgets import Card, ElidedLabel, EmptyState, StateLabel, heading, quiet, read_only

_ADDRESS: Final = Qt.ItemDataRole.UserRole
_LINES: Final = 6
"""Home agents seen without scrolling, at most."""


class AgentList(Card):
    """Signals:
    wanted(IPv6Address, IPv6Address, int): a suggestion was picked: address, home agent, length of the prefix.
    """

    wanted = Signal(object, object, int)

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__(tr("Known home agents"))
        self._model = model
        self._picked: IPv6Address | None = None
        self._mine: frozenset[IPv6Address] = frozenset()
        self._refusal = ""
        self.suggestions: tuple[Suggestion, ...] = ()
        self.add_buttons: dict[IPv6Address, QPushButton] = {}
        self.empty = EmptyState(
            "agent",
            tr("No home agent heard yet"),
            tr("Home agents announce themselves on their own network. They appear here by themselves."),
        )
        self.tree = _tree()
        self.tree.currentItemChanged.connect(self._pick)
        self.state = StateLabel("info", "", "quiet", 16)
        self._offers = QVBoxLayout()
        self._offers.setSpacing(12)
        self._title = heading("", 1.0)
        for each in (self.empty, self.tree, self._title, self.state):
            self.body.addWidget(each)
        self.body.addLayout(self._offers)
        self._title.hide()
        self.state.hide()

    # --- home agents ---

    def show_status(self, status: ServiceStatus) -> None:
        """The list as it is now. What is picked stays picked."""
        rows = view.agent_rows(status)
        self._mine = frozenset(each.address for each in status.home_addresses)
        if [each.address for each in rows] != self._listed():
            self._rebuild(rows)
        for number, each in enumerate(rows):
            item = self.tree.topLevelItem(number)
            for column, text in enumerate((each.title, each.advertisements, each.last_heard, each.rank)):
                item.setText(column, text)
            item.setToolTip(0, tr("{trust}, network {prefix}", trust=each.trust, prefix=each.prefix))
        self.empty.setVisible(not rows)
        self.tree.setVisible(bool(rows))
        self._show_offers()

    def permit(self, reason: str) -> None:
        """Addresses can be added, or there is a reason why not."""
        self._refusal = reason
        for address, button in self.add_buttons.items():
            read_only(button, reason or self._taken(address))

    def _listed(self) -> list[IPv6Address]:
        return [self.tree.topLevelItem(number).data(0, _ADDRESS) for number in range(self.tree.topLevelItemCount())]

    def _rebuild(self, rows: tuple[view.AgentRow, ...]) -> None:
        self.tree.blockSignals(True)
        self.tree.clear()
        for each in rows:
            item = QTreeWidgetItem()
            item.setData(0, _ADDRESS, each.address)
            for column in (1, 3):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.tree.addTopLevelItem(item)
            if each.address == self._picked:
                self.tree.setCurrentItem(item)
        self.tree.blockSignals(False)
        height = self.tree.fontMetrics().height() + 14
        self.tree.setFixedHeight(height * (min(max(len(rows), 1), _LINES) + 1) + 8)
        if self._picked not in [each.address for each in rows]:
            self._pick(self.tree.currentItem())

    # --- suggestions ---

    def _pick(self, item: QTreeWidgetItem | None, _: Any = None) -> None:
        picked: IPv6Address | None = item.data(0, _ADDRESS) if item is not None else None
        self._picked = picked
        self.suggestions = ()
        self._rebuild_offers()
        if picked is None:
            self.state.hide()
            return
        self._title.setText(tr("Home addresses you could have at {home_agent}", home_agent=picked))
        self._say("working", tr("Looking for suggestions…"), "busy")
        self._model.session.ask(
            lambda client: client.suggestions(picked),
            then=lambda found: self._suggested(picked, tuple(found or ())),
            failed=lambda error: self._failed(picked, error),
        )

    def _suggested(self, picked: IPv6Address, found: tuple[Suggestion, ...]) -> None:
        if picked != self._picked:
            return  # another one was picked meanwhile
        self.suggestions = found
        self.state.setVisible(not found)
        if not found:
            self._say("info", tr("There is no suggestion for this home agent. Add an address by hand."), "quiet")
        self._rebuild_offers()

    def _failed(self, picked: IPv6Address, error: MobileIPv6Error) -> None:
        if picked == self._picked:
            self._say("error", error_words(error), "bad")

    def _say(self, icon: str, text: str, role: str) -> None:
        self.state.set_state(icon, text, role)
        self.state.show()

    def _rebuild_offers(self) -> None:
        while (item := self._offers.takeAt(0)) is not None:
            item.widget().hide()
            item.widget().deleteLater()
        self.add_buttons = {}
        for each in self.suggestions:
            self._offers.addWidget(self._offer(each))
        self._title.setVisible(self._picked is not None)
        self._show_offers()

    def _offer(self, suggestion: Suggestion) -> QWidget:
        button = QPushButton(tr("Add"))
        button.setAccessibleName(tr("Add {address}", address=suggestion.address))
        button.clicked.connect(
            lambda: self.wanted.emit(suggestion.address, suggestion.home_agent, suggestion.prefix.prefixlen)
        )
        self.add_buttons[suggestion.address] = button
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(ElidedLabel(str(suggestion.address)))
        words.addWidget(quiet(view.reason_words(suggestion)))
        widget = QWidget()
        line = QHBoxLayout(widget)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(16)
        line.addLayout(words, 1)
        line.addWidget(button)
        return widget

    def _show_offers(self) -> None:
        for address, button in self.add_buttons.items():
            button.setText(tr("Added") if address in self._mine else tr("Add"))
        self.permit(self._refusal)

    def _taken(self, address: IPv6Address) -> str:
        return tr("This is a home address of this computer already.") if address in self._mine else ""


def _tree() -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderLabels([tr("Home agent"), tr("Heard"), tr("Last"), tr("Rank")])
    tree.headerItem().setToolTip(1, tr("Number of announcements"))
    tree.headerItem().setToolTip(2, tr("When it was last heard"))
    tree.headerItem().setToolTip(3, tr("How well known it is"))
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setAllColumnsShowFocus(True)
    tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    tree.setTabKeyNavigation(False)
    tree.setAccessibleName(tr("Known home agents"))
    header = tree.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in (1, 2, 3):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        tree.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignLeft if column == 2 else Qt.AlignmentFlag.AlignRight)
    return tree
