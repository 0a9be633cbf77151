# SPDX-License-Identifier: GPL-2.0-or-later
"""An engine that is watched: whatever it is given, its tables stay bounded and it floods nobody."""

import math
from collections import defaultdict
from ipaddress import IPv6Address

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
from mnclient.engine.events import Configured, DeadlineReached, Event, LinkChanged, PacketReceived
from mnclient.errors import WireError
from mnclient.model.config import NodeConfig
from mnclient.units import Instant
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingUpdate
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.neighbor_discovery import NeighborDiscoveryMessage
from mnclient.wire.packet import Packet, decode_packet, encode_packet
from tests.mnclient.engine.home_agent.script import CONFIG, FakeEntropy
from tests.mnclient.engine.hostile_events import CONFIGURATIONS, HOMES, LINK_LOCAL, MAX_BINDINGS


class Watched:
    """An engine, the time, and what it has sent."""

    def __init__(self, config: NodeConfig = CONFIGURATIONS[0]) -> None:
        self.engine, self.now = Engine(FakeEntropy()), Instant(1000.0)
        self.updates: dict[tuple[IPv6Address, IPv6Address], list[Instant]] = defaultdict(list)
        self.errors: list[Instant] = []
        self.last: Packet | None = None
        self.seen: set[object] = set()
        for name in ("eth0", "wlan0"):
            self.give(LinkChanged(interface=name, is_up=True, link_layer_address=b"\x02\0\0\0\0\x07",
                                  link_local_address=LINK_LOCAL))  # fmt: skip
        self.give(Configured(config=config))

    def give(self, event: Event) -> None:
        for action in self.engine.handle(event, self.now):
            if isinstance(action, SendPacket):
                self.look(action)
        deadline = self.engine.next_deadline()
        assert deadline is None or self.now <= deadline < math.inf, deadline

    def look(self, action: SendPacket) -> None:
        packet = action.packet
        assert len(action.link_layer_destination or b"") <= 8  # what a packet socket takes
        assert decode_or_none(encode_packet(packet)) is not None
        if isinstance(packet.message, NeighborDiscoveryMessage):
            assert (packet.home_address, packet.routing_home_address) == (None, None)
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
            self.settle()
        self.now = until
        self.give(DeadlineReached())

    def settle(self) -> None:
        """Do what is due now. Little of it makes more due at once, as when the next router is as silent as the last."""
        for _ in range(4):
            self.give(DeadlineReached())
            following = self.engine.next_deadline()
            if following is None or following > self.now:
                return
        raise AssertionError("what is due is done")

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
