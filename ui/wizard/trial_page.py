# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the trial: its stages as they happen, and if it does not work a plain answer with what to do."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.texts import mark, tr
from ui.view.trial_answers import Answer
from ui.view.trial_view import Progress, StageRow, TrialView, Verdict
from ui.view.wizard_flow import Input, State
from ui.widgets.banner import Banner
from ui.widgets.card import Card
from ui.widgets.labels import IconLabel, TintedLabel, quiet
from ui.wizard.page import Page

LOOKS = {
    Progress.WAITING: ("waiting", "quiet", mark("waits")),
    Progress.BUSY: ("working", "busy", mark("in progress")),
    Progress.DONE: ("check-circle", "good", mark("done")),
    Progress.FAILED: ("error", "bad", mark("not done")),
}
MENDS = {
    State.AGENT: (Input.TO_AGENT, mark("Choose another &home agent")),
    State.ADDRESS: (Input.TO_ADDRESS, mark("Choose another &address")),
    State.PROTECTION: (Input.TO_PROTECTION, mark("Change the &protection")),
    State.INTERFACES: (Input.TO_INTERFACES, mark("Change the &order")),
}


class TrialPage(Page):
    """Signals:
    wanted(Input): mend it there, or keep it all the same.
    """

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Trying it"),
            " ",
            parent,
            help_text=tr(
                "The address is used as if it were yours, but nothing of it is stored. When a packet sent to it "
                "comes back through the home agent, it is kept. If you go back or close this window, everything "
                "is as it was before."
            ),
        )
        self.card = Card()
        self.card.body.setSpacing(4)
        self.rows: list[_Row] = []
        self.body.addWidget(self.card)
        self.elapsed = quiet("")
        self.body.addWidget(self.elapsed)
        self.banner = Banner("error")
        self.banner.hide()
        self.todo = QLabel()
        self.todo.setWordWrap(True)
        self.todo.setTextFormat(Qt.TextFormat.PlainText)
        self.body.addWidget(self.banner)
        self.body.addWidget(self.todo)
        self.mend = _button("", self._mend)
        self.keep = _button(tr("&Keep it anyway"), lambda: self.wanted.emit(Input.KEEP))
        buttons = QVBoxLayout()
        buttons.setSpacing(8)
        for each in (self.mend, self.keep):
            buttons.addWidget(each, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addLayout(buttons)
        self.body.addStretch(1)
        self.show_beginning()

    def show_trial(self, address: str, view: TrialView, state: State, *, is_new_key: bool = False) -> None:
        """Show how it stands."""
        self.text.setText(_words(address, is_new_key=is_new_key))
        self._show_rows(view.rows)
        answer = view.answer if state is State.FAILED else None
        self.elapsed.setText(tr("{time} so far", time=view.elapsed))
        self.elapsed.setVisible(view.verdict is Verdict.RUNNING)
        self.title.setText(tr("It does not work yet") if answer else tr("Trying it"))
        self.setAccessibleName(self.title.text())
        if answer == self._answer:
            return
        self._answer = answer
        self.banner.setVisible(answer is not None)
        self.todo.setVisible(bool(answer and answer.todo))
        self.mend.setVisible(bool(answer and answer.mend))
        self.keep.setVisible(bool(answer and answer.may_keep))
        if answer is not None:
            self.banner.say("warning" if answer.may_keep else "error", answer.title, answer.text)
            self.todo.setText(answer.todo)
            self.setAccessibleDescription(f"{answer.title}. {answer.text} {answer.todo}")
            if answer.mend:
                self.mend.setText(tr(MENDS[answer.mend][1]))

    def show_beginning(self) -> None:
        """Before the service has been asked for anything."""
        self.text.setText(tr("The service is being asked."))
        self._show_rows(())
        self.elapsed.hide()
        self.banner.hide()
        for each in (self.todo, self.mend, self.keep):
            each.hide()
        self._answer: Answer | None = None

    def first(self) -> QWidget | None:
        return self.mend if self.mend.isVisible() else None

    def _mend(self) -> None:
        if self._answer is not None and self._answer.mend:
            self.wanted.emit(MENDS[self._answer.mend][0])

    def _show_rows(self, rows: tuple[StageRow, ...]) -> None:
        while len(self.rows) < len(rows):
            self.rows.append(_Row())
            self.card.body.addWidget(self.rows[-1])
        for number, widget in enumerate(self.rows):
            widget.setVisible(number < len(rows))
            if number < len(rows):
                widget.say(rows[number])


class _Row(QWidget):
    """One stage: a picture, what it is, and its time."""

    def __init__(self) -> None:
        super().__init__()
        self.icon = IconLabel("waiting", "quiet", 20)
        self.words = TintedLabel("")
        self.time = TintedLabel("", "quiet")
        self.time.setWordWrap(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(12)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.words, 1)
        row.addWidget(self.time, 0, Qt.AlignmentFlag.AlignVCenter)

    def say(self, row: StageRow) -> None:
        icon, role, word = LOOKS[row.progress]
        self.icon.set_icon(icon, role)
        self.words.set_role("quiet" if row.progress is Progress.WAITING else "text")
        self.words.setText(row.title)
        self.time.setText(row.time)
        self.setAccessibleName(f"{row.title}: {row.time or tr(word)}")


def _words(address: str, *, is_new_key: bool) -> str:
    if is_new_key:
        return tr("The new key of {address} is on trial. Until it works, nothing of it is kept.", address=address)
    return tr("{address} is registered on trial. Nothing is kept before it works.", address=address)


def _button(text: str, act) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setMinimumHeight(32)
    button.clicked.connect(lambda: act())
    return button
