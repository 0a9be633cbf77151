# SPDX-License-Identifier: GPL-2.0-or-later
"""What the two traffic programs have in common: both ends in one process, and a line of JSON for each question.

One process holds the correspondent's socket and the laptop's (each made inside its namespace). So it has one clock,
needs no thread, and the lab's own work does not disturb its timing.
"""

import argparse
import json
import os
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lab.node import inside

SO_TIMESTAMPNS = 35
TIMESTAMP = struct.Struct("@qq")


@dataclass(frozen=True)
class Ends:
    """Where the traffic runs: from one namespace to an address in the other."""

    correspondent: str
    laptop: str
    address: str


def boot_time() -> float:
    """CLOCK_BOOTTIME in seconds."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def arguments(description: str) -> argparse.Namespace:
    """The command line of a traffic program."""
    parser = argparse.ArgumentParser(description=description)
    for name in ("correspondent", "laptop", "address"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rate", type=float, required=True, help="per second: datagrams, or octets of the stream")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def make_socket(namespace: str, kind: socket.SocketKind, address: tuple[str, int] | None = None) -> socket.socket:
    """A non-blocking IPv6 socket inside a namespace, bound if `address` is given (even if nobody has it yet)."""
    with inside(namespace):
        made = socket.socket(socket.AF_INET6, kind)
        if address is not None:
            made.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND
            made.bind(address)
    made.setblocking(False)
    return made


def stamp_arrivals(made: socket.socket) -> None:
    """Have the kernel note when each datagram came in; `receive_stamped` reads it."""
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def receive_stamped(made: socket.socket) -> tuple[bytes, float, Any] | None:
    """A datagram, the boot-time instant at which the kernel received it, and who sent it; None when there is none."""
    try:
        data, ancillary, _, sender = made.recvmsg(2048, 64)
    except BlockingIOError:
        return None
    now_real, now = time.clock_gettime(time.CLOCK_REALTIME), boot_time()
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = TIMESTAMP.unpack(value)
            return data, now - (now_real - seconds - nanoseconds / 1e9), sender
    return data, now, sender


class Questions:
    """The lab's questions on standard input, a line each; answers on standard output."""

    def __init__(self, selector: selectors.BaseSelector, answer: Callable[[list[str]], dict[str, Any] | None]) -> None:
        """`answer` gets the words of a question; None means that the program ends."""
        self.ended = False
        self._answer = answer
        self._rest = b""
        os.set_blocking(sys.stdin.fileno(), False)
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self.read)

    def read(self) -> None:
        """Answer what has been asked."""
        chunk = os.read(sys.stdin.fileno(), 4096)
        if not chunk:
            self.ended = True
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            answer = self._answer(line.decode().split())
            if answer is None:
                self.ended = True
            else:
                print(json.dumps(answer), flush=True)


def run(selector: selectors.BaseSelector, questions: Questions, interval: float, tick: Callable[[], None]) -> None:
    """Call what is ready, and `tick` every `interval` seconds, until the lab says enough."""
    due = boot_time()
    while not questions.ended:
        for key, _ in selector.select(max(0.0, due - boot_time())):
            key.data()
        if boot_time() >= due:
            tick()
            due = max(due + interval, boot_time() - interval)  # after a stall: no burst to catch up
