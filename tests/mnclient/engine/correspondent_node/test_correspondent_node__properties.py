# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile nodes honest and not, in any order and at any time: nothing raises, and what must hold holds."""

from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnclient.constants import MAX_NONCE_LIFETIME, MAX_RR_BINDING_LIFETIME, SHORTEST_NONCE_INTERVAL
from mnclient.engine.actions import AskRouteUse, SendPacket
from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.engine.correspondent_node.desired_state import owner_of
from mnclient.engine.events import (
    DatapathChosen,
    DeadlineReached,
    HomeAddressRefused,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    RouteUseKnown,
    Stopping,
)
from mnclient.engine.sequence_numbers import is_newer
from mnclient.model.config import AccessRule
from mnclient.model.network_state import OptimizationEnd
from mnclient.units import Instant, Seconds
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    HOME,
    HOME_2,
    ON,
    OURS,
    OURS_2,
    Mobile,
    Script,
)
from tests.mnclient.wire.strategies import addresses, mobility_messages

LIMIT = 2
HOMES = (HOME, HOME_2, HOME_2 + 1, HOME_2 + 2)
PAIRS = [Pair(ours, home) for ours in (OURS, OURS_2) for home in HOMES]
POOL = st.sampled_from(
    [HOME, HOME_2, CARE_OF, CARE_OF_2, OURS, OURS_2, *map(IPv6Address, ("::", "fe80::1", "ff02::1"))]
)
CONFIG = replace(ON, max_bindings=LIMIT)
CONFIGURATIONS = (
    CONFIG,
    CONFIG,
    replace(CONFIG, max_lifetime=Seconds(30.0)),
    replace(CONFIG, access=(AccessRule(allow=False, home_addresses=IPv6Network(HOME)),)),
    None,
)

rude = st.builds(
    PacketReceived,
    interface=st.just("wan"),
    packet=st.builds(
        Packet,
        source=POOL | addresses,
        destination=POOL,
        message=mobility_messages,
        home_address=st.none() | POOL,
        routing_home_address=st.sampled_from([None, None, HOME]),
    ),
)
owners = st.sampled_from([*map(owner_of, PAIRS), "correspondent-node", "correspondent-node:?", "home-agent"])
events = st.one_of(
    st.builds(HomeAddressRefused, source=POOL, destination=POOL, home_address=POOL),
    st.builds(
        RouteUseKnown,
        end=st.sampled_from(OptimizationEnd),
        home_address=st.sampled_from(HOMES),
        correspondent=st.sampled_from([OURS, OURS_2]),
        last_used=st.none() | st.sampled_from([0.0, 200.0, 1e9]).map(Instant),
    ),
    st.builds(NetworkStateFailed, owner=owners, item=st.just("an item"), reason=st.just("a reason")),
    st.builds(NetworkStateRestored, owner=owners),
    st.just(DeadlineReached()),
    st.builds(DatapathChosen, route_optimization=st.sampled_from([True, True, True, False])),
)
acts = st.one_of(
    st.tuples(st.just("register"), st.sampled_from(PAIRS[:3]), st.sampled_from([CARE_OF, CARE_OF_2])),
    st.tuples(st.just("register"), st.sampled_from(PAIRS), st.just(CARE_OF)),
    st.tuples(st.just("used"), st.sampled_from(PAIRS[:3]), st.sampled_from([0.0, 100.0])),
    st.tuples(st.just("test"), st.sampled_from(PAIRS), st.sampled_from([CARE_OF, CARE_OF_2])),
    st.tuples(st.just("update"), st.sampled_from(PAIRS), st.sampled_from([0.0, 4.0, 40.0, 420.0, 9000.0])),
    st.tuples(st.just("update"), st.sampled_from(PAIRS), st.sampled_from([0.0, 420.0])),
    st.tuples(st.just("forge"), st.sampled_from(PAIRS), st.sampled_from([0.0, 420.0])),
    st.tuples(st.just("replay"), st.integers(0, 30), st.none()),
    st.tuples(st.just("event"), events | rude, st.none()),
    st.tuples(st.just("configure"), st.sampled_from(CONFIGURATIONS), st.none()),
)
scenes = st.lists(st.tuples(acts, st.sampled_from([0.0, 0.0, 0.0, 0.5, 3.0, 200.0])), min_size=5, max_size=40)


