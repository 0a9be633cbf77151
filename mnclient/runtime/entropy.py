# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's randomness, from the operating system."""

import secrets
from typing import Final

from mnclient.security.rsa import check_generated_size

_GENERATOR = secrets.SystemRandom()

RSA_BITS: Final = 1536
"""Bits of a key of our own: the largest usual size whose signature fits in one option (RFC 4866 section 5.2)."""

_PUBLIC_EXPONENT: Final = 65537


class SystemEntropy:
    """Implements `mnclient.engine.machine.Entropy`."""

    def octets(self, count: int) -> bytes:
        """`count` random octets."""
        return secrets.token_bytes(count)

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        return _GENERATOR.uniform(low, high)


def new_private_key(bits: int = RSA_BITS) -> bytes:
    """A new RSA key for a generated address: PKCS #8 in DER, not encrypted. ValueError unless 1024 to 2040 bits.

    It takes a tenth of a second of CPU, more or less by chance.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    check_generated_size(bits)
    key = generate_private_key(_PUBLIC_EXPONENT, bits)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
