# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA keys for tests, and the operations of RFC 8017 once more, with numbers alone."""

import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

E = 65537
SHA1_DIGEST_INFO = bytes.fromhex("3021300906052b0e03021a05000414")
SMALL_PRIMES = (  # of 384 bits together: the smallest key that a verifier takes
    0xEEA2F07FE53AB99257A37AC26B4111CD95FCDC25D9613BE7,
    0xD31EC69D679B8D6CEDC29D62F9DAF2E5B3F6A1D4D6D7D5E5,
)
TINY_PRIMES = (  # of 383 bits together
    0x6BAE8B2A91142349AF60E924BB7F9F7D953EAB3DDFF98295,
    0xC809A5687FBF37783F85DDCD0B5D4966FE57440B4E756C8B,
)


@cache
def rsa_key(bits: int = 1024) -> RSAPrivateKey:
    """One key for each size; made once, because that takes time."""
    return generate_private_key(E, bits)


def private_der(key: RSAPrivateKey) -> bytes:
    """PKCS #8, as the functions under test take it."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_der(key: RSAPrivateKey) -> bytes:
    """The SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_der_of(primes: tuple[int, int]) -> bytes:
    """The SubjectPublicKeyInfo of the product of two primes."""
    key = RSAPublicNumbers(E, primes[0] * primes[1]).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signature_by_numbers(message: bytes, d: int, n: int) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017 section 8.2.1)."""
    size = (n.bit_length() + 7) // 8
    ending = b"\x00" + SHA1_DIGEST_INFO + hashlib.sha1(message).digest()
    encoded = b"\x00\x01" + b"\xff" * (size - 2 - len(ending)) + ending
    return pow(int.from_bytes(encoded), d, n).to_bytes(size)


def exponent_of(primes: tuple[int, int]) -> int:
    """The private exponent of the product of two primes."""
    return pow(E, -1, (primes[0] - 1) * (primes[1] - 1))
