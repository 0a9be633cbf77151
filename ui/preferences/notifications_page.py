# SPDX-License-Identifier: GPL-2.0-or-later
"""Which notifications this person wants."""

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.preferences.model import PreferencesModel
from ui.preferences.page import Page, row
from ui.preferences.search import findable
from ui.texts import mark, tr
from ui.user_settings import Notice, Wishes
from ui.widgets import Switch, quiet, wrapped

TEXTS: Final[dict[Notice, tuple[str, str]]] = {
    Notice.PROPOSAL: (mark("&Questions"), mark("A new home address is proposed and waits for your answer.")),
    Notice.PROBLEM: (mark("&Problems"), mark("The home address cannot be reached, with what can be done about it.")),
    Notice.RECOVERY: (mark("&Recovery"), mark("A problem is over.")),
    Notice.HANDOVER: (mark("&Moves"), mark("This computer moved to another network and kept its home address.")),
}


class WishRow(QWidget):
    """A switch for something this person wishes, with what it means."""

    def __init__(self, title: str, explanation: str) -> None:
        super().__init__()
        self.switch = Switch()
        self.switch.setAccessibleName(title.replace("&", ""))
        self.switch.setAccessibleDescription(explanation)
        findable(self, title, explanation)
        name = wrapped(title)
        name.setTextFormat(name.textFormat().AutoText)
        name.setBuddy(self.switch)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(name)
        self.explanation = quiet(explanation)
        words.addWidget(self.explanation)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(16)
        line.addLayout(words, 1)
        line.addWidget(self.switch)


class NotificationsPage(Page):
    """Each kind can be muted; nothing of it concerns the service."""

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__(tr("Notifications"), tr("Only for you. Everything stays visible in the status window."))
        self._model = model
        self.rows: dict[Notice, WishRow] = {}
        card = self.card(tr("Tell me about"))
        for notice, (title, explanation) in TEXTS.items():
            each = WishRow(tr(title), tr(explanation))
            each.switch.clicked.connect(lambda on, notice=notice: self._wish(notice, on))
            self.rows[notice] = each
            row(card, each)
        model.user_settings.changed.connect(self._show)
        self._show(model.user_settings.wishes)

    def _show(self, wishes: Wishes) -> None:
        for notice, each in self.rows.items():
            each.switch.setChecked(notice.value not in wishes.muted)

    def _wish(self, notice: Notice, wanted: bool) -> None:
        muted = set(self._model.user_settings.wishes.muted)
        (muted.discard if wanted else muted.add)(notice.value)
        name = tr(TEXTS[notice][0]).replace("&", "")
        title = tr("{setting}: {value}", setting=name, value=tr("On") if wanted else tr("Off"))
        self._model.wish("muted", tuple(sorted(muted)), title)
