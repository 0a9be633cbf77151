# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel should look like, as plain values.

The engine states the *whole* state that one `owner` wants (`SetNetworkState(owner, state)`); the union over all
owners is what should be there. Owners keep a home agent with thousands of bindings cheap: one binding, one owner. An
item wanted by several owners exists once and goes with the last of them.
"""

from dataclasses import dataclass, fields
from ipaddress import IPv6Address, IPv6Network
from operator import attrgetter
from typing import Any, Final

from mnclient.model.named import Named
from mnclient.model.security import SecurityAssociation


class DuplicateDetection(Named):
    """What the kernel does before it uses an address (RFC 4862, RFC 4429)."""

    NONE = "none"
    NORMAL = "normal"
    OPTIMISTIC = "optimistic"  # falls back to NORMAL where the kernel refuses


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TunnelDevice:
    """A device that tunnels use. `mtu` in octets, of the inner packet."""

    name: str
    mtu: int = 1460


class TunnelEnd(Named):
    """Which end of the tunnel this node is: decides whether the inner source or destination is the home address."""

    MOBILE_NODE = "mobile-node"
    HOME_AGENT = "home-agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """One bidirectional IPv6-in-IPv6 tunnel (RFC 2473) that carries the packets of one home address.

    At the mobile node `local` is the care-of address and `remote` the home agent; at the home agent the other way
    round. `accept_local` lists further local addresses at which its packets are still accepted (old care-of addresses),
    `accept_remote` further remote ones from which they still are: at the home agent, where the mobile node just was.
    A tunnel device whose home address has no Tunnel holds packets for a while instead of failing them.
    """

    device: str
    home_address: IPv6Address
    local: IPv6Address
    remote: IPv6Address
    end: TunnelEnd
    accept_local: tuple[IPv6Address, ...] = ()
    accept_remote: tuple[IPv6Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Address:
    """An address on an interface, without a prefix route of the kernel's own making."""

    interface: str
    address: IPv6Address
    prefix_length: int = 128
    home: bool = False
    duplicate_detection: DuplicateDetection = DuplicateDetection.NONE


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AnycastAddress:
    """An anycast address that this host is a member of, on an interface (RFC 2526, RFC 6275 section 8.4)."""

    interface: str
    address: IPv6Address


class RouteKind(Named):
    """What a route does with a packet."""

    UNICAST = "unicast"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route. `table` 254 is the main table. `interface` is "" only for UNREACHABLE.

    `tunnel` names the home address through whose Tunnel it leads; its interface is then that tunnel's device. Where the
    kernel does the tunnelling, `encapsulation` has the outer source and destination: the network fills it in.
    """

    destination: IPv6Network
    interface: str
    table: int = 254
    gateway: IPv6Address | None = None
    preferred_source: IPv6Address | None = None
    metric: int = 1024
    kind: RouteKind = RouteKind.UNICAST
    tunnel: IPv6Address | None = None
    encapsulation: tuple[IPv6Address, IPv6Address] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A policy rule. `source` and `destination` None match all, and so do `protocol` and `destination_ports`.

    `suppress_prefix_length` refuses routes that short or shorter. `destination_ports` are the first and the last one,
    and need a `protocol` (6 TCP, 17 UDP).
    """

    priority: int
    table: int
    source: IPv6Network | None = None
    destination: IPv6Network | None = None
    suppress_prefix_length: int | None = None
    protocol: int | None = None
    destination_ports: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """A neighbour cache entry known to be right (from a Router Advertisement), entered as REACHABLE."""

    interface: str
    address: IPv6Address
    link_layer_address: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyNeighbor:
    """An address for which this node answers Neighbor Solicitations on behalf of its owner."""

    interface: str
    address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Sysctl:
    """A kernel setting, e.g. key "net/ipv6/conf/all/forwarding"; the value found before is put back at the end.

    `instead_of`: only where that is the value found; any other is somebody's decision, and stays.
    """

    key: str
    value: str
    instead_of: str | None = None


