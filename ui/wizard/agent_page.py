# SPDX-License-Identifier: GPL-2.0-or-later
"""The first page: who shall look after the address. Found home agents appear while one watches."""

from ipaddress import IPv6Address
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QPushButton, QVBoxLayout, QWidget

from ui.texts import tr
from ui.view.wizard_agents import AgentRow, agent_rows
from ui.view.wizard_draft import Draft, Way, address_in, agent_complaint, around, prefix_complaint
from ui.view.wizard_flow import State
from ui.widgets.banner import Banner
from ui.widgets.labels import MEDIUM, StateLabel, heading
from ui.wizard.choice_card import ChoiceCard
from ui.wizard.field import Field
from ui.wizard.page import Page, Scene, show_refusal


class AgentPage(Page):
    """Signals:
    chosen_file(Path): import this invitation.
    passphrase(str): open the sealed invitation with it.
    """

    chosen_file = Signal(object)
    passphrase = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Get an address that stays yours"),
            tr(
                "A home address works on every network, so connections do not break and others can always reach you. "
                "A home agent looks after it."
            ),
            parent,
            help_text=tr(
                "A home agent is a computer on your home network. It takes what is sent to your home address and "
                "passes it on to where you are. Ask the person who runs it for an invitation; at home it is "
                "found by itself."
            ),
        )
        self.group = QButtonGroup(self)
        self.banner = Banner("error")
        self.banner.hide()
        self.body.addWidget(self.banner)
        self.body.addWidget(heading(tr("Home agents found"), MEDIUM))
        self.listening = StateLabel(
            "search", tr("Listening for home agents on this network. They appear here."), "quiet"
        )
        self.body.addWidget(self.listening)
        self.cards: dict[IPv6Address, ChoiceCard] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.body.addLayout(self._list)
        self.body.addSpacing(8)
        self.body.addWidget(heading(tr("Other ways"), MEDIUM))
        self._add_invitation()
        self._add_typed()
        self.body.addStretch(1)

    def show_scene(self, scene: Scene) -> None:
        rows = agent_rows(scene.status) if scene.status else ()
        self._show_agents(rows, scene.draft)
        self.listening.setVisible(not rows)
        self.invitation.choose(scene.draft.way is Way.INVITATION)
        self.typed.choose(scene.draft.way is Way.TYPED)
        self._show_typed(scene.draft)
        show_refusal(self.banner, scene.refusals.get(State.AGENT))

    def first(self) -> QWidget:
        chosen = self.group.checkedButton()
        return chosen or next((each.radio for each in self.cards.values()), self.invitation.radio)

    def show_sealed(self, name: str, is_opening: bool) -> None:
        """Ask for the passphrase of an invitation; "" when none is to be opened."""
        self.passphrase_field.setVisible(bool(name))
        self.open_button.setVisible(bool(name))
        self.open_button.setEnabled(not is_opening)
        self.open_button.setText(tr("Opening") if is_opening else tr("&Open the invitation"))
        if name and not is_opening:
            self.passphrase_field.line.setFocus()

    def show_invitation(self, icon: str, words: str, role: str) -> None:
        """What there is to say of the invitation."""
        self.invitation_state.set_state(icon, words, role)
        self.invitation_state.setVisible(bool(words))
        self.choose_file.setText(tr("Choose another &file") if words else tr("Choose a &file"))

    def _show_agents(self, rows: tuple[AgentRow, ...], draft: Draft) -> None:
        wanted = {row.address for row in rows}
        for address in [each for each in self.cards if each not in wanted]:
            self._remove(address)
        for place, row in enumerate(rows):
            card = self.cards.get(row.address) or self._add(row.address)
            card.say(row.title, row.text, row.badge, row.warning)
            if self._list.indexOf(card) != place:
                self._list.removeWidget(card)
                self._list.insertWidget(place, card)
            card.choose(draft.way is Way.FOUND and draft.found_agent == row.address)
        self._tab_order()

    def _add(self, address: IPv6Address) -> ChoiceCard:
        card = ChoiceCard(str(address), icon="agent", group=self.group)
        card.radio.clicked.connect(lambda: self.edit(way=Way.FOUND, found_agent=address))
        self.cards[address] = card
        return card

    def _remove(self, address: IPv6Address) -> None:
        card = self.cards.pop(address)
        self.group.removeButton(card.radio)
        self._list.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _tab_order(self) -> None:
        before: QWidget | None = None
        for each in (*self.cards.values(), self.invitation):
            if before is not None:
                QWidget.setTabOrder(before, each.radio)
            before = each.radio

    def _add_invitation(self) -> None:
        self.invitation = ChoiceCard(
            tr("I have an invitation"),
            tr("A file from the person who runs the home agent. You can also drop it here."),
            icon="document",
            group=self.group,
        )
        self.invitation.radio.clicked.connect(lambda: self.edit(way=Way.INVITATION))
        self.invitation_state = StateLabel("check", "", "good")
        self.choose_file = _button(tr("Choose a &file"), self._choose_file)
        self.passphrase_field = Field(
            tr("&Passphrase"), tr("The invitation is sealed. The person who sent it knows the passphrase."), secret=True
        )
        self.open_button = _button(tr("&Open the invitation"), self._open)
        self.passphrase_field.line.returnPressed.connect(self._open)
        for each in (self.invitation_state, self.passphrase_field):
            self.invitation.details.addWidget(each)
        for each in (self.open_button, self.choose_file):
            self.invitation.details.addWidget(each)
            self.invitation.details.setAlignment(each, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.invitation)
        self.invitation_state.hide()
        self.show_sealed("", False)

    def _add_typed(self) -> None:
        self.typed = ChoiceCard(
            tr("I know the address of a home agent"),
            tr("For a home agent that is not on this network."),
            icon="edit",
            group=self.group,
        )
        self.typed.radio.clicked.connect(lambda: self.edit(way=Way.TYPED))
        self.agent_field = Field(tr("Address of the home &agent"), example="2001:db8:1::1")
        self.prefix_field = Field(tr("Ho&me network"), tr("Leave it empty for the usual one."))
        self.agent_field.typed.connect(lambda text: self.edit(agent_text=text))
        self.prefix_field.typed.connect(lambda text: self.edit(prefix_text=text))
        self.typed.details.addWidget(self.agent_field)
        self.typed.details.addWidget(self.prefix_field)
        self.body.addWidget(self.typed)

    def _show_typed(self, draft: Draft) -> None:
        self.agent_field.set_text(draft.agent_text)
        self.prefix_field.set_text(draft.prefix_text)
        self.agent_field.set_error(agent_complaint(draft.agent_text) or "")
        self.prefix_field.set_error(prefix_complaint(draft) or "")
        agent = address_in(draft.agent_text)
        self.prefix_field.line.setPlaceholderText(str(around(agent)) if agent else "2001:db8:1::/64")

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, tr("Choose an invitation"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.chosen_file.emit(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _open(self) -> None:
        if self.open_button.isVisible() and self.open_button.isEnabled():
            self.passphrase.emit(self.passphrase_field.line.text())


def _button(text: str, act) -> QPushButton:
    button = QPushButton(text)
    button.setMinimumHeight(32)
    button.setAutoDefault(False)  # Enter goes on
    button.clicked.connect(lambda: act())
    return button
