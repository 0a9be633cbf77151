# SPDX-License-Identifier: GPL-2.0-or-later
"""Child processes of the lab: their output goes to a file, and they die with the lab, however it ends."""

import ctypes
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab.patience import patient

ROOT = Path(__file__).resolve().parent.parent.parent
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Runs in the child, before its program: the kernel kills it when the lab is gone (even by SIGKILL)."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Ended(AssertionError):
    """A program that should run has ended. Waiting longer is of no use."""


class Process:
    """A child process with its output in `log`. `stop` is safe to call twice."""

    def __init__(
        self, command: Sequence[str], log: Path, *, environment: dict[str, str] | None = None, pipes: bool = False
    ) -> None:
        self.command = list(command)
        self.log = log
        pipe = subprocess.PIPE if pipes else None
        with log.open("ab") as output:
            self._log_begins = output.tell()
            self.popen = subprocess.Popen(
                self.command,
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or output,
                stderr=output,
                cwd=ROOT,
                env=environment,
                preexec_fn=die_with_parent,
                start_new_session=True,  # Ctrl-C reaches the lab alone, which then ends its children in order
            )

    @property
    def pid(self) -> int:
        """The process identifier; `ip netns exec` replaces itself, so this is the program's own."""
        return self.popen.pid

    def is_running(self) -> bool:
        """True until it has ended."""
        return self.popen.poll() is None

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 5.0) -> int:
        """Ask it to end, kill it if it does not within so many seconds; its exit status."""
        if self.is_running():
            self.popen.send_signal(number)
        try:
            status = self.popen.wait(timeout=patient(within))
        except subprocess.TimeoutExpired:
            self.popen.kill()
            status = self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                stream.close()
        return status

    def own_words(self) -> str:
        """What this process has said so far: the log may hold the words of an earlier one of the same name."""
        return self.log.read_bytes()[self._log_begins :].decode(errors="replace")

    def last_words(self, lines: int = 40) -> str:
        """The end of its log, for an error message."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
