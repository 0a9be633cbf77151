# SPDX-License-Identifier: GPL-2.0-or-later
"""The form for a key: typed or pasted, or newly made. What is typed is never shown, and gone once it is sent."""

import secrets
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from mnclient.errors import MobileIPv6Error
from mnclient.model.keys import KeyAlgorithm, KeyInfo, KeyKind, KeyOwner
from ui.keys.key_fields import KeyFields
from ui.keys.key_work import KeyWork, write_key_file
from ui.texts import tr
from ui.view import keys_view as view
from ui.view.key_text import Entry, KeyEntry, Secret, key_entry, new_spi, spi_of
from ui.view.setting_text import EntryError, address_of

BUSY_MILLISECONDS: Final = 150


class KeyForm(QDialog):
    """`old`: the key to be replaced; None to add one.

    Signals:
    saved(): the service has the key.
    """

    saved = Signal()

    def __init__(self, session: Any, work: KeyWork, old: KeyInfo | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Replace the key") if old else tr("Add a key"))
        self._session, self._work, self._old = session, work, old
        self._is_sending = False
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(BUSY_MILLISECONDS)
        self._slow.timeout.connect(lambda: self.fields.say("working", tr("Being saved…"), "busy"))
        self.fields = KeyFields(old, self._addresses(), self)
        for signal in self.fields.changes():
            signal.connect(self.check)
        self.fields.address.currentTextChanged.connect(self._suggest_agent)
        self.fields.buttons.rejected.connect(self.reject)
        self.fields.buttons.accepted.connect(self.save)
        self._suggest_agent()
        self.check()

    # --- what stands there ---

    def algorithm(self) -> KeyAlgorithm:
        """The algorithm chosen."""
        return self.fields.algorithm.currentData()

    def entry(self) -> KeyEntry:
        """The key typed, judged."""
        chosen = self.algorithm()
        return key_entry(self.fields.secret.text(), chosen.low, chosen.high)

    def check(self) -> None:
        """Say what is missing; what is not complete cannot be saved."""
        if self._is_sending:
            return
        self.fields.follow()
        kind: KeyKind = self.fields.kind.currentData()
        self.fields.tell_unused(view.unused_kind_words(self._session.status, kind))
        problem = self._problem()
        entry = self.entry()
        if problem:
            self.fields.say("info", problem, "quiet")
        elif self.fields.makes_one():
            self.fields.say("info", tr("You choose next where the file for the home agent is written."), "quiet")
        else:
            icon, role = {
                Entry.EMPTY: ("info", "quiet"),
                Entry.WRONG: ("warning", "warning"),
                Entry.COMPLETE: ("check", "good"),
            }[entry.entry]
            self.fields.say(icon, entry.words, role)
        self.fields.save_button.setEnabled(not problem and (self.fields.makes_one() or entry.secret is not None))

    def _problem(self) -> str:
        if not self.fields.address.currentText().strip():
            return tr("This computer has no home address yet. Get one first.")
        for text in (self.fields.address.currentText(), self.fields.home_agent.text()):
            try:
                address_of(text)
            except EntryError as error:
                return tr(error.text, **error.values)
        if self.fields.makes_one():
            return ""
        if self.entry().secret is None:
            return ""  # which is said in the words of the entry
        if spi_of(self.fields.spi_in.text()) is None or spi_of(self.fields.spi_out.text()) is None:
            return tr("Type both numbers (SPI) that belong to the key: from 256 to 4294967295.")
        return ""

    def _addresses(self) -> list[str]:
        status = self._session.status
        return [str(each.address) for each in status.home_addresses] if status is not None else []

    def _suggest_agent(self) -> None:
        status = self._session.status
        if self._old is not None or status is None:
            return
        text = self.fields.address.currentText()
        agents = {str(each.address): each.home_agent for each in status.home_addresses}
        if (agent := agents.get(text)) is not None:
            self.fields.home_agent.setText(str(agent))

    # --- saving ---

    def save(self) -> None:
        """Send it; a new key goes into a file for the home agent first."""
        if not self.fields.save_button.isEnabled():
            return
        if not self.fields.makes_one():
            secret = self.entry().secret
            assert secret is not None
            spis = spi_of(self.fields.spi_in.text()), spi_of(self.fields.spi_out.text())
            self._send(self._plan(secret, *(each or 0 for each in spis)))
            return
        self.file_dialog = QFileDialog(self, tr("Write the key for the home agent"))
        self.file_dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.file_dialog.setOption(QFileDialog.Option.DontUseNativeDialog, False)
        self.file_dialog.setDefaultSuffix("mnclient")
        self.file_dialog.selectFile("home-agent-key.mnclient")
        self.file_dialog.fileSelected.connect(lambda name: self.make(Path(name)))
        self.file_dialog.open()

    def make(self, path: Path) -> None:
        """Make a new key, write it into this file, and give it to the service."""
        taken = set(view.taken_spis(self._session.status.keys if self._session.status is not None else ()))
        spi_in = new_spi(secrets.randbelow, taken)
        spi_out = new_spi(secrets.randbelow, taken | {spi_in})
        plan = self._plan(Secret(secrets.token_bytes(self.algorithm().high)), spi_in, spi_out)
        try:
            write_key_file(path, plan.invitation(view.prefix_of(self._session.status, plan.home_address)))
        except MobileIPv6Error as error:
            self._failed(error)
            return
        self._send(plan)

    def _plan(self, secret: Secret, spi_in: int, spi_out: int) -> view.KeyPlan:
        kind: KeyKind = self.fields.kind.currentData()
        return view.KeyPlan(
            home_address=IPv6Address(self.fields.address.currentText().strip()),
            home_agent=IPv6Address(self.fields.home_agent.text().strip()),
            kind=kind,
            algorithm=self.algorithm().name,
            spi_in=spi_in,
            spi_out=spi_out,
            owner=KeyOwner.USER if self.fields.in_keyring.isChecked() else KeyOwner.COMPUTER,
            secret=secret,
        )

    def _send(self, plan: view.KeyPlan) -> None:
        self._is_sending = True
        self.fields.save_button.setEnabled(False)
        self._slow.start()
        if self._old is None:
            self._work.install(plan, self._saved, self._failed)
        else:
            self._work.replace(self._old, plan, self._saved, self._failed)

    def _saved(self) -> None:
        self._end_sending()
        self.saved.emit()
        self.accept()

    def _failed(self, error: MobileIPv6Error) -> None:
        self._end_sending()
        hint = tr(error.hint)
        text = tr("{title}: {hint}", title=tr(error.title), hint=hint) if hint else tr(error.title)
        self.fields.say("error", text, "bad")
        self.fields.save_button.setEnabled(True)

    def _end_sending(self) -> None:
        self._slow.stop()
        self._is_sending = False

    def done(self, result: int) -> None:
        """Closed either way: what was typed is gone."""
        self.fields.secret.setText("")  # unlike clear(), it leaves nothing that could be undone
        super().done(result)
