# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP between the correspondent and the laptop in network A, by different ways, by turns in one run.

Through the tunnel against the plain path; where the kernel carries the packets also against a tunnel that was made by
hand, and the direct way of route optimisation against the plain path.

The latter four times: with the interfaces of the lab as they are, which pass on segments of 64 kB that no wire carries
and that the kernel does not make for a way with transformations; with packets and checksums as on a wire; with each
packet made by itself on both, for what the transformation alone costs; and over a link that is slower than the machines
(docs/adr/0026-direct-packets-on-a-wire.md). The budget is for the second, where the processor is the limit, and for the
last, where the link is.
"""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.benchmarks.context import Context
from tests.benchmarks.hand_made_tunnel import hand_made_tunnel
from tests.benchmarks.report import Figure, spread
from tests.lab.bulk import send_bulk
from tests.lab.direct import is_direct, talking_directly
from tests.lab.lab import Lab
from tests.lab.narrow import link_of
from tests.lab.offload import packets_as_on_a_wire
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_A

TITLE = "Throughput between the correspondent and the laptop in network A"
ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS, QUICK_SECONDS = 2.0, 0.5
TRIAL = 2_000_000  # octets, to find out how many take that long
TUNNEL_SHARE, DIRECT_SHARE = 0.9, 0.95
DIRECTIONS = {"to the laptop": False, "from the laptop": True}


@dataclass(frozen=True)
class Way:
    """One of the laptop's addresses, and how packets to and from it travel."""

    name: str
    address: str


def measure(context: Context) -> list[Figure]:
    """All comparisons that this datapath allows."""
    roaming = context.roaming()
    context.lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    plain = Way("without tunnel", str(roaming.home_addresses()[0].care_of_address))
    home = str(context.home_address())
    ours = Way("through the tunnel", home)
    figures = list(_compare(context, ours, plain))
    if context.datapath == "kernel":
        with hand_made_tunnel(context.lab) as address:
            figures += _compare(context, ours, Way("through a tunnel made by hand", address), TUNNEL_SHARE)
        with talking_directly(roaming):
            is_direct(roaming)
            figures += _compare(context, Way("directly, 64 kB at once", home), plain)
            with packets_as_on_a_wire(context.lab):
                figures += _compare(context, Way("directly, packets as on a wire", home), plain, DIRECT_SHARE)
            with packets_as_on_a_wire(context.lab, segments=1):
                figures += _compare(context, Way("directly, each packet by itself", home), plain)
            rate = _slow_enough(figures)
            with link_of(context.lab, rate):
                figures += _compare(context, Way(f"directly, link of {rate} Mbit/s", home), plain, DIRECT_SHARE)
            is_direct(roaming)  # all the time, or it was something else that was measured
    return figures


def _slow_enough(figures: Iterable[Figure]) -> int:
    """A third of the lowest rate measured so far, in Mbit/s: at that the processors have nothing to do with it."""
    return max(1, int(min(each.value for each in figures if each.unit == "Mbit/s") / 3))


def _compare(context: Context, one: Way, other: Way, budget: float | None = None) -> Iterator[Figure]:
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if context.quick else (ROUNDS, SECONDS)
    for direction, upwards in DIRECTIONS.items():
        octets = {way: _octets(context.lab, way, seconds, upwards=upwards) for way in (one, other)}
        rates: dict[Way, list[float]] = {one: [], other: []}
        for _ in range(rounds):
            for way in (one, other):
                rates[way].append(_rate(context.lab, way, octets[way], upwards=upwards))
        for way in (other, one):
            yield spread(
                f"{direction}, {one.name} or {other.name}: {way.name}", rates[way], "Mbit/s", higher_is_better=True
            )
        ratios = [mine / theirs for mine, theirs in zip(rates[one], rates[other], strict=True)]
        yield Figure(
            f"{direction}, {one.name} or {other.name}: ratio", round(statistics.median(ratios), 4), "", budget, True,
            samples=rounds, details={"lowest": round(min(ratios), 4), "highest": round(max(ratios), 4)},
        )  # fmt: skip


def _octets(lab: Lab, way: Way, seconds: float, *, upwards: bool) -> int:
    return max(TRIAL, int(_rate(lab, way, TRIAL, upwards=upwards) * 1e6 / 8 * seconds))


def _rate(lab: Lab, way: Way, octets: int, *, upwards: bool) -> float:
    """Megabits a second."""
    if upwards:
        destination = str(CORRESPONDENT_ADDRESS)
        bulk = send_bulk(lab.laptop, lab.correspondent, destination, octets, source=way.address, within=120.0)
    else:
        bulk = send_bulk(lab.correspondent, lab.laptop, way.address, octets, within=120.0)
    return bulk.megabits_per_second
