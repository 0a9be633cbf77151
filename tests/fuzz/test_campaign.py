# SPDX-License-Identifier: GPL-2.0-or-later
"""What is counted and found, with a process that only talks like a fuzzer."""

import importlib.util
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz import campaign, slices
from tests.fuzz.campaign import Campaign
from tests.fuzz.targets import TARGETS

STAND_IN = """
import sys
target, *options = sys.argv[1:]
say = lambda line: print(line, file=sys.stderr, flush=True)
say("INFO: Running with entropic power schedule")
say("#2\\tINITED cov: 21 ft: 30 corp: 3/9b")
say("#1024\\tREDUCE cov: 25 ft: 31 corp: 3/9b lim: 4 exec/s: 512 rss: 40Mb L: 3/3 MS: 1 EraseBytes-")
if target == "headers":
    print(" === Uncaught Python exception: ===")
    print("IndexError: out of range", flush=True)
    say("Test unit written to /findings/headers-crash-1")
    sys.exit(77)
say("stat::number_of_executed_units: 1500")
"""


@pytest.fixture(autouse=True)
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "fuzzer.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(slices, "WORKER", (sys.executable, str(script)))
    monkeypatch.setattr(slices, "CORPUS", tmp_path / "corpus")
    monkeypatch.setattr(slices, "FINDINGS", tmp_path / "findings")
    monkeypatch.setattr(campaign, "REPORT", tmp_path / "fuzz.json")
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)


def run(targets: list[str], **rest: float | None) -> Campaign:
    made = Campaign(targets, jobs=2, patience=5, seed=1)
    made.run(**{"seconds": 1.0, "inputs": 0, **rest})
    return made


def test_inputs_are_counted(tmp_path):
    made = run(["message", "mobile-node"])
    assert (made.inputs(), made.findings()) == (3000, [])
    report = json.loads((tmp_path / "fuzz.json").read_text())
    assert report["inputs"] == 3000
    assert report["targets"]["message"]["inputs"] == 1500
    assert report["targets"]["message"]["covered"] == 25
    assert len(list((tmp_path / "corpus" / "message").iterdir())) == len(TARGETS["message"].seeds)


def test_it_goes_on_until_enough_were_tried():
    assert run(["message"], seconds=None, inputs=4000).inputs() == 4500


def test_what_several_runs_did_adds_up(tmp_path, monkeypatch):
    file = tmp_path / "campaign.json"
    for checked_out in ("a", "b", "b"):
        monkeypatch.setattr(campaign, "commit", lambda name=checked_out: name)
        made = Campaign(["message", "headers"], jobs=2, patience=5, seed=1, file=file)
        made.run(seconds=1.0, inputs=0)
    report = json.loads(file.read_text())
    assert report["commits"] == ["a", "b"]
    assert (report["rounds"], report["inputs"]) == (3, 3 * (1500 + 1024))
    assert report["targets"]["headers"]["inputs"] == 3 * 1024
    assert len(report["findings"]) == 3
    assert Campaign(["message"], jobs=1, patience=5, seed=1, file=file).inputs() == 3 * (1500 + 1024)


def test_a_campaign_that_has_enough_tries_nothing(tmp_path):
    file = tmp_path / "campaign.json"
    Campaign(["message"], jobs=1, patience=5, seed=1, file=file).run(seconds=1.0, inputs=0)
    made = Campaign(["message"], jobs=1, patience=5, seed=1, file=file)
    made.run(seconds=None, inputs=1500)
    assert made.inputs() == 1500


def test_a_campaign_ends_when_its_time_is_over(tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "commit", lambda: "a")  # asking git takes of the time
    made = Campaign(["message"], jobs=1, patience=5, seed=1, file=tmp_path / "campaign.json")
    made.run(seconds=campaign.SHORTEST + 1.0, inputs=1_000_000_000)
    assert 1500 <= made.inputs() < 1_000_000_000


def test_what_is_found_is_kept_and_said(tmp_path):
    made = run(["message", "headers"])
    (finding,) = made.findings()
    assert (finding["target"], finding["input"]) == ("headers", "/findings/headers-crash-1")
    assert "IndexError" in finding["words"]
    assert "IndexError" in made.summary()
    assert made.inputs() == 1500 + 1024
    assert len(json.loads((tmp_path / "fuzz.json").read_text())["findings"]) == 1


@pytest.mark.parametrize("target, status", [("message", 0), ("headers", 1)])
def test_the_exit_status(monkeypatch, target, status):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(sys, "argv", ["fuzz", "--seconds", "1", "--only", target])
    assert command.main() == status


@pytest.mark.parametrize("more, status", [([], 2), (["--if-possible"], 0)])
def test_without_a_fuzzer_it_says_so(monkeypatch, capsys, more, status):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["fuzz", *more])
    assert command.main() == status
    assert "Not fuzzed" in capsys.readouterr().err


def test_an_input_is_tried_again(monkeypatch, capsys, tmp_path):
    (tmp_path / "input").write_bytes(TARGETS["message"].seeds[0])
    monkeypatch.setattr(sys, "argv", ["fuzz", "--only", "message", "--again", str(tmp_path / "input")])
    assert command.main() == 0
    assert "nothing wrong" in capsys.readouterr().out
