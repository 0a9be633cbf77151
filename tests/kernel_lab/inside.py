# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin of the pytest inside the virtual machine: runs what is asked for, and writes each result to a shared file.

The file has a JSON object on each line: `{"report": ...}` for each part of a test, in pytest's own form, and
`{"finished": NODE_ID}` after the last part.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.kernel_lab.probe import is_emulated
from tests.lab.patience import patient

REQUEST = "MNCLIENT_KERNEL_LAB_TESTS"  # the file with the list of node ids
RESULTS = "MNCLIENT_KERNEL_LAB_RESULTS"  # the file to write

LONGEST_TEST = 1200.0  # seconds; a test that hangs should not take an hour


def is_inside() -> bool:
    """True in a pytest that was started by another one, outside."""
    return RESULTS in os.environ


class Inside:
    """Runs the tests of the list, in its order, and writes what comes of them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results = Path(os.environ[RESULTS])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        wanted: list[str] = json.loads(Path(os.environ[REQUEST]).read_text(encoding="utf-8"))
        found = {item.nodeid: item for item in items}
        items[:] = [found[name] for name in wanted if name in found]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._write(report=_serialized(self._config, report))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._write(finished=nodeid)

    def _write(self, **line: object) -> None:
        with self._results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")


def _serialized(config: pytest.Config, report: pytest.TestReport) -> dict[str, Any] | None:
    data: dict[str, Any] | None = config.hook.pytest_report_to_serializable(config=config, report=report)
    return data


def deserialized(config: pytest.Config, data: dict[str, Any]) -> pytest.TestReport:
    """The report again; JSON knows no tuples, and pytest insists on some."""
    report: pytest.TestReport = config.hook.pytest_report_from_serializable(config=config, data=data)
    skipped: Any = report.longrepr
    if isinstance(skipped, list):  # place, line, reason
        report.longrepr = (skipped[0], skipped[1], skipped[2])
    file, line, name = report.location
    report.location = (file, line, name)
    report.sections = [(title, text) for title, text in report.sections]
    return report


def stretch_timeouts(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give pytest-timeout the patience that emulation needs."""
    if not is_emulated():
        return
    usual = float(config.getoption("timeout", None) or config.getini("timeout") or 0)
    for item in items:
        marker = item.get_closest_marker("timeout")
        limit = marker.args[0] if marker and marker.args else usual
        item.add_marker(pytest.mark.timeout(min(patient(limit), LONGEST_TEST)), append=False)
