# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node and a correspondent that share a precomputed key (RFC 4449), both of them whole engines."""

from dataclasses import replace

import pytest

from mnclient.engine.events import Configured, PacketReceived
from mnclient.model.config import NodeConfig
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.status import CorrespondentState as State
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.packet import Packet
from tests.mnclient.engine.mobile_node.peer import PEER, open_config
from tests.mnclient.engine.mobile_node.script import HOME, ra_a, ra_b, ra_home
from tests.mnclient.engine.world import World

KEY = PrecomputedKey(
    home_address=HOME,
    correspondent=PEER,
    node_key=b"between these two...",
    home_nonce=b"home....",
    care_of_nonce=b"care-of.",
)


def direct() -> World:
    return World(KEY).become_direct()


def updates(world: World) -> list[Packet]:
    return [packet for packet in world.seen if isinstance(packet.message, BindingUpdate)]


@pytest.mark.requirement("RFC4449-ALL-3-01", "RFC4449-MN-3-03")
def test_two_messages_take_the_place_of_six_and_of_four():
    world = direct()
    assert world.kinds() == ["BindingUpdate", "BindingAcknowledgement"]
    world.pass_time(60.0)
    world.seen.clear()
    world.move(ra_b())
    world.check_direct()
    assert world.kinds() == ["BindingUpdate", "BindingAcknowledgement"]


@pytest.mark.requirement("RFC4449-MN-3-01", "RFC4449-MN-3-02")
def test_every_update_of_an_hour_is_signed_and_names_no_nonces():
    world = direct()
    for event in (ra_a, ra_b) * 10:
        world.move(event())
        world.pass_time(180.0)
        world.check_direct()
    world.move(ra_home(), home=True)
    assert world.bindings == []
    assert len(updates(world)) > 20
    assert updates(world)[-1].message.lifetime == 0
    assert set(world.kinds()) == {"BindingUpdate", "BindingAcknowledgement"}
    for packet in updates(world):
        assert packet.message.authorization_data is not None
        assert packet.message.nonce_indices is None


@pytest.mark.requirement("RFC4449-CN-3-02")
def test_a_correspondent_that_was_restarted_refuses_what_it_has_seen():
    world = direct()
    seen = updates(world)
    world.start_correspondent()
    assert world.bindings == []
    for packet in seen:
        event = PacketReceived(interface="eth0", packet=packet)
        answers = [
            each.packet.message for each in world.correspondent.handle(event, world.now) if hasattr(each, "packet")
        ]
        assert [(each.status, each.sequence) for each in answers] == [(135, seen[-1].message.sequence)]
        assert isinstance(answers[0], BindingAcknowledgement)
    assert world.bindings == []
    world.move(ra_b())
    world.pass_time(5.0)
    world.check_direct()


def test_keys_that_differ_leave_the_tunnel():
    world = World(KEY)
    other = replace(KEY, node_key=bytes(20))
    world.give(Configured(config=NodeConfig(mobile_node=open_config(precomputed_keys=(other,)))))
    world.give(ra_a())
    world.hear()
    world.pass_time(60.0)
    assert world.status.state is not State.DIRECT
    assert world.bindings == []
    assert set(world.kinds()) == {"BindingUpdate"}
