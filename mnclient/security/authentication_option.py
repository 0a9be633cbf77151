# SPDX-License-Identifier: GPL-2.0-or-later
"""The authenticator in a Binding Update or Acknowledgement between mobile node and home agent (RFC 4285 section 5).

HMAC-SHA1, cut to 96 bits, is what the RFC says; its strength is that of the shared key, not that of SHA-1 against
collisions. Both ends calculate over the care-of address that is registered (that of an Alternate Care-of Address option
if there is one; the home address when the node is at home), the home address, and the Mobility Header up to the SPI.
"""

import hashlib
import hmac
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final, TypeVar

from mnclient.wire.authentication_options import (
    MN_AAA,
    MN_HA,
    MobileNodeIdentifier,
    MobilityMessageAuthentication,
)
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.mobility_header import encode_for_authenticator
from mnclient.wire.mobility_options import MobilityOption

AUTHENTICATOR_LENGTH: Final = 12
"""Octets of an MN-HA authenticator: First(96, ...) (section 5.1)."""

HMAC_SHA1_SPI: Final = 3
"""The reserved SPI of an MN-AAA authenticator made with HMAC-SHA1 (section 5.2)."""

_DIGEST_LENGTH: Final = 20

Signed = TypeVar("Signed", bound=BindingUpdate | BindingAcknowledgement)


def authenticate(
    message: Signed, *, key: bytes, spi: int, care_of_address: IPv6Address, home_address: IPv6Address
) -> Signed:
    """The message with an MN-HA authentication option as its last option, ready to be sent (section 5.1).

    ValueError when it has one already.
    """
    if find_option(message, MN_HA) is not None:
        raise ValueError("the message has an MN-HA authentication option already")
    blank = MobilityMessageAuthentication(spi=spi, authenticator=bytes(AUTHENTICATOR_LENGTH))
    unsigned = replace(message, options=(*message.options, blank))
    option = replace(blank, authenticator=_authenticator(unsigned, -1, key, care_of_address, home_address))
    return replace(message, options=(*message.options, option))


def is_authentic(
    message: BindingUpdate | BindingAcknowledgement,
    *,
    key: bytes,
    care_of_address: IPv6Address,
    home_address: IPv6Address,
) -> bool:
    """Whether a received message carries the right MN-HA authenticator, over its octets as they came.

    False, too, when there is none. The comparison takes the same time wherever the first difference is.
    """
    found = _position(message.options, MN_HA)
    if found is None:
        return False
    index, option = found
    expected = _authenticator(message, index, key, care_of_address, home_address)
    return hmac.compare_digest(expected, option.authenticator)


def authenticate_to_aaa(
    message: BindingUpdate, *, key: bytes, care_of_address: IPv6Address, home_address: IPv6Address
) -> BindingUpdate:
    """The Binding Update with an MN-AAA authentication option as its last option (section 5.2), SPI HMAC_SHA1_SPI.

    HMAC-SHA1(key, SHA1(care-of address | home address | MH data up to the SPI)). An MN-HA option made before covers a
    Header Len without this one: make the MN-HA option of such a message with both in their places.
    """
    blank = MobilityMessageAuthentication(subtype=MN_AAA, spi=HMAC_SHA1_SPI, authenticator=bytes(_DIGEST_LENGTH))
    unsigned = replace(message, options=(*message.options, blank))
    data = care_of_address.packed + home_address.packed + encode_for_authenticator(unsigned)
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    option = replace(blank, authenticator=hmac.digest(key, digest, "sha1"))
    return replace(message, options=(*message.options, option))


def find_option(message: BindingUpdate | BindingAcknowledgement, subtype: int) -> MobilityMessageAuthentication | None:
    """The authentication option of this subtype; the decoder lets no second one of it through."""
    found = _position(message.options, subtype)
    return None if found is None else found[1]


def fault_of_order(options: tuple[MobilityOption, ...]) -> str:
    """Why the authentication options of a Binding Update may not stand so; "" when they may.

    MN-HA comes before MN-AAA (section 5), the identifier before both (RFC 4283 section 3.2), and no option that means
    something comes behind the authenticator that vouches for it (section 5.1).
    """
    kinds = [_kind(option) for option in options]
    if "mn-ha" not in kinds:
        return ""
    if "mn-aaa" in kinds[: kinds.index("mn-ha")]:
        return "aaa-before-ha"
    if "identifier" in kinds[kinds.index("mn-ha") :]:
        return "identifier-behind"
    return "option-behind" if "other" in kinds[kinds.index("mn-ha") :] else ""


def _kind(option: MobilityOption) -> str:
    match option:
        case MobilityMessageAuthentication(subtype=subtype):
            return {MN_HA: "mn-ha", MN_AAA: "mn-aaa"}.get(subtype, "unknown")
        case MobileNodeIdentifier():
            return "identifier"
    return "other"


def _position(options: tuple[MobilityOption, ...], subtype: int) -> tuple[int, MobilityMessageAuthentication] | None:
    for index, option in enumerate(options):
        if isinstance(option, MobilityMessageAuthentication) and option.subtype == subtype:
            return index, option
    return None


def _authenticator(
    message: BindingUpdate | BindingAcknowledgement,
    index: int,
    key: bytes,
    care_of_address: IPv6Address,
    home_address: IPv6Address,
) -> bytes:
    """First(96, HMAC_SHA1(key, (care-of address | home address | MH Data))) (section 5.1)."""
    data = care_of_address.packed + home_address.packed + encode_for_authenticator(message, index)
    return hmac.digest(key, data, "sha1")[:AUTHENTICATOR_LENGTH]
