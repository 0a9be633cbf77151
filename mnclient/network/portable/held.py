# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that wait for a tunnel to have a far end again: sockets see a pause instead of an error."""

from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from mnclient.constants import MAX_HELD_PACKETS, MAX_HOME_ADDRESSES
from mnclient.units import Seconds

HELD_FOR: Final = Seconds(2.0)  # a packet held longer than this is retransmitted by its sender anyway


class HeldPackets:
    """By home address, which is their source. Bounded in number, and in age when they are released."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._held: dict[bytes, deque[tuple[float, bytes]]] = {}

    def hold(self, packet: bytes, now: float) -> None:
        """Keep a packet. `now` is in seconds of any steady clock."""
        home_address = packet[8:24]
        held = self._held.get(home_address)
        if held is None:
            if len(self._held) >= MAX_HOME_ADDRESSES:
                forgotten = self._held.pop(next(iter(self._held)))
                self._counters["tunnel.out.held-lost"] += len(forgotten)
            held = self._held[home_address] = deque(maxlen=MAX_HELD_PACKETS)
        if len(held) == MAX_HELD_PACKETS:
            self._counters["tunnel.out.held-lost"] += 1
        held.append((now, packet))
        self._counters["tunnel.out.held"] += 1

    def release(self, home_address: bytes, now: float) -> Iterator[bytes]:
        """Give back those of one home address, the oldest first; those that waited too long are lost."""
        for since, packet in self._held.pop(home_address, ()):
            if now - since > HELD_FOR:
                self._counters["tunnel.out.held-lost"] += 1
            else:
                yield packet
