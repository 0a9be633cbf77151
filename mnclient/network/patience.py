# SPDX-License-Identifier: GPL-2.0-or-later
"""How often, and how soon, something is put back that another program takes away. Pure.

The first time at once. After that a little later each time: a program that flushes an interface goes over it in rounds
until nothing is left, and would find what is put back between two of them again and again.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final

from mnclient.units import Seconds

MAX_PUT_BACK: Final = 5
PUT_BACK_WINDOW: Final = Seconds(10.0)
_FIRST_DELAY: Final = 0.01  # seconds; doubles


class Patience:
    """What was put back when, for each thing. `now` is in seconds of any steady clock."""

    def __init__(self) -> None:
        self._times: dict[Hashable, deque[float]] = {}

    def delay(self, what: Hashable, now: float) -> Seconds | None:
        """How long to wait before it is put back once more, which is noted; None when it was too often."""
        times = self._times.setdefault(what, deque(maxlen=MAX_PUT_BACK))
        while times and now - times[0] >= PUT_BACK_WINDOW:
            times.popleft()
        if len(times) == MAX_PUT_BACK:
            return None
        delay = Seconds(_FIRST_DELAY * 2 ** (len(times) - 1) if times else 0.0)
        times.append(now + delay)
        return delay

    def forget(self, what: Hashable) -> None:
        """It is no longer wanted, or gets a new chance."""
        self._times.pop(what, None)
