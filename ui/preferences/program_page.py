# SPDX-License-Identifier: GPL-2.0-or-later
"""How this program looks and speaks, and whether it starts by itself."""

from typing import Any, Final

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from ui import autostart
from ui.language import available_languages
from ui.preferences.model import AUTOSTART, PreferencesModel
from ui.preferences.notifications_page import WishRow
from ui.preferences.page import Page, row
from ui.preferences.rows import Outcome, calm
from ui.preferences.search import findable
from ui.texts import mark, tr
from ui.user_settings import Wishes
from ui.widgets import quiet, wrapped

THEMES: Final = (
    ("desktop", mark("As the desktop")),
    ("light", mark("Light")),
    ("dark", mark("Dark")),
    ("contrast", mark("High contrast")),
)


class WishChoice(QWidget):
    """One of a few wishes, in a box below its name."""

    def __init__(self, title: str, explanation: str, choices: list[tuple[str, str]]) -> None:
        super().__init__()
        self.title = title.replace("&", "")
        self.box = QComboBox()
        for value, text in choices:
            self.box.addItem(text, value)
        self.box.setMinimumContentsLength(12)
        self.box.setAccessibleName(self.title)
        self.box.setAccessibleDescription(explanation)
        calm(self.box)
        name = wrapped(title)
        name.setTextFormat(name.textFormat().AutoText)
        name.setBuddy(self.box)
        findable(self, self.title, explanation)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(name)
        if explanation:
            column.addWidget(quiet(explanation))
        column.addWidget(self.box)

    def show_value(self, value: str) -> None:
        """Show what is wanted."""
        self.box.setCurrentIndex(max(self.box.findData(value), 0))


class ProgramPage(Page):
    """Nothing here concerns the service, or anybody else."""

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__(tr("This program"), tr("Only for you."))
        self._model = model
        self._add_start()
        card = self.card(tr("Appearance"))
        self.theme = WishChoice(tr("&Colours"), "", [(value, tr(text)) for value, text in THEMES])
        self.theme.box.activated.connect(lambda index: self._choose("theme", self.theme, index))
        row(card, self.theme)
        languages = [("", tr("As the desktop")), *((each, _own_name(each)) for each in available_languages())]
        self.language = WishChoice(
            tr("&Language"), tr("Another language is spoken after this program has been started again."), languages
        )
        self.language.box.activated.connect(lambda index: self._choose("language", self.language, index))
        row(card, self.language)
        model.user_settings.changed.connect(self._show)
        self._show(model.user_settings.wishes)

    def _add_start(self) -> None:
        card = self.card(tr("Start"))
        self.start = WishRow(
            tr("&Start with my session"), tr("The tray icon is there as soon as you log in, and nothing opens.")
        )
        self.start.switch.clicked.connect(self._choose_start)
        self.outcome = Outcome(self._model, AUTOSTART)
        row(card, self.start)
        card.body.addWidget(self.outcome)
        self._model.done.connect(lambda _: self._show_start())
        self._model.refused.connect(lambda *_: self._show_start())
        self._show_start()

    def showEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        self._show_start()  # other programs may change it
        super().showEvent(event)

    def _show_start(self) -> None:
        self.start.switch.setChecked(autostart.is_enabled())

    def _choose_start(self, wanted: bool) -> None:
        words = tr("On") if wanted else tr("Off")
        title = tr("{setting}: {value}", setting=tr("Start with my session"), value=words)
        self._model.start_with_session(wanted, title)

    def _show(self, wishes: Wishes) -> None:
        self.theme.show_value(wishes.theme)
        self.language.show_value(wishes.language)

    def _choose(self, name: str, choice: WishChoice, index: int) -> None:
        title = tr("{setting}: {value}", setting=choice.title, value=choice.box.itemText(index))
        self._model.wish(name, choice.box.itemData(index), title)


def _own_name(language: str) -> str:
    """A language in its own words: whoever cannot read this one finds it."""
    name = QLocale(language).nativeLanguageName()
    return (name[:1].upper() + name[1:]) or language
