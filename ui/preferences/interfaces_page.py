# SPDX-License-Identifier: GPL-2.0-or-later
"""Which network is used when there are several: an order to drag, or to change with two buttons."""

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidgetItem, QPushButton

from mnclient.model.service_status import ServiceStatus
from service.contract import Permission
from ui import theme
from ui.preferences.model import PreferencesModel
from ui.preferences.page import Page
from ui.preferences.rows import AdministratorMark, Outcome
from ui.preferences.search import findable
from ui.preferences.two_lines import KEY, TwoLineList
from ui.texts import tr
from ui.view import preferences_view as view
from ui.view.undo import Change, Request
from ui.widgets import EmptyState, quiet, read_only

ORDER: Final = "interface order"


class InterfacesPage(Page):
    """The first one with a network is used; the next one takes over when it fails."""

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__(tr("Interfaces"))
        self.model = model
        self._wanted: tuple[str, ...] | None = None  # the order sent, until the service shows it
        card = self.card(tr("Order of preference"))
        self.mark = AdministratorMark()
        card.header.addWidget(self.mark)
        card.body.addWidget(
            quiet(
                tr(
                    "The topmost one that has a network carries your traffic. Drag to change the order. One without a"
                    " tick is never used."
                )
            )
        )
        self.empty = EmptyState("network", tr("No network interface"), tr("Those of this computer appear here."))
        card.body.addWidget(self.empty)
        self.list = TwoLineList(tr("Interfaces in the order of preference"), most=8)
        findable(self.list, tr("Order of preference"), tr("Interfaces, Wi-Fi, cable, mobile network"))
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.model().rowsMoved.connect(lambda *_: self._dropped())
        self.list.itemChanged.connect(self._ticked)
        self.list.currentRowChanged.connect(lambda _: self._permit())
        card.body.addWidget(self.list)
        self.up_button = QPushButton(tr("Move &up"))
        self.down_button = QPushButton(tr("Move &down"))
        buttons = QHBoxLayout()
        for button, step, keys in ((self.up_button, -1, "Alt+Up"), (self.down_button, 1, "Alt+Down")):
            button.clicked.connect(lambda _=False, step=step: self.move_current(step))
            button.setToolTip(keys)
            shortcut = QShortcut(QKeySequence(keys), self.list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(lambda step=step: self.move_current(step))
            buttons.addWidget(button)
        buttons.addStretch(1)
        card.body.addLayout(buttons)
        self.outcomes = [Outcome(model, ORDER), Outcome(model, view.INTERFACES)]
        for each in self.outcomes:
            card.body.addWidget(each)
        self._follow()

    def _follow(self) -> None:
        self.model.session.status_changed.connect(self._show)
        self.model.changed.connect(self._permit)
        self.model.changed.connect(self._redraw)
        self.model.refused.connect(self._snap_back)
        theme.current().changed.connect(self._redraw)
        self._redraw()
        self._permit()

    # --- showing ---

    def names(self) -> list[str]:
        """The interfaces in the order shown."""
        return self.list.keys()

    def _redraw(self) -> None:
        if self.model.session.status is not None:
            self._show(self.model.session.status)

    def _show(self, status: ServiceStatus) -> None:
        rows = view.interface_rows(status)
        if self._wanted is not None and self._order_of(rows) == self._wanted:
            self._wanted = None
        if self._wanted is not None and set(self._wanted) == {each.name for each in rows}:
            rows = tuple(sorted(rows, key=lambda each: self._wanted.index(each.name)))
        self.list.blockSignals(True)
        if self.names() != [each.name for each in rows]:
            self.list.rebuild([each.name for each in rows])
        for number, each in enumerate(rows):
            self._fill(number, each)
        self.list.fit()
        self.list.blockSignals(False)
        self.empty.setVisible(not rows)
        self.list.setVisible(bool(rows))

    @staticmethod
    def _order_of(rows: tuple[view.InterfaceRow, ...]) -> tuple[str, ...]:
        return tuple(each.name for each in rows)

    def _fill(self, number: int, row: view.InterfaceRow) -> None:
        wishes = {each.get("name"): each for each in self.model.rows(view.INTERFACES)}
        enabled = bool(wishes.get(row.name, {}).get("enabled", row.is_enabled))
        state = row.state if enabled else tr("Never used")
        self.list.fill(number, row.title, state, row.icon, "text" if enabled else "quiet")
        item = self.list.item(number)
        item.setCheckState(Qt.CheckState.Checked if enabled else Qt.CheckState.Unchecked)
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsEnabled
        allowed = not self._reason(Request("set_setting", (view.INTERFACES,)))
        item.setFlags(flags | Qt.ItemFlag.ItemIsUserCheckable if allowed else flags)

    def _permit(self) -> None:
        request = Request("set_interface_order")
        permission = self.model.permission(request)
        self.mark.show_for(permission if self.model.is_reachable else Permission.YES)
        reason = self._reason(request)
        row = self.list.currentRow()
        nothing = tr("Select an interface first.") if row < 0 else ""
        read_only(self.up_button, reason or nothing or (tr("It is the first one.") if row == 0 else ""))
        last = self.list.count() - 1
        read_only(self.down_button, reason or nothing or (tr("It is the last one.") if row == last else ""))
        mode = QAbstractItemView.DragDropMode
        self.list.setDragDropMode(mode.NoDragDrop if reason else mode.InternalMove)
        self.list.setToolTip(reason)

    def _reason(self, request: Request) -> str:
        if not self.model.is_reachable:
            return tr("The service cannot be reached.")
        if self.model.permission(request) is Permission.NO:
            return tr("Only an administrator of this computer may change this.")
        return ""

    # --- changing ---

    def move_current(self, step: int) -> None:
        """One place up (-1) or down (1) for the interface that is selected."""
        row = self.list.currentRow()
        button = self.up_button if step < 0 else self.down_button
        if row < 0 or not button.isEnabled() or not 0 <= row + step < self.list.count():
            return
        self.list.blockSignals(True)
        item = self.list.takeItem(row)
        self.list.insertItem(row + step, item)
        self.list.setCurrentRow(row + step)
        self.list.blockSignals(False)
        self._dropped()

    def _dropped(self) -> None:
        status = self.model.session.status
        if status is None:
            return
        before = self._order_of(view.interface_rows(status)) if self._wanted is None else self._wanted
        after = tuple(self.names())
        self._permit()
        if after == before or self._reason(Request("set_interface_order")):
            return
        self._wanted = after
        self.model.perform(
            Change(
                title=tr("Order of interfaces: {names}", names=", ".join(after)),
                subject=ORDER,
                forward=Request("set_interface_order", (after,)),
                back=(Request("set_interface_order", (before,)),),
            )
        )

    def _snap_back(self, subject: str, _: Any) -> None:
        if subject == ORDER:
            self._wanted = None
            self._redraw()

    def _ticked(self, item: QListWidgetItem) -> None:
        name, enabled = item.data(KEY), item.checkState() is Qt.CheckState.Checked
        rows = view.rows_for_interface(self.model.rows(view.INTERFACES), name, enabled)
        words = tr("{name} may be used", name=name) if enabled else tr("{name} is never used", name=name)
        self.model.set(view.INTERFACES, rows, words)
