# SPDX-License-Identifier: GPL-2.0-or-later
"""Timestamps against replay (RFC 4285 section 6), in the 64-bit format of NTP: seconds since 1900, and their fraction.

Times are wall-clock seconds since 1970. The mobile node follows the home agent's clock: it keeps an offset to its own,
and corrects it when it is told that its timestamp was too far off.
"""

from enum import Enum
from typing import Final

from mnclient.units import Seconds

_SECONDS_BEFORE_1970: Final = 2_208_988_800  # from 1900
_ERA: Final = 1 << 32  # seconds; the first ends in 2036, and the format says nothing of which era is meant
_FRACTION: Final = 1 << 32
_RANDOM_BITS: Final = 12  # below a microsecond: less than what the clock tells


def to_ntp(time: float, noise: int = 0) -> int:
    """A time as a 64-bit timestamp; `noise` fills the 12 bits that the clock cannot supply."""
    value = int((time + _SECONDS_BEFORE_1970) * 1_000_000)
    seconds, microseconds = divmod(value, 1_000_000)
    fraction = microseconds * _FRACTION // 1_000_000
    low = (1 << _RANDOM_BITS) - 1
    return (seconds % _ERA) << 32 | (fraction & ~low) | (noise & low)


def from_ntp(timestamp: int, near: float) -> float:
    """The time of a timestamp, in the era in which it is nearest to the time `near`."""
    seconds = (timestamp >> 32) + (timestamp & 0xFFFFFFFF) / _FRACTION - _SECONDS_BEFORE_1970
    return seconds + round((near - seconds) / _ERA) * _ERA


def is_later(timestamp: int, other: int) -> bool:
    """Whether a timestamp is larger than another, of the same era or of the next."""
    return 0 < (timestamp - other) % (1 << 64) < 1 << 63


class Verdict(Enum):
    """What a home agent makes of a timestamp."""

    FRESH = "fresh"
    OUT_OF_WINDOW = "out-of-window"
    NOT_NEWER = "not-newer"  # than every one accepted before


def judge(timestamp: int, *, now: float, window: Seconds, last: int | None) -> Verdict:
    """Whether a timestamp lies within `window` of the wall clock `now` and above `last`, the greatest accepted one."""
    if abs(from_ntp(timestamp, now) - now) > window:
        return Verdict.OUT_OF_WINDOW
    if last is not None and not is_later(timestamp, last):
        return Verdict.NOT_NEWER
    return Verdict.FRESH


def mismatch_answer(timestamp: int, now: float) -> int:
    """What a home agent returns for a timestamp it does not take: its own upper half, the lower half that came."""
    return to_ntp(now) & ~0xFFFFFFFF | timestamp & 0xFFFFFFFF


def correction(answer: int, now: float) -> Seconds:
    """How far ahead of the wall clock `now` the home agent's is, to a second, by its answer to a mismatch."""
    return Seconds(from_ntp(answer & ~0xFFFFFFFF, now) + 0.5 - now)


class TimestampSource:
    """The timestamps of a mobile node towards one home agent, each larger than any accepted one and than the last sent.

    `accepted` and `offset` are kept over a restart, so that neither a restart nor a clock set back repeats one.
    """

    def __init__(self, *, offset: Seconds = Seconds(0.0), accepted: int | None = None) -> None:
        self.offset = offset
        self.accepted = accepted
        self._last = accepted

    def next(self, now: float, noise: int) -> int:
        """A new timestamp for the wall clock `now`; `noise` is 12 random bits."""
        timestamp = to_ntp(now + self.offset, noise)
        if self._last is not None and not is_later(timestamp, self._last):
            timestamp = (self._last + 1 + (noise & 0xFF)) % (1 << 64)
        self._last = timestamp
        return timestamp

    def accept(self, timestamp: int) -> None:
        """A Binding Update with this timestamp succeeded."""
        self.accepted = timestamp

    def correct(self, answer: int, now: float) -> None:
        """Follow the home agent's clock, as an authenticated answer tells it.

        What was refused may have been far ahead: it binds nobody. What was accepted does.
        """
        self.offset = correction(answer, now)
        self._last = self.accepted
