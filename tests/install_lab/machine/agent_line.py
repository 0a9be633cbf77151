# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines into the emulated computer: to the agent that runs commands inside, and to the emulator itself (QMP)."""

import json
import select
import socket
import time
from pathlib import Path
from typing import Any

from tests.install_lab.failure import Failed

MOST = 1 << 20


class Line:
    """JSON values over a socket, one on each line. What is no JSON (the end of a line cut by a reset) is dropped."""

    def __init__(self, place: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(place))
        self._rest = b""
        self._ready: list[dict[str, Any]] = []

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, value: dict[str, Any]) -> None:
        """Send one; it waits at the other end until somebody reads there."""
        self._socket.sendall(json.dumps(value).encode() + b"\n")

    def next(self, within: float) -> dict[str, Any] | None:
        """The next value that comes in, None when none does in so many seconds. Failed when the other end is gone."""
        end = time.monotonic() + within
        while not self._ready:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return None
            chunk = self._socket.recv(MOST)
            if not chunk:
                raise Failed("the emulated computer is gone")
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            self._ready += [value for line in lines if (value := _object(line)) is not None]
        return self._ready.pop(0)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class Agent:
    """Has commands run inside, one at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._number = 0

    def ask(self, command: list[str], environment: dict[str, str], within: float) -> dict[str, Any] | None:
        """Its `status`, `stdout` and `stderr`; None when there is no answer in so many seconds."""
        self._number += 1
        self._line.send({"id": self._number, "command": command, "environment": environment})
        end = time.monotonic() + within
        while (answer := self._line.next(max(0.0, end - time.monotonic()))) is not None:
            if answer.get("id") == self._number:  # others come too late, for questions that were given up
                return answer
        return None


class Emulator:
    """The emulator's own interface (QEMU Machine Protocol)."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._events: list[str] = []
        self.execute("qmp_capabilities")

    def execute(self, command: str) -> None:
        """Do this. Failed when it does not."""
        self._line.send({"execute": command})
        while (answer := self._line.next(30.0)) is not None:
            if "event" in answer:
                self._events.append(answer["event"])
            elif "error" in answer:
                raise Failed(f"the emulator refuses {command}: {answer['error'].get('desc')}")
            elif "return" in answer:
                return
        raise Failed(f"the emulator does not answer to {command}")

    def wait_for(self, event: str, within: float) -> None:
        """Returns when the event has come, now or since the last one that was waited for. Failed when it does not."""
        end = time.monotonic() + within
        while event not in self._events:
            answer = self._line.next(max(0.0, end - time.monotonic()))
            if answer is None:
                raise Failed(f"the emulator says no {event} within {within:.0f} s, only {self._events}")
            if "event" in answer:
                self._events.append(answer["event"])
        del self._events[: self._events.index(event) + 1]
