# SPDX-License-Identifier: GPL-2.0-or-later
"""How many messages of each kind were heard, and how many were given to the network to be sent."""

from collections import Counter
from collections.abc import Iterable

from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import Event, PacketReceived


class TrafficCounters:
    """`messages.received.KIND` and `messages.sent.KIND`; the kind is the name of the message's class."""

    def __init__(self) -> None:
        self._received: Counter[type] = Counter()
        self._sent: Counter[type] = Counter()

    def note(self, event: Event, actions: Iterable[Action]) -> None:
        """An event and what the node answered to it."""
        if isinstance(event, PacketReceived):
            self._received[type(event.packet.message)] += 1
        for action in actions:
            if isinstance(action, SendPacket):
                self._sent[type(action.packet.message)] += 1

    def counters(self) -> dict[str, int]:
        """All that is not zero, by name."""
        return {
            **{f"messages.received.{kind.__name__}": count for kind, count in self._received.items()},
            **{f"messages.sent.{kind.__name__}": count for kind, count in self._sent.items()},
        }
