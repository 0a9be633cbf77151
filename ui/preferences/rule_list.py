# SPDX-License-Identifier: GPL-2.0-or-later
"""A setting that is a list of rules: shown as sentences, changed in a small form."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from service.contract import Permission
from ui.preferences.model import PreferencesModel
from ui.preferences.rows import AdministratorMark, Outcome
from ui.preferences.rule_forms import RuleForm
from ui.preferences.search import findable
from ui.preferences.two_lines import TwoLineList
from ui.texts import tr
from ui.view.preferences_view import rows_with, rows_without
from ui.view.undo import Request
from ui.widgets import quiet, read_only
from ui.widgets.flow import Flow

Rule = Mapping[str, Any]


class RuleList(QWidget):
    """`words` gives a rule as a sentence, `form` makes the form for one (None: a new one)."""

    def __init__(
        self,
        model: PreferencesModel,
        key: str,
        title: str,
        empty: str,
        words: Callable[[Rule], str],
        form: Callable[[Rule | None, QWidget], RuleForm],
        needs: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self.model, self.key, self.title = model, key, title
        self._words, self._form, self._needs = words, form, needs
        self._shown: list[str] | None = None
        self.form: RuleForm | None = None
        self.list = TwoLineList(title)
        self.list.itemActivated.connect(lambda _: self.edit())
        self.list.currentRowChanged.connect(lambda _: self._permit())
        self.empty = quiet(empty)
        self.mark = AdministratorMark()
        self.add_button = QPushButton(tr("Add…"))
        self.edit_button = QPushButton(tr("Edit…"))
        self.remove_button = QPushButton(tr("Remove"))
        for button, name, act in (
            (self.add_button, tr("Add to {list}", list=title), self.add),
            (self.edit_button, tr("Edit in {list}", list=title), self.edit),
            (self.remove_button, tr("Remove from {list}", list=title), self.remove),
        ):
            button.setAccessibleName(name)
            button.clicked.connect(act)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.remove)
        self.outcome = Outcome(model, key)
        self._arrange()
        findable(self, title, empty)
        model.changed.connect(self.refresh)
        self.refresh()

    def _arrange(self) -> None:
        flow = Flow(8)
        for each in (self.add_button, self.edit_button, self.remove_button):
            flow.add(each)
        buttons = QHBoxLayout()
        buttons.addWidget(flow, 1)
        buttons.addWidget(self.mark)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.empty)
        column.addWidget(self.list)
        column.addLayout(buttons)
        column.addWidget(self.outcome)

    def refresh(self) -> None:
        """Show the rules in force."""
        sentences = [self._words(each) for each in self.model.rows(self.key)]
        if sentences != self._shown:
            self._shown = sentences
            self.list.rebuild(sentences)
            for number, text in enumerate(sentences):
                self.list.fill(number, text, "")
            self.list.fit()
        self.list.setVisible(bool(sentences))
        self.empty.setVisible(not sentences)
        self._permit()

    def add(self) -> None:
        """Ask for a new rule."""
        self._open(None)

    def edit(self) -> None:
        """Ask for another form of the rule that is selected."""
        if self.edit_button.isEnabled() and self.list.currentRow() >= 0:
            self._open(self.list.currentRow())

    def remove(self) -> None:
        """Remove the rule that is selected; it can be undone."""
        row, rules = self.list.currentRow(), self.model.rows(self.key)
        if self.remove_button.isEnabled() and 0 <= row < len(rules):
            self.outcome.hide()
            title = tr("{list}: “{rule}” removed", list=self.title, rule=self._words(rules[row]))
            self.model.set(self.key, rows_without(rules, row), title)

    def _open(self, row: int | None) -> None:
        rules = self.model.rows(self.key)
        if row is not None and row >= len(rules):
            return
        before = None if row is None else rules[row]
        self.form = self._form(before, self)
        self.form.wanted.connect(lambda rule: self._take(before, rule))
        self.form.open()

    def _take(self, before: Rule | None, rule: Rule) -> None:
        rules = self.model.rows(self.key)  # another program may have changed them while the form was open
        place = rules.index(before) if before is not None and before in rules else None
        words = tr("{list}: “{rule}”", list=self.title, rule=self._words(rule))
        self.outcome.hide()
        self.model.set(self.key, rows_with(rules, place, rule), words)

    def _permit(self) -> None:
        permission = self.model.permission(Request("set_setting", (self.key,)))
        self.mark.show_for(permission if self.model.is_reachable else Permission.YES)
        reason = self._reason(permission)
        declared = self.model.schema.get(self.key)
        is_full = declared is not None and declared.high is not None and self.list.count() >= declared.high
        read_only(self.add_button, reason or (tr("There is no room for more.") if is_full else ""))
        selected = reason or ("" if self.list.currentRow() >= 0 else tr("Select one in the list first."))
        read_only(self.edit_button, selected)
        read_only(self.remove_button, selected)

    def _reason(self, permission: Permission) -> str:
        if not self.model.is_reachable:
            return tr("The service cannot be reached.")
        if self.model.value(self.key) is None:
            return tr("This version of the service does not have this setting.")
        if permission is Permission.NO:
            return tr("Only an administrator of this computer may change this.")
        return self._needs() if self._needs else ""
