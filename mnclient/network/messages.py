# SPDX-License-Identifier: GPL-2.0-or-later
"""Items of the network state as rtnetlink messages, with our marks; and the kernel's messages as records.

Our marks: ROUTE_PROTOCOL as the protocol of routes, rules, addresses and neighbours, INTERFACE_PREFIX for devices. What
does not carry them is never changed here.
"""

import socket
import struct
import sys
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import ROUTE_PROTOCOL
from mnclient.model.network_state import (
    Address,
    DuplicateDetection,
    Neighbor,
    ProxyNeighbor,
    Route,
    RouteKind,
    Rule,
)
from mnclient.network.rtnetlink import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Message, attribute, attributes

RTM_NEWLINK: Final = 16
RTM_DELLINK: Final = 17
RTM_GETLINK: Final = 18
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22
RTM_NEWROUTE: Final = 24
RTM_DELROUTE: Final = 25
RTM_GETROUTE: Final = 26
RTM_NEWNEIGH: Final = 28
RTM_DELNEIGH: Final = 29
RTM_GETNEIGH: Final = 30
RTM_NEWRULE: Final = 32
RTM_DELRULE: Final = 33
RTM_GETRULE: Final = 34

IFA_F_NODAD: Final = 0x02
IFA_F_OPTIMISTIC: Final = 0x04
IFA_F_DADFAILED: Final = 0x08
IFA_F_HOMEADDRESS: Final = 0x10
IFA_F_TENTATIVE: Final = 0x40
IFA_F_NOPREFIXROUTE: Final = 0x200
NUD_INCOMPLETE: Final = 0x01
NUD_REACHABLE: Final = 0x02
NUD_STALE: Final = 0x04
NUD_FAILED: Final = 0x20
NTF_PROXY: Final = 0x08
RTN_UNICAST: Final = 1
RTN_UNREACHABLE: Final = 7

_INET6: Final = int(socket.AF_INET6)
_RT_TABLE_UNSPEC: Final = 0  # the table's number does not fit a byte: it goes as an attribute
_RT_SCOPE_UNIVERSE: Final = 0
_FR_ACT_TO_TBL: Final = 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS, _IFA_PROTO = 1, 2, 8, 11
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC, _RTA_TABLE = 1, 4, 5, 6, 7, 15
_RTA_ENCAP_TYPE, _RTA_ENCAP = 21, 22
_LWTUNNEL_ENCAP_IP6: Final = 4
_LWTUNNEL_IP6_DST, _LWTUNNEL_IP6_SRC, _LWTUNNEL_IP6_HOPLIMIT = 2, 3, 4
_OUTER_HOP_LIMIT: Final = bytes((64,))
_NDA_DST, _NDA_LLADDR, _NDA_PROTOCOL = 1, 2, 12
_FRA_DST, _FRA_SRC, _FRA_PRIORITY, _FRA_SUPPRESS_PREFIXLEN, _FRA_TABLE, _FRA_PROTOCOL = 1, 2, 6, 14, 15, 21
_FRA_IP_PROTO, _FRA_DPORT_RANGE = 22, 24
_PORTS: Final = struct.Struct("=HH")

_ADDRESS: Final = struct.Struct("=BBBBI")
_ROUTE: Final = struct.Struct("=BBBBBBBBI")
_NEIGHBOR: Final = struct.Struct("=BxxxiHBB")
_RULE: Final = struct.Struct("=BBBBBBBBI")
LINK: Final = struct.Struct("=BxHiII")

_Netlinked = Address | Neighbor | Route | Rule | ProxyNeighbor


def addition(item: _Netlinked, index: int, *, replace: bool, mark_addresses: bool = True) -> Message:
    """The message that adds an item on the interface with this index, or replaces the one of the same identity."""
    flags = NLM_F_CREATE | (NLM_F_REPLACE if replace else NLM_F_EXCL)
    match item:
        case Address():
            return Message(RTM_NEWADDR, flags, _address_body(item, index, marked=mark_addresses))
        case Neighbor():
            # A neighbour may have been learned already: what comes from the Router Advertisement is as good.
            return Message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, _neighbor_body(item, index))
        case ProxyNeighbor():
            return Message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, _proxy_body(item, index))
        case Route():
            return Message(RTM_NEWROUTE, flags, _route_body(item, index))
        case Rule():
            return Message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, _rule_body(item))


