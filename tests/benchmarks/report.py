# SPDX-License-Identifier: GPL-2.0-or-later
"""What every benchmark hands in, and how it is shown. Nothing is asserted here: a machine may be slow."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


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


def spread(name: str, values: Sequence[float], unit: str, budget: float | None = None) -> Figure:
    """The median of several measurements, with the best and the worst."""
    return Figure(
        name=name,
        value=round(statistics.median(values), 3),
        unit=unit,
        budget=budget,
        samples=len(values),
        details={"best": round(min(values), 3), "worst": round(max(values), 3)},
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
        "load": round(os.getloadavg()[0], 2),
    }


def as_json(groups: dict[str, list[Figure]], *, quick: bool, datapath: str, failed: dict[str, str]) -> dict[str, Any]:
    """What becomes build/bench.json."""
    figures = {
        group: [asdict(figure) | {"verdict": figure.verdict} for figure in each] for group, each in groups.items()
    }
    return {"machine": machine(), "datapath": datapath, "quick": quick, "figures": figures, "failed": failed}


def print_group(title: str, figures: Sequence[Figure]) -> None:
    """One table."""
    print(f"\n{title}")
    width = max([40, *(len(figure.name) for figure in figures)])
    for figure in figures:
        budget = "" if figure.budget is None else f"budget {figure.budget:g}: {figure.verdict}"
        details = ", ".join(f"{name} {value:g}" for name, value in figure.details.items())
        count = f"n={figure.samples}" if figure.samples > 1 else ""
        note = "; ".join(part for part in (budget, details, count) if part)
        print(f"  {figure.name:<{width}} {figure.value:>12,.3f} {figure.unit:<6} {note}", flush=True)
