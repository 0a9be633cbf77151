# SPDX-License-Identifier: GPL-2.0-or-later
"""What every role of the engine is: a machine that takes events and answers with actions, and never waits."""

from typing import Protocol

from mnclient.engine.actions import Action
from mnclient.engine.events import Event
from mnclient.units import Instant


class Entropy(Protocol):
    """The engine's only source of randomness; in tests it is a list of known values."""

    def octets(self, count: int) -> bytes:
        """`count` random octets, fit for cryptographic use."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`, for delays."""
        ...


class Machine(Protocol):
    """A role. `now` never goes back; a deadline may be reported late (the machine slept)."""

    def handle(self, event: Event, now: Instant) -> list[Action]:
        """React to one event. Raises nothing that comes from the network."""
        ...

    def next_deadline(self) -> Instant | None:
        """When to send `DeadlineReached`, None for never."""
        ...