def removal(item: _Netlinked, index: int) -> Message:
    """The message that removes an item, and only ours."""
    match item:
        case Address():
            return Message(RTM_DELADDR, 0, _address_body(item, index, marked=False))
        case Neighbor():
            return Message(RTM_DELNEIGH, 0, _neighbor_body(item, index))
        case ProxyNeighbor():
            return Message(RTM_DELNEIGH, 0, _proxy_body(item, index))
        case Route():
            return Message(RTM_DELROUTE, 0, _route_body(item, index))
        case Rule():
            return Message(RTM_DELRULE, 0, _rule_body(item))


def _address_body(item: Address, index: int, *, marked: bool) -> bytes:
    flags = IFA_F_NOPREFIXROUTE
    if item.duplicate_detection is DuplicateDetection.NONE or item.home:
        flags |= IFA_F_NODAD
    elif item.duplicate_detection is DuplicateDetection.OPTIMISTIC:
        flags |= IFA_F_OPTIMISTIC
    if item.home:
        flags |= IFA_F_HOMEADDRESS
    body = _ADDRESS.pack(_INET6, item.prefix_length, flags & 0xFF, 0, index)
    body += attribute(_IFA_LOCAL, item.address.packed) + attribute(_IFA_ADDRESS, item.address.packed)
    body += attribute(_IFA_FLAGS, struct.pack("=I", flags))
    return body + (attribute(_IFA_PROTO, bytes((ROUTE_PROTOCOL,))) if marked else b"")


def _route_body(item: Route, index: int) -> bytes:
    kind = RTN_UNREACHABLE if item.kind is RouteKind.UNREACHABLE else RTN_UNICAST
    length = item.destination.prefixlen
    body = _ROUTE.pack(_INET6, length, 0, 0, _RT_TABLE_UNSPEC, ROUTE_PROTOCOL, _RT_SCOPE_UNIVERSE, kind, 0)
    body += attribute(_RTA_TABLE, struct.pack("=I", item.table))
    body += attribute(_RTA_PRIORITY, struct.pack("=I", item.metric))
    if length:
        body += attribute(_RTA_DST, item.destination.network_address.packed)
    if index:
        body += attribute(_RTA_OIF, struct.pack("=I", index))
    if item.gateway is not None:
        body += attribute(_RTA_GATEWAY, item.gateway.packed)
    if item.preferred_source is not None:
        body += attribute(_RTA_PREFSRC, item.preferred_source.packed)
    if item.encapsulation is not None:
        body += encapsulation(*item.encapsulation)
    return body


def encapsulation(source: IPv6Address, destination: IPv6Address) -> bytes:
    """The attributes of a route whose packets are encapsulated in IPv6 by the device it leads to."""
    outer = attribute(_LWTUNNEL_IP6_DST, destination.packed) + attribute(_LWTUNNEL_IP6_SRC, source.packed)
    outer += attribute(_LWTUNNEL_IP6_HOPLIMIT, _OUTER_HOP_LIMIT)
    return attribute(_RTA_ENCAP_TYPE, struct.pack("=H", _LWTUNNEL_ENCAP_IP6)) + attribute(_RTA_ENCAP, outer)


def impossible_route() -> Message:
    """Asks for an encapsulating route to an interface that cannot be."""
    nowhere = _ROUTE.pack(_INET6, 128, 0, 0, _RT_TABLE_UNSPEC, ROUTE_PROTOCOL, _RT_SCOPE_UNIVERSE, RTN_UNICAST, 0)
    nowhere += attribute(_RTA_DST, bytes(16)) + attribute(_RTA_OIF, struct.pack("=i", 0x7FFFFFFF))
    return Message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, nowhere + encapsulation(IPv6Address(1), IPv6Address(1)))


