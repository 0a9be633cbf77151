# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of the wizard: the list of steps, the pages, and the buttons below. `guide` decides."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QDialog,
    QFrame,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.desk import Desk
from ui.texts import tr
from ui.view.tray_view import Snapshot, tray_view
from ui.view.trial_view import Verdict
from ui.view.wizard_draft import goes_unprotected, succeeds
from ui.view.wizard_flow import CHOICES, Input, State, shown_steps, step_of
from ui.wizard.address_page import AddressPage
from ui.wizard.agent_page import AgentPage
from ui.wizard.choice_card import ChoiceCard
from ui.wizard.done_page import DonePage
from ui.wizard.footer import Footer
from ui.wizard.guide import ON_TRIAL, Guide
from ui.wizard.interfaces_page import InterfacesPage
from ui.wizard.invitation_desk import InvitationDesk
from ui.wizard.page import Page
from ui.wizard.protection_page import ProtectionPage
from ui.wizard.step_list import StepList
from ui.wizard.top_message import TopMessage
from ui.wizard.trial_page import TrialPage

SIZE: Final = QSize(760, 600)
SMALLEST: Final = QSize(360, 480)
NARROW: Final = 3.4
"""In widths of the list of steps: narrower, and it lies on top."""


class WizardDialog(QDialog):
    """Gets a home address. One window, used again and again; each time it begins anew."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.guide = Guide(desk.session, parent=self)
        self.setWindowTitle(tr("Get a home address"))
        self.setMinimumSize(SMALLEST)
        self.resize(SIZE)
        self.setAcceptDrops(True)
        self.steps = StepList()
        self.message = TopMessage()
        self.footer = Footer()
        self.question: QMessageBox | None = None
        self._may_close = False
        self._focused: QWidget | None = None
        self._in_sight = (False, 0)
        self._make_pages()
        self.invitations = InvitationDesk(self, self.guide, self.agent_page, self.protection_page)
        self._arrange()
        self._connect()

    def import_invitation(self, path: Path) -> None:
        """Begin with this invitation. A trial that goes on is not disturbed."""
        if self.guide.state in ON_TRIAL:
            self.message.busy()
            return
        self.guide.go_to_start()
        self.invitations.read(path)

    # --- Qt's ---

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        super().showEvent(event)
        self._may_close = False
        if self.guide.state is State.CLOSED:
            self.guide.take(Input.OPEN)
        self._show_all()
        self._give_focus()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self._may_close or self.guide.is_safe_to_close():
            self._end()
            event.accept()
        else:
            event.ignore()
            self._ask_before_closing()

    def reject(self) -> None:
        self.close()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if self.guide.state in CHOICES and _dropped_file(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        path = _dropped_file(event)
        if path is not None and self.guide.state in CHOICES:
            event.acceptProposedAction()
            self.import_invitation(path)

    # --- below: the parts ---

    def _make_pages(self) -> None:
        self.agent_page = AgentPage()
        self.address_page = AddressPage()
        self.protection_page = ProtectionPage()
        self.interfaces_page = InterfacesPage()
        self.trial_page = TrialPage()
        self.done_page = DonePage()
        self.pages: dict[State, Page] = {
            State.AGENT: self.agent_page,
            State.ADDRESS: self.address_page,
            State.PROTECTION: self.protection_page,
            State.INTERFACES: self.interfaces_page,
            State.TRYING: self.trial_page,
            State.DONE: self.done_page,
        }

    def _arrange(self) -> None:
        self.stack = QStackedWidget()
        self._areas: dict[State, QScrollArea] = {}
        for state, page in self.pages.items():
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setWidget(page)
            self._areas[state] = area
            self.stack.addWidget(area)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.message)
        right.addWidget(self.stack, 1)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(0)
        self._middle.addWidget(self.steps)
        self._middle.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._middle, 1)
        column.addWidget(self.footer)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter goes on, whatever has the keyboard
        self.footer.next.setDefault(True)

    def _connect(self) -> None:
        guide, footer = self.guide, self.footer
        for page in self.pages.values():
            page.edited.connect(guide.edit)
            for card in page.findChildren(ChoiceCard):
                card.radio.clicked.connect(lambda _checked=False, each=card: self._reveal(each))
        guide.moved.connect(self._moved)
        guide.changed.connect(self._show_all)
        guide.left_over.connect(self.message.left_over)
        self.trial_page.wanted.connect(guide.take)
        self.invitations.invitations.refused.connect(lambda _: self._reveal(self.agent_page.invitation))
        self.done_page.keys_wanted.connect(self._open_keys)
        for keys, act in (("F1", self._help), ("Ctrl+Q", self.desk.quit)):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        footer.back.clicked.connect(lambda: guide.take(Input.BACK))
        footer.next.clicked.connect(self._next)
        footer.leave.clicked.connect(self.close)

    def _next(self) -> None:
        if self.guide.state is State.DONE:
            self.close()
        else:
            self.guide.take(Input.AGAIN if self.guide.state is State.FAILED else Input.NEXT)

    def _moved(self, before: State, after: State) -> None:
        self.stack.setCurrentWidget(self._areas[step_of(after)])
        if step_of(before) is not step_of(after):
            self.message.new_page()
            self._areas[step_of(after)].verticalScrollBar().setValue(0)
            self._show_all()
            self._give_focus()
        elif after in (State.FAILED, State.TRYING):
            self._show_all()
            self._give_focus()
        if after in (State.FAILED, State.DONE):
            self._tell_end(after)

    def _show_all(self) -> None:
        guide, state = self.guide, self.guide.state
        if state is State.CLOSED:
            return
        facts = guide.facts
        self.steps.show_steps(shown_steps(facts), step_of(state))
        self._show_reach()
        status = self.desk.session.status
        if state is State.DONE and status is not None:
            self.done_page.show_tray(tray_view(Snapshot("ready", status)))
        if state in (*ON_TRIAL, State.DONE):
            self._show_trial()
        elif state in CHOICES:
            self.pages[state].show_scene(guide.scene())
            self._correct_focus()
            self._keep_in_sight()
        self.footer.show_state(
            state,
            is_last=guide.leads_to_trial(facts),
            is_complete=state not in facts.incomplete and not (state is State.FAILED and status is None),
            refusal=guide.needs.refusal(guide.draft, status) if guide.leads_to_trial(facts) else "",
            asks=guide.leads_to_trial(facts) and guide.needs.asks_for_password(guide.draft, status),
        )

    def _show_reach(self) -> None:
        is_away = self.desk.session.status is None and self.guide.state in CHOICES
        self.message.show_reach(self.desk.session.reached if is_away else None)

    def _show_trial(self) -> None:
        view = self.guide.trial_view()
        if view is not None and self.guide.trial is not None:
            address, is_new_key = str(self.guide.trial.address), self.guide.trial.new_spi is not None
            self.trial_page.show_trial(address, view, self.guide.state, is_new_key=is_new_key)
            verdict = view.verdict if view.verdict is Verdict.AT_HOME else Verdict.WORKS
            is_bare = goes_unprotected(self.guide.draft, self.guide.status)
            self.done_page.show_result(address, verdict, view.elapsed, is_bare, is_new_key=is_new_key)
        else:
            self.trial_page.show_beginning()

    def _keep_in_sight(self) -> None:
        """An invitation, also below home agents that are found after it was opened."""
        is_opened = self.guide.draft.invitation is not None
        there = (is_opened, len(self.agent_page.cards))
        if there != self._in_sight and is_opened and self.guide.state is State.AGENT:
            self._reveal(self.agent_page.invitation)
        self._in_sight = there

    def _reveal(self, card: ChoiceCard) -> None:
        """What opens below a choice is not left below the edge of the window."""
        area = self._areas[step_of(self.guide.state)]
        QTimer.singleShot(0, area, lambda: area.ensureWidgetVisible(card, 0, 24))

    def _help(self) -> None:
        self.message.toggle_help(self.pages[step_of(self.guide.state)])

    def _open_keys(self) -> None:
        self.close()
        self.desk.open_keys()

    def _fit(self) -> None:
        is_narrow = self.width() < self.steps.wide_width() * NARROW
        self.steps.set_narrow(is_narrow)
        way = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._middle.setDirection(way)

    def _give_focus(self) -> None:
        page, footer = self.pages[step_of(self.guide.state)], self.footer
        wanted = page.first() or (footer.next if footer.next.isEnabled() else footer.back)
        wanted.setFocus(Qt.FocusReason.OtherFocusReason)
        self._focused = wanted

    def _correct_focus(self) -> None:
        """What was found after the page was shown is what the keyboard is for, unless the person moved it."""
        if self.guide.state in CHOICES and self.focusWidget() is self._focused:
            self._give_focus()

    def _tell_end(self, state: State) -> None:
        """The trial ended without a key being pressed: show it, and say it to who cannot see it."""
        words = self.done_page.title.text()
        if state is State.FAILED:
            area = self._areas[State.TRYING]
            QTimer.singleShot(0, area, lambda: area.ensureWidgetVisible(self.trial_page.banner, 0, 24))
            words = self.trial_page.accessibleDescription()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    # --- below: closing ---

    def _ask_before_closing(self) -> None:
        if self.question is not None:
            self.question.raise_()
            return
        on_trial = self.guide.state in ON_TRIAL
        self.question = QMessageBox(self)
        self.question.setIcon(QMessageBox.Icon.Question)
        self.question.setWindowTitle(self.windowTitle())
        self.question.setText(self._what_is_lost())
        self.question.setInformativeText(
            tr("The trial ends, and everything is as it was before.")
            if on_trial
            else tr("What you entered is not kept.")
        )
        close = self.question.addButton(tr("&Close"), QMessageBox.ButtonRole.DestructiveRole)
        stay = self.question.addButton(tr("&Go on"), QMessageBox.ButtonRole.RejectRole)
        self.question.setDefaultButton(stay)
        self.question.setEscapeButton(stay)
        self.question.finished.connect(lambda: self._answered(close))
        self.question.open()

    def _what_is_lost(self) -> str:
        if succeeds(self.guide.draft, self.guide.status) is not None:
            return tr("Close without the new key?")
        return tr("Close without a home address?")

    def _answered(self, yes: QAbstractButton) -> None:
        question, self.question = self.question, None
        if question is None:
            return
        self._may_close = question.clickedButton() is yes
        question.deleteLater()
        if self._may_close:
            self.close()

    def _end(self) -> None:
        self.invitations.forget()
        self.guide.take(Input.CLOSE)
        self.message.reset()


def _dropped_file(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
