# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA as RFC 3972 and RFC 4866 use it: signatures, and the encryption of one token. Keys are DER throughout.

Signatures are RSASSA-PKCS1-v1_5 with SHA-1, encryption is RSAES-PKCS1-v1_5 (RFC 8017): neither is what one would choose
today, both are what the peer expects. `cryptography` is loaded when it is first needed (30 ms), seldom at all.
"""

import hashlib
from typing import TYPE_CHECKING, Final

from mnclient.wire.fields import check_octets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

LEAST_VERIFIED_BITS: Final = 384
"""A verifier takes keys from this size on (RFC 3972 section 5)."""

LEAST_GENERATED_BITS: Final = 1024
"""Keys of our own have at least so many bits (RFC 3972 section 4 asks for 1024 in new ones)."""

MOST_BITS: Final = 2040
"""A signature of more than 255 octets fits in no Signature option (RFC 4866 section 5.2)."""

TOKEN_LENGTH: Final = 8
TYPE_TAG_LENGTH: Final = 16
_PADDING_OVERHEAD: Final = 3  # 00 02 ... 00


def can_be_verified(public_key: bytes) -> bool:
    """Whether these octets are an RSA key of a size that is accepted of others."""
    return _public_key(public_key) is not None


def sign(private_key: bytes, type_tag: bytes, message: bytes) -> bytes:
    """The signature over type tag (128 bits) and message, as long as the modulus (RFC 3972 section 6).

    ValueError when `private_key` is no RSA key in unencrypted PKCS #8, or has a size that we do not make.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    check_octets("type_tag", type_tag, TYPE_TAG_LENGTH)
    return _private_key(private_key).sign(type_tag + message, PKCS1v15(), SHA1())


def is_signed(public_key: bytes, type_tag: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that of type tag and message (RFC 3972 section 6); False for a key not accepted, too."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    key = _public_key(public_key)
    if key is None:
        return False
    try:
        key.verify(signature, type_tag + message, PKCS1v15(), SHA1())
    except InvalidSignature:
        return False
    return True


def signature_length(private_key: bytes) -> int:
    """Octets of a signature by this key. ValueError as in `sign`."""
    return (_private_key(private_key).key_size + 7) // 8


def public_key_of(private_key: bytes) -> bytes:
    """The SubjectPublicKeyInfo that belongs to a private key. ValueError as in `sign`."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _private_key(private_key).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def encrypt_token(public_key: bytes, token: bytes, entropy: bytes) -> bytes:
    """A token of 8 octets for the owner of the key, RSAES-PKCS1-v1_5 (RFC 4866 section 4.7).

    `entropy`, at least 16 random octets, is what the padding is made of: nothing random is drawn here. ValueError when
    the key is not accepted.
    """
    check_octets("token", token, TOKEN_LENGTH)
    if len(entropy) < TYPE_TAG_LENGTH:
        raise ValueError(f"entropy must be at least {TYPE_TAG_LENGTH} octets, not {len(entropy)}")
    key = _public_key(public_key)
    if key is None:
        raise ValueError(f"public_key must be an RSA key of at least {LEAST_VERIFIED_BITS} bits")
    numbers, size = key.public_numbers(), (key.key_size + 7) // 8
    padding = _non_zero_octets(entropy, size - _PADDING_OVERHEAD - TOKEN_LENGTH)
    encoded = b"\x00\x02" + padding + b"\x00" + token
    return pow(int.from_bytes(encoded), numbers.e, numbers.n).to_bytes(size)


def decrypt_token(private_key: bytes, encrypted: bytes) -> bytes | None:
    """The token of 8 octets, None when there is none in it. ValueError as in `sign`.

    From version 3.2 on OpenSSL answers wrong padding with octets of chance, which may be 8: who encrypted it is for the
    message around it to prove.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    key = _private_key(private_key)
    try:
        token = key.decrypt(encrypted, PKCS1v15())
    except ValueError:
        return None
    return token if len(token) == TOKEN_LENGTH else None


def check_generated_size(bits: int) -> None:
    """ValueError unless a key of our own may have so many bits."""
    if not LEAST_GENERATED_BITS <= bits <= MOST_BITS:
        raise ValueError(f"an RSA key must have {LEAST_GENERATED_BITS} to {MOST_BITS} bits, not {bits}")


def _non_zero_octets(entropy: bytes, count: int) -> bytes:
    """`count` octets, none zero, stretched from the entropy: one octet in 256 is left out, so twice as many are enough.

    Were it ever not so, the hash is asked for more.
    """
    asked = 2 * count
    while len(octets := hashlib.shake_256(entropy).digest(asked).replace(b"\0", b"")) < count:
        asked *= 2
    return octets[:count]


def _public_key(public_key: bytes) -> "RSAPublicKey | None":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) and LEAST_VERIFIED_BITS <= key.key_size <= MOST_BITS else None


def _private_key(private_key: bytes) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(private_key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("private_key must be a key in DER") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("private_key must be an RSA key")
    check_generated_size(key.key_size)
    return key
