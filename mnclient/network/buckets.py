# SPDX-License-Identifier: GPL-2.0-or-later
"""Token buckets: what is let through of a flood. Pure; the time is given, in seconds of any steady clock.

Advertisements are let through by source: each source that was heard has its own bucket, in a table of bounded size. A
source without a history pays from one bucket per interface as well, so that a flood from forged sources is cut down
to a rate that hurts nobody, while a router that was known before still gets through: it pays only from its own. A
known source is not displaced by a flood either: its place is free only after it was silent for longer than a router
may be.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

SOURCE_RATE: Final = 50.0  # packets a second; RAs may come every 30 ms (RFC 6275 section 7.5)
SOURCE_BURST: Final = 100.0
STRANGERS_RATE: Final = 500.0  # packets a second and interface from sources without a history
STRANGERS_BURST: Final = 500.0
MAX_SOURCES: Final = 256
SILENCE: Final = 1800.0  # seconds: the longest interval between RAs (RFC 4861 section 6.2.1)
_KNOWN_AFTER: Final = 2  # packets: a forged source is seldom used twice


class Bucket:
    """`burst` packets at once, `rate` a second in the long run."""

    __slots__ = ("_burst", "_filled", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled = 0.0

    def permits(self, now: float) -> bool:
        """Whether one more may pass now; if so it is counted."""
        tokens = self._tokens + (now - self._filled) * self._rate
        self._tokens = tokens if tokens < self._burst else self._burst
        self._filled = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class _Source:
    __slots__ = ("bucket", "heard", "last")

    def __init__(self) -> None:
        self.bucket = Bucket(rate=SOURCE_RATE, burst=SOURCE_BURST)
        self.heard = 0
        self.last = 0.0


class SourceLimit:
    """The limits of all interfaces and sources together."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Hashable, Hashable], _Source] = OrderedDict()
        self._new: OrderedDict[tuple[Hashable, Hashable], _Source] = OrderedDict()
        self._strangers: dict[Hashable, Bucket] = {}

    def permits(self, interface: Hashable, source: Hashable, now: float) -> bool:
        """Whether a packet may pass now; if so it is counted."""
        who = (interface, source)
        entry = self._known.get(who)
        if entry is not None:
            self._known.move_to_end(who)
            entry.last = now
            return entry.bucket.permits(now)
        strangers = self._strangers.get(interface)
        if strangers is None:
            strangers = self._strangers[interface] = Bucket(rate=STRANGERS_RATE, burst=STRANGERS_BURST)
        if not strangers.permits(now):
            return False
        return self._stranger(who, now)

    def _stranger(self, who: tuple[Hashable, Hashable], now: float) -> bool:
        entry = self._new.get(who)
        if entry is None:
            entry = self._new[who] = _Source()
            if len(self._new) > MAX_SOURCES // 2:
                self._new.popitem(last=False)
        entry.heard += 1
        entry.last = now
        if entry.heard >= _KNOWN_AFTER and self._has_place(now):
            del self._new[who]
            self._known[who] = entry
        return entry.bucket.permits(now)

    def _has_place(self, now: float) -> bool:
        if len(self._known) < MAX_SOURCES // 2:
            return True
        longest_silent = next(iter(self._known.values()))
        if now - longest_silent.last < SILENCE:
            return False
        self._known.popitem(last=False)
        return True

    def forget(self, interface: Hashable) -> None:
        """An interface is gone."""
        self._strangers.pop(interface, None)
        for table in (self._known, self._new):
            for who in [who for who in table if who[0] == interface]:
                del table[who]

    def __len__(self) -> int:
        return len(self._known) + len(self._new)
