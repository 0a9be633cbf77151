# SPDX-License-Identifier: GPL-2.0-or-later
"""Several interfaces: which one is in use."""

import pytest

from mnclient.model.status import HomeAddressState as State
from mnclient.units import Seconds
from tests.mnclient.engine.mobile_node.script import (
    HOME,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    ack,
    advertisement,
    binding_update,
    config,
    link,
    only,
    policy,
    prefix,
    prove,
    ra_a,
    ra_b,
    ra_home,
    updates,
)

BETTER_WIRE = (policy("eth0", 10), policy("wlan0", 20))


def active(script: Script) -> str | None:
    return next((each.name for each in script.node.interfaces(script.now) if each.is_active), None)


def both(*policies) -> Script:
    """wlan0 in network B is in use, eth0 is plugged in but has heard nothing."""
    script = Script(config(interfaces=policies))
    script.give(link("wlan0"))
    script.give(ack(only(updates(script.give(ra_b(interface="wlan0"))))))
    script.give(link("eth0"))
    script.pass_time(3.0)
    assert active(script) == "wlan0"
    return script


def test_a_preferred_interface_is_taken_when_it_becomes_usable():
    script = both(*BETTER_WIRE)
    assert not updates(script.give(ra_a()))
    update = only(updates(prove(script, "eth0")))
    assert active(script) == "eth0"
    assert update.packet.source in NET_A


def test_an_interface_of_equal_priority_is_not():
    script = both()
    assert not updates(script.give(ra_a()))
    assert active(script) == "wlan0"


@pytest.mark.parametrize("first, second", [("eth0", "wlan0"), ("wlan0", "eth0")])
def test_the_other_interface_is_used_at_once_when_the_active_one_fails(first, second):
    script = Script()
    script.give(link(first))
    script.give(ra_a(interface=first))
    script.give(link(second))
    script.give(ra_b(interface=second))
    assert active(script) == first
    script.pass_time(2.0)
    assert only(updates(script.give(link(first, up=False)))).packet.source in NET_B
    assert active(script) == second


def test_make_before_break_keeps_both_addresses_and_their_routes():
    script = both(*BETTER_WIRE)
    old = script.care_of
    script.give(ra_a())
    prove(script, "eth0")
    assert script.has_address("wlan0", old)
    assert {only(script.state.tunnels).local, *only(script.state.tunnels).accept_local} == {old, script.care_of}
    assert {each.table for each in script.state.routes if each.interface == "wlan0"} == {627600}
    assert {each.table for each in script.state.routes if each.interface == "eth0"} == {627601}
    script.give(link("wlan0", up=False))
    assert not script.has_address("wlan0", old)


def test_a_disabled_interface_is_left():
    script = both()
    script.give(ra_a())
    script.configure(config(interfaces=(policy("wlan0", enabled=False),)))
    assert active(script) == "eth0"


def test_a_router_that_gives_no_address_is_no_use():
    script = both(*BETTER_WIRE)
    script.give(advertisement(ROUTER_A, MAC_A, prefix(NET_A, autonomous=False)))
    assert active(script) == "wlan0"


def test_what_is_registered_from_the_preferred_interface_stays_though_another_is_at_home():
    script = Script(config(interfaces=BETTER_WIRE))
    script.give(link("eth0"))
    script.give(ra_a())
    script.give(link("wlan0"))
    script.give(ra_home(interface="wlan0"))
    assert script.where is State.REGISTERING
    status = {each.name: each.is_home for each in script.node.interfaces(script.now)}
    assert status == {"eth0": False, "wlan0": True}


def test_coming_home_on_a_second_interface_keeps_what_is_under_way_to_the_first():
    script = both(*BETTER_WIRE)
    old = script.care_of
    script.give(ra_home())
    deregistration = only(updates(script.pass_time(1.0)))
    assert binding_update(deregistration).lifetime == 0
    tunnel = only(script.state.tunnels)
    assert (tunnel.local, tunnel.home_address) == (old, HOME)
    script.give(ack(deregistration))
    script.pass_time(10.0)
    assert script.where is State.AT_HOME
    assert not script.state.tunnels


def test_changed_settings_take_effect_on_the_next_registration():
    script = both()
    assert not updates(script.configure(config(registration_lifetime=Seconds(120.0))))
    assert binding_update(updates(script.pass_time(460.0))[0]).lifetime == 120.0


def test_a_router_that_offers_nothing_keeps_nobody_from_a_network():
    """Found by simulation: the first one heard, or the last one left, stayed in use though nothing came of it."""
    script = Script()
    script.give(link())
    assert not updates(script.give(advertisement(ROUTER_B, MAC_B)))
    update = only(updates(script.give(ra_a())))
    assert update.packet.source in NET_A
    script.give(ack(update))
    assert not updates(script.give(advertisement(ROUTER_B, MAC_B)))
    assert active(script) == "eth0"
