# SPDX-License-Identifier: GPL-2.0-or-later
"""A key as a person types or pastes it: hexadecimal digits or Base64. Nothing here ever shows a key, or part of one."""

import base64
import binascii
import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mnclient.model.keys import HIGHEST_SPI, LOWEST_SPI
from ui.texts import mark, tr, trn

LONGEST_TEXT: Final = 4096
"""Characters; what is longer is no key."""
_HEXADECIMAL: Final = re.compile(r"(?:0x)?([0-9a-fA-F]+)")
_NUMBER: Final = re.compile(r"0x([0-9a-f]{1,8})|([0-9]{1,10})")
_BETWEEN: Final = re.compile(r"[\s:.]+")  # what people put between digits to read them

EMPTY: Final = mark("Paste or type the key that the operator of the home agent gave you.")
NOT_A_KEY: Final = mark("This is neither hexadecimal digits (0-9, a-f) nor Base64.")
HALF_AN_OCTET: Final = mark("A digit is missing: hexadecimal digits come in pairs.")


@dataclass(frozen=True, slots=True)
class Secret:
    """A key. It never appears in a representation, so it appears in no log and no traceback."""

    octets: bytes = field(repr=False)

    def __str__(self) -> str:
        return "a key"

    __format__ = object.__format__


class Entry(Enum):
    """How far a person has come."""

    EMPTY = "empty"
    WRONG = "wrong"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """What was typed, judged. `words` may be shown; `secret` is None unless the entry is complete."""

    entry: Entry
    words: str
    secret: Secret | None = None


def key_entry(text: str, low: int, high: int) -> KeyEntry:
    """Judge what was typed as a key of `low` to `high` octets."""
    text = text.strip()
    if not text:
        return KeyEntry(entry=Entry.EMPTY, words=tr(EMPTY))
    octets = _octets(text)
    if isinstance(octets, str):
        return KeyEntry(entry=Entry.WRONG, words=tr(octets))
    wanted = wanted_words(low, high)
    have = trn("{count} octet", "{count} octets", len(octets))
    if not low <= len(octets) <= high:
        return KeyEntry(entry=Entry.WRONG, words=tr("This is {have}; it must be {wanted}.", have=have, wanted=wanted))
    return KeyEntry(entry=Entry.COMPLETE, words=tr("{have}, as it should be.", have=have), secret=Secret(octets))


def wanted_words(low: int, high: int) -> str:
    """How long a key must be, in words."""
    if low == high:
        return trn("{count} octet", "{count} octets", low)
    return tr("{low} to {high} octets", low=low, high=high)


def spi_of(text: str) -> int | None:
    """A security parameter index somebody typed, decimal or 0x...; None when it is none."""
    found = _NUMBER.fullmatch(text.strip().lower())
    if found is None:
        return None
    number = int(found[1], 16) if found[1] else int(found[2])
    return number if LOWEST_SPI <= number <= HIGHEST_SPI else None


def new_spi(below: Callable[[int], int], taken: Container[int]) -> int:
    """A number nobody uses; `below(n)` draws one from 0 to n - 1 at random."""
    while True:
        number = LOWEST_SPI + below(HIGHEST_SPI - LOWEST_SPI + 1)
        if number not in taken:
            return number


def _octets(text: str) -> bytes | str:
    """The octets, or the complaint. What could be either is hexadecimal: a Base64 key of digits and a-f alone would
    be a coincidence of one in millions."""
    if len(text) > LONGEST_TEXT:
        return NOT_A_KEY
    joined = _BETWEEN.sub("", text)
    if found := _HEXADECIMAL.fullmatch(joined):
        digits = found[1]
        return bytes.fromhex(digits) if len(digits) % 2 == 0 else HALF_AN_OCTET
    try:
        plain = joined.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return NOT_A_KEY
