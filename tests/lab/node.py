# SPDX-License-Identifier: GPL-2.0-or-later
"""One machine of the lab: a network namespace, and what one does on a machine."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.patience import patient
from tests.lab.processes import Process

CLONE_NEWNET = 0x40000000
NAMESPACES = Path("/run/netns")

_libc = ctypes.CDLL(None, use_errno=True)

Echo = Callable[[str], None]


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Sockets that this thread opens in the block belong to the namespace, and stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        target = os.open(NAMESPACES / namespace, os.O_RDONLY)
        try:
            _enter(target)
        finally:
            os.close(target)
        try:
            yield
        finally:
            _enter(home)
    finally:
        os.close(home)


class Node:
    """A machine named `name` ("laptop"), in the network namespace `namespace` ("mn4711-laptop")."""

    def __init__(self, name: str, namespace: str, folder: Path, echo: Echo = lambda _: None) -> None:
        self.name = name
        self.namespace = namespace
        self.folder = folder
        self._echo = echo

    def __repr__(self) -> str:
        return f"<{self.name} in {self.namespace}>"

    def create(self) -> None:
        """Make the namespace, with its loopback up."""
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        self.ip("link set lo up")

    def delete(self) -> None:
        """Remove the namespace; its interfaces go with it. Harmless when it is not there."""
        if (NAMESPACES / self.namespace).exists():
            subprocess.run(["ip", "netns", "del", self.namespace], check=True)

    def ip(self, *lines: str) -> None:
        """Run lines of `ip` in the namespace, all in one process. `CalledProcessError` at the first that fails."""
        for line in lines:
            self._echo(f"[{self.name}] ip {line}")
        batch = "\n".join(lines) + "\n"
        subprocess.run(["ip", "-n", self.namespace, "-batch", "-"], input=batch, text=True, check=True)

    def command(self, command: Sequence[str]) -> list[str]:
        """The command that does `command` here."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def run(self, command: Sequence[str], *, check: bool = True, within: float = 30.0) -> str:
        """Run a program here and return its standard output; `check` raises when it fails."""
        self._echo(f"[{self.name}] {' '.join(command)}")
        limit = patient(within)
        result = subprocess.run(self.command(command), check=False, capture_output=True, text=True, timeout=limit)
        if check and result.returncode:
            raise subprocess.CalledProcessError(
                result.returncode, f"[{self.name}] {' '.join(command)}", result.stdout, result.stderr.strip()
            )
        return result.stdout

    def popen(self, command: Sequence[str], *, log: str = "", pipes: bool = False) -> Process:
        """Start a program here. Whoever starts it stops it; it never outlives the lab."""
        self._echo(f"[{self.name}] {' '.join(command)} &")
        name = log or Path(command[0]).name
        return Process(self.command(command), self.folder / f"{self.name}-{name}.log", pipes=pipes)

    def python(self, module: str, *arguments: str, log: str = "", pipes: bool = False) -> Process:
        """Start a module of ours here, with the Python that runs the lab."""
        return self.popen([sys.executable, "-m", module, *arguments], log=log or module, pipes=pipes)

    def sysctl(self, key: str, value: str | int) -> None:
        """Write a kernel setting of this namespace, e.g. "net/ipv6/conf/all/forwarding"."""
        self._echo(f"[{self.name}] sysctl {key}={value}")
        with inside(self.namespace):  # /proc/sys/net shows the namespace of the thread that opens a file
            Path("/proc/sys", key).write_text(f"{value}\n", encoding="ascii")

    def read_sysctl(self, key: str) -> str:
        """Read a kernel setting of this namespace."""
        with inside(self.namespace):
            return Path("/proc/sys", key).read_text(encoding="ascii").strip()
