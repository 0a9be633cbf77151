# SPDX-License-Identifier: GPL-2.0-or-later
"""The simulation of whole nodes: how many handovers it does in a second, on one core and on all."""

import os
import time

from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure
from tests.simulation.campaign import Tally, results

TITLE = "Simulation of whole nodes"


def measure(context: Context) -> list[Figure]:
    """Some seeds on one core, then on all of them."""
    seeds = 40 if context.quick else 400
    cores = os.cpu_count() or 1
    figures = []
    for processes in sorted({1, cores}):
        tally, begin = Tally(), time.perf_counter()
        for result in results(range(seeds), processes):
            tally.add(result)
        seconds = time.perf_counter() - begin
        where = "on one core" if processes == 1 else f"on {processes} cores"
        figures.append(Figure(f"handovers {where}", round(tally.handovers / seconds, 1), "/s", samples=tally.handovers))
        figures.append(Figure(f"virtual time {where}", round(tally.simulated_seconds / seconds), "s/s", samples=seeds))
    return figures
