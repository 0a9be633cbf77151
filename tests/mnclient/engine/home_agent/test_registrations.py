# SPDX-License-Identifier: GPL-2.0-or-later
"""Registration: what is accepted, and for how long."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import PREVIOUS_CARE_OF_ACCEPTED
from mnclient.engine.actions import PublishStatus
from mnclient.model.config import AdvertisingConfig
from mnclient.model.network_state import EMPTY, ProxyNeighbor
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.mobility_options import BindingRefreshAdvice
from mnclient.wire.neighbor_discovery import NeighborAdvertisement
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    AGENT_LINK_LOCAL,
    AGENT_MAC,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    ETH0_UP,
    HOME,
    HOME_LINK_LOCAL,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    VIRTUAL_LINK,
    Script,
    acks,
    order,
    packets,
    states,
)

OWNER = f"home-agent:{VIRTUAL_HOME}"
SECOND_VIRTUAL_HOME = IPv6Address("2001:db8:7::200")


def register_virtual(script: Script, sequence: int = 1, lifetime: float = 600.0, **changes: object):
    return script.update(sequence, lifetime, **{"home": VIRTUAL_HOME, **changes})


def statuses(actions) -> list[int]:
    return [ack.status for ack in acks(actions)]


# --- accepted ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("HA-10.3.1-05", "HA-10.3.1-06", "ALL-9.5.1-03")
def test_a_first_registration_is_accepted_with_any_sequence_number():
    script = Script()
    actions = register_virtual(script, sequence=54321)
    assert order(actions) == ["state", "BindingAcknowledgement"]
    (entry,) = script.agent.binding_cache(script.now)
    assert (entry.home_address, entry.care_of_address, entry.sequence) == (VIRTUAL_HOME, CARE_OF, 54321)
    assert entry.home_registration
    assert entry.expires == script.now + 600


@pytest.mark.requirement("ALL-9.5.4-02", "ALL-9.5.4-03", "ALL-9.5.4-04", "HA-10.3.1-13", "HA-10.3.1-15")
@pytest.mark.parametrize("acknowledge", [True, False])
def test_the_acknowledgement_goes_to_the_source_with_a_routing_header(acknowledge):
    actions = register_virtual(Script(), sequence=7, acknowledge=acknowledge, key_management_mobility=True)
    (sent,) = packets(actions, BindingAcknowledgement)
    packet = sent.packet
    assert (packet.source, packet.destination) == (VIRTUAL_AGENT, CARE_OF)
    assert packet.routing_home_address == VIRTUAL_HOME
    assert packet.home_address is None
    assert packet.message == BindingAcknowledgement(status=0, sequence=7, lifetime=Seconds(600.0))
    assert (sent.interface, sent.link_layer_destination) == (None, None)


@pytest.mark.requirement("ALL-9.5.1-09", "ALL-9.5.4-03")
def test_the_alternate_care_of_address_is_bound_and_the_source_is_answered():
    script = Script()
    actions = register_virtual(script, source=CARE_OF, alternate=CARE_OF_2)
    assert script.bound() == {VIRTUAL_HOME: CARE_OF_2}
    assert packets(actions, BindingAcknowledgement)[0].packet.destination == CARE_OF


@pytest.mark.requirement("HA-10.4.1-01", "HA-10.4.1-02")
def test_on_a_real_link_it_is_advertised_three_times_a_second_apart():
    script = Script()
    script.update()
    first = script.advance(1.0)
    assert order(first) == ["state", "BindingAcknowledgement", "NeighborAdvertisement"]
    (sent,) = packets(first, NeighborAdvertisement)
    message = sent.packet.message
    assert isinstance(message, NeighborAdvertisement)
    assert (sent.interface, sent.packet.hop_limit) == ("eth0", 255)
    assert (sent.packet.source, sent.packet.destination) == (AGENT_LINK_LOCAL, IPv6Address("ff02::1"))
    assert (message.target, message.target_link_layer_address) == (HOME, AGENT_MAC)
    assert (message.router, message.solicited, message.override) == (False, False, True)
    assert [len(packets(script.advance(1.0), NeighborAdvertisement)) for _ in range(2)] == [1, 1]
    assert script.agent.next_deadline() == 101 + 600  # nothing but the end of the binding


@pytest.mark.requirement("HA-10.3.1-09", "HA-10.4.1-01")
def test_with_the_L_bit_the_link_local_address_is_defended_but_not_tunnelled():
    script = Script()
    script.update(link_local_compatibility=True)
    actions = script.advance(1.0)
    targets = {each.packet.message.target for each in packets(actions, NeighborAdvertisement)}
    assert targets == {HOME, HOME_LINK_LOCAL}
    state = script.desired[f"home-agent:{HOME}"]
    assert {each.address for each in state.proxy_neighbors} == {HOME, HOME_LINK_LOCAL}
    assert {each.home_address for each in state.tunnels} == {HOME}
    assert {each.destination for each in state.routes} == {IPv6Network(HOME)}


def test_without_a_link_local_address_it_advertises_from_its_own():
    script = Script(links=(replace(ETH0_UP, link_local_address=None),))
    script.update()
    assert packets(script.advance(1.0), NeighborAdvertisement)[0].packet.source == AGENT


def test_a_virtual_link_is_neither_tested_nor_advertised_on():
    script = Script()
    actions = register_virtual(script)
    assert script.agent.next_deadline() == script.now + 600
    assert not script.desired[OWNER].proxy_neighbors
    assert not packets(actions, NeighborAdvertisement)


@pytest.mark.requirement("HA-10.3.1-08")
def test_a_new_care_of_address_is_taken_at_once_without_another_test():
    script = Script()
    script.register(HOME)
    script.advance(10)
    actions = script.update(2, care_of=CARE_OF_2)
    assert order(actions) == ["state", "BindingAcknowledgement"]
    (tunnel,) = script.desired[f"home-agent:{HOME}"].tunnels
    assert tunnel.remote == CARE_OF_2
    assert ProxyNeighbor(interface="eth0", address=HOME) in script.desired[f"home-agent:{HOME}"].proxy_neighbors


def test_a_refresh_sets_no_network_state():
    script = Script()
    register_virtual(script)
    script.advance(300)
    assert order(register_virtual(script, 2)) == ["BindingAcknowledgement"]
    assert script.agent.binding_cache(script.now)[0].expires == script.now + 600


def test_a_refresh_is_news_so_that_its_new_end_is_kept_over_a_crash():
    script = Script()
    register_virtual(script)
    script.advance(300)
    assert PublishStatus() in register_virtual(script, 2)


def test_the_L_bit_of_a_refresh_begins_and_ends_the_defence_of_the_link_local_address():
    script = Script()
    script.register(HOME)
    script.advance(10)
    actions = script.update(2, link_local_compatibility=True)
    assert order(actions) == ["state", "BindingAcknowledgement", "NeighborAdvertisement", "NeighborAdvertisement"]
    assert len(script.desired[f"home-agent:{HOME}"].proxy_neighbors) == 2
    assert order(script.update(3)) == ["state", "BindingAcknowledgement"]
    assert len(script.desired[f"home-agent:{HOME}"].proxy_neighbors) == 1


@pytest.mark.requirement("ALL-6.1.7-02", "HA-10.3.1-07", "HA-10.3.1-12")
def test_a_binding_ends_with_its_lifetime():
    script = Script()
    register_virtual(script, lifetime=40.0)
    script.advance(39.9)
    assert script.bound()
    actions = script.advance(0.1)
    assert not script.bound()
    assert [(each.owner, each.state) for each in states(actions)] == [(OWNER, EMPTY)]


@pytest.mark.requirement("HA-10.3.1-12")
def test_a_lifetime_that_was_reduced_is_the_one_that_counts():
    script = Script(replace(CONFIG, max_lifetime=Seconds(40.0)))
    register_virtual(script, lifetime=600.0)
    script.advance(39.9)
    assert script.bound()
    script.advance(0.1)
    assert not script.bound()


def test_a_late_wake_up_does_not_keep_an_expired_binding():
    script = Script()
    register_virtual(script, sequence=9, lifetime=40.0)
    script.now += 1000  # nobody reported the deadline
    actions = script.update(1, home=SECOND_VIRTUAL_HOME)
    assert order(actions) == ["state", "state", "BindingAcknowledgement"]
    assert list(script.bound()) == [SECOND_VIRTUAL_HOME]


# --- lifetime and status ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("HA-10.3.1-11")
@pytest.mark.parametrize(
    "requested, allowed, granted",
    [(600, 3600, 600), (7200, 3600, 3600), (600, 10, 8), (4, 3600, 4), (262140, 1e9, 262140), (600, 1, 4)],
)
def test_the_lifetime_is_never_above_what_was_asked_for(requested, allowed, granted):
    script = Script(replace(CONFIG, max_lifetime=Seconds(allowed)))
    (ack,) = acks(register_virtual(script, lifetime=requested))
    assert (ack.status, ack.lifetime) == (0, granted)


def advertised(valid: float, preferred: float):
    advertising = AdvertisingConfig(valid_lifetime=Seconds(valid), preferred_lifetime=Seconds(preferred))
    return replace(CONFIG, links=(replace(VIRTUAL_LINK, advertising=advertising),))


@pytest.mark.requirement("HA-10.3.1-11", "HA-10.3.1-14")
@pytest.mark.parametrize(
    "valid, preferred, status, granted",
    [
        (3600, 1800, 0, 600),  # outlives the binding
        (3600, 0, 1, 600),  # deprecated
        (3600, 596, 1, 600),  # becomes deprecated
        (3600, 603, 0, 600),  # 600 without the two low bits
        (3600, 599, 1, 600),  # 596 without the two low bits
        (601, 601, 1, 600),  # becomes invalid at its end
        (400, 400, 1, 400),  # limits it
        (403, 401, 1, 400),
    ],
)
def test_prefix_lifetimes_limit_the_binding_and_choose_the_status(valid, preferred, status, granted):
    (ack,) = acks(register_virtual(Script(advertised(valid, preferred))))
    assert (ack.status, ack.lifetime) == (status, granted)


def test_a_prefix_about_to_end_is_no_home_subnet():
    assert statuses(register_virtual(Script(advertised(3, 3)))) == [132]


@pytest.mark.requirement("HA-6.2.4-01")
@pytest.mark.parametrize("advice, lifetime, expected", [(300, 600, 300), (600, 600, 596), (300, 4, None)])
def test_refresh_advice_is_below_the_lifetime(advice, lifetime, expected):
    script = Script(replace(CONFIG, refresh_advice=Seconds(advice)))
    (ack,) = acks(register_virtual(script, lifetime=lifetime))
    assert ack.refresh_advice == expected


@pytest.mark.requirement("HA-10.3.1-17")
def test_by_default_there_is_no_refresh_advice_since_bindings_are_kept_on_disk():
    (ack,) = acks(register_virtual(Script()))
    assert not any(isinstance(option, BindingRefreshAdvice) for option in ack.options)


@pytest.mark.requirement("HA-10.3.1-17")
def test_a_binding_lives_on_when_it_is_not_refreshed_as_advised():
    script = Script(replace(CONFIG, refresh_advice=Seconds(100.0)))
    register_virtual(script)
    script.advance(599)
    assert script.bound()


# --- a move -----------------------------------------------------------------------------------------------------------


def tunnel_of(script: Script):
    (tunnel,) = script.desired[OWNER].tunnels
    return tunnel


def test_the_care_of_address_of_before_is_accepted_as_source_for_a_moment():
    script = Script()
    register_virtual(script)
    assert tunnel_of(script).accept_remote == ()
    register_virtual(script, sequence=2, care_of=CARE_OF_2)
    assert (tunnel_of(script).remote, tunnel_of(script).accept_remote) == (CARE_OF_2, (CARE_OF,))
    script.advance(PREVIOUS_CARE_OF_ACCEPTED - 0.1)
    register_virtual(script, sequence=3, care_of=CARE_OF_2)
    assert tunnel_of(script).accept_remote == (CARE_OF,)
    script.advance(0.2)
    assert tunnel_of(script).accept_remote == ()


def test_what_is_deleted_meanwhile_is_not_brought_back():
    script = Script()
    register_virtual(script)
    register_virtual(script, sequence=2, care_of=CARE_OF_2)
    register_virtual(script, sequence=3, lifetime=0.0, care_of=CARE_OF_2)
    script.advance(2 * PREVIOUS_CARE_OF_ACCEPTED)
    assert OWNER not in script.desired
