# SPDX-License-Identifier: GPL-2.0-or-later
"""Forms for one rule. What cannot be a rule cannot be saved, and the form says why."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ui.preferences.buttons import form_buttons
from ui.preferences.rows import label_for
from ui.texts import tr
from ui.view.preferences_view import PROTOCOLS, exception_sentence, exception_words, traffic_rule_words
from ui.view.setting_text import LONGEST_ENTRY, EntryError, ports_of, prefix_of
from ui.widgets import StateLabel, quiet

Rule = Mapping[str, Any]


class RuleForm(QDialog):
    """Signals:
    wanted(dict): this rule.
    """

    wanted = Signal(object)

    def __init__(self, title: str, introduction: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        self.fields = QFormLayout()
        self.fields.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.fields.setVerticalSpacing(12)
        self.state = StateLabel("info", "", "quiet", 16)
        self.buttons, self.save_button = form_buttons(tr("&Save"))
        self.buttons.accepted.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.addWidget(quiet(introduction))
        column.addLayout(self.fields)
        column.addWidget(self.state)
        column.addWidget(self.buttons)

    def rule(self) -> dict[str, object]:
        """The rule as it stands there; EntryError when it is none."""
        raise NotImplementedError

    def preview(self, rule: Rule) -> str:
        """The rule in a sentence."""
        raise NotImplementedError

    def check(self) -> None:
        """Say what the rule means, or why it is none."""
        try:
            text, icon, role, is_good = self.preview(self.rule()), "check", "good", True
        except EntryError as error:
            text, icon, role, is_good = tr(error.text, **error.values), "info", "warning", False
        self.state.set_state(icon, text, role)
        self.save_button.setEnabled(is_good)

    def line(self, name: str, text: str, example: str) -> QLineEdit:
        """A field for text."""
        field = QLineEdit(text)
        field.setMaxLength(LONGEST_ENTRY)
        field.setPlaceholderText(example)
        field.textChanged.connect(self.check)
        self.fields.addRow(label_for(name, field), field)
        return field

    def choice(self, name: str, choices: list[tuple[object, str]], value: object) -> QComboBox:
        """A field for one of a few values."""
        field = QComboBox()
        for each, text in choices:
            field.addItem(text, each)
        field.setCurrentIndex(max(field.findData(value), 0))
        field.currentIndexChanged.connect(self.check)
        self.fields.addRow(label_for(name, field), field)
        return field

    def _save(self) -> None:
        if self.save_button.isEnabled():
            self.wanted.emit(self.rule())
            self.accept()


class ExceptionForm(RuleForm):
    """With whom data goes directly, or not, whatever is set in general."""

    def __init__(self, rule: Rule | None, parent: QWidget | None) -> None:
        super().__init__(
            tr("Exception from direct paths"),
            tr("Where several exceptions match, the one with the longest prefix decides."),
            parent,
        )
        rule = rule or {}
        self.prefix = self.line(tr("&Computers in"), str(rule.get("prefix", "")), "2001:db8:1::/48")
        ways: list[tuple[object, str]] = [(each, exception_words({"allow": each})) for each in (False, True)]
        self.allow = self.choice(tr("&Data goes"), ways, rule.get("allow", False))
        self.check()

    def rule(self) -> dict[str, object]:
        return {"prefix": str(prefix_of(self.prefix.text())), "allow": self.allow.currentData()}

    def preview(self, rule: Rule) -> str:
        return exception_sentence(rule)


class TrafficForm(RuleForm):
    """Traffic that uses the address of the visited network."""

    def __init__(self, rule: Rule | None, parent: QWidget | None) -> None:
        super().__init__(
            tr("Traffic with the visited network's address"),
            tr("Such traffic does not take the way through the home agent, and does not survive a move."),
            parent,
        )
        rule = rule or {}
        self.destination = self.line(tr("&Destination"), str(rule.get("destination", "")), tr("Everywhere"))
        protocols: list[tuple[object, str]] = [(value, tr(text)) for value, text in PROTOCOLS]
        self.protocol = self.choice(tr("&Protocol"), protocols, rule.get("protocol", ""))
        self.ports = self.line(tr("P&orts"), str(rule.get("ports", "")), tr("All ports"))
        self.check()

    def check(self) -> None:
        has_protocol = bool(self.protocol.currentData()) if hasattr(self, "protocol") else False
        if hasattr(self, "ports"):
            self.ports.setEnabled(has_protocol)
            self.ports.setToolTip("" if has_protocol else tr("Choose TCP or UDP first."))
            super().check()

    def rule(self) -> dict[str, object]:
        rule: dict[str, object] = {}
        if self.destination.text().strip():
            rule["destination"] = str(prefix_of(self.destination.text()))
        if protocol := self.protocol.currentData():
            rule["protocol"] = protocol
            if self.ports.text().strip():
                rule["ports"] = ports_of(self.ports.text())
        return rule

    def preview(self, rule: Rule) -> str:
        return traffic_rule_words(rule)
