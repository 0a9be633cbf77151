# SPDX-License-Identifier: GPL-2.0-or-later
"""The message above the pages. A service that is not there comes first, then what happened, then the help of F1."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mnclient.errors import MobileIPv6Error
from ui.preferences.rows import error_words
from ui.session import Reached
from ui.texts import tr
from ui.widgets.banner import Banner
from ui.wizard.page import Page

MARGINS = (24, 16, 24, 0)


class TopMessage(QWidget):
    """Nothing of it is seen as long as there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reach, self.news, self.help = Banner("warning"), Banner("warning", closable=True), Banner(closable=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(8)
        for each in (self.reach, self.news, self.help):
            each.hide()
            each.dismissed.connect(self._fit)
            column.addWidget(each)
        self._fit()

    def show_reach(self, reached: Reached | None) -> None:
        """Why the service cannot be reached; None when it can, or it does not matter here."""
        if reached is not None:
            self.reach.say("warning", tr(reached.title) or tr("Looking for the service"), tr(reached.hint))
        self.reach.setVisible(reached is not None)
        self._fit()

    def left_over(self, error: MobileIPv6Error) -> None:
        """Something that was set for a trial is still there."""
        self._say("warning", tr("Something could not be taken back"), error_words(error))

    def busy(self) -> None:
        """An invitation came while a trial goes on."""
        self._say("info", tr("Finish this trial first"), tr("Then open the invitation again."))

    def toggle_help(self, page: Page) -> None:
        """Explain the page, or stop it."""
        if not self.help.isHidden():
            self.help.hide()
        elif page.help:
            self.help.say("info", page.title.text(), page.help)
            self.help.show()
        self._fit()

    def new_page(self) -> None:
        """What was said belonged to the page before."""
        self.help.hide()
        self._fit()

    def reset(self) -> None:
        """Nothing happened yet."""
        self.news.hide()
        self.new_page()

    def _say(self, kind: str, title: str, text: str) -> None:
        self.news.say(kind, title, text)
        self.news.show()
        self._fit()

    def _fit(self) -> None:
        self.setVisible(any(not each.isHidden() for each in (self.reach, self.news, self.help)))
