# SPDX-License-Identifier: GPL-2.0-or-later
"""How a mobile node proves to a correspondent that its home address is its own (RFC 4866 sections 4.5 to 4.8).

A Binding Update carries the CGA Parameters of the home address and a signature over the care-of address, the
correspondent's address and the Mobility Header up to the last CGA Parameters option. Binding Authorization Data still
comes last. The correspondent answers with a permanent home keygen token, encrypted for the key that signed.
"""

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final, TypeVar

from mnclient.errors import WireError
from mnclient.security.binding_keys import AUTHENTICATOR_LENGTH, KEYGEN_TOKEN_LENGTH, binding_key
from mnclient.security.cga import cga_fault
from mnclient.security.rsa import is_signed, sign, signature_length
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.cga_parameters import CgaParameters, decode_cga_parameters, encode_cga_parameters
from mnclient.wire.enhanced_options import Signature, signed_cga_parameters, split_cga_parameters
from mnclient.wire.mobility_header import encode_for_authenticator
from mnclient.wire.mobility_options import BindingAuthorizationData

TYPE_TAG: Final = bytes.fromhex("5F270586 8D6C4C56 A2469EBB 9B2A2E13")
"""Which says that a signature was made for enhanced route optimisation and nothing else (section 7)."""

Signed = TypeVar("Signed", bound=BindingUpdate | BindingAcknowledgement)


def with_cga_proof(
    message: Signed,
    parameters: CgaParameters,
    private_key: bytes,
    care_of_address: IPv6Address,
    correspondent: IPv6Address,
) -> Signed:
    """The message with CGA Parameters and Signature options behind its others, ready for `authorize` (section 4.5).

    The Header Len that is signed is that of the message with Binding Authorization Data. `private_key` is DER.
    ValueError when the message has a proof or Binding Authorization Data already, or the key is not fit.
    """
    if any(isinstance(option, Signature | BindingAuthorizationData) for option in message.options):
        raise ValueError("the message must not be signed already")
    fragments = split_cga_parameters(encode_cga_parameters(parameters))
    blank = Signature(signature=bytes(signature_length(private_key)))
    last = BindingAuthorizationData(authenticator=bytes(AUTHENTICATOR_LENGTH))
    whole = replace(message, options=(*message.options, *fragments, blank, last))
    data = _mobility_data(whole, -2, care_of_address, correspondent)
    signature = Signature(signature=sign(private_key, TYPE_TAG, data))
    return replace(message, options=(*message.options, *fragments, signature))


def proven_parameters(
    message: BindingUpdate | BindingAcknowledgement,
    address: IPv6Address,
    care_of_address: IPv6Address,
    correspondent: IPv6Address,
) -> CgaParameters | None:
    """The CGA Parameters by which a received message proves `address`; None when it does not (section 4.2).

    Options in a wrong order, parameters that cannot be read or are not those of the address, a key that is not accepted
    and a wrong signature are all the same to the sender: status 148.
    """
    found = signed_cga_parameters(message.options)
    if found is None:
        return None
    encoded, signature = found
    try:
        parameters = decode_cga_parameters(encoded)
    except WireError:
        return None
    if cga_fault(address, parameters) is not None:
        return None
    data = _mobility_data(message, message.options.index(signature), care_of_address, correspondent)
    return parameters if is_signed(parameters.public_key, TYPE_TAG, data, signature.signature) else None


def early_binding_key(home_token: bytes) -> bytes:
    """Kbm, 20 octets, of an early Binding Update: its care-of keygen token counts as zero (section 4.1)."""
    return binding_key(home_token, bytes(KEYGEN_TOKEN_LENGTH))


def _mobility_data(
    message: BindingUpdate | BindingAcknowledgement,
    index: int,
    care_of_address: IPv6Address,
    correspondent: IPv6Address,
) -> bytes:
    """care-of address | correspondent | Mobility Header up to the last CGA Parameters option (section 4.5)."""
    return care_of_address.packed + correspondent.packed + encode_for_authenticator(message, index)
