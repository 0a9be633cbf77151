# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything the engine can ask for. Imperative: the runtime does it, in the order given.

An action that can fail answers with an event, never with a return value.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.handover import Handover
from mnclient.model.network_state import NetworkState, OptimizationEnd
from mnclient.model.security import Protection
from mnclient.model.status import HomeAddressState
from mnclient.units import Seconds
from mnclient.wire.multicast_listener import TunnelledMembership
from mnclient.wire.packet import Packet


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPacket:
    """Send one signalling packet.

    `interface` is needed for link-scope destinations; None lets routing by the source address decide.
    `link_layer_destination` sends it to that hardware address without asking the neighbour cache; needs `interface`.
    `protection` names the IPsec security associations to send it under: if that is impossible it is not sent.
    """

    packet: Packet
    interface: str | None = None
    link_layer_destination: bytes | None = None
    protection: Protection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMembership:
    """Send a message about multicast membership through a tunnel."""

    membership: TunnelledMembership


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchMemberships:
    """Say with `MembershipsKnown` what programs have joined on the tunnel's device, now and whenever it changes.

    `home_agents` are those through whose tunnels packets to these groups are let in; none: no longer.
    """

    home_agents: frozenset[IPv6Address]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNetworkState:
    """From now on `owner` wants exactly this (see `mnclient.model.network_state`). EMPTY forgets the owner."""

    owner: str
    state: NetworkState


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRouteUse:
    """Ask when a packet last took an optimised route; `RouteUseKnown` answers."""

    end: OptimizationEnd
    home_address: IPv6Address
    correspondent: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishStatus:
    """`Engine.status()` would now answer differently; whoever watches may ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line for the journal: `kind` is a stable short name, `text` is for people."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHomeAgent:
    """A Router Advertisement of a home agent (H flag) was heard on a link of the mobile node.

    `address` is the home agent's global address (R flag), `prefix` the home prefix; `lifetime` and `preference` as
    advertised (RFC 6275 section 7.4). What follows from it is the auto-configuration's decision.
    """

    interface: str
    link_local_address: IPv6Address
    link_layer_address: bytes
    address: IPv6Address
    prefix: IPv6Network
    preference: int
    lifetime: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHomeAddress:
    """The state of a home address changed. `status` is the home agent's last answer, None when there is none."""

    home_address: IPv6Address
    home_agent: IPv6Address | None
    state: HomeAddressState
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHandover:
    """A move began, advanced or ended; the newest record of it."""

    handover: Handover


Action = (
    SendPacket
    | SendMembership
    | WatchMemberships
    | SetNetworkState
    | AskRouteUse
    | PublishStatus
    | Note
    | ReportHomeAgent
    | ReportHomeAddress
    | ReportHandover
)
