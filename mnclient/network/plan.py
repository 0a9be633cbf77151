# SPDX-License-Identifier: GPL-2.0-or-later
"""From what is there to what should be there, as an ordered list of small reversible operations. Pure.

The order makes sure that nothing is ever missing in between: first everything new, from the ground up (devices,
settings, protection, addresses, neighbours, tunnels, routes, rules, proxies), then everything old, from the top down.
An item that changes but keeps its identity (`key`) is one ADD that knows its `previous` value: it is replaced in place,
never removed afterwards.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Network
from typing import Any, Final

from mnclient.constants import TABLE_CARE_OF_BASE, TABLE_HOME_BASE, TUNNEL_DEVICE_KERNEL
from mnclient.model.network_state import (
    Address,
    AnycastAddress,
    BindingUpdateReception,
    DuplicateDetection,
    GroupForwarding,
    Item,
    Neighbor,
    NetworkState,
    ProtectedSignalling,
    ProtectedTunnel,
    ProxyNeighbor,
    Route,
    RouteKind,
    RouteOptimization,
    Rule,
    Sysctl,
    Tunnel,
    TunnelDevice,
)

Key = tuple[Any, ...]
"""What makes an item itself: its kind's place in the order, then what the kernel tells items of this kind apart by."""

_EVERYWHERE: Final = (1 << 128, 0)  # in the order after every network


def _network(network: IPv6Network | None) -> tuple[int, int]:
    """A network as numbers: they are compared and hashed much faster, and a move does that some hundred times."""
    return _EVERYWHERE if network is None else (int(network.network_address), network.prefixlen)


_KEYS: dict[type, Callable[[Any], Key]] = {
    TunnelDevice: lambda item: (0, item.name),
    Sysctl: lambda item: (1, item.key),
    ProtectedSignalling: lambda item: (2, item.end.value, int(item.association.home_address)),
    ProtectedTunnel: lambda item: (3, item.end.value, int(item.association.home_address)),
    Address: lambda item: (4, item.interface, int(item.address)),
    Neighbor: lambda item: (5, item.interface, int(item.address)),
    Tunnel: lambda item: (6, item.device, int(item.home_address)),
    Route: lambda item: (7, item.table, _network(item.destination), item.metric),
    Rule: lambda item: (
        8,
        item.priority,
        item.table,
        _network(item.source),
        _network(item.destination),
        -1 if item.suppress_prefix_length is None else item.suppress_prefix_length,
        -1 if item.protocol is None else item.protocol,
        item.destination_ports or (-1, -1),
    ),
    ProxyNeighbor: lambda item: (9, item.interface, int(item.address)),
    BindingUpdateReception: lambda item: (10,),
    RouteOptimization: lambda item: (11, item.end.value, int(item.home_address), int(item.correspondent)),
    GroupForwarding: lambda item: (12, item.interface, int(item.group), int(item.home_address)),
    AnycastAddress: lambda item: (13, item.interface, int(item.address)),
}


