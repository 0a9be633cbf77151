# SPDX-License-Identifier: GPL-2.0-or-later
"""Many runs, spread over processes; what came of them is in a file, and a campaign goes on where it was stopped."""

from __future__ import annotations

import json
import math
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tests.checkout import commit
from tests.lab.lab import write_json
from tests.simulation.run import BLOWS, Result, run

CHUNK: Final = 20  # seeds that a process does in one go
WRITE_EVERY: Final = 10.0  # seconds
MOST_FAILURES: Final = 50  # kept, with their words


@dataclass
class Tally:
    """What a campaign has done so far. All seeds below `next_seed`, from `first_seed` on, are done.

    `commits` are those that were checked out, `faults` counts blows by kind. A run that goes on adds to all of it.
    """

    first_seed: int = 0
    next_seed: int = 0
    blows: int = BLOWS
    commits: list[str] = field(default_factory=list)
    handovers: int = 0
    events: int = 0
    messages: int = 0
    simulated_seconds: float = 0.0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    slowest_reached: float = 0.0
    slowest_direct: float = 0.0
    failures: list[dict[str, object]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """One more seed, the next one."""
        self.next_seed = result.seed + 1
        self.handovers += result.handovers
        self.events += result.events
        self.messages += result.messages
        self.simulated_seconds += result.simulated
        for kind, count in result.faults.items():
            self.faults[kind] = self.faults.get(kind, 0) + count
        self.slowest_reached = max(self.slowest_reached, result.reached_after)
        self.slowest_direct = max(self.slowest_direct, result.direct_after)
        if result.failure:
            self.failed += 1
            if len(self.failures) < MOST_FAILURES:
                self.failures.append({"seed": result.seed, "failure": result.failure})

    def words(self) -> str:
        """One line."""
        speed = self.handovers / self.seconds if self.seconds else 0.0
        return (
            f"{self.next_seed - self.first_seed} seeds, {self.handovers} handovers ({speed:.0f}/s), "
            f"{sum(self.faults.values())} faults, {self.messages} messages, "
            f"{self.simulated_seconds / 3600:.1f} h of virtual time, {self.failed} failed"
        )


def load(file: Path, first_seed: int, blows: int) -> Tally:
    """Where a campaign of this beginning stopped; a new one if the file is of another, or there is none."""
    if file.exists():
        tally = Tally(**json.loads(file.read_text(encoding="utf-8")))
        if (tally.first_seed, tally.blows) == (first_seed, blows):
            return tally
    return Tally(first_seed=first_seed, next_seed=first_seed, blows=blows)


def results(seeds: Iterable[int], processes: int, blows: int = BLOWS) -> Iterator[Result]:
    """The result of every seed, in their order."""
    if processes == 1:
        yield from (run(seed, blows=blows) for seed in seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_Job(blows), seeds, chunksize=CHUNK)


@dataclass(frozen=True)
class _Job:
    blows: int

    def __call__(self, seed: int) -> Result:
        return run(seed, blows=self.blows)


def campaign(
    tally: Tally,
    seeds: Iterable[int],
    processes: int,
    file: Path,
    *,
    is_enough: Callable[[Tally], bool] = lambda tally: False,
    limit: float = math.inf,
    say: Callable[[str], None] = print,
) -> None:
    """Run these seeds, those that follow on `tally`, until that is enough, or `limit` seconds are over.

    The file is written all along.
    """
    if is_enough(tally):
        return
    before, begin, written = tally.seconds, time.monotonic(), time.monotonic()
    if (now := commit()) not in tally.commits:
        tally.commits.append(now)
    for result in results(seeds, processes, tally.blows):
        tally.add(result)
        tally.seconds = before + time.monotonic() - begin
        if result.failure:
            say(f"seed {result.seed}: {result.failure}\n    {replay_command(result.seed, tally.blows)}")
        if time.monotonic() - written >= WRITE_EVERY:
            written = time.monotonic()
            write_json(file, asdict(tally))
            say(tally.words())
        if is_enough(tally) or time.monotonic() - begin >= limit:
            break
    write_json(file, asdict(tally))


def replay_command(seed: int, blows: int) -> str:
    """What shows a seed again, with its diagram."""
    return f"make simulate SEED={seed}" + (f" BLOWS={blows}" if blows != BLOWS else "")
