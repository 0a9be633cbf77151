# SPDX-License-Identifier: GPL-2.0-or-later
"""Tokens and Kbm of a precomputed key (RFC 4449 section 3): made as in return routability, never asked for."""

from ipaddress import IPv6Address

from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.security.binding_keys import binding_key, care_of_keygen_token, deletion_key, home_keygen_token


def home_token(key: PrecomputedKey) -> bytes:
    """The home keygen token, 8 octets, of the key's home address."""
    return home_keygen_token(key.node_key, key.home_address, key.home_nonce)


def care_of_token(key: PrecomputedKey, care_of_address: IPv6Address) -> bytes:
    """The care-of keygen token, 8 octets, of any care-of address."""
    return care_of_keygen_token(key.node_key, care_of_address, key.care_of_nonce)


def precomputed_binding_key(key: PrecomputedKey, care_of_address: IPv6Address) -> bytes:
    """Kbm, 20 octets, to make or renew a binding with this care-of address."""
    return binding_key(home_token(key), care_of_token(key, care_of_address))


def precomputed_deletion_key(key: PrecomputedKey) -> bytes:
    """Kbm, 20 octets, to delete a binding: of the home keygen token alone."""
    return deletion_key(home_token(key))
