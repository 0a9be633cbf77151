# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells a home agent whose packets under ESP do not fit their key: the kernel drops them, and counts.

It has no message about that, so somebody has to look: now and then, and only where there are such keys.
"""

import asyncio
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.events import Event, IntegrityFailed
from mnclient.units import Seconds

INTERVAL: Final = Seconds(10.0)  # a laptop with a wrong key goes on trying, so its person sees both ends say it


class Failures:
    """Asks `failures`, which counts by home address and has nothing when there are no keys."""

    def __init__(self, failures: Callable[[], Mapping[IPv6Address, int]], deliver: Callable[[Event], None]) -> None:
        self._failures = failures
        self._deliver = deliver
        self._known: dict[IPv6Address, int] = {}
        self._looked_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_watching(self) -> bool:
        """Whether it will look again."""
        return self._timer is not None

    def watch(self) -> None:
        """There may be keys from now on."""
        if self._timer is None:
            self._looked_at = asyncio.get_running_loop().time()
            self._look_later()

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        try:
            found = dict(self._failures())
        except OSError:
            self._look_later()  # there was no room for an answer; the kernel counts on
            return
        grown = [home for home, count in found.items() if count > self._known.get(home, 0)]
        within = Seconds(now - self._looked_at)
        self._known, self._looked_at = found, now  # less where a state was made anew
        if found:
            self._look_later()
        for home_address in grown:
            self._deliver(IntegrityFailed(home_address=home_address, within=within))
