# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces without names: they end with the last process and the last descriptor in them.

So there is nothing to tidy up, whatever happens to this program: its children die with it (PR_SET_PDEATHSIG), and the
kernel removes the namespaces and all interfaces in them.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mnclient.errors import MobileIPv6Error

_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_HERE: Final = "/proc/thread-self/ns/net"
_STOP_WITHIN: Final = 10.0  # seconds

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """One machine of the self-test."""

    def __init__(self, name: str) -> None:
        """OSError where this may not be done."""
        self.name = name
        home = os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.unshare(_CLONE_NEWNET))
            self._descriptor = os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            _check(_libc.setns(home, _CLONE_NEWNET))
            os.close(home)

    @property
    def path(self) -> str:
        """A name of it that other programs can open while this one runs."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def close(self) -> None:
        """Let it go."""
        os.close(self._descriptor)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that this thread opens in the block belong to it; so do settings under /proc/sys/net."""
        home = os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(self._descriptor, _CLONE_NEWNET))
            try:
                yield
            finally:
                _check(_libc.setns(home, _CLONE_NEWNET))
        finally:
            os.close(home)

    def set(self, key: str, value: int) -> None:
        """Write a kernel setting, like net/ipv6/conf/all/forwarding."""
        with self.inside():
            Path("/proc/sys", key).write_text(f"{value}\n", encoding="ascii")

    def ip(self, program: str, *lines: str) -> None:
        """Let `ip` run these lines in it. MobileIPv6Error at the first that is refused."""
        ended = subprocess.run(
            [program, "-batch", "-"],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=self._entering(),
        )
        if ended.returncode:
            words = " ".join(ended.stderr.split())
            raise MobileIPv6Error(f"The network of the self-test cannot be built ({self.name}): {words}")

    def start(self, command: Sequence[str], log: Path, folder: Path) -> "Program":
        """Start a program in it, its output in `log`. It dies with this program, however that ends."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                preexec_fn=self._entering(),
                start_new_session=True,  # Ctrl-C reaches this program alone, which then ends the others in order
            )
        return Program(process, log)

    def _entering(self) -> Callable[[], None]:
        def enter() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            _check(_libc.setns(self._descriptor, _CLONE_NEWNET))

        return enter


class Program:
    """A program that runs in a namespace."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself, or was stopped."""
        return self._process.poll() is not None

    def stop(self) -> int:
        """Ask it to end, kill it if it does not; its exit status."""
        if not self.has_ended:
            self._process.terminate()
        try:
            return self._process.wait(timeout=_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_words(self) -> str:
        """The last lines of its log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines() if self._log.exists() else []
        return " | ".join(lines[-3:])


def _check(answer: int) -> None:
    if answer != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
