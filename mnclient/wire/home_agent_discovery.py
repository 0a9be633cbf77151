# SPDX-License-Identifier: GPL-2.0-or-later
"""The ICMPv6 messages with which a mobile node finds home agents and home prefixes (RFC 6275 sections 6.5 to 6.8).

Decoders here read from octet 4 of the ICMPv6 message, behind the checksum; encoders return it from there.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from struct import Struct
from typing import Final

from mnclient.errors import WireFault
from mnclient.wire.cursor import Reader
from mnclient.wire.fields import check_unsigned
from mnclient.wire.neighbor_option_codec import decode_neighbor_options, encode_neighbor_options
from mnclient.wire.neighbor_options import NeighborOption, PrefixInformation

_LAYOUT: Final = Struct("!HH")  # Identifier; flags, or Reserved
_MANAGED: Final = 0x8000
_OTHER: Final = 0x4000
_ADDRESS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentAddressDiscoveryRequest:
    """Asks for the home agents of a home prefix (section 6.5)."""

    identifier: int

    def __post_init__(self) -> None:
        check_unsigned("identifier", self.identifier, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentAddressDiscoveryReply:
    """The home agents, best first, with the identifier of the request (section 6.6)."""

    identifier: int
    home_agents: tuple[IPv6Address, ...]

    def __post_init__(self) -> None:
        check_unsigned("identifier", self.identifier, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilePrefixSolicitation:
    """Asks a home agent for the home prefixes (section 6.7)."""

    identifier: int
    options: tuple[NeighborOption, ...] = ()

    def __post_init__(self) -> None:
        check_unsigned("identifier", self.identifier, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilePrefixAdvertisement:
    """The home prefixes, with the identifier of the solicitation (section 6.8).

    `managed` and `other` are the M and O flags of the home link's Router Advertisements.
    """

    identifier: int
    managed: bool
    other: bool
    options: tuple[NeighborOption, ...] = ()

    def __post_init__(self) -> None:
        check_unsigned("identifier", self.identifier, 16)

    @property
    def prefixes(self) -> tuple[PrefixInformation, ...]:
        """All Prefix Information options."""
        return tuple(option for option in self.options if isinstance(option, PrefixInformation))


def decode_discovery_request(reader: Reader) -> HomeAgentAddressDiscoveryRequest:
    """A Home Agent Address Discovery Request; octets behind it are ignored."""
    identifier, _ = reader.unpack(_LAYOUT)
    return HomeAgentAddressDiscoveryRequest(identifier=identifier)


def decode_discovery_reply(reader: Reader) -> HomeAgentAddressDiscoveryReply:
    """A Home Agent Address Discovery Reply. WireError (BAD_VALUE) unless whole addresses fill it."""
    identifier, _ = reader.unpack(_LAYOUT)
    if reader.remaining % _ADDRESS:
        title = f"a list of home agents has {reader.remaining} octets, not a multiple of {_ADDRESS}"
        raise reader.refuse(title, fault=WireFault.BAD_VALUE, offset=reader.offset)
    home_agents = tuple(reader.address() for _ in range(reader.remaining // _ADDRESS))
    return HomeAgentAddressDiscoveryReply(identifier=identifier, home_agents=home_agents)


def decode_prefix_solicitation(reader: Reader) -> MobilePrefixSolicitation:
    """A Mobile Prefix Solicitation."""
    identifier, _ = reader.unpack(_LAYOUT)
    return MobilePrefixSolicitation(identifier=identifier, options=decode_neighbor_options(reader))


def decode_prefix_advertisement(reader: Reader) -> MobilePrefixAdvertisement:
    """A Mobile Prefix Advertisement."""
    identifier, flags = reader.unpack(_LAYOUT)
    return MobilePrefixAdvertisement(
        identifier=identifier,
        managed=bool(flags & _MANAGED),
        other=bool(flags & _OTHER),
        options=decode_neighbor_options(reader),
    )


def encode_discovery_request(message: HomeAgentAddressDiscoveryRequest) -> bytes:
    """A Home Agent Address Discovery Request."""
    return _LAYOUT.pack(message.identifier, 0)


def encode_discovery_reply(message: HomeAgentAddressDiscoveryReply) -> bytes:
    """A Home Agent Address Discovery Reply."""
    return _LAYOUT.pack(message.identifier, 0) + b"".join(address.packed for address in message.home_agents)


def encode_prefix_solicitation(message: MobilePrefixSolicitation) -> bytes:
    """A Mobile Prefix Solicitation."""
    return _LAYOUT.pack(message.identifier, 0) + encode_neighbor_options(message.options)


def encode_prefix_advertisement(message: MobilePrefixAdvertisement) -> bytes:
    """A Mobile Prefix Advertisement."""
    flags = (_MANAGED if message.managed else 0) | (_OTHER if message.other else 0)
    return _LAYOUT.pack(message.identifier, flags) + encode_neighbor_options(message.options)
