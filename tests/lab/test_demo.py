# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo runs, says so in JSON, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from ipaddress import IPv6Address

import pytest

from mnclient.network.capabilities import probe
from tests.lab import demo
from tests.lab.leftovers import namespaces_of_runs
from tests.lab.patience import patient
from tests.lab.processes import ROOT
from tests.lab.topology import HOME, HOME_PREFIX, VISITED_A, VISITED_B


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.lab.demo", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            out, err = process.communicate(timeout=patient(170))
        finally:
            process.terminate()
    assert process.pid not in namespaces_of_runs().values(), "it left namespaces behind"
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def check(result: subprocess.CompletedProcess[str], file: str, *more: str) -> dict:
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads((ROOT / "build" / file).read_text(encoding="utf-8"))
    assert told["ok"] is True
    assert told["datapath"] == probe(os.environ.get("DATAPATH", "auto")).datapath.name
    assert IPv6Address(told["home_address"]) in HOME_PREFIX
    assert (told["tcp"]["survived"], told["tcp"]["intact"]) == (True, True)
    assert told["tcp"]["bytes"] > 1_000_000
    moves = [(move["from"], move["to"]) for move in told["handovers"]]
    assert moves == [(HOME, VISITED_A), (VISITED_A, VISITED_B), (VISITED_B, HOME)]
    for move in told["handovers"]:
        assert set(move) == {"from", "to", "interruption_ms", "probes_lost", "stages_ms"}
        assert move["stages_ms"]
    assert told["protection"] == ("esp" if told["datapath"] == "kernel" else "rfc4285")
    assert told["unprotected_registration_refused"] is True
    always = {"datapath", "home_address", "protection", "unprotected_registration_refused", "tcp", "handovers", "ok"}
    assert set(told) == {*always, *more}
    return told


@pytest.mark.lab
@pytest.mark.kernel
@pytest.mark.requirement("MN-11.3.1-01", "MN-11.3.1-02", "MN-11.3.3-05", "CN-9.3.2-01")
def test_the_demo_on_the_kernel_datapath(monkeypatch):
    """Payload goes directly, as captures on both links show."""
    monkeypatch.setenv("DATAPATH", "kernel")
    told = check(run_demo(), "demo.json", "route_optimization")
    direct = told["route_optimization"]
    assert set(direct) == {"direct_packets_to_laptop", "direct_packets_from_laptop", "tshark_agrees"}
    assert direct["direct_packets_to_laptop"] > 100
    assert direct["direct_packets_from_laptop"] > 100
    assert direct["tshark_agrees"] is True


@pytest.mark.lab
def test_the_demo():
    result = run_demo()
    check(result, "demo.json")
    assert "visited-a" in result.stdout
    assert "SHA-256" in result.stdout


@pytest.mark.lab
def test_the_demo_with_a_crash():
    result = run_demo("--crash")
    check(result, "demo-crash.json")
    assert "SIGKILL" in result.stdout


def test_without_root_one_sentence_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["demo"])
    monkeypatch.setattr(demo, "become_root_of_own_namespace", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert demo.main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "sudo make demo" in said.err


@pytest.mark.parametrize("wanted", ["kernel", "quantum"])
def test_a_datapath_that_is_not_there(monkeypatch, capsys, wanted):
    monkeypatch.setattr(sys, "argv", ["demo"])
    monkeypatch.setattr(demo, "become_root_of_own_namespace", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("DATAPATH", wanted)
    assert demo.main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "portable" in said.err


def test_a_result_with_anything_missing_is_not_ok():
    assert not demo.Result().is_ok(3)
    assert demo.Result().as_json(3)["ok"] is False
