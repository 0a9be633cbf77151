# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys of return routability, and what signs a Binding Update to a correspondent (RFC 6275 sections 5.2 and 6.2.7).

Both ends are here: the correspondent makes keygen tokens out of its own secret, the mobile node collects them, both
make the same binding management key (Kbm) out of them, and sign with it. HMAC-SHA1 and SHA1 are what the RFC says; the
strength of the procedure is that of the two paths the tokens travelled, not of the hash.
"""

import hashlib
import hmac
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final, TypeVar

from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.mobility_header import encode_for_authenticator
from mnclient.wire.mobility_options import BindingAuthorizationData

NODE_KEY_LENGTH: Final = 20
"""Octets of a node key Kcn (section 5.2.1)."""

NONCE_LENGTH: Final = 8
"""Octets of a nonce (section 5.2.2)."""

KEYGEN_TOKEN_LENGTH: Final = 8
"""Octets of a keygen token: First(64, ...) (section 5.2.5)."""

AUTHENTICATOR_LENGTH: Final = 12
"""Octets of an authenticator: First(96, ...) (section 6.2.7)."""

_HOME: Final = b"\x00"
_CARE_OF: Final = b"\x01"

Signed = TypeVar("Signed", bound=BindingUpdate | BindingAcknowledgement)


def home_keygen_token(node_key: bytes, home_address: IPv6Address, nonce: bytes) -> bytes:
    """First(64, HMAC_SHA1(Kcn, (home address | nonce | 0))): 8 octets (section 5.2.5)."""
    return hmac.digest(node_key, home_address.packed + nonce + _HOME, "sha1")[:KEYGEN_TOKEN_LENGTH]


def care_of_keygen_token(node_key: bytes, care_of_address: IPv6Address, nonce: bytes) -> bytes:
    """First(64, HMAC_SHA1(Kcn, (care-of address | nonce | 1))): 8 octets (section 5.2.5)."""
    return hmac.digest(node_key, care_of_address.packed + nonce + _CARE_OF, "sha1")[:KEYGEN_TOKEN_LENGTH]


def binding_key(home_token: bytes, care_of_token: bytes) -> bytes:
    """Kbm, 20 octets, to make or renew a binding: SHA1(home keygen token | care-of keygen token) (section 5.2.5)."""
    return hashlib.sha1(home_token + care_of_token, usedforsecurity=False).digest()


def deletion_key(home_token: bytes) -> bytes:
    """Kbm, 20 octets, to delete a binding: SHA1(home keygen token) (section 5.2.5)."""
    return hashlib.sha1(home_token, usedforsecurity=False).digest()


def authorize(message: Signed, key: bytes, care_of_address: IPv6Address, correspondent: IPv6Address) -> Signed:
    """The message with Binding Authorization Data as its last option, ready to be sent.

    `care_of_address` is the one registered: that of an Alternate Care-of Address option if there is one, the home
    address when the binding is deleted. `correspondent` is the correspondent's address in both directions (its home
    address if it is mobile itself). ValueError when the message has the option already.
    """
    blank = replace(
        message, options=(*message.options, BindingAuthorizationData(authenticator=bytes(AUTHENTICATOR_LENGTH)))
    )
    option = BindingAuthorizationData(authenticator=_authenticator(blank, key, care_of_address, correspondent))
    return replace(message, options=(*message.options, option))


def is_authorized(
    message: BindingUpdate | BindingAcknowledgement,
    key: bytes,
    care_of_address: IPv6Address,
    correspondent: IPv6Address,
) -> bool:
    """Whether a received message carries the right authenticator, over its octets as they came.

    False, too, when there is none. The comparison takes the same time wherever the first difference is.
    """
    option = message.authorization_data
    if option is None:
        return False
    expected = _authenticator(message, key, care_of_address, correspondent)
    return hmac.compare_digest(expected, option.authenticator)


def _authenticator(
    message: BindingUpdate | BindingAcknowledgement,
    key: bytes,
    care_of_address: IPv6Address,
    correspondent: IPv6Address,
) -> bytes:
    """First(96, HMAC_SHA1(Kbm, (care-of address | correspondent | MH Data))) (section 6.2.7)."""
    data = care_of_address.packed + correspondent.packed + encode_for_authenticator(message)
    return hmac.digest(key, data, "sha1")[:AUTHENTICATOR_LENGTH]
