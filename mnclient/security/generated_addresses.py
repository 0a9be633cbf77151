# SPDX-License-Identifier: GPL-2.0-or-later
"""Home addresses of one key in any prefix, and how they are recognised (RFC 3972 section 4).

Modifier and key are the same in every prefix: what is costly about them does not depend on it. So nothing but the key
has to be kept, and an address says by itself whether it was made with it.
"""

from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.generated_address import GeneratedAddress, GeneratingKey
from mnclient.security.cga import find_modifier, generated_address
from mnclient.security.rsa import public_key_of
from mnclient.wire.cga_parameters import HIGHEST_COLLISION_COUNT, PREFIX_LENGTH, CgaParameters

SEC: Final = 1
"""Security parameter of keys made here: a tenth of a second once, and 75 bits of work for an attacker instead of 59."""

_PREFIX_BITS: Final = 8 * PREFIX_LENGTH


def generating_key(private_key: bytes, start: bytes, sec: int = SEC) -> GeneratingKey | None:
    """What addresses are made with, of a new key and 16 random octets; None when the search was in vain.

    ValueError when the key is no RSA key of 1024 to 2040 bits in PKCS #8.
    """
    public_key = public_key_of(private_key)
    modifier = find_modifier(start, public_key, sec)
    if modifier is None:
        return None
    return GeneratingKey(private_key=private_key, public_key=public_key, modifier=modifier, sec=sec)


def address_in(prefix: IPv6Network, key: GeneratingKey, collision_count: int = 0) -> GeneratedAddress | None:
    """The address of this key in a prefix; None unless that has 64 bits. ValueError for a modifier not its own."""
    if prefix.prefixlen != _PREFIX_BITS:
        return None
    parameters = CgaParameters(
        modifier=key.modifier,
        subnet_prefix=prefix.network_address.packed[:PREFIX_LENGTH],
        collision_count=collision_count,
        public_key=key.public_key,
    )
    address = generated_address(parameters, key.sec)
    return GeneratedAddress(address=address, parameters=parameters, private_key=key.private_key)


def made_with(key: GeneratingKey, address: IPv6Address) -> GeneratedAddress | None:
    """How an address was made with this key, None when it was not."""
    prefix = IPv6Network((int(address) >> _PREFIX_BITS << _PREFIX_BITS, _PREFIX_BITS))
    for count in range(HIGHEST_COLLISION_COUNT + 1):
        found = address_in(prefix, key, count)
        if found is not None and found.address == address:
            return found
    return None
