# SPDX-License-Identifier: GPL-2.0-or-later
"""The octets of one input, read as choices: shorter input means choices of 0, so every input means something."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Octets:
    """Reads forward and never fails. `is_empty`: everything has been read."""

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def is_empty(self) -> bool:
        return self._offset >= len(self._data)

    def octet(self) -> int:
        """The next octet, 0 behind the end."""
        offset = self._offset
        self._offset = offset + 1
        return self._data[offset] if offset < len(self._data) else 0

    def number(self) -> int:
        """The next two octets."""
        return self.octet() << 8 | self.octet()

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, by the next octet."""
        return choices[self.octet() % len(choices)]

    def take(self, count: int) -> bytes:
        """The next octets, at most `count`."""
        start = self._offset
        self._offset = start + count
        return self._data[start : self._offset]
