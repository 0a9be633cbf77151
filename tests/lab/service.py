# SPDX-License-Identifier: GPL-2.0-or-later
"""mnclientd on a machine of the lab, and what its user sees of it: everything is asked through `mnctl --json`."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.bus import Bus
from tests.lab.node import Node
from tests.lab.patience import patient
from tests.lab.processes import ROOT, Ended, Process

BUS_NAME = "org.mnclient.MobileNode1"


def program(name: str, module: str) -> list[str]:
    """An installed program of ours, or its module when the checkout is not installed."""
    installed = Path(sys.executable).parent / name
    if installed.exists():
        return [str(installed)]
    return [sys.executable, "-c", f"import sys; from {module} import main; sys.exit(main())"]


class MnctlError(AssertionError):
    """`mnctl` said no. Its exit status and words are in the message."""


class Service:
    """One mnclientd. Settings and state are files that survive `kill` and `restart`."""

    def __init__(self, node: Node, bus: Bus, settings: str) -> None:
        self.node = node
        self.bus = bus
        self.settings = node.folder / f"{node.name}-settings.toml"
        self.state = node.folder / f"{node.name}-state"
        self.settings.write_text(settings, encoding="utf-8")
        self.state.mkdir(exist_ok=True)
        self.process: Process | None = None

    @property
    def pid(self) -> int:
        """The process identifier of the running service."""
        assert self.process is not None, f"the service on {self.node.name} was never started"
        return self.process.pid

    def start(self) -> None:
        """Start it as a person would, in the foreground with its log in a file."""
        files = ["--bus", self.bus.address, "--config", str(self.settings), "--state-dir", str(self.state)]
        self.process = self.node.popen(
            [*program("mnclientd", "service.daemon"), *files, "--foreground"], log="mnclientd"
        )

    def stop(self) -> int:
        """End it in order; its exit status."""
        assert self.process is not None, f"the service on {self.node.name} was never started"
        return self.process.stop(within=10.0)

    def kill(self) -> None:
        """SIGKILL: it has no chance to tidy up."""
        assert self.process is not None, f"the service on {self.node.name} was never started"
        self.process.stop(signal.SIGKILL)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """For the block it neither hears nor answers (SIGSTOP); its machine does."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """End it in order if it runs, and start it again with the same settings and state."""
        if self.is_running():
            self.stop()
        self.start()

    def forget(self) -> None:
        """Remove the state that it keeps over restarts, while it does not run."""
        assert not self.is_running(), "it would write its state again"
        shutil.rmtree(self.state)
        self.state.mkdir()

    def is_running(self) -> bool:
        """True while the process lives."""
        return self.process is not None and self.process.is_running()

    def is_ready(self) -> bool:
        """True once its name is on the bus: a cheap question, unlike starting `mnctl`."""
        if not self.is_running():
            raise Ended(f"mnclientd on {self.node.name} does not run:\n{self.log()}")
        command = ["busctl", f"--address={self.bus.address}", "--no-pager", "call", "org.freedesktop.DBus", "/",
                   "org.freedesktop.DBus", "NameHasOwner", "s", BUS_NAME]  # fmt: skip
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return answer.stdout.strip() == "b true"

    def mnctl(self, *arguments: str, check: bool = True, within: float = 20.0) -> Any:
        """Run `mnctl --json ARGUMENTS` against this service and return the value it prints."""
        result = self.mnctl_process(*arguments, within=within)
        if check and result.returncode:
            raise MnctlError(f"mnctl {' '.join(arguments)} ended with {result.returncode}: {result.stderr.strip()}")
        return json.loads(result.stdout) if result.stdout.strip() else None

    def mnctl_process(self, *arguments: str, within: float = 20.0) -> subprocess.CompletedProcess[str]:
        """The same, as a finished process, for tests of exit statuses and words."""
        command = [*program("mnctl", "service.cli"), "--bus", self.bus.address, "--json", *arguments]
        return subprocess.run(
            self.node.command(command),
            cwd=ROOT,
            env=os.environ | {"NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(within),
        )

    def status(self) -> dict[str, Any]:
        """`mnctl --json status`."""
        answer: dict[str, Any] = self.mnctl("status")
        return answer

    def counters(self) -> Counter[str]:
        """`mnctl --json counters`; what was never counted is 0."""
        return Counter(self.mnctl("counters")["counters"])

    def log(self, lines: int = 60) -> str:
        """The end of its log."""
        return self.process.last_words(lines) if self.process is not None else "(never started)"
