# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds a setting by what it is called, or by what is said of it."""

from typing import Final

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QStackedWidget, QWidget

from ui import theme
from ui.texts import tr
from ui.view.setting_text import LONGEST_ENTRY

_WORDS: Final = Qt.ItemDataRole.UserRole
_PLACE: Final = Qt.ItemDataRole.UserRole + 1
_TITLE: Final = "search title"
_TEXT: Final = "search text"


def findable(widget: QWidget, title: str, text: str = "") -> None:
    """Let a widget be found by this title, and by these words."""
    widget.setProperty(_TITLE, title.replace("&", ""))
    widget.setProperty(_TEXT, f"{title.replace('&', '')} {text}")


class SearchField(QLineEdit):
    """Signals:
    found(int, QWidget): this page, and what is on it.
    """

    found = Signal(int, object)

    def __init__(self, pages: QStackedWidget) -> None:
        super().__init__()
        self.setMaxLength(LONGEST_ENTRY)
        self.setPlaceholderText(tr("Search"))
        self.setAccessibleName(tr("Search the settings"))
        self.setToolTip(tr("Search the settings (Ctrl+F)"))
        self.setClearButtonEnabled(True)
        self._icon = QAction(self)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        self._places: list[tuple[int, QWidget]] = []
        self._model = QStandardItemModel(self)
        for number in range(pages.count()):
            self._add_page(number, pages.widget(number))
        self.finder = QCompleter(self._model, self)
        self.finder.setCompletionRole(_WORDS)
        self.finder.setFilterMode(Qt.MatchFlag.MatchContains)
        self.finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.finder.setWidget(self)
        results = self.finder.popup()
        if isinstance(results, QListView):
            results.setSpacing(3)
        self.finder.activated[QModelIndex].connect(self._go)
        self.textEdited.connect(self._look)
        self.returnPressed.connect(self._go_to_first)
        theme.current().changed.connect(self._draw)
        self._draw()

    def titles(self) -> list[str]:
        """What is offered now."""
        model = self.finder.completionModel()
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    def _add_page(self, number: int, page: QWidget) -> None:
        for widget in page.findChildren(QWidget):
            title = widget.property(_TITLE)
            if title:
                item = QStandardItem(tr("{setting} – {page}", setting=title, page=page.accessibleName()))
                item.setData(f"{widget.property(_TEXT)} {page.accessibleName()}", _WORDS)
                item.setData(len(self._places), _PLACE)
                self._places.append((number, widget))
                self._model.appendRow(item)

    def _look(self, text: str) -> None:
        self.finder.setCompletionPrefix(text.strip())
        popup = self.finder.popup()
        if not text.strip() or not self.finder.completionCount():
            popup.hide()
            return
        place = self.rect()
        place.setWidth(max(place.width(), 320))
        self.finder.complete(place)

    def _go(self, index: QModelIndex) -> None:
        place = index.data(_PLACE)
        if place is not None:
            self.clear()
            self.found.emit(*self._places[place])

    def _go_to_first(self) -> None:
        if self.text().strip() and self.finder.completionCount():
            self.finder.popup().hide()
            self._go(self.finder.completionModel().index(0, 0))

    def _draw(self) -> None:
        self._icon.setIcon(theme.current().icon("search", "quiet"))
