# SPDX-License-Identifier: GPL-2.0-or-later
"""Registration: what is refused and how, and what is dropped without a word."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_BINDINGS
from mnclient.model.config import AccessRule
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.mobility_options import NonceIndices, UnknownMobilityOption
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CARE_OF_2,
    CONFIG,
    ETH0_UP,
    HOME,
    MOBILE_MAC,
    OTHER_HOME,
    REAL_LINK,
    VIRTUAL_AGENT,
    VIRTUAL_HOME,
    Script,
    acks,
    packets,
)

SECOND_VIRTUAL_HOME = IPv6Address("2001:db8:7::200")


def register_virtual(script: Script, sequence: int = 1, lifetime: float = 600.0, **changes: object):
    return script.update(sequence, lifetime, **{"home": VIRTUAL_HOME, **changes})


def statuses(actions) -> list[int]:
    return [ack.status for ack in acks(actions)]


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ALL-9.5.1-02", "ALL-9.5.1-04")
@pytest.mark.parametrize("sequence", [15, 14, 0, 32783, 65535])
def test_an_old_sequence_number_is_answered_with_the_last_one(sequence):
    script = Script()
    register_virtual(script, sequence=15)
    (ack,) = acks(register_virtual(script, sequence, care_of=CARE_OF_2))
    assert (ack.status, ack.sequence) == (135, 15)
    assert script.bound() == {VIRTUAL_HOME: CARE_OF}


@pytest.mark.requirement("ALL-9.5.1-02")
@pytest.mark.parametrize("last, sequence", [(15, 16), (15, 32782), (65535, 0), (65535, 32766)])
def test_a_newer_sequence_number_is_accepted_modulo_65536(last, sequence):
    script = Script()
    register_virtual(script, last)
    assert statuses(register_virtual(script, sequence)) == [0]


@pytest.mark.requirement("ALL-9.5.1-06")
def test_the_kind_of_registration_cannot_change():
    script = Script()
    register_virtual(script)
    (ack,) = acks(register_virtual(script, 2, home_registration=False, care_of=CARE_OF_2))
    assert ack.status == 139
    assert script.agent.binding_cache(script.now)[0].home_registration
    assert script.bound() == {VIRTUAL_HOME: CARE_OF}


@pytest.mark.requirement("HA-10.3.1-02")
@pytest.mark.parametrize("home, destination", [("2001:db8:9::1", AGENT), (str(HOME), VIRTUAL_AGENT)])
def test_a_home_address_off_the_home_link_is_refused(home, destination):
    script = Script()
    actions = script.update(home=IPv6Address(home), destination=destination)
    assert statuses(actions) == [132]
    assert not script.bound()


@pytest.mark.requirement("HA-10.3.1-03")
@pytest.mark.parametrize(
    "rule",
    [
        AccessRule(allow=False, home_addresses=IPv6Network(f"{VIRTUAL_HOME}/128")),
        AccessRule(allow=False, care_of_addresses=IPv6Network("2001:db8:2::/64")),
    ],
)
def test_whom_the_access_list_excludes_is_refused(rule):
    script = Script(replace(CONFIG, access=(rule,)))
    assert statuses(register_virtual(script)) == [129]
    assert statuses(script.update(home=SECOND_VIRTUAL_HOME, care_of=CARE_OF_2)) == [0]


@pytest.mark.requirement("HA-10.3.1-03", "HA-10.3.1-07")
def test_a_full_cache_refuses_new_bindings_and_keeps_old_ones():
    script = Script(replace(CONFIG, max_bindings=1))
    register_virtual(script)
    assert statuses(script.update(home=SECOND_VIRTUAL_HOME)) == [130]
    assert statuses(register_virtual(script, 2, care_of=CARE_OF_2)) == [0]
    assert list(script.bound()) == [VIRTUAL_HOME]


@pytest.mark.parametrize("address", ["2001:db8:7::", "2001:db8:7:0:fdff:ffff:ffff:fffe"])
def test_an_anycast_address_is_nobodys_home_address(address):
    assert statuses(register_virtual(Script(), home=IPv6Address(address))) == [129]


def test_the_home_agents_own_address_is_taken():
    assert statuses(register_virtual(Script(), home=VIRTUAL_AGENT)) == [134]


@pytest.mark.requirement("HA-15.1-01")
@pytest.mark.parametrize("care_of", [HOME, VIRTUAL_HOME, VIRTUAL_AGENT, AGENT, SECOND_VIRTUAL_HOME])
def test_a_tunnel_that_leads_back_is_refused(care_of):
    script = Script()
    script.register(HOME)
    assert statuses(register_virtual(script, care_of=care_of)) == [174]
    assert list(script.bound()) == [HOME]


@pytest.mark.requirement("HA-15.1-01")
def test_two_bindings_cannot_be_led_into_each_other():
    script = Script()
    script.register(HOME)
    script.register(OTHER_HOME)
    assert statuses(script.update(2, home=HOME, care_of=OTHER_HOME)) == [174]
    assert statuses(script.update(2, home=OTHER_HOME, care_of=HOME)) == [174]
    assert script.bound() == {HOME: CARE_OF, OTHER_HOME: CARE_OF}


def test_a_mobile_node_may_visit_another_home_link_of_ours():
    assert statuses(register_virtual(Script(), care_of=IPv6Address("2001:db8:1::55"))) == [0]


@pytest.mark.requirement("HA-10.3.1-03")
def test_without_its_link_a_first_registration_is_refused_and_a_known_one_goes_on():
    script = Script()
    script.register(HOME)
    script.give(replace(ETH0_UP, is_up=False))
    assert statuses(script.update(home=OTHER_HOME)) == [128]
    assert statuses(script.update(2, care_of=CARE_OF_2)) == [0]


def test_a_refused_request_cannot_be_replayed_when_it_would_be_accepted():
    script = Script()
    register_virtual(script, 1)
    script.reconfigure(CONFIG, access=(AccessRule(allow=False),))
    assert statuses(register_virtual(script, 2, care_of=CARE_OF_2)) == [129]
    script.configure(CONFIG)
    assert statuses(register_virtual(script, 2, care_of=CARE_OF_2)) == [135]


# --- dropped ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ALL-9.5.1-07", "ALL-9.5.4-01")
@pytest.mark.parametrize(
    "reason, changes",
    [
        pytest.param(
            "home-address",
            {"home": IPv6Address("fe80::1")},
            marks=pytest.mark.requirement("ALL-9.5.1-01", "ALL-9.3.1-01"),
        ),
        ("home-address", {"home": IPv6Address("ff0e::1")}),
        ("home-address", {"home": IPv6Address("::")}),
        pytest.param(
            "care-of-address", {"alternate": IPv6Address("ff0e::1")}, marks=pytest.mark.requirement("ALL-6.1.7-03")
        ),
        ("care-of-address", {"source": IPv6Address("fe80::2")}),
        ("care-of-address", {"alternate": IPv6Address("::1")}),
        pytest.param("source", {"source": IPv6Address("ff02::5")}, marks=pytest.mark.requirement("ALL-9.5.4-03")),
        ("source", {"source": IPv6Address("::")}),
        pytest.param(
            "nonce-indices",
            {"options": (NonceIndices(home=1, care_of=2),)},
            marks=pytest.mark.requirement("ALL-9.5.1-05"),
        ),
        pytest.param("no-home-address-option", {"home_option": False}, marks=pytest.mark.requirement("HA-10.3.1-04")),
        ("destination", {"destination": IPv6Address("ff02::1")}),
        ("destination", {"destination": IPv6Address("2001:db8:99::1")}),
        ("correspondent", {"home_registration": False}),
    ],
)
def test_a_faulty_update_is_dropped_and_counted(reason, changes):
    script = Script()
    assert script.update(**changes) == []
    assert not script.bound()
    assert script.agent.counters()[f"bu.discarded.{reason}"] == 1


def test_without_protection_nothing_is_accepted_unless_allowed():
    script = Script(replace(CONFIG, allow_unprotected_signalling=False))
    assert script.update() == []
    assert script.agent.counters()["bu.discarded.unprotected"] == 1
    assert not script.bound()


def test_unknown_options_do_not_matter():
    assert statuses(register_virtual(Script(), options=(UnknownMobilityOption(type=99, data=b"x"),))) == [0]


def test_a_link_local_sender_is_answered_on_its_link():
    script = Script()
    script.register(HOME)
    sender = IPv6Address("fe80::5")
    actions = script.update(2, source=sender, alternate=CARE_OF, interface="eth0", link_layer_source=MOBILE_MAC)
    (sent,) = packets(actions, BindingAcknowledgement)
    assert (sent.packet.destination, sent.interface) == (sender, "eth0")


def test_the_default_cap_is_that_of_the_constants():
    assert Script().agent.status(Script().now).max_bindings == MAX_BINDINGS
    assert REAL_LINK.advertising is None
