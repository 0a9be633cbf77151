# SPDX-License-Identifier: GPL-2.0-or-later
"""Durations, ages, sizes and lists in words, the same in every window."""

import math
from collections.abc import Iterable
from typing import Final

from ui.texts import tr, trn

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

CLOCK_SLACK: Final = 5.0
"""Seconds by which a time may lie ahead of us and still count as now."""
_STEP: Final = 1000
_ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
_POP: Final = "\N{POP DIRECTIONAL ISOLATE}"


def number(value: float, decimals: int = 0) -> str:
    """A number with the language's decimal sign."""
    return f"{value:.{decimals}f}".replace(".", tr("."))


def duration(seconds: float) -> str:
    """How long something took or lasts, as short as it can be said: "38 ms", "1.2 s", "2 h 5 min"."""
    seconds = max(seconds, 0.0) if math.isfinite(seconds) else 0.0
    if seconds < 0.9995:
        return tr("{number} ms", number=number(seconds * 1000))
    if seconds < MINUTE - 0.5:
        return tr("{number} s", number=number(seconds, 1 if seconds < 9.95 else 0))
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return tr("{number} min", number=minutes)
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return tr("{hours} h {minutes} min", hours=hours, minutes=rest) if rest else tr("{hours} h", hours=hours)
    days = round(seconds / DAY)
    return trn("{count} day", "{count} days", days)


def ago(seconds: float) -> str:
    """How long ago something was. A time that lies ahead means that the clock was changed since: then nobody knows."""
    if not math.isfinite(seconds) or seconds < -CLOCK_SLACK:
        return tr("not known: the clock was changed")
    if seconds < CLOCK_SLACK:
        return tr("just now")
    if seconds < MINUTE:
        return trn("{count} second ago", "{count} seconds ago", int(seconds))
    if seconds < HOUR:
        return trn("{count} minute ago", "{count} minutes ago", int(seconds / MINUTE))
    if seconds < DAY:
        return trn("{count} hour ago", "{count} hours ago", int(seconds / HOUR))
    return trn("{count} day ago", "{count} days ago", int(seconds / DAY))


def lasting(seconds: float) -> str:
    """For how long something has been so."""
    if not math.isfinite(seconds) or seconds < CLOCK_SLACK:
        return tr("since just now")
    return tr("for {duration}", duration=duration(math.floor(seconds)))


def left(seconds: float) -> str:
    """How much time is left until something ends."""
    if not math.isfinite(seconds):
        return tr("without end")
    return tr("ended") if seconds <= 0 else tr("{duration} left", duration=duration(math.ceil(seconds)))


def octets(count: float) -> str:
    """An amount of data: "512 B", "1.5 kB", "20 MB"."""
    count = max(count, 0.0) if math.isfinite(count) else 0.0
    if count < _STEP - 0.5:
        return tr("{number} B", number=number(count))
    amount = count
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= _STEP
        if amount < _STEP - 0.5 or unit == "TB":
            break
    return tr("{number} {unit}", number=number(amount, 1 if amount < 9.95 else 0), unit=unit)


def rate(octets_per_second: float) -> str:
    """How fast data flows."""
    return tr("{amount}/s", amount=octets(octets_per_second))


def shortened(text: str, length: int) -> str:
    """At most `length` characters, with the middle left out: both ends of an address or a name tell more."""
    if len(text) <= length:
        return text
    keep = max(length - 1, 2)
    return text[: (keep + 1) // 2] + "…" + text[len(text) - keep // 2 :]


def isolated(name: str) -> str:
    """A name as part of a sentence: whatever script it is written in, the words around it keep their order."""
    kept = (_ISOLATE, _POP) if _is_isolated(name) else ()  # of a name in it that was isolated before
    clean = "".join(each if each.isprintable() or each in kept else "\N{REPLACEMENT CHARACTER}" for each in name)
    is_whole = kept and clean.startswith(_ISOLATE) and clean.endswith(_POP) and clean.count(_POP) == 1
    return clean if clean.isascii() or is_whole else f"{_ISOLATE}{clean}{_POP}"


def capital(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


def _is_isolated(text: str) -> bool:
    """Whether every isolate that is opened is closed, and none is closed that was not opened."""
    depth = 0
    for each in text:
        depth += (each == _ISOLATE) - (each == _POP)
        if depth < 0:
            return False
    return depth == 0 and _ISOLATE in text


def sentence(parts: Iterable[str]) -> str:
    """Parts that are sentences, one after the other; empty ones fall out."""
    return " ".join(part if part.endswith((".", "?", ":")) else part + "." for part in parts if part)
