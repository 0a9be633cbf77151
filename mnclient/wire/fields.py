# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks and conversions shared by all messages: ranges of values, and durations in the units of the wire.

Zero means something of its own in every duration on the wire (delete, not a router, unspecified). A duration above
zero is therefore never written as zero, even where rounding down would make it so.
"""

import math
from typing import Final

from mnclient.units import Seconds

BINDING_UNIT: Final = 4
"""Seconds in one unit of Lifetime and Refresh Interval (RFC 6275 sections 6.1.7 and 6.2.4)."""

INFINITE_LIFETIME: Final = 0xFFFFFFFF
"""Means "for ever" in a 32-bit lifetime (RFC 4861 section 4.6.2)."""


def check_unsigned(name: str, value: int, bits: int) -> None:
    """ValueError unless `value` fits an unsigned field of `bits` bits."""
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{name} must be from 0 to {(1 << bits) - 1}, not {value}")


def check_octets(name: str, value: bytes, count: int) -> None:
    """ValueError unless `value` has exactly `count` octets."""
    if len(value) != count:
        raise ValueError(f"{name} must be {count} octets, not {len(value)}")


def check_duration(name: str, value: Seconds) -> None:
    """ValueError unless `value` is zero or more seconds; infinity passes, "not a number" does not."""
    if not value >= 0:
        raise ValueError(f"{name} must not be negative, not {value}")


def to_binding_units(duration: Seconds) -> int:
    """A Lifetime or Refresh Interval as a 16-bit number of 4-second units, rounded down."""
    return _units(duration / BINDING_UNIT, 0xFFFF)


def from_binding_units(units: int) -> Seconds:
    """The duration of a number of 4-second units."""
    return Seconds(float(units * BINDING_UNIT))


def to_whole_seconds(duration: Seconds, bits: int) -> int:
    """A duration as a number of seconds in a field of `bits` bits, rounded down."""
    return _units(duration, (1 << bits) - 1)


def to_lifetime(duration: Seconds) -> int:
    """A 32-bit lifetime in seconds, where infinity has a value of its own and no finite duration becomes infinite."""
    return INFINITE_LIFETIME if math.isinf(duration) else _units(duration, INFINITE_LIFETIME - 1)


def from_lifetime(value: int) -> Seconds:
    """The duration of a 32-bit lifetime in seconds."""
    return Seconds(math.inf if value == INFINITE_LIFETIME else float(value))


def to_milliseconds(duration: Seconds) -> int:
    """A duration as a 32-bit number of milliseconds, rounded to the nearest."""
    # A thousandth has no exact float: rounding down would turn 29 ms into 28.
    nearest = round(min(duration * 1000, 0xFFFFFFFF))
    return max(nearest, 1) if duration > 0 else 0


def from_milliseconds(value: int) -> Seconds:
    """The duration of a number of milliseconds."""
    return Seconds(value / 1000)


def _units(amount: float, largest: int) -> int:
    if amount >= largest:
        return largest
    return max(int(amount), 1) if amount > 0 else 0
