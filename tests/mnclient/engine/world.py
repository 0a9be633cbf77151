# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node and a correspondent, both of them whole engines, on one clock."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Self

from mnclient.engine.actions import Action, AskRouteUse, SendPacket, SetNetworkState
from mnclient.engine.engine import Engine
from mnclient.engine.events import Configured, DatapathChosen, DeadlineReached, Event, PacketReceived, RouteUseKnown
from mnclient.engine.machine import Entropy
from mnclient.model.config import CorrespondentNodeConfig, NodeConfig
from mnclient.model.generated_address import GeneratedAddress
from mnclient.model.network_state import OptimizationEnd, RouteOptimization
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.status import CorrespondentState as State
from mnclient.model.status import CorrespondentStatus
from mnclient.units import Instant, Seconds, after
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.engine.correspondent_node.script import SeededEntropy
from tests.mnclient.engine.home_agent.script import FakeEntropy
from tests.mnclient.engine.mobile_node.peer import PEER, Peer, open_config
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, ack, home, link, only, ra_a

Reaches = Callable[[Packet], bool]


class World:
    """Both nodes, and a home agent that accepts everything. `reaches` says of each packet whether it gets there.

    Both share the keys `precomputed`, if there are any. With `generated` that is the home address, and the
    correspondent `believes` such addresses.
    """

    def __init__(
        self, *precomputed: PrecomputedKey, generated: GeneratedAddress | None = None, believes: bool = True
    ) -> None:
        self.precomputed = precomputed
        self.generated = generated
        self.home_address = HOME if generated is None else generated.address
        self.believes = believes and generated is not None
        self._seeds = itertools.count()
        self.now = Instant(1000.0)
        self.mobile, self.correspondent = Engine(self.entropy()), Engine(self.entropy())
        self.trace: list[RouteOptimization] = []
        self.reaches: Reaches = lambda packet: True
        self.is_home = False
        self.is_in_use = True
        self.seen: list[Packet] = []
        self.routes: dict[str, frozenset[RouteOptimization]] = {}
        self.start_correspondent()
        self.start_mobile()

    def entropy(self) -> Entropy:
        """Zeros, where nothing hangs on what is drawn; else no two nodes or starts draw the same."""
        return FakeEntropy() if self.generated is None else SeededEntropy(next(self._seeds))

    def start_mobile(self) -> None:
        """It has just been switched on."""
        keys = () if self.generated is None else (self.generated,)
        role = open_config(home(self.home_address), precomputed_keys=self.precomputed, generated_addresses=keys)
        self.give(DatapathChosen(route_optimization=True))
        self.give(Configured(config=NodeConfig(mobile_node=role)))
        self.give(link())

    def start_correspondent(self) -> None:
        """It knows nothing of before, but for what is kept on disk."""
        stored = self.correspondent.snapshot(self.now)
        self.correspondent = Engine(self.entropy())
        self.correspondent.restore(stored, self.now)
        self.routes = {owner: found for owner, found in self.routes.items() if owner.startswith("mobile-node")}
        role = CorrespondentNodeConfig(precomputed_keys=self.precomputed, generated_addresses=self.believes)
        config = NodeConfig(correspondent_node=role)
        for event in (DatapathChosen(route_optimization=True), Configured(config=config)):
            self.perform(self.correspondent, self.correspondent.handle(event, self.now))

    def give(self, event: Event) -> None:
        self.perform(self.mobile, self.mobile.handle(event, self.now))

    def perform(self, engine: Engine, actions: list[Action]) -> None:
        waiting = deque((engine, action) for action in actions)
        while waiting:
            source, action = waiting.popleft()
            match action:
                case SetNetworkState():
                    self.routes[action.owner] = action.state.route_optimizations
                    self.trace += action.state.route_optimizations
                case AskRouteUse():
                    last = self.now if self.is_in_use else None
                    answer = RouteUseKnown(end=action.end, home_address=action.home_address,
                                           correspondent=action.correspondent, last_used=last)  # fmt: skip
                    waiting.extend((source, each) for each in source.handle(answer, self.now))
                case SendPacket():
                    self.carry(action, waiting)
                case _:
                    pass

    def carry(self, action: SendPacket, waiting: deque[tuple[Engine, Action]]) -> None:
        packet = decode_packet(encode_packet(action.packet))
        if packet.destination == AGENT and not isinstance(packet.message, BindingUpdate):
            self.seen.append(packet)
            return
        if packet.destination == AGENT:
            waiting.extend((self.mobile, each) for each in self.mobile.handle(ack(action), self.now))
            return
        if packet.destination not in (PEER, self.home_address, self.care_of):
            return
        self.seen.append(packet)
        if not self.reaches(packet):
            return
        engine = self.correspondent if packet.destination == PEER else self.mobile
        is_tunnelled = packet.destination == self.home_address and not self.is_home
        event = PacketReceived(interface="eth0", packet=packet, through_tunnel=is_tunnelled)
        waiting.extend((engine, each) for each in engine.handle(event, self.now))

    def pass_time(self, seconds: float) -> None:
        end = Instant(self.now + seconds)
        for _ in range(10_000):
            due = [(at, engine) for engine in (self.mobile, self.correspondent)
                   if (at := engine.next_deadline()) is not None and at <= end]  # fmt: skip
            if not due:
                break
            at, engine = min(due, key=lambda each: each[0])
            self.now = max(self.now, at)
            self.perform(engine, engine.handle(DeadlineReached(), self.now))
        else:
            raise AssertionError("the nodes never rest")
        self.now = end

    def move(self, event: PacketReceived, *, home: bool = False) -> None:
        self.is_home = home
        self.give(link(interrupted=True))
        self.give(event)

    def hear(self) -> None:
        """A payload packet of the correspondent comes through the tunnel."""
        self.give(Peer().heard(self.home_address))

    @property
    def care_of(self) -> IPv6Address | None:
        return next((each.care_of_address for each in self.mobile.status(self.now).home_addresses), None)

    @property
    def status(self) -> CorrespondentStatus:
        return only(self.mobile.status(self.now).correspondents)

    @property
    def bindings(self) -> list[IPv6Address]:
        """The care-of addresses the correspondent believes in."""
        return [each.care_of_address for each in self.correspondent.binding_cache(self.now)]

    def route(self, end: OptimizationEnd) -> RouteOptimization | None:
        return next((route for found in self.routes.values() for route in found if route.end is end), None)

    def kinds(self) -> list[str]:
        """What was sent, by the names of the messages."""
        return [type(packet.message).__name__ for packet in self.seen]

    def become_direct(self) -> Self:
        """The mobile node is in network A, and packets go directly. Returns itself."""
        self.give(ra_a())
        self.hear()
        self.check_direct()
        return self

    def check_direct(self) -> None:
        """Both ends send directly, by the same addresses."""
        assert self.status.state is State.DIRECT
        mine, theirs = self.route(OptimizationEnd.MOBILE_NODE), self.route(OptimizationEnd.CORRESPONDENT)
        assert mine is not None
        assert theirs is not None
        assert mine.care_of_address == theirs.care_of_address == self.care_of
        assert (mine.outgoing, mine.incoming, theirs.outgoing, theirs.incoming) == (True,) * 4


