# SPDX-License-Identifier: GPL-2.0-or-later
"""Known routers are asked before everybody is, and what they answer at once is acted upon in between."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv6Address

from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import Event, LinkChanged, Resumed
from mnclient.runtime.node import Node
from mnclient.units import Instant
from mnclient.wire.icmpv6 import EchoRequest
from mnclient.wire.neighbor_discovery import NeighborSolicitation, RouterSolicitation
from mnclient.wire.packet import Packet

HERE, THERE = IPv6Address("fe80::5"), IPv6Address("fe80::1")
UP = LinkChanged(interface="eth0", is_up=True, link_layer_address=bytes(6))
ANSWER = Resumed()  # in place of a Neighbor Advertisement: any other event


def send(message: NeighborSolicitation | RouterSolicitation | EchoRequest) -> SendPacket:
    return SendPacket(packet=Packet(source=HERE, destination=THERE, message=message))


SOLICITATION = send(RouterSolicitation(options=()))
PROBE = send(NeighborSolicitation(target=THERE, options=()))
UPDATE = send(EchoRequest(identifier=1, sequence=1, data=b""))  # in place of a Binding Update: any other packet


class Answers:
    """In place of the engine: certain actions to each event."""

    def __init__(self, answers: dict[Event, list[Action]]) -> None:
        self._answers = answers

    def handle(self, event: Event, now: Instant) -> list[Action]:
        return self._answers[event]

    def next_deadline(self) -> None:
        return None


class Link:
    """In place of the network: what is sent, in words; and when it is asked, there may be something to read."""

    def __init__(self, reads: Callable[[], None]) -> None:
        self.story: list[str] = []
        self.solicited = asyncio.Event()
        self._reads = reads

    def catch_up(self) -> None:
        self._reads()

    def send(self, action: SendPacket) -> None:
        self.story.append(type(action.packet.message).__name__)
        if isinstance(action.packet.message, RouterSolicitation):
            self.solicited.set()


async def story_of(*actions: Action, answered: bool = False) -> list[str]:
    node = Node(lambda action: None)
    network = Link(lambda: node._queue.append(ANSWER) if answered else None)
    node._engine, node._network = Answers({UP: list(actions), ANSWER: [UPDATE]}), network  # type: ignore[assignment]
    node._deliver(UP)
    running = asyncio.create_task(node._run())
    async with asyncio.timeout(10):
        await network.solicited.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return network.story


async def test_probes_leave_before_the_solicitation() -> None:
    assert await story_of(SOLICITATION, PROBE, PROBE) == [
        "NeighborSolicitation",
        "NeighborSolicitation",
        "RouterSolicitation",
    ]


async def test_the_answer_to_a_probe_is_acted_upon_before_the_solicitation() -> None:
    story = await story_of(SOLICITATION, PROBE, answered=True)
    assert story == ["NeighborSolicitation", "EchoRequest", "RouterSolicitation"]


async def test_where_nobody_is_known_the_solicitation_leaves_at_once() -> None:
    assert await story_of(SOLICITATION, answered=True) == ["RouterSolicitation"]
