# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever happens to a node and its correspondents, in whatever order: nothing raises, and the rules are kept."""

from collections import defaultdict
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnclient.constants import MAX_UPDATE_RATE
from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import AddressSettled, DatapathChosen, DeadlineReached, Event, NetworkStateFailed, Stopping
from mnclient.engine.mobile_node.correspondent import TABLE, Correspondent, Input
from mnclient.engine.mobile_node.mobile_node import OWNER
from mnclient.model.config import CorrespondentPolicy, OptimizationUse, RouteOptimizationConfig
from mnclient.model.status import CorrespondentState as State
from mnclient.model.status import HomeAddressState
from mnclient.units import Instant
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.packet import encode_packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit
from tests.mnclient.engine.mobile_node.peer import (
    PEER,
    Abroad,
    Peer,
    arrived,
    care_of_inits,
    home_inits,
    open_config,
    told,
    told_home,
)
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    HOME_PREFIX,
    ack,
    binding_error,
    config,
    home,
    link,
    ra_a,
    ra_b,
    ra_home,
)

PEERS = [Peer(IPv6Address(int(PEER) + number)) for number in range(3)]
SECOND = home(IPv6Address("2001:db8:1::200"), HOME_PREFIX, AGENT)
NAMED = RouteOptimizationConfig(
    use=OptimizationUse.ONLY_THESE,
    correspondents=(CorrespondentPolicy(prefix=IPv6Network((int(PEER), 128)), allow=True),),
    location_privacy=False,
)
CONFIGURATIONS = (open_config(), open_config(home(), SECOND), config(), open_config(route_optimization=NAMED), None)
STEPS = (
    (20, [("wait", 0.3), ("wait", 1.0), ("wait", 5.0), ("wait", 40.0), ("wait", 150.0)]),
    (4, [ra_a(), ra_b(), ra_home()]),
    (4, [("move", ra_a()), ("move", ra_b()), ("move", ra_home())]),
    (1, [link(up=False), link(), ra_a(lifetime=0.0), binding_error()]),
    (8, [("go", ra_a()), ("go", ra_b()), ("go", ra_home())]),
    (20, [("home ack",)]),
    (20, [("bind", number) for number in range(3)]),
    (12, [("heard", number) for number in range(3)]),
    (20, [("home test", number) for number in range(3)]),
    (20, [("care-of test", number) for number in range(3)]),
    (20, [("ack", number, 0, True) for number in range(3)]),
    (4, [("ack", number, status, True) for number in range(3) for status in (128, 129, 135, 135, 174)]),
    (4, [("ack", number, status, False) for number in range(3) for status in (136, 137, 138)]),
    (
        8,
        [
            ("renew", number, "ack", number, status, True)
            for number in range(3)
            for status in (0, 0, 128, 135, 138, 174)
        ],
    ),
    (3, [("renew", number, "error", number, 2) for number in range(3)]),
    (1, [("ack", number, 0, False) for number in range(3)]),
    (6, [("use", number, used) for number in range(3) for used in (0.0, 10.0, 500.0, None)]),
    (4, [("error", number, status) for number in range(3) for status in (1, 1, 2)]),
    (2, [("problem", number) for number in range(3)]),
    (2, [("request", number) for number in range(3)]),
    (1, [("refused", number) for number in range(3)]),
    (1, [("configure", each) for each in CONFIGURATIONS]),
    (4, [("configure", open_config())]),
    (1, [DatapathChosen(route_optimization=False), DatapathChosen(route_optimization=True), Stopping()]),
    (3, [DatapathChosen(route_optimization=True)]),
    (1, [("sleep", 10.0), ("sleep", 300.0), DeadlineReached()]),
)
CHOICES = [step for _, group in STEPS for step in group]


