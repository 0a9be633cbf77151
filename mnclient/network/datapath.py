# SPDX-License-Identifier: GPL-2.0-or-later
"""What the two datapaths have in common: what the executor asks of whichever was chosen."""

import errno
from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network
from typing import Final, Protocol

from mnclient.model.network_state import (
    BindingUpdateReception,
    ProtectedSignalling,
    ProtectedTunnel,
    RouteOptimization,
    Tunnel,
)
from mnclient.network.rtnetlink import Answer

Protected = ProtectedSignalling | ProtectedTunnel
Optimization = RouteOptimization | BindingUpdateReception
Transformation = Optimization | Protected
"""What becomes transformation states and policies of the kernel."""
SequenceKey = tuple[IPv6Network, IPv6Network, int]
"""Whose packets to whom an association is for, and its SPI: stays the same wherever the mobile node is."""
NO_DIRECT_ROUTES: Final = Answer(errno.EOPNOTSUPP, "packets cannot go directly on this host")

PAYLOAD_RECEIVED: Final = "payload.received.octets"
PAYLOAD_SENT: Final = "payload.sent.octets"
"""Counters of every datapath, of packets without what the tunnel adds. They never become less while a node runs."""


class Datapath(Protocol):
    """Carries payload through tunnels, and where it can directly."""

    def open_device(self, name: str) -> None:
        """Make a device of ours, or take over the one that is there. OSError when that is refused."""

    def remove_device(self, name: str) -> None:
        """Make a device vanish. OSError when that is refused."""

    def forget_device(self, name: str) -> None:
        """Somebody deleted a device: what is open of it is of no use any more."""

    def set_tunnel(self, tunnel: Tunnel) -> Answer:
        """Add a tunnel, or replace the one of the same home address."""

    def remove_tunnel(self, tunnel: Tunnel) -> Answer:
        """Forget a tunnel; its packets are held from now on."""

    def transform(self, item: Transformation, previous: Transformation | None) -> Answer:
        """Let packets go directly, or under protection, in place of what `previous` said."""

    def stop_transforming(self, item: Transformation) -> Answer:
        """Let them go as they are again."""

    def sequences(self) -> dict[SequenceKey, int]:
        """The sequence numbers in use of what is sent under protection."""

    def continue_sequences(self, sequences: Mapping[SequenceKey, int]) -> None:
        """Those that an earlier run has used."""

    def last_used(self, item: RouteOptimization) -> float | None:
        """When a packet last left by a direct route, in seconds since 1970; None for never, or not known."""

    def set_groups(self, home_agents: frozenset[IPv6Address], groups: frozenset[IPv6Address]) -> None:
        """Let packets to these multicast groups come out of the tunnels of these home agents, and to no others."""

    def settle(self) -> None:
        """Everybody has said what is wanted: what an earlier run has left, and nobody wants, is dropped."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What was carried, dropped and refused so far."""

    def close(self) -> None:
        """Let go of everything; what is in the kernel stays."""
