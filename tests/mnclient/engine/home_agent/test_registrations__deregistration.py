# SPDX-License-Identifier: GPL-2.0-or-later
"""De-registration (RFC 6275 section 10.3.2)."""

from ipaddress import IPv6Address

import pytest

from mnclient.model.network_state import EMPTY
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.neighbor_discovery import NeighborAdvertisement
from tests.mnclient.engine.home_agent.script import (
    CARE_OF,
    CONFIG,
    HOME,
    MOBILE_MAC,
    VIRTUAL_HOME,
    Script,
    acks,
    order,
    packets,
    states,
)

AT_HOME = {"source": HOME, "home_option": False, "interface": "eth0", "link_layer_source": MOBILE_MAC}


@pytest.fixture
def script() -> Script:
    script = Script()
    script.register(HOME, sequence=5)
    script.advance(10)
    return script


@pytest.mark.requirement("HA-10.3.2-02", "HA-10.3.2-03", "HA-10.3.2-05", "ALL-9.5.4-04", "ALL-9.5.1-01", "ALL-6.1.7-02")
def test_at_home_without_home_address_option(script):
    actions = script.update(6, 0, **AT_HOME)
    assert order(actions) == ["state", "BindingAcknowledgement"]  # intercepting stops before the answer leaves
    assert [(each.owner, each.state) for each in states(actions)] == [(f"home-agent:{HOME}", EMPTY)]
    (sent,) = packets(actions, BindingAcknowledgement)
    assert sent.packet.message == BindingAcknowledgement(status=0, sequence=6, lifetime=0.0)
    assert (sent.packet.destination, sent.packet.routing_home_address) == (HOME, None)
    assert (sent.interface, sent.link_layer_destination) == ("eth0", MOBILE_MAC)
    assert not script.bound()


@pytest.mark.requirement("HA-10.3.2-03", "ALL-9.5.4-04")
def test_from_abroad(script):
    """Without the advice that every other acceptance has."""
    script.reconfigure(CONFIG, refresh_advice=Seconds(300.0))
    (sent,) = packets(script.update(6, 0), BindingAcknowledgement)
    assert sent.packet.message == BindingAcknowledgement(status=0, sequence=6, lifetime=0.0)
    assert (sent.packet.destination, sent.packet.routing_home_address) == (CARE_OF, HOME)
    assert (sent.interface, sent.link_layer_destination) == (None, None)
    assert not script.bound()


@pytest.mark.requirement("HA-10.3.2-01")
@pytest.mark.parametrize("changes", [{}, AT_HOME])
def test_without_entry_it_is_refused(changes):
    (ack,) = acks(Script().update(1, 0, **changes))
    assert (ack.status, ack.sequence) == (133, 1)


@pytest.mark.requirement("HA-10.3.2-04")
def test_a_refusal_reaches_the_mobile_node_at_home_by_its_link_layer_address(script):
    (sent,) = packets(script.update(5, 0, **AT_HOME), BindingAcknowledgement)
    assert sent.packet.message.status == 135
    assert (sent.interface, sent.link_layer_destination) == ("eth0", MOBILE_MAC)
    assert list(script.bound()) == [HOME]


@pytest.mark.requirement("HA-10.3.2-06", "HA-12-01")
def test_a_late_older_update_is_refused_for_ten_seconds(script):
    script.update(7, 0)
    script.advance(9.9)
    (ack,) = acks(script.update(6))
    assert (ack.status, ack.sequence) == (135, 7)
    script.advance(0.2)
    assert acks(script.update(6)) == []  # accepted for testing: nothing is known of the address any longer
    assert [ack.status for ack in acks(script.advance(1.0))] == [0]


def test_a_lost_answer_is_given_again(script):
    script.update(6, 0, **AT_HOME)
    script.advance(1.0)
    actions = script.update(7, 0, **AT_HOME)
    assert order(actions) == ["BindingAcknowledgement"]
    assert [(ack.status, ack.sequence) for ack in acks(actions)] == [(0, 7)]
    assert [ack.status for ack in acks(script.update(7))] == [135]


@pytest.mark.requirement("HA-10.3.2-05")
def test_advertising_for_the_mobile_node_stops():
    script = Script()
    script.register(HOME)
    assert script.desired[f"home-agent:{HOME}"].proxy_neighbors
    script.update(2, 0)
    assert f"home-agent:{HOME}" not in script.desired
    assert not packets(script.advance(10), NeighborAdvertisement)


def test_leaving_again_at_once_is_a_new_first_registration(script):
    script.update(6, 0, **AT_HOME)
    assert order(script.update(7)) == ["state", "NeighborSolicitation"]
    assert [ack.status for ack in acks(script.advance(1.0))] == [0]
    script.advance(20)  # the memory of the deleted entry does not end the new one
    assert list(script.bound()) == [HOME]


def test_leaving_again_at_once_does_not_advertise_before_the_end_of_the_test():
    script = Script()
    script.register(HOME)
    script.update(2, 0)
    script.advance(0.5)
    script.update(3)
    assert not packets(script.advance(0.99), NeighborAdvertisement)


def test_the_memory_of_a_deleted_entry_ends_with_the_next_one():
    script = Script()
    script.register(VIRTUAL_HOME)
    script.update(2, 0, home=VIRTUAL_HOME)
    script.register(VIRTUAL_HOME, sequence=3)
    assert [(each.sequence, each.remaining) for each in script.agent.snapshot(script.now)] == [(3, 600.0)]


def test_the_home_address_as_source_on_another_interface_is_not_at_home(script):
    (sent,) = packets(script.update(6, 0, **{**AT_HOME, "interface": "wan"}), BindingAcknowledgement)
    assert (sent.interface, sent.link_layer_destination) == (None, None)


def test_on_a_virtual_link():
    script = Script()
    script.register(VIRTUAL_HOME)
    (ack,) = acks(script.update(2, 0, home=VIRTUAL_HOME))
    assert ack.status == 0
    assert not script.bound()


@pytest.mark.requirement("ALL-9.5.1-01")
def test_an_unroutable_source_is_no_home_address():
    script = Script()
    assert script.update(1, 0, source=IPv6Address("fe80::1"), home_option=False) == []
    assert script.agent.counters()["bu.discarded.home-address"] == 1