class OptimizationEnd(Named):
    """Which end of an optimised route this node is."""

    MOBILE_NODE = "mobile-node"
    CORRESPONDENT = "correspondent"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOptimization:
    """Payload between a home address and a correspondent goes directly (RFC 6275 sections 6.3, 6.4, 9.3, 11.3).

    Packets from the mobile node carry the Home Address option and the care-of address as source, packets to it the type
    2 routing header and the care-of address as destination. At the mobile node `incoming` says that packets with the
    routing header are accepted, `outgoing` that packets to the correspondent leave with the option; at the
    correspondent `incoming` is the option, `outgoing` the routing header. `accept_local` lists further care-of
    addresses of a mobile node at which packets with the routing header are still accepted, as in Tunnel.
    """

    end: OptimizationEnd
    home_address: IPv6Address
    correspondent: IPv6Address
    care_of_address: IPv6Address
    incoming: bool = True
    outgoing: bool = True
    accept_local: tuple[IPv6Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupForwarding:
    """Packets to a multicast group on `interface` go through a tunnel too (RFC 6275 section 10.4.2)."""

    interface: str
    group: IPv6Address
    home_address: IPv6Address
    local: IPv6Address
    remote: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingUpdateReception:
    """Mobility Headers are let in whatever home address they claim (RFC 6275 section 9.3.1): the first Binding Update.

    Payload that claims a home address without a binding is refused, and reported as `HomeAddressRefused`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedSignalling:
    """Binding Updates and Acknowledgements, and mobile prefix discovery, between a home address and its home agent go
    and come under ESP in transport mode, and not without (RFC 6275 sections 5.1 and 5.4, RFC 4877 sections 6.1 and
    6.3).

    At a mobile node that is away `care_of_address` is where they leave from, in front of a Home Address option. What
    came under one of `also` is let in as well: one key succeeds another. They are sent under `association`.
    """

    end: TunnelEnd
    association: SecurityAssociation
    care_of_address: IPv6Address | None = None
    also: tuple[SecurityAssociation, ...] = ()

    @property
    def believed(self) -> tuple[SecurityAssociation, ...]:
        """All that may have protected what comes."""
        return (self.association, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedTunnel:
    """Home Test Init and Home Test go through the tunnel under ESP in tunnel mode, and not without; with `payload` all
    other packets of the home address as well (RFC 6275 sections 5.5 and 10.4.6, RFC 4877 section 6.2).

    `care_of_address` is the mobile node's end of the tunnel; `accept_local` as in Tunnel, `also` as in
    ProtectedSignalling. `device` is that of the tunnel whose packets are meant.
    """

    device: str
    end: TunnelEnd
    association: SecurityAssociation
    care_of_address: IPv6Address
    accept_local: tuple[IPv6Address, ...] = ()
    payload: bool = False
    also: tuple[SecurityAssociation, ...] = ()

    @property
    def believed(self) -> tuple[SecurityAssociation, ...]:
        """All that may have protected what comes."""
        return (self.association, *self.also)


Item = (
    TunnelDevice
    | Sysctl
    | Address
    | Neighbor
    | Tunnel
    | Route
    | Rule
    | ProxyNeighbor
    | RouteOptimization
    | GroupForwarding
    | BindingUpdateReception
    | AnycastAddress
    | ProtectedSignalling
    | ProtectedTunnel
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkState:
    """A set of items, grouped by kind. Equal states are equal values."""

    devices: frozenset[TunnelDevice] = frozenset()
    sysctls: frozenset[Sysctl] = frozenset()
    addresses: frozenset[Address] = frozenset()
    neighbors: frozenset[Neighbor] = frozenset()
    tunnels: frozenset[Tunnel] = frozenset()
    routes: frozenset[Route] = frozenset()
    rules: frozenset[Rule] = frozenset()
    proxy_neighbors: frozenset[ProxyNeighbor] = frozenset()
    route_optimizations: frozenset[RouteOptimization] = frozenset()
    group_forwardings: frozenset[GroupForwarding] = frozenset()
    receptions: frozenset[BindingUpdateReception] = frozenset()
    anycast_addresses: frozenset[AnycastAddress] = frozenset()
    protected_signalling: frozenset[ProtectedSignalling] = frozenset()
    protected_tunnels: frozenset[ProtectedTunnel] = frozenset()

    def items(self) -> frozenset[Item]:
        """Every item of every kind."""
        result: set[Item] = set()
        return frozenset(result.union(*self._groups()))

    def is_empty(self) -> bool:
        """True when nothing is wanted."""
        return not any(self._groups())

    def _groups(self) -> tuple[frozenset[Any], ...]:
        return _GROUPS(self)


_GROUPS: Final = attrgetter(*(kind.name for kind in fields(NetworkState)))
EMPTY = NetworkState()
