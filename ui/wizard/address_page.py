# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the home address: some that could be had, each with its reason, or one that is typed."""

from ipaddress import IPv6Address

from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from ui.preferences.rows import error_words
from ui.texts import tr
from ui.view.wizard_agents import AddressRow
from ui.view.wizard_draft import Draft, address_complaint, prefix_of
from ui.view.wizard_flow import State
from ui.widgets.banner import Banner
from ui.wizard.choice_card import ChoiceCard
from ui.wizard.field import Field
from ui.wizard.page import Page, Scene, show_refusal


class AddressPage(Page):
    """The first suggestion is chosen until the person chooses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Choose your home address"),
            tr("Others reach this computer at this address, wherever it is. Any of them will do."),
            parent,
            help_text=tr(
                "A home address is an ordinary address of your home network. It has to be one that no other "
                "computer there uses; the trial finds out."
            ),
        )
        self.group = QButtonGroup(self)
        self.banner = Banner("error")
        self.banner.hide()
        self.body.addWidget(self.banner)
        self.cards: dict[IPv6Address, ChoiceCard] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        self.body.addLayout(self._list)
        self.typed = ChoiceCard(tr("Another address"), icon="edit", group=self.group)
        self.typed.radio.clicked.connect(lambda: self.edit(is_address_typed=True))
        self.address_field = Field(tr("Home &address"))
        self.address_field.typed.connect(lambda text: self.edit(address_text=text))
        self.typed.details.addWidget(self.address_field)
        self.body.addWidget(self.typed)
        self.body.addStretch(1)

    def show_scene(self, scene: Scene) -> None:
        draft = scene.draft
        self._show_addresses(scene.addresses, draft)
        self.typed.choose(draft.is_address_typed)
        prefix = prefix_of(draft, scene.status)
        self.typed.say(
            tr("Another address"), tr("One in {prefix} that nobody else has.", prefix=prefix) if prefix else ""
        )
        self.address_field.set_text(draft.address_text)
        complaint = address_complaint(draft, scene.status)
        refusal = scene.refusals.get(State.ADDRESS)
        good = tr("This address can be used.") if complaint is None else ""
        typed_refusal = error_words(refusal) if refusal and draft.is_address_typed else ""
        self.address_field.set_error(complaint or typed_refusal, good)
        if prefix:
            self.address_field.line.setPlaceholderText(str(prefix.network_address + 0x10))
        show_refusal(self.banner, None if draft.is_address_typed else refusal)

    def first(self) -> QWidget:
        return (
            self.address_field.line if self.typed.radio.isChecked() else self.group.checkedButton() or self.typed.radio
        )

    def _show_addresses(self, rows: tuple[AddressRow, ...], draft: Draft) -> None:
        wanted = {row.address for row in rows}
        for address in [each for each in self.cards if each not in wanted]:
            card = self.cards.pop(address)
            self.group.removeButton(card.radio)
            card.hide()
            card.deleteLater()
        for place, row in enumerate(rows):
            card = self.cards.get(row.address) or self._add(row.address)
            card.say(str(row.address), row.text, tr("Suggested") if place == 0 and len(rows) > 1 else "")
            if self._list.indexOf(card) != place:
                self._list.removeWidget(card)
                self._list.insertWidget(place, card)
            card.choose(not draft.is_address_typed and draft.suggestion == row.address)

    def _add(self, address: IPv6Address) -> ChoiceCard:
        card = ChoiceCard(str(address), group=self.group)
        card.radio.clicked.connect(lambda: self.edit(is_address_typed=False, suggestion=address))
        self.cards[address] = card
        return card