class Watch:
    """Checks after every step what must always hold."""

    def __init__(self) -> None:
        self.script = Abroad()
        self.sent: dict[tuple[type, IPv6Address], list[float]] = defaultdict(list)
        self.acknowledged: set[IPv6Address] = {self.script.care_of}
        self.is_private = False

    def step(self, step: Event | tuple) -> None:
        script = self.script
        if not isinstance(step, tuple):
            self.look(script.give(step))
        elif step[0] == "wait":
            start = script.now
            for moment, action in script.timeline(step[1]):
                self.look([action], start + moment)
        elif step[0] == "sleep":
            self.look(script.sleep(step[1]))
        elif step[0] == "configure":
            if step[1] is not None:
                self.is_private = step[1].route_optimization.location_privacy
            self.look(script.configure(step[1]))
        elif step[0] in ("move", "go"):
            self.look(script.give(link(interrupted=True)))
            self.look(script.give(step[1]))
            if step[0] == "go":
                self.step(("home ack",))
                self.look(script.give(AddressSettled(interface="eth0", address=HOME)))
        elif step[0] == "renew":
            for each in (("use", step[1], 0.0), step[2:]):
                self.step(each)
        elif step[0] == "bind":
            for kind in ("heard", "home test", "care-of test"):
                self.step((kind, step[1]))
            self.step(("ack", step[1], 0, True))
        else:
            for event in self.events(*step):
                self.look(script.give(event))
        self.check()

    def events(self, kind: str, number: int = 0, *rest) -> list[Event]:
        """What such a step brings; nothing when there is nothing to answer."""
        peer, script = PEERS[number], self.script
        asked = [each for each in script.actions[-60:] if isinstance(each, SendPacket)]
        mine = [each for each in asked if each.packet.destination == peer.address]
        simple = {"heard": peer.heard(), "request": peer.refresh_request()}
        if kind in simple:
            return [simple[kind]]
        if kind == "home ack":
            return [ack(each) for each in told_home(asked)[-1:]]
        if kind == "home test":
            is_home = script.where_or_none is HomeAddressState.AT_HOME
            return [replace(peer.home_test(each), through_tunnel=not is_home) for each in home_inits(mine)[-1:]]
        if kind == "care-of test":
            return [peer.care_of_test(each) for each in care_of_inits(mine)[-1:]]
        if kind == "ack":
            return [peer.acknowledge(each, rest[0], signed=rest[1]) for each in told(mine)[-1:]]
        if kind == "use":
            return [peer.use(None if rest[0] is None else script.now - rest[0])]
        if kind == "refused":
            return [NetworkStateFailed(owner=f"{OWNER}:route:{HOME}:{peer.address}", item="x", reason="y")]
        care_of = next((e.care_of_address for e in script.node.home_addresses(script.now)), None) or HOME
        if kind == "problem":
            problems = [ParameterProblem(code=1, pointer=6, packet=encode_packet(e.packet)) for e in mine[-1:]]
            return [arrived(peer.address, care_of, problem) for problem in problems]
        return [peer.lost_binding(care_of, rest[0])]

    def look(self, actions: list[Action], moment: float | None = None) -> None:
        script = self.script
        if script.where_or_none in (HomeAddressState.REGISTERED, HomeAddressState.AT_HOME):
            status = script.home_address()
            self.acknowledged.add(status.care_of_address or HOME)
        for action in actions:
            if not isinstance(action, SendPacket) or action.packet.destination not in {p.address for p in PEERS}:
                continue
            packet = action.packet
            encode_packet(packet)
            assert isinstance(packet.message, HomeTestInit | CareOfTestInit | BindingUpdate)
            times = self.sent[type(packet.message), packet.destination]
            times.append(script.now if moment is None else moment)
            if len(times) > MAX_UPDATE_RATE:
                assert times[-1] - times[-1 - MAX_UPDATE_RATE] >= 1.0 - 1e-6
            if isinstance(packet.message, BindingUpdate):
                assert packet.source in self.acknowledged, "not before the home agent has answered"
            if self.is_private and isinstance(packet.message, BindingUpdate):
                assert packet.message.lifetime == 0
            assert not (self.is_private and isinstance(packet.message, CareOfTestInit))

    def check(self) -> None:
        script = self.script
        deadline = script.node.next_deadline()
        assert deadline is None or deadline >= script.now
        known = {(each.home_address, each.address): each for each in script.node.correspondents(script.now)}
        assert len(known) <= 2 * len(PEERS)
        mine = {each.address for each in script.state.addresses}
        for route in script.routes:
            status = known[route.home_address, route.correspondent]
            assert status.expires is not None
            assert status.expires >= script.now
            assert {route.care_of_address, *route.accept_local} <= mine
            if route.outgoing:
                assert status.state is State.DIRECT
                assert route.care_of_address == script.home_address(route.home_address).care_of_address
        for each in known.values():
            if each.state is State.DIRECT:
                assert not self.is_private
                assert any(r.correspondent == each.address and r.outgoing for r in script.routes)
        stored = script.node.snapshot(script.now)
        assert len(stored.optimizations) <= 64
        assert len(stored.correspondents) <= len(PEERS)


@pytest.mark.requirement("MN-11.7.2-05", "MN-11.8-07", "MN-11.3.1-06")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(CHOICES), min_size=10, max_size=60))
def test_any_sequence_of_events(steps):
    watch = Watch()
    for step in steps:
        watch.step(step)


@pytest.mark.requirement("MN-11.7.2-05")
def test_long_walks_reach_nearly_every_transition(monkeypatch):
    visited = set()
    feed = Correspondent.feed

    def watched(known: Correspondent, event: Input, now: Instant) -> None:
        visited.add((known.state, event))
        feed(known, event, now)

    monkeypatch.setattr(Correspondent, "feed", watched)
    for seed in range(60):
        dice, watch = Random(seed), Watch()
        for group in dice.choices([each for _, each in STEPS], [weight for weight, _ in STEPS], k=250):
            watch.step(dice.choice(group))
    rare = {(State.TUNNELLED, Input.TURN)}  # needs a crowd: test_correspondent.py
    rare |= {(state, Input.EXPIRED) for state in (State.REGISTERING, State.LEAVING)}  # a binding that ends in seconds
    rare |= {(State.LEAVING, event) for event in (Input.UNKNOWN_BINDING, Input.UNUSABLE_HERE)}
    rare |= {(State.REGISTERING, Input.UNUSABLE_HERE)}  # test_correspondent_answers.py
    early = (Input.ACCEPTED, Input.OUT_OF_WINDOW, Input.NONCES_EXPIRED)
    rare |= {(State.TESTING, event) for event in early}  # of early updates: test_enhanced.py
    rare |= {(state, Input.SHORTENED) for state in State}  # test_engine__home_prefixes.py
    unvisited = set(TABLE) - visited - rare
    assert not unvisited, [(state.value, event.name) for state, event in unvisited]
