# SPDX-License-Identifier: GPL-2.0-or-later
"""Handover: how long the correspondent hears nothing, and what the laptop did meanwhile. RAs every 30 to 70 ms."""

import statistics

from tests.benchmarks.context import Context
from tests.benchmarks.report import Figure, spread
from tests.lab.roaming import Step
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe

TITLE = "Handover, cable re-plugged, Router Advertisements every 30 to 70 ms"

KINDS = {VISITED_A: ("home > away", 45.0), VISITED_B: ("away > away", 45.0), HOME: ("away > home", 20.0)}


def measure(context: Context) -> list[Figure]:
    """Tours through both visited networks and home again."""
    steps: dict[str, list[Step]] = {link: [] for link in KINDS}
    roaming = context.roaming()
    with Probe(context.lab, context.home_address()) as probe:
        for _ in range(3 if context.quick else 20):
            for link in KINDS:
                steps[link].append(roaming.step(link, probe))
                roaming.registered_at(link)
    figures: list[Figure] = []
    for link, (kind, budget) in KINDS.items():
        figures += _figures_of(kind, budget, steps[link])
    return figures


def _figures_of(kind: str, budget: float, steps: list[Step]) -> list[Figure]:
    silences = [step.interruption.interruption_ms for step in steps]
    lost = [float(step.interruption.probes_lost) for step in steps]
    figures = [
        spread(f"{kind}: interruption", silences, "ms", budget),
        spread(f"{kind}: probes lost, of 100 a second", lost, ""),
    ]
    records = [step.record for step in steps if step.record is not None]
    names = list(dict.fromkeys(name for record in records for name in record.stages_ms))
    for name in names:
        values = [record.stages_ms[name] for record in records if name in record.stages_ms]
        figures.append(Figure(f"{kind}: until {name}", round(statistics.median(values), 2), "ms", samples=len(values)))
    return figures
