# SPDX-License-Identifier: GPL-2.0-or-later
"""The journal keeps what happened, within bounds, and a replay tells whether a machine still answers the same."""

from mnclient.engine.actions import Action, Note
from mnclient.engine.events import Configured, DeadlineReached, Event, LinkRemoved
from mnclient.engine.mobile_node.mobile_node import MobileNode
from mnclient.model.config import NodeConfig
from mnclient.runtime.journal import Journal, replay
from mnclient.units import Instant
from tests.mnclient.engine.mobile_node.script import KnownEntropy, config, link, ra_a, ra_b, ra_home


class Counting:
    """A machine that answers each event with its number."""

    def __init__(self, start: int = 0) -> None:
        self._count = start

    def handle(self, event: Event, now: Instant) -> list[Action]:
        self._count += 1
        return [Note(kind="count", text=f"{self._count} at {now}")]

    def next_deadline(self) -> Instant | None:
        return None


def recorded() -> Journal:
    journal, machine = Journal(), Counting()
    events: list[Event] = [DeadlineReached(), LinkRemoved(interface="eth0"), DeadlineReached()]
    for number, event in enumerate(events):
        journal.record(Instant(number), event, machine.handle(event, Instant(number)))
    return journal


def test_replay_of_the_same_machine_finds_no_difference() -> None:
    assert replay(recorded().entries(), Counting()) == []


def test_replay_of_another_machine_names_every_difference() -> None:
    different = replay(recorded().entries(), Counting(start=5))
    assert [entry.at for entry, _ in different] == [0.0, 1.0, 2.0]
    assert different[0][1] == (Note(kind="count", text="6 at 0"),)


def test_a_mobile_nodes_day_can_be_played_again():
    """What the journal keeps is enough: a fresh engine, given the same randomness, says the same again."""
    journal = Journal()
    node = MobileNode(KnownEntropy())
    first = Configured(config=NodeConfig(mobile_node=config()))
    journal.record(Instant(1000.0), first, node.handle(first, Instant(1000.0)))
    for number, event in enumerate((link(), ra_a(), link(interrupted=True), ra_b(), DeadlineReached(), ra_home())):
        at = Instant(1001.0 + number)
        journal.record(at, event, node.handle(event, at))
    assert replay(journal.entries(), MobileNode(KnownEntropy())) == []
    assert replay(journal.entries()[1:], MobileNode(KnownEntropy())) != [], "without its beginning it is another day"


def test_the_ring_forgets_the_oldest_and_says_how_many() -> None:
    journal = Journal(capacity=2)
    for number in range(5):
        journal.record(Instant(number), DeadlineReached(), [])
    assert [entry.at for entry in journal.entries()] == [3.0, 4.0]
    assert journal.dropped == 3
