# SPDX-License-Identifier: GPL-2.0-or-later
"""Problems: what each means, what to do, since when; and where it can be mended here."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mnclient.model.service_status import ServiceStatus
from ui.texts import mark, tr
from ui.view import problems_view
from ui.view.moment import Moment
from ui.view.problems_view import ProblemRow
from ui.widgets import Card, EmptyState, heading, quiet, wrapped
from ui.widgets.labels import MEDIUM, IconLabel
from ui.window.context import Context
from ui.window.page import Rows, ScrollPage, filling


class ProblemsPage(ScrollPage):
    """A card for each problem, the worst first."""

    HELP = mark("Problems come and go by themselves: when one is mended, it disappears from this list.")

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(context, title)
        self.well = filling(EmptyState("check-circle", tr("All is well"), tr("There is nothing to mend."), role="good"))
        self.list = QWidget()
        column = QVBoxLayout(self.list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.rows = Rows(column, lambda row: ProblemCard(context))
        self.column.addWidget(self.list)
        self.column.addWidget(self.well)

    def show_status(self, status: ServiceStatus, moment: Moment) -> None:
        rows = problems_view.rows(status, moment)
        self.rows.show(rows, key=lambda each: (each.code, each.subject))
        self.list.setVisible(bool(rows))
        self.well.setVisible(not rows)


class ProblemCard(Card):
    """One problem."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._place = ""
        self._icon = IconLabel("error", "bad", 24)
        self.title_label = heading("", MEDIUM)
        self.since = quiet("")
        self.text = wrapped("")
        self.remedy_title = wrapped(tr("What to do"))
        font = self.remedy_title.font()
        font.setBold(True)
        self.remedy_title.setFont(font)
        self.remedy = wrapped("")
        for each in (self.text, self.remedy):
            each.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.button = QPushButton()
        self.button.clicked.connect(self._mend)
        words = QVBoxLayout()
        words.setSpacing(4)
        for each in (self.title_label, self.since, self.text):
            words.addWidget(each)
        words.addSpacing(8)
        words.addWidget(self.remedy_title)
        words.addWidget(self.remedy)
        words.addSpacing(4)
        words.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.body.addLayout(row)

    def show_row(self, row: ProblemRow) -> None:
        """Tell of this problem."""
        self._place = row.place
        self._icon.set_icon(row.icon, row.role)
        self.title_label.setText(row.title)
        self.since.setText(f"{row.severity} · {row.since}")
        self.text.setText(row.text)
        self.remedy.setText(row.remedy)
        self.button.setText(row.action)
        self.button.setVisible(bool(row.place))
        self.setAccessibleName(f"{row.severity}: {row.title}")
        self.setAccessibleDescription(f"{row.text} {row.remedy}")

    def _mend(self) -> None:
        desk = self._context.desk
        {
            problems_view.KEYS: desk.open_keys,
            problems_view.WIZARD: desk.open_wizard,
            problems_view.PREFERENCES: desk.open_preferences,
        }[self._place]()
