# SPDX-License-Identifier: GPL-2.0-or-later
"""Proof of a generated home address in a Binding Update, and every way in which it is none."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.security.binding_keys import authorize, binding_key, is_authorized
from mnclient.security.cga import generated_address
from mnclient.security.enhanced_authentication import (
    TYPE_TAG,
    early_binding_key,
    proven_parameters,
    with_cga_proof,
)
from mnclient.security.rsa import sign
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.cga_parameters import CgaParameters, encode_cga_parameters
from mnclient.wire.enhanced_options import CgaParametersFragment, Signature, split_cga_parameters
from mnclient.wire.mobility_header import decode_mobility_header, encode_mobility_header
from mnclient.wire.mobility_options import BindingAuthorizationData, MobilityOption, NonceIndices
from tests.mnclient.security.rsa_keys import private_der, public_der, rsa_key, signature_by_numbers
from tests.mnclient.wire.vectors import CARE_OF, CORRESPONDENT, HOME

TOKEN = bytes(range(8))
PREFIX = HOME.packed[:8]
INDICES = NonceIndices(home=1, care_of=2)


def made_with(bits: int) -> tuple[CgaParameters, IPv6Address, bytes]:
    """Parameters, their address, and the private key."""
    parameters = CgaParameters(modifier=bytes(16), subnet_prefix=PREFIX, public_key=public_der(rsa_key(bits)))
    return parameters, generated_address(parameters, 0), private_der(rsa_key(bits))


PARAMETERS, ADDRESS, PRIVATE = made_with(1024)


def update(*options: MobilityOption) -> BindingUpdate:
    lifetime = Seconds(420.0)
    return BindingUpdate(sequence=7, lifetime=lifetime, acknowledge=True, home_registration=False, options=options)


def sent(message: BindingUpdate, home_address: IPv6Address = ADDRESS) -> tuple[bytes, BindingUpdate]:
    """With Binding Authorization Data: the octets on the wire, and what is read from them."""
    whole = authorize(message, binding_key(TOKEN, TOKEN), CARE_OF, CORRESPONDENT)
    octets = encode_mobility_header(whole, home_address, CORRESPONDENT)
    received = decode_mobility_header(octets, home_address, CORRESPONDENT)
    assert isinstance(received, BindingUpdate)
    return octets, received


@pytest.mark.requirement("RFC4866-ALL-4.5-02")
@pytest.mark.parametrize("bits", [1024, 2040])
def test_what_is_signed(bits: int) -> None:
    parameters, address, private = made_with(bits)
    octets, received = sent(with_cga_proof(update(INDICES), parameters, private, CARE_OF, CORRESPONDENT), address)
    end = octets.index(encode_cga_parameters(parameters)[-20:]) + 20  # of the last CGA Parameters option
    message = TYPE_TAG + CARE_OF.packed + CORRESPONDENT.packed + octets[:4] + b"\0\0" + octets[6:end]
    numbers = rsa_key(bits).private_numbers()
    signature = signature_by_numbers(message, numbers.d, numbers.public_numbers.n)
    assert octets[end : end + 2] == bytes((13, bits // 8))
    assert octets[end + 2 :].startswith(signature)
    assert TYPE_TAG.hex() == "5f2705868d6c4c56a2469ebb9b2a2e13"
    assert proven_parameters(received, address, CARE_OF, CORRESPONDENT) == parameters
    assert is_authorized(received, binding_key(TOKEN, TOKEN), CARE_OF, CORRESPONDENT)


@pytest.mark.requirement("RFC4866-ALL-4.5-01")
def test_long_parameters_take_consecutive_options() -> None:
    parameters, address, private = made_with(2040)
    octets, received = sent(with_cga_proof(update(INDICES), parameters, private, CARE_OF, CORRESPONDENT), address)
    encoded = encode_cga_parameters(parameters)
    assert 255 < len(encoded) < 510
    run = b"\x0c\xff" + encoded[:255] + bytes((12, len(encoded) - 255)) + encoded[255:] + b"\x0d\xff"
    assert run in octets
    kinds = [type(option) for option in received.options]
    assert kinds == [
        NonceIndices,
        CgaParametersFragment,
        CgaParametersFragment,
        Signature,
        BindingAuthorizationData,
    ]


def test_a_proof_holds_for_its_addresses_alone() -> None:
    _, received = sent(with_cga_proof(update(INDICES), PARAMETERS, PRIVATE, CARE_OF, CORRESPONDENT))
    assert proven_parameters(received, ADDRESS, CARE_OF, CORRESPONDENT) == PARAMETERS
    other = IPv6Address("2001:db8:9::9")
    assert proven_parameters(received, HOME, CARE_OF, CORRESPONDENT) is None
    assert proven_parameters(received, ADDRESS, other, CORRESPONDENT) is None
    assert proven_parameters(received, ADDRESS, CARE_OF, other) is None


PROVEN = with_cga_proof(update(INDICES), PARAMETERS, PRIVATE, CARE_OF, CORRESPONDENT).options
FRAGMENT, SIGNATURE = PROVEN[1], PROVEN[2]


@pytest.mark.parametrize(
    "options",
    [
        (),
        (INDICES,),
        (INDICES, FRAGMENT),
        (INDICES, SIGNATURE),
        (INDICES, SIGNATURE, FRAGMENT),
        (FRAGMENT, SIGNATURE),
        (replace(INDICES, home=9), FRAGMENT, SIGNATURE),
        (INDICES, FRAGMENT, Signature(signature=bytes(128))),
        (INDICES, FRAGMENT, Signature(signature=b"\1")),
        (INDICES, CgaParametersFragment(data=b"rubbish"), SIGNATURE),
    ],
)
def test_what_is_no_proof(options: tuple[MobilityOption, ...]) -> None:
    _, received = sent(update(*options))
    assert proven_parameters(received, ADDRESS, CARE_OF, CORRESPONDENT) is None
    _, good = sent(update(*PROVEN))
    assert proven_parameters(good, ADDRESS, CARE_OF, CORRESPONDENT) == PARAMETERS


def test_the_address_of_another_key_is_not_proven() -> None:
    """The address of one, signed by another who shows the parameters of the first."""
    thief = private_der(rsa_key(1032))
    _, received = sent(with_cga_proof(update(INDICES), PARAMETERS, thief, CARE_OF, CORRESPONDENT))
    assert proven_parameters(received, ADDRESS, CARE_OF, CORRESPONDENT) is None


def test_a_signature_for_another_purpose_is_none() -> None:
    octets, received = sent(update(*PROVEN))
    encoded = encode_cga_parameters(PARAMETERS)
    end = octets.index(encoded) + len(encoded)
    data = CARE_OF.packed + CORRESPONDENT.packed + octets[:4] + b"\0\0" + octets[6:end]
    other = Signature(signature=sign(PRIVATE, bytes(16), data))
    _, received = sent(update(INDICES, FRAGMENT, other))
    assert proven_parameters(received, ADDRESS, CARE_OF, CORRESPONDENT) is None
    right = Signature(signature=sign(PRIVATE, TYPE_TAG, data))
    _, received = sent(update(INDICES, FRAGMENT, right))
    assert proven_parameters(received, ADDRESS, CARE_OF, CORRESPONDENT) == PARAMETERS


def test_a_key_of_another_kind_is_no_proof() -> None:
    parameters = replace(PARAMETERS, public_key=b"\x30\x00")
    address = generated_address(parameters, 0)
    _, received = sent(update(INDICES, *split_cga_parameters(encode_cga_parameters(parameters)), SIGNATURE), address)
    assert proven_parameters(received, address, CARE_OF, CORRESPONDENT) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: with_cga_proof(update(*PROVEN), PARAMETERS, PRIVATE, CARE_OF, CORRESPONDENT),
        lambda: with_cga_proof(
            update(BindingAuthorizationData(authenticator=bytes(12))), PARAMETERS, PRIVATE, CARE_OF, CORRESPONDENT
        ),
        lambda: with_cga_proof(update(), PARAMETERS, b"no key", CARE_OF, CORRESPONDENT),
    ],
)
def test_bad_input(spoil: Callable[[], BindingUpdate]) -> None:
    with pytest.raises(ValueError, match="must"):
        spoil()


def test_the_key_of_an_early_update_has_a_care_of_token_of_zero() -> None:
    assert early_binding_key(TOKEN) == hashlib.sha1(TOKEN + bytes(8)).digest()


def test_binding_authorization_data_covers_the_proof() -> None:
    octets, _ = sent(update(*PROVEN))
    key = hashlib.sha1(TOKEN + TOKEN).digest()
    data = CARE_OF.packed + CORRESPONDENT.packed + octets[:4] + b"\0\0" + octets[6:-12]
    assert octets.endswith(hmac.new(key, data, hashlib.sha1).digest()[:12])
