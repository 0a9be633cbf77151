# SPDX-License-Identifier: GPL-2.0-or-later
"""What belongs to a key that is typed, and to one that is made."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mnclient.model.keys import KEY_ALGORITHMS, KeyKind, KeyOwner
from ui.texts import tr
from ui.view.wizard_draft import Draft, algorithm_of, secret_complaint, spi_complaint, typed_key
from ui.widgets.labels import StateLabel, quiet
from ui.wizard.field import Field
from ui.wizard.round_button import RoundButton


class AlgorithmChoice(QWidget):
    """Signals:
    chosen(KeyKind, str): the person took another one.
    """

    chosen = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setMinimumHeight(32)
        self.box.setMinimumContentsLength(12)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setAccessibleName(tr("Kind of key"))
        label = QLabel(tr("&Kind of key"))
        label.setBuddy(self.box)
        self.box.activated.connect(lambda index: self.chosen.emit(*self.box.itemData(index)))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label)
        column.addWidget(self.box)

    def show_draft(self, draft: Draft, protections: Sequence[str]) -> None:
        """Show its algorithm. Kinds that this service can apply come first."""
        kinds = sorted(KeyKind, key=lambda each: each.value not in protections)
        wanted = [(kind, each.name, tr(each.title)) for kind in kinds for each in KEY_ALGORITHMS[kind]]
        blocker = QSignalBlocker(self.box)
        if [self.box.itemData(row) for row in range(self.box.count())] != [(kind, name) for kind, name, _ in wanted]:
            self.box.clear()
            for kind, name, title in wanted:
                self.box.addItem(_title(kind, title), (kind, name))
        index = [(kind, name) for kind, name, _ in wanted].index((draft.kind, algorithm_of(draft).name))
        self.box.setCurrentIndex(index)
        blocker.unblock()


class TypedKey(QWidget):
    """Signals:
    edited(dict): fields of the draft and their new values.
    """

    edited = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.algorithm = AlgorithmChoice()
        self.algorithm.chosen.connect(lambda kind, name: self.edited.emit({"kind": kind, "algorithm": name}))
        self.secret = Field(tr("Ke&y"), tr("Digits and letters, as you were given them."), secret=True)
        self.spi_out = Field(tr("Number &out"), tr("SPI of what this computer sends."), example="4096")
        self.spi_in = Field(tr("Number &in"), tr("SPI of what the home agent sends."), example="4097")
        for field, name in ((self.secret, "secret_text"), (self.spi_out, "spi_out_text"), (self.spi_in, "spi_in_text")):
            field.typed.connect(lambda text, each=name: self.edited.emit({each: text}))
        numbers = QHBoxLayout()
        numbers.setSpacing(12)
        numbers.addWidget(self.spi_out, 1, Qt.AlignmentFlag.AlignTop)
        numbers.addWidget(self.spi_in, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.algorithm)
        column.addWidget(self.secret)
        column.addLayout(numbers)
        self._refusal = ""

    def show_draft(self, draft: Draft, protections: Sequence[str]) -> None:
        """Show it, and what is wrong with it."""
        self.algorithm.show_draft(draft, protections)
        self.secret.set_text(draft.secret_text)
        self.spi_out.set_text(draft.spi_out_text)
        self.spi_in.set_text(draft.spi_in_text)
        judged = typed_key(draft)
        self.secret.set_error(secret_complaint(draft) or "", judged.words if judged.secret else "")
        self.spi_out.set_error(spi_complaint(draft.spi_out_text) or "")
        self.spi_in.set_error(spi_complaint(draft.spi_in_text) or "")

    def set_refusal(self, words: str) -> None:
        """What the service says of the key."""
        if words:
            self.secret.set_error(words)


class OwnerChoice(QWidget):
    """Where the key lives.

    Signals:
    chosen(KeyOwner): the person wants it there.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        title = QLabel(tr("Where the key lives"))
        column.addWidget(title)
        self.buttons: dict[KeyOwner, RoundButton] = {}
        for owner, words, hint in (
            (KeyOwner.COMPUTER, tr("This computer"), tr("It works before anybody logs in.")),
            (KeyOwner.USER, tr("My keyring"), tr("It works only while I am logged in.")),
        ):
            button = RoundButton(words)
            button.setAccessibleName(f"{title.text()}: {words}")
            button.setAccessibleDescription(hint)
            button.clicked.connect(lambda _checked=False, each=owner: self.chosen.emit(each))
            note = quiet(hint)
            note.setContentsMargins(24, 0, 0, 0)
            column.addWidget(button)
            column.addWidget(note)
            self.buttons[owner] = button

    def show_draft(self, draft: Draft) -> None:
        """Show what is chosen."""
        self.buttons[draft.owner].setChecked(True)


class MadeKey(QWidget):
    """Signals:
    algorithm_chosen(KeyKind, str): make another key, for this algorithm.
    save_copy(): write it to a file.
    """

    algorithm_chosen = Signal(object, str)
    save_copy = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.algorithm = AlgorithmChoice()
        self.algorithm.chosen.connect(self.algorithm_chosen)
        self.state = StateLabel("check", "", "good")
        self.save = QPushButton(tr("&Save a copy for the home agent"))
        self.save.setAutoDefault(False)
        self.save.setMinimumHeight(32)
        self.save.clicked.connect(self.save_copy)
        self.note = quiet(tr("The copy holds the key. Hand it over in person or sealed, then delete it."))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.algorithm)
        column.addWidget(self.state)
        column.addWidget(self.save, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.note)
        self.reset()

    def reset(self) -> None:
        """Nothing has been saved yet."""
        self.say(tr("A strong random key has been made."))

    def show_draft(self, draft: Draft, protections: Sequence[str]) -> None:
        """Show its algorithm."""
        self.algorithm.show_draft(draft, protections)

    def chosen(self) -> tuple[KeyKind, str]:
        """The algorithm shown."""
        kind, name = self.algorithm.box.currentData()
        return kind, name

    def say(self, words: str, role: str = "good") -> None:
        """What became of the copy."""
        self.state.set_state("check" if role == "good" else "error", words, role)


def _title(kind: KeyKind, title: str) -> str:
    return (
        tr("{algorithm} (IPsec)", algorithm=title)
        if kind is KeyKind.ESP
        else tr("{algorithm} (RFC 4285)", algorithm=title)
    )
