# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast data flows, from counters read again and again: the last two minutes, and the axis beside them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ui.texts import tr
from ui.view.wording import rate

RECEIVED: Final = "payload.received.octets"
SENT: Final = "payload.sent.octets"
SHOWN: Final = 120.0
"""Seconds the graph goes back."""
_SMALLEST_AXIS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters at a time. `time` is of a clock that never goes back."""

    time: float
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class Point:
    """Octets in each second, `age` seconds ago. None where nobody knows: the service was started again."""

    age: float
    received: float | None
    sent: float | None


def reading(time: float, counters: Mapping[str, int]) -> Reading | None:
    """What the counters say; None when this service does not count payload."""
    if RECEIVED not in counters and SENT not in counters:
        return None
    return Reading(time, counters.get(RECEIVED, 0), counters.get(SENT, 0))


def extended(readings: Sequence[Reading], newest: Reading) -> tuple[Reading, ...]:
    """With one more; those too old to be shown fall out. A time that does not go on replaces the last."""
    kept = [each for each in readings if each.time < newest.time and newest.time - each.time <= SHOWN + 2]
    return (*kept, newest)


def points(readings: Sequence[Reading], now: float) -> tuple[Point, ...]:
    """The rate in each interval between two readings."""
    made = []
    for before, after in itertools.pairwise(readings):
        took = after.time - before.time
        made.append(
            Point(
                max(now - after.time, 0.0),
                _rate(after.received - before.received, took),
                _rate(after.sent - before.sent, took),
            )
        )
    return tuple(made)


def top(shown: Sequence[Point]) -> float:
    """The upper end of the axis: the next round number above all rates."""
    highest = max((rate for each in shown for rate in (each.received, each.sent) if rate is not None), default=0.0)
    end = _SMALLEST_AXIS
    while end < highest:
        end = next(each for each in _round_numbers(end) if each > end)
    return end


def levels(end: float) -> int:
    """Into how many parts the axis is divided, so that each is a round number."""
    return 4 if f"{end:.0f}".startswith("2") else 5


def summary(shown: Sequence[Point]) -> str:
    """The graph in a sentence."""
    if not shown:
        return tr("Nothing measured yet.")
    last = shown[-1]
    if last.received is None or last.sent is None:
        return tr("The service was started again; counting begins anew.")
    return tr("Received {received}, sent {sent}.", received=rate(last.received), sent=rate(last.sent))


def _round_numbers(above: float) -> tuple[float, ...]:
    power = _SMALLEST_AXIS
    while power * 10 <= above:
        power *= 10
    return (power * 2, power * 5, power * 10)


def _rate(count: int, took: float) -> float | None:
    return count / took if count >= 0 and took > 0 else None
