# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the networks: which one is used when there is more than one. Dragged, or moved with buttons or keys."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QWidget

from mnclient.model.status import InterfaceStatus
from ui import theme
from ui.texts import tr
from ui.view.wizard_draft import order_of
from ui.view.wizard_flow import State
from ui.widgets.banner import Banner
from ui.wizard.interface_row import ICON, NAME, STATE, InterfaceRow
from ui.wizard.page import Page, Scene, show_refusal


class InterfacesPage(Page):
    """The first one is used as long as it works."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Which network first?"),
            tr("When several are connected, the highest one in this list is used. Drag them, or use the buttons."),
            parent,
            help_text=tr(
                "A move from one network to another loses nothing when both are connected. The order says which "
                "one carries your address as long as several work. Ctrl+Up and Ctrl+Down move the chosen one."
            ),
        )
        self.banner = Banner("error")
        self.banner.hide()
        self.body.addWidget(self.banner)
        self.list = QListWidget()
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.setItemDelegate(InterfaceRow(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.viewport().setAutoFillBackground(False)
        self.list.setAccessibleName(tr("Networks, the preferred one first"))
        self.list.model().rowsMoved.connect(self._moved)
        self.list.currentRowChanged.connect(self._enable)
        self.body.addWidget(self.list, 100)
        self.up = QPushButton(tr("Move &up"))
        self.down = QPushButton(tr("Move &down"))
        row = QHBoxLayout()
        row.setSpacing(8)
        for button, way in ((self.up, -1), (self.down, 1)):
            button.setAutoDefault(False)
            button.setMinimumHeight(32)
            button.clicked.connect(lambda _checked=False, by=way: self.move(by))
            row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addStretch(1)
        for keys, way in (("Ctrl+Up", -1), ("Ctrl+Down", 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda by=way: self.move(by))
        theme.current().changed.connect(self.list.viewport().update)

    def show_scene(self, scene: Scene) -> None:
        names = order_of(scene.draft, scene.status)
        known = {each.name: each for each in scene.status.engine.interfaces} if scene.status else {}
        if names != self.names():
            self._fill(names)
        for number in range(self.list.count()):
            self._describe(self.list.item(number), known)
        show_refusal(self.banner, scene.refusals.get(State.INTERFACES))
        self._enable()

    def first(self) -> QWidget:
        return self.list

    def names(self) -> tuple[str, ...]:
        """In the order shown."""
        return tuple(self.list.item(row).data(NAME) for row in range(self.list.count()))

    def move(self, by: int) -> None:
        """Move the current one up or down."""
        row = self.list.currentRow()
        if 0 <= row < self.list.count() and 0 <= row + by < self.list.count():
            item = self.list.takeItem(row)
            self.list.insertItem(row + by, item)
            self.list.setCurrentRow(row + by)
            self._moved()

    def _fill(self, names: tuple[str, ...]) -> None:
        current = self.list.currentItem().data(NAME) if self.list.currentItem() else ""
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name)
            item.setData(NAME, name)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)  # dropped between two, never onto one
            self.list.addItem(item)
        self.list.setCurrentRow(names.index(current) if current in names else 0)
        height = sum(self.list.sizeHintForRow(row) for row in range(self.list.count()))
        self.list.setMaximumHeight(height + 8)

    def _describe(self, item: QListWidgetItem, known: dict[str, InterfaceStatus]) -> None:
        name = item.data(NAME)
        interface = known.get(name)
        state = ""
        if interface is not None:
            state = tr("in use") if interface.is_active else tr("connected") if interface.is_up else tr("not connected")
        item.setData(STATE, state)
        item.setData(ICON, icon_of(name))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}, {state}" if state else name)

    def _moved(self) -> None:
        self._enable()
        self.edit(order=self.names())

    def _enable(self) -> None:
        row = self.list.currentRow()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < self.list.count() - 1)


def icon_of(name: str) -> str:
    """A picture for an interface: its name begins with its kind."""
    kinds = (("wl", "network"), ("ww", "mobile"), ("usb", "mobile"), ("e", "wired"))
    return next((icon for start, icon in kinds if name.startswith(start)), "link")
