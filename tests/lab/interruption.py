# SPDX-License-Identifier: GPL-2.0-or-later
"""What a move cost, computed from the probe's records. Pure: instants in, numbers out.

A probe is a datagram that the correspondent sends to the home address 100 times a second; the laptop sends each back at
once. For one move, with its cable pulled at `unplugged` and watched until `until`:

interruption_ms
    The longest time without a probe *coming back* to the correspondent that overlaps [unplugged, until], less the
    nominal time between two probes: how long a conversation stood still, both directions needed. It includes the few
    milliseconds in which the cable was in nobody's socket. 0 when nothing was missing.
to_laptop_ms
    The same for probes *arriving at* the laptop: the direction from the correspondent to the home address alone.
probes_lost
    Probes sent in [unplugged - IN_FLIGHT, until - GRACE] that never came back. One that was held back and came late is
    not lost: its delay shows in the interruption.

Arrival times are the kernel's receive timestamps, so they do not depend on when a process was scheduled.

Where each direction has a stream of its own (tests.lab.peer_streams), `measure_one_way` tells the same of one of them:
`silence_ms` is the longest time without an arrival, less the nominal time between two, and `lost` what never arrived.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

IN_FLIGHT = 0.05
"""Seconds before the pull from which a probe may still have been on its way."""

GRACE = 0.25
"""Seconds before the end of watching in which a probe may not have come back yet, and is not judged."""


@dataclass(frozen=True)
class Records:
    """Instants in seconds of the boot-time clock, by sequence number."""

    sent: dict[int, float] = field(default_factory=dict)
    arrived: dict[int, float] = field(default_factory=dict)
    returned: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Interruption:
    """See the module. `recovered` is the instant of the first probe back after the longest silence."""

    interruption_ms: float
    to_laptop_ms: float
    probes_lost: int
    probes_sent: int
    recovered: float


@dataclass(frozen=True)
class OneWay:
    """What one direction suffered. `begun` and `recovered` are the instants of the last and first arrival around it."""

    silence_ms: float
    lost: int
    sent: int
    begun: float
    recovered: float
    unsteadiness_ms: float
    """The longest time between two that were sent, less the nominal one: silence of the sender's own making."""


class NotRecovered(AssertionError):
    """No probe came back after the move."""


def longest_silence(instants: Iterable[float], begin: float, until: float) -> tuple[float, float]:
    """The longest time between two neighbours of `instants` that overlaps [begin, until]: its length and its end.

    Raises `NotRecovered` when there is no arrival before `begin`, or none after it.
    """
    gaps = [
        (later - earlier, later) for earlier, later in pairwise(sorted(instants)) if later > begin and earlier < until
    ]
    if not gaps:
        raise NotRecovered(f"no probe was received on both sides of the instant {begin:.3f}")
    return max(gaps)


def measure(records: Records, unplugged: float, until: float, nominal: float) -> Interruption:
    """What the move at `unplugged` cost. `nominal` is the time between two probes in seconds."""
    silence, recovered = longest_silence(records.returned.values(), unplugged, until)
    one_way, _ = longest_silence(records.arrived.values(), unplugged, until)
    judged = [n for n, at in records.sent.items() if unplugged - IN_FLIGHT <= at <= until - GRACE]
    return Interruption(
        interruption_ms=round(max(0.0, silence - nominal) * 1000, 2),
        to_laptop_ms=round(max(0.0, one_way - nominal) * 1000, 2),
        probes_lost=sum(1 for number in judged if number not in records.returned),
        probes_sent=len(judged),
        recovered=recovered,
    )


def measure_one_way(records: Records, unplugged: float, until: float, nominal: float) -> OneWay:
    """What a move cost one stream; its records have no `returned`. Arguments as for `measure`."""
    silence, recovered = longest_silence(records.arrived.values(), unplugged, until)
    pauses = [
        later - earlier for earlier, later in pairwise(sorted(records.sent.values())) if unplugged < later < until
    ]
    judged = [n for n, at in records.sent.items() if unplugged - IN_FLIGHT <= at <= until - GRACE]
    return OneWay(
        silence_ms=round(max(0.0, silence - nominal) * 1000, 2),
        lost=sum(1 for number in judged if number not in records.arrived),
        sent=len(judged),
        begun=recovered - silence,
        recovered=recovered,
        unsteadiness_ms=round(max([0.0, *(pause - nominal for pause in pauses)]) * 1000, 2),
    )


def flows_since(returned: Sequence[float], instant: float, count: int) -> bool:
    """True when `count` probes came back after `instant`: the path works again, not just once."""
    return sum(1 for at in returned if at > instant) >= count