@dataclass
class World:
    """A correspondent, its mobile nodes, and everything they ever said."""

    script: Script = field(default_factory=lambda: Script(CONFIG))
    mobiles: dict[Pair, Mobile] = field(default_factory=dict)
    said: list[Packet] = field(default_factory=list)

    def mobile(self, pair: Pair) -> Mobile:
        return self.mobiles.setdefault(pair, Mobile(self.script, home=pair.home_address, ours=pair.correspondent))

    def act(self, act) -> None:
        match act:
            case "test", pair, care_of:
                mobile = self.mobile(pair)
                mobile.care_of = care_of
                if self.script.role._is_active:
                    mobile.test()
            case "register", pair, care_of:
                self.act(("test", pair, care_of))
                self.act(("update", pair, 420.0))
            case "used", pair, ago:
                used = Instant(self.script.now - ago)
                self.script.give(RouteUseKnown(end=OptimizationEnd.CORRESPONDENT, last_used=used, **pair._asdict()))
            case "update", pair, lifetime:
                self.said.append(self.mobile(pair).packet(lifetime))
                self.script.receive(self.said[-1])
            case "forge", pair, lifetime:
                before = self.script.role.binding_cache()
                self.script.receive(self.mobile(pair).packet(lifetime, key=b"guessed", sequence=self.guess(pair)))
                assert self.script.role.binding_cache() == before
            case "replay", number, _:
                if self.said:
                    self.replay(self.said[number % len(self.said)])
            case "event", event, _:
                self.script.give(event)
            case "configure", config, _:
                self.script.configure(config)

    def guess(self, pair: Pair) -> int:
        last = self.script.role._registrations.cache.last_sequence(pair)
        return 1 if last is None else (last + 1) % 65536

    def replay(self, packet: Packet) -> None:
        """What was done once is not done again: an older Binding Update does not take the place of a newer one."""
        cache, pair = self.script.role._registrations.cache, Pair(packet.destination, packet.home_address or HOME)
        last, before = cache.last_sequence(pair), self.script.role.binding_cache()
        self.script.receive(packet)
        if last is not None and not is_newer(packet.message.sequence, last):
            assert self.script.role.binding_cache() == before

    def check(self) -> None:
        script, cache = self.script, self.script.role._registrations.cache
        bindings = list(cache)
        assert len(bindings) <= LIMIT
        assert len(bindings) + cache.remembered() <= 2 * LIMIT
        assert len(script.role._nonces) <= MAX_NONCE_LIFETIME / SHORTEST_NONCE_INTERVAL + 1
        wanted = {owner_of(binding.pair) for binding in bindings}
        assert set(script.desired) == wanted | ({"correspondent-node"} if script.role._is_active else set())
        for binding in bindings:
            assert script.now < binding.expires <= script.now + MAX_RR_BINDING_LIFETIME
            (item,) = script.desired[owner_of(binding.pair)].route_optimizations
            assert item.care_of_address == binding.care_of_address
        deadline = script.node.next_deadline()
        assert deadline is None or deadline > script.now


SEEN: set[str] = set()


FAILED = NetworkStateFailed(owner=owner_of(PAIRS[0]), item="an item", reason="a reason")


@settings(max_examples=300, derandomize=True)  # what is asked of all stories together must not hang on luck
@given(scenes)
@example([(("register", PAIRS[0], CARE_OF), 0.0), (("event", FAILED, None), 0.0)])
def live_through(story) -> None:
    world = World()
    for act, pause in story:
        world.act(act)
        world.script.advance(pause)
        world.check()
    for action in world.script.actions:
        if isinstance(action, SendPacket):
            encode_packet(action.packet)
        assert not isinstance(action, AskRouteUse) or action.end is OptimizationEnd.CORRESPONDENT
    world.script.role.status()
    world.script.role.problems()
    SEEN.update(world.script.role.counters())
    world.script.give(Stopping())
    assert world.script.desired == {}


@pytest.mark.requirement("ALL-5.2.6-01")
def test_whatever_happens():
    live_through()
    wanted = "bu.accepted bu.discarded.authenticator hoti.answered coti.answered binding.deleted binding.expired"
    wanted += (
        " bu.refused.129 bu.refused.130 bu.refused.135 bu.refused.138 binding.failed home-address.refused brr.sent"
    )
    missing = {f"correspondent.{name}" for name in wanted.split()} - SEEN
    assert not missing, "the stories no longer lead there"


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(["make", "delete", "wait"]), st.sampled_from([CARE_OF, CARE_OF_2])),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from([0.0, 1.0, 29.0, 211.0])), max_size=12),
)
@pytest.mark.requirement("CN-5.2.8-01")
def test_no_replay_ever_does_anything(deeds, replays):
    """Whatever a mobile node did, and whenever it is said again by somebody who listened: the cache stays as it is."""
    script = Script()
    mobile, said = Mobile(script), []
    for deed, care_of in deeds:
        if deed == "wait":
            script.advance(29.0)
            continue
        mobile.care_of = care_of
        said.append(mobile.test().packet(420.0 if deed == "make" else 0.0))
        script.receive(said[-1])
    for number, pause in replays:
        script.advance(pause)
        before = script.role.binding_cache()
        if said:
            script.receive(said[number % len(said)])
        assert script.role.binding_cache() == before
