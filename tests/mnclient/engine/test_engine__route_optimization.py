# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node and a correspondent, both of them whole engines, on one clock; messages go from hand to hand."""

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import Action, AskRouteUse, SendPacket, SetNetworkState
from mnclient.engine.engine import Engine
from mnclient.engine.events import Configured, DatapathChosen, DeadlineReached, Event, PacketReceived, RouteUseKnown
from mnclient.model.config import CorrespondentNodeConfig, NodeConfig
from mnclient.model.network_state import OptimizationEnd, RouteOptimization
from mnclient.model.status import CorrespondentState as State
from mnclient.model.status import CorrespondentStatus
from mnclient.units import Instant
from mnclient.wire.binding import BindingError, BindingUpdate
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit
from tests.mnclient.engine.home_agent.script import FakeEntropy
from tests.mnclient.engine.mobile_node.peer import PEER, Peer, open_config
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, ack, config, link, only, ra_a, ra_b, ra_home

Reaches = Callable[[Packet], bool]


class World:
    """Both nodes, and a home agent that accepts everything. `reaches` says of each packet whether it gets there."""

    def __init__(self) -> None:
        self.now = Instant(1000.0)
        self.mobile, self.correspondent = Engine(FakeEntropy()), Engine(FakeEntropy())
        self.reaches: Reaches = lambda packet: True
        self.is_home = False
        self.is_in_use = True
        self.seen: list[Packet] = []
        self.routes: dict[str, frozenset[RouteOptimization]] = {}
        self.start_correspondent()
        self.give(DatapathChosen(route_optimization=True))
        self.give(Configured(config=NodeConfig(mobile_node=open_config())))
        self.give(link())

    def start_correspondent(self) -> None:
        """It knows nothing of before."""
        self.correspondent = Engine(FakeEntropy())
        self.routes = {owner: found for owner, found in self.routes.items() if owner.startswith("mobile-node")}
        role = NodeConfig(correspondent_node=CorrespondentNodeConfig())
        for event in (DatapathChosen(route_optimization=True), Configured(config=role)):
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
        if packet.destination == AGENT:
            waiting.extend((self.mobile, each) for each in self.mobile.handle(ack(action), self.now))
            return
        if packet.destination not in (PEER, HOME, self.care_of):
            return
        self.seen.append(packet)
        if not self.reaches(packet):
            return
        engine = self.correspondent if packet.destination == PEER else self.mobile
        is_tunnelled = packet.destination == HOME and not self.is_home
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
        self.give(Peer().heard())

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

    def check_direct(self) -> None:
        """Both ends send directly, by the same addresses."""
        assert self.status.state is State.DIRECT
        mine, theirs = self.route(OptimizationEnd.MOBILE_NODE), self.route(OptimizationEnd.CORRESPONDENT)
        assert mine is not None
        assert theirs is not None
        assert mine.care_of_address == theirs.care_of_address == self.care_of
        assert (mine.outgoing, mine.incoming, theirs.outgoing, theirs.incoming) == (True,) * 4


def direct() -> World:
    world = World()
    world.give(ra_a())
    world.hear()
    world.check_direct()
    return world


def kinds(world: World) -> list[str]:
    return [type(packet.message).__name__ for packet in world.seen]


@pytest.mark.requirement("MN-11.6.1-01", "MN-11.7.2-11", "MN-11.7.3-04")
def test_the_whole_procedure_takes_six_messages():
    world = direct()
    assert sorted(kinds(world)) == [
        "BindingAcknowledgement",
        "BindingUpdate",
        "CareOfTest",
        "CareOfTestInit",
        "HomeTest",
        "HomeTestInit",
    ]
    assert world.bindings == [world.care_of]


@pytest.mark.requirement("MN-5.2.7-01", "MN-11.7.2-01")
def test_a_move_takes_four():
    world = direct()
    world.pass_time(60.0)
    world.seen.clear()
    world.move(ra_b())
    world.check_direct()
    assert kinds(world) == ["CareOfTestInit", "CareOfTest", "BindingUpdate", "BindingAcknowledgement"]
    world.move(ra_a())
    world.check_direct()


def test_a_route_in_use_stays_direct_for_an_hour():
    world = direct()
    for _ in range(720):
        world.give(ra_a())
        world.pass_time(5.0)
        world.check_direct()
    assert kinds(world).count("BindingUpdate") < 30


def test_a_route_not_in_use_ends_at_both_ends():
    world = direct()
    world.is_in_use = False
    world.pass_time(425.0)
    assert world.status.state is State.TUNNELLED
    assert world.bindings == []
    assert world.route(OptimizationEnd.MOBILE_NODE) is None


