# SPDX-License-Identifier: GPL-2.0-or-later
"""Two streams of datagrams, one each way, neither an answer to the other. Started by `tests.lab.traffic.Streams`.

Many more than the probe sends, so that an interruption is known to the millisecond, and each direction on its own. One
process holds both ends: what was sent and what arrived is noted on one clock.
"""

import gc
import os
import selectors
import socket
import struct
import sys
from bisect import bisect_right
from typing import Any

from tests.lab.peer import Ends, Questions, arguments, boot_time, make_socket, receive_stamped, run, stamp_arrivals
from tests.lab.topology import CORRESPONDENT_ADDRESS

PORT = 7008
NUMBER = struct.Struct("!Q56x")  # 64 octets
BUFFER = 4 << 20  # a path that holds packets back must not fill the sender's own buffer
KEPT = 60_000  # records each way
PRECEDENCE = -15  # niceness: a probe that waits for the processor would measure that


class Stream:
    """One direction. `sent` and `arrived` are (number, instant) in the order of the instants."""

    def __init__(self, sender: socket.socket, receiver: socket.socket, destination: tuple[str, int]) -> None:
        self.sent: list[tuple[int, float]] = []
        self.arrived: list[tuple[int, float]] = []
        self.refused: dict[str, int] = {}
        self._number = 0
        self._sender, self._receiver, self._destination = sender, receiver, destination

    def send(self) -> None:
        """The next one."""
        self._number += 1
        self.sent.append((self._number, boot_time()))
        try:
            self._sender.sendto(NUMBER.pack(self._number), self._destination)
        except OSError as error:
            self._note(error)
        if len(self.sent) > 2 * KEPT:
            del self.sent[:KEPT], self.arrived[: max(0, len(self.arrived) - KEPT)]

    def receive(self) -> None:
        """All that wait."""
        try:
            while received := receive_stamped(self._receiver):
                self.arrived.append((NUMBER.unpack(received[0])[0], received[1]))
        except OSError as error:  # an ICMPv6 error for one sent from this socket
            self._note(error)

    def _note(self, error: OSError) -> None:
        words = error.strerror or str(error)
        self.refused[words] = self.refused.get(words, 0) + 1

    def count(self, instant: float) -> int:
        """How many arrived after the instant."""
        return len(self.arrived) - bisect_right(self.arrived, instant, key=lambda record: record[1])

    def between(self, begin: float, end: float) -> dict[str, Any]:
        """The records of that time."""
        chosen: dict[str, Any] = {"refused": self.refused}
        for name in ("sent", "arrived"):
            records = getattr(self, name)
            first, last = (bisect_right(records, instant, key=lambda record: record[1]) for instant in (begin, end))
            chosen[name] = [(number, round(instant, 6)) for number, instant in records[first:last]]
        return chosen


class StreamEnds:
    """Both directions, between the correspondent and the home address."""

    def __init__(self, selector: selectors.BaseSelector, ends: Ends) -> None:
        home, correspondent = (ends.address, PORT), (str(CORRESPONDENT_ADDRESS), PORT)
        there = make_socket(ends.correspondent, socket.SOCK_DGRAM, correspondent)
        here = make_socket(ends.laptop, socket.SOCK_DGRAM, home)
        self.streams = {
            "to_laptop": Stream(there, here, home),
            "to_correspondent": Stream(here, there, correspondent),
        }
        for made, stream in ((here, self.streams["to_laptop"]), (there, self.streams["to_correspondent"])):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            stamp_arrivals(made)
            selector.register(made, selectors.EVENT_READ, stream.receive)

    def send(self) -> None:
        """One each way."""
        for stream in self.streams.values():
            stream.send()

    def answer(self, question: list[str]) -> dict[str, Any] | None:
        """`count INSTANT`: arrivals after it. `between BEGIN END`: what was noted then."""
        match question:
            case ["count", instant]:
                return {name: stream.count(float(instant)) for name, stream in self.streams.items()}
            case ["between", begin, end]:
                return {name: stream.between(float(begin), float(end)) for name, stream in self.streams.items()}
        return None


def main() -> None:
    """Until standard input ends."""
    options = arguments("The lab's streams.")
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRECEDENCE)
    except PermissionError:
        print("no right to precedence: less exact", file=sys.stderr)  # in the log, as everything said there
    gc.disable()  # it makes no cycles, and a collection would be a pause
    selector = selectors.SelectSelector()  # waits for microseconds; epoll knows milliseconds
    ends = StreamEnds(selector, Ends(options.correspondent, options.laptop, options.address))
    questions = Questions(selector, ends.answer)
    run(selector, questions, 1 / options.rate, ends.send)


if __name__ == "__main__":
    main()
