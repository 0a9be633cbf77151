# SPDX-License-Identifier: GPL-2.0-or-later
"""The Binding Update leaves before what serves payload alone, and nothing that needs the rest leaves before it."""

from collections.abc import Callable
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import Action, SendPacket, SetNetworkState
from mnclient.engine.events import Event, LinkChanged, Resumed
from mnclient.model.network_state import EMPTY, NetworkState
from mnclient.network.plan import Operation, can_follow_the_update, is_tidying
from mnclient.runtime.node import Node
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.icmpv6 import EchoRequest
from mnclient.wire.packet import Packet

HERE, THERE = IPv6Address("2001:db8:2::5"), IPv6Address("2001:db8:1::1")
STATE = SetNetworkState(owner="test", state=EMPTY)
UPDATE = SendPacket(
    packet=Packet(
        source=HERE,
        destination=THERE,
        message=BindingUpdate(sequence=1, lifetime=Seconds(60), acknowledge=True, home_registration=True),
    )
)
QUESTION = SendPacket(
    packet=Packet(source=HERE, destination=THERE, message=EchoRequest(identifier=1, sequence=1, data=b""))
)
NAMES: dict[object, str] = {None: "everything", can_follow_the_update: "urgent", is_tidying: "all but tidying"}


class Answers:
    """In place of the engine: the same actions to every event."""

    def __init__(self, *actions: Action) -> None:
        self._actions = list(actions)

    def handle(self, event: Event, now: Instant) -> list[Action]:
        return self._actions

    def next_deadline(self) -> None:
        return None


class Written:
    """In place of the network: what was asked of it, in words."""

    def __init__(self) -> None:
        self.story: list[str] = []

    async def set_state(
        self, owner: str, state: NetworkState, put_off: Callable[[Operation], bool] | None = None
    ) -> None:
        self.story.append(NAMES[put_off])

    def send(self, action: SendPacket) -> None:
        self.story.append(type(action.packet.message).__name__)

    def complete(self) -> None:
        self.story.append("the rest")

    def complete_soon(self) -> None:
        self.story.append("the rest soon")


async def story_of(event: Event, *actions: Action) -> list[str]:
    node, network = Node(lambda action: None), Written()
    node._engine, node._network = Answers(*actions), network  # type: ignore[assignment]
    await node._step(event)
    return network.story


DOWN = LinkChanged(interface="eth0", is_up=False, link_layer_address=bytes(6))


@pytest.mark.parametrize("event", [Resumed(), DOWN])
async def test_the_update_goes_first(event: Event) -> None:
    assert await story_of(event, STATE, UPDATE) == ["urgent", "BindingUpdate", "the rest"]


async def test_what_may_need_the_rest_waits_for_it() -> None:
    story = await story_of(Resumed(), QUESTION, STATE, UPDATE, QUESTION, QUESTION)
    assert story == ["EchoRequest", "urgent", "BindingUpdate", "the rest", "EchoRequest", "EchoRequest", "the rest"]
    assert await story_of(Resumed(), STATE, QUESTION, UPDATE) == [
        "urgent", "the rest", "EchoRequest", "BindingUpdate", "the rest",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "event", [DOWN, LinkChanged(interface="eth0", is_up=True, interrupted=True, link_layer_address=bytes(6))]
)
async def test_a_dead_link_is_tidied_up_when_there_is_time(event: Event) -> None:
    assert await story_of(event, QUESTION, STATE) == ["EchoRequest", "all but tidying", "the rest soon"]


@pytest.mark.parametrize("event", [Resumed(), LinkChanged(interface="eth0", is_up=True, link_layer_address=bytes(6))])
async def test_otherwise_nothing_is_put_off(event: Event) -> None:
    assert await story_of(event, STATE, QUESTION) == ["everything", "EchoRequest"]
