# SPDX-License-Identifier: GPL-2.0-or-later
"""From the one secret of a key to the keys and SPIs of its security associations.

A key has one secret and two SPIs, and what has to be protected needs four associations: for signalling in transport
mode and for the tunnel (RFC 4877 section 4.1), each in both directions. A combined mode (AES-GCM, ChaCha20-Poly1305)
must never use one key in two of them, because their nonces would meet: each association has a key of its own, derived
with HKDF (RFC 5869, SHA-256). The others use the secret as it is, so that a home agent that is keyed by hand can be
told the same digits.
"""

import hashlib
import hmac
from enum import Enum
from typing import Final

from mnclient.model.keys import LOWEST_SPI
from mnclient.model.security import SecurityAssociation

_SALT: Final = b"mnclient ESP 1"
_COMBINED: Final = ("aes-gcm-128", "aes-gcm-256", "chacha20-poly1305")
_TUNNEL_BIT: Final = 0x8000_0000


class Purpose(Enum):
    """What a pair of associations protects."""

    SIGNALLING = b"signalling"
    TUNNEL = b"tunnel"


class Sender(Enum):
    """Whose packets an association protects."""

    MOBILE_NODE = b"mobile node"
    HOME_AGENT = b"home agent"


def association_key(association: SecurityAssociation, purpose: Purpose, sender: Sender) -> bytes:
    """The key of one association, as long as the secret. Both ends derive the same."""
    if association.algorithm not in _COMBINED:
        return association.secret
    parts = (
        association.algorithm.encode(),
        purpose.value,
        sender.value,
        association.home_address.packed + association.home_agent.packed,
    )
    return _hkdf(association.secret, b"\0".join(parts), len(association.secret))


def pre_shared_key(association: SecurityAssociation) -> bytes:
    """32 octets for programs that negotiate their keys and know each other by a common one; both ends derive the same.

    Not the secret itself: what proves an identity there must not encrypt here.
    """
    ends = association.home_address.packed + association.home_agent.packed
    return _hkdf(association.secret, b"pre-shared key\0" + ends, 32)


def purpose_spi(spi: int, purpose: Purpose) -> int:
    """The SPI for a purpose: that of the key for signalling, the one with the highest bit turned for the tunnel."""
    if purpose is Purpose.SIGNALLING:
        return spi
    turned = spi ^ _TUNNEL_BIT
    return turned if turned >= LOWEST_SPI else turned + LOWEST_SPI


def _hkdf(secret: bytes, info: bytes, length: int) -> bytes:
    pseudo_random = hmac.digest(_SALT, secret, hashlib.sha256)
    block, output = b"", b""
    while len(output) < length:
        block = hmac.digest(pseudo_random, block + info + bytes((len(output) // 32 + 1,)), hashlib.sha256)
        output += block
    return output[:length]
