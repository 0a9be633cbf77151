# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that can happen to the engine. Past tense: it has happened, and the engine may only react."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from mnclient.errors import WireFault
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import NodeConfig
from mnclient.model.keys import KeyKind
from mnclient.model.network_state import OptimizationEnd
from mnclient.model.security import Protection
from mnclient.units import Instant, Seconds
from mnclient.wire.multicast_listener import TunnelledMembership
from mnclient.wire.packet import Packet


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A new configuration is in force; the roles adapt to it."""

    config: NodeConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged:
    """A network interface appeared or changed.

    `is_up` means administratively up and with carrier. `link_local_address` is the settled link-local address, None
    while there is none. `mtu` in octets. `interrupted`: the carrier went and came between two looks at it.
    """

    interface: str
    is_up: bool
    link_layer_address: bytes
    permanent_link_layer_address: bytes = b""
    link_local_address: IPv6Address | None = None
    mtu: int = 1500
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRemoved:
    """A network interface is gone."""

    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketReceived:
    """A signalling packet arrived and was decoded. `through_tunnel`: it was the inner packet of one of our tunnels.

    `protection` names the IPsec security associations that it arrived under, as the kernel has checked; None when it
    came without.
    """

    interface: str
    packet: Packet
    link_layer_source: bytes = b""
    through_tunnel: bool = False
    protection: Protection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedReceived:
    """A signalling packet arrived that the decoder refused.

    Addresses are those of the IPv6 header; `home_address` is that of a Home Address option, if there was one. `pointer`
    is the octet at fault from the start of the IPv6 packet; `original` is its beginning, for an ICMPv6 error.
    """

    interface: str
    source: IPv6Address
    destination: IPv6Address
    fault: WireFault
    pointer: int
    original: bytes = field(repr=False)
    home_address: IPv6Address | None = None
    is_mobility_header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipReceived:
    """A message about multicast membership came by a tunnel, to an address of ours (RFC 6275 section 10.4.3)."""

    membership: TunnelledMembership


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipsKnown:
    """The answer to `WatchMemberships`: the groups of global scope that programs have joined on the tunnel's device."""

    groups: frozenset[IPv6Address]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDuplicate:
    """The kernel's duplicate address detection failed for an address we asked for."""

    interface: str
    address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSettled:
    """The kernel's duplicate address detection ended well for an address we asked for."""

    interface: str
    address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborUnreachable:
    """The kernel gave a neighbour up (its entry went to FAILED)."""

    interface: str
    address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadReceived:
    """The first payload packet came through the tunnel of a home address since the tunnel's ends last changed."""

    home_address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrespondentHeard:
    """A payload packet from `correspondent` came through the tunnel of a home address (RFC 6275 section 11.7.2).

    Said by the datapath at most once in a while for each pair, never for each packet.
    """

    home_address: IPv6Address
    correspondent: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityFailed:
    """The kernel of a home agent dropped packets under ESP that did not fit the key of `home_address` (RFC 4303).

    Said at most once in a while, never for each packet: `within` is how long ago it was at most.
    """

    home_address: IPv6Address
    within: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAddressRefused:
    """A packet with a Home Address option for which there is no binding was dropped (RFC 6275 section 9.3.1).

    `source` is the care-of address it came from, `destination` the address of ours it was sent to.
    """

    source: IPv6Address
    destination: IPv6Address
    home_address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteUseKnown:
    """The answer to `AskRouteUse`: when a packet last took the optimised route, None for never or not known."""

    end: OptimizationEnd
    home_address: IPv6Address
    correspondent: IPv6Address
    last_used: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatapathChosen:
    """What the datapath can do was found out, or has changed. Before this event nothing is possible.

    `protections` are the kinds of keys with which the system protects signalling.
    """

    route_optimization: bool
    protections: frozenset[KeyKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClockSet:
    """The wall clock was set, or has drifted. `at_boot` is its time of instant 0, in seconds since 1970."""

    at_boot: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The machine was asleep until now: whatever was known of the links is old (RFC 6275 section 11.5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStateFailed:
    """The kernel refused an item that `owner` wants. `item` and `reason` are words for a person."""

    owner: str
    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStateRestored:
    """What had been refused to `owner` is now as wanted."""

    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingsDismissed:
    """An administrator does not want these entries of the binding caches any longer."""

    which: BindingFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReached:
    """`Engine.next_deadline()` has come (or the machine woke up, which may be much later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """The service is about to end: everything of ours leaves the kernel. Bindings are left to their lifetime."""


Event = (
    Configured
    | LinkChanged
    | LinkRemoved
    | PacketReceived
    | MalformedReceived
    | MembershipReceived
    | MembershipsKnown
    | AddressDuplicate
    | AddressSettled
    | NeighborUnreachable
    | PayloadReceived
    | CorrespondentHeard
    | IntegrityFailed
    | HomeAddressRefused
    | RouteUseKnown
    | DatapathChosen
    | WallClockSet
    | Resumed
    | NetworkStateFailed
    | NetworkStateRestored
    | BindingsDismissed
    | DeadlineReached
    | Stopping
)
