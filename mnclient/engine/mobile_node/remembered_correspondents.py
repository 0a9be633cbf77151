# SPDX-License-Identifier: GPL-2.0-or-later
"""Which correspondents answer at all, remembered over moves and restarts: most hosts know nothing of Mobile IPv6.

Whoever does not answer is asked again after a time that doubles from a minute to an hour. Those that answer and those
that do not are bounded apart, so that made-up addresses cannot push out what is known of real ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_REMEMBERED_CORRESPONDENTS
from mnclient.model.stored_binding import StoredCorrespondent
from mnclient.units import Instant, Seconds, after, between

RETRY_FIRST: Final = Seconds(60.0)
RETRY_CEILING: Final = Seconds(3600.0)
MOST_FAILURES: Final = 16  # counted no further: the ceiling is long reached
_OF_EACH_KIND: Final = MAX_REMEMBERED_CORRESPONDENTS // 2


@dataclass(frozen=True, slots=True)
class Known:
    """`failures` zero: it answers. Otherwise it may be asked again at `retry_at`."""

    failures: int
    retry_at: Instant


class RememberedCorrespondents:
    """Correspondents by address, the longest unchanged first."""

    def __init__(self) -> None:
        self._known: dict[IPv6Address, Known] = {}

    def answered(self, address: IPv6Address, now: Instant) -> None:
        """It took part in the whole procedure."""
        self._remember(address, Known(0, now))

    def failed(self, address: IPv6Address, now: Instant) -> Instant:
        """It did not answer, or refused: when it may be asked again."""
        before = self._known.get(address)
        failures = min((before.failures if before is not None else 0) + 1, MOST_FAILURES)
        retry_at = after(now, retry_after(failures))
        self._remember(address, Known(failures, retry_at))
        return retry_at

    def retry_at(self, address: IPv6Address) -> Instant | None:
        """When one that failed may be asked again; None for one that did not."""
        known = self._known.get(address)
        return known.retry_at if known is not None and known.failures else None

    def answers(self, address: IPv6Address) -> bool:
        """Whether it is known to answer."""
        known = self._known.get(address)
        return known is not None and not known.failures

    def snapshot(self, now: Instant) -> Iterator[StoredCorrespondent]:
        """What a later run needs."""
        for address, known in self._known.items():
            yield StoredCorrespondent(
                address=address,
                answers=not known.failures,
                failures=known.failures,
                retry=Seconds(max(between(now, known.retry_at), 0.0)),
            )

    def restore(self, stored: Iterable[StoredCorrespondent], now: Instant) -> None:
        """Take back what `snapshot` said; numbers from a file are bounded."""
        for each in stored:
            failures = 0 if each.answers else min(max(each.failures, 1), MOST_FAILURES)
            left = Seconds(min(max(each.retry, 0.0), RETRY_CEILING))
            self._remember(each.address, Known(failures, after(now, left)))

    def _remember(self, address: IPv6Address, known: Known) -> None:
        self._known.pop(address, None)
        self._known[address] = known
        same = [each for each, other in self._known.items() if bool(other.failures) == bool(known.failures)]
        if len(same) > _OF_EACH_KIND:
            del self._known[same[0]]


def retry_after(failures: int) -> Seconds:
    """The time before another try after so many failures in a row."""
    return Seconds(min(RETRY_FIRST * 2 ** (failures - 1), RETRY_CEILING))
