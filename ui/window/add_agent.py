# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks for the address of a home agent that was not heard."""

from ipaddress import IPv6Address, IPv6Network
from typing import Final

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from mnclient.errors import MobileIPv6Error
from ui.texts import tr
from ui.view.wording import capital
from ui.widgets import Banner, quiet
from ui.widgets.labels import TintedLabel
from ui.window.context import Context

LONGEST: Final = 64


class AddAgentDialog(QDialog):
    """Closes when the service has it; until then an error stands beside what was typed."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self.setWindowTitle(tr("Add a home agent"))
        self.address = QLineEdit(maxLength=LONGEST, placeholderText="2001:db8:1::1")
        self.prefix = QLineEdit(maxLength=LONGEST)
        self.pinned = QCheckBox(tr("&Never drop it from the list"))
        self.pinned.setChecked(True)
        self.wrong = TintedLabel("", "warning")
        self.error = Banner("error")
        self.error.hide()
        self.buttons = QDialogButtonBox()
        self.add = self.buttons.addButton(tr("&Add"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self._add)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(tr("A&ddress:"), self.address)
        form.addRow(tr("Home net&work:"), self.prefix)
        form.addRow("", self.pinned)
        form.addRow("", self.wrong)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.addWidget(quiet(tr("The person who runs the home agent knows its address.")))
        column.addLayout(form)
        column.addWidget(self.error)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.setMinimumWidth(340)
        self.resize(460, self.sizeHint().height())
        self.address.textChanged.connect(self._check)
        self.prefix.textChanged.connect(self._check)
        self._check()

    def _check(self) -> None:
        address = _address(self.address.text())
        self.prefix.setPlaceholderText(str(_around(address)) if address else "2001:db8:1::/64")
        prefix = _prefix(self.prefix.text(), address)
        self.add.setEnabled(address is not None and prefix is not None)
        self.error.hide()
        wrong = ""
        if self.address.text().strip() and address is None:
            wrong = tr("This is not an IPv6 address of a home agent.")
        elif address is not None and prefix is None:
            wrong = tr("The home network must be a network with this address in it.")
        self.wrong.setText(wrong)

    def _add(self) -> None:
        address = _address(self.address.text())
        prefix = _prefix(self.prefix.text(), address)
        if address is None or prefix is None:
            return
        pinned = self.pinned.isChecked()
        self.add.setEnabled(False)
        self._context.session.ask(
            lambda client: client.add_home_agent(address, prefix, pinned),
            then=lambda answer: self.accept(),
            failed=self._refuse,
        )

    def _refuse(self, error: MobileIPv6Error) -> None:
        self.error.say("error", tr(error.title), capital(tr(error.hint)))
        self.error.show()
        self.add.setEnabled(True)


def _address(text: str) -> IPv6Address | None:
    try:
        address = IPv6Address(text.strip())
    except ValueError:
        return None
    usable = not (address.is_multicast or address.is_link_local or address.is_unspecified or address.is_loopback)
    return address if usable and address.scope_id is None else None


def _around(address: IPv6Address) -> IPv6Network:
    return IPv6Network((address, 64), strict=False)


def _prefix(text: str, address: IPv6Address | None) -> IPv6Network | None:
    if address is None:
        return None
    if not text.strip():
        return _around(address)
    try:
        prefix = IPv6Network(text.strip(), strict=False)
    except ValueError:
        return None
    return prefix if address in prefix else None
