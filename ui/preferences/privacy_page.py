# SPDX-License-Identifier: GPL-2.0-or-later
"""Who learns where this computer is, and which data takes which way."""

from ui.preferences.model import PreferencesModel
from ui.preferences.page import Page, row
from ui.preferences.rows import ChoiceRow, SwitchRow
from ui.preferences.rule_forms import ExceptionForm, TrafficForm
from ui.preferences.rule_list import RuleList
from ui.texts import tr
from ui.view import preferences_view as view
from ui.widgets import StateLabel, quiet, wrapped


class PrivacyPage(Page):
    """Location privacy, direct paths, and traffic that goes without the home address."""

    def __init__(self, model: PreferencesModel) -> None:
        super().__init__(tr("Privacy and direct paths"))
        self.model = model
        self._add_privacy()
        self._add_direct()
        self._add_traffic()
        model.session.status_changed.connect(self._show_host)
        if model.session.status is not None:
            self._show_host(model.session.status)

    def _add_privacy(self) -> None:
        card = self.card()
        self.privacy = SwitchRow(
            self.model,
            view.PRIVACY,
            tr("&Location privacy"),
            tr(
                "Nobody learns where you are: all data takes the way through your home agent. Without it, everybody"
                " this computer talks to directly learns where it is."
            ),
        )
        row(card, self.privacy)

    def _add_direct(self) -> None:
        card = self.card(tr("Direct paths"))
        self.host = StateLabel("info", "", "quiet", 16)
        self.host.hide()
        card.body.addWidget(self.host)
        self.use = ChoiceRow(
            self.model,
            view.DIRECT_USE,
            tr("&Use direct paths"),
            tr("Data that goes directly is faster than through the home agent, where the other side can do it."),
            [
                ("always", tr("With everybody, except as below")),
                ("only-these", tr("Only as below")),
                ("never", tr("With nobody")),
            ],
            needs=self._private,
        )
        row(card, self.use)
        self.exceptions = RuleList(
            self.model,
            view.EXCEPTIONS,
            tr("Exceptions"),
            tr("No exceptions."),
            view.exception_sentence,
            ExceptionForm,
            needs=self._private,
        )
        card.body.addWidget(wrapped(tr("Exceptions")))
        card.body.addWidget(self.exceptions)

    def _add_traffic(self) -> None:
        card = self.card(tr("Traffic without the home address"))
        card.body.addWidget(
            quiet(
                tr(
                    "Uses the address of the visited network on purpose: a printer there, or a large download. It does"
                    " not survive a move."
                )
            )
        )
        self.traffic = RuleList(
            self.model,
            view.TRAFFIC_RULES,
            tr("Traffic without the home address"),
            tr("All traffic uses the home address."),
            view.traffic_rule_words,
            TrafficForm,
        )
        row(card, self.traffic)
        self.name_servers = SwitchRow(
            self.model,
            view.VISITED_NAME_SERVERS,
            tr("&Name servers of the visited network"),
            tr("They are asked from the address that the visited network gave, and not from the home address."),
        )
        row(card, self.name_servers)

    def _private(self) -> str:
        if self.model.value(view.PRIVACY) is True:
            return tr("Location privacy is on, so nothing goes directly.")
        return ""

    def _show_host(self, status: view.ServiceStatus) -> None:
        reason = view.direct_paths_impossible(status)
        self.host.setVisible(bool(reason))
        if reason:
            self.host.set_state("info", tr("This computer cannot use direct paths: {reason}", reason=reason), "quiet")
