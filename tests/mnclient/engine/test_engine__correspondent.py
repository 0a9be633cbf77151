# SPDX-License-Identifier: GPL-2.0-or-later
"""The correspondent's role next to the others: exactly one answer to each packet."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.engine import Engine
from mnclient.engine.events import Configured, DatapathChosen, PacketReceived, Stopping
from mnclient.errors import WireFault
from mnclient.model.config import CorrespondentNodeConfig, NodeConfig
from mnclient.security.binding_keys import is_authorized
from mnclient.units import Instant
from mnclient.wire.packet import Packet
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    HOME,
    HOME_2,
    OURS,
    Mobile,
    SeededEntropy,
    acks,
    home_test_init,
    sent_packets,
)
from tests.mnclient.engine.correspondent_node.script import Script as CorrespondentScript
from tests.mnclient.engine.home_agent.script import (
    CONFIG,
    ETH0_UP,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    VIRTUAL_LINK,
    binding_update,
)
from tests.mnclient.engine.test_engine import MOBILE, engine, malformed

CORRESPONDENT = CorrespondentNodeConfig()
AGENT = replace(CONFIG, links=(VIRTUAL_LINK,))
ALL = NodeConfig(mobile_node=MOBILE, correspondent_node=CORRESPONDENT, home_agent=AGENT)
AGENT_ONLY = NodeConfig(home_agent=AGENT)
CORRESPONDENT_ONLY = NodeConfig(correspondent_node=CORRESPONDENT)
MOBILE_ONLY = NodeConfig(mobile_node=MOBILE)
NOT_HOME = NodeConfig(mobile_node=MOBILE, correspondent_node=CORRESPONDENT)


def node(config: NodeConfig) -> CorrespondentScript:
    """A script around a whole engine."""
    made = Engine(SeededEntropy())
    made.handle(ETH0_UP, Instant(100.0))
    script = CorrespondentScript(None, node=made)
    script.give(Configured(config=config))
    return script


def statuses(actions) -> list[int]:
    return [ack.status for ack in acks(actions)]


@pytest.mark.requirement("ALL-9.5.1-08", "CN-10.3.1-01")
@pytest.mark.parametrize(
    ("config", "expected"),
    [(ALL, [0]), (AGENT_ONLY, [0]), (CORRESPONDENT_ONLY, [131]), (NOT_HOME, [131]), (MOBILE_ONLY, []),
     (NodeConfig(), [])],
)  # fmt: skip
def test_a_home_registration_is_answered_once(config, expected):
    assert statuses(node(config).give(binding_update(home=VIRTUAL_HOME))) == expected


@pytest.mark.requirement("ALL-9.5.1-08")
@pytest.mark.parametrize("config", [ALL, CORRESPONDENT_ONLY, NOT_HOME])
def test_a_correspondents_binding_is_made_next_to_any_other_role(config):
    script = node(config)
    Mobile(script).register()
    status = script.node.status(script.now)
    assert (status.correspondent_node.bindings, status.correspondent_node.max_bindings) == (1, 1000)
    (entry,) = script.node.binding_cache(script.now)
    assert (entry.home_address, entry.care_of_address, entry.home_registration) == (HOME, CARE_OF, False)
    assert f"correspondent-node:{HOME},{OURS}" in script.desired


@pytest.mark.requirement("ALL-9.5.1-08")
def test_each_role_deletes_the_bindings_of_its_own():
    script = node(ALL)
    mobile = Mobile(script)
    mobile.register()
    script.give(binding_update(1, home=VIRTUAL_HOME))
    assert statuses(mobile.update(0.0)) == [0]
    (entry,) = script.node.binding_cache(script.now)
    assert (entry.home_address, entry.home_registration) == (VIRTUAL_HOME, True)
    script.advance(2.0)  # nonces of a deleted binding are not given out for long
    mobile.register()
    assert statuses(script.give(binding_update(2, 0.0, home=VIRTUAL_HOME))) == [0]
    (entry,) = script.node.binding_cache(script.now)
    assert (entry.home_address, entry.home_registration) == (HOME, False)


@pytest.mark.parametrize("config", [AGENT_ONLY, MOBILE_ONLY, NodeConfig()])
def test_without_the_role_there_is_no_binding_and_no_answer(config):
    script = node(config)
    assert script.receive(Packet(source=HOME, destination=OURS, message=home_test_init())) == []
    assert Mobile(script).update() == []
    assert script.node.status(script.now).correspondent_node is None


@pytest.mark.requirement("ALL-9.5.1-06")
def test_whoever_is_registered_at_home_here_cannot_be_a_correspondents_too():
    script = node(ALL)
    script.give(binding_update(7, home=VIRTUAL_HOME))
    mobile = Mobile(script, home=VIRTUAL_HOME, ours=VIRTUAL_AGENT).test()
    (ack,) = acks(mobile.update(acknowledge=False))
    assert ack.status == 139
    assert is_authorized(ack, mobile.key(), CARE_OF, VIRTUAL_AGENT)
    (entry,) = script.node.binding_cache(script.now)
    assert (entry.home_registration, entry.sequence) == (True, 7)


@pytest.mark.requirement("ALL-9.5.1-06")
@pytest.mark.parametrize("config", [ALL, CORRESPONDENT_ONLY, NOT_HOME])
@pytest.mark.parametrize("lifetime", [420.0, 0.0])
def test_a_correspondents_binding_does_not_become_a_home_registration(config, lifetime):
    """Neither of a role that is not there (status 131) nor of a home agent that serves another home link (132)."""
    script = node(config)
    mobile = Mobile(script)
    mobile.register()
    before = script.node.binding_cache(script.now)
    packet = mobile.packet(lifetime)
    home = replace(packet, message=replace(packet.message, home_registration=True, options=()))
    assert statuses(script.receive(home)) == [139]
    assert script.node.binding_cache(script.now) == before
    assert statuses(script.receive(replace(home, home_address=HOME_2))) != [139]


@pytest.mark.requirement("ALL-9.5.1-06")
def test_without_the_role_of_a_correspondent_the_home_agent_says_so():
    script = node(AGENT_ONLY)
    script.give(binding_update(7, home=VIRTUAL_HOME))
    update = binding_update(8, home=VIRTUAL_HOME, home_registration=False)
    assert statuses(script.give(update)) == [139]


def test_home_addresses_of_a_home_link_served_here_are_left_to_the_home_agent():
    script = node(ALL)
    mobile = Mobile(script, home=VIRTUAL_HOME, ours=VIRTUAL_AGENT).test()
    assert statuses(mobile.update()) == [129]
    assert statuses(script.give(binding_update(1, home=VIRTUAL_HOME))) == [0]


def test_a_binding_ends_when_its_home_link_is_served_here():
    script = node(CORRESPONDENT_ONLY)
    Mobile(script, home=VIRTUAL_HOME).register()
    assert len(script.node.binding_cache(script.now)) == 1
    script.give(Configured(config=ALL))
    assert script.node.binding_cache(script.now) == ()
    assert not [owner for owner in script.desired if owner.startswith("correspondent-node:")]


def test_both_caches_are_listed():
    script = node(ALL)
    Mobile(script).register()
    script.give(binding_update(1, home=VIRTUAL_HOME))
    listed = {entry.home_address: entry.home_registration for entry in script.node.binding_cache(script.now)}
    assert listed == {HOME: False, VIRTUAL_HOME: True}


def test_the_role_is_switched_at_run_time():
    script = node(ALL)
    Mobile(script).register()
    script.give(Configured(config=replace(ALL, correspondent_node=None)))
    assert not [owner for owner in script.desired if owner.startswith("correspondent-node")]
    script.give(Configured(config=ALL))
    Mobile(script, sequence=500).register()


def test_the_deadline_of_a_binding_is_one_of_the_node():
    script = node(NodeConfig(correspondent_node=CORRESPONDENT))
    assert script.node.next_deadline() is None
    Mobile(script).register(40.0)
    assert script.node.next_deadline() == script.now + 30.0


def test_nothing_of_a_correspondent_is_kept_over_a_restart():
    script = node(ALL)
    Mobile(script).register()
    assert script.node.snapshot(script.now).bindings == ()
    script.give(Stopping())
    assert script.desired == {}


def test_one_limit_for_all_errors():
    script = node(CORRESPONDENT_ONLY)
    script.give(DatapathChosen(route_optimization=False))
    packet = Packet(source=HOME, destination=OURS, message=home_test_init())
    assert sum(len(sent_packets(script.receive(packet))) for _ in range(9)) == 9
    assert len(script.give(malformed(WireFault.UNKNOWN_TYPE))) == 1
    assert script.give(malformed(WireFault.UNKNOWN_TYPE)) == []


def test_an_engine_without_the_role_shows_none():
    assert engine(AGENT_ONLY).status(Instant(100.0)).correspondent_node is None


def test_a_test_that_came_by_the_tunnel_of_a_home_address_is_answered_from_it():
    """A correspondent that is itself mobile (section 5.2.9)."""
    script = node(NOT_HOME)
    home = MOBILE.home_addresses[0].address
    event = PacketReceived(
        interface="mn6home",
        packet=Packet(source=HOME, destination=home, message=home_test_init()),
        through_tunnel=True,
    )
    (packet,) = sent_packets(script.give(event))
    assert (packet.source, packet.destination) == (home, IPv6Address(HOME))
