# SPDX-License-Identifier: GPL-2.0-or-later
"""What is on the screen of Xvfb, read from its own memory: quick enough to time what a person sees."""

import mmap
import struct
from pathlib import Path


class Screen:
    """The pixels of the screen, as they are at this very moment."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._memory = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
        header = struct.unpack(">25I", self._memory[:100])
        self.width, self.height, self._row = header[4], header[5], header[12]
        self._begin = header[0] + header[19] * 12

    def part(self, x: int, y: int, width: int, height: int) -> bytes:
        """The octets of a rectangle."""
        rows = (self._begin + (y + line) * self._row + 4 * x for line in range(height))
        return b"".join(self._memory[row : row + 4 * width] for row in rows)

    def colours(self, x: int, y: int, width: int, height: int) -> set[int]:
        """The different colours in a rectangle."""
        return set(memoryview(self.part(x, y, width, height)).cast("I"))

    def close(self) -> None:
        self._memory.close()
