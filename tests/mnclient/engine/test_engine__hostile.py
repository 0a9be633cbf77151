# SPDX-License-Identifier: GPL-2.0-or-later
"""All roles at once, and a network that sends whatever can be decoded, in whatever order, at whatever time.

Nothing raises, every table stays bounded, every deadline can be kept, and nobody is flooded by us.
"""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnclient.constants import (
    MAX_INTERFACES,
)
from mnclient.engine.events import (
    Configured,
    LinkChanged,
    PacketReceived,
)
from mnclient.model.status import HomeAddressState
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import (
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import Packet
from tests.mnclient.engine.home_agent.script import CONFIG
from tests.mnclient.engine.hostile_events import (
    CONFIGURATIONS,
    MAX_BINDINGS,
    heard,
    registers,
    steps,
)
from tests.mnclient.engine.watched import Watched

SEEN: set[object] = set()


@settings(deadline=None, derandomize=True, database=None, max_examples=400)
@given(st.lists(steps, min_size=10, max_size=40))
# Refused and registered abroad, and asked as a correspondent: chance leads there too seldom.
# What it draws depends on the modules that are loaded.
@example([(heard("2"), 1.5, True), (("answer", 133, 0), 0.0, False)])
@example([(heard("2"), 1.5, True), (("answer", 0, 0), 0.0, False)])
@example([(registers("2001:db8:7::100", "2001:db8:7::1", 1, is_home=False), 0.0, False)])
def live_through(scenes) -> None:
    watched = Watched()
    for event, pause, punctual in scenes:
        if isinstance(event, tuple):
            watched.answer(event[1], event[2])
        else:
            watched.give(event)
        watched.wait(pause, punctual=punctual)
        watched.check()
    SEEN.update(watched.seen)


@pytest.mark.requirement("MN-11.5.3-02", "MN-11.3.1-05")
def test_whatever_comes_in_whatever_order():
    live_through()
    # It is worth something only if it came far.
    state = HomeAddressState
    assert {state.DETECTING, state.SEARCHING, state.REGISTERING, state.REGISTERED, state.REFUSED} <= SEEN
    assert {
        "bu.sent",
        "bu.accepted",
        "bu.refused.",
        "ba.status.",
        "be.received",
        "dad.started",
        "binding.expired",
        "correspondent.bu.received",
        "correspondent.home-address.refused",
    } <= SEEN


def test_a_crowd_fills_no_table():
    """More of everything than there is room for, without a pause."""
    watched = Watched()
    update = BindingUpdate(sequence=1, lifetime=Seconds(600.0), acknowledge=True, home_registration=True)
    for number in range(300):
        watched.now = Instant(watched.now + 0.001)
        source = IPv6Address(0xFE80 << 112 | 0x1000 + number)
        for interface in ("eth0", "wlan0", f"veth{number}"):
            watched.give(LinkChanged(interface=interface, is_up=True, link_layer_address=number.to_bytes(6)))
            event = heard("2", interface)
            packet = replace(event.packet, source=source)
            watched.give(replace(event, packet=packet, link_layer_source=number.to_bytes(6)))
        home = IPv6Address(0x20010DB8 << 96 | 7 << 80 | 0x1000 + number)
        packet = Packet(source=IPv6Address("2001:db8:2::5"), destination=CONFIG.links[1].address, message=update,
                        home_address=home)  # fmt: skip
        watched.give(PacketReceived(interface="wlan0", packet=packet))
    watched.check()
    status = watched.engine.status(watched.now)
    assert len(status.interfaces) == MAX_INTERFACES
    assert len(watched.engine.binding_cache(watched.now)) == MAX_BINDINGS
    assert status.counters["bu.refused.130"] == 300 - MAX_BINDINGS


def test_a_hardware_address_that_no_frame_can_be_sent_to_is_not_used():
    """An option of 24 octets holds 22: the router is asked at the address that its frame came from."""
    watched = Watched()
    watched.give(Configured(config=CONFIGURATIONS[1]))
    event = heard("2")
    message = event.packet.message
    assert isinstance(message, RouterAdvertisement)
    options = (SourceLinkLayerAddress(address=b"\xff" * 22), *message.options)
    watched.give(replace(event, packet=replace(event.packet, message=replace(message, options=options))))
    (interface,) = (each for each in watched.engine.status(watched.now).interfaces if each.name == "wlan0")
    assert [router.link_layer_address for router in interface.routers] == [event.link_layer_source]
    watched.wait(60.0, punctual=True)


@pytest.mark.requirement("MN-6.4-01")
def test_an_update_for_somebody_else_behind_a_routing_header_is_not_ours():
    watched = Watched()
    update = BindingUpdate(sequence=1, lifetime=Seconds(600.0), acknowledge=True, home_registration=True)
    for routing in (IPv6Address("2001:db8:7::66"), None):
        packet = Packet(source=IPv6Address("2001:db8:2::5"), destination=CONFIG.links[1].address, message=update,
                        home_address=IPv6Address("2001:db8:7::100"), routing_home_address=routing)  # fmt: skip
        watched.give(PacketReceived(interface="wlan0", packet=packet))
        assert len(watched.engine.binding_cache(watched.now)) == (0 if routing else 1)
    assert watched.engine.status(watched.now).counters["bu.discarded.routing-header"] == 1
