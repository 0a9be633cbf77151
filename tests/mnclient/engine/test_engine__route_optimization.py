# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node and a correspondent, both of them whole engines, on one clock; messages go from hand to hand."""

import itertools
from dataclasses import replace

import pytest

from mnclient.engine.engine import Engine
from mnclient.engine.events import Configured, DatapathChosen, PacketReceived
from mnclient.model.config import NodeConfig
from mnclient.model.network_state import OptimizationEnd
from mnclient.model.status import CorrespondentState as State
from mnclient.wire.binding import BindingError, BindingUpdate
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTestInit
from tests.mnclient.engine.home_agent.script import FakeEntropy
from tests.mnclient.engine.mobile_node.peer import PEER, open_config
from tests.mnclient.engine.mobile_node.script import HOME, config, link, ra_a, ra_b, ra_home
from tests.mnclient.engine.world import World


def direct() -> World:
    return World().become_direct()


@pytest.mark.requirement("MN-11.6.1-01", "MN-11.7.2-11", "MN-11.7.3-04")
def test_the_whole_procedure_takes_six_messages():
    world = direct()
    assert sorted(world.kinds()) == [
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
    assert world.kinds() == ["CareOfTestInit", "CareOfTest", "BindingUpdate", "BindingAcknowledgement"]
    world.move(ra_a())
    world.check_direct()


def test_a_route_in_use_stays_direct_for_an_hour():
    world = direct()
    for _ in range(720):
        world.give(ra_a())
        world.pass_time(5.0)
        world.check_direct()
    assert world.kinds().count("BindingUpdate") < 30


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
    assert world.kinds() == ["HomeTestInit", "HomeTest", "BindingUpdate", "BindingAcknowledgement"]
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
