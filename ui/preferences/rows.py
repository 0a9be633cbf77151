# SPDX-License-Identifier: GPL-2.0-or-later
"""One setting, one row: its name, what it means, its control, who may change it, and what became of a change."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QSpinBox, QVBoxLayout, QWidget

from mnclient.errors import MobileIPv6Error
from service.contract import Permission
from ui.preferences.model import PreferencesModel
from ui.preferences.search import findable
from ui.texts import tr
from ui.view.preferences_view import responsiveness_words
from ui.view.undo import Request
from ui.widgets import IconLabel, StateLabel, Switch, quiet, read_only, wrapped
from ui.widgets.labels import TintedLabel

SETTLE_MILLISECONDS: Final = 400
"""A number or a slider counts as set when it has rested for so long."""


class AdministratorMark(QWidget):
    """A shield and the word: a password will be asked for, or only the administrator may."""

    def __init__(self) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(IconLabel("shield", "quiet", 16))
        words = TintedLabel(tr("Administrator"), "quiet")
        words.setWordWrap(False)
        line.addWidget(words)
        self.hide()

    def show_for(self, permission: Permission) -> None:
        """Visible unless this person may do it just so."""
        self.setVisible(permission is not Permission.YES)
        if permission is Permission.PASSWORD:
            self.setToolTip(tr("The password of an administrator will be asked for."))
        else:
            self.setToolTip(tr("Only an administrator of this computer may change this."))


class Outcome(QWidget):
    """Below a control: that a change is under way, or why it was refused."""

    def __init__(self, model: PreferencesModel, subject: str) -> None:
        super().__init__()
        self.state = StateLabel("working", "", "busy", 16)
        self._subject = subject
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        model.working.connect(self._work)
        model.refused.connect(self._refuse)
        model.done.connect(self._done)
        self.hide()

    def text(self) -> str:
        """What it says; "" while it is hidden."""
        return "" if self.isHidden() else self.state.text()

    def _work(self, subject: str, under_way: bool) -> None:
        if subject == self._subject:
            self.state.set_state("working", tr("Being saved…"), "busy")
            self.setVisible(under_way)

    def _refuse(self, subject: str, error: MobileIPv6Error) -> None:
        if subject == self._subject:
            self.state.set_state("error", error_words(error), "bad")
            self.show()

    def _done(self, subject: str) -> None:
        if subject == self._subject:
            self.hide()


def error_words(error: MobileIPv6Error) -> str:
    """What the service said, and what to do."""
    hint = tr(error.hint)
    return tr("{title}: {hint}", title=tr(error.title), hint=hint) if hint else tr(error.title)


class SettingRow(QWidget):
    """`needs` gives a reason while the setting has no effect, "" otherwise."""

    def __init__(
        self,
        model: PreferencesModel,
        key: str,
        title: str,
        explanation: str,
        control: QWidget,
        *,
        below: bool = False,
        needs: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self.model, self.key, self.control = model, key, control
        self.title = title.replace("&", "")
        self._explanation, self._needs = explanation, needs
        self.mark = AdministratorMark()
        self.outcome = Outcome(model, key)
        self.below = QVBoxLayout()
        self._arrange(title, below)
        control.setAccessibleName(self.title)
        findable(self, self.title, explanation)
        model.changed.connect(self.refresh)

    def _arrange(self, title: str, below: bool) -> None:
        self.label = wrapped(title)
        self.label.setTextFormat(Qt.TextFormat.AutoText)  # mnemonics; our own text
        self.label.setBuddy(self.control)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        name = QHBoxLayout()
        name.setSpacing(12)
        name.addWidget(self.label, 1)
        name.addWidget(self.mark)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addLayout(name)
        if self._explanation:
            words.addWidget(quiet(self._explanation))
        words.addLayout(self.below)
        if below:
            self.below.addWidget(self.control)
        else:
            grid.addWidget(self.control, 0, 1, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self.outcome)
        grid.addLayout(words, 0, 0)

    def refresh(self) -> None:
        """Show what is in force, and whether it may be changed."""
        permission = self.model.permission(Request("set_setting", (self.key,)))
        self.mark.show_for(permission if self.model.is_reachable else Permission.YES)
        reason = self._reason(permission)
        read_only(self.control, reason)
        self.control.setAccessibleDescription(" ".join(each for each in (reason, self._explanation) if each))
        value = self.model.value(self.key)
        if value is not None:
            self.show_value(value)

    def show_value(self, value: Any) -> None:
        """Put a value into the control."""
        raise NotImplementedError

    def change(self, value: Any, words: str) -> None:
        """The person wants another value."""
        self.outcome.hide()
        self.model.set(self.key, value, tr("{setting}: {value}", setting=self.title, value=words))
        self.refresh()

    def _reason(self, permission: Permission) -> str:
        if not self.model.is_reachable:
            return tr("The service cannot be reached.")
        if self.model.value(self.key) is None:
            return tr("This version of the service does not have this setting.")
        if permission is Permission.NO:
            return tr("Only an administrator of this computer may change this.")
        return self._needs() if self._needs else ""


class SwitchRow(SettingRow):
    """On or off."""

    def __init__(self, model: PreferencesModel, key: str, title: str, explanation: str = "", **more: Any) -> None:
        self.switch = Switch()
        super().__init__(model, key, title, explanation, self.switch, **more)
        self.switch.clicked.connect(lambda on: self.change(on, tr("On") if on else tr("Off")))
        self.refresh()

    def show_value(self, value: Any) -> None:
        self.switch.setChecked(value is True)


class ChoiceRow(SettingRow):
    """One of a few words; `choices` are value and text."""

    def __init__(
        self,
        model: PreferencesModel,
        key: str,
        title: str,
        explanation: str,
        choices: Sequence[tuple[str, str]],
        **more: Any,
    ) -> None:
        self.box = QComboBox()
        for value, text in choices:
            self.box.addItem(text, value)
        self.box.setMinimumContentsLength(12)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        calm(self.box)
        super().__init__(model, key, title, explanation, self.box, below=True, **more)
        self.box.activated.connect(lambda index: self.change(self.box.itemData(index), self.box.itemText(index)))
        self.refresh()

    def show_value(self, value: Any) -> None:
        index = self.box.findData(value)
        if index >= 0:
            self.box.setCurrentIndex(index)


class _RestingRow(SettingRow):
    """Its control passes through many values; only the one it comes to rest at is wanted."""

    def __init__(self, model: PreferencesModel, key: str, title: str, explanation: str, control: Any, **more: Any):
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTLE_MILLISECONDS)
        self._is_showing = False
        super().__init__(model, key, title, explanation, control, **more)
        self._rest.setParent(self)
        self._rest.timeout.connect(self.settle)
        control.valueChanged.connect(self._moved)
        calm(control)
        self.refresh()

    def refresh(self) -> None:
        declared = self.model.schema.get(self.key)
        if declared is not None and declared.low is not None and declared.high is not None:
            self._quietly(lambda: self.control.setRange(int(declared.low), int(declared.high)))
        super().refresh()

    def show_value(self, value: Any) -> None:
        if isinstance(value, int | float) and not self._rest.isActive() and not self._is_held():
            self._quietly(lambda: self.control.setValue(int(value)))

    def settle(self) -> None:
        """Take the value that stands there now."""
        self._rest.stop()
        if self.control.isEnabled() and not self._is_held():
            self.change(self.control.value(), self.words(self.control.value()))

    def words(self, value: int) -> str:
        """A value, for the person who may want to undo it."""
        return str(value)

    def hideEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        if self._rest.isActive():
            self.settle()
        super().hideEvent(event)

    def _reason(self, permission: Permission) -> str:
        if self.model.is_reachable and self.key not in self.model.schema:
            return tr("This version of the service does not tell which values are possible.")
        return super()._reason(permission)

    def _is_held(self) -> bool:
        return isinstance(self.control, QSlider) and self.control.isSliderDown()

    def _moved(self, _: int) -> None:
        if not self._is_showing:
            self._rest.start()

    def _quietly(self, step: Callable[[], None]) -> None:
        self._is_showing = True
        step()
        self._is_showing = False


class NumberRow(_RestingRow):
    """A whole number within the range that the service gives."""

    def __init__(self, model: PreferencesModel, key: str, title: str, explanation: str = "", **more: Any) -> None:
        self.box = QSpinBox()
        self.box.setKeyboardTracking(False)
        self.box.setMinimumWidth(88)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        super().__init__(model, key, title, explanation, self.box, **more)


class ResponsivenessRow(_RestingRow):
    """A slider, with words that say what its position means."""

    def __init__(self, model: PreferencesModel, key: str, title: str, explanation: str = "", **more: Any) -> None:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(25)
        self.slider.setSingleStep(5)
        self.slider.setTickInterval(25)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.meaning = wrapped("")
        super().__init__(model, key, title, explanation, self.slider, below=True, **more)
        ends = QHBoxLayout()
        for text, side in (
            (tr("Conservative"), Qt.AlignmentFlag.AlignLeft),
            (tr("Aggressive"), Qt.AlignmentFlag.AlignRight),
        ):
            end = quiet(text)
            end.setAlignment(side)
            ends.addWidget(end)
        self.below.addLayout(ends)
        self.below.addWidget(self.meaning)
        self.slider.valueChanged.connect(self._tell)
        self.slider.sliderReleased.connect(self.settle)
        self._tell(self.slider.value())

    def words(self, value: int) -> str:
        return tr("{name} ({value})", name=responsiveness_words(value)[0], value=value)

    def _tell(self, value: int) -> None:
        name, meaning = responsiveness_words(value)
        self.meaning.setText(tr("{name}. {meaning}", name=name, meaning=meaning))
        self.slider.setAccessibleDescription(self.meaning.text())


class _Calm(QObject):
    """Scrolling the page must not change what happens to be under the pointer."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        if event.type() is QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Undo):
            event.ignore()  # Ctrl+Z means the last change of the window
            return True
        return super().eventFilter(watched, event)


def calm(control: QWidget) -> None:
    """Let a control react to the wheel only while it has the focus, and leave Ctrl+Z to the window."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    guard = _Calm(control)
    control.installEventFilter(guard)
    if isinstance(control, QSpinBox):
        control.lineEdit().installEventFilter(guard)


def label_for(text: str, control: QWidget) -> QLabel:
    """The name of a control, with its mnemonic."""
    label = QLabel(text)
    label.setBuddy(control)
    control.setAccessibleName(text.replace("&", ""))
    return label
