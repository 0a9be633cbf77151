# SPDX-License-Identifier: GPL-2.0-or-later
"""The first page: can this computer be reached, how packets go, and every home address."""

from ipaddress import IPv6Address

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from mnclient.model.service_status import ServiceStatus
from mnclient.model.status import Phase
from service.contract import Action
from ui import theme
from ui.texts import mark, tr, trn
from ui.view import overview_view, path_view, problems_view
from ui.view.moment import Moment
from ui.widgets import Banner, Card, EmptyState, IconLabel, Switch, heading, quiet, read_only
from ui.window.address_card import AddressRow, ProposalRow
from ui.window.context import Context
from ui.window.page import Rows, ScrollPage, filling
from ui.window.path_widget import PathWidget

ENABLED = "mobile_node.enabled"


class OverviewPage(ScrollPage):
    """Home addresses, the way of packets, proposals, and the worst problem in short."""

    HELP = mark(
        "Registered means that the home agent agreed. Verified means that a test packet came back through it. Only when"
        " both are true, everybody reaches your home address while you are away."
    )
    ACTIONS = (Action.CONTROL, Action.MANAGE_ADDRESSES)

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.title.hide()  # the headline says more
        self._ordered: list[IPv6Address] = []
        self._build_head()
        self.problem = Banner("error")
        self.problem.acted.connect(lambda: context.desk.open_window("problems"))
        self.proposals = QWidget()
        column = QVBoxLayout(self.proposals)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.proposal_rows = Rows(column, lambda proposal: ProposalRow(context))
        self.path_card = Card(tr("The way of packets"))
        self.path = PathWidget()
        self.path_card.body.addWidget(self.path)
        self.addresses = Card(tr("Home addresses"))
        self.add_button = QPushButton(tr("Add a &home address"))
        self.add_button.setAccessibleName(tr("Add a home address"))
        self.add_button.setToolTip(tr("Add a home address"))
        self.add_button.clicked.connect(lambda: context.desk.open_wizard())
        self.addresses.header.addWidget(self.add_button)
        self.address_rows = Rows(self.addresses.body, lambda row: AddressRow(context), first=1)
        self.empty = filling(EmptyState("home", tr("No home address yet"), "", tr("Add a &home address")))
        self.empty.acted.connect(lambda: context.desk.open_wizard())
        for each in (self.head, self.proposals, self.problem, self.addresses, self.path_card, self.empty):
            self.column.addWidget(each)
        context.permissions.changed.connect(self._allow)
        theme.current().changed.connect(self._redraw)
        self._redraw()
        self._allow()

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        fact = overview_view.headline(status, moment)
        self.icon.set_icon(fact.icon, fact.role)
        self.headline.setText(fact.text)
        self.explanation.setText(overview_view.explanation(status, moment))
        self._show_switch(status)
        self._show_problem(status, moment)
        self.proposal_rows.show(status.proposals, key=lambda each: each.address)
        self.proposals.setVisible(bool(status.proposals))
        rows = overview_view.address_rows(status, moment)
        self.address_rows.show(rows, key=lambda each: each.address)
        self.addresses.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.head.setVisible(bool(rows) or status.engine.phase is Phase.OFF)
        explanation = overview_view.explanation(status, moment) if self.head.isHidden() else ""
        self.empty.say("home", tr("No home address yet"), explanation, "accent", tr("Add a &home address"))
        shown = [*(each.address for each in status.proposals), *(each.address for each in rows)]
        if shown != self._ordered:
            self._ordered = shown
            self._order_tabs()
        path = path_view.path(status)
        self.path_card.setVisible(path is not None)
        if path is not None:
            self.path.show_path(path)

    def _order_tabs(self) -> None:
        """Tab goes from top to bottom, wherever rows have come in between."""
        last = self.proposal_rows.chain(self.switch, lambda row: (row.address.button, row.accept, row.later))
        for each in (self.problem.button, self.add_button):
            QWidget.setTabOrder(last, each)
            last = each
        self.address_rows.chain(last, lambda row: (row.address.button, row.prefer))

    def _build_head(self) -> None:
        self.head = QWidget()
        self.icon = IconLabel("home", "quiet", 40)
        self.headline = heading("")
        self.explanation = quiet("")
        self.switch = Switch(tr("&Connected"))
        self.switch.setToolTip(tr("Whether this computer keeps its home addresses when it changes the network"))
        self.switch.clicked.connect(self._switch)
        self._grid = QGridLayout(self.head)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.addWidget(self.icon, 0, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self.headline, 0, 1)
        self._grid.addWidget(self.explanation, 1, 1)
        self._grid.setColumnStretch(1, 1)
        self._place_switch()

    def _place_switch(self) -> None:
        if self.is_narrow:
            self._grid.addWidget(self.switch, 2, 1, Qt.AlignmentFlag.AlignLeft)
        else:
            self._grid.addWidget(self.switch, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)

    def resizeEvent(self, event) -> None:  # noqa: N802 (Qt's name)
        super().resizeEvent(event)
        self._place_switch()
        has_room = self.width() >= self.fontMetrics().averageCharWidth() * 50
        self.add_button.setText(tr("Add a &home address") if has_room else "")

    def _show_switch(self, status: ServiceStatus) -> None:
        """Only a mobile node that is switched off is; without any home address there is nothing to connect."""
        is_on = status.engine.phase is not Phase.OFF
        if self.switch.isEnabled() or self.context.permissions.reason(Action.CONTROL):
            self.switch.setChecked(is_on)

    def _switch(self, on: bool) -> None:
        value = "true" if on else "false"
        self.context.ask(
            lambda client: client.set_setting(ENABLED, value),
            self.switch,
            failed=lambda error: self.switch.setChecked(not on),
        )

    def _show_problem(self, status: ServiceStatus, moment: Moment) -> None:
        rows = problems_view.rows(status, moment)
        self.problem.setVisible(bool(rows))
        if not rows:
            return
        worst, others = rows[0], len(rows) - 1
        kind = {"bad": "error", "warning": "warning"}.get(worst.role, "info")
        text = worst.text
        if others:
            text += " " + trn("And {count} more.", "And {count} more.", others)
        said = worst.title == self.headline.text()
        self.problem.say(kind, "" if said else worst.title, text, tr("What to &do"))

    def _allow(self) -> None:
        read_only(self.switch, self.context.permissions.reason(Action.CONTROL))
        reason = self.context.permissions.reason(Action.MANAGE_ADDRESSES)
        read_only(self.add_button, reason)
        read_only(self.empty.button, reason)

    def _redraw(self) -> None:
        self.add_button.setIcon(theme.current().icon("add", "text"))
