# SPDX-License-Identifier: GPL-2.0-or-later
"""What is only to be told waits for what is to be done, but not for ever, and is never lost."""

import asyncio

from mnclient.engine.actions import Action, Note
from mnclient.engine.events import Event, Resumed, Stopping
from mnclient.runtime.node import EVENTS_PER_TURN, Node
from mnclient.units import Instant


class OneNoteForEach:
    """In place of the engine: one note for each event, and a defect at `Stopping`."""

    def __init__(self, story: list[str]) -> None:
        self._story = story

    def handle(self, event: Event, now: Instant) -> list[Action]:
        if isinstance(event, Stopping):
            raise RuntimeError("a defect")
        self._story.append("handled")
        return [Note(kind="test", text="")]

    def next_deadline(self) -> None:
        return None


async def story_of(count: int) -> list[str]:
    """What happened in which order: so many events that come at once, then a defect."""
    story: list[str] = []
    node = Node(lambda action: story.append("told"))
    node._engine = OneNoteForEach(story)  # type: ignore[assignment]
    for event in (*[Resumed()] * count, Stopping()):
        node._deliver(event)
    (defect,) = await asyncio.gather(node._run(), return_exceptions=True)
    assert isinstance(defect, RuntimeError)
    return story


async def test_what_waits_is_handled_first_and_a_defect_loses_nothing() -> None:
    assert await story_of(3) == ["handled"] * 3 + ["told"] * 3


async def test_a_flood_is_told_of_now_and_then() -> None:
    story = await story_of(EVENTS_PER_TURN + 1)
    assert story[:EVENTS_PER_TURN] == ["handled"] * EVENTS_PER_TURN
    assert story[EVENTS_PER_TURN : 2 * EVENTS_PER_TURN] == ["told"] * EVENTS_PER_TURN


async def test_what_is_to_be_told_is_told_when_nothing_waits() -> None:
    told = asyncio.Event()
    node = Node(lambda action: told.set())
    node._engine = OneNoteForEach([])  # type: ignore[assignment]
    node._deliver(Resumed())
    task = asyncio.create_task(node._run())
    async with asyncio.timeout(10):
        await told.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
