# SPDX-License-Identifier: GPL-2.0-or-later
"""When to try again what the kernel has refused."""

import asyncio
from collections.abc import Callable
from typing import Final

from mnclient.units import Seconds

FIRST: Final = Seconds(5.0)  # then after twice as long each time
CEILING: Final = Seconds(60.0)
SOON: Final = Seconds(0.2)  # what came is one of several, and other interfaces follow


class Retries:
    """One timer for everything that was refused; calls `again` when it is time."""

    def __init__(self, again: Callable[[], None]) -> None:
        self._again = again
        self._timer: asyncio.TimerHandle | None = None
        self._delay = FIRST

    def later(self, *, is_first: bool) -> None:
        """Something was refused; `is_first`: nothing else was so far."""
        if is_first:
            self._delay = FIRST
        self._within(self._delay)

    def soon(self) -> None:
        """Something has changed that may have been the reason."""
        self._within(SOON)

    def close(self) -> None:
        """Try nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _within(self, delay: Seconds) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is None or self._timer.when() > loop.time() + delay:
            self.close()
            self._timer = loop.call_later(delay, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._delay = Seconds(min(2 * self._delay, CEILING))
        self._again()
