# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of this computer and of this person: which there are, and adding, replacing and deleting them."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMessageBox, QPushButton, QVBoxLayout, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyInfo, KeyKind
from mnclient.model.service_status import ServiceStatus
from service.contract import Action, Permission
from ui.keys.key_form import KeyForm
from ui.keys.key_work import KeyWork
from ui.preferences.page import Page
from ui.preferences.rows import AdministratorMark, error_words
from ui.preferences.two_lines import TwoLineList
from ui.session import Reach, Reached
from ui.texts import tr
from ui.view import keys_view as view
from ui.view.preferences_view import capitalised
from ui.widgets import Banner, Card, EmptyState, StateLabel, read_only


class KeysDialog(QDialog):
    """`desk` has the session and the courier that hands over the person's keys."""

    def __init__(self, desk: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.setMinimumSize(360, 480)
        self.resize(640, 560)
        self.desk = desk
        self.session, self.courier = desk.session, desk.key_courier
        self.work = KeyWork(self.session, self.courier.store, self)
        self._permissions: dict[Action, Permission] = {}
        self._keys: dict[Any, KeyInfo] = {}
        self.form: KeyForm | None = None
        self.reach_banner, self.trouble_banner = Banner(), Banner()
        self.list = TwoLineList(tr("Keys"), most=6)
        self.mark = AdministratorMark()
        self.outcome = StateLabel("info", "", "quiet", 16)
        self._arrange()
        self._follow()

    def _arrange(self) -> None:
        card = Card(tr("Keys of your home addresses"))
        card.header.addWidget(self.mark)
        self.empty = EmptyState("key", tr("No key yet"), tr("A key proves to your home agent that messages are yours."))
        self.unused = StateLabel("info", "", "quiet", 16)
        self.add_button = QPushButton(tr("&Add…"))
        self.replace_button = QPushButton(tr("&Replace…"))
        self.delete_button = QPushButton(tr("&Delete…"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for each in (self.add_button, self.replace_button, self.delete_button):
            buttons.addWidget(each)
        buttons.addStretch(1)
        for each in (self.empty, self.list):
            card.body.addWidget(each)
        card.body.addLayout(buttons)
        for each in (self.outcome, self.unused):
            card.body.addWidget(each)
        self.outcome.hide()
        page = Page(tr("Keys"), tr("A key can be added, replaced and deleted. It is never shown."))
        for each in (self.reach_banner, self.trouble_banner, card):
            page.add(each)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(page)

    def _follow(self) -> None:
        self.add_button.clicked.connect(self.add)
        self.replace_button.clicked.connect(self.replace)
        self.delete_button.clicked.connect(self.ask_to_delete)
        self.list.currentRowChanged.connect(lambda _: self._permit())
        self.list.itemActivated.connect(lambda _: self.replace())
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.ask_to_delete)
        QShortcut(QKeySequence("Ctrl+Q"), self).activated.connect(self.desk.quit)
        self.session.status_changed.connect(self._show)
        self.session.reach_changed.connect(self._show_reach)
        self.courier.troubled.connect(lambda _: self._show_trouble())
        self.courier.recovered.connect(self._show_trouble)
        self.trouble_banner.acted.connect(self._retry)
        self._show_reach(self.session.reached)
        self._show_trouble()
        if self.session.status is not None:
            self._show(self.session.status)

    def showEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        self._ask_permissions()
        super().showEvent(event)

    # --- showing ---

    def _show(self, status: ServiceStatus) -> None:
        rows = view.key_rows(status)
        self._keys = {each.identity: each for each in status.keys}
        if [each.identity for each in rows] != self.list.keys():
            self.list.rebuild([each.identity for each in rows])
        for number, each in enumerate(rows):
            self.list.fill(number, each.title, each.detail, each.icon, each.role)
        self.list.fit()
        self.list.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        kinds = {each.kind for each in status.keys} or set(KeyKind)
        words = {view.unused_kind_words(status, each) for each in kinds} - {""}
        self.unused.setVisible(bool(rows) and bool(words))
        self.unused.set_state("info", " ".join(sorted(words)), "quiet")
        self._permit()

    def _show_reach(self, reached: Reached) -> None:
        self.reach_banner.setVisible(reached.reach is not Reach.READY)
        if reached.reach is Reach.CONNECTING:
            self.reach_banner.say("info", tr("Looking for the service…"))
        else:
            self.reach_banner.say("warning", tr(reached.title), capitalised(tr(reached.hint)))
        if reached.reach is Reach.READY and self.isVisible():
            self._ask_permissions()
        self._permit()

    def _show_trouble(self) -> None:
        trouble = self.courier.trouble
        self.trouble_banner.setVisible(trouble is not None)
        if trouble is not None:
            self.trouble_banner.say("warning", tr(trouble.title), tr(trouble.hint), tr("&Try again"))

    def _retry(self) -> None:
        self.trouble_banner.say("info", tr("Asking your keyring…"))
        self.courier.retry()

    def _ask_permissions(self) -> None:
        self.session.ask(lambda client: client.permissions(), then=self._take, failed=lambda _: self._permit())

    def _take(self, permissions: dict[Action, Permission] | None) -> None:
        self._permissions = permissions or {}
        self._permit()

    def _permit(self) -> None:
        permission = self._permissions.get(Action.MANAGE_KEYS, Permission.YES)
        is_ready = self.session.reached.reach is Reach.READY
        self.mark.show_for(permission if is_ready else Permission.YES)
        reason = "" if is_ready else tr("The service cannot be reached.")
        if is_ready and permission is Permission.NO:
            reason = tr("Only an administrator of this computer may change this.")
        read_only(self.add_button, reason)
        selected = reason or ("" if self.current() is not None else tr("Select a key first."))
        read_only(self.replace_button, selected)
        read_only(self.delete_button, selected)

    # --- changing ---

    def current(self) -> KeyInfo | None:
        """The key that is selected."""
        item = self.list.currentItem()
        return self._keys.get(self.list.keys()[self.list.row(item)]) if item is not None else None

    def add(self) -> None:
        """Ask for a new key."""
        self._open(None)

    def replace(self) -> None:
        """Ask for a key in place of the one selected."""
        if self.replace_button.isEnabled() and (key := self.current()) is not None:
            self._open(key)

    def ask_to_delete(self) -> None:
        """Delete the key selected, if that is really wanted: it cannot be brought back."""
        key = self.current()
        if key is None or not self.delete_button.isEnabled():
            return
        self.question = box = QMessageBox(QMessageBox.Icon.Warning, tr("Delete the key?"), tr("Delete this key?"))
        box.setParent(self, box.windowFlags())
        box.setInformativeText(
            tr(
                "{home_address} can then no longer prove itself to {home_agent}. A key that is deleted cannot be"
                " brought back.",
                home_address=key.home_address,
                home_agent=key.home_agent,
            )
        )
        delete = box.addButton(tr("&Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(tr("&Keep it"), QMessageBox.ButtonRole.RejectRole))
        delete.clicked.connect(lambda: self._delete(key))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _delete(self, key: KeyInfo) -> None:
        self._say("working", tr("Being deleted…"), "busy")
        self.work.delete(key, lambda: self._say("check", tr("The key is deleted."), "good"), self._failed)

    def _open(self, key: KeyInfo | None) -> None:
        self.outcome.hide()
        self.form = KeyForm(self.session, self.work, key, self)
        self.form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form.saved.connect(lambda: self._say("check", tr("The key is saved."), "good"))
        self.form.open()

    def _failed(self, error: MobileIPv6Error) -> None:
        self._say("error", error_words(error), "bad")

    def _say(self, icon: str, text: str, role: str) -> None:
        self.outcome.set_state(icon, text, role)
        self.outcome.show()
