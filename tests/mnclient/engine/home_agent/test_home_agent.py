# SPDX-License-Identifier: GPL-2.0-or-later
"""The role as a whole: configuration, interfaces, problems, stop and restart."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    DeadlineReached,
    LinkRemoved,
    NetworkStateFailed,
    NetworkStateRestored,
    Stopping,
)
from mnclient.model.config import HomeLinkConfig
from mnclient.model.network_state import ProxyNeighbor
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAgentStatus, HomeLinkStatus
from mnclient.model.stored_binding import Stored
from mnclient.units import Instant, Seconds
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    ETH0_UP,
    HOME,
    OTHER_HOME,
    REAL_LINK,
    VIRTUAL_HOME,
    VIRTUAL_LINK,
    Script,
    acks,
    order,
    packets,
)


def codes(script: Script) -> list[ProblemCode]:
    return [each.code for each in script.agent.problems(script.now)]


# --- configuration ---------------------------------------------------------------------------------------------------


def test_without_configuration_it_is_off():
    script = Script(None)
    assert script.update() == []
    assert script.actions == []
    assert script.agent.status(script.now) == HomeAgentStatus()
    assert script.agent.problems(script.now) == ()
    assert script.agent.next_deadline() is None


def test_switched_off_it_withdraws_everything():
    script = Script()
    script.register(HOME)
    script.register(VIRTUAL_HOME)
    script.update(home=OTHER_HOME)
    script.configure(None)
    assert script.desired == {}
    assert script.bound() == {}
    assert not acks(script.advance(20))
    assert script.agent.next_deadline() is None


def test_the_same_configuration_again_changes_nothing():
    script = Script()
    assert script.configure(CONFIG) == []


def test_bindings_end_with_their_home_link():
    script = Script()
    script.register(HOME)
    script.register(VIRTUAL_HOME)
    script.reconfigure(CONFIG, links=(VIRTUAL_LINK,))
    assert list(script.bound()) == [VIRTUAL_HOME]
    assert f"home-agent:{HOME}" not in script.desired


def test_bindings_follow_their_home_link_to_another_interface():
    script = Script(links=(ETH0_UP, replace(ETH0_UP, interface="eth1")))
    script.register(HOME)
    script.advance(10)
    actions = script.reconfigure(CONFIG, links=(replace(REAL_LINK, interface="eth1"),))
    assert script.desired[f"home-agent:{HOME}"].proxy_neighbors == {ProxyNeighbor(interface="eth1", address=HOME)}
    assert [each.interface for each in packets(actions, NeighborAdvertisement)] == ["eth1"]


def test_a_new_address_of_the_home_agent_ends_the_bindings_made_with_the_old_one():
    script = Script()
    script.register(HOME)
    script.reconfigure(CONFIG, links=(replace(REAL_LINK, address=IPv6Address("2001:db8:1::2")),))
    assert script.bound() == {}


def test_the_longest_prefix_serves():
    inner = HomeLinkConfig(
        prefix=IPv6Network("2001:db8:1::/112"), address=IPv6Address("2001:db8:1::fffe"), interface=None
    )
    script = Script(replace(CONFIG, links=(REAL_LINK, inner)))
    (ack,) = acks(script.update(home=HOME, destination=inner.address))
    assert ack.status == 0


# --- interfaces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comes_back", [[replace(ETH0_UP, is_up=False), ETH0_UP], [LinkRemoved(interface="eth0"), ETH0_UP]]
)
def test_a_link_that_comes_back_hears_of_every_binding_again(comes_back):
    script = Script()
    script.register(HOME)
    script.advance(10)
    actions = [action for event in comes_back for action in script.give(event)]
    assert [each.packet.message.target for each in packets(actions, NeighborAdvertisement)] == [HOME]
    assert len(packets(script.advance(5), NeighborAdvertisement)) == 2


@pytest.mark.parametrize("changes", [{"interrupted": True}, {"link_layer_address": b"\2\0\0\0\7\7"}])
def test_so_does_one_that_was_away_unseen_or_has_a_new_hardware_address(changes):
    script = Script()
    script.register(HOME)
    script.advance(10)
    assert len(packets(script.give(replace(ETH0_UP, **changes)), NeighborAdvertisement)) == 1


def test_any_other_change_is_no_reason_to_advertise():
    script = Script()
    script.register(HOME)
    script.advance(10)
    assert not packets(script.give(replace(ETH0_UP, mtu=1400)), NeighborAdvertisement)


# --- status and problems ---------------------------------------------------------------------------------------------


def test_status():
    script = Script()
    script.register(HOME)
    status = script.agent.status(script.now)
    assert status.links == (
        HomeLinkStatus(prefix=REAL_LINK.prefix, address=AGENT, interface="eth0", is_up=True, bindings=1),
        HomeLinkStatus(prefix=VIRTUAL_LINK.prefix, address=VIRTUAL_LINK.address, interface="", is_up=True, bindings=0),
    )
    assert (status.bindings, status.max_bindings) == (1, 20_000)


def besides_the_missing_protection(script):
    problems = script.agent.problems(script.now)
    return [each for each in problems if each.code is not ProblemCode.UNPROTECTED_SIGNALLING]


def test_a_missing_home_link_is_a_problem_while_it_lasts():
    script = Script(links=())
    script.advance(5)
    (problem,) = besides_the_missing_protection(script)
    assert (problem.code, problem.subject, problem.detail) == (
        ProblemCode.HOME_LINK_MISSING,
        "2001:db8:1::/64",
        "eth0",
    )
    assert problem.since == 100.0
    script.give(replace(ETH0_UP, interface="eth1"))
    assert besides_the_missing_protection(script) == [problem]
    script.give(ETH0_UP)
    assert besides_the_missing_protection(script) == []
    script.give(replace(ETH0_UP, is_up=False))
    assert [(each.code, each.since) for each in besides_the_missing_protection(script)] == [
        (ProblemCode.HOME_LINK_MISSING, 105.0)
    ]
    assert not script.agent.status(script.now).links[0].is_up


def test_insecure_operation_is_always_shown():
    assert codes(Script()) == [ProblemCode.UNPROTECTED_SIGNALLING]


def test_a_home_agent_that_answers_nobody_says_so():
    script = Script(replace(CONFIG, allow_unprotected_signalling=False))
    (problem,) = script.agent.problems(script.now)
    assert problem.code is ProblemCode.REGISTRATIONS_IGNORED
    assert "registrations for 2001:db8:1::/64, 2001:db8:7::/64" in problem.text()
    assert "home_agent.allow_unprotected_signalling true" in problem.remedy()
    assert codes(Script(replace(CONFIG, allow_unprotected_signalling=False, links=()))) == []


def test_what_the_system_refuses_is_shown_until_it_is_as_wanted():
    script = Script()
    script.register(HOME)
    owner = f"home-agent:{HOME}"
    refused = NetworkStateFailed(owner=owner, item="a route", reason="not permitted")
    script.give(refused)
    assert ProblemCode.NETWORK_REFUSED in codes(script)
    script.give(NetworkStateRestored(owner=owner))
    assert ProblemCode.NETWORK_REFUSED not in codes(script)
    script.give(refused)
    script.update(2, 0)
    assert ProblemCode.NETWORK_REFUSED not in codes(script)
    assert script.give(NetworkStateFailed(owner="mobile-node", item="x", reason="y")) == []


def test_a_home_agent_address_that_somebody_else_has_is_a_problem():
    script = Script()
    script.give(AddressDuplicate(interface="eth0", address=AGENT))
    (problem,) = besides_the_missing_protection(script)
    assert problem.text() == f"{AGENT} on eth0: another machine uses the home agent's address."
    script.give(AddressSettled(interface="eth0", address=AGENT))
    assert besides_the_missing_protection(script) == []
    script.give(AddressDuplicate(interface="eth0", address=HOME))  # of another role
    script.give(AddressDuplicate(interface="eth1", address=AGENT))
    assert besides_the_missing_protection(script) == []


def test_thousands_of_refusals_are_not_all_kept():
    script = Script()
    for number in range(100):
        script.give(NetworkStateFailed(owner=f"home-agent:2001:db8:1::{number:x}", item="a route", reason="full"))
    assert codes(script).count(ProblemCode.NETWORK_REFUSED) == 16


def test_counters_say_what_happened():
    script = Script()
    script.register(HOME)
    script.update(1)
    counters = script.agent.counters()
    assert counters["bu.received"] == 2
    assert counters["bu.accepted"] == 1
    assert counters["bu.refused.135"] == 1
    assert counters["dad.started"] == 1


# --- stop and restart ------------------------------------------------------------------------------------------------


def test_stopping_leaves_nothing_in_the_kernel_and_the_bindings_for_the_snapshot():
    script = Script()
    script.register(HOME)
    script.update(home=OTHER_HOME)
    script.give(Stopping())
    assert script.desired == {}
    assert [each.home_address for each in script.agent.snapshot(script.now)] == [HOME]
    assert script.agent.next_deadline() is None
    assert script.update(5) == []
    assert script.give(DeadlineReached()) == []


def restarted(script: Script, pause: float = 0.0) -> Script:
    """A new process with what the old one stored."""
    stored = tuple(
        replace(each, remaining=Seconds(max(each.remaining - pause, 0.0))) for each in script.agent.snapshot(script.now)
    )
    new = Script(None, links=())
    new.now = Instant(script.now + pause)
    new.agent.restore(Stored(bindings=stored), new.now)
    return new


@pytest.mark.requirement("HA-15.3-01")
def test_a_restart_loses_no_binding():
    script = Script()
    script.register(HOME, sequence=8, link_local_compatibility=True)
    script.register(VIRTUAL_HOME, sequence=3)
    script.advance(50)
    new = restarted(script, pause=10)
    new.configure(CONFIG)
    assert new.bound() == script.bound()
    for owner in (f"home-agent:{HOME}", f"home-agent:{VIRTUAL_HOME}"):
        assert new.desired[owner] == script.desired[owner]
    actions = new.give(ETH0_UP)
    assert len(packets(actions, NeighborAdvertisement)) == 2
    assert not packets(new.actions, NeighborSolicitation)
    new.advance(539)
    assert new.bound()
    new.advance(2)
    assert not new.bound()


@pytest.mark.requirement("HA-15.3-01")
def test_a_restart_allows_no_replay():
    script = Script()
    script.register(VIRTUAL_HOME, sequence=8)
    script.register(HOME, sequence=3)
    script.update(4, 0, home=HOME)
    new = restarted(script)
    new.give(ETH0_UP)
    new.configure(CONFIG)
    (ack,) = acks(new.update(8, home=VIRTUAL_HOME, care_of=CARE_OF_2))
    assert (ack.status, ack.sequence) == (135, 8)
    (ack,) = acks(new.update(3, home=HOME))
    assert (ack.status, ack.sequence) == (135, 4)
    assert new.bound() == {VIRTUAL_HOME: CARE_OF}


def test_what_is_restored_waits_for_its_link_and_is_not_lost_meanwhile():
    script = Script()
    script.register(HOME)
    new = restarted(script)
    new.reconfigure(CONFIG, links=(VIRTUAL_LINK,))
    assert new.bound() == {}
    assert [each.home_address for each in new.agent.snapshot(new.now)] == [HOME]
    new.configure(CONFIG)
    assert list(new.bound()) == [HOME]


def test_no_more_is_adopted_than_there_is_room_for():
    script = Script()
    script.register(HOME)
    script.register(VIRTUAL_HOME)
    new = restarted(script)
    new.reconfigure(CONFIG, max_bindings=1)
    assert len(new.bound()) == 1


def test_what_expired_meanwhile_is_not_adopted():
    script = Script()
    script.register(HOME)
    new = restarted(script)
    new.advance(1000)
    new.configure(CONFIG)
    assert new.bound() == {}
    assert list(new.desired) == ["home-agent"]


def test_a_registration_newer_than_what_was_stored_wins():
    script = Script()
    script.register(VIRTUAL_HOME)
    stored = script.agent.snapshot(script.now)
    script.update(2, home=VIRTUAL_HOME, care_of=CARE_OF_2)
    script.agent.restore(Stored(bindings=tuple(stored)), script.now)
    script.configure(CONFIG)
    assert script.bound() == {VIRTUAL_HOME: CARE_OF_2}


def test_the_order_of_configuration_and_interfaces_does_not_matter():
    script = Script(links=())
    script.give(ETH0_UP)
    other = Script()
    assert script.desired == other.desired
    assert order(script.update()) == order(other.update())
