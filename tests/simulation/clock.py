# SPDX-License-Identifier: GPL-2.0-or-later
"""One virtual clock for everything that is simulated: what happens next, in the order of its instant."""

import heapq
from collections.abc import Callable
from typing import Final

from mnclient.units import Instant

Happening = Callable[[], None]

BEGINNING: Final = Instant(1000.0)
MOST_AT_ONCE: Final = 20_000  # a flood with all its answers; more without time going on is a circle


class NeverRests(AssertionError):
    """Things go on happening, and time stands still."""


class Clock:
    """Two happenings of one instant happen in the order in which they were announced."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self.happened = 0
        self._waiting: list[tuple[float, int, Happening]] = []
        self._serial = 0
        self._at_once = 0

    def at(self, when: float, happening: Happening) -> None:
        """Let something happen at an instant; at once when that has passed."""
        self._serial += 1
        heapq.heappush(self._waiting, (max(when, self.now), self._serial, happening))

    def after(self, delay: float, happening: Happening) -> None:
        """Let something happen in so many seconds."""
        self.at(self.now + delay, happening)

    def run_until(self, end: float) -> None:
        """Turn the clock on, and stop at everything that happens on the way."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= end:
            when, _, happening = heapq.heappop(waiting)
            self._at_once = self._at_once + 1 if when <= self.now else 0
            if self._at_once > MOST_AT_ONCE:
                raise NeverRests(f"more than {MOST_AT_ONCE} things happened at {when:.3f}")
            self.now = Instant(when)
            self.happened += 1
            happening()
        self.now = Instant(end)
