# SPDX-License-Identifier: GPL-2.0-or-later
"""The preferences dialog: pages beside a list of them, or below a box when it is narrow."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.preferences.general_page import GeneralPage
from ui.preferences.home_addresses_page import HomeAddressesPage
from ui.preferences.interfaces_page import InterfacesPage
from ui.preferences.model import PreferencesModel
from ui.preferences.notifications_page import NotificationsPage
from ui.preferences.privacy_page import PrivacyPage
from ui.preferences.program_page import ProgramPage
from ui.preferences.search import SearchField
from ui.preferences.undo_bar import UndoBar
from ui.session import Reach, Reached
from ui.texts import tr
from ui.view.preferences_view import PAGES, capitalised
from ui.widgets import Banner

__all__ = ["PAGES", "PreferencesDialog"]

NARROW: Final = 620
"""Below this width the list of pages becomes a box above them."""
ICONS: Final = {
    "general": "preferences",
    "home-addresses": "home",
    "interfaces": "network",
    "privacy": "lock",
    "notifications": "bell",
    "program": "computer",
}


class PreferencesDialog(QDialog):
    """`desk` opens what the pages lead to."""

    def __init__(self, desk: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self.setMinimumSize(360, 480)
        self.resize(860, 680)
        self.desk = desk
        self.model = PreferencesModel(desk.session, desk.user_settings, self)
        self.banner = Banner()
        self.pages = QStackedWidget()
        self.undo_bar = UndoBar(self.model)
        self.list = QListWidget()
        self.box = QComboBox()
        self._names = list(PAGES)
        self._fill()
        self.search = SearchField(self.pages)
        self.search.found.connect(self._show_found)
        self._arrange()
        self._shortcuts()
        theme.current().changed.connect(self._draw)
        desk.session.reach_changed.connect(self._show_reach)
        self._draw()
        self._show_reach(desk.session.reached)
        self.show_page(self._names[0])

    # --- pages ---

    def show_page(self, name: str) -> None:
        """Turn to a page of `PAGES`; an unknown one changes nothing."""
        if name in self._names:
            self._turn(self._names.index(name))

    def page(self) -> str:
        """The page shown."""
        return self._names[self.pages.currentIndex()]

    def _fill(self) -> None:
        makers: dict[str, Callable[[], QWidget]] = {
            "general": lambda: GeneralPage(self.model),
            "home-addresses": lambda: HomeAddressesPage(self.model, self.desk),
            "interfaces": lambda: InterfacesPage(self.model),
            "privacy": lambda: PrivacyPage(self.model),
            "notifications": lambda: NotificationsPage(self.model),
            "program": lambda: ProgramPage(self.model),
        }
        for name, title in PAGES.items():
            self.pages.addWidget(makers[name]())
            self.list.addItem(QListWidgetItem(tr(title)))
            self.box.addItem(tr(title))

    def _turn(self, index: int) -> None:
        if index < 0:
            return
        self.pages.setCurrentIndex(index)
        self.list.setCurrentRow(index)
        self.box.setCurrentIndex(index)

    def _show_found(self, index: int, widget: QWidget) -> None:
        self._turn(index)
        page = self.pages.widget(index)
        if isinstance(page, QScrollArea):
            page.ensureWidgetVisible(widget, 0, 64)
        control = widget if widget.focusPolicy() & Qt.FocusPolicy.TabFocus else _first_control(widget)
        if control is not None:
            control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- layout ---

    def _arrange(self) -> None:
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setIconSize(QSize(20, 20))
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(tr("Pages"))
        self.box.setAccessibleName(tr("Page"))
        self.list.currentRowChanged.connect(self._turn)
        self.box.activated.connect(self._turn)
        self._left = QFrame()
        self._left.setObjectName("left")
        self._left.setFixedWidth(232)
        self._beside = QVBoxLayout(self._left)
        self._beside.setContentsMargins(8, 16, 9, 0)
        self._beside.setSpacing(8)
        self._beside.addWidget(self.list, 1)
        self._above = QWidget()
        self._over = QVBoxLayout(self._above)
        self._over.setContentsMargins(16, 12, 16, 0)
        self._over.setSpacing(8)
        self._over.addWidget(self.box)
        self._message = QWidget()
        message = QVBoxLayout(self._message)
        message.setContentsMargins(24, 16, 24, 0)
        message.addWidget(self.banner)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._above)
        right.addWidget(self._message)
        right.addWidget(self.pages, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._left)
        middle.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(self.undo_bar)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        self._fit()
        super().resizeEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        self._fit()
        self.model.wake()
        super().showEvent(event)

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        self.model.rest()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            self.model.read_permissions()

    def _fit(self) -> None:
        is_narrow = self.width() < NARROW
        self._left.setVisible(not is_narrow)
        self._above.setVisible(is_narrow)
        place = self._over if is_narrow else self._beside
        if place.indexOf(self.search) < 0:
            place.insertWidget(0, self.search)
            self.search.show()

    def _draw(self) -> None:
        look = theme.current()
        for index, name in enumerate(self._names):
            self.list.item(index).setIcon(look.icon(ICONS[name]))
            self.box.setItemIcon(index, look.icon(ICONS[name]))
        surface, card, line, text = (look.colour(each).name() for each in ("surface", "card", "line", "text"))
        accent, on_accent = look.colour("accent").name(), look.colour("on_accent").name()
        self._left.setStyleSheet(f"QFrame#left {{ background: {card}; border: none; border-right: 1px solid {line}; }}")
        self.list.setStyleSheet(
            f"QListWidget {{ background: {card}; border: none; outline: 0; }}"
            "QListWidget::item { padding: 8px; border-radius: 6px; }"
            f"QListWidget::item:hover:!selected {{ background: {surface}; }}"
            f"QListWidget::item:selected {{ background: {accent}; color: {on_accent}; }}"
            f"QListWidget::item:selected:focus {{ border: 2px solid {text}; padding: 6px; }}"
        )

    # --- keys and messages ---

    def _shortcuts(self) -> None:
        for keys, act in (
            (QKeySequence.StandardKey.Undo, self.model.undo),
            (QKeySequence("Ctrl+Q"), self.desk.quit),
            (QKeySequence.StandardKey.Find, self._search),
            (QKeySequence.StandardKey.HelpContents, self._help),
            (QKeySequence("Ctrl+PgDown"), lambda: self._turn((self.pages.currentIndex() + 1) % len(self._names))),
            (QKeySequence("Ctrl+PgUp"), lambda: self._turn((self.pages.currentIndex() - 1) % len(self._names))),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def _search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _help(self) -> None:
        """Say what the control with the focus is for."""
        control = self.focusWidget() or self
        text = control.accessibleDescription() or tr("Go to a setting with the Tab key, and press F1 again.")
        QToolTip.showText(control.mapToGlobal(control.rect().bottomLeft()), text, control)

    def _show_reach(self, reached: Reached) -> None:
        self._message.setVisible(reached.reach is not Reach.READY)
        if reached.reach is Reach.CONNECTING:
            self.banner.say("info", tr("Looking for the service…"))
        else:
            self.banner.say("warning", tr(reached.title), capitalised(tr(reached.hint)))


def _first_control(widget: QWidget) -> QWidget | None:
    controls = [each for each in widget.findChildren(QWidget) if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    return next((each for each in controls if each.isVisibleTo(widget) and each.isEnabled()), None)
