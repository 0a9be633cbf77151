# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic between the correspondent and the home address: a paced TCP stream, a probe, and a call from outside."""

import json
import os
import random
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from types import TracebackType
from typing import Any, Self

from tests.lab.interruption import Interruption, OneWay, Records, flows_since, measure, measure_one_way
from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.patience import patient
from tests.lab.processes import Process

DEFAULT_OCTETS_PER_SECOND = 500_000  # 4 Mbit/s
PROBES_PER_SECOND = 100
ANSWER_WITHIN = 10.0


class _Peer:
    """A traffic program (see tests.lab.peer), as a context manager."""

    module = ""
    rate = 0.0

    def __init__(self, lab: Lab, address: IPv6Address | str, rate: float | None = None) -> None:
        self.lab = lab
        self.address = str(address)
        self.seed = random.randrange(2**32)
        self._rate = self.rate if rate is None else rate
        self._process: Process | None = None
        self._unanswered = 0
        self._said = b""

    def __enter__(self) -> Self:
        laptop, correspondent = self.lab.laptop.namespace, self.lab.correspondent.namespace
        ends = ["--correspondent", correspondent, "--laptop", laptop, "--address", self.address]
        command = [sys.executable, "-m", self.module, *ends, "--rate", str(self._rate), "--seed", str(self.seed)]
        log = self.lab.folder / f"{self.module.rpartition('.')[2]}.log"
        self._process = self.lab.adopt(Process(command, log, pipes=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop()

    def ask(self, question: str) -> dict[str, Any]:
        """Put one question to the program."""
        assert self._process is not None, "used outside of its with block"
        pipes = self._process.popen
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        try:
            pipes.stdin.write(f"{question}\n".encode())
            pipes.stdin.flush()
        except BrokenPipeError:
            pass  # it ended; its last words are below
        self._unanswered += 1
        line = b""
        while self._unanswered:  # an answer that came too late for its question must not be taken for this one
            line = self._next_line(pipes.stdout.fileno())
            assert line, f"{self.module} gave no answer to {question!r}:\n{self._process.last_words()}"
            self._unanswered -= 1
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _next_line(self, pipe: int) -> bytes:
        """The next answer; b"" when none comes in time."""
        while b"\n" not in self._said:
            if not select.select([pipe], [], [], patient(ANSWER_WITHIN))[0]:
                return b""
            chunk = os.read(pipe, 1 << 20)
            if not chunk:
                return b""
            self._said += chunk
        line, _, self._said = self._said.partition(b"\n")
        return line


@dataclass(frozen=True)
class Verdict:
    """How the stream ended: the connection lived to its end, and every octet arrived as sent."""

    survived: bool
    intact: bool
    bytes: int
    error: str


class TcpTransfer(_Peer):
    """A TCP stream from the correspondent to a server on the home address, paced so that it lasts as long as needed."""

    module = "tests.lab.peer_tcp"
    rate = DEFAULT_OCTETS_PER_SECOND

    def __enter__(self) -> Self:
        super().__enter__()
        self.lab.eventually(lambda: self.received() > 0, within=10.0, what="the TCP stream begins")
        return self

    def received(self) -> int:
        """Octets that reached the laptop so far. Fails when the connection is broken."""
        answer = self.ask("progress")
        assert not answer["error"], f"the TCP connection broke: {answer['error']}"
        return int(answer["received"])

    def flows(self, within: float = 20.0) -> None:
        """Wait until more octets arrive than have now."""
        before = self.received()
        self.lab.eventually(lambda: self.received() > before, within=within, what="the TCP stream goes on")

    def finish(self, within: float = 30.0) -> Verdict:
        """End the stream and compare both ends. Never raises for a broken stream: the verdict says it."""
        answer = self.ask("finish")
        deadline = time.monotonic() + patient(within)
        while not answer["done"] and not answer["error"] and time.monotonic() < deadline:
            time.sleep(0.02)
            answer = self.ask("progress")
        error = answer["error"] or ("" if answer["done"] else f"no end within {within:g} s")
        return Verdict(survived=not error, intact=answer["intact"], bytes=answer["received"], error=error)


class Probe(_Peer):
    """100 datagrams a second from the correspondent to the home address, each sent back at once."""

    module = "tests.lab.peer_probe"
    rate = PROBES_PER_SECOND

    def __enter__(self) -> Self:
        super().__enter__()
        self.recovered_after(0.0, within=10.0)
        return self

    def records(self, since: float) -> Records:
        """What was noted from the instant `since` on."""
        answer = self.ask(f"since {since}")
        by_name = {name: {int(n): at for n, at in answer[name].items()} for name in ("sent", "arrived", "returned")}
        return Records(**by_name)

    def recovered_after(self, instant: float, within: float, count: int = 5) -> None:
        """Wait until `count` probes that came back after `instant`."""

        def flows() -> bool:
            return flows_since(list(self.records(instant).returned.values()), instant, count)

        self.lab.eventually(flows, within=within, what="probes come back")

    def interruption(self, unplugged: float, until: float) -> Interruption:
        """What the move at `unplugged` cost, watched until the instant `until`."""
        return measure(self.records(unplugged - 1.0), unplugged, until, 1 / self._rate)


class Streams(_Peer):
    """A stream of datagrams each way: `rate` a second, so that silence is known to 1/`rate` seconds."""

    module = "tests.lab.peer_streams"
    rate = 1000.0

    @property
    def nominal(self) -> float:
        """Seconds between two: the resolution of what is measured."""
        return 1 / self._rate

    def __enter__(self) -> Self:
        super().__enter__()
        self.flow_after(0.0, within=10.0)
        return self

    def flow_after(self, instant: float, within: float, count: int = 5) -> None:
        """Wait until `count` have arrived after `instant`, in each direction."""
        self.lab.eventually(
            lambda: min(self.ask(f"count {instant}").values()) >= count, within=within, what="both streams flow"
        )

    def cost(self, unplugged: float, until: float) -> dict[str, OneWay]:
        """What each direction ("to_laptop", "to_correspondent") suffered from `unplugged` until `until`."""
        answer = self.ask(f"between {unplugged - 1.0} {until}")
        return {
            name: measure_one_way(
                Records(sent=dict(map(tuple, each["sent"])), arrived=dict(map(tuple, each["arrived"]))),
                unplugged,
                until,
                self.nominal,
            )
            for name, each in answer.items()
        }

    def refused(self) -> dict[str, dict[str, int]]:
        """What the kernel refused to send so far, by direction and words."""
        return {name: each["refused"] for name, each in self.ask("between 0 0").items()}


def call_from_outside(lab: Lab, address: IPv6Address | str, port: int = 7009, within: float = 3.0) -> float:
    """A new connection from the correspondent to the home address: question, answer. Seconds it took.

    Raises `AssertionError` when it fails: somebody who wants to reach the laptop now cannot.
    """
    begin = time.monotonic()
    with inside(lab.laptop.namespace), socket.create_server(("::", port), family=socket.AF_INET6) as server:
        server.settimeout(patient(within))
        with inside(lab.correspondent.namespace):
            client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        with client:
            client.settimeout(patient(within))
            try:
                client.connect((str(address), port))
                accepted, _ = server.accept()
                with accepted:
                    accepted.settimeout(patient(within))
                    client.sendall(b"are you there?")
                    accepted.sendall(accepted.recv(64).upper())
                    answer = client.recv(64)
            except OSError as error:
                raise AssertionError(f"nobody outside can reach {address}: {error}") from error
    assert answer == b"ARE YOU THERE?", f"a wrong answer: {answer!r}"
    return time.monotonic() - begin


def reachable_from_outside(lab: Lab, address: IPv6Address | str) -> Callable[[], bool]:
    """The same as a question for `eventually`."""

    def ask() -> bool:
        call_from_outside(lab, address, within=1.0)
        return True

    return ask
