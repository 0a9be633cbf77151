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
_BLANK_FOR_AAA: Final = MobilityMessageAuthentication(
    subtype=MN_AAA, spi=HMAC_SHA1_SPI, authenticator=bytes(_DIGEST_LENGTH)
)

Signed = TypeVar("Signed", bound=BindingUpdate | BindingAcknowledgement)


def authenticate(
    message: Signed, *, key: bytes, spi: int, care_of_address: IPv6Address, home_address: IPv6Address
) -> Signed:
    """The message with an MN-HA authentication option as its last option, ready to be sent (section 5.1).

    ValueError when it has one already.
    """
    blank = MobilityMessageAuthentication(spi=spi, authenticator=bytes(AUTHENTICATOR_LENGTH))
    return _completed(message, (blank,), key, care_of_address, home_address)


def authenticate_to_both(
    update: BindingUpdate,
    *,
    key: bytes,
    spi: int,
    aaa_key: bytes,
    care_of_address: IPv6Address,
    home_address: IPv6Address,
) -> BindingUpdate:
    """The Binding Update with an MN-HA and, behind it, an MN-AAA authentication option (section 5.2).

    The second is for an AAA server that the home agent asks: SPI HMAC_SHA1_SPI, and HMAC-SHA1(aaa_key, SHA1(care-of
    address | home address | MH data up to the SPI)). The first is made with the second in its place, since it covers
    the Header Len. ValueError as `authenticate`.
    """
    blank = MobilityMessageAuthentication(spi=spi, authenticator=bytes(AUTHENTICATOR_LENGTH))
    unsigned = _completed(update, (blank, _BLANK_FOR_AAA), key, care_of_address, home_address)
    data = care_of_address.packed + home_address.packed + encode_for_authenticator(unsigned)
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    option = replace(_BLANK_FOR_AAA, authenticator=hmac.digest(aaa_key, digest, "sha1"))
    return replace(unsigned, options=(*unsigned.options[:-1], option))


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


def _completed(
    message: Signed,
    blanks: tuple[MobilityMessageAuthentication, ...],
    key: bytes,
    care_of_address: IPv6Address,
    home_address: IPv6Address,
) -> Signed:
    """The message with these options at its end, and the authenticator of the first of them in its place."""
    if find_option(message, MN_HA) is not None:
        raise ValueError("the message has an MN-HA authentication option already")
    first, *others = blanks
    place = len(message.options)
    unsigned = replace(message, options=(*message.options, *blanks))
    option = replace(first, authenticator=_authenticator(unsigned, place, key, care_of_address, home_address))
    return replace(message, options=(*message.options, option, *others))


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
