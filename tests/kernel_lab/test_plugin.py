# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests marked `kernel` are reported with what came of them elsewhere. The "virtual machine" is a process here."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.lab.processes import ROOT

CONFTEST = """
import os, subprocess, tempfile, time
from contextlib import contextmanager
from pathlib import Path
import pytest
from tests.kernel_lab.inside import Inside, is_inside
from tests.kernel_lab.machine import Broken
from tests.kernel_lab import plugin
from tests.kernel_lab.plugin import KernelTests
plugin.rights.why_not = lambda: ""  # the stand-in needs no right

class Process:
    '''Stands in for the virtual machine.'''
    def __init__(self, folder):
        self.folder = folder

    def start(self, command, environment):
        if os.environ.get("BROKEN") == "boot":
            raise Broken("The virtual machine did not come up")
        Path("starts").open("a").write("x")
        self.child = subprocess.Popen(command, env={**os.environ, **environment, "INSIDE": "1"})

    def poll(self):
        status = self.child.poll()
        time.sleep(0.01)
        if status == 99:
            raise Broken("The virtual machine broke down while the command ran")
        return status

@contextmanager
def runner():
    with tempfile.TemporaryDirectory() as folder:
        process = Process(Path(folder))
        try:
            yield process
        finally:
            if hasattr(process, "child"):
                process.child.kill()
                process.child.wait()

def pytest_configure(config):
    outer = KernelTests(runner, lambda: os.environ.get("LACKS", "tunnels"), lambda: os.environ.get("WHY_NOT", ""))
    config.pluginmanager.register(Inside(config) if is_inside() else outer)
"""

TESTS = """
import os, sys
import pytest

kernel = pytest.mark.kernel

@kernel
def test_inside():
    assert os.environ["INSIDE"]

@kernel
def test_fails():
    print("said in there")
    value = 41
    assert value == 42

@kernel
def test_skips():
    pytest.skip("for a reason")

@pytest.fixture
def bad():
    raise OSError("no such luck")

@kernel
def test_error(bad):
    pass

@kernel
@pytest.mark.xfail(reason="known")
def test_expected():
    assert 0

@kernel
@pytest.mark.parametrize("text", ["a b", "[x]::y"])
def test_many(text):
    pass

def test_outside():
    assert "INSIDE" not in os.environ

@kernel
def test_last():
    if os.environ.get("BROKEN") == "run":
        os._exit(99)
"""

SETTINGS = """
[pytest]
markers =
    kernel: elsewhere
addopts = --import-mode=importlib --strict-markers -ra -p no:cacheprovider
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs pytest on the tests above; its output."""
    for name, text in {"conftest.py": CONFTEST, "test_it.py": TESTS, "pytest.ini": SETTINGS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("MNCLIENT_EMULATED", "MNCLIENT_KERNEL_LAB_RESULTS", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)

    def run_pytest(*arguments: str, **environment: str) -> str:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True).stdout

    return run_pytest


def test_each_test_is_reported_with_its_own_outcome(run, tmp_path):
    said = run("-v", "--junitxml=report.xml")
    assert "test_it.py::test_inside PASSED" in said
    assert "test_it.py::test_many[[x]::y] PASSED" in said
    assert "value = 41" in said and "said in there" in said, "the traceback and what was printed"
    assert "SKIPPED [1] test_it.py" in said and "for a reason" in said
    assert "ERROR test_it.py::test_error - OSError: no such luck" in said
    assert "1 failed, 5 passed, 1 skipped, 1 xfailed, 1 error" in said
    assert said.index("test_outside PASSED") < said.index("test_inside PASSED"), "the others come first"
    cases = {case.get("name"): case for case in ElementTree.parse(tmp_path / "report.xml").iter("testcase")}
    assert len(cases) == 9 and cases["test_fails"].find("failure") is not None


def test_one_machine_serves_all_and_only_what_was_asked_for(run, tmp_path):
    assert "3 passed" in run("-k", "many or outside")
    assert "1 passed" in run("test_it.py::test_inside")
    assert (tmp_path / "starts").read_text() == "xx"


def test_no_machine_is_started_in_vain(run, tmp_path):
    assert "1 passed" in run("-k", "outside")
    assert "9 tests collected" in run("--collect-only", "-q")
    assert "test_it.py::test_many[a b]" in run("--collect-only", "-q")
    assert "2 skipped" in run("-k", "many", WHY_NOT="no machine to be had")
    assert not (tmp_path / "starts").exists()


def test_a_kernel_that_has_everything_runs_them_as_all_others(run, tmp_path):
    assert "1 passed" in run("-k", "last", LACKS="")
    assert not (tmp_path / "starts").exists()


def test_it_stops_after_the_first_failure_when_told_to(run):
    assert "1 failed, 2 passed" in run("-x")


def test_a_machine_that_breaks_down_fails_what_it_did_not_do(run):
    said = run("-v", "-k", "many or last", BROKEN="run")
    assert "test_it.py::test_many[a b] PASSED" in said
    assert "test_it.py::test_last FAILED" in said
    assert "gave no result" in said and "broke down while the command ran" in said and "console.log" in said
    assert "1 failed, 2 passed" in said


def test_a_machine_that_does_not_come_up_fails_all(run):
    said = run("-k", "many", BROKEN="boot")
    assert "did not come up" in said and "2 failed" in said
