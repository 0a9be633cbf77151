# SPDX-License-Identifier: GPL-2.0-or-later
"""Neighbor Discovery options as octets (RFC 4861 section 4.6, RFC 6275 section 7, RFC 4191 section 2.3, RFC 8106
section 5.1).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |     Type      |    Length     |              ...              |   Length counts 8 octets
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

An option of a known type that is malformed is kept as unknown: the rest of the message still counts.
"""

from collections.abc import Callable
from struct import Struct
from typing import Final

from mnclient.errors import WireFault
from mnclient.units import Seconds
from mnclient.wire.addresses import address_of, network_of
from mnclient.wire.cursor import Reader
from mnclient.wire.fields import from_lifetime, from_milliseconds, to_lifetime, to_milliseconds, to_whole_seconds
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    Mtu,
    NeighborOption,
    PrefixInformation,
    RecursiveNameServers,
    RouteInformation,
    RouterPreference,
    SourceLinkLayerAddress,
    TargetLinkLayerAddress,
    UnknownNeighborOption,
)

SOURCE_LINK_LAYER_ADDRESS: Final = 1
TARGET_LINK_LAYER_ADDRESS: Final = 2
PREFIX_INFORMATION: Final = 3
MTU: Final = 5
ADVERTISEMENT_INTERVAL: Final = 7
HOME_AGENT_INFORMATION: Final = 8
ROUTE_INFORMATION: Final = 24
RECURSIVE_NAME_SERVERS: Final = 25

_HEADER: Final = Struct("!BB")

# What follows Type and Length.
_PREFIX: Final = Struct("!BBII4x16s")
_NUMBER: Final = Struct("!2xI")
_HOME_AGENT: Final = Struct("!2xHH")
_ROUTE: Final = Struct("!BBI")

_ON_LINK: Final = 0x80
_AUTONOMOUS: Final = 0x40
_ROUTER_ADDRESS: Final = 0x20


def decode_neighbor_options(reader: Reader, *, in_router_advertisement: bool = False) -> tuple[NeighborOption, ...]:
    """All options up to the end of a message. WireError (BAD_OPTION) for a length of zero or past the end.

    Outside Router Advertisements the options of RFC 6275 section 7 mean nothing and stay unknown. Route Information
    with the reserved preference is left out (RFC 4191 section 2.3).
    """
    options: list[NeighborOption] = []
    while reader.remaining:
        start = reader.offset
        kind, length = reader.unpack(_HEADER)
        size = length * 8 - _HEADER.size
        if not 0 < size <= reader.remaining:
            title = f"Neighbor Discovery option {kind} has length {length}, {reader.remaining} octets are left"
            raise reader.refuse(title, fault=WireFault.BAD_OPTION, offset=start + 1)
        data = reader.take(size)
        if kind == ROUTE_INFORMATION and RouterPreference.of_flags(data[1]) is None:
            continue
        meaningful = in_router_advertisement or kind not in (ADVERTISEMENT_INTERVAL, HOME_AGENT_INFORMATION)
        decode = _DECODERS.get(kind) if meaningful else None
        known = decode(data) if decode else None
        options.append(known or UnknownNeighborOption(type=kind, data=data))
    return tuple(options)


def encode_neighbor_options(options: tuple[NeighborOption, ...]) -> bytes:
    """All options, one after the other."""
    return b"".join(map(_encode, options))


