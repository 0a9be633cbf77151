# SPDX-License-Identifier: GPL-2.0-or-later
"""Neighbor Discovery options as values (RFC 4861 section 4.6), with those of RFC 6275 section 7, RFC 4191 and RFC 8106.

Their octets are in `neighbor_option_codec`.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.units import Seconds
from mnclient.wire.addresses import network_of
from mnclient.wire.fields import check_duration, check_unsigned

_LONGEST_DATA: Final = 255 * 8 - 2  # what follows Type and Length
_PREFERENCE_SHIFT: Final = 3
_MOST_NAME_SERVERS: Final = 127  # the option's length counts 8 octets in 8 bits
_POINT_TO_POINT: Final = 127  # RFC 6164: prefixes that long have no anycast address


class RouterPreference(Enum):
    """How a router or route ranks among others; the value is the 2-bit code (RFC 4191 section 2.1)."""

    HIGH = 0b01
    MEDIUM = 0b00
    LOW = 0b11

    @classmethod
    def of_flags(cls, flags: int) -> "RouterPreference | None":
        """The preference in bits 0x18 of a flag octet; None for the reserved code."""
        return _PREFERENCES[flags >> _PREFERENCE_SHIFT & 0b11]

    @property
    def flags(self) -> int:
        """The preference in its place in a flag octet."""
        return self.value << _PREFERENCE_SHIFT


_PREFERENCES: Final = (RouterPreference.MEDIUM, RouterPreference.HIGH, None, RouterPreference.LOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLinkLayerAddress:
    """The sender's link-layer address; shorter ones than the option are followed by zeros (RFC 4861 section 4.6.1)."""

    address: bytes

    def __post_init__(self) -> None:
        _check_link_layer_address(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLinkLayerAddress:
    """The target's link-layer address; shorter ones than the option are followed by zeros (RFC 4861 section 4.6.1)."""

    address: bytes

    def __post_init__(self) -> None:
        _check_link_layer_address(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixInformation:
    """A prefix of the link (RFC 4861 section 4.6.2, RFC 6275 section 7.2).

    `prefix` is all 128 bits from the wire: with R set it is the router's own global address. Lifetimes are in seconds,
    infinity included.
    """

    prefix: IPv6Address
    prefix_length: int
    on_link: bool
    autonomous: bool
    router_address: bool
    valid_lifetime: Seconds
    preferred_lifetime: Seconds

    def __post_init__(self) -> None:
        _check_prefix_length(self.prefix_length)
        check_duration("valid_lifetime", self.valid_lifetime)
        check_duration("preferred_lifetime", self.preferred_lifetime)

    @property
    def network(self) -> IPv6Network:
        """The prefix itself, without the bits behind it."""
        return network_of(self.prefix, self.prefix_length)

    @property
    def router(self) -> IPv6Address | None:
        """The router's global address, if R is set.

        The first address of the prefix is that of all routers together (RFC 4291 section 2.6.1), and nobody's own:
        routers say it that were configured with the bare prefix. The two of a point-to-point link are both addresses.
        """
        if not self.router_address:
            return None
        is_anycast = self.prefix_length < _POINT_TO_POINT and self.prefix == self.network.network_address
        return None if is_anycast else self.prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Mtu:
    """The MTU of the link in octets (RFC 4861 section 4.6.4)."""

    mtu: int

    def __post_init__(self) -> None:
        check_unsigned("mtu", self.mtu, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertisementInterval:
    """The longest time between a router's advertisements, on the wire in milliseconds (RFC 6275 section 7.3)."""

    interval: Seconds

    def __post_init__(self) -> None:
        check_duration("interval", self.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAgentInformation:
    """How a home agent ranks, higher being better, and how long it serves (RFC 6275 section 7.4)."""

    preference: int
    lifetime: Seconds

    def __post_init__(self) -> None:
        check_unsigned("preference", self.preference, 16)
        check_duration("lifetime", self.lifetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteInformation:
    """A route through the sending router (RFC 4191 section 2.3). Lifetime in seconds, infinity included."""

    prefix: IPv6Network
    preference: RouterPreference
    lifetime: Seconds

    def __post_init__(self) -> None:
        check_duration("lifetime", self.lifetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursiveNameServers:
    """Name servers to ask, 1 to 127 (RFC 8106 section 5.1). Lifetime in seconds, infinity included; zero ends it."""

    addresses: tuple[IPv6Address, ...]
    lifetime: Seconds

    def __post_init__(self) -> None:
        check_duration("lifetime", self.lifetime)
        if not 0 < len(self.addresses) <= _MOST_NAME_SERVERS:
            raise ValueError(f"there must be 1 to {_MOST_NAME_SERVERS} addresses, not {len(self.addresses)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownNeighborOption:
    """An option not interpreted: what follows its Type and Length, 6, 14, 22 ... octets."""

    type: int
    data: bytes

    def __post_init__(self) -> None:
        check_unsigned("type", self.type, 8)
        if len(self.data) % 8 != 6 or len(self.data) > _LONGEST_DATA:
            raise ValueError(f"data must be 6 octets, or 8 more, and so on, not {len(self.data)}")


NeighborOption = (
    SourceLinkLayerAddress
    | TargetLinkLayerAddress
    | PrefixInformation
    | Mtu
    | AdvertisementInterval
    | HomeAgentInformation
    | RouteInformation
    | RecursiveNameServers
    | UnknownNeighborOption
)


def _check_prefix_length(value: int) -> None:
    if not 0 <= value <= 128:
        raise ValueError(f"prefix_length must be from 0 to 128, not {value}")


def _check_link_layer_address(address: bytes) -> None:
    if not 0 < len(address) <= _LONGEST_DATA:
        raise ValueError(f"address must be 1 to {_LONGEST_DATA} octets, not {len(address)}")
