# SPDX-License-Identifier: GPL-2.0-or-later
"""The node notices that the machine slept, and says so to the engine once."""

from mnclient.engine.events import Event, Resumed
from mnclient.runtime.node import ONE_RESUME, Node
from mnclient.units import Instant


class Clocked(Node):
    """A node with a clock that is turned by hand."""

    instant = Instant(1000.0)

    def now(self) -> Instant:
        return self.instant

    def queued(self) -> list[Event]:
        return list(self._queue)


def test_two_who_speak_of_the_same_waking_up_are_heard_once() -> None:
    node = Clocked(lambda action: None)
    node.resumed()
    node.instant = Instant(node.instant + ONE_RESUME / 2)
    node.resumed()
    assert node.queued() == [Resumed()]
    node.instant = Instant(node.instant + 3600.0)
    node.resumed()
    assert node.queued() == [Resumed(), Resumed()]