def release(removal_of_a_neighbor: Message) -> Message:
    """The message that sends what waits for an answer of this neighbour, if the kernel has an entry for it.

    An entry that is removed, or gets no answer, gives what waits for it back to its sender as an error.
    """
    family, index, _, flags, kind = _NEIGHBOR.unpack_from(removal_of_a_neighbor.body)
    header = _NEIGHBOR.pack(family, index, NUD_STALE, flags, kind)
    return Message(RTM_NEWNEIGH, NLM_F_REPLACE, header + removal_of_a_neighbor.body[_NEIGHBOR.size :])


def _neighbor_body(item: Neighbor, index: int) -> bytes:
    body = _NEIGHBOR.pack(_INET6, index, NUD_REACHABLE, 0, RTN_UNICAST)
    body += attribute(_NDA_DST, item.address.packed) + attribute(_NDA_LLADDR, item.link_layer_address)
    return body + attribute(_NDA_PROTOCOL, bytes((ROUTE_PROTOCOL,)))


def _proxy_body(item: ProxyNeighbor, index: int) -> bytes:
    body = _NEIGHBOR.pack(_INET6, index, 0, NTF_PROXY, 0) + attribute(_NDA_DST, item.address.packed)
    return body + attribute(_NDA_PROTOCOL, bytes((ROUTE_PROTOCOL,)))


def _rule_body(item: Rule) -> bytes:
    to, length = (0 if each is None else each.prefixlen for each in (item.destination, item.source))
    body = _RULE.pack(_INET6, to, length, 0, _RT_TABLE_UNSPEC, 0, 0, _FR_ACT_TO_TBL, 0)
    body += attribute(_FRA_PRIORITY, struct.pack("=I", item.priority))
    body += attribute(_FRA_TABLE, struct.pack("=I", item.table))
    body += attribute(_FRA_PROTOCOL, bytes((ROUTE_PROTOCOL,)))
    if item.source is not None and length:
        body += attribute(_FRA_SRC, item.source.network_address.packed)
    if item.destination is not None and to:
        body += attribute(_FRA_DST, item.destination.network_address.packed)
    if item.suppress_prefix_length is not None:
        body += attribute(_FRA_SUPPRESS_PREFIXLEN, struct.pack("=I", item.suppress_prefix_length))
    if item.protocol is not None:
        body += attribute(_FRA_IP_PROTO, bytes((item.protocol,)))
    if item.destination_ports is not None:
        body += attribute(_FRA_DPORT_RANGE, _PORTS.pack(*item.destination_ports))
    return body


# --- what the kernel says -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """An address of this host."""

    index: int
    address: bytes
    prefix_length: int
    flags: int
    protocol: int


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """A route. `index` 0 and `gateway` b"" where there is none."""

    protocol: int
    kind: int
    table: int
    destination: bytes
    prefix_length: int
    metric: int
    index: int
    gateway: bytes
    preferred_source: bytes
    encapsulation: tuple[bytes, bytes] | None = None
    """Outer source and destination."""

    @property
    def network(self) -> IPv6Network:
        """The destination as a network."""
        return IPv6Network((self.destination, self.prefix_length))


@dataclass(frozen=True, slots=True)
class NeighborRecord:
    """A neighbour, or one we are proxy for."""

    index: int
    address: bytes
    link_layer_address: bytes
    state: int
    flags: int
    protocol: int


def _unsigned(value: bytes | None, default: int = 0) -> int:
    return default if value is None else int.from_bytes(value, sys.byteorder)


def read_address(body: bytes) -> AddressRecord | None:
    """An RTM_NEWADDR or RTM_DELADDR of IPv6."""
    family, prefix_length, flags, _, index = _ADDRESS.unpack_from(body)
    found = attributes(body, _ADDRESS.size)
    address = found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS)
    if family != _INET6 or address is None:
        return None
    return AddressRecord(
        index, address, prefix_length, _unsigned(found.get(_IFA_FLAGS), flags), _unsigned(found.get(_IFA_PROTO))
    )


