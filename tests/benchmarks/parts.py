# SPDX-License-Identifier: GPL-2.0-or-later
"""The two halves of the benchmarks: each datapath in a process of its own, and one file with what came of both."""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.report import Failure
from tests.lab.lab import write_json
from tests.lab.processes import ROOT

BUILD = ROOT / "build"
COULD_NOT_RUN = 125  # tools/kernel-lab's own exit status


@dataclass(frozen=True)
class Part:
    """Which benchmarks a datapath is measured with, and what starts a process where it works."""

    only: tuple[str, ...]
    launcher: tuple[str, ...] = ()


# What does not depend on how payload travels is measured once, on the machine itself and not on an emulated one.
PARTS = {
    "portable": Part(
        (
            "messages",
            "package",
            "simulation",
            "tray",
            "handover",
            "two-interfaces",
            "service",
            "throughput",
            "home-agent",
            "flood",
        )
    ),
    "kernel": Part(("handover", "two-interfaces", "throughput"), ("tools/kernel-lab",)),
}


def run(names: list[str], options: argparse.Namespace) -> int:
    """Run these parts; the exit status of the whole."""
    results = []
    for name in names:
        only = [each for each in options.only if each in PARTS[name].only]
        if only:
            print(f"\n=== The {name} datapath", flush=True)
            results.append(_run_part(name, only, quick=options.quick))
    file = BUILD / "bench.json"
    merged = merge([result for result, _ in results], quick=options.quick)
    write_json(file, merged)
    print(f"\nWritten to {file.relative_to(ROOT)}.")
    for failure in merged["failed"]:
        print(f"{failure['name']}, {failure['datapath']}: {failure['reason']}", file=sys.stderr)
    if results and all(status == 2 for _, status in results):
        return 2
    return 1 if merged["failed"] else 0


def _run_part(name: str, only: list[str], *, quick: bool) -> tuple[dict[str, Any], int]:
    """What it wrote and how it ended; a part that could not be run tells that as its result."""
    file = BUILD / f"bench-{name}.json"
    file.unlink(missing_ok=True)
    BUILD.mkdir(exist_ok=True)
    own = [sys.executable, "-m", "tests.benchmarks", "--here", str(file), "--only", *only]
    command = [*PARTS[name].launcher, *own, *(["--quick"] if quick else [])]
    environment = os.environ | {"DATAPATH": name}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            status = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()  # it takes its namespaces, or its virtual machine, down
    return read_part(file, name, status), status


def read_part(file: Path, name: str, status: int) -> dict[str, Any]:
    """The result of a part that ended with `status`."""
    if file.exists():
        result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return result
    words = {COULD_NOT_RUN: "no kernel for it could be run (see above)", 2: "it cannot be measured here (see above)"}
    reason = words.get(status, f"its process ended with {status}, and no result")
    return {"groups": [], "failed": [asdict(Failure("all", name, reason))]}


def merge(results: list[dict[str, Any]], *, quick: bool) -> dict[str, Any]:
    """What becomes build/bench.json: the groups of all parts, each with its datapath and machine."""
    return {
        "quick": quick,
        "groups": [group for result in results for group in result["groups"]],
        "failed": [failure for result in results for failure in result["failed"]],
    }
