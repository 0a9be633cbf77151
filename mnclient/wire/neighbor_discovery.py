# SPDX-License-Identifier: GPL-2.0-or-later
"""Router and Neighbor Solicitations and Advertisements (RFC 4861 section 4) with the H flag (RFC 6275 section 7.1).

Decoders here read from octet 4 of the ICMPv6 message, behind the checksum; encoders return it from there. What a
message may come with (hop limit, addresses) is in `check_neighbor_discovery`. Redirects are left to the kernel.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from struct import Struct
from typing import Final

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.addresses import UNSPECIFIED, address_of, is_link_local, is_multicast, is_solicited_node
from mnclient.wire.cursor import Reader
from mnclient.wire.fields import check_duration, check_unsigned, from_milliseconds, to_milliseconds, to_whole_seconds
from mnclient.wire.neighbor_option_codec import decode_neighbor_options, encode_neighbor_options
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
)

HOP_LIMIT: Final = 255
"""Every Neighbor Discovery packet is sent and accepted with it only: it proves that no router forwarded the packet."""

_ROUTER_SOLICITATION: Final = Struct("!4x")
_ROUTER_ADVERTISEMENT: Final = Struct("!BBHII")
_SOLICITATION: Final = Struct("!4x16s")
_ADVERTISEMENT: Final = Struct("!B3x16s")

_MANAGED: Final = 0x80
_OTHER: Final = 0x40
_HOME_AGENT: Final = 0x20
_ROUTER: Final = 0x80
_SOLICITED: Final = 0x40
_OVERRIDE: Final = 0x20
_HARDWARE_ADDRESS_SIZE: Final = 6  # octets, of Ethernet and all that looks like it (RFC 2464 section 6)
_TARGET: Final = 8  # offset in a Neighbor Solicitation or Advertisement


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSolicitation:
    """Asks routers to advertise at once (section 4.1)."""

    options: tuple[NeighborOption, ...] = ()

    @property
    def source_link_layer_address(self) -> bytes | None:
        """The address in the Source Link-Layer Address option, if it is one that frames can be sent to."""
        return _hardware_address(self.options, SourceLinkLayerAddress)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterAdvertisement:
    """What a router says of itself and its link (section 4.2).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    | Cur Hop Limit |M|O|H|Prf| Rsv |        Router Lifetime        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                         Reachable Time                        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                          Retrans Timer                        |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    Zero in `hop_limit`, `reachable_time` and `retransmit_timer` says nothing about them; the last two are milliseconds
    on the wire. A reserved preference is medium (RFC 4191 section 2.2).
    """

    hop_limit: int
    managed: bool
    other: bool
    home_agent: bool
    preference: RouterPreference
    router_lifetime: Seconds
    reachable_time: Seconds
    retransmit_timer: Seconds
    options: tuple[NeighborOption, ...] = ()

    def __post_init__(self) -> None:
        check_unsigned("hop_limit", self.hop_limit, 8)
        check_duration("router_lifetime", self.router_lifetime)
        check_duration("reachable_time", self.reachable_time)
        check_duration("retransmit_timer", self.retransmit_timer)

    @property
    def prefixes(self) -> tuple[PrefixInformation, ...]:
        """All Prefix Information options."""
        return tuple([option for option in self.options if isinstance(option, PrefixInformation)])

    @property
    def home_agent_information(self) -> HomeAgentInformation | None:
        """The Home Agent Information option."""
        return next((option for option in self.options if isinstance(option, HomeAgentInformation)), None)

    @property
    def advertisement_interval(self) -> Seconds | None:
        """The interval of the Advertisement Interval option."""
        return next((option.interval for option in self.options if isinstance(option, AdvertisementInterval)), None)

    @property
    def source_link_layer_address(self) -> bytes | None:
        """The address in the Source Link-Layer Address option, if it is one that frames can be sent to."""
        return _hardware_address(self.options, SourceLinkLayerAddress)

    @property
    def name_servers(self) -> tuple[RecursiveNameServers, ...]:
        """The Recursive DNS Server options, in their order (RFC 8106 section 5.1)."""
        return tuple([option for option in self.options if isinstance(option, RecursiveNameServers)])

    @property
    def routes(self) -> tuple[RouteInformation, ...]:
        """All Route Information options (RFC 4191 section 2.3)."""
        return tuple([option for option in self.options if isinstance(option, RouteInformation)])

    @property
    def mtu(self) -> int | None:
        """The number in the MTU option, in octets."""
        return next((option.mtu for option in self.options if isinstance(option, Mtu)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborSolicitation:
    """Asks who has `target` (section 4.3)."""

    target: IPv6Address
    options: tuple[NeighborOption, ...] = ()

    @property
    def source_link_layer_address(self) -> bytes | None:
        """The address in the Source Link-Layer Address option, if it is one that frames can be sent to."""
        return _hardware_address(self.options, SourceLinkLayerAddress)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborAdvertisement:
    """Says who has `target` (section 4.4): flags R, S and O."""

    target: IPv6Address
    router: bool
    solicited: bool
    override: bool
    options: tuple[NeighborOption, ...] = ()

    @property
    def target_link_layer_address(self) -> bytes | None:
        """The address in the Target Link-Layer Address option, if it is one that frames can be sent to."""
        return _hardware_address(self.options, TargetLinkLayerAddress)


NeighborDiscoveryMessage = RouterSolicitation | RouterAdvertisement | NeighborSolicitation | NeighborAdvertisement


def check_neighbor_discovery(
    message: NeighborDiscoveryMessage, source: IPv6Address, destination: IPv6Address, hop_limit: int
) -> None:
    """WireError (BAD_VALUE) when a message may not come in a packet like this (sections 6.1.1, 6.1.2, 7.1.1, 7.1.2).

    Offsets count from the start of the IPv6 header.
    """
    if hop_limit != HOP_LIMIT:
        raise _bad_value(f"the hop limit of a Neighbor Discovery packet is {hop_limit}", 7, "RFC 4861 section 6.1.1")
    match message:
        case RouterSolicitation():
            if source == UNSPECIFIED and any(isinstance(option, SourceLinkLayerAddress) for option in message.options):
                raise _bad_value("a solicitation from :: names a link-layer address", 8, "RFC 4861 section 6.1.1")
        case RouterAdvertisement():
            if not is_link_local(source):
                raise _bad_value(f"Router Advertisement from {source}, not link-local", 8, "RFC 4861 section 6.1.2")
        case NeighborSolicitation():
            if source == UNSPECIFIED:
                _check_from_unspecified(message, destination)
        case NeighborAdvertisement():
            if message.solicited and is_multicast(destination):
                raise _bad_value("an advertisement to a group claims to be solicited", 24, "RFC 4861 section 7.1.2")


def decode_router_solicitation(reader: Reader) -> RouterSolicitation:
    """A Router Solicitation."""
    reader.unpack(_ROUTER_SOLICITATION)
    return RouterSolicitation(options=decode_neighbor_options(reader))


def decode_router_advertisement(reader: Reader) -> RouterAdvertisement:
    """A Router Advertisement."""
    hop_limit, flags, lifetime, reachable, retransmit = reader.unpack(_ROUTER_ADVERTISEMENT)
    return RouterAdvertisement(
        hop_limit=hop_limit,
        managed=bool(flags & _MANAGED),
        other=bool(flags & _OTHER),
        home_agent=bool(flags & _HOME_AGENT),
        preference=RouterPreference.of_flags(flags) or RouterPreference.MEDIUM,
        router_lifetime=Seconds(float(lifetime)),
        reachable_time=from_milliseconds(reachable),
        retransmit_timer=from_milliseconds(retransmit),
        options=decode_neighbor_options(reader, in_router_advertisement=True),
    )


def decode_neighbor_solicitation(reader: Reader) -> NeighborSolicitation:
    """A Neighbor Solicitation. WireError (BAD_VALUE) when its target is a group."""
    (target,) = reader.unpack(_SOLICITATION)
    return NeighborSolicitation(target=_unicast(target, reader), options=decode_neighbor_options(reader))


def decode_neighbor_advertisement(reader: Reader) -> NeighborAdvertisement:
    """A Neighbor Advertisement. WireError (BAD_VALUE) when its target is a group."""
    flags, target = reader.unpack(_ADVERTISEMENT)
    return NeighborAdvertisement(
        target=_unicast(target, reader),
        router=bool(flags & _ROUTER),
        solicited=bool(flags & _SOLICITED),
        override=bool(flags & _OVERRIDE),
        options=decode_neighbor_options(reader),
    )


def encode_router_solicitation(message: RouterSolicitation) -> bytes:
    """A Router Solicitation."""
    return _ROUTER_SOLICITATION.pack() + encode_neighbor_options(message.options)


def encode_router_advertisement(message: RouterAdvertisement) -> bytes:
    """A Router Advertisement."""
    flags = (
        (_MANAGED if message.managed else 0)
        | (_OTHER if message.other else 0)
        | (_HOME_AGENT if message.home_agent else 0)
        | message.preference.flags
    )
    fixed = _ROUTER_ADVERTISEMENT.pack(
        message.hop_limit,
        flags,
        to_whole_seconds(message.router_lifetime, 16),
        to_milliseconds(message.reachable_time),
        to_milliseconds(message.retransmit_timer),
    )
    return fixed + encode_neighbor_options(message.options)


def encode_neighbor_solicitation(message: NeighborSolicitation) -> bytes:
    """A Neighbor Solicitation."""
    return _SOLICITATION.pack(message.target.packed) + encode_neighbor_options(message.options)


def encode_neighbor_advertisement(message: NeighborAdvertisement) -> bytes:
    """A Neighbor Advertisement."""
    flags = (
        (_ROUTER if message.router else 0)
        | (_SOLICITED if message.solicited else 0)
        | (_OVERRIDE if message.override else 0)
    )
    return _ADVERTISEMENT.pack(flags, message.target.packed) + encode_neighbor_options(message.options)


def _hardware_address(
    options: tuple[NeighborOption, ...], kind: type[SourceLinkLayerAddress | TargetLinkLayerAddress]
) -> bytes | None:
    for option in options:
        if isinstance(option, kind) and len(option.address) == _HARDWARE_ADDRESS_SIZE:
            return option.address
    return None


def _unicast(target: bytes, reader: Reader) -> IPv6Address:
    address = address_of(target)
    if is_multicast(address):
        raise reader.refuse(f"the target {address} is a group", fault=WireFault.BAD_VALUE, offset=_TARGET)
    return address


def _check_from_unspecified(message: NeighborSolicitation, destination: IPv6Address) -> None:
    section = "RFC 4861 section 7.1.1"
    if not is_solicited_node(destination):
        raise _bad_value(f"a Neighbor Solicitation from :: goes to {destination}", 24, section)
    if any(isinstance(option, SourceLinkLayerAddress) for option in message.options):
        raise _bad_value("a Neighbor Solicitation from :: names a link-layer address", 8, section)


def _bad_value(title: str, offset: int, section: str) -> WireError:
    return WireError(title, fault=WireFault.BAD_VALUE, offset=offset, section=section)
