# SPDX-License-Identifier: GPL-2.0-or-later
"""Units of time. Every time value in the project is one of these two, never a bare float."""

from typing import NewType

Seconds = NewType("Seconds", float)
"""A duration."""

Instant = NewType("Instant", float)
"""A point on the boot-time clock (CLOCK_BOOTTIME), in seconds. It goes on while the machine sleeps."""


def after(now: Instant, delay: Seconds) -> Instant:
    """The instant `delay` later than `now`."""
    return Instant(now + delay)


def between(earlier: Instant, later: Instant) -> Seconds:
    """The duration from `earlier` to `later`; negative when they are the other way round."""
    return Seconds(later - earlier)
