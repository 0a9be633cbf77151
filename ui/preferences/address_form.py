# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address typed by hand."""

from ipaddress import IPv6Address

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from ui.preferences.buttons import form_buttons
from ui.preferences.model import PreferencesModel
from ui.preferences.rows import error_words, label_for
from ui.texts import tr
from ui.view.preferences_view import HOME_ADDRESSES
from ui.view.setting_text import LONGEST_ENTRY, EntryError, address_of
from ui.widgets import StateLabel, quiet


class AddressForm(QDialog):
    """Signals:
    wanted(IPv6Address, IPv6Address | None, int): the address, its home agent, and the length of its prefix.
    """

    wanted = Signal(object, object, int)

    def __init__(self, model: PreferencesModel, status: ServiceStatus | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Add a home address by hand"))
        self.setMinimumWidth(440)
        self._is_sent = False
        self.address = QLineEdit()
        self.address.setMaxLength(LONGEST_ENTRY)
        self.address.setPlaceholderText("2001:db8:1::100")
        self.home_agent = QComboBox()
        self.home_agent.setEditable(True)
        self.home_agent.lineEdit().setMaxLength(LONGEST_ENTRY)
        self.home_agent.lineEdit().setPlaceholderText(tr("The best known one of its network"))
        self.home_agent.addItem("")
        for each in status.known_home_agents if status else ():
            self.home_agent.addItem(str(each.address))
        self.prefix_length = QSpinBox()
        self.prefix_length.setRange(1, 128)
        self.prefix_length.setValue(64)
        self.state = StateLabel("info", "", "quiet", 16)
        self.buttons, self.add_button = form_buttons(tr("A&dd"))
        self._arrange()
        self.address.textChanged.connect(self._check)
        self.home_agent.editTextChanged.connect(self._check)
        self.buttons.accepted.connect(self._send)
        self.buttons.rejected.connect(self.reject)
        model.refused.connect(self._refused)
        model.done.connect(self._done)
        self._check()

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setVerticalSpacing(12)
        for text, field in (
            (tr("&Home address"), self.address),
            (tr("Home a&gent"), self.home_agent),
            (tr("&Prefix length"), self.prefix_length),
        ):
            form.addRow(label_for(text, field), field)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.addWidget(quiet(tr("For an address that the operator of a home agent gave you.")))
        column.addLayout(form)
        column.addWidget(self.state)
        column.addWidget(self.buttons)

    def _entry(self) -> tuple[IPv6Address, IPv6Address | None]:
        agent = self.home_agent.currentText().strip()
        return address_of(self.address.text()), address_of(agent) if agent else None

    def _check(self) -> None:
        try:
            self._entry()
        except EntryError as error:
            is_begun = bool(self.address.text().strip())
            text = tr(error.text, **error.values) if is_begun else tr("Type the address.")
            self.state.set_state("error" if is_begun else "info", text, "bad" if is_begun else "quiet")
            self.add_button.setEnabled(False)
        else:
            self.state.set_state("check", tr("This can be a home address."), "good")
            self.add_button.setEnabled(True)

    def _send(self) -> None:
        address, home_agent = self._entry()
        self._is_sent = True
        self.add_button.setEnabled(False)
        self.state.set_state("working", tr("Being added…"), "busy")
        self.wanted.emit(address, home_agent, self.prefix_length.value())

    def _refused(self, subject: str, error: MobileIPv6Error) -> None:
        if self._is_sent and subject == HOME_ADDRESSES:
            self._is_sent = False
            self.state.set_state("error", error_words(error), "bad")
            self.add_button.setEnabled(True)

    def _done(self, subject: str) -> None:
        if self._is_sent and subject == HOME_ADDRESSES:
            self.accept()
