# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzing of several targets, each for its share of the time, and the account of it in build/fuzz.json."""

import json
import platform
import time
from collections.abc import Sequence
from typing import Final

from tests.checkout import BUILD, commit
from tests.fuzz.slices import Seen, Slice
from tests.fuzz.targets import TARGETS

REPORT: Final = BUILD / "fuzz.json"
ROUND: Final = 600.0  # seconds of all targets together, in a run that is to try a number of inputs
_LOOK: Final = 0.2  # seconds between two looks at the processes
_REPORT_EVERY: Final = 5.0


class Campaign:
    """Fuzzes `targets`, `jobs` at a time."""

    def __init__(self, targets: Sequence[str], *, jobs: int, patience: int, seed: int) -> None:
        self._targets = list(targets)
        self._jobs, self._patience, self._seed = jobs, patience, seed
        self._seen = {name: Seen() for name in targets}
        self._running: list[tuple[Slice, float]] = []
        self._commit = commit()
        self._start = self._reported = time.monotonic()
        self._rounds = 0

    def run(self, *, seconds: float, inputs: int) -> None:
        """For `seconds`, or round after round until `inputs` were tried in all."""
        try:
            self._round(ROUND if inputs else seconds)
            while inputs and self.inputs() < inputs:
                self._round(ROUND)
        finally:
            for each, _ in self._running:
                each.stop()
                self._count(each, 0.0)
            self._running = []
            self._report()

    def inputs(self) -> int:
        """All inputs tried so far."""
        running = sum(each.inputs for each, _ in self._running)
        return running + sum(seen.inputs for seen in self._seen.values())

    def findings(self) -> list[dict[str, str]]:
        """What went wrong so far."""
        return [finding for seen in self._seen.values() for finding in seen.findings]

    def summary(self) -> str:
        """For a person."""
        lines = [
            f"{name:20} {seen.inputs:12,} inputs {seen.inputs / max(seen.seconds, 1e-9):10,.0f}/s "
            f"{seen.covered:6} covered  {len(seen.findings)} found"
            for name, seen in self._seen.items()
        ]
        lines += [f"\n{each['target']}: {each['input']}\n{each['words']}" for each in self.findings()]
        return "\n".join([*lines, f"{self.inputs():,} inputs, {len(self.findings())} findings; see {REPORT}"])

    def _round(self, seconds: float) -> None:
        shares = sum(TARGETS[name].share for name in self._targets)
        budget = seconds * min(self._jobs, len(self._targets)) / shares
        waiting = sorted(self._targets, key=lambda name: TARGETS[name].share)
        while waiting or self._running:
            while waiting and len(self._running) < self._jobs:
                name = waiting.pop()  # the longest first, so that the end is even
                self._begin(name, TARGETS[name].share * budget)
            time.sleep(_LOOK)
            self._collect()
        self._rounds += 1

    def _begin(self, name: str, seconds: float) -> None:
        seed = self._seed + self._rounds if self._seed else 0
        self._running.append((Slice(name, seconds, self._patience, seed), time.monotonic()))

    def _collect(self) -> None:
        for entry in [entry for entry in self._running if entry[0].is_over()]:
            self._running.remove(entry)
            each, began = entry
            self._count(each, time.monotonic() - began)
            if finding := each.finding():
                self._seen[each.target].findings.append(finding)
        if time.monotonic() - self._reported > _REPORT_EVERY:
            self._report()

    def _count(self, each: Slice, seconds: float) -> None:
        seen = self._seen[each.target]
        seen.inputs += each.inputs
        seen.seconds += seconds
        seen.covered = max(seen.covered, each.covered)

    def _report(self) -> None:
        self._reported = time.monotonic()
        elapsed = self._reported - self._start
        content = {
            "commit": self._commit,
            "python": platform.python_version(),
            "inputs": self.inputs(),
            "seconds": round(elapsed, 1),
            "inputs per second": round(self.inputs() / max(elapsed, 1e-9)),
            "targets": {
                name: {"inputs": seen.inputs, "seconds": round(seen.seconds, 1), "covered": seen.covered}
                for name, seen in self._seen.items()
            },
            "findings": self.findings(),
        }
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        fresh = REPORT.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        fresh.replace(REPORT)
