# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address with everything that is true about it; and one that is proposed, with its question."""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mnclient.model.service_status import Proposal
from service.contract import Action
from ui import theme
from ui.texts import tr
from ui.view import overview_view
from ui.view.wording import isolated
from ui.widgets import Card, CopyLabel, IconLabel, StateLabel, quiet, read_only, wrapped
from ui.widgets.labels import MEDIUM
from ui.window.context import Context

BESIDE: Final = 520
"""With less room the facts stand one below the other."""


class Inset(QFrame):
    """A part of a card with an edge of its own."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().colour("line"), 1))
        painter.setBrush(theme.current().colour("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class AddressRow(Inset):
    """One home address: copy it, see its three states, make it the preferred one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._address = None
        self.address = CopyLabel("", tr("Copy the address"))
        font = self.address.text_label.font()
        font.setPointSizeF(font.pointSizeF() * MEDIUM)
        font.setBold(True)
        self.address.text_label.setFont(font)
        self.state = StateLabel()
        self.registered = StateLabel()
        self.verified = StateLabel()
        self.agent = quiet("")
        self.prefer = QPushButton(tr("&Use for new connections"))
        self.prefer.clicked.connect(self._prefer)
        self._facts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for each, share in ((self.state, 3), (self.registered, 4), (self.verified, 4)):
            self._facts.addWidget(each, share, Qt.AlignmentFlag.AlignTop)
        self._facts.setSpacing(8)  # one below the other; beside each other they get more
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.address)
        column.addLayout(self._facts)
        column.addWidget(self.agent)
        column.addWidget(self.prefer, 0, Qt.AlignmentFlag.AlignLeft)
        context.permissions.changed.connect(self._allow)
        self._allow()

    def show_row(self, row: overview_view.AddressRow) -> None:
        """Show what is true about it now."""
        self._address = row.address
        self.address.set_text(str(row.address))
        for label, fact in ((self.state, row.state), (self.registered, row.registered), (self.verified, row.verified)):
            label.set_state(fact.icon, fact.text, fact.role)
        facts = [tr("Home agent {address}", address=row.home_agent)] if row.home_agent else []
        facts += [tr("used for new connections")] if row.preferred and not row.only else []
        self.agent.setText(" · ".join(facts))
        self.agent.setVisible(bool(facts))
        self.prefer.setVisible(not row.preferred and not row.only)
        self.setAccessibleName(f"{row.address}: {row.state.text}, {row.registered.text}, {row.verified.text}")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        super().resizeEvent(event)
        self._facts.setDirection(_direction(self))
        self._facts.setSpacing(8 if self._facts.direction() is QBoxLayout.Direction.TopToBottom else 24)

    def _prefer(self) -> None:
        address = self._address
        self._context.ask(lambda client: client.prefer_home_address(address), self.prefer)

    def _allow(self) -> None:
        read_only(self.prefer, self._context.permissions.reason(Action.CONTROL))


class ProposalRow(Card):
    """A question: shall this be a home address?"""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._address = None
        self.set_edge("accent")
        title = wrapped(tr("A home address was found. Do you want to use it?"))
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        self.address = CopyLabel("", tr("Copy the address"))
        self.reason = quiet("")
        self.accept = QPushButton(tr("&Accept"))
        self.accept.setDefault(True)
        self.later = QPushButton(tr("&Not now"))
        self.accept.clicked.connect(lambda: self._answer("accept_proposal", self.accept))
        self.later.clicked.connect(lambda: self._answer("dismiss_proposal", self.later))
        words = QVBoxLayout()
        words.setSpacing(4)
        for each in (title, self.address, self.reason):
            words.addWidget(each)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.accept)
        buttons.addWidget(self.later)
        buttons.addStretch(1)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._parts.setSpacing(12)
        self._parts.addLayout(words, 1)
        self._parts.addLayout(buttons)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(IconLabel("question", "accent", 24), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._parts, 1)
        self.body.addLayout(row)
        context.permissions.changed.connect(self._allow)
        self._allow()

    def show_row(self, proposal: Proposal) -> None:
        """Ask about this one."""
        self._address = proposal.address
        self.address.set_text(str(proposal.address))
        self.reason.setText(
            tr("Home agent {agent}; {reason}", agent=proposal.home_agent, reason=isolated(tr(proposal.reason)))
        )
        self.setAccessibleName(tr("A home address was found: {address}", address=proposal.address))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        super().resizeEvent(event)
        self._parts.setDirection(_direction(self))

    def _answer(self, method: str, button: QWidget) -> None:
        address = self._address
        self._context.ask(lambda client: getattr(client, method)(address), button)

    def _allow(self) -> None:
        reason = self._context.permissions.reason(Action.CONTROL)
        read_only(self.accept, reason)
        read_only(self.later, reason)


def _direction(widget: QWidget) -> QBoxLayout.Direction:
    """Side by side where there is room for it, with the letters this person has."""
    beside = widget.width() >= max(BESIDE, widget.fontMetrics().averageCharWidth() * 64)
    return QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
