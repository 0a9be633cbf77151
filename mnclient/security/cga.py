# SPDX-License-Identifier: GPL-2.0-or-later
"""Cryptographically generated addresses (RFC 3972): an interface identifier that is a hash of a public key.

Who holds the private key can prove that an address is its own, to anybody and without any infrastructure. SHA-1 is
what the RFC says: an attacker needs a second preimage of 59 bits, made 2 ** (16 * Sec) times dearer by Hash2.

Bits of an interface identifier:   | Sec (3) |  ...  | u | g |  ...        u and g are zero
"""

import hashlib
from dataclasses import replace
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.wire.cga_parameters import (
    HIGHEST_COLLISION_COUNT,
    MODIFIER_LENGTH,
    PREFIX_LENGTH,
    CgaParameters,
    encode_cga_parameters,
)
from mnclient.wire.fields import check_octets, check_unsigned

SEC_BITS: Final = 3
SEARCH_ATTEMPTS: Final = 1 << 20
"""Modifiers tried in one search unless told otherwise: for Sec 1 it fails once in nine million times."""

_HASH1_LENGTH: Final = 8
_HASH2_LENGTH: Final = 14
_HASH2_BITS_PER_SEC: Final = 16
_IDENTIFIER_MASK: Final = 0x1CFF_FFFF_FFFF_FFFF  # all but Sec, u and g (section 5)
_SEC_SHIFT: Final = 64 - SEC_BITS


class CgaFault(Enum):
    """Which check of section 5 an address failed."""

    SUBNET_PREFIX = "subnet-prefix"
    HASH1 = "hash1"
    HASH2 = "hash2"


class CollisionError(MobileIPv6Error):
    """Three addresses in a row were taken: an attack or a broken network, not chance (section 4)."""


def hash1(parameters: CgaParameters) -> bytes:
    """Leftmost 64 bits of SHA-1 over the whole structure: 8 octets (section 3)."""
    return _sha1(encode_cga_parameters(parameters))[:_HASH1_LENGTH]


def hash2(parameters: CgaParameters) -> bytes:
    """Leftmost 112 bits of SHA-1 over the structure with prefix and collision count zero: 14 octets (section 3)."""
    return _hash2(parameters.modifier, _behind_modifier(parameters.public_key, parameters.extensions))


def security_parameter(address: IPv6Address) -> int:
    """Sec, 0 to 7: the three leftmost bits of the interface identifier (section 2)."""
    return (int(address) & 0xFFFF_FFFF_FFFF_FFFF) >> _SEC_SHIFT


def find_modifier(
    start: bytes, public_key: bytes, sec: int, extensions: bytes = b"", *, attempts: int = SEARCH_ATTEMPTS
) -> bytes | None:
    """The first modifier from `start`, 16 random octets, whose Hash2 begins with 16 * Sec zero bits (section 4).

    It takes 2 ** (16 * sec) attempts on average: Sec 1 a moment, Sec 2 is for machines with hours of time. None after
    `attempts` in vain; the search may go on at `start` plus `attempts`. ValueError for a `sec` that is not 0 to 7.
    """
    check_octets("start", start, MODIFIER_LENGTH)
    check_unsigned("sec", sec, SEC_BITS)
    behind = _behind_modifier(public_key, extensions)
    first = int.from_bytes(start)
    for number in range(first, first + attempts):
        modifier = (number % (1 << 128)).to_bytes(MODIFIER_LENGTH)
        if _has_zero_bits(_hash2(modifier, behind), sec):
            return modifier
    return None


def generated_address(parameters: CgaParameters, sec: int) -> IPv6Address:
    """The address of `parameters`: prefix, and Hash1 with Sec written in and u and g cleared (section 4).

    ValueError when the modifier is not one for this `sec`.
    """
    check_unsigned("sec", sec, SEC_BITS)
    if not _has_zero_bits(hash2(parameters), sec):
        raise ValueError(f"modifier must be one found for sec {sec}")
    identifier = int.from_bytes(hash1(parameters)) & _IDENTIFIER_MASK | sec << _SEC_SHIFT
    return IPv6Address(parameters.subnet_prefix + identifier.to_bytes(_HASH1_LENGTH))


def after_collision(parameters: CgaParameters) -> CgaParameters:
    """The parameters for the next address, when duplicate detection says that the last one is taken (section 4).

    CollisionError after the third collision.
    """
    if parameters.collision_count == HIGHEST_COLLISION_COUNT:
        raise CollisionError("three generated addresses in a row are in use", hint="look for who else answers for them")
    return replace(parameters, collision_count=parameters.collision_count + 1)


def cga_fault(address: IPv6Address, parameters: CgaParameters) -> CgaFault | None:
    """Why `address` was not made of `parameters`, None when it was (section 5).

    That the collision count is at most 2 is a matter of decoding: other parameters are no value.
    """
    if parameters.subnet_prefix != address.packed[:PREFIX_LENGTH]:
        return CgaFault.SUBNET_PREFIX
    if (int.from_bytes(hash1(parameters)) ^ int(address)) & _IDENTIFIER_MASK:
        return CgaFault.HASH1
    if not _has_zero_bits(hash2(parameters), security_parameter(address)):
        return CgaFault.HASH2
    return None


def _behind_modifier(public_key: bytes, extensions: bytes) -> bytes:
    return bytes(PREFIX_LENGTH + 1) + public_key + extensions


def _hash2(modifier: bytes, behind: bytes) -> bytes:
    return _sha1(modifier + behind)[:_HASH2_LENGTH]


def _has_zero_bits(digest: bytes, sec: int) -> bool:
    count = sec * _HASH2_BITS_PER_SEC // 8
    return digest[:count] == bytes(count)


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
