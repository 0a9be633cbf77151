# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the key: with what the home agent tells this computer from a stranger, and where the key lives."""

import secrets
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KEY_ALGORITHMS, KeyKind
from ui.preferences.rows import error_words
from ui.texts import tr
from ui.view.key_text import new_spi
from ui.view.keys_view import KEPT_ONLY
from ui.view.wizard_draft import (
    Draft,
    Protect,
    goes_unprotected,
    protection_of,
    protections,
)
from ui.view.wizard_flow import State
from ui.widgets.banner import Banner
from ui.wizard.choice_card import ChoiceCard
from ui.wizard.key_details import MadeKey, OwnerChoice, TypedKey
from ui.wizard.page import Page, Scene, show_refusal

ORDER = (Protect.INSTALLED, Protect.INVITATION, Protect.TYPED, Protect.MADE, Protect.NONE)


class ProtectionPage(Page):
    """Signals:
    save_copy(): write the made key to a file for the home agent.
    """

    save_copy = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Protect it with a key"),
            tr("With a key, the home agent can tell this computer from a stranger who wants your address."),
            parent,
            help_text=tr(
                "The key is a secret that this computer and the home agent share. Registrations are signed with "
                "it, so nobody else can say where your address is. It is never shown again."
            ),
        )
        self.group = QButtonGroup(self)
        self.taken: frozenset[int] = frozenset()
        self._kind: tuple[KeyKind, str] = (KeyKind.RFC4285, "")
        self.banner = Banner("error")
        self.banner.hide()
        self.body.addWidget(self.banner)
        self.cards: dict[Protect, ChoiceCard] = {}
        for protect in ORDER:
            self.cards[protect] = self._card(protect)
            self.body.addWidget(self.cards[protect])
        self.typed = TypedKey()
        self.typed.edited.connect(self.edited)
        self.cards[Protect.TYPED].details.addWidget(self.typed)
        self.made = MadeKey()
        self.made.algorithm_chosen.connect(self._make)
        self.made.save_copy.connect(self.save_copy)
        self.cards[Protect.MADE].details.addWidget(self.made)
        self._add_owners()
        self.note = Banner("info")
        self.body.addWidget(self.note)
        self.body.addStretch(1)

    def show_scene(self, scene: Scene) -> None:
        draft, status = scene.draft, scene.status
        chosen = protection_of(draft, status)
        there = protections(draft, status)
        self.taken = frozenset(spi for each in (status.keys if status else ()) for spi in (each.spi_in, each.spi_out))
        self._kind = (draft.kind, draft.algorithm)
        for protect, card in self.cards.items():
            card.setVisible(protect in there)
            card.choose(protect is chosen)
        if chosen is None:
            self._clear()
        self.typed.show_draft(draft, status.protections if status else ())
        self.made.show_draft(draft, status.protections if status else ())
        self._show_refusal(scene.refusals.get(State.PROTECTION), chosen)
        self._show_note(draft, scene)
        for choice in self.owners.values():
            choice.show_draft(draft)

    def first(self) -> QWidget:
        return self.group.checkedButton() or next(each.radio for each in self.cards.values() if not each.isHidden())

    def _card(self, protect: Protect) -> ChoiceCard:
        title, text, icon = _words(protect)
        card = ChoiceCard(title, text, icon=icon, group=self.group)
        if protect is Protect.NONE:
            card.say(
                title,
                text,
                warning=tr(
                    "Anybody on the way can take your address over. This lets the computer register without a key, "
                    "for every home address."
                ),
            )
        card.radio.clicked.connect(lambda: self._choose(protect))
        return card

    def _choose(self, protect: Protect) -> None:
        if protect is Protect.MADE:
            self._make(*self.made.chosen(), protect=protect)
        else:
            self.edit(protect=protect)

    def _make(self, kind: KeyKind, algorithm: str, **more: Any) -> None:
        """A new key for this algorithm, and numbers that no other key has."""
        length = next(each.low for each in KEY_ALGORITHMS[kind] if each.name == algorithm)
        spi_in = new_spi(secrets.randbelow, self.taken)
        spi_out = new_spi(secrets.randbelow, {*self.taken, spi_in})
        secret = secrets.token_bytes(length)
        self.made.reset()
        self.edit(kind=kind, algorithm=algorithm, made_secret=secret, made_spis=(spi_in, spi_out), **more)

    def _clear(self) -> None:
        self.group.setExclusive(False)
        for card in self.cards.values():
            card.radio.setChecked(False)
        self.group.setExclusive(True)

    def _show_refusal(self, refusal: MobileIPv6Error | None, chosen: Protect | None) -> None:
        is_beside = refusal is not None and chosen is Protect.TYPED
        self.typed.set_refusal(error_words(refusal) if is_beside else "")
        show_refusal(self.banner, None if is_beside else refusal)

    def _show_note(self, draft: Draft, scene: Scene) -> None:
        protect = protection_of(draft, scene.status)
        is_idle = protect not in (None, Protect.NONE) and goes_unprotected(draft, scene.status)
        self.note.say(
            "warning",
            tr(KEPT_ONLY),
            tr("They would go without, and anybody on the way can take your address over."),
        )
        self.note.setVisible(is_idle)

    def _add_owners(self) -> None:
        self.owners: dict[Protect, OwnerChoice] = {}
        for protect in (Protect.INVITATION, Protect.TYPED, Protect.MADE):
            choice = OwnerChoice()
            choice.chosen.connect(lambda owner: self.edit(owner=owner))
            self.cards[protect].details.addWidget(choice)
            self.owners[protect] = choice


def _words(protect: Protect) -> tuple[str, str, str]:
    return {
        Protect.INSTALLED: (tr("The key that is there"), tr("This computer has a key for this address."), "shield"),
        Protect.INVITATION: (tr("The key from the invitation"), tr("The home agent knows it already."), "shield"),
        Protect.TYPED: (
            tr("A key that I was given"),
            tr("From the person who runs the home agent, with two numbers."),
            "key",
        ),
        Protect.MADE: (tr("Make a new key"), tr("The home agent must be given the same one."), "add"),
        Protect.NONE: (tr("No key for now"), tr("A key can be added later."), "shield-off"),
    }[protect]
