# SPDX-License-Identifier: GPL-2.0-or-later
"""What this computer is, and how it finds home addresses by itself."""

from ui.preferences.model import PreferencesModel
from ui.preferences.page import Page, row
from ui.preferences.rows import ChoiceRow, NumberRow, ResponsivenessRow, SwitchRow
from ui.texts import tr
from ui.view import preferences_view as view
from ui.widgets import StateLabel


class GeneralPage(Page):
    """Roles and auto-configuration."""

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__(tr("General"))
        self.model = model
        self._add_roles()
        self._add_automatic()

    def _add_roles(self) -> None:
        card = self.card(tr("What this computer is"))
        self.mobile = SwitchRow(
            self.model,
            view.ROLE_MOBILE,
            tr("&Mobile node"),
            tr("It keeps its home address wherever it goes."),
        )
        self.correspondent = SwitchRow(
            self.model,
            view.ROLE_CORRESPONDENT,
            tr("&Correspondent node"),
            tr("Mobile nodes may exchange data with it directly, without the way through their home agent."),
        )
        self.home_agent = SwitchRow(
            self.model,
            view.ROLE_HOME_AGENT,
            tr("Home a&gent"),
            tr("It forwards to other computers that are away from this network. For routers and servers."),
        )
        for each in (self.mobile, self.correspondent, self.home_agent):
            row(card, each)

    def _add_automatic(self) -> None:
        card = self.card(tr("Home addresses found automatically"))
        self.automatic = SwitchRow(
            self.model,
            view.AUTOMATIC,
            tr("&Automatic configuration"),
            tr("Listens for home agents and gets a home address from one of them."),
            needs=self._without_role,
        )
        self.ask_first = SwitchRow(
            self.model,
            view.ASK_FIRST,
            tr("As&k me first"),
            tr("A new home address is proposed, and taken only when you accept it."),
            needs=self._without_automatic,
        )
        self.maximum = NumberRow(
            self.model,
            view.MAX_ADDRESSES,
            tr("&Number of home addresses"),
            tr("No further one is added while this many are active."),
            needs=self._without_automatic,
        )
        self.responsiveness = ResponsivenessRow(
            self.model,
            view.RESPONSIVENESS,
            tr("&Responsiveness"),
            tr("How well known a home agent must be before its home address is taken."),
            needs=self._without_automatic,
        )
        self.desperation = SwitchRow(
            self.model,
            view.DESPERATION,
            tr("&Desperation mode"),
            tr("Without a home address, takes the first one possible as soon as a home agent is heard."),
            needs=self._without_automatic,
        )
        self.risk = StateLabel(
            "warning",
            tr("Risk: anyone on the same network can claim to be a home agent, and would then see your traffic."),
            "warning",
            16,
        )
        self.desperation.below.addWidget(self.risk)
        self.joins = ChoiceRow(
            self.model,
            view.DESPERATION_JOINS,
            tr("&Whom desperation mode may join"),
            tr("Trusted are home agents that you pinned, paired or added, and those an administrator allowed."),
            ((view.JOINS_ALLOWED, tr("Only those that are trusted")), (view.JOINS_ANY, tr("Anybody (risky)"))),
            needs=self._without_automatic,
        )
        rows = (self.automatic, self.ask_first, self.maximum, self.responsiveness, self.desperation, self.joins)
        for each in rows:
            row(card, each)

    def _without_role(self) -> str:
        if self.model.value(view.ROLE_MOBILE) is False:
            return tr("Only a mobile node has home addresses.")
        return ""

    def _without_automatic(self) -> str:
        if self.model.value(view.AUTOMATIC) is False:
            return tr("Automatic configuration is off.")
        return self._without_role()