def read_route(body: bytes) -> RouteRecord | None:
    """An RTM_NEWROUTE or RTM_DELROUTE of IPv6."""
    family, length, _, _, table, protocol, _, kind, _ = _ROUTE.unpack_from(body)
    if family != _INET6:
        return None
    found = attributes(body, _ROUTE.size)
    return RouteRecord(
        protocol,
        kind,
        _unsigned(found.get(_RTA_TABLE), table),
        found.get(_RTA_DST, bytes(16)),
        length,
        _unsigned(found.get(_RTA_PRIORITY)),
        _unsigned(found.get(_RTA_OIF)),
        found.get(_RTA_GATEWAY, b""),
        found.get(_RTA_PREFSRC, b""),
        _read_encapsulation(found),
    )


def _read_encapsulation(found: dict[int, bytes]) -> tuple[bytes, bytes] | None:
    if _unsigned(found.get(_RTA_ENCAP_TYPE)) != _LWTUNNEL_ENCAP_IP6:
        return None
    outer = attributes(found.get(_RTA_ENCAP, b""), 0)
    return outer.get(_LWTUNNEL_IP6_SRC, bytes(16)), outer.get(_LWTUNNEL_IP6_DST, bytes(16))


def route_protocol(body: bytes) -> int:
    """The protocol of a route message, without reading the rest: most routes are none of our business."""
    return body[5]


def read_rule(body: bytes) -> tuple[Rule, int] | None:
    """An RTM_NEWRULE or RTM_DELRULE of IPv6, with its protocol; None where it says more than a Rule can."""
    family, to, length, _, table, _, _, action, _ = _RULE.unpack_from(body)
    if family != _INET6 or action != _FR_ACT_TO_TBL:
        return None
    found = attributes(body, _RULE.size)
    suppress = _unsigned(found.get(_FRA_SUPPRESS_PREFIXLEN), 0xFFFFFFFF)
    rule = Rule(
        priority=_unsigned(found.get(_FRA_PRIORITY)),
        table=_unsigned(found.get(_FRA_TABLE), table),
        source=IPv6Network((found[_FRA_SRC], length)) if _FRA_SRC in found else None,
        destination=IPv6Network((found[_FRA_DST], to)) if _FRA_DST in found else None,
        suppress_prefix_length=None if suppress == 0xFFFFFFFF else suppress,
        protocol=_unsigned(found[_FRA_IP_PROTO]) if _FRA_IP_PROTO in found else None,
        destination_ports=_read_ports(found.get(_FRA_DPORT_RANGE)),
    )
    return rule, _unsigned(found.get(_FRA_PROTOCOL))


def _read_ports(value: bytes | None) -> tuple[int, int] | None:
    if value is None or len(value) != _PORTS.size:
        return None
    first, last = _PORTS.unpack(value)
    return int(first), int(last)


def read_neighbor(body: bytes) -> NeighborRecord | None:
    """An RTM_NEWNEIGH or RTM_DELNEIGH of IPv6."""
    family, index, state, flags, _ = _NEIGHBOR.unpack_from(body)
    if family != _INET6:
        return None
    found = attributes(body, _NEIGHBOR.size)
    protocol = _unsigned(found.get(_NDA_PROTOCOL))
    return NeighborRecord(index, found.get(_NDA_DST, b""), found.get(_NDA_LLADDR, b""), state, flags, protocol)


def address_dump() -> Message:
    """Asks for all IPv6 addresses."""
    return Message(RTM_GETADDR, 0, _ADDRESS.pack(_INET6, 0, 0, 0, 0))


def route_dump(*, table: int = 0) -> Message:
    """Asks for our routes, or with `table` for everybody's in that table."""
    protocol = 0 if table else ROUTE_PROTOCOL
    body = _ROUTE.pack(_INET6, 0, 0, 0, 0, protocol, 0, 0, 0)
    return Message(RTM_GETROUTE, 0, body + (attribute(_RTA_TABLE, struct.pack("=I", table)) if table else b""))


def rule_dump() -> Message:
    """Asks for all IPv6 rules."""
    return Message(RTM_GETRULE, 0, _RULE.pack(_INET6, 0, 0, 0, 0, 0, 0, 0, 0))


def neighbor_dump(*, proxies: bool) -> Message:
    """Asks for all neighbours, or all that we are proxy for."""
    return Message(RTM_GETNEIGH, 0, _NEIGHBOR.pack(_INET6, 0, 0, NTF_PROXY if proxies else 0, 0))
