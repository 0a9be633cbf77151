# SPDX-License-Identifier: GPL-2.0-or-later
"""The probe's two ends (see tests.lab.interruption). Started by `tests.lab.traffic.Probe`."""

import selectors
import socket
import struct
from typing import Any

from tests.lab.interruption import Records
from tests.lab.peer import Ends, Questions, arguments, boot_time, make_socket, receive_stamped, run, stamp_arrivals

PORT = 7007
NUMBER = struct.Struct("!Q56x")  # 64 octets


class ProbeEnds:
    """Sends, echoes, and notes when."""

    def __init__(self, selector: selectors.BaseSelector, ends: Ends) -> None:
        self.records = Records()
        self.refused: dict[str, int] = {}
        self._number = 0
        self._destination = (ends.address, PORT)
        self._correspondent = make_socket(ends.correspondent, socket.SOCK_DGRAM)
        self._laptop = make_socket(ends.laptop, socket.SOCK_DGRAM, self._destination)
        for made, ready in ((self._correspondent, self._returned), (self._laptop, self._arrived)):
            stamp_arrivals(made)
            selector.register(made, selectors.EVENT_READ, ready)

    def send(self) -> None:
        """The next probe."""
        self._number += 1
        self.records.sent[self._number] = boot_time()
        self._try_to_send(self._correspondent, NUMBER.pack(self._number), self._destination, "correspondent")

    def _arrived(self) -> None:
        while received := receive_stamped_or_note(self._laptop, self.refused, "laptop"):
            data, instant, sender = received
            self.records.arrived.setdefault(NUMBER.unpack(data)[0], instant)
            self._try_to_send(self._laptop, data, sender, "laptop")

    def _returned(self) -> None:
        while received := receive_stamped_or_note(self._correspondent, self.refused, "correspondent"):
            self.records.returned.setdefault(NUMBER.unpack(received[0])[0], received[1])

    def _try_to_send(self, made: socket.socket, data: bytes, to: Any, end: str) -> None:
        try:
            made.sendto(data, to)
        except OSError as error:  # no route just now: as good as lost, and counted as such
            note_refusal(self.refused, end, error)

    def answer(self, question: list[str]) -> dict[str, Any] | None:
        """`since INSTANT`: all records of that instant and later."""
        if question[:1] != ["since"]:
            return None
        instant = float(question[1])
        records = {
            name: {number: at for number, at in getattr(self.records, name).items() if at >= instant}
            for name in ("sent", "arrived", "returned")
        }
        return records | {"refused": self.refused}


def receive_stamped_or_note(made: socket.socket, refused: dict[str, int], end: str) -> tuple[bytes, float, Any] | None:
    """An ICMPv6 error that came for an earlier probe shows up in receiving: note it and go on."""
    try:
        return receive_stamped(made)
    except OSError as error:
        note_refusal(refused, end, error)
        return None


def note_refusal(refused: dict[str, int], end: str, error: OSError) -> None:
    """Count what the network said, by end and words."""
    words = f"{end}: {error.strerror}"
    refused[words] = refused.get(words, 0) + 1


def main() -> None:
    """Until standard input ends."""
    options = arguments("The lab's probe.")
    selector = selectors.DefaultSelector()
    ends = ProbeEnds(selector, Ends(options.correspondent, options.laptop, options.address))
    questions = Questions(selector, ends.answer)
    run(selector, questions, 1 / options.rate, ends.send)


if __name__ == "__main__":
    main()
