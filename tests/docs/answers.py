# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a program prints what a page says, with words in capitals for what is different each time.

docs/developer/documents.md has the list for readers.
"""

import re
from collections.abc import Sequence
from typing import Final

ANYTHING: Final = "..."
_ADDRESS: Final = r"[0-9a-f:]*:[0-9a-f:]*"
_CLOCK: Final = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d"
PATTERNS: Final = {
    "HOME_ADDRESS": _ADDRESS,
    "CARE_OF_ADDRESS": _ADDRESS,
    "PREFIX": _ADDRESS + r"/\d+",
    "TIME": _CLOCK,
    "DURATION": r"\d+ (?:ms|s|min|h|days)",
    "NUMBER": r"\d+",
    "KEY": r"(?:rfc4285|esp), \S+",
}
BOUND: Final = ("HOME_ADDRESS",)
"""These stand for the same in a whole page."""

_WORD: Final = re.compile("|".join([*sorted((rf"\b{name}\b" for name in PATTERNS), key=len, reverse=True), r"\.\.\."]))


class Page:
    """What the words of one page have come to stand for."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def matches(self, expected: Sequence[str], printed: str) -> bool:
        """Whether all that was printed is what the page says. Words that were unknown are known afterwards."""
        found = self._pattern(expected).fullmatch("".join(f"{line}\n" for line in _lines(printed.splitlines())))
        if found is None:
            return False
        self.known |= {name: value for name, value in found.groupdict().items() if value is not None}
        return True

    def filled_in(self, text: str) -> str:
        """A command, with what is known in place of its words."""
        for name, value in self.known.items():
            text = re.sub(rf"\b{name}\b", value, text)
        return text

    def _pattern(self, expected: Sequence[str]) -> re.Pattern[str]:
        named: set[str] = set()
        parts = [r"(?:[^\n]*\n)*" if line == ANYTHING else self._line(line, named) + r"\n" for line in _lines(expected)]
        return re.compile("".join(parts))

    def _line(self, line: str, named: set[str]) -> str:
        made, end = "", 0
        for found in _WORD.finditer(line):
            made += re.escape(line[end : found.start()]) + self._one(found.group(), named)
            end = found.end()
        return made + re.escape(line[end:])

    def _one(self, word: str, named: set[str]) -> str:
        if word == ANYTHING:
            return r"[^\n]*"
        if word not in BOUND:
            return f"(?:{PATTERNS[word]}|{word})"  # it may be the heading of a column
        if word in self.known:
            return re.escape(self.known[word])
        if word in named:
            return f"(?P={word})"
        named.add(word)
        return f"(?P<{word}>{PATTERNS[word]})"


def _lines(lines: Sequence[str]) -> list[str]:
    """Without empty lines at the end, and with one space where there are several: columns are as wide as they must."""
    kept = [" ".join(line.split()) for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept
