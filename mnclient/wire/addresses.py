# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6 addresses as Mobile IPv6 and Neighbor Discovery see and form them."""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Final

UNSPECIFIED: Final = IPv6Address("::")
ALL_NODES: Final = IPv6Address("ff02::1")
ALL_ROUTERS: Final = IPv6Address("ff02::2")

_LOOPBACK: Final = 1
_SOLICITED_NODE: Final = int(IPv6Address("ff02::1:ff00:0"))  # RFC 4291 section 2.7.1, a /104
_HOME_AGENTS_64: Final = 0xFDFFFFFFFFFFFFFE  # RFC 2526 section 2, the identifier in a /64
_RESERVED_ANYCAST_BITS: Final = 7  # RFC 2526 section 2: the anycast identifier; 126 names the home agents
_UNIVERSAL_BIT: Final = 0x02  # RFC 4291 appendix A: inverted in a modified EUI-64


@lru_cache(maxsize=1024)
def text_of(address: IPv6Address) -> str:
    """The address as text (RFC 5952); for what is said again and again, because writing one takes long."""
    return str(address)


@lru_cache(maxsize=4096)
def address_of(octets: bytes) -> IPv6Address:
    """The address in 16 octets; those that come again and again are the same object. ValueError for another length."""
    return IPv6Address(octets)


def is_unicast_routable(address: IPv6Address) -> bool:
    """Whether this can be a home or care-of address (RFC 6275 section 4.6)."""
    return not (is_multicast(address) or is_link_local(address) or int(address) <= _LOOPBACK)


def is_multicast(address: IPv6Address) -> bool:
    """Whether this is in ff00::/8; several times faster than the attribute of the address."""
    return int(address) >> 120 == 0xFF


def is_link_local(address: IPv6Address) -> bool:
    """Whether this is in fe80::/10."""
    return int(address) >> 118 == 0xFE80 >> 6


def scope_of(address: IPv6Address) -> int:
    """The scope of a unicast address, by the numbers of RFC 4291 section 2.7: 2 link-local, 5 site-local, 14 global.

    Unique local addresses are of global scope (RFC 4193 section 3.3).
    """
    if is_link_local(address):
        return 2
    return 5 if int(address) >> 118 == 0xFEC0 >> 6 else 14


def solicited_node(address: IPv6Address) -> IPv6Address:
    """The multicast group in which `address` is solicited (RFC 4291 section 2.7.1)."""
    return IPv6Address(_SOLICITED_NODE | int(address) & 0xFFFFFF)


def is_solicited_node(address: IPv6Address) -> bool:
    """Whether this is a solicited-node multicast address."""
    return int(address) >> 24 == _SOLICITED_NODE >> 24


def eui64_identifier(link_layer_address: bytes) -> bytes:
    """The 8-octet interface identifier of a 6- or 8-octet link-layer address (RFC 4291 appendix A).

    ValueError for any other length.
    """
    if len(link_layer_address) not in (6, 8):
        raise ValueError(f"a link-layer address of 6 or 8 octets is needed, not of {len(link_layer_address)}")
    middle = b"\xff\xfe" if len(link_layer_address) == 6 else link_layer_address[3:5]
    first = link_layer_address[0] ^ _UNIVERSAL_BIT
    return bytes((first,)) + link_layer_address[1:3] + middle + link_layer_address[-3:]


def address_from(network: IPv6Network, identifier: bytes) -> IPv6Address:
    """The address of an 8-octet interface identifier in a /64 (RFC 4862 section 5.5.3), or ValueError."""
    if network.prefixlen != 64 or len(identifier) != 8:
        raise ValueError(f"a /64 and 8 octets are needed, not a /{network.prefixlen} and {len(identifier)}")
    return IPv6Address(int(network.network_address) | int.from_bytes(identifier))


def network_of(address: IPv6Address, prefix_length: int) -> IPv6Network:
    """The prefix of `prefix_length` bits that `address` is in."""
    host_bits = 128 - prefix_length
    return _network(int(address) >> host_bits << host_bits, prefix_length)


@lru_cache(maxsize=1024)
def _network(start: int, prefix_length: int) -> IPv6Network:
    return IPv6Network((start, prefix_length))


def home_agents_anycast(network: IPv6Network) -> IPv6Address:
    """The Mobile IPv6 Home-Agents anycast address of a home prefix (RFC 2526 section 2, RFC 6275 section 6.5).

    ValueError for a prefix that leaves no room for the 7 bits of the anycast identifier.
    """
    free_bits = 128 - network.prefixlen
    if free_bits < _RESERVED_ANYCAST_BITS:
        raise ValueError(f"a prefix of at most {128 - _RESERVED_ANYCAST_BITS} bits is needed, not {network.prefixlen}")
    # Interface identifiers of a /64 are EUI-64: there the universal bit is 0. Elsewhere all bits before 0x7e are 1.
    identifier = _HOME_AGENTS_64 if free_bits == 64 else (1 << free_bits) - 2
    return IPv6Address(int(network.network_address) | identifier)
