# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys and authenticators of return routability, against vectors made without this program."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.security.binding_keys import (
    AUTHENTICATOR_LENGTH,
    authorize,
    binding_key,
    care_of_keygen_token,
    deletion_key,
    home_keygen_token,
    is_authorized,
)
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.mobility_header import decode_mobility_header, encode_mobility_header
from mnclient.wire.mobility_options import BindingAuthorizationData, NonceIndices, UnknownMobilityOption
from tests.mnclient.wire import vectors
from tests.mnclient.wire.vectors import CARE_OF, CORRESPONDENT, HOME, MOBILITY_HEADERS

NODE_KEY = bytes(range(20))
HOME_NONCE = bytes.fromhex("a0a1a2a3a4a5a6a7")
CARE_OF_NONCE = bytes.fromhex("b0b1b2b3b4b5b6b7")

SIGNED = pytest.mark.parametrize(
    ("name", "key", "care_of"),
    [
        ("BU to a correspondent", vectors.BINDING_KEY, CARE_OF),
        ("BA from a correspondent", vectors.BINDING_KEY, CARE_OF),
        ("deleting BU to a correspondent", vectors.DELETION_KEY, HOME),
    ],
)


def signed(name: str) -> tuple[BindingUpdate | BindingAcknowledgement, BindingUpdate | BindingAcknowledgement]:
    """A vector as it is made here, and as it is received."""
    octets, source, destination, made = MOBILITY_HEADERS[name]
    received = decode_mobility_header(octets, source, destination)
    assert isinstance(made, BindingUpdate | BindingAcknowledgement)
    assert isinstance(received, BindingUpdate | BindingAcknowledgement)
    return made, received


@pytest.mark.requirement("CN-5.2.5-01")
def test_home_keygen_token() -> None:
    assert home_keygen_token(NODE_KEY, HOME, HOME_NONCE) == vectors.HOME_TOKEN


@pytest.mark.requirement("CN-5.2.5-02")
def test_care_of_keygen_token() -> None:
    assert care_of_keygen_token(NODE_KEY, CARE_OF, CARE_OF_NONCE) == vectors.CARE_OF_TOKEN


def test_the_two_tokens_of_one_address_differ() -> None:
    assert home_keygen_token(NODE_KEY, HOME, HOME_NONCE) != care_of_keygen_token(NODE_KEY, HOME, HOME_NONCE)


@pytest.mark.requirement("ALL-5.2.5-01")
def test_binding_key() -> None:
    assert binding_key(vectors.HOME_TOKEN, vectors.CARE_OF_TOKEN) == vectors.BINDING_KEY


@pytest.mark.requirement("ALL-5.2.5-02")
def test_deletion_key() -> None:
    assert deletion_key(vectors.HOME_TOKEN) == vectors.DELETION_KEY


@pytest.mark.requirement("ALL-6.2.7-02")
@SIGNED
def test_a_message_is_signed_as_in_the_vector(name: str, key: bytes, care_of: IPv6Address) -> None:
    made, _ = signed(name)
    assert authorize(replace(made, options=made.options[:-1]), key, care_of, CORRESPONDENT) == made


@SIGNED
def test_the_signature_of_the_vector_is_right(name: str, key: bytes, care_of: IPv6Address) -> None:
    for message in signed(name):
        assert is_authorized(message, key, care_of, CORRESPONDENT)
        assert not is_authorized(message, bytes(20), care_of, CORRESPONDENT)
        assert not is_authorized(message, key, CORRESPONDENT, CORRESPONDENT)
        assert not is_authorized(message, key, care_of, HOME)


def test_every_octet_before_the_authenticator_counts() -> None:
    octets, source, destination, _ = MOBILITY_HEADERS["BU to a correspondent"]
    for position in (3, *range(6, 12), *range(14, 18)):
        changed = bytearray(octets)
        changed[position] ^= 0x01
        changed[4:6] = bytes(2)
        summed = encode_with_checksum(bytes(changed), source, destination)
        message = decode_mobility_header(summed, source, destination)
        assert isinstance(message, BindingUpdate)
        assert not is_authorized(message, vectors.BINDING_KEY, CARE_OF, CORRESPONDENT), position


def encode_with_checksum(header: bytes, source: IPv6Address, destination: IPv6Address) -> bytes:
    return header[:4] + internet_checksum(source, destination, 135, header).to_bytes(2) + header[6:]


def test_a_signature_survives_the_wire_next_to_an_option_nobody_knows() -> None:
    update = BindingUpdate(
        sequence=7,
        lifetime=Seconds(420.0),
        acknowledge=True,
        home_registration=False,
        options=(NonceIndices(home=1, care_of=2), UnknownMobilityOption(type=200, data=b"odd")),
    )
    sent = authorize(update, vectors.BINDING_KEY, CARE_OF, CORRESPONDENT)
    received = decode_mobility_header(encode_mobility_header(sent, HOME, CORRESPONDENT), HOME, CORRESPONDENT)
    assert isinstance(received, BindingUpdate)
    assert is_authorized(received, vectors.BINDING_KEY, CARE_OF, CORRESPONDENT)


@pytest.mark.parametrize("length", [0, 4, 11, 13, 20])
def test_an_authenticator_of_another_length_is_wrong(length: int) -> None:
    made, _ = signed("BU to a correspondent")
    right = made.authorization_data
    assert right is not None
    cut = (right.authenticator + bytes(8))[:length]
    forged = replace(made, options=(*made.options[:-1], BindingAuthorizationData(authenticator=cut)))
    assert not is_authorized(forged, vectors.BINDING_KEY, CARE_OF, CORRESPONDENT)
    assert length != AUTHENTICATOR_LENGTH


def test_a_message_without_a_signature_is_not_authorized() -> None:
    made, _ = signed("BU to a correspondent")
    bare = replace(made, options=made.options[:-1])
    assert not is_authorized(bare, vectors.BINDING_KEY, CARE_OF, CORRESPONDENT)


def test_a_message_is_not_signed_twice() -> None:
    made, _ = signed("BU to a correspondent")
    with pytest.raises(ValueError, match="last"):
        authorize(made, vectors.BINDING_KEY, CARE_OF, CORRESPONDENT)
