# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields of the form for a key, and how they stand together."""

from collections.abc import Iterator
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mnclient.model.keys import KeyInfo, KeyKind, KeyOwner
from ui.preferences.buttons import form_buttons
from ui.texts import tr
from ui.view import keys_view as view
from ui.view.key_text import LONGEST_TEXT
from ui.view.setting_text import LONGEST_ENTRY
from ui.widgets import StateLabel, heading, quiet

_INDENT: Final = 28
"""Pixels from the left of a radio button to the left of its text, about."""


class KeyFields:
    """Built into `dialog`. For a key that is replaced, what it is for stays as it is."""

    def __init__(self, old: KeyInfo | None, addresses: list[str], dialog: QDialog) -> None:
        self.address = QComboBox()
        self.address.addItems([str(old.home_address)] if old else addresses)
        self.address.setEnabled(old is None)
        self.home_agent = _line(str(old.home_agent) if old else "")
        self.home_agent.setEnabled(old is None)
        self.kind, self.algorithm = QComboBox(), QComboBox()
        for kind, title in view.KINDS.items():
            self.kind.addItem(tr(title), kind)
        self.unused = StateLabel("info", "", "quiet", 16)
        self.have_one = QRadioButton(tr("I &have the key"))
        self.make_one = QRadioButton(tr("&Make a new key"))
        self.have_one.setChecked(True)
        self.secret = _secret_line()
        self.spi_in, self.spi_out = _line("", "4097"), _line("", "4098")
        self.on_computer = QRadioButton(tr(view.OWNERS[KeyOwner.COMPUTER]))
        self.in_keyring = QRadioButton(tr(view.OWNERS[KeyOwner.USER]))
        (self.in_keyring if old and old.owner is KeyOwner.USER else self.on_computer).setChecked(True)
        self.state = StateLabel("info", "", "quiet", 16)
        self.buttons, self.save_button = form_buttons(tr("&Save the key"))
        self._groups = [_group(self.have_one, self.make_one), _group(self.on_computer, self.in_keyring)]
        self.kind.currentIndexChanged.connect(self._fill_algorithms)
        self._fill_algorithms()
        if old is not None:
            self.kind.setCurrentIndex(max(self.kind.findData(old.kind), 0))
            names = [each.name for each in view.algorithms(old.kind)]
            self.algorithm.setCurrentIndex(names.index(old.algorithm) if old.algorithm in names else 0)
        self._arrange(dialog)

    def changes(self) -> Iterator[Any]:
        """The signals after which everything has to be looked at again."""
        for line in (self.home_agent, self.secret, self.spi_in, self.spi_out):
            yield line.textChanged
        for box in (self.address, self.kind, self.algorithm):
            yield box.currentIndexChanged
        yield self.have_one.toggled
        yield self.in_keyring.toggled

    def makes_one(self) -> bool:
        """Whether a new key is wanted."""
        return self.make_one.isChecked()

    def follow(self) -> None:
        """Show what belongs to the choice made."""
        self._typed.setVisible(not self.makes_one())
        self._made.setVisible(self.makes_one())
        self.save_button.setText(tr("&Make and save…") if self.makes_one() else tr("&Save the key"))

    def say(self, icon: str, text: str, role: str) -> None:
        """What is missing, under way, or wrong."""
        self.state.set_state(icon, text, role)

    def tell_unused(self, text: str) -> None:
        """That such keys are only kept; "" when they are used."""
        self.unused.setVisible(bool(text))
        self.unused.set_state("info", text, "quiet")

    def _fill_algorithms(self) -> None:
        kind: KeyKind = self.kind.currentData()
        blocked = self.algorithm.blockSignals(True)  # in between there is none
        self.algorithm.clear()
        for each in view.algorithms(kind):
            self.algorithm.addItem(tr(each.title), each)
        self.algorithm.blockSignals(blocked)

    # --- layout ---

    def _arrange(self, dialog: QDialog) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 24, 24, 8)
        column.setSpacing(12)
        column.addLayout(
            _form(
                (tr("Home &address"), self.address),
                (tr("Home a&gent"), self.home_agent),
                (tr("&Protection"), self.kind),
                (tr("A&lgorithm"), self.algorithm),
            )
        )
        column.addWidget(self.unused)
        column.addWidget(heading(tr("The key"), 1.05))
        column.addWidget(self.have_one)
        column.addWidget(self._typed_fields())
        column.addWidget(self.make_one)
        self._made = _indented(
            quiet(
                tr(
                    "It is drawn at random and written into a file. Give that file to whoever runs the home agent, then"
                    " delete it."
                )
            )
        )
        column.addWidget(self._made)
        column.addWidget(heading(tr("Where it is kept"), 1.05))
        for button, owner in ((self.on_computer, KeyOwner.COMPUTER), (self.in_keyring, KeyOwner.USER)):
            place = QVBoxLayout()
            place.setSpacing(2)
            place.addWidget(button)
            place.addWidget(_indented(quiet(tr(view.OWNER_MEANINGS[owner]))))
            column.addLayout(place)
            button.setAccessibleDescription(tr(view.OWNER_MEANINGS[owner]))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        below = QVBoxLayout()
        below.setContentsMargins(24, 8, 24, 16)
        below.setSpacing(12)
        below.addWidget(self.state)
        below.addWidget(self.buttons)
        whole = QVBoxLayout(dialog)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area, 1)
        whole.addLayout(below)
        dialog.setMinimumSize(360, 400)
        dialog.resize(520, 720)

    def _typed_fields(self) -> QWidget:
        hint = quiet(tr("Hexadecimal digits or Base64. It is not shown while you type, nor ever again."))
        self._typed = QWidget()
        column = QVBoxLayout(self._typed)
        column.setContentsMargins(_INDENT, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(
            _form(
                (tr("&Key"), self.secret),
                (tr("Number for what a&rrives (SPI)"), self.spi_in),
                (tr("Number for what is sen&t (SPI)"), self.spi_out),
            )
        )
        column.addWidget(hint)
        return self._typed


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setVerticalSpacing(12)
    form.setHorizontalSpacing(16)
    for text, field in rows:
        field.setAccessibleName(text.replace("&", ""))
        form.addRow(text, field)
        if isinstance(field, QComboBox):
            field.setMinimumContentsLength(8)
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return form


def _line(text: str, example: str = "") -> QLineEdit:
    line = QLineEdit(text)
    line.setMaxLength(LONGEST_ENTRY)
    line.setPlaceholderText(example)
    return line


def _secret_line() -> QLineEdit:
    """Masked for good: there is no button that shows it, and what is masked can be neither copied nor cut."""
    line = QLineEdit()
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setMaxLength(LONGEST_TEXT)
    hints = Qt.InputMethodHint
    line.setInputMethodHints(hints.ImhHiddenText | hints.ImhSensitiveData | hints.ImhNoPredictiveText)
    return line


def _group(*buttons: QRadioButton) -> QButtonGroup:
    group = QButtonGroup(buttons[0])
    for each in buttons:
        group.addButton(each)
    return group


def _indented(widget: QWidget) -> QWidget:
    widget.setContentsMargins(_INDENT, 0, 0, 0)
    return widget
