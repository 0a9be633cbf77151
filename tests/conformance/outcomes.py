# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of the tests that show requirements: kept in build/outcomes.json from run to run of the same sources.

Tests that ran in the virtual machine are in it like all others: tests/kernel_lab reports them here.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.checkout import BUILD, state
from tests.conformance.rows import read_rows

OUTCOMES: Final = BUILD / "outcomes.json"
GENERATED: Final = "docs/conformance.md"  # made of the outcomes: its change does not make them old
NOT_RUN: Final = "not run"
_LAB: Final = "lab"  # the fixture of tests in network namespaces, and the marker of those in the lab


@dataclass
class Outcome:
    """Of one test: the rows that it shows, whether a kernel took part, and what became of it.

    `in_lab`: packets or state of a real kernel are looked at. `result`: passed, failed, skipped, xfailed, or not run.
    """

    rows: list[str]
    in_lab: bool
    result: str = NOT_RUN


def read(path: Path = OUTCOMES, current: str | None = None) -> dict[str, Outcome]:
    """By node id; empty when they are of other sources."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    if content["state"] != (current or state(leave_out=GENERATED)):
        return {}
    return {name: Outcome(**each) for name, each in content["tests"].items()}


def write(tests: dict[str, Outcome], path: Path = OUTCOMES, current: str | None = None) -> None:
    """Replace the file."""
    content = {"state": current or state(leave_out=GENERATED), "tests": {name: vars(tests[name]) for name in tests}}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)


class Recorder:
    """The plugin: refuses markers with unknown identifiers, and keeps what became of the tests that have one.

    `missing_only` leaves out what has passed before with the same sources.
    """

    def __init__(self, config: pytest.Config, *, missing_only: bool, path: Path = OUTCOMES) -> None:
        self._config = config
        self._known = read_rows()
        self._missing_only = missing_only
        self._path = path
        self._state = state(leave_out=GENERATED)
        self._marked: dict[str, Outcome] = {}
        self._before: dict[str, Outcome] = {}
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        rows = sorted({str(each) for marker in item.iter_markers("requirement") for each in marker.args})
        for marker in item.iter_markers("requirement"):
            wrong = [each for each in marker.args if each not in self._known]
            if wrong or not marker.args or marker.kwargs:
                raise pytest.UsageError(f"{item.nodeid}: not rows of docs/conformance: {wrong or marker}")
        if rows:
            self._marked[item.nodeid] = Outcome(rows, _is_on_a_kernel(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self._before = read(self._path, self._state)
        if self._missing_only:
            passed = {name for name, each in self._before.items() if each.result == "passed"}
            config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
            items[:] = [item for item in items if item.nodeid not in passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid in self._marked:
            self._reports.setdefault(report.nodeid, []).append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if not self._marked or self._config.getoption("collectonly"):
            return
        for name, outcome in self._marked.items():
            known = self._before.get(name)
            if name in self._reports:
                outcome.result = result_of(self._reports[name])
            elif known is not None and known.rows == outcome.rows:
                outcome.result = known.result
        try:
            write(self._before | self._marked, self._path, self._state)
        except OSError as error:  # a checkout of somebody else: the tests are no worse for it
            self._config.get_terminal_writer().line(f"The outcomes are not kept for make conformance: {error}")


def _is_on_a_kernel(item: pytest.Item) -> bool:
    """Whether it runs in network namespaces, or in the virtual machine: not every test of the network package does."""
    markers = (item.get_closest_marker(_LAB), item.get_closest_marker("kernel"))
    return any(markers) or _LAB in getattr(item, "fixturenames", ())


def result_of(reports: list[pytest.TestReport]) -> str:
    """Of the reports of the parts of a test, or of several turns of it: the worst."""
    if any(report.failed for report in reports):
        return "failed"
    if any(hasattr(report, "wasxfail") for report in reports):
        return "xfailed"
    if any(report.skipped for report in reports):
        return "skipped"
    return "passed" if any(report.when == "call" and report.passed for report in reports) else NOT_RUN
