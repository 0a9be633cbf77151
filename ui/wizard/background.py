# SPDX-License-Identifier: GPL-2.0-or-later
"""Work that takes a moment (a file on a slow disk, a passphrase that is meant to be slow), away from the window."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from mnclient.errors import MobileIPv6Error


class _Signals(QObject):
    done = Signal(object)
    failed = Signal(object)


class _Work(QRunnable):
    def __init__(self, work: Callable[[], Any], signals: _Signals) -> None:
        super().__init__()
        self._work = work
        self._signals = signals

    def run(self) -> None:
        try:
            answer = self._work()
        except MobileIPv6Error as error:
            self._signals.failed.emit(error)
        else:
            self._signals.done.emit(answer)


class Background(QObject):
    """One piece of work at a time: the answer of an earlier one is not given to anybody."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: _Signals | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._current is not None

    def run(
        self, work: Callable[[], Any], then: Callable[[Any], Any], failed: Callable[[MobileIPv6Error], Any]
    ) -> None:
        """Do this, then call one of the two in the window's thread."""
        signals = _Signals()
        self._current = signals
        signals.done.connect(lambda answer: self._finish(signals, then, answer))
        signals.failed.connect(lambda error: self._finish(signals, failed, error))
        QThreadPool.globalInstance().start(_Work(work, signals))

    def forget(self) -> None:
        """Nobody wants the answer any more."""
        self._current = None

    def _finish(self, signals: _Signals, act: Callable[[Any], Any], value: Any) -> None:
        if signals is self._current:
            self._current = None
            act(value)
