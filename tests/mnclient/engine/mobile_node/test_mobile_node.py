# SPDX-License-Identifier: GPL-2.0-or-later
"""The role as a whole: a laptop's day, and being switched on and off."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import PublishStatus, SetNetworkState
from mnclient.engine.events import AddressSettled, NetworkStateFailed, NetworkStateRestored, PacketReceived, Stopping
from mnclient.model.config import MobileNodeConfig
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    HOME_PREFIX,
    NET_A,
    NET_B,
    Script,
    ack,
    advertisement,
    binding_update,
    config,
    home,
    kinds,
    link,
    only,
    ra_a,
    ra_b,
    ra_home,
    solicitations,
    updates,
)


@pytest.mark.requirement("MN-11.5.2-01")
def test_a_day_from_home_through_two_networks_and_back():
    script = Script()
    assert script.node.phase(script.now) is Phase.NO_NETWORK
    assert kinds(script.give(link())) == ["RouterSolicitation"]
    script.give(ra_home())
    assert script.where is State.DETECTING
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.node.phase(script.now) is Phase.AT_HOME
    for heard, network in ((ra_a, NET_A), (ra_b, NET_B)):
        script.pass_time(5.0)
        script.give(link(up=False))
        assert len(solicitations(script.give(link()))) == 1
        actions = script.give(heard())
        assert [type(each) for each in actions].index(SetNetworkState) < actions.index(only(updates(actions)))
        assert script.care_of in network
        script.give(ack(only(updates(actions))))
        assert script.node.phase(script.now) is Phase.REGISTERED
    script.give(link(up=False))
    script.give(link())
    actions = script.give(ra_home())
    assert script.where is State.RETURNING
    script.give(ack(only(updates(actions))))
    assert script.node.phase(script.now) is Phase.AT_HOME
    ways = [(each.from_network, each.to_network) for each in script.node.handovers()]
    assert ways == [("home", str(NET_A)), (str(NET_A), str(NET_B)), (str(NET_B), "home")]


def test_switching_the_role_off_deletes_the_binding_and_withdraws_everything():
    script = Script()
    script.register()
    care_of = script.care_of
    script.pass_time(2.0)
    actions = script.configure(None)
    update = only(updates(actions))
    assert (binding_update(update).lifetime, update.packet.source, update.packet.home_address) == (0.0, care_of, HOME)
    assert actions.index(update) < [type(each) for each in actions].index(SetNetworkState)
    assert script.state.is_empty()
    assert script.node.phase(script.now) is Phase.OFF
    assert script.node.next_deadline() is None
    assert (script.node.home_addresses(script.now), script.node.problems(script.now)) == ((), ())


def test_switching_it_on_again_uses_the_links_that_are_there_and_goes_on_counting():
    script = Script()
    before = binding_update(script.register()).sequence
    script.configure(None)
    script.give(link("eth1"))
    script.configure(config())
    assert {each.interface for each in solicitations(script.pass_time(1.0))} == {"eth0", "eth1"}
    script.pass_time(2.0)
    again = only(updates(script.give(ra_a())))
    assert binding_update(again).sequence == before + 2  # one deleted the binding


def test_stopping_withdraws_everything_and_leaves_the_binding():
    script = Script()
    script.register()
    actions = script.give(Stopping())
    assert not updates(actions)
    assert script.state.is_empty()
    assert script.node.next_deadline() is None


def test_without_home_addresses_it_only_listens():
    script = Script()
    script.configure(MobileNodeConfig(home_addresses=()))
    assert script.node.phase(script.now) is Phase.NO_HOME_ADDRESS
    assert solicitations(script.give(link()))
    script.give(ra_a())
    assert script.state.is_empty()


def test_the_first_home_address_may_come_while_abroad_or_at_home():
    empty = MobileNodeConfig(home_addresses=(), allow_unprotected_signalling=True)
    for heard, expected in ((ra_a, State.REGISTERING), (ra_home, State.DETECTING)):
        script = Script(empty)
        script.give(link())
        script.give(heard())
        script.configure(config())
        assert script.where is expected


def test_another_home_agent_is_another_registration():
    script = Script()
    script.register()
    other = IPv6Address("2001:db8:1::2")
    script.pass_time(2.0)
    sent = {
        each.packet.destination: binding_update(each) for each in updates(script.configure(config(home(agent=other))))
    }
    assert sent[AGENT].lifetime == 0
    assert sent[other].lifetime == 600


def test_what_the_system_refuses_is_a_problem_until_it_is_right():
    script = Script()
    script.give(NetworkStateFailed(owner="home-agent", item="a", reason="b"))
    assert ProblemCode.NETWORK_REFUSED not in script.problems()
    script.give(NetworkStateFailed(owner="mobile-node", item="rule 6270", reason="no permission"))
    problem = only(each for each in script.node.problems(script.now) if each.code is ProblemCode.NETWORK_REFUSED)
    assert (problem.subject, problem.detail) == ("rule 6270", "no permission")
    script.give(NetworkStateRestored(owner="mobile-node"))
    assert ProblemCode.NETWORK_REFUSED not in script.problems()


def published(actions) -> bool:
    return any(isinstance(each, PublishStatus) for each in actions)


def test_the_status_is_published_when_it_changes_and_not_otherwise():
    script = Script()
    assert published(script.give(link()))
    assert published(script.give(ra_a()))
    assert not published(script.give(ra_a()))
    assert published(script.give(ra_b()))  # a router more
    assert published(script.give(ack(only(updates(script.actions)))))
    assert published(script.give(NetworkStateFailed(owner="mobile-node", item="a", reason="b")))


def test_the_status_of_an_interface():
    script = Script()
    script.register()
    status = only(script.node.interfaces(script.now))
    assert (status.name, status.priority, status.enabled, status.is_up) == ("eth0", 100, True, True)
    assert (status.is_home, status.is_active, status.care_of_address) == (False, True, script.care_of)
    router = only(status.routers)
    assert (router.prefixes, router.is_current, router.is_home_agent) == ((NET_A,), True, False)
    assert router.lifetime_until == script.now + 1800.0


def test_counters_are_named_for_what_they_count():
    script = Script()
    script.register()
    counters = script.node.counters()
    assert {name: counters[name] for name in ("rs.sent", "ra.received", "bu.sent", "ba.received", "ba.status.0")} == {
        "rs.sent": 1,
        "ra.received": 1,
        "bu.sent": 1,
        "ba.received": 1,
        "ba.status.0": 1,
    }


def test_advertisements_from_inside_a_tunnel_are_nobodys():
    script = Script()
    script.give(link())
    outside = advertisement(IPv6Address("fe80::9"), bytes(6), HOME_PREFIX)
    inside = PacketReceived(interface="eth0", packet=outside.packet, through_tunnel=True)
    assert script.give(inside) == []
    assert script.where is State.WAITING
