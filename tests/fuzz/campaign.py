# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzing of several targets, each for its share of the time, and the account of it in a file.

What a campaign has done in several runs adds up in its file.
"""

import json
import math
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.checkout import BUILD, commit
from tests.fuzz.slices import Seen, Slice
from tests.fuzz.targets import TARGETS

REPORT: Final = BUILD / "fuzz.json"
USUAL: Final = 60.0  # seconds
ROUND: Final = 600.0  # seconds of all targets together, in a run that is to try a number of inputs
SHORTEST: Final = 30.0  # a shorter round is hardly more than starting its processes
_LOOK: Final = 0.2  # seconds between two looks at the processes
_REPORT_EVERY: Final = 5.0


class Campaign:
    """Fuzzes `targets`, `jobs` at a time. `file`: where the account of it is; it goes on with what is there already."""

    def __init__(
        self, targets: Sequence[str], *, jobs: int, patience: int, seed: int, file: Path | None = None
    ) -> None:
        self._file = REPORT if file is None else file
        self._targets = list(targets)
        self._jobs, self._patience, self._seed = jobs, patience, seed
        self._seen = {name: Seen() for name in targets}
        self._running: list[tuple[Slice, float]] = []
        self._commits: list[str] = []
        self._start = self._reported = time.monotonic()
        self._before = 0.0
        self._rounds = 0
        if file is not None and file.exists():
            self._load(json.loads(file.read_text(encoding="utf-8")))
        if (now := commit()) not in self._commits:
            self._commits.append(now)

    def run(self, *, seconds: float | None, inputs: int) -> None:
        """For `seconds`; with `inputs` round after round until so many were tried in all, or `seconds` are over."""
        try:
            if not inputs:
                self._round(USUAL if seconds is None else seconds)
            while self.inputs() < inputs:
                left = math.inf if seconds is None else self._start + seconds - time.monotonic()
                if left <= SHORTEST:
                    break
                self._round(min(ROUND, left))
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
        return "\n".join([*lines, f"{self.inputs():,} inputs, {len(self.findings())} findings; see {self._file}"])

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
        elapsed = self._before + self._reported - self._start
        content = {
            "commits": self._commits,
            "python": platform.python_version(),
            "rounds": self._rounds,
            "inputs": self.inputs(),
            "seconds": round(elapsed, 1),
            "inputs per second": round(self.inputs() / max(elapsed, 1e-9)),
            "targets": {
                name: {"inputs": seen.inputs, "seconds": round(seen.seconds, 1), "covered": seen.covered}
                for name, seen in self._seen.items()
            },
            "findings": self.findings(),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._file)

    def _load(self, content: dict[str, Any]) -> None:
        """What earlier runs did; of targets that are not fuzzed now, too."""
        self._commits, self._rounds, self._before = content["commits"], content["rounds"], content["seconds"]
        for name, seen in content["targets"].items():
            found = [each for each in content["findings"] if each["target"] == name]
            self._seen[name] = Seen(**seen, findings=found)
