# SPDX-License-Identifier: GPL-2.0-or-later
"""Every second Mobility Header is lost, counted in all the ways in which a network may count them."""

import itertools
from collections.abc import Callable, Hashable

import pytest

from mnclient.engine.events import PacketReceived
from mnclient.model.network_state import OptimizationEnd
from mnclient.model.status import CorrespondentState as State
from mnclient.model.status import HomeAddressState as HomeState
from mnclient.units import Seconds
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import HomeTest, HomeTestInit
from tests.mnclient.engine.mobile_node.peer import PEER
from tests.mnclient.engine.mobile_node.script import AGENT, only, ra_a, ra_b
from tests.mnclient.engine.world import Distant

Counter = Callable[[Packet], Hashable]
"""Which counter a packet advances; None: it is not counted, and arrives."""


def is_upwards(packet: Packet) -> bool:
    return packet.destination in (AGENT, PEER)


def goes_home(packet: Packet) -> bool:
    """Inside the tunnel, where who counts Mobility Headers does not see it."""
    return isinstance(packet.message, HomeTestInit | HomeTest)


def each_direction(packet: Packet) -> Hashable:
    return is_upwards(packet)


def each_direction_outside_the_tunnel(packet: Packet) -> Hashable:
    return None if goes_home(packet) else is_upwards(packet)


def upwards_by_care_of_address(packet: Packet) -> Hashable:
    """As the lab does."""
    if goes_home(packet):
        return None
    return packet.source if is_upwards(packet) else "down"


def of_the_correspondent_only(packet: Packet) -> Hashable:
    return None if AGENT in (packet.source, packet.destination) else is_upwards(packet)


def each_kind(packet: Packet) -> Hashable:
    return type(packet.message)


def both_directions(packet: Packet) -> Hashable:
    return None if AGENT in (packet.source, packet.destination) else "both"


def losing(counter: Counter, phases: tuple[int, int]) -> Callable[[Packet], bool]:
    """What `Distant.reaches` should be. The counters begin with these numbers, upwards and down."""
    counts: dict[Hashable, itertools.count[int]] = {}

    def reaches(packet: Packet) -> bool:
        key = counter(packet)
        if key is None:
            return True
        if key not in counts:
            counts[key] = itertools.count(phases[0 if is_upwards(packet) else 1])
        return next(counts[key]) % 2 == 1

    return reaches


def direct_after(world: Distant, advertisement: PacketReceived, limit: float = 120.0) -> tuple[float, float]:
    """Move, and talk all the time: when the home agent has answered, and when packets go directly, in seconds."""
    world.move(advertisement)
    start, registered = world.now, 0.0
    while world.now - start < limit:
        world.pass_time(0.5)
        if only(world.mobile.status(world.now).home_addresses).state is not HomeState.REGISTERED:
            continue
        registered = registered or world.now - start
        world.hear()
        if world.status.state is State.DIRECT and world.status.care_of_address == world.care_of:
            world.check_direct()
            return registered, world.now - start
    raise AssertionError(f"not direct: {world.status}")


@pytest.mark.requirement("MN-11.8-04", "MN-11.8-06")
@pytest.mark.parametrize("delay", [0.001, 0.02, 0.4])
@pytest.mark.parametrize("phases", list(itertools.product((0, 1), repeat=2)))
@pytest.mark.parametrize(
    "counter",
    [
        each_direction,
        each_direction_outside_the_tunnel,
        upwards_by_care_of_address,
        of_the_correspondent_only,
        each_kind,
    ],
)
def test_it_takes_longer_and_that_is_all(counter, phases, delay):
    world = Distant(Seconds(delay))
    world.reaches = losing(counter, phases)
    first = direct_after(world, ra_a())
    later = [direct_after(world, event) for event in (ra_b(), ra_a(), ra_b())]
    assert first[1] < 60.0
    assert max(registered for registered, _ in later) < 10.0, "no message makes the Binding Update wait for its turn"
    assert max(direct for _, direct in later) < 45.0


@pytest.mark.requirement("MN-5.2.9-03")
@pytest.mark.parametrize("phase", [0, 1])
def test_counted_over_both_directions_question_or_answer_is_lost_for_ever_and_the_tunnel_stays(phase):
    """Who sends a question at a time, as section 11.8 asks, loses each question or else its answer."""
    world = Distant(Seconds(0.02))
    world.reaches = losing(both_directions, (phase, phase))
    world.move(ra_a())
    for _ in range(3600):
        world.pass_time(1.0)
        world.give(ra_a())
        world.hear()
    route = world.route(OptimizationEnd.MOBILE_NODE)
    assert world.status.state in (State.UNRESPONSIVE, State.TESTING, State.REGISTERING)
    assert route is None or not route.outgoing
    asked = [packet for packet in world.seen if packet.destination == PEER]
    assert len(asked) < 200, "in an hour"
