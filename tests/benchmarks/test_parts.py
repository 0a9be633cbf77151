# SPDX-License-Identifier: GPL-2.0-or-later
"""Two parts become one file, and a part that could not be run is told."""

import argparse
import json
import sys

import pytest

from tests.benchmarks import parts
from tests.benchmarks.here import BENCHMARKS
from tests.benchmarks.report import Failure, Figure, Group, as_json, spread

MEASURED = as_json([Group("handover", "Handover", "portable", [Figure("x", 1.0, "ms", 2.0)])], [], quick=True)


def test_every_benchmark_is_in_a_part_and_the_parts_know_no_others():
    assert {name for part in parts.PARTS.values() for name in part.only} == set(BENCHMARKS)


def test_groups_keep_their_datapath_and_machine():
    other = as_json([Group("handover", "Handover", "kernel", [])], [Failure("throughput", "kernel", "why")], quick=True)
    merged = parts.merge([MEASURED, other], quick=True)
    assert [(group["name"], group["datapath"]) for group in merged["groups"]] == [
        ("handover", "portable"),
        ("handover", "kernel"),
    ]
    assert all(group["machine"]["kernel"] for group in merged["groups"])
    assert merged["groups"][0]["figures"][0]["verdict"] == "within"
    assert merged["failed"] == [{"name": "throughput", "datapath": "kernel", "reason": "why"}]


def test_a_part_without_result_is_a_failure(tmp_path):
    for status, words in ((125, "no kernel"), (2, "cannot be measured"), (-9, "ended with -9")):
        (failure,) = parts.read_part(tmp_path / "none.json", "kernel", status)["failed"]
        assert failure["datapath"] == "kernel"
        assert words in failure["reason"]


@pytest.mark.parametrize("status, expected", [(0, 0), (125, 1)])
def test_the_exit_status_tells(tmp_path, monkeypatch, capsys, status, expected):
    """The launcher of the made-up part writes a result, or fails as tools/kernel-lab does without a kernel."""
    script = (
        "import json, sys; file = sys.argv[sys.argv.index('--here') + 1];"
        f"{status} or open(file, 'w').write(json.dumps({MEASURED!r})); sys.exit({status})"
    )
    monkeypatch.setattr(parts, "BUILD", tmp_path)
    monkeypatch.setattr(parts, "ROOT", tmp_path)
    monkeypatch.setattr(parts, "PARTS", {"kernel": parts.Part(("handover",), (sys.executable, "-c", script))})
    options = argparse.Namespace(only=["handover", "flood"], quick=True)
    assert parts.run(["kernel"], options) == expected
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert len(written["groups"]) == 1 - expected
    assert len(written["failed"]) == expected
    assert ("no kernel" in capsys.readouterr().err) is bool(expected)


def test_the_worst_of_a_throughput_is_the_lowest():
    assert spread("x", [1.0, 3.0, 2.0], "Mbit/s", higher_is_better=True).details == {"best": 3.0, "worst": 1.0}
    assert spread("x", [1.0, 3.0, 2.0], "ms").details == {"best": 1.0, "worst": 3.0}
