# SPDX-License-Identifier: GPL-2.0-or-later
"""From the moves that were watched to the figures that are shown. Pure: all times in milliseconds after the pull."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.report import Figure, spread
from tests.lab.interruption import OneWay
from tests.lab.topology import HOME

DIRECTIONS = {"to_laptop": "correspondent to laptop", "to_correspondent": "laptop to correspondent"}

# A handover needs a Binding Update and its acknowledgement; the octets count from the IPv6 header on.
# Abroad (RFC 6275 sections 6.1.7, 6.1.8, 6.2.5, 6.3, 6.4): 40 + Home Address option 24 + BU 12 with Alternate Care-of
# Address 2 + 18, and 40 + type 2 routing header 24 + BA 12 padded to 16. At home both go without the extra header, and
# the BU, padded to 16, without the option.
MINIMUM_PACKETS = 2
MINIMUM_OCTETS_AWAY = (40 + 24 + 32) + (40 + 24 + 16)
MINIMUM_OCTETS_HOME = (40 + 16) + (40 + 16)


@dataclass(frozen=True)
class Limits:
    """Round trips of this run, measured while nothing moved."""

    home_agent_ms: float
    """From a visited network."""
    router_ms: float
    """Between two neighbours on a link."""


@dataclass(frozen=True)
class Sample:
    """One move: silence each way, and when what happened."""

    from_link: str
    to_link: str
    cost: dict[str, OneWay]
    plugged_ms: float
    advertised_ms: float | None
    """The first Router Advertisement of the new link's router on the laptop's wire."""
    updated_ms: float | None
    """The first Binding Update on the laptop's wire."""
    stages_ms: dict[str, float] = field(default_factory=dict)
    signalling: tuple[tuple[str, int], ...] = ()
    """Messages of RFC 6275 on the laptop's wire: name, octets."""

    @property
    def kind(self) -> str:
        """In words."""
        if self.to_link == HOME:
            return "away > home"
        return "home > away" if self.from_link == HOME else "away > away"


def limit_ms(sample: Sample, limits: Limits, *, known: bool) -> float | None:
    """What cannot be avoided: the cable is out, a router answers, the home agent answers.

    `known`: the router can be asked directly, as one asks a neighbor; otherwise its advertisement must be waited for.
    None when there was no advertisement.
    """
    agent = limits.router_ms if sample.to_link == HOME else limits.home_agent_ms
    if known or sample.to_link == HOME:
        return sample.plugged_ms + limits.router_ms + agent
    return None if sample.advertised_ms is None else sample.advertised_ms + agent


def figures_of(scenario: str, samples: Sequence[Sample], limits: Limits, *, budgets: dict[str, float]) -> list[Figure]:
    """All figures of a scenario. `budgets`: by link, "" for all others."""
    figures: list[Figure] = []
    for kind in dict.fromkeys(sample.kind for sample in samples):
        chosen = [sample for sample in samples if sample.kind == kind]
        budget = budgets.get(chosen[0].to_link, budgets[""])
        name = f"{scenario}: {kind}"
        for direction, words in DIRECTIONS.items():
            silences = [sample.cost[direction].silence_ms for sample in chosen]
            figures.append(spread(f"{name}: silence {words}", silences, "ms", budget))
        figures += _limit(name, chosen, limits, known="before" in scenario)
        figures += _losses(name, chosen)
        figures += _stages(name, chosen)
        figures += _signalling(name, chosen)
    return figures


def _limit(name: str, samples: Sequence[Sample], limits: Limits, *, known: bool) -> list[Figure]:
    every = [limit_ms(sample, limits, known=known) for sample in samples]
    found = [each for each in every if each is not None]
    figures = [spread(f"{name}: limit (waiting for the router, round trips)", found, "ms")] if found else []
    reactions = [
        sample.updated_ms - sample.advertised_ms
        for sample in samples
        if sample.updated_ms is not None and sample.advertised_ms is not None
    ]
    if reactions and not known and samples[0].to_link != HOME:
        figures.append(spread(f"{name}: from the advertisement to the Binding Update, on the wire", reactions, "ms"))
    return figures


def _losses(name: str, samples: Sequence[Sample]) -> list[Figure]:
    figures = [
        spread(f"{name}: lost {words}", [float(sample.cost[direction].lost) for sample in samples], "")
        for direction, words in DIRECTIONS.items()
    ]
    own = max(cost.unsteadiness_ms for sample in samples for cost in sample.cost.values())
    return [*figures, Figure(f"{name}: longest pause of the senders themselves", round(own, 2), "ms")]


def _stages(name: str, samples: Sequence[Sample]) -> list[Figure]:
    """The median time between each stage and the one before it, in the order in which they usually come."""
    medians: dict[str, float] = {}
    for stage in dict.fromkeys(stage for sample in samples for stage in sample.stages_ms):
        medians[stage] = statistics.median(sample.stages_ms[stage] for sample in samples if stage in sample.stages_ms)
    figures, before = [], 0.0
    for stage, at in sorted(medians.items(), key=lambda each: each[1]):
        count = sum(1 for sample in samples if stage in sample.stages_ms)
        details = {"after the pull": round(at, 2)}
        figures.append(Figure(f"{name}: stage {stage}", round(at - before, 2), "ms", samples=count, details=details))
        before = at
    return figures


def _signalling(name: str, samples: Sequence[Sample]) -> list[Figure]:
    octets_at_least = MINIMUM_OCTETS_HOME if samples[0].to_link == HOME else MINIMUM_OCTETS_AWAY
    packets = statistics.median(len(sample.signalling) for sample in samples)
    octets = statistics.median(sum(size for _, size in sample.signalling) for sample in samples)
    return [
        Figure(f"{name}: signalling packets", packets, "", samples=len(samples),
               details={"the protocol's minimum": MINIMUM_PACKETS}),
        Figure(f"{name}: signalling octets", octets, "", samples=len(samples),
               details={"the protocol's minimum": octets_at_least}),
    ]  # fmt: skip
