# SPDX-License-Identifier: GPL-2.0-or-later
"""The last page: the address, and what the icon will say of it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ui.texts import tr
from ui.view.tray_view import TrayView
from ui.view.trial_view import Verdict
from ui.widgets.banner import Banner
from ui.widgets.card import Card
from ui.widgets.copy_label import CopyLabel
from ui.widgets.labels import MEDIUM, IconLabel, heading, quiet, wrapped
from ui.wizard.page import Page


class DonePage(Page):
    """Signals:
    keys_wanted(): the person wants to add a key now.
    """

    keys_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("You have a home address"), tr("It is yours from now on, on every network."), parent)
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(IconLabel("check-circle", "good", 40), 0, Qt.AlignmentFlag.AlignVCenter)
        self.address = CopyLabel("", tr("Copy the address"))
        font = self.address.text_label.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self.address.text_label.setFont(font)
        row.addWidget(self.address, 1)
        card.body.addLayout(row)
        self.body.addWidget(card)
        icon_card = Card()
        icon_card.body.addWidget(heading(tr("What the icon says"), MEDIUM))
        self.icon = IconLabel("tray-away", "good", 32)
        self.sentence = wrapped("")
        shown = QHBoxLayout()
        shown.setSpacing(16)
        shown.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignVCenter)
        shown.addWidget(self.sentence, 1)
        icon_card.body.addLayout(shown)
        self.icon_words = wrapped("")
        self.more = quiet(tr("Click the icon to see where your address is, and how the last move went."))
        icon_card.body.addWidget(self.icon_words)
        icon_card.body.addWidget(self.more)
        self.body.addWidget(icon_card)
        self.banner = Banner(
            "warning",
            tr("Registrations are not protected"),
            tr("Anybody on the way can take your address over. Add a key as soon as you can."),
            tr("Open the &keys"),
        )
        self.banner.button.setAutoDefault(False)
        self.banner.acted.connect(self.keys_wanted)
        self.body.addWidget(self.banner)
        self.body.addStretch(1)
        self.title.setAlignment(Qt.AlignmentFlag.AlignLeading)

    def show_result(
        self, address: str, verdict: Verdict, time: str, is_unprotected: bool, *, is_new_key: bool = False
    ) -> None:
        """Show what was got, and how long it took."""
        self.title.setText(tr("Your address has a new key") if is_new_key else tr("You have a home address"))
        self.setAccessibleName(self.title.text())
        self.text.setText(_words_of_new_key(verdict) if is_new_key else _words_of_address(time))
        self.address.set_text(address)
        self.icon_words.setText(
            tr("It is a house while you are at home. Elsewhere it is green while your address is reachable.")
            if verdict is Verdict.AT_HOME
            else tr("It is green while your address is reachable. If not, it says why, and what to do.")
        )
        self.banner.setVisible(is_unprotected)

    def show_tray(self, view: TrayView) -> None:
        """What the icon in the panel shows at this moment."""
        self.icon.set_icon(view.icon, view.role)
        self.sentence.setText(view.title)

    def first(self) -> QPushButton | None:
        return None


def _words_of_address(time: str) -> str:
    return tr("It is yours from now on, on every network. The trial took {time}.", time=time)


def _words_of_new_key(verdict: Verdict) -> str:
    if verdict is Verdict.AT_HOME:
        return tr("It is used from another network on. The key before goes when the home agent has accepted this one.")
    return tr("The home agent accepts it. The key before is not needed any more.")
