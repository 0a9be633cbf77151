# SPDX-License-Identifier: GPL-2.0-or-later
"""A packet that nobody should send, what comes of it, and how one knows that nothing more will come."""

from tests.lab.asking import ask_status
from tests.lab.hostile import Stranger, told
from tests.lab.lab import Lab
from tests.lab.service import Service

# What goes on all the time, whatever a stranger does.
BACKGROUND = ("ra.", "rs.", "ns.", "na.", "send.", "receive.packets", "receive.not-for-us", "receive.limited",
              "tunnel.out.", "tunnel.in.packets", "care-of.", "bu.sent", "state.", "echo.", "messages.",
              "verification.", "payload.")  # fmt: skip


def counters(service: Service, *more_background: str) -> dict[str, int]:
    """What a service has counted, without what is counted all the time."""
    every = ask_status(service).engine.counters
    return {name: count for name, count in every.items() if not name.startswith((*BACKGROUND, *more_background))}


class Trial:
    """Sends one packet and the one behind it, and waits until the second is counted.

    `behind` is a packet that the same socket takes and only counts, as in `counts`: when it is counted, the one before
    it was dealt with. `background`: beginnings of the names of what else may be counted meanwhile.
    """

    def __init__(
        self, lab: Lab, service: Service, stranger: Stranger, behind: bytes, counts: dict[str, int], *background: str
    ) -> None:
        self._lab, self._service, self._stranger = lab, service, stranger
        self._behind, self._counts, self._background = behind, counts, background

    def run(self, packet: bytes, answers: list[str], counted: dict[str, int]) -> None:
        """Send it, and wait until these are the answers, in words, and the counts."""
        before = counters(self._service, *self._background)
        self._stranger.received()
        self._stranger.send(packet)
        self._stranger.send(self._behind)
        wanted = dict(before)
        for name, count in (*counted.items(), *self._counts.items()):
            wanted[name] = wanted.get(name, 0) + count
        seen: list[str] = []

        def as_expected() -> bool:
            seen.extend(told(each) for each in self._stranger.received())
            assert counters(self._service, *self._background) == wanted
            assert seen == answers
            return True

        self._lab.eventually(as_expected, within=3.0, what="it is counted, and answered as it should be")
