# SPDX-License-Identifier: GPL-2.0-or-later
"""The known home agents: how good each is, when it was last heard, and where it is known from."""

from ipaddress import IPv6Address

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton

from mnclient.model.service_status import ServiceStatus
from service.contract import Action
from ui import theme
from ui.texts import mark, tr
from ui.view import agents_view
from ui.view.moment import Moment
from ui.widgets import Card, EmptyState, quiet, read_only
from ui.window.add_agent import AddAgentDialog
from ui.window.agent_row import AgentRow
from ui.window.context import Context
from ui.window.page import Rows, ScrollPage, filling


class AgentsPage(ScrollPage):
    """A row for each, the best first."""

    HELP = mark(
        "A home agent is a router in your home network. It forwards what is sent to your home address to where this"
        " computer is. The rank says how much it is trusted: it grows with every time it is heard."
    )
    ACTIONS = (Action.MANAGE_ADDRESSES,)

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.add_button = QPushButton(tr("&Add a home agent"))
        self.add_button.clicked.connect(self._open_dialog)
        self.header.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        self.count = quiet("")
        self.card = Card()
        self.card.body.setSpacing(0)
        self.card.body.setContentsMargins(0, 4, 0, 4)
        self.rows = Rows(self.card.body, self._new_row)
        self.empty = EmptyState(
            "agent",
            tr("No home agent is known yet"),
            tr("They are heard by themselves when this computer is in its home network. You can also add one."),
        )
        filling(self.empty)
        for each in (self.count, self.card, self.empty):
            self.column.addWidget(each)
        self.dialog: AddAgentDialog | None = None
        self.question: QMessageBox | None = None
        context.permissions.changed.connect(self._allow)
        theme.current().changed.connect(self._redraw)
        self._redraw()
        self._allow()

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        rows = agents_view.rows(status, moment)
        self.rows.show(rows, key=lambda each: each.address)
        for place, widget in enumerate(self.rows.widgets()):
            widget.set_line(place > 0)
        self.card.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.count.setText(tr("{count} of at most 32, the best first", count=len(rows)))
        self.count.setVisible(bool(rows))

    def _new_row(self, row: agents_view.AgentRow) -> AgentRow:
        made = AgentRow(self.context)
        made.forget_asked.connect(self._confirm)
        return made

    def _open_dialog(self) -> None:
        self.dialog = AddAgentDialog(self.context, self)
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.open()

    def _confirm(self, row: agents_view.AgentRow, button: QPushButton) -> None:
        question = QMessageBox(self)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.setIcon(QMessageBox.Icon.Question)
        question.setWindowTitle(tr("Forget a home agent"))
        question.setText(tr("Forget this home agent?"))
        question.setInformativeText(agents_view.forgetting(row))
        forget = question.addButton(tr("&Forget"), QMessageBox.ButtonRole.DestructiveRole)
        keep = question.addButton(tr("&Keep"), QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(keep)
        question.setEscapeButton(keep)
        forget.clicked.connect(lambda: self._forget(row.address, button))
        self.question = question
        question.open()

    def _forget(self, address: IPv6Address, button: QPushButton) -> None:
        self.context.ask(lambda client: client.remove_home_agent(address), button)

    def _allow(self) -> None:
        read_only(self.add_button, self.context.permissions.reason(Action.MANAGE_ADDRESSES))

    def _redraw(self) -> None:
        self.add_button.setIcon(theme.current().icon("add", "text"))
