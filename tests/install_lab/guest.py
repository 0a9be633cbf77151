# SPDX-License-Identifier: GPL-2.0-or-later
"""A throw-away system at work: in namespaces of its own, with or without systemd as its first program."""

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.install_lab import contents
from tests.install_lab.cgroup import enter_cgroup
from tests.install_lab.failure import Failed, until
from tests.lab.node import Node
from tests.lab.patience import patient
from tests.lab.processes import Process

HERE = Path(__file__).resolve().parent
IDLE = ("sleep", "infinity")
SYSTEMD = ("/lib/systemd/systemd", "--log-target=journal", "--show-status=no")
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "QT_QPA_PLATFORM": "offscreen",
}
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
LIMIT = 300.0  # seconds; apt fetching packages takes the longest


class Guest:
    """`with Guest(root, packages, log) as guest: guest.run(...)`. All its processes end with the block.

    `packages` is seen inside at /srv. Every command and its output go to the file `log`. Its network is that of a
    machine of the lab, or one of its own in which there is nothing.
    """

    def __init__(
        self, root: Path, packages: Path, log: Path, *, systemd: bool = False, network: Node | None = None
    ) -> None:
        self.root = root
        self.systemd = systemd
        self._packages = packages
        self._log = log
        self._network = network
        self._undo = ExitStack()
        self._pid = 0

    def __enter__(self) -> Self:
        spaces = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private"]
        spaces += [] if self._network else ["--net"]
        first = SYSTEMD if self.systemd else IDLE
        script = ["sh", str(HERE / "guest.sh"), str(self.root), str(self._packages), *first]
        environment = self._environment() | {"CGROUPS": "1" if self.systemd else "", "container": "mnclient"}
        try:
            into = enter_cgroup(self._undo) if self.systemd else []
            spaces += ["--cgroup"] if self.systemd and Path("/proc/self/ns/cgroup").exists() else []
            begin = ["unshare", *spaces, *script]
            outer = self._start([*into, *(self._network.command(begin) if self._network else begin)], environment)
            self._pid = self._first_program(outer, Path(first[0]).name)
            if self.systemd:
                until(self._is_up, "systemd is up", within=120)
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _start(self, command: Sequence[str], environment: dict[str, str]) -> Process:
        process = Process(command, self._log, environment=environment)
        self._undo.callback(process.stop, signal.SIGKILL)
        return process

    def _first_program(self, outer: Process, name: str) -> int:
        """Its process identifier, when the script has become it."""
        found: list[int] = []

        def became() -> bool:
            if not outer.is_running():
                raise Failed(f"the throw-away system did not start: {outer.last_words(5)}")
            found[:] = [pid for pid in children(outer.pid) if _name(pid) == name]
            return bool(found)

        until(became, f"{name} runs as the first program")
        return found[0]

    def _is_up(self) -> bool:
        told = self.run(["systemctl", "is-system-running"], check=False).stdout.strip()
        return told in ("running", "degraded")

    @staticmethod
    def _environment() -> dict[str, str]:
        return ENVIRONMENT | {name: os.environ[name] for name in PROXIES if name in os.environ}

    # --- commands -----------------------------------------------------------------------------------------------------

    def command(self, command: Sequence[str], *, user: str = "", outside_network: bool = False) -> list[str]:
        """What starts `command` inside, as root or another user; with the host's network, if need be."""
        spaces = ["--mount", "--uts", "--ipc", "--pid", *([] if outside_network else ["--net"])]
        rights = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
        return ["nsenter", "--target", str(self._pid), *spaces, "--root", "--wd", *rights, *command]

    def run(
        self, command: Sequence[str], *, check: bool = True, user: str = "", outside_network: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; Failed when its status is not 0, unless `check` is off."""
        try:
            done = subprocess.run(
                self.command(command, user=user, outside_network=outside_network),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                env=self._environment(),
                timeout=patient(LIMIT),
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{shlex.join(command)} did not end within {LIMIT:.0f} s") from error
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ {shlex.join(command)}\n{done.stdout}{done.stderr}")
            if done.returncode:
                log.write(f"(status {done.returncode})\n")
        if check and done.returncode:
            raise Failed(f"{shlex.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout)[-800:]}")
        return done

    def popen(self, command: Sequence[str]) -> "Program":
        """Start it inside; it ends with the guest at the latest."""
        return Program(self._start(self.command(command), self._environment()))

    def outside(self, place: str) -> Path:
        """Where a program outside finds what is at this place inside, also below what is mounted there."""
        return Path(f"/proc/{self._pid}/root", place.lstrip("/"))

    def write(self, place: str, text: str) -> None:
        """Write a file inside."""
        (self.root / place.lstrip("/")).write_text(text, encoding="utf-8")

    def look(self, *folders: str) -> dict[str, str]:
        """What is there, below these folders or everywhere; see `contents.look`."""
        return contents.look(self.root, *(each.strip("/") for each in folders))

    def users(self) -> dict[str, tuple[str, ...]]:
        """The lines of its lists of users."""
        return contents.users(self.root)

    def present(self, places: Sequence[str]) -> list[str]:
        """At which of these places inside there is something, links that lead nowhere included."""
        return [place for place in places if os.path.lexists(self.root / place.lstrip("/"))]


class Program:
    """A program inside. Signals go to itself, not to nsenter, which waits for it."""

    def __init__(self, outer: Process) -> None:
        self._outer = outer

    def is_running(self) -> bool:
        """True until it has ended."""
        return self._outer.is_running()

    def send(self, number: signal.Signals) -> None:
        """Send it this signal."""
        until(lambda: children(self._outer.pid) or not self._outer.is_running(), "the program starts")
        for pid in children(self._outer.pid):
            os.kill(pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it this signal and wait for its end; its exit status."""
        self.send(number)
        until(lambda: not self._outer.is_running(), "the program ends")
        return self._outer.stop()


def children(pid: int) -> list[int]:
    """The child processes of a process; none of one that has gone."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