class Distant(World):
    """Messages take `delay`, and `reaches` is asked about those to and from the home agent too."""

    def __init__(self, delay: Seconds, generated: GeneratedAddress | None = None) -> None:
        self.delay = delay
        self._under_way: list[tuple[Instant, int, Callable[[], None]]] = []
        self._number = itertools.count()
        super().__init__(generated=generated)

    def carry(self, action: SendPacket, waiting: deque[tuple[Engine, Action]]) -> None:
        packet = decode_packet(encode_packet(action.packet))
        if packet.destination not in (AGENT, PEER, self.home_address, self.care_of):
            return
        self.seen.append(packet)
        if self.reaches(packet):
            self._later(lambda: self._arrive(action, packet))

    def _arrive(self, action: SendPacket, packet: Packet) -> None:
        if packet.destination == AGENT:
            answer = ack(action)
            if self.reaches(answer.packet):
                self._later(lambda: self.give(answer))
            return
        engine = self.correspondent if packet.destination == PEER else self.mobile
        is_tunnelled = packet.destination == self.home_address and not self.is_home
        event = PacketReceived(interface="eth0", packet=packet, through_tunnel=is_tunnelled)
        self.perform(engine, engine.handle(event, self.now))

    def _later(self, happening: Callable[[], None]) -> None:
        heapq.heappush(self._under_way, (after(self.now, self.delay), next(self._number), happening))

    def pass_time(self, seconds: float) -> None:
        end = Instant(self.now + seconds)
        while self._under_way and self._under_way[0][0] <= end:
            at, _, happening = self._under_way[0]
            super().pass_time(at - self.now)
            if self._under_way[0][0] == at:
                heapq.heappop(self._under_way)
                happening()
        super().pass_time(end - self.now)
