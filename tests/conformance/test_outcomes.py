# SPDX-License-Identifier: GPL-2.0-or-later
"""What pytest keeps of the tests that show requirements, in runs of a pytest of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT

CONFTEST = """
from pathlib import Path
import pytest
from tests.conformance import outcomes

outcomes.state = lambda **rest: Path("state").read_text()

def pytest_addoption(parser):
    parser.addoption("--missing-only", action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "requirement: rows")
    config.addinivalue_line("markers", "lab: in the lab")
    missing = config.getoption("--missing-only")
    config.pluginmanager.register(outcomes.Recorder(config, missing_only=missing, path=Path("outcomes.json")))
"""
TESTS = """
from pathlib import Path
import pytest

requirement = pytest.mark.requirement

@requirement("MN-5.1-01")
@requirement("HA-5.1-01", "MN-5.1-01")
def test_passes():
    with Path("ran").open("a") as file:
        file.write("x")

@requirement("MN-5.1-01")
@pytest.mark.lab
@pytest.mark.parametrize("number", [1, 2])
def test_fails(number):
    assert number == 1 or Path("mended").exists()

@requirement("MN-5.1-01")
def test_skips():
    pytest.skip("no")

@requirement("MN-5.1-01")
@pytest.mark.xfail
def test_expected():
    assert False

@pytest.fixture
def bad():
    yield
    raise OSError

@requirement("MN-5.1-01")
def test_ends_badly(bad):
    pass

def test_shows_nothing():
    pass

@pytest.fixture
def lab():
    pass

@requirement("MN-5.1-01")
def test_in_namespaces(lab):
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in (
        ("conftest.py", CONFTEST),
        ("test_it.py", TESTS),
        ("state", "first"),
        ("pytest.ini", "[pytest]"),
    ):
        (tmp_path / name).write_text(content)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def results(project: Path) -> dict[str, str]:
    tests = json.loads((project / "outcomes.json").read_text())["tests"]
    return {name.removeprefix("test_it.py::test_"): each["result"] for name, each in tests.items()}


def test_what_became_of_each(project):
    run(project)
    assert results(project) == {
        "passes": "passed",
        "fails[1]": "passed",
        "fails[2]": "failed",
        "skips": "skipped",
        "expected": "xfailed",
        "ends_badly": "failed",
        "in_namespaces": "passed",
    }
    tests = json.loads((project / "outcomes.json").read_text())["tests"]
    assert tests["test_it.py::test_passes"]["rows"] == ["HA-5.1-01", "MN-5.1-01"]
    in_lab = {name.rpartition("test_")[2]: each["in_lab"] for name, each in tests.items()}
    assert [in_lab[name] for name in ("passes", "fails[1]", "in_namespaces")] == [False, True, True]


def test_runs_add_up_as_long_as_the_sources_are_the_same(project):
    run(project, "-k", "passes")
    assert results(project)["passes"] == "passed"
    assert results(project)["fails[1]"] == "not run"
    run(project, "-k", "fails")
    assert (results(project)["passes"], results(project)["fails[1]"]) == ("passed", "passed")
    (project / "state").write_text("second")
    run(project, "-k", "fails")
    assert results(project)["passes"] == "not run"


def test_only_what_has_not_passed_runs_again(project):
    run(project)
    (project / "mended").touch()
    run(project, "--missing-only", "-m", "requirement")
    assert (project / "ran").read_text() == "x"
    assert (results(project)["passes"], results(project)["fails[2]"]) == ("passed", "passed")


@pytest.mark.parametrize("marker", ['requirement("MN-5.1-99")', "requirement()", 'requirement(row="MN-5.1-01")'])
def test_what_is_no_row_is_refused(project, marker):
    (project / "test_it.py").write_text(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    ended = run(project)
    assert ended.returncode != 0
    assert "not rows of docs/conformance" in ended.stdout + ended.stderr
