# SPDX-License-Identifier: GPL-2.0-or-later
"""`mnctl doctor --self-test`, as a person runs it: it ends well, and leaves nothing, however it ends."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.lab.patience import patient
from tests.lab.processes import ROOT
from tests.lab.service import program

pytestmark = pytest.mark.lab


class Run:
    """One self-test with a folder for temporary files of its own, by which its processes are known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*program("mnctl", "service.cli"), "doctor", "--self-test"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folder)},
        )

    def until(self, words: str) -> None:
        """Read lines until one has these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError(f"it ended without saying {words!r}")

    def end(self) -> tuple[int, str, str]:
        """Its exit status, and the rest of what it says."""
        out, errors = self.process.communicate(timeout=patient(120.0))
        return self.process.returncode, out, errors

    def processes(self) -> list[str]:
        """Command lines of processes that belong to it."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words:
                found.append(words.replace(b"\0", b" ").decode())
        return found

    def is_gone(self) -> bool:
        """True once none of its processes is left; the kernel may take a moment."""
        until = time.monotonic() + patient(5.0)
        while self.processes() and time.monotonic() < until:
            os.sched_yield()
        return not self.processes()


@pytest.fixture
def run():
    with tempfile.TemporaryDirectory(prefix="mn-") as folder:  # short: the name of a socket has room for 107 octets
        started = Run(Path(folder))
        yield started
        started.process.kill()
        started.process.communicate()


def interfaces() -> str:
    names = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    return "\n".join(sorted(line.split(":")[1] for line in names.splitlines() if "mn6" in line or "cable" in line))


def test_it_ends_well_and_leaves_nothing(run):
    before = interfaces()
    status, out, errors = run.end()
    assert (status, errors) == (0, ""), out + errors
    assert [line.split(":")[0].split(None, 1)[1] for line in out.splitlines() if line.startswith("  ")] == [
        "network", "at home", "connection", "away", "back home", "gone",
    ]  # fmt: skip
    assert out.endswith("All is well.\n")
    assert (run.processes(), list(run.folder.iterdir()), interfaces()) == ([], [], before)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_it_is_interrupted_while_away(run, number, status):
    run.until("away")
    run.process.send_signal(signal.SIGSTOP)  # so that it is away for as long as it takes to look
    assert len(run.processes()) == 4
    run.process.send_signal(number)
    run.process.send_signal(signal.SIGCONT)
    ended, _, errors = run.end()
    assert ended == status, errors
    assert "Traceback" not in errors
    assert (run.is_gone(), list(run.folder.iterdir())) == (True, [])


def test_it_is_killed_and_the_next_one_takes_away_what_is_left(run):
    run.until("at home")
    run.process.kill()
    run.process.wait()
    assert run.is_gone()
    assert len(list(run.folder.iterdir())) == 1
    again = Run(run.folder)
    status, out, errors = again.end()
    assert status == 0, out + errors
    assert list(run.folder.iterdir()) == []
