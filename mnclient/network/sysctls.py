# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel settings under /proc/sys: set, remembered as found, put back."""

import os
from collections.abc import Callable
from typing import Final

_ROOT: Final = "/proc/sys/"
_LONGEST: Final = 4096  # octets


class Sysctls:
    """Settings that we have changed, with the values found before.

    `remember` is called with a setting and the value found when it is first changed, and with None when it is put back.
    """

    def __init__(self, found: dict[str, str] | None = None) -> None:
        self.found: dict[str, str] = dict(found or {})
        self.remember: Callable[[str, str | None], None] = lambda key, value: None

    def set(self, key: str, value: str, instead_of: str | None = None) -> None:
        """Give a setting a value, if it is `instead_of` now or that is None.

        OSError when the system refuses; ValueError when the key leads out of /proc/sys.
        """
        path = _path(key)
        before = _read(path)
        if before != value and instead_of in (None, before):
            _write(path, value)
            if key not in self.found:
                self.found[key] = before
                self.remember(key, before)

    def restore(self, key: str) -> None:
        """Put a setting back to what was found. OSError when that is refused, or its interface is gone."""
        if (before := self.found.pop(key, None)) is not None:
            self.remember(key, None)
            _write(_path(key), before)


# Plain system calls: a move of the laptop looks at four settings, and waits for them.


def _read(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST).decode(errors="replace").strip()
    finally:
        os.close(descriptor)


def _write(path: str, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _path(key: str) -> str:
    if ".." in key.split("/") or key.startswith("/") or not key:
        raise ValueError(f"{key} is no kernel setting")
    return _ROOT + key
