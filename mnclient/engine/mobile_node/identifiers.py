# SPDX-License-Identifier: GPL-2.0-or-later
"""Interface identifiers: RFC 4291 appendix A, RFC 7217, RFC 8981, and those nobody may use (RFC 5453)."""

import hashlib
import hmac
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.wire.addresses import eui64_identifier

# RFC 5453 section 3: subnet-router anycast, the Ethernet block of IANA, subnet anycast (RFC 2526).
RESERVED: Final = (
    (0x0000_0000_0000_0000, 0x0000_0000_0000_0000),
    (0x0200_5EFF_FE00_0000, 0x0200_5EFF_FEFF_FFFF),
    (0xFDFF_FFFF_FFFF_FF80, 0xFDFF_FFFF_FFFF_FFFF),
)


def is_reserved(identifier: bytes) -> bool:
    """Whether the 8 octets are a reserved interface identifier."""
    value = int.from_bytes(identifier)
    return any(low <= value <= high for low, high in RESERVED)


def stable_identifier(secret: bytes, prefix: IPv6Network, interface: str, counter: int) -> bytes:
    """The opaque identifier of RFC 7217 section 5, with HMAC-SHA-256 as F.

    Net_Iface is the interface's name, so that a randomised hardware address changes nothing; there is no Network_ID.
    Every field has its length in front: no two inputs run into the same octets.
    """
    fields = (prefix.network_address.packed[:8], interface.encode(), b"", counter.to_bytes(4))
    message = b"".join(len(each).to_bytes(2) + each for each in fields)
    return hmac.new(secret, message, hashlib.sha256).digest()[-8:]


def hardware_identifier(link_layer_address: bytes) -> bytes | None:
    """The modified EUI-64 of a hardware address, None when it has no such form or gives a reserved identifier."""
    if len(link_layer_address) not in (6, 8):
        return None
    identifier = eui64_identifier(link_layer_address)
    return None if is_reserved(identifier) else identifier


def has_identifier_of(address: IPv6Address, link_layer_address: bytes) -> bool:
    """Whether its interface identifier is that of the hardware, as in the link-local EUI-64 address.

    Then the home agent may be asked to defend that as well (L, RFC 6275 section 11.7.1).
    """
    identifier = hardware_identifier(link_layer_address)
    return identifier is not None and address.packed[8:] == identifier
