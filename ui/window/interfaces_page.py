# SPDX-License-Identifier: GPL-2.0-or-later
"""Network interfaces, in the order in which the person prefers them."""

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from service.contract import Action
from ui.texts import mark, tr
from ui.view import interfaces_view
from ui.view.interfaces_view import InterfaceRow
from ui.view.moment import Moment
from ui.widgets import EmptyState, OrderItem, OrderList, quiet
from ui.window.context import Context
from ui.window.page import ScrollPage, filling


class InterfacesPage(ScrollPage):
    """Dragging one up makes it preferred: the first that is connected carries the home addresses."""

    HELP = mark(
        "The first interface that is connected is used. Drag an interface, or hold Alt and press the arrow keys, to"
        " change the order. A second one that is connected stands ready to take over at once."
    )
    ACTIONS = (Action.CONTROL,)

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.explanation = quiet(tr("The first one that is connected is used. Drag them into the order you prefer."))
        self.list = OrderList()
        self.list.setAccessibleName(title)
        self.list.order_changed.connect(self._ask)
        self.empty = EmptyState("wired", tr("No network interface"), tr("This computer has none that can be used."))
        filling(self.empty)
        for each in (self.explanation, self.list, self.empty):
            self.column.addWidget(each)
        self._asked: tuple[str, ...] | None = None
        self._before: ServiceStatus | None = None
        """The status when the service agreed: until there is another one, what was asked for holds."""
        self._shown: tuple[ServiceStatus, Moment] | None = None
        context.permissions.changed.connect(self._allow)
        self._allow()

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        self._shown = (status, moment)
        if self._before is not None and status is not self._before:
            self._asked = self._before = None
        rows = interfaces_view.rows(status)
        if self._asked is not None and {row.name for row in rows} == set(self._asked):
            # The service does not know yet what the person wants: what was dropped stays where it is.
            rows = tuple(sorted(rows, key=lambda row: self._asked.index(row.name)))
        self.list.set_items([_item(row) for row in rows])
        self.list.setVisible(bool(rows))
        self.explanation.setVisible(bool(rows))
        self.empty.setVisible(not rows)

    def _ask(self, names: tuple[str, ...]) -> None:
        self._asked, self._before = names, None
        self.context.ask(
            lambda client: client.set_interface_order(names), then=lambda answer: self._agreed(), failed=self._refuse
        )

    def _agreed(self) -> None:
        self._before = self.context.session.status

    def _refuse(self, error: MobileIPv6Error) -> None:
        self._asked = self._before = None
        if self._shown is not None:
            self.show_status(*self._shown)

    def _allow(self) -> None:
        self.list.set_read_only(self.context.permissions.reason(Action.CONTROL))


def _item(row: InterfaceRow) -> OrderItem:
    return OrderItem(row.name, row.shown, row.state, row.detail, row.icon, row.role, faint=not row.enabled)
