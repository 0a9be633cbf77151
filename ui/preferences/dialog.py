# SPDX-License-Identifier: GPL-2.0-or-later
"""The preferences dialog: pages beside a list of them, or below a box when it is narrow."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
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

    # --- layout ---

    def _arrange(self) -> None:
        self.list.setFixedWidth(232)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setIconSize(QSize(20, 20))
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(tr("Pages"))
        self.box.setAccessibleName(tr("Page"))
        self.list.currentRowChanged.connect(self._turn)
        self.box.activated.connect(self._turn)
        self._above = QWidget()
        above = QVBoxLayout(self._above)
        above.setContentsMargins(16, 12, 16, 0)
        above.addWidget(self.box)
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
        middle.addWidget(self.list)
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

    def _fit(self) -> None:
        is_narrow = self.width() < NARROW
        self.list.setVisible(not is_narrow)
        self._above.setVisible(is_narrow)

    def _draw(self) -> None:
        look = theme.current()
        for index, name in enumerate(self._names):
            self.list.item(index).setIcon(look.icon(ICONS[name]))
            self.box.setItemIcon(index, look.icon(ICONS[name]))
        surface, card, line, text = (look.colour(each).name() for each in ("surface", "card", "line", "text"))
        accent, on_accent = look.colour("accent").name(), look.colour("on_accent").name()
        self.list.setStyleSheet(
            f"QListWidget {{ background: {card}; border: none; border-right: 1px solid {line}; padding: 12px 8px; }}"
            "QListWidget { outline: 0; }"
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
            (QKeySequence("Ctrl+PgDown"), lambda: self._turn((self.pages.currentIndex() + 1) % len(self._names))),
            (QKeySequence("Ctrl+PgUp"), lambda: self._turn((self.pages.currentIndex() - 1) % len(self._names))),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def _show_reach(self, reached: Reached) -> None:
        self._message.setVisible(reached.reach is not Reach.READY)
        if reached.reach is Reach.CONNECTING:
            self.banner.say("info", tr("Looking for the service…"))
        else:
            self.banner.say("warning", tr(reached.title), capitalised(tr(reached.hint)))
