# SPDX-License-Identifier: GPL-2.0-or-later
"""The home addresses of this computer, and the home agents it knows."""

from ipaddress import IPv6Address
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QToolButton, QVBoxLayout, QWidget

from mnclient.model.service_status import ServiceStatus
from service.contract import Permission
from ui import theme
from ui.preferences.address_form import AddressForm
from ui.preferences.agent_list import AgentList
from ui.preferences.model import PreferencesModel
from ui.preferences.page import Line, Page
from ui.preferences.rows import AdministratorMark, Outcome
from ui.preferences.search import findable
from ui.texts import tr
from ui.view import preferences_view as view
from ui.view.undo import Change, Request
from ui.widgets import CopyLabel, EmptyState, StateLabel, quiet, read_only
from ui.widgets.flow import Flow


class HomeAddressesPage(Page):
    """The list with the preferred one, and where others could come from."""

    def __init__(self, model: PreferencesModel, desk: Any) -> None:
        super().__init__(tr("Home addresses"))
        self.model, self.desk = model, desk
        self.status: ServiceStatus | None = None
        self.rows: dict[IPv6Address, AddressRow] = {}
        self._add_addresses()
        self.agents = AgentList(model)
        self.agents.wanted.connect(self._add)
        self.add(self.agents)
        model.session.status_changed.connect(self._show)
        model.changed.connect(self._permit)
        if model.session.status is not None:
            self._show(model.session.status)
        self._permit()

    def _add_addresses(self) -> None:
        card = self.card(tr("Home addresses of this computer"))
        self.mark = AdministratorMark()
        card.header.addWidget(self.mark)
        self.empty = EmptyState(
            "home", tr("No home address yet"), tr("With one, this computer can be reached under it wherever it is.")
        )
        card.body.addWidget(self.empty)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        card.body.addLayout(self._list)
        self.outcome = Outcome(self.model, view.HOME_ADDRESSES)
        card.body.addWidget(self.outcome)
        self.wizard_button = QPushButton(tr("&Get a home address…"))
        self.wizard_button.clicked.connect(lambda: self.desk.open_wizard())
        self.by_hand_button = QPushButton(tr("Add by &hand…"))
        self.by_hand_button.clicked.connect(self._open_form)
        self.keys_button = QPushButton(tr("&Keys…"))
        self.keys_button.clicked.connect(lambda: self.desk.open_keys())
        findable(self.keys_button, tr("Keys of your home addresses"))
        findable(self.wizard_button, tr("Get a home address"), tr("Add, wizard"))
        findable(self.by_hand_button, tr("Add a home address by hand"))
        self.keys_button.setAccessibleName(tr("Keys of your home addresses"))
        buttons = Flow(8)
        for each in (self.wizard_button, self.by_hand_button, self.keys_button):
            buttons.add(each)
        card.body.addWidget(buttons)

    # --- showing ---

    def _show(self, status: ServiceStatus) -> None:
        self.status = status
        rows = view.address_rows(status)
        if [each.address for each in rows] != list(self.rows):
            self._rebuild([each.address for each in rows])
        for each in rows:
            self.rows[each.address].show_row(each)
        self.empty.setVisible(not rows)
        self.agents.show_status(status)

    def _rebuild(self, addresses: list[IPv6Address]) -> None:
        focused = next((each for each, row in self.rows.items() if row.isAncestorOf(self.focusWidget() or self)), None)
        while (item := self._list.takeAt(0)) is not None:
            item.widget().hide()
            item.widget().deleteLater()
        self.rows = {}
        for address in addresses:
            if self.rows:
                self._list.addWidget(Line())
            row = AddressRow(address)
            row.prefer_button.clicked.connect(lambda _=False, address=address: self._prefer(address))
            row.remove_button.clicked.connect(lambda _=False, address=address: self._ask_to_remove(address))
            self.rows[address] = row
            self._list.addWidget(row)
        if focused in self.rows:
            self.rows[focused].remove_button.setFocus()
        self._permit()

    def _permit(self) -> None:
        add = self._reason(Request("add_home_address"))
        for each in (self.wizard_button, self.by_hand_button):
            read_only(each, add)
        permission = self.model.permission(Request("add_home_address"))
        self.mark.show_for(permission if self.model.is_reachable else Permission.YES)
        for row in self.rows.values():
            read_only(row.prefer_button, self._reason(Request("prefer_home_address")))
            read_only(row.remove_button, self._reason(Request("remove_home_address")))
        self.agents.permit(add)

    def _reason(self, request: Request) -> str:
        if not self.model.is_reachable:
            return tr("The service cannot be reached.")
        if self.model.permission(request) is Permission.NO:
            return tr("Only an administrator of this computer may change this.")
        return ""

    # --- changing ---

    def _prefer(self, address: IPv6Address) -> None:
        if self.status is None:
            return
        self.model.perform(
            Change(
                title=tr("{address} is preferred", address=address),
                subject=view.HOME_ADDRESSES,
                forward=Request("prefer_home_address", (address,)),
                back=view.preference_undone(self.status),
            )
        )

    def _ask_to_remove(self, address: IPv6Address) -> None:
        self.question = box = QMessageBox(
            QMessageBox.Icon.Question, tr("Remove the home address?"), tr("Remove {address}?", address=address)
        )
        box.setParent(self, box.windowFlags())
        box.setInformativeText(tr("Connections that use it end, and this computer can no longer be reached under it."))
        remove = box.addButton(tr("&Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(tr("&Keep it"), QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(lambda: self._remove(address))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _remove(self, address: IPv6Address) -> None:
        kept = self.status.home_addresses if self.status is not None else ()
        managed = next((each for each in kept if each.address == address), None)
        if managed is None:
            return  # it is gone meanwhile
        self.model.perform(
            Change(
                title=tr("{address} removed", address=address),
                subject=view.HOME_ADDRESSES,
                forward=Request("remove_home_address", (address,)),
                back=view.removal_undone(managed),
            )
        )

    def _open_form(self) -> None:
        self.form = AddressForm(self.model, self.status, self)
        self.form.wanted.connect(self._add)
        self.form.open()

    def _add(self, address: IPv6Address, home_agent: IPv6Address | None, prefix_length: int) -> None:
        self.model.perform(
            Change(
                title=tr("{address} added", address=address),
                subject=view.HOME_ADDRESSES,
                forward=Request("add_home_address", (address, home_agent, prefix_length)),
                back=(Request("remove_home_address", (address,)),),
            )
        )


class AddressRow(QWidget):
    """One home address, with what can be done to it."""

    def __init__(self, address: IPv6Address) -> None:
        super().__init__()
        self.address = CopyLabel(str(address), tr("Copy the home address"))
        self.detail = quiet("")
        self.state = StateLabel()
        self.preferred = StateLabel("check", tr("Preferred"), "accent", 16)
        self.prefer_button = QPushButton(tr("Prefer"))
        self.prefer_button.setAccessibleName(tr("Prefer {address}", address=address))
        self.prefer_button.setToolTip(tr("New connections start from this address"))
        self.remove_button = QToolButton()
        self.remove_button.setAutoRaise(True)
        self.remove_button.setMinimumSize(32, 32)
        self.remove_button.setToolTip(tr("Remove…"))
        self.remove_button.setAccessibleName(tr("Remove {address}", address=address))
        theme.current().changed.connect(self._draw)
        self._draw()
        self._arrange()

    def show_row(self, row: view.AddressRow) -> None:
        """What is true of it now."""
        self.detail.setText(row.detail)
        self.state.set_state(
            "check-circle" if row.is_active else "working", row.state, "good" if row.is_active else "quiet"
        )
        self.preferred.setVisible(row.is_preferred)
        self.prefer_button.setVisible(not row.is_preferred)

    def _arrange(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(16)
        below.addWidget(self.state, 1)
        below.addWidget(self.preferred)
        below.addWidget(self.prefer_button)
        above = QHBoxLayout()
        above.setSpacing(4)
        above.addWidget(self.address, 1)
        above.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(above)
        column.addWidget(self.detail)
        column.addLayout(below)
        for label in self.preferred.findChildren(QLabel):
            label.setWordWrap(False)

    def _draw(self) -> None:
        self.remove_button.setIcon(theme.current().icon("trash", "quiet"))
