# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP through the tunnel against TCP over the same path without it, in one run."""

import statistics

from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure
from tests.lab.bulk import send_bulk
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_A

TITLE = "Throughput from the correspondent to the laptop in network A, and back"


def measure(context: Context) -> list[Figure]:
    """By turns to the care-of address (plain kernel path) and to the home address (through the tunnel)."""
    roaming = context.roaming()
    home = str(context.home_address())
    context.lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    care_of = str(roaming.home_addresses()[0].care_of_address)
    octets = 5_000_000 if context.quick else 40_000_000
    figures = []
    for way, upwards in (("to the laptop", False), ("from the laptop", True)):
        plain, tunnelled = [], []
        for _ in range(2 if context.quick else 5):
            plain.append(_one(context, care_of, octets * 5, upwards=upwards))
            tunnelled.append(_one(context, home, octets, upwards=upwards))
        ratio = statistics.median(tunnelled) / statistics.median(plain)
        figures += [
            Figure(f"{way}: without tunnel", round(statistics.median(plain), 1), "Mbit/s", samples=len(plain)),
            Figure(f"{way}: through the tunnel", round(statistics.median(tunnelled), 1), "Mbit/s", samples=len(plain)),
            Figure(f"{way}: ratio", round(ratio, 4), ""),
        ]
    return figures


def _one(context: Context, address: str, octets: int, *, upwards: bool) -> float:
    lab = context.lab
    if upwards:
        destination = str(CORRESPONDENT_ADDRESS)
        bulk = send_bulk(lab.laptop, lab.correspondent, destination, octets, source=address, within=120.0)
    else:
        bulk = send_bulk(lab.correspondent, lab.laptop, address, octets, within=120.0)
    return bulk.megabits_per_second
