# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machines of the mobile-node role share: timers, randomness, counters, and one ordered way out."""

from collections import Counter

from mnclient.constants import INTERFACE_PREFIX
from mnclient.engine.actions import Action, Note, SendPacket
from mnclient.engine.machine import Entropy
from mnclient.engine.timers import TimerTable
from mnclient.units import Instant


class Context:
    """The actions of one event, and what every machine of the role needs.

    Actions leave in this order: `probes` (questions about the link, which need nothing from us), the new network state,
    `signals` (what is sent from an address of that state), `reports`.
    """

    def __init__(self, entropy: Entropy) -> None:
        self.entropy = entropy
        self.timers = TimerTable()
        self.counters: Counter[str] = Counter()
        self.probes: list[Action] = []
        self.signals: list[Action] = []
        self.reports: list[Action] = []
        self.wall_clock_at_boot = 0.0

    def anew(self) -> "Context":
        """One without timers. Counters go on, what is to be done is done, and the host is the same."""
        other = Context(self.entropy)
        other.counters, other.wall_clock_at_boot = self.counters, self.wall_clock_at_boot
        other.probes, other.signals, other.reports = self.probes, self.signals, self.reports
        return other

    def wall_clock(self, now: Instant) -> float:
        """The wall-clock time of an instant, in seconds since 1970."""
        return self.wall_clock_at_boot + now

    def probe(self, action: SendPacket) -> None:
        """Send before the network state changes."""
        self.probes.append(action)

    def signal(self, action: SendPacket) -> None:
        """Send after the network state has changed."""
        self.signals.append(action)

    def report(self, action: Action) -> None:
        """Tell somebody, after everything else."""
        self.reports.append(action)

    def note(self, kind: str, text: str) -> None:
        """One line for the journal."""
        self.reports.append(Note(kind=kind, text=text))

    def count(self, name: str) -> None:
        """One more of `name`."""
        self.counters[name] += 1

    def take_actions(self, state: list[Action]) -> list[Action]:
        """Everything to do, `state` in its place; nothing is left."""
        actions = [*self.probes, *state, *self.signals, *self.reports]
        self.probes, self.signals, self.reports = [], [], []
        return actions


def is_own_interface(name: str) -> bool:
    """Whether it is a device of ours, or the loopback: never a way to the network."""
    return name.startswith(INTERFACE_PREFIX) or name == "lo"