@pytest.mark.requirement("MN-11.7.2-08", "MN-11.7.2-09")
def test_at_home_nothing_is_left():
    world = direct()
    world.move(ra_home(), home=True)
    assert world.bindings == []
    assert world.mobile.status(world.now).correspondents == ()
    assert world.route(OptimizationEnd.MOBILE_NODE) is world.route(OptimizationEnd.CORRESPONDENT) is None


@pytest.mark.requirement("MN-11.7.2-08", "MN-11.7.2-09")
def test_at_home_after_the_tokens_ended_nothing_is_left_either():
    world = direct()
    world.is_in_use = False
    world.pass_time(215.0)
    world.give(ra_a())
    world.seen.clear()
    world.move(ra_home(), home=True)
    assert kinds(world) == ["HomeTestInit", "HomeTest", "BindingUpdate", "BindingAcknowledgement"]
    assert world.bindings == []


@pytest.mark.requirement("MN-11.7.2-04")
def test_privacy_switched_on_deletes_the_binding_from_abroad():
    world = direct()
    world.give(Configured(config=NodeConfig(mobile_node=config())))
    assert world.bindings == []
    assert world.status.state is State.TUNNELLED


@pytest.mark.requirement("MN-11.3.6-04")
def test_a_correspondent_that_was_restarted_says_so_when_it_is_talked_to():
    world = direct()
    world.pass_time(20.0)
    world.start_correspondent()
    error = BindingError(status=1, home_address=HOME)
    assert world.care_of is not None
    packet = Packet(source=PEER, destination=world.care_of, message=error)
    world.give(PacketReceived(interface="eth0", packet=packet))
    assert world.status.state is State.TUNNELLED
    world.pass_time(2.0)
    world.hear()
    world.check_direct()


def test_a_correspondent_that_was_restarted_is_found_out_by_its_payload():
    world = direct()
    world.pass_time(40.0)
    world.start_correspondent()
    world.hear()
    world.check_direct()


def test_a_mobile_node_that_was_restarted_goes_on():
    world = direct()
    stored = world.mobile.snapshot(world.now)
    world.mobile, world.routes = Engine(FakeEntropy()), {}
    world.mobile.restore(stored, world.now)
    world.give(DatapathChosen(route_optimization=True))
    world.give(Configured(config=NodeConfig(mobile_node=open_config())))
    world.give(link())
    world.give(ra_b())
    world.pass_time(1.0)
    assert world.status.state is State.DIRECT
    assert world.bindings == [world.care_of]


@pytest.mark.requirement("MN-11.8-04", "MN-11.8-08")
@pytest.mark.parametrize("first", [0, 1])
def test_every_second_packet_lost_in_each_direction(first):
    world = World()
    counts = {PEER: itertools.count(first), None: itertools.count(first)}
    world.reaches = lambda packet: next(counts[PEER if packet.destination == PEER else None]) % 2 == 0
    world.give(ra_a())
    for event in (ra_a(), ra_b(), ra_a()):
        world.move(event)
        for _ in range(60):
            world.hear()
            if world.status.state is State.DIRECT:
                break
            world.pass_time(2.0)
        world.check_direct()
    world.move(ra_home(), home=True)
    world.pass_time(60.0)
    assert world.bindings == []


@pytest.mark.parametrize("lost", [HomeTestInit, CareOfTestInit, BindingUpdate])
def test_what_is_filtered_out_leaves_the_tunnel(lost):
    world = World()
    world.reaches = lambda packet: not isinstance(packet.message, lost)
    world.give(ra_a())
    world.hear()
    world.pass_time(100.0)
    assert world.status.state is State.UNRESPONSIVE
    route = world.route(OptimizationEnd.MOBILE_NODE)
    assert route is None or not route.outgoing


def test_a_correspondent_without_the_role_is_left_alone_at_once():
    world = World()
    off = DatapathChosen(route_optimization=False)
    world.perform(world.correspondent, world.correspondent.handle(off, world.now))
    world.give(ra_a())
    world.hear()
    assert world.status.state is State.UNRESPONSIVE
    assert len(world.seen) <= 4


def test_a_replayed_acknowledgement_changes_nothing():
    world = direct()
    (acknowledgement,) = [packet for packet in world.seen if packet.routing_home_address == HOME]
    world.move(ra_b())
    world.check_direct()
    before = world.status
    assert world.care_of is not None
    event = PacketReceived(interface="eth0", packet=replace(acknowledgement, destination=world.care_of))
    world.give(event)
    assert world.status == before
