# SPDX-License-Identifier: GPL-2.0-or-later
"""What every benchmark hands in, and how it is shown. Nothing is asserted here: a machine may be slow."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.kernel_lab.probe import is_emulated


@dataclass(frozen=True)
class Figure:
    """One measured number. `budget` is what design and README promise on a quiet machine, None where nothing is."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    higher_is_better: bool = False
    samples: int = 1
    details: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """In words, where there is a budget."""
        if self.budget is None:
            return ""
        within = self.value >= self.budget if self.higher_is_better else self.value <= self.budget
        return "within" if within else "OVER" if not self.higher_is_better else "BELOW"


@dataclass(frozen=True)
class Group:
    """The figures of one benchmark. `datapath` is "" where no service was measured."""

    name: str
    title: str
    datapath: str
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Failure:
    """What could not be measured, and why, in one line."""

    name: str
    datapath: str
    reason: str


def spread(
    name: str, values: Sequence[float], unit: str, budget: float | None = None, *, higher_is_better: bool = False
) -> Figure:
    """The median of several measurements, with the best and the worst."""
    best, worst = (max, min) if higher_is_better else (min, max)
    return Figure(
        name=name,
        value=round(statistics.median(values), 3),
        unit=unit,
        budget=budget,
        higher_is_better=higher_is_better,
        samples=len(values),
        details={"best": round(best(values), 3), "worst": round(worst(values), 3)},
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {
        "kernel": platform.release(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "emulated": is_emulated(),
        "load": round(os.getloadavg()[0], 2),
    }


def as_json(groups: Sequence[Group], failures: Sequence[Failure], *, quick: bool) -> dict[str, Any]:
    """What a part of the benchmarks writes; tests/benchmarks/parts.py makes build/bench.json of all parts."""
    here = machine()
    return {
        "quick": quick,
        "groups": [
            {
                "name": group.name,
                "title": group.title,
                "datapath": group.datapath,
                "machine": here,
                "figures": [asdict(figure) | {"verdict": figure.verdict} for figure in group.figures],
            }
            for group in groups
        ],
        "failed": [asdict(failure) for failure in failures],
    }


def print_group(group: Group) -> None:
    """One table."""
    print(f"\n{group.title}{f' ({group.datapath} datapath)' if group.datapath else ''}")
    width = max([40, *(len(figure.name) for figure in group.figures)])
    for figure in group.figures:
        budget = "" if figure.budget is None else f"budget {figure.budget:g}: {figure.verdict}"
        details = ", ".join(f"{name} {value:g}" for name, value in figure.details.items())
        count = f"n={figure.samples}" if figure.samples > 1 else ""
        note = "; ".join(part for part in (budget, details, count) if part)
        print(f"  {figure.name:<{width}} {figure.value:>12,.3f} {figure.unit:<6} {note}", flush=True)
