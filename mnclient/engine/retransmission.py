# SPDX-License-Identifier: GPL-2.0-or-later
"""Exponential backoff of RFC 6275 section 11.8, and the rate limit of section 12."""

from collections import deque

from mnclient.constants import MAX_BINDACK_TIMEOUT, MAX_UPDATE_RATE
from mnclient.units import Instant, Seconds, after


class Backoff:
    """Timeouts that double up to a ceiling: 1, 2, 4 ... 32, 32 s."""

    def __init__(self, first: Seconds, ceiling: Seconds = MAX_BINDACK_TIMEOUT) -> None:
        self._next = first
        self._ceiling = ceiling
        self.attempts = 0

    def next_timeout(self) -> Seconds:
        """The timeout of the transmission that happens now."""
        timeout = self._next
        self._next = Seconds(min(self._next * 2, self._ceiling))
        self.attempts += 1
        return timeout

    @property
    def at_ceiling(self) -> bool:
        """True once the timeouts no longer grow."""
        return self.attempts > 0 and self._next >= self._ceiling


class RateLimit:
    """At most `count` permissions within any second (MAX_UPDATE_RATE, section 11.8)."""

    def __init__(self, count: int = MAX_UPDATE_RATE) -> None:
        self._times: deque[Instant] = deque(maxlen=count)
        self._count = count

    def permits(self, now: Instant) -> bool:
        """True when one more may happen now; `record` says that it did."""
        return len(self._times) < self._count or now >= self._free_at()

    def record(self, now: Instant) -> None:
        """One more happened."""
        self._times.append(now)

    def next_permission(self, now: Instant) -> Instant:
        """The earliest instant at which one more may happen."""
        return now if self.permits(now) else self._free_at()

    def _free_at(self) -> Instant:
        """One sum for both questions: rounded differently, a deadline could come and permit nothing."""
        return after(self._times[0], Seconds(1.0))

    def is_idle(self, now: Instant) -> bool:
        """Whether nothing happened in the last second, so that nothing is lost by forgetting this."""
        return not self._times or now - self._times[-1] >= 1.0