def _encode(option: NeighborOption) -> bytes:
    kind, data = _encode_data(option)
    data += bytes(-(len(data) + _HEADER.size) % 8)
    return _HEADER.pack(kind, (len(data) + _HEADER.size) // 8) + data


def _encode_data(option: NeighborOption) -> tuple[int, bytes]:
    match option:
        case SourceLinkLayerAddress():
            return SOURCE_LINK_LAYER_ADDRESS, option.address
        case TargetLinkLayerAddress():
            return TARGET_LINK_LAYER_ADDRESS, option.address
        case PrefixInformation():
            return PREFIX_INFORMATION, _encode_prefix(option)
        case Mtu():
            return MTU, _NUMBER.pack(option.mtu)
        case AdvertisementInterval():
            return ADVERTISEMENT_INTERVAL, _NUMBER.pack(to_milliseconds(option.interval))
        case HomeAgentInformation():
            return HOME_AGENT_INFORMATION, _HOME_AGENT.pack(option.preference, to_whole_seconds(option.lifetime, 16))
        case RouteInformation():
            return ROUTE_INFORMATION, _encode_route(option)
        case RecursiveNameServers():
            fixed = _NUMBER.pack(to_lifetime(option.lifetime))
            return RECURSIVE_NAME_SERVERS, fixed + b"".join(each.packed for each in option.addresses)
        case UnknownNeighborOption():
            return option.type, option.data


def _encode_prefix(option: PrefixInformation) -> bytes:
    flags = (
        (_ON_LINK if option.on_link else 0)
        | (_AUTONOMOUS if option.autonomous else 0)
        | (_ROUTER_ADDRESS if option.router_address else 0)
    )
    valid, preferred = to_lifetime(option.valid_lifetime), to_lifetime(option.preferred_lifetime)
    return _PREFIX.pack(option.prefix_length, flags, valid, preferred, option.prefix.packed)


def _encode_route(option: RouteInformation) -> bytes:
    fixed = _ROUTE.pack(option.prefix.prefixlen, option.preference.flags, to_lifetime(option.lifetime))
    return fixed + option.prefix.network_address.packed[: _route_octets(option.prefix.prefixlen)]


def _decode_prefix(data: bytes) -> PrefixInformation | None:
    if len(data) != _PREFIX.size or data[0] > 128:
        return None
    prefix_length, flags, valid, preferred, prefix = _PREFIX.unpack(data)
    return PrefixInformation(
        prefix=address_of(prefix),
        prefix_length=prefix_length,
        on_link=bool(flags & _ON_LINK),
        autonomous=bool(flags & _AUTONOMOUS),
        router_address=bool(flags & _ROUTER_ADDRESS),
        valid_lifetime=from_lifetime(valid),
        preferred_lifetime=from_lifetime(preferred),
    )


def _decode_mtu(data: bytes) -> Mtu | None:
    return Mtu(mtu=_NUMBER.unpack(data)[0]) if len(data) == _NUMBER.size else None


def _decode_interval(data: bytes) -> AdvertisementInterval | None:
    if len(data) != _NUMBER.size:
        return None
    return AdvertisementInterval(interval=from_milliseconds(_NUMBER.unpack(data)[0]))


def _decode_home_agent(data: bytes) -> HomeAgentInformation | None:
    if len(data) != _HOME_AGENT.size:
        return None
    preference, lifetime = _HOME_AGENT.unpack(data)
    return HomeAgentInformation(preference=preference, lifetime=Seconds(float(lifetime)))


def _decode_route(data: bytes) -> RouteInformation | None:
    prefix_length, flags, lifetime = _ROUTE.unpack_from(data)
    octets = data[_ROUTE.size :]
    preference = RouterPreference.of_flags(flags)
    if preference is None or prefix_length > 128 or not _route_octets(prefix_length) <= len(octets) <= 16:
        return None
    prefix = network_of(address_of(octets + bytes(16 - len(octets))), prefix_length)
    return RouteInformation(prefix=prefix, preference=preference, lifetime=from_lifetime(lifetime))


def _decode_name_servers(data: bytes) -> RecursiveNameServers | None:
    addresses = data[_NUMBER.size :]
    if not addresses or len(addresses) % 16:
        return None
    return RecursiveNameServers(
        addresses=tuple(address_of(addresses[start : start + 16]) for start in range(0, len(addresses), 16)),
        lifetime=from_lifetime(_NUMBER.unpack_from(data)[0]),
    )


_DECODERS: Final[dict[int, Callable[[bytes], NeighborOption | None]]] = {
    SOURCE_LINK_LAYER_ADDRESS: lambda data: SourceLinkLayerAddress(address=data),
    TARGET_LINK_LAYER_ADDRESS: lambda data: TargetLinkLayerAddress(address=data),
    PREFIX_INFORMATION: _decode_prefix,
    MTU: _decode_mtu,
    ADVERTISEMENT_INTERVAL: _decode_interval,
    HOME_AGENT_INFORMATION: _decode_home_agent,
    ROUTE_INFORMATION: _decode_route,
    RECURSIVE_NAME_SERVERS: _decode_name_servers,
}


def _route_octets(prefix_length: int) -> int:
    """How many octets of prefix a Route Information option needs (RFC 4191 section 2.3)."""
    return -(-prefix_length // 64) * 8
