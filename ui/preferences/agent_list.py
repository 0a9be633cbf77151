# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agents this computer knows, to pick one; and the home addresses that could be had there."""

from ipaddress import IPv6Address
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus, Suggestion
from ui.preferences.model import PreferencesModel
from ui.preferences.rows import error_words
from ui.preferences.search import findable
from ui.preferences.two_lines import KEY, TwoLineList
from ui.texts import tr
from ui.view import preferences_view as view
from ui.widgets import Card, ElidedLabel, EmptyState, StateLabel, heading, quiet, read_only


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
        self.list = TwoLineList(tr("Known home agents"), most=5)
        self.list.currentItemChanged.connect(self._pick)
        findable(self.list, tr("Known home agents"), tr("Suggested home addresses"))
        self.state = StateLabel("info", "", "quiet", 16)
        self._offers = QVBoxLayout()
        self._offers.setSpacing(12)
        self._title = heading("", 1.0)
        self.hint = quiet(tr("Select one to see which home addresses you could have there."))
        for each in (self.empty, self.hint, self.list, self._title, self.state):
            self.body.addWidget(each)
        self.body.addLayout(self._offers)
        self._title.hide()
        self.state.hide()

    # --- home agents ---

    def show_status(self, status: ServiceStatus) -> None:
        """The list as it is now. What is picked stays picked."""
        rows = view.agent_rows(status)
        self._mine = frozenset(each.address for each in status.home_addresses)
        if [each.address for each in rows] != self.list.keys():
            self.list.rebuild([each.address for each in rows])
        for number, each in enumerate(rows):
            self.list.fill(number, each.title, each.detail, each.icon)
            self.list.item(number).setToolTip(tr("{trust}, network {prefix}", trust=each.trust, prefix=each.prefix))
        self.list.fit()
        if self._picked is not None and self.list.row_of(self._picked) is None:
            self._pick(None)
        self.empty.setVisible(not rows)
        self.list.setVisible(bool(rows))
        self.hint.setVisible(bool(rows))
        self._show_offers()

    def permit(self, reason: str) -> None:
        """Addresses can be added, or there is a reason why not."""
        self._refusal = reason
        for address, button in self.add_buttons.items():
            read_only(button, reason or self._taken(address))

    # --- suggestions ---

    def _pick(self, item: QListWidgetItem | None, _: Any = None) -> None:
        picked: IPv6Address | None = item.data(KEY) if item is not None else None
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
