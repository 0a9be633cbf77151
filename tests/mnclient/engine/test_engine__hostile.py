# SPDX-License-Identifier: GPL-2.0-or-later
"""All roles at once, and a network that sends whatever can be decoded, in whatever order, at whatever time.

Nothing raises, every table stays bounded, every deadline can be kept, and nobody is flooded by us.
"""

import math
from collections import defaultdict
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnclient.constants import (
    BINDING_ERROR_RATE,
    MAX_CORRESPONDENTS,
    MAX_HANDOVERS,
    MAX_HOME_ADDRESSES,
    MAX_HOME_AGENTS_LISTED,
    MAX_INTERFACES,
    MAX_ROUTERS_PER_INTERFACE,
    MAX_UPDATE_RATE,
)
from mnclient.engine.actions import SendPacket
from mnclient.engine.engine import Engine
from mnclient.engine.events import (
    Configured,
    DeadlineReached,
    LinkChanged,
    PacketReceived,
)
from mnclient.errors import WireError
from mnclient.model.status import HomeAddressState
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingUpdate
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import (
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.engine.home_agent.script import CONFIG, FakeEntropy
from tests.mnclient.engine.hostile_events import (
    CONFIGURATIONS,
    HOMES,
    LINK_LOCAL,
    MAX_BINDINGS,
    heard,
    steps,
)


class Watched:
    """An engine, the time, and what it has sent."""

    def __init__(self) -> None:
        self.engine, self.now = Engine(FakeEntropy()), Instant(1000.0)
        self.updates: dict[tuple[IPv6Address, IPv6Address], list[Instant]] = defaultdict(list)
        self.errors: list[Instant] = []
        self.last: Packet | None = None
        self.seen: set[object] = set()
        for name in ("eth0", "wlan0"):
            self.give(LinkChanged(interface=name, is_up=True, link_layer_address=b"\x02\0\0\0\0\x07",
                                  link_local_address=LINK_LOCAL))  # fmt: skip
        self.give(Configured(config=CONFIGURATIONS[0]))

    def give(self, event) -> None:
        for action in self.engine.handle(event, self.now):
            if isinstance(action, SendPacket):
                self.look(action)
        deadline = self.engine.next_deadline()
        assert deadline is None or self.now <= deadline < math.inf, deadline

    def look(self, action: SendPacket) -> None:
        packet = action.packet
        assert len(action.link_layer_destination or b"") <= 8  # what a packet socket takes
        assert decode_or_none(encode_packet(packet)) is not None
        if isinstance(packet.message, BindingUpdate):
            self.last = packet
            times = self.updates[packet.destination, packet.home_address or packet.source]
            times.append(self.now)
            if len(times) > MAX_UPDATE_RATE:
                assert self.now - times[-1 - MAX_UPDATE_RATE] >= 1.0 - 1e-6
        elif isinstance(packet.message, BindingError | ParameterProblem):
            self.errors.append(self.now)
            assert len([at for at in self.errors if at > self.now - 1.0]) <= BINDING_ERROR_RATE

    def answer(self, status: int, off: int) -> None:
        """What a home agent says to the Binding Update sent last, or nearly."""
        if self.last is None:
            return
        update = self.last.message
        message = BindingAcknowledgement(
            status=status, sequence=(update.sequence + off) % 65536, lifetime=update.lifetime
        )
        packet = Packet(
            source=self.last.destination,
            destination=self.last.source,
            message=message,
            routing_home_address=self.last.home_address,
        )
        self.give(PacketReceived(interface="wlan0", packet=packet))

    def wait(self, pause: float, *, punctual: bool) -> None:
        """Time goes on, either from deadline to deadline (some of them), or in one leap as after a sleep."""
        until = Instant(self.now + pause)
        for _ in range(12):
            deadline = self.engine.next_deadline()
            if not punctual or deadline is None or deadline > until:
                break
            self.now = deadline
            self.give(DeadlineReached())
            following = self.engine.next_deadline()
            assert following is None or following > self.now, "what is due is done"
        self.now = until
        self.give(DeadlineReached())

    def check(self) -> None:
        status = self.engine.status(self.now)
        self.seen |= {each.state for each in status.home_addresses}
        self.seen |= {name.rstrip("0123456789") for name in status.counters}
        assert len(status.interfaces) <= MAX_INTERFACES
        assert all(len(each.routers) <= MAX_ROUTERS_PER_INTERFACE for each in status.interfaces)
        assert len(status.home_addresses) <= len(HOMES)
        assert len(status.correspondents) <= MAX_CORRESPONDENTS * len(HOMES)
        assert len(status.binding_update_list) <= MAX_HOME_ADDRESSES
        assert len(self.engine.binding_cache(self.now)) <= MAX_BINDINGS
        stored = self.engine.snapshot(self.now)
        assert len(stored.bindings) <= 2 * MAX_BINDINGS  # and the sequence numbers of deleted ones
        assert len(stored.registrations) <= MAX_HOME_ADDRESSES
        assert len(self.engine.handovers()) <= MAX_HANDOVERS
        assert len(status.problems) <= 64
        assert len(status.counters) <= 150
        if status.home_agent is not None:
            assert len(status.home_agent.home_agents) <= MAX_HOME_AGENTS_LISTED + len(CONFIG.links)


def decode_or_none(data: bytes) -> Packet | None:
    try:
        return decode_packet(data)
    except WireError:
        return None


SEEN: set[object] = set()


@settings(deadline=None, derandomize=True, database=None, max_examples=400)
@given(st.lists(steps, min_size=10, max_size=40))
@example([(heard("2"), 1.5, True), (("answer", 133, 0), 0.0, False)])  # refused abroad: chance leads there too seldom
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


@pytest.mark.requirement("MN-11.5.3-02")
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
