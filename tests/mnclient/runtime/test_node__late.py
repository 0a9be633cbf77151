# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that is too busy to look at its packets must not take that for silence."""

import asyncio

import pytest

from mnclient.engine.events import DeadlineReached, Event, NetworkStateRestored
from mnclient.runtime.node import LATEST, Node
from mnclient.units import Instant, Seconds, after


class Scene:
    """A node whose engine has one deadline, and whose network has heard something that nobody has read."""

    def __init__(self, unread: list[Event]) -> None:
        self.node = Node(lambda action: None)
        self.seen: list[tuple[Event, Instant]] = []
        self.deadline: Instant | None = Instant(100.0)
        self.clock = Instant(100.5)
        self._unread = unread
        self._handled = asyncio.Semaphore(0)
        self.node.now = lambda: self.clock
        self.node._engine = self
        self.node._network.catch_up = self.catch_up

    def catch_up(self) -> None:
        for event in self._unread:
            self.node._deliver(event)
        self._unread = []

    def handle(self, event: Event, now: Instant) -> list:
        self.seen.append((event, now))
        self._handled.release()
        if self.deadline is not None and now >= self.deadline:
            self.deadline = None
        return []

    def next_deadline(self) -> Instant | None:
        return self.deadline

    async def run_until(self, count: int) -> None:
        task = asyncio.ensure_future(self.node._run())
        self.node._wake.set()
        async with asyncio.timeout(5):
            for _ in range(count - len(self.seen)):
                await self._handled.acquire()
        task.cancel()


HEARD = [NetworkStateRestored(owner=name) for name in "abc"]


async def test_what_was_there_before_the_deadline_was_noticed_is_heard_first():
    scene = Scene(HEARD)
    scene.node._deadline_came()
    await scene.run_until(4)
    assert [event for event, _ in scene.seen] == [*HEARD, DeadlineReached()]
    assert all(now < 100.0 for _, now in scene.seen[:3]), "they came before it"
    assert scene.seen[3][1] == 100.5


async def test_an_event_that_is_late_itself_lets_the_others_go_first():
    scene = Scene(HEARD[1:])
    scene.node._deliver(HEARD[0])
    await scene.run_until(3)
    assert [event for event, _ in scene.seen] == HEARD
    assert all(now < 100.0 for _, now in scene.seen)
    assert scene.deadline == 100.0, "it is still to come"


async def test_after_a_sleep_what_is_heard_is_of_now():
    scene = Scene(HEARD[1:])
    scene.clock = after(Instant(100.0), Seconds(LATEST))
    scene.node._deliver(HEARD[0])
    await scene.run_until(1)
    assert scene.seen == [(HEARD[0], scene.clock)]


@pytest.mark.parametrize("ahead", [0.001, 50.0])
async def test_in_time_nothing_is_changed(ahead):
    scene = Scene([])
    scene.clock = Instant(100.0 - ahead)
    scene.node._deliver(HEARD[0])
    await scene.run_until(1)
    assert scene.seen == [(HEARD[0], scene.clock)]


async def test_time_never_goes_back():
    scene = Scene([])
    scene.node._deliver(HEARD[0])
    await scene.run_until(1)
    scene.deadline = Instant(99.0)
    scene.node._deliver(HEARD[1])
    await scene.run_until(2)
    first, second = (now for _, now in scene.seen)
    assert second >= first
