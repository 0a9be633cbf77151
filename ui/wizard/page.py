# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages of the wizard share: they show a `Scene`, and say what the person changed. They decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from ui.texts import tr
from ui.view.wizard_agents import AddressRow
from ui.view.wizard_draft import Draft
from ui.view.wizard_flow import State
from ui.widgets.banner import Banner
from ui.widgets.labels import heading, quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a page may show. `refusals` are what the service said, by the step it is about."""

    draft: Draft
    status: ServiceStatus | None = None
    addresses: tuple[AddressRow, ...] = ()
    refusals: Mapping[State, MobileIPv6Error] = field(default_factory=dict)


def show_refusal(banner: Banner, refusal: MobileIPv6Error | None) -> None:
    """Say what the service said; nothing when it said nothing."""
    if refusal is not None:
        banner.say("error", tr(refusal.title), tr(refusal.hint))
    banner.setVisible(refusal is not None)


class Page(QWidget):
    """Signals:
    edited(dict): fields of the draft and their new values.
    """

    edited = Signal(dict)

    def __init__(self, title: str, text: str, parent: QWidget | None = None, *, help_text: str = "") -> None:
        super().__init__(parent)
        self.help = help_text
        """What F1 says."""
        self.title = heading(title)
        self.text = quiet(text)
        self.text.setVisible(bool(text))
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(24, 24, 24, 24)
        self.body.setSpacing(12)
        self.body.addWidget(self.title)
        self.body.addWidget(self.text)
        self.body.addSpacing(4)
        self.setAccessibleName(title)

    def show_scene(self, scene: Scene) -> None:
        """Show this. Called for every change while the page is in front."""

    def first(self) -> QWidget | None:
        """What has the keyboard when the page comes in front."""
        return None

    def edit(self, **changes: Any) -> None:
        """The person changed this."""
        self.edited.emit(changes)
