# SPDX-License-Identifier: GPL-2.0-or-later
"""The `kernel` marker: the test needs a kernel with IPv6 tunnels, Mobile IPv6 and ESP.

Where the running kernel has them, such a test is one as any other. Where it lacks them, all such tests run after the
others in one virtual machine, in a pytest of their own (tests/kernel_lab/inside.py), and each is reported here as if it
had run here, as soon as it has ended there.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol, TextIO

import pytest

from tests.kernel_lab import machine
from tests.kernel_lab.inside import REQUEST, RESULTS, deserialized
from tests.kernel_lab.probe import is_emulated, lacking
from tests.lab import rights

PASSED_ON = {"tbstyle": "--tb={}", "showlocals": "--showlocals", "capture": "--capture={}", "runxfail": "--runxfail"}


class Runner(Protocol):
    """What is needed of a `Machine`; the plugin's own tests have another one."""

    folder: Path

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Begin to run the command."""

    def poll(self) -> int | None:
        """Its exit status, or None while it runs; waits a moment. Raises `Broken`."""


MakeRunner = Callable[[], AbstractContextManager[Runner]]


class Elsewhere:
    """The tests that run in the virtual machine, and what has been heard of them."""

    def __init__(self, config: pytest.Config, runner: MakeRunner, items: list[pytest.Item]) -> None:
        self._config = config
        self._items = items
        self._undo = ExitStack()
        self._runner = self._undo.enter_context(runner())
        self._results: TextIO | None = None
        self._rest = ""
        self._reports: dict[str, list[pytest.TestReport]] = defaultdict(list)
        self._finished: set[str] = set()
        self.end = ""  # how the machine ended, once it has

    def start(self) -> None:
        """Start the machine with an inner pytest."""
        request, results = self._runner.folder / "tests.json", self._runner.folder / "results.jsonl"
        request.write_text(json.dumps([item.nodeid for item in self._items]), encoding="utf-8")
        results.touch()
        self._results = self._undo.enter_context(results.open(encoding="utf-8"))
        files = dict.fromkeys(str(item.path.relative_to(self._config.rootpath)) for item in self._items)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *self._options(), *files]
        try:
            self._runner.start(command, {REQUEST: str(request), RESULTS: str(results), "PYTEST_ADDOPTS": ""})
        except machine.Broken as error:
            self.end = str(error)

    def _options(self) -> list[str]:
        values = {name: self._config.getoption(name, None) for name in PASSED_ON}
        return ["-vv", *(PASSED_ON[name].format(value) for name, value in values.items() if value not in (None, False))]

    def stop(self) -> None:
        """Switch the machine off."""
        self._undo.close()

    def results(self, item: pytest.Item) -> list[pytest.TestReport]:
        """All reports of a test; waits for them."""
        while item.nodeid not in self._finished and not self.end:
            self._listen()
        if item.nodeid in self._finished:
            return self._reports[item.nodeid]
        return [*self._reports[item.nodeid], *self._no_result(item)]

    def _listen(self) -> None:
        try:
            status = self._runner.poll()
        except machine.Broken as error:
            self.end = str(error)
        else:
            self.end = "" if status is None else f"The pytest in the virtual machine ended with exit status {status}"
        assert self._results is not None
        *lines, self._rest = (self._rest + self._results.read()).split("\n")
        for line in lines:
            self._note(json.loads(line))

    def _note(self, line: dict[str, Any]) -> None:
        if "finished" in line:
            self._finished.add(line["finished"])
        else:
            report = deserialized(self._config, line["report"])
            self._reports[report.nodeid].append(report)

    def _no_result(self, item: pytest.Item) -> list[pytest.TestReport]:
        words = (
            f"This test was to run in the virtual machine and gave no result.\n{self.end}.\n"
            f"What pytest said there: {machine.PYTEST_LOG}\nThe machine's console: {machine.CONSOLE}"
        )
        common: Any = {"nodeid": item.nodeid, "location": item.location, "keywords": dict.fromkeys(item.keywords, 1)}
        return [
            pytest.TestReport(**common, outcome="failed", longrepr=words, when="call"),
            pytest.TestReport(**common, outcome="passed", longrepr=None, when="teardown"),
        ]


class KernelTests:
    """The plugin. `runner` makes what runs the tests elsewhere; `lacks` says what this kernel lacks."""

    def __init__(self, runner: MakeRunner, lacks: Callable[[], str], why_not: Callable[[], str]) -> None:
        self._runner = runner
        self._lacks = lacks
        self._why_not = why_not
        self._missing = ""
        self._elsewhere: Elsewhere | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        marked = [item for item in items if item.get_closest_marker("kernel")]
        if not marked:
            return
        self._missing = "" if is_emulated() else self._lacks()
        if reason := rights.why_not() or (self._missing and self._why_not()):
            self._missing = ""
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=reason))
        if self._missing:
            items.sort(key=lambda item: item.get_closest_marker("kernel") is not None)  # stable
            for item in marked:
                item.add_marker(pytest.mark.timeout(0), append=False)  # it has its limit in there

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if not self._missing or not item.get_closest_marker("kernel"):
            return None
        if self._elsewhere is None:
            self._start(item)
            assert self._elsewhere is not None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._elsewhere.results(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _start(self, first: pytest.Item) -> None:
        session = first.session
        marked = [item for item in session.items if item.get_closest_marker("kernel")]
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and terminal.verbosity >= 0:
            terminal.ensure_newline()
            terminal.write_line(f"This kernel lacks {self._missing}: {len(marked)} tests run in a virtual machine.")
        self._elsewhere = Elsewhere(session.config, self._runner, marked)
        self._elsewhere.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self._elsewhere is not None:
            self._elsewhere.stop()


def in_virtual_machine() -> KernelTests:
    """The plugin as it is used."""
    return KernelTests(machine.for_pytest, lacking, machine.why_not)
