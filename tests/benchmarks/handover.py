# SPDX-License-Identifier: GPL-2.0-or-later
"""Handover with one interface: how long each direction is silent, the limit that physics sets, and what else it took.

A tour leads from home to network A, to network B and home. It is made
- through networks where nobody has been before, Router Advertisements every 30 to 70 ms;
- through the same two networks every time, whose routers advertise every 3 to 10 s, and so does the home agent;
- through new networks, Router Advertisements every 3 to 10 s: the answer to a solicitation decides. radvd gives it
  at once; a router may take half a second (RFC 4861 section 6.2.6).
"""

import re
import statistics
import time
from dataclasses import dataclass

from tests.benchmarks.context import PATIENCE, Context
from tests.benchmarks.handover_figures import Limits, Sample, figures_of
from tests.benchmarks.report import Figure
from tests.benchmarks.wire import FILTER, SIGNALLING, Seen, read
from tests.kernel_lab.probe import is_emulated
from tests.lab.answers import HandoverRecord
from tests.lab.cable import Move, boot_time
from tests.lab.interruption import OneWay
from tests.lab.roaming import WATCH
from tests.lab.routers import QUICK, SLOW, Pace
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import Streams

TITLE = "Handover, one cable re-plugged"
TOUR = (VISITED_A, VISITED_B, HOME)
ROUNDS, QUICK_ROUNDS = 20, 3
RATE, EMULATED_RATE = 1000.0, 100.0
SETTLED = 1.0  # seconds after which a router that has just started behaves as others, and takes no time from them
RECORDED = 2.0  # seconds after which a record that is not complete is done without


@dataclass(frozen=True)
class Scenario:
    """`budgets`: milliseconds into a visited network and home; natively and in the emulated machine."""

    name: str
    new_networks: bool
    pace: Pace
    budgets: tuple[float, float]
    emulated_budgets: tuple[float, float]


SCENARIOS = (
    Scenario("visited before, RAs every 3-10 s", False, SLOW, (20.0, 20.0), (80.0, 80.0)),
    Scenario("new, RAs every 30-70 ms", True, QUICK, (45.0, 20.0), (120.0, 80.0)),
    Scenario("new, RAs every 3-10 s", True, SLOW, (45.0, 20.0), (120.0, 80.0)),
)


@dataclass(frozen=True)
class _Step:
    move: Move
    router_mac: bytes
    until: float
    cost: dict[str, OneWay]
    record: HandoverRecord | None


def measure(context: Context) -> list[Figure]:
    """All scenarios. What passes the laptop's interface is captured all the time, for the limit and the signalling."""
    return [figure for scenario in SCENARIOS for figure in _Tours(context, scenario).measure()]


class _Tours:
    """The tours of one scenario."""

    def __init__(self, context: Context, scenario: Scenario) -> None:
        self._context, self._scenario = context, scenario
        self._roaming = context.roaming(scenario.pace)
        self._lab = context.lab
        self._renumbering = context.renumbering

    def measure(self) -> list[Figure]:
        """20 rounds of it."""
        limits = self._visit_all()
        rate = EMULATED_RATE if is_emulated() else RATE
        with Streams(self._lab, self._context.home_address(), rate) as streams:
            clock = boot_time() - time.time()
            with self._lab.capture(self._lab.laptop, "eth0", "handovers", FILTER) as capture:
                rounds = QUICK_ROUNDS if self._context.quick else ROUNDS
                if self._scenario.new_networks:
                    for link in (VISITED_A, VISITED_B):
                        self._renumbering.renew(link)
                    self._context.let_pass(SETTLED)
                steps = [self._step(link, streams) for _ in range(rounds) for link in TOUR]
            refused = sum(count for each in streams.refused().values() for count in each.values())
        seen = read(capture.file, clock)
        samples = [_sample(step, seen) for step in steps]
        into, home = self._scenario.emulated_budgets if is_emulated() else self._scenario.budgets
        figures = figures_of(self._scenario.name, samples, limits, budgets={HOME: home, "": into})
        kept = Figure(f"{self._scenario.name}: resolution", 1000 / rate, "ms")
        return [*figures, kept, Figure(f"{self._scenario.name}: refused to the sender by the kernel", refused, "")]

    def _visit_all(self) -> Limits:
        """One tour before those that count, and the round trips as they are in this run."""
        self._lab.move(VISITED_A)
        self._roaming.registered_at(VISITED_A, within=PATIENCE)
        care_of = str(self._roaming.home_addresses()[0].care_of_address)
        limits = Limits(
            home_agent_ms=self._round_trip("-I", care_of, str(HOME_AGENT_ADDRESS)),
            router_ms=self._round_trip("-I", care_of, str(self._lab.routers[VISITED_A].prefix[1])),
        )
        for link in (VISITED_B, HOME):
            self._lab.move(link)
            self._roaming.registered_at(link, within=PATIENCE)
        return limits

    def _round_trip(self, *arguments: str) -> float:
        said = self._lab.laptop.run(["ping", "-6", "-c", "20", "-i", "0.05", *arguments])
        return statistics.median(float(each) for each in re.findall(r"time=([\d.]+) ms", said))

    def _step(self, link: str, streams: Streams) -> _Step:
        router, interface = (self._lab.home_agent, "home0") if link == HOME else (self._lab.routers[link].node, "lan0")
        mac = router.run(["cat", f"/sys/class/net/{interface}/address"]).strip()
        move = self._lab.move(link)
        streams.flow_after(move.plugged, within=PATIENCE)
        self._context.let_pass(WATCH)
        until = boot_time()
        cost = streams.cost(move.unplugged, until)
        self._roaming.registered_at(link, within=PATIENCE)
        if self._scenario.new_networks and move.from_link != HOME:
            self._renumbering.renew(move.from_link)
            self._context.let_pass(SETTLED)
        record = self._roaming.record_of(move, within=RECORDED)
        return _Step(move, bytes.fromhex(mac.replace(":", "")), until, cost, record)


def _sample(step: _Step, seen: list[Seen]) -> Sample:
    """One move as numbers: milliseconds after the cable was pulled."""
    move = step.move
    during = [each for each in seen if move.unplugged <= each.instant <= step.until]
    heard = [each.instant for each in during if each.kind == "RA" and each.source_mac == step.router_mac]
    updated = [each.instant for each in during if each.kind == "BU"]

    def after(instant: float) -> float:
        return (instant - move.unplugged) * 1000

    stages: dict[str, float] = {}
    if step.record is not None:
        begin = after(step.record.started)
        stages = {name: begin + offset for name, offset in step.record.stages_ms.items()}
    return Sample(
        from_link=move.from_link,
        to_link=move.to_link,
        cost=step.cost,
        plugged_ms=after(move.plugged),
        advertised_ms=after(heard[0]) if heard else None,
        updated_ms=after(updated[0]) if updated else None,
        stages_ms=stages,
        signalling=tuple((each.kind, each.octets) for each in during if each.kind in SIGNALLING),
    )