class Verb(Enum):
    """What an operation does."""

    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One step. `previous` is the value an ADD replaces in place, None when there was none."""

    verb: Verb
    item: Item
    previous: Item | None = None

    def inverse(self) -> "Operation":
        """The step that undoes this one."""
        if self.previous is not None:
            return Operation(Verb.ADD, self.previous, previous=self.item)
        return Operation(Verb.REMOVE if self.verb is Verb.ADD else Verb.ADD, self.item)


def key(item: Item) -> Key:
    """The identity of an item: two items with one key cannot both be there."""
    return _KEYS[type(item)](item)


def can_follow_the_update(operation: Operation) -> bool:
    """Whether a Binding Update can leave before it: it serves payload, or takes away what was before."""
    match operation:
        case Operation(item=RouteOptimization() | BindingUpdateReception() | ProtectedSignalling()):
            return False
        case Operation(verb=verb, item=ProtectedTunnel() as tunnel):
            return verb is Verb.REMOVE and tunnel.payload  # no payload in clear while its routes are still there
        case Operation(verb=Verb.REMOVE) | Operation(item=ProxyNeighbor()):
            return True
        case Operation(item=Route() as route):
            return route.tunnel is not None or _is_by_the_home_router(route)
        case Operation(item=Rule() as rule):
            return rule.source is None
        case Operation(item=Tunnel()):
            return operation.previous is None  # one that carries packets is never behind what the home agent knows
        case _:
            return False


def _is_by_the_home_router(route: Route) -> bool:
    """Whether it is of a home address that is at home, for what is not on the link: payload, and never the Update.

    That must not leave before the Update (RFC 6275 section 11.5.5).
    """
    return TABLE_HOME_BASE <= route.table < TABLE_CARE_OF_BASE and route.gateway is not None


def is_tidying(operation: Operation) -> bool:
    """Whether it takes away what does no harm for a moment more.

    A tunnel of the kernel's only lets packets in, because it is the routes that lead out.
    """
    if operation.verb is not Verb.REMOVE:
        return False
    match operation.item:
        case Tunnel() as tunnel:
            return tunnel.device == TUNNEL_DEVICE_KERNEL
        case _:
            return isinstance(operation.item, Address | Neighbor | Route | Rule)


def interface_of(item: Item) -> str:
    """The interface that an item goes away with; "" for none."""
    match item:
        case TunnelDevice():
            return item.name
        case Tunnel() | ProtectedTunnel():
            return item.device
        case Address() | AnycastAddress() | Neighbor() | Route() | ProxyNeighbor() | GroupForwarding():
            return item.interface
        case _:
            return ""


def plan(current: NetworkState, desired: NetworkState) -> tuple[Operation, ...]:
    """The steps from `current` to `desired`, in the order in which to take them."""
    return plan_items(current.items(), desired.items())


def plan_items(current: Iterable[Item], desired: Iterable[Item]) -> tuple[Operation, ...]:
    """As `plan`, for loose items."""
    before = {key(item): item for item in current}
    after = {key(item): item for item in desired}
    added = [
        (where, Operation(Verb.ADD, item, before.get(where)))
        for where, item in after.items()
        if before.get(where) != item
    ]
    removed = [(where, Operation(Verb.REMOVE, item)) for where, item in before.items() if where not in after]
    added.sort(key=_place)
    removed.sort(key=_place, reverse=True)
    return tuple(operation for _, operation in added + removed)


def _place(step: tuple[Key, Operation]) -> Key:
    where, operation = step
    if isinstance(operation.item, Route):
        # What is on the link comes first: the kernel refuses a gateway that it cannot reach yet.
        return (where[0], operation.item.gateway is not None, *where[1:])
    return where


def render(operations: Iterable[Operation]) -> str:
    """The steps as text, a line each, in the manner of the `ip` commands."""
    return "".join(f"{describe(operation)}\n" for operation in operations)


def describe(operation: Operation) -> str:
    """One step as a line of text."""
    removes = operation.verb is Verb.REMOVE
    verb = "del" if removes else "replace" if operation.previous is not None else "add"
    match operation.item:
        case TunnelDevice() as item:
            kind = "ip6tnl" if item.name == TUNNEL_DEVICE_KERNEL else "tun"
            return f"link {verb} {item.name} type {kind} mtu {item.mtu}"
        case Sysctl() as item:
            return f"sysctl {verb} {item.key}={item.value}"
        case Address() as item:
            return f"addr {verb} {_address(item)}"
        case Neighbor() as item:
            return f"neigh {verb} {item.address} lladdr {item.link_layer_address.hex(':')} dev {item.interface}"
        case Tunnel() as item:
            return f"tunnel {verb} {_tunnel(item)}"
        case Route() as item:
            return f"route {verb} {_route(item)}"
        case Rule() as item:
            return f"rule {verb} {_rule(item)}"
        case ProxyNeighbor() as item:
            return f"neigh {verb} proxy {item.address} dev {item.interface}"
        case RouteOptimization() as item:
            return f"optimization {verb} {_optimization(item)}"
        case GroupForwarding() as item:
            return f"group {verb} {item.group} from {item.interface} to {item.home_address} at {item.remote}"
        case ProtectedSignalling() as item:
            return f"protection {verb} {_protection(item)}"
        case ProtectedTunnel() as item:
            what = "everything" if item.payload else "home tests"
            return f"protected-tunnel {verb} {_protection(item)} {what}"
        case BindingUpdateReception():
            return f"reception {verb} of binding updates"
        case AnycastAddress() as item:
            return f"anycast {verb} {item.address} dev {item.interface}"


def describe_item(item: Item) -> str:
    """The item in words for a person: the line of its addition, without the verb."""
    kind, _, rest = describe(Operation(Verb.ADD, item)).partition(" add ")
    return f"{kind} {rest}"


def _address(item: Address) -> str:
    words = [f"{item.address}/{item.prefix_length} dev {item.interface}"]
    words += ["home"] if item.home else []
    if item.duplicate_detection is DuplicateDetection.NONE:
        words.append("nodad")
    elif item.duplicate_detection is DuplicateDetection.OPTIMISTIC:
        words.append("optimistic")
    return " ".join(words)


def _tunnel(item: Tunnel) -> str:
    accepted = "".join(f" accept {address}" for address in item.accept_local)
    accepted += "".join(f" accept from {address}" for address in item.accept_remote)
    ends = f"local {item.local} remote {item.remote}{accepted}"
    return f"{item.home_address} dev {item.device} {ends} at {item.end.value}"


def _route(item: Route) -> str:
    words = ["unreachable"] if item.kind is RouteKind.UNREACHABLE else []
    words.append(str(item.destination) if item.destination.prefixlen else "default")
    words += ["encap {} to {}".format(*item.encapsulation)] if item.encapsulation is not None else []
    words += [f"via {item.gateway}"] if item.gateway is not None else []
    words += [f"dev {item.interface}"] if item.interface else []
    words += [f"src {item.preferred_source}"] if item.preferred_source is not None else []
    words += [f"table {item.table}", f"metric {item.metric}"]
    return " ".join([*words, f"tunnel {item.tunnel}"] if item.tunnel is not None else words)


def _rule(item: Rule) -> str:
    source = "all" if item.source is None else str(item.source)
    source += "" if item.destination is None else f" to {item.destination}"
    source += "" if item.protocol is None else f" ipproto {item.protocol}"
    source += "" if item.destination_ports is None else " dport {}-{}".format(*item.destination_ports)
    suppress = "" if item.suppress_prefix_length is None else f" suppress_prefixlength {item.suppress_prefix_length}"
    return f"pref {item.priority} from {source} lookup {item.table}{suppress}"


def _optimization(item: RouteOptimization) -> str:
    ways = [name for name, wanted in (("in", item.incoming), ("out", item.outgoing)) if wanted]
    ends = f"{item.home_address} with {item.correspondent} at {item.end.value}"
    return f"{ends} care-of {item.care_of_address} {' '.join(ways)}"


def _protection(item: ProtectedSignalling | ProtectedTunnel) -> str:
    """Without the secret: this is said in logs."""
    association = item.association
    ends = f"{association.home_address} with {association.home_agent} at {item.end.value}"
    care_of = "" if item.care_of_address is None else f" care-of {item.care_of_address}"
    also = "".join(f" also {each.spi_in} {each.spi_out}" for each in item.also)
    return f"{ends}{care_of} spi {association.spi_in} {association.spi_out} {association.algorithm}{also}"
