# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened to the engine, kept in a bounded ring: enough to explain the last minutes, and to replay them.

Entries are the engine's own immutable values, so `replay` needs no decoder: the same events at the same instants with
the same randomness give the same actions.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from mnclient.engine.actions import Action
from mnclient.engine.events import Event
from mnclient.engine.machine import Machine
from mnclient.units import Instant

CAPACITY = 1024  # entries: some minutes on a busy link; 1.2 MiB when each is an advertisement of another router


@dataclass(frozen=True, slots=True)
class Entry:
    """One event and what the engine answered."""

    at: Instant
    event: Event
    actions: tuple[Action, ...]


class Journal:
    """The ring."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self.dropped = 0
        """How many entries have fallen out of the ring; a replay is complete only when it is 0."""

    def record(self, at: Instant, event: Event, actions: Iterable[Action]) -> None:
        """Add one."""
        if len(self._entries) == self._entries.maxlen:
            self.dropped += 1
        self._entries.append(Entry(at, event, tuple(actions)))

    def entries(self) -> tuple[Entry, ...]:
        """All that is kept, the oldest first."""
        return tuple(self._entries)


def replay(entries: Iterable[Entry], machine: Machine) -> list[tuple[Entry, tuple[Action, ...]]]:
    """Feed `machine` what was recorded; returns the entries whose actions came out differently, with the new ones."""
    different = []
    for entry in entries:
        actions = tuple(machine.handle(entry.event, entry.at))
        if actions != entry.actions:
            different.append((entry, actions))
    return different
