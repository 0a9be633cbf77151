# SPDX-License-Identifier: GPL-2.0-or-later
"""Slices of fuzzing: one target for some seconds in a process of its own, and what was seen of it."""

import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.checkout import BUILD, ROOT
from tests.fuzz.targets import TARGETS

CORPUS: Final = BUILD / "fuzz" / "corpus"
FINDINGS: Final = BUILD / "fuzz" / "findings"
WORKER: Final = (sys.executable, "-m", "tests.fuzz.worker")
MEMORY: Final = 1024  # MiB of one process, far above what any input should need
_PULSE = re.compile(r"^#(\d+)\s.*?\bcov: (\d+)")
_FINAL = re.compile(r"^stat::number_of_executed_units:\s+(\d+)")
_ARTIFACT = re.compile(r"Test unit written to (\S+)")
_TRACE = 60  # lines kept of what the process said last


@dataclass
class Seen:
    """What came of one target: the inputs tried, the most counters covered, and where something was found."""

    inputs: int = 0
    seconds: float = 0.0
    covered: int = 0
    findings: list[dict[str, str]] = field(default_factory=list)


class Slice:
    """A process that fuzzes `target`. `patience`: seconds that one input may take."""

    def __init__(self, target: str, seconds: float, patience: int, seed: int) -> None:
        self.target, self.seconds = target, seconds
        self.inputs, self.covered = 0, 0
        self._said: list[str] = []
        folder = sow(target)
        FINDINGS.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={max(1, round(seconds))}", f"-timeout={patience}", f"-rss_limit_mb={MEMORY}",
                   f"-artifact_prefix={FINDINGS}/{target}-", f"-seed={seed}"]  # fmt: skip
        how = "comparisons" if TARGETS[target].follows_comparisons else "branches"
        self.process = subprocess.Popen(
            [*WORKER, target, how, *options, str(folder)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # where atheris says what was raised
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._note(line)

    def _note(self, line: str) -> None:
        if match := _PULSE.match(line):
            self.inputs, self.covered = int(match[1]), int(match[2])
        elif match := _FINAL.match(line):
            self.inputs = int(match[1])
        else:
            self._said = [*self._said[1 - _TRACE :], line]

    def is_over(self) -> bool:
        """True once the process has ended and all it said was read."""
        if self.process.poll() is None:
            return False
        self._reader.join()
        return True

    def stop(self) -> None:
        """End the process now."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def finding(self) -> dict[str, str] | None:
        """What the process found (a file to try again, and its words), None when it ended well."""
        if self.process.returncode == 0:
            return None
        words = "".join(self._said)
        artifact = _ARTIFACT.search(words)
        return {"target": self.target, "input": artifact[1] if artifact else "", "words": words}


def sow(target: str) -> Path:
    """The folder of inputs to begin with: the seeds, and what earlier slices found worth keeping."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[target].seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    return folder
