# SPDX-License-Identifier: GPL-2.0-or-later
"""Duplicate address detection before the first acknowledgement (RFC 6275 section 10.3.1)."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_DELETE_BCE_TIMEOUT
from mnclient.model.config import AccessRule
from mnclient.model.stored_binding import Stored
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation
from tests.mnclient.engine.home_agent.script import (
    AGENT_MAC,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    HOME,
    HOME_LINK_LOCAL,
    OTHER_HOME,
    Script,
    acks,
    neighbor,
    order,
    packets,
    states,
)

OWNER = f"home-agent:{HOME}"
UNSPECIFIED = "::"
SOMEBODY = "fe80::bad"


def taken(target: IPv6Address, **changes):
    """Somebody says that it has the address."""
    message = NeighborAdvertisement(target=target, router=False, solicited=False, override=True)
    return neighbor(message, SOMEBODY, **changes)


def tries(target: IPv6Address, source: str = UNSPECIFIED, **changes):
    """Somebody tests the address for itself."""
    return neighbor(NeighborSolicitation(target=target), source, **changes)


@pytest.mark.requirement("HA-10.3.1-08", "RFC4862-MN-5.4.2-02")
def test_one_solicitation_and_a_second_of_listening_come_before_the_acknowledgement():
    script = Script()
    actions = script.update()
    (sent,) = packets(actions, NeighborSolicitation)
    assert not acks(actions)
    assert (sent.interface, sent.packet.hop_limit) == ("eth0", 255)
    assert sent.packet.source == IPv6Address("::")
    assert sent.packet.destination == IPv6Address("ff02::1:ff00:100")
    assert sent.packet.message == NeighborSolicitation(target=HOME)
    assert script.advance(0.99) == []
    (ack,) = acks(script.advance(0.01))
    assert (ack.status, ack.sequence, ack.lifetime) == (0, 1, 600.0)
    assert script.agent.binding_cache(script.now)[0].expires == script.now + 600


@pytest.mark.requirement("HA-10.3.1-09")
@pytest.mark.parametrize("link_local, targets", [(False, {HOME}), (True, {HOME, HOME_LINK_LOCAL})])
def test_the_L_bit_adds_the_link_local_address(link_local, targets):
    actions = Script().update(link_local_compatibility=link_local)
    assert {each.packet.message.target for each in packets(actions, NeighborSolicitation)} == targets


@pytest.mark.requirement("HA-10.3.1-10")
@pytest.mark.parametrize("claim", [taken(HOME), tries(HOME), taken(HOME_LINK_LOCAL), tries(HOME_LINK_LOCAL)])
def test_a_duplicate_refuses_and_undoes_all_of_it(claim):
    script = Script()
    script.update(7, link_local_compatibility=True)
    script.advance(0.5)
    actions = script.give(claim)
    assert order(actions) == ["state", "BindingAcknowledgement"]
    (ack,) = acks(actions)
    assert (ack.status, ack.sequence) == (134, 7)
    assert OWNER not in script.desired
    assert not script.bound()
    assert not acks(script.advance(10))
    assert script.agent.next_deadline() is None


@pytest.mark.parametrize(
    "harmless",
    [
        taken(OTHER_HOME),
        taken(HOME, interface="wan"),
        taken(HOME, mac=AGENT_MAC),  # our own, given back by the network
        tries(HOME, source="2001:db8:1::77"),  # somebody looks for it, and does not want it
        taken(HOME_LINK_LOCAL),  # without L nobody cares
    ],
)
def test_what_is_no_duplicate_changes_nothing(harmless):
    script = Script()
    script.update()
    assert script.give(harmless) == []
    assert [ack.status for ack in acks(script.advance(1.0))] == [0]


def test_a_claim_after_the_test_comes_too_late():
    script = Script()
    script.register(HOME)
    assert script.give(taken(HOME)) == []
    assert list(script.bound()) == [HOME]


def test_optimistic_forwarding_tunnels_at_once_but_does_not_defend():
    script = Script()
    script.update()
    state = script.desired[OWNER]
    assert state.tunnels
    assert state.routes
    assert not state.proxy_neighbors
    assert script.agent.binding_cache(script.now)[0].detecting
    script.advance(1.0)
    assert script.desired[OWNER].proxy_neighbors
    assert not script.agent.binding_cache(script.now)[0].detecting


def test_without_optimism_nothing_is_forwarded_before_the_end():
    script = Script(replace(CONFIG, optimistic_forwarding=False))
    assert not states(script.update())
    assert not states(script.update(2, care_of=CARE_OF_2))
    assert order(script.give(taken(HOME))) == ["state", "BindingAcknowledgement"]
    assert OWNER not in script.desired
    script.update(3)
    assert order(script.advance(1.0)) == ["state", "BindingAcknowledgement", "NeighborAdvertisement"]
    assert script.desired[OWNER].tunnels


def test_a_newer_request_takes_over_and_is_the_one_answered():
    script = Script()
    script.update(1)
    script.advance(0.6)
    actions = script.update(2, lifetime=400, care_of=CARE_OF_2)
    assert order(actions) == ["state"]  # no second solicitation
    (tunnel,) = script.desired[OWNER].tunnels
    assert tunnel.remote == CARE_OF_2
    (ack,) = acks(script.advance(0.4))
    assert (ack.sequence, ack.lifetime) == (2, 400)
    assert script.bound() == {HOME: CARE_OF_2}
    assert not acks(script.advance(10))


def test_a_retransmission_that_adds_L_tests_the_link_local_address_for_a_full_second():
    script = Script()
    script.update(1)
    script.advance(0.6)
    actions = script.update(2, link_local_compatibility=True)
    assert [each.packet.message.target for each in packets(actions, NeighborSolicitation)] == [HOME_LINK_LOCAL]
    assert not acks(script.advance(0.9))
    assert [ack.sequence for ack in acks(script.advance(0.1))] == [2]


def test_a_doubled_packet_is_not_refused_and_an_older_one_is():
    script = Script()
    script.update(5)
    assert script.update(5) == []
    assert [(ack.status, ack.sequence) for ack in acks(script.update(4))] == [(135, 5)]
    assert [ack.status for ack in acks(script.advance(1.0))] == [0]


def test_a_deregistration_stops_the_test():
    script = Script()
    script.update(1)
    (ack,) = acks(script.update(2, 0))
    assert (ack.status, ack.sequence, ack.lifetime) == (0, 2, 0)
    assert OWNER not in script.desired
    assert not acks(script.advance(5))


def test_after_a_deregistration_the_next_request_is_tested_in_full():
    script = Script()
    script.update(1)
    script.advance(0.5)
    script.update(2, 0)
    assert packets(script.update(3), NeighborSolicitation)
    assert not acks(script.advance(0.9))
    assert [ack.sequence for ack in acks(script.advance(0.1))] == [3]


def test_a_retransmission_without_L_no_longer_cares_for_the_link_local_address():
    script = Script()
    script.update(1, link_local_compatibility=True)
    script.update(2)
    assert script.give(taken(HOME_LINK_LOCAL)) == []
    assert [ack.status for ack in acks(script.advance(1.0))] == [0]


def test_two_home_addresses_with_one_identifier_are_tested_apart():
    script = Script()
    script.update(1, home=HOME)
    script.update(1, home=OTHER_HOME)
    assert [ack.status for ack in acks(script.give(taken(OTHER_HOME)))] == [134]
    assert script.bound() == {HOME: CARE_OF}


def test_after_a_failed_test_the_next_request_is_tested_anew():
    script = Script()
    script.update(1)
    script.give(taken(HOME))
    assert packets(script.update(2), NeighborSolicitation)
    assert [ack.status for ack in acks(script.advance(1.0))] == [0]


@pytest.mark.requirement("HA-10.3.2-06")
def test_after_a_failed_test_a_late_older_request_is_refused_for_ten_seconds():
    """Found by simulation: it was tested, and with the mobile node gone from home again it would have been accepted."""
    script = Script()
    script.update(7)
    script.give(taken(HOME))
    script.advance(MAX_DELETE_BCE_TIMEOUT - 0.1)
    for late in (6, 7):
        actions = script.update(late, care_of=CARE_OF_2)
        assert [(ack.status, ack.sequence) for ack in acks(actions)] == [(135, 7)]
        assert order(actions) == ["BindingAcknowledgement"], "nothing is forwarded, nothing is tested"
    script.advance(0.1)
    assert packets(script.update(6), NeighborSolicitation), "nothing is known of the address any longer"
    assert [(ack.status, ack.sequence) for ack in acks(script.advance(1.0))] == [(0, 6)]


def test_a_failed_test_makes_no_number_usable_that_was_refused_meanwhile():
    script = Script()
    script.update(5)
    rule = AccessRule(allow=False, care_of_addresses=IPv6Network(f"{CARE_OF_2}/128"))
    script.reconfigure(CONFIG, access=(rule,))
    assert [ack.status for ack in acks(script.update(6, care_of=CARE_OF_2))] == [129]
    assert [(ack.status, ack.sequence) for ack in acks(script.give(taken(HOME)))] == [(134, 5)]
    script.configure(CONFIG)
    assert [(ack.status, ack.sequence) for ack in acks(script.update(6, care_of=CARE_OF_2))] == [(135, 6)]


def test_the_number_of_a_failed_test_survives_a_restart():
    script = Script()
    script.update(7)
    script.give(taken(HOME))
    (stored,) = script.agent.snapshot(script.now)
    assert (stored.home_address, stored.sequence, stored.remaining) == (HOME, 7, 0.0)
    again = Script(None)
    again.agent.restore(Stored(bindings=(stored,)), again.now)
    again.configure(CONFIG)
    assert [(ack.status, ack.sequence) for ack in acks(again.update(6))] == [(135, 7)]


def test_after_a_failed_test_a_deregistration_is_accepted():
    script = Script()
    script.update(7)
    script.give(taken(HOME))
    actions = script.update(8, 0)
    assert order(actions) == ["BindingAcknowledgement"]
    assert [(ack.status, ack.sequence) for ack in acks(actions)] == [(0, 8)]
    assert [(ack.status, ack.sequence) for ack in acks(script.update(7))] == [(135, 8)]


def test_failed_tests_fill_no_more_memory_than_there_may_be_bindings():
    script = Script(replace(CONFIG, max_bindings=2))
    homes = [IPv6Address(int(HOME) + number) for number in range(4)]
    for home in homes:
        script.update(7, home=home)
        script.give(taken(home))
    assert [each.home_address for each in script.agent.snapshot(script.now)] == homes[-2:]
    script.advance(MAX_DELETE_BCE_TIMEOUT)
    assert script.agent.snapshot(script.now) == ()
