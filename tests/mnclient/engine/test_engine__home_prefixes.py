# SPDX-License-Identifier: GPL-2.0-or-later
"""Home prefixes that are shortened while a correspondent is talked to directly (RFC 6275 section 11.4.2)."""

import pytest

from mnclient.engine.events import PacketReceived
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.packet import Packet
from tests.mnclient.engine.mobile_node.peer import PEER
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, HOME_PREFIX, prefix
from tests.mnclient.engine.test_engine__route_optimization import direct
from tests.mnclient.engine.world import World


def advertise(world: World, identifier: int, lifetime: float) -> None:
    """The home agent says how long the home prefix lasts."""
    options = (prefix(HOME_PREFIX, router=AGENT, valid=lifetime, preferred=lifetime),)
    message = MobilePrefixAdvertisement(identifier=identifier, managed=False, other=False, options=options)
    assert world.care_of is not None
    packet = Packet(source=AGENT, destination=world.care_of, message=message, routing_home_address=HOME)
    world.give(PacketReceived(interface="eth0", packet=packet))


def shortened(lifetime: float) -> World:
    """A laptop that talks directly to a correspondent, and has just learned that its home prefix is about to end."""
    world = direct()
    world.pass_time(10.0)
    advertise(world, 0, lifetime)
    solicitation = world.seen[-1].message
    assert isinstance(solicitation, MobilePrefixSolicitation)
    world.seen.clear()
    advertise(world, solicitation.identifier, lifetime)
    return world


def told(world: World) -> list[Seconds]:
    """The lifetimes that the correspondent was asked for."""
    to_peer = [each.message for each in world.seen if each.destination == PEER]
    return [each.lifetime for each in to_peer if isinstance(each, BindingUpdate)]


@pytest.mark.requirement("MN-11.4.2-05")
def test_a_correspondent_whose_binding_would_outlast_the_home_prefix_is_told():
    world = direct()
    (before,) = world.correspondent.binding_cache(world.now)
    assert before.expires > world.now + 110.0
    world = shortened(100.0)
    assert told(world) != []
    assert max(told(world)) <= 100.0
    (after,) = world.correspondent.binding_cache(world.now)
    assert after.expires <= world.now + 100.0
    world.check_direct()


def test_one_whose_binding_ends_before_is_not():
    assert told(shortened(100_000.0)) == []


@pytest.mark.requirement("MN-11.4.2-04")
def test_no_later_binding_outlasts_the_home_prefix():
    world = shortened(100.0)
    world.pass_time(50.0)
    assert told(world) != []
    assert all(each.expires <= world.now + 50.0 for each in world.correspondent.binding_cache(world.now))
    world.pass_time(60.0)
    assert world.bindings == []
    assert not any(world.routes.values())
