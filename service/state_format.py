# SPDX-License-Identifier: GPL-2.0-or-later
"""The form that all state files share: a JSON object with a version, whose parts are read one by one.

A part that is missing has its default, one that is not known is passed over: files of an older and of a newer service
of the same version are understood. A part that cannot be read does not take the others with it.
"""

import json
import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

STATE_VERSION: Final = 1
UNDERSTOOD_WRONGLY: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading a value of a wrong form raises."""


class Parts:
    """The parts of one file. `wrong` names those that could not be read."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.wrong: list[str] = []

    def read(self, name: str, decode: Callable[[Any], _T], default: _T) -> _T:
        """One part, or its default."""
        try:
            return decode(self._document[name]) if name in self._document else default
        except UNDERSTOOD_WRONGLY:
            self.wrong.append(name)
            return default


def encoded(document: dict[str, Any], indent: int | None = 2) -> bytes:
    """The content of a file."""
    return json.dumps({"version": STATE_VERSION, **document}, indent=indent).encode() + b"\n"


def finite(value: Any) -> float:
    """A number; ValueError or TypeError for what is none."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a number")
    return number
