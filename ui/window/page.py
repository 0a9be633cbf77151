# SPDX-License-Identifier: GPL-2.0-or-later
"""What pages have in common."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mnclient.model.service_status import ServiceStatus
from service.contract import Action
from ui.view.moment import Moment
from ui.widgets import EmptyState, StateLabel, heading
from ui.window.context import Context

WIDEST: Final = 960
"""Lines longer than this are hard to read."""
NARROW: Final = 560
EMPTY: Final = 360


class Page(QWidget):
    """A page with its title. It is told of a status only while it is on the screen."""

    HELP = ""
    """What F1 says: what one sees here and what can be done."""
    ACTIONS: tuple[Action, ...] = ()
    """Without permission for these the page says that it can only be looked at."""

    def __init__(self, context: Context, title: str) -> None:
        super().__init__()
        self.context = context
        self.setAccessibleName(title)
        self._outer = QVBoxLayout(self)
        self._outer.setSpacing(16)
        self.header = QHBoxLayout()
        self.header.setSpacing(12)
        self.title = heading(title)
        self.header.addWidget(self.title, 1)
        self._outer.addLayout(self.header)
        self._locked = StateLabel("lock", "", "quiet")
        self._outer.addWidget(self._locked)
        context.permissions.changed.connect(self._permit)
        self._permit()
        self._margins()

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        """Something is different."""

    def show_moment(self, status: ServiceStatus, moment: Moment) -> None:
        """A second went by; ages are others. By default everything is shown again."""
        self.show_status(status, moment)

    def enter(self) -> None:
        """The page is on the screen now."""

    def leave(self) -> None:
        """It no longer is."""

    def find(self) -> None:
        """The person wants to search: focus the filter, if there is one."""

    @property
    def is_narrow(self) -> bool:
        """Whether there is little room from left to right."""
        return self.width() < NARROW

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """The next part of the page."""
        self._outer.addWidget(widget, stretch)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        super().resizeEvent(event)
        self._margins()

    def _margins(self) -> None:
        side = 16 if self.is_narrow else 24
        self._outer.setContentsMargins(side, 20, side, side)

    def _permit(self) -> None:
        reason = self.context.permissions.reason(*self.ACTIONS)
        self._locked.set_state("lock", reason, "quiet")
        self._locked.setVisible(bool(reason))


class ScrollPage(Page):
    """A page that is as long as it needs to be: a column of widgets, `column`."""

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.content = QWidget()
        self.content.setMaximumWidth(WIDEST)
        self.column = QVBoxLayout()
        self.column.setSpacing(16)
        self.column.setContentsMargins(0, 0, 0, 0)
        whole = QVBoxLayout(self.content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self.column)
        whole.addStretch(0)  # an alignment to the top would cut what is as high as its width makes it
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self.content)  # and leaves room for a scroll bar at the edge of the window
        self.area.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # who has no mouse scrolls with the arrow keys
        self.area.setAccessibleName(title)
        for each in (self.area, self.area.viewport(), self.content):
            each.setAutoFillBackground(False)
        self.add(self.area, 1)
        self._margins()

    def _margins(self) -> None:
        super()._margins()
        if hasattr(self, "column"):  # not yet while it is made
            outer = self._outer.contentsMargins()
            self.column.setContentsMargins(0, 0, outer.right(), outer.bottom())
            self.header.setContentsMargins(0, 0, outer.right(), 0)
            outer.setRight(0)
            outer.setBottom(0)
            self._outer.setContentsMargins(outer)


def filling(empty: EmptyState) -> EmptyState:
    """On a page that scrolls nothing stretches: an empty one is given the height of a small window."""
    empty.setMinimumHeight(EMPTY)
    return empty


class Rows:
    """Widgets in a column, one for each of the things shown; what stays keeps its widget, and with it the focus."""

    def __init__(self, column: QVBoxLayout, make: Callable[[Any], QWidget], first: int = 0) -> None:
        self._column = column
        self._make = make
        self._first = first
        self._widgets: dict[Hashable, QWidget] = {}

    def show(self, things: Sequence[Any], key: Callable[[Any], Hashable]) -> None:
        """One widget for each thing, in this order; `widget.show_row(thing)` fills it."""
        keys = [key(each) for each in things]
        for gone in self._widgets.keys() - set(keys):
            widget = self._widgets.pop(gone)
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        for place, (each, thing) in enumerate(zip(keys, things, strict=True), start=self._first):
            widget = self._widgets.get(each)
            if widget is None:
                widget = self._widgets[each] = self._make(thing)
            if self._column.indexOf(widget) != place:
                self._column.removeWidget(widget)
                self._column.insertWidget(place, widget)
            widget.show_row(thing)

    def chain(self, before: QWidget, controls: Callable[[Any], Iterable[QWidget]]) -> QWidget:
        """Have Tab go from `before` through the controls of each widget; the last of them."""
        for widget in self.widgets():
            for control in controls(widget):
                QWidget.setTabOrder(before, control)
                before = control
        return before

    def widgets(self) -> list[QWidget]:
        """All of them, in the order shown."""
        return sorted(self._widgets.values(), key=self._column.indexOf)

    def get(self, key: Hashable) -> QWidget | None:
        """The widget of this thing."""
        return self._widgets.get(key)
