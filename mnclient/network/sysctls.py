# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel settings under /proc/sys: set, remembered as found, put back."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/proc/sys")


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
        before = path.read_text().strip()
        if before != value and instead_of in (None, before):
            path.write_text(value)
            if key not in self.found:
                self.found[key] = before
                self.remember(key, before)

    def restore(self, key: str) -> None:
        """Put a setting back to what was found. OSError when that is refused, or its interface is gone."""
        if (before := self.found.pop(key, None)) is not None:
            self.remember(key, None)
            _path(key).write_text(before)


def _path(key: str) -> Path:
    path = _ROOT / key
    if ".." in path.parts or _ROOT not in path.parents:
        raise ValueError(f"{key} is no kernel setting")
    return path
