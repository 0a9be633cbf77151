# SPDX-License-Identifier: GPL-2.0-or-later
"""How a mobile node proves itself to a correspondent by more than return routability, by the letter of the RFCs alone.

A home address that is generated from a key (RFC 3972), what its owner signs and is answered with (RFC 4866 sections
4.1, 4.5 and 4.7), and keys agreed on beforehand (RFC 4449 section 3). Nothing here uses the product's code.
"""

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from tests.lab.headers import Seen
from tests.lab.hostile import BU, DESTINATION_OPTIONS, MOBILITY, NO_NEXT_HEADER, home_option, ipv6, mobility
from tests.lab.return_routability import AUTHORIZATION, option_list
from tests.lab.signed import AUTHENTICATOR, padded

CGA_PARAMETERS, SIGNATURE, PERMANENT_TOKEN, CARE_OF_TEST_INIT, CARE_OF_TEST = 12, 13, 14, 15, 16
"""Types of mobility options, RFC 4866 section 5."""
TYPE_TAG: Final = bytes.fromhex("5F2705868D6C4C56A2469EBB9B2A2E13")
TOKEN: Final = 8  # octets of a keygen token
ZEROS: Final = bytes(TOKEN)
LONGEST: Final = 255  # octets of an option
IDENTIFIER_BITS: Final = 0x1CFF_FFFF_FFFF_FFFF  # all but Sec, u and g
MODIFIER, PREFIX, KEY = slice(0, 16), slice(16, 24), slice(25, None)  # of CGA Parameters without extensions
EXPONENT, BITS = 65537, 1024


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _first_part(parameters: bytes) -> int:
    """Hash1 as far as it is in the address."""
    return int.from_bytes(_sha1(parameters)[:8]) & IDENTIFIER_BITS


@dataclass(frozen=True)
class Owner:
    """Somebody with an address that is generated from his key, of Sec 0."""

    private_key: RSAPrivateKey
    parameters: bytes
    address: IPv6Address


def owner_of_an_address_in(prefix: IPv6Network) -> Owner:
    """Somebody new."""
    key = generate_private_key(EXPONENT, BITS)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    parameters = os.urandom(16) + prefix.network_address.packed[:8] + bytes(1) + public
    return Owner(key, parameters, prefix[_first_part(parameters)])


def is_made_of(address: IPv6Address, parameters: bytes) -> bool:
    """Whether an address is the one of these CGA Parameters (RFC 3972 section 5)."""
    identifier = int.from_bytes(address.packed[8:])
    zeros = bytes(2 * (identifier >> 61))
    is_costly = _sha1(parameters[MODIFIER] + bytes(9) + parameters[KEY]).startswith(zeros)
    is_its_own = identifier & IDENTIFIER_BITS == _first_part(parameters)
    return parameters[PREFIX] == address.packed[:8] and is_its_own and is_costly


def is_proven(update: Seen, care_of: IPv6Address, correspondent: IPv6Address) -> bool:
    """Whether a Binding Update proves its home address: by parameters that are its, and a signature of their key."""
    listed = option_list(update)
    parameters = b"".join(data for kind, data in listed if kind == CGA_PARAMETERS)
    (signature,) = [data for kind, data in listed if kind == SIGNATURE]
    end = update.body.index(bytes((SIGNATURE, len(signature))) + signature)
    covered = care_of.packed + correspondent.packed + update.body[:4] + bytes(2) + update.body[6:end]
    key = load_der_public_key(parameters[KEY])
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(signature, TYPE_TAG + covered, PKCS1v15(), SHA1())
    except InvalidSignature:
        return False
    return is_made_of(update.from_whom, parameters)


def decrypted(private_key: RSAPrivateKey, encrypted: bytes) -> bytes:
    """A permanent token. `ValueError` unless it is in RSAES-PKCS1-v1_5 form for this key."""
    token = private_key.decrypt(encrypted, PKCS1v15())
    assert len(token) == TOKEN
    return token


def _covered(care_of: IPv6Address, correspondent: IPv6Address, size: int, data: bytes) -> bytes:
    return care_of.packed + correspondent.packed + struct.pack("!BBBBH", NO_NEXT_HEADER, size, BU, 0, 0) + data


def _size(data: bytes) -> int:
    """Header Len of a Binding Update with Binding Authorization Data behind `data`."""
    return (6 + len(padded(data, 8, 2)) + 2 + AUTHENTICATOR) // 8 - 1


def with_proof(data: bytes, owner: Owner, care_of: IPv6Address, correspondent: IPv6Address) -> bytes:
    """The data of a Binding Update with the parameters of the owner's address and his signature behind it."""
    for begin in range(0, len(owner.parameters), LONGEST):
        piece = owner.parameters[begin : begin + LONGEST]
        data += bytes((CGA_PARAMETERS, len(piece))) + piece
    octets = owner.private_key.key_size // 8
    covered = _covered(care_of, correspondent, _size(data + bytes(2 + octets)), data)
    return data + bytes((SIGNATURE, octets)) + owner.private_key.sign(TYPE_TAG + covered, PKCS1v15(), SHA1())


def authorized(data: bytes, home: IPv6Address, care_of: IPv6Address, correspondent: IPv6Address, kbm: bytes) -> bytes:
    """The packet of a Binding Update from the care-of address, with Binding Authorization Data behind `data`."""
    size = _size(data)
    data = padded(data, 8, 2) + bytes((AUTHORIZATION, AUTHENTICATOR))
    data += hmac.digest(kbm, _covered(care_of, correspondent, size, data), "sha1")[:AUTHENTICATOR]
    header = mobility(BU, data, home, correspondent)
    return ipv6(care_of, correspondent, DESTINATION_OPTIONS, home_option(MOBILITY, home) + header)


def precomputed_token(node_key: bytes, address: IPv6Address, nonce: bytes, kind: int) -> bytes:
    """First(64, HMAC_SHA1(Kcn, address | nonce | kind)): `kind` 0 is of a home address, 1 of a care-of address."""
    return hmac.digest(node_key, address.packed + nonce + bytes((kind,)), "sha1")[:TOKEN]
