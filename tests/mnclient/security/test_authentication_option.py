# SPDX-License-Identifier: GPL-2.0-or-later
"""The MN-HA and MN-AAA authenticators, against values made here with nothing but `hmac` and `hashlib`."""

import hashlib
import hmac
from dataclasses import replace
from typing import TypeVar

import pytest

from mnclient.errors import WireError
from mnclient.security.authentication_option import (
    authenticate,
    authenticate_to_both,
    fault_of_order,
    find_option,
    is_authentic,
)
from mnclient.units import Seconds
from mnclient.wire.authentication_options import (
    MN_AAA,
    MN_HA,
    MessageIdentification,
    MobileNodeIdentifier,
    MobilityMessageAuthentication,
)
from mnclient.wire.binding import BindingAcknowledgement, BindingStatus, BindingUpdate
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.mobility_header import decode_mobility_header, encode_mobility_header
from mnclient.wire.mobility_options import AlternateCareOfAddress, BindingRefreshAdvice, MobilityOption
from tests.mnclient.wire.vectors import CARE_OF, CORRESPONDENT, HOME

HOME_AGENT = CORRESPONDENT  # any other address
KEY = bytes(range(16))
Message = TypeVar("Message", BindingUpdate, BindingAcknowledgement)
SPI = 0x0001_0203
IDENTIFIER = MobileNodeIdentifier(identifier=b"laptop@example.org")
IDENTIFICATION = MessageIdentification(timestamp=0x0102_0304_0506_0708)
UPDATE = BindingUpdate(
    sequence=7,
    lifetime=Seconds(600.0),
    acknowledge=True,
    home_registration=True,
    options=(AlternateCareOfAddress(address=CARE_OF), IDENTIFIER, IDENTIFICATION),
)
ANSWER = BindingAcknowledgement(status=BindingStatus.ACCEPTED, sequence=7, lifetime=Seconds(600.0))


def signed(message: Message) -> Message:
    return authenticate(message, key=KEY, spi=SPI, care_of_address=CARE_OF, home_address=HOME)


def received(message: Message) -> Message:
    decoded = decode_mobility_header(encode_mobility_header(message, HOME, HOME_AGENT), HOME, HOME_AGENT)
    assert isinstance(decoded, type(message))
    return decoded


def verifies(message: BindingUpdate | BindingAcknowledgement, key: bytes = KEY) -> bool:
    return is_authentic(message, key=key, care_of_address=CARE_OF, home_address=HOME)


@pytest.mark.requirement("RFC4285-ALL-5.1-01")
@pytest.mark.requirement("RFC4285-ALL-5.1-02")
@pytest.mark.parametrize("message", [UPDATE, ANSWER])
def test_authenticator(message: Message) -> None:
    octets = encode_mobility_header(signed(message), HOME, HOME_AGENT)
    assert octets[4:6] != b"\0\0"  # a checksum, which the authenticator takes as zero
    spi_end = len(octets) - 12
    assert octets[spi_end - 7 : spi_end] == bytes((9, 17, MN_HA)) + SPI.to_bytes(4)
    covered = octets[:4] + b"\0\0" + octets[6:spi_end]
    expected = hmac.new(KEY, CARE_OF.packed + HOME.packed + covered, hashlib.sha1).digest()[:12]
    assert octets[spi_end:] == expected


@pytest.mark.requirement("RFC4285-ALL-5.1-03")
def test_it_is_the_last_option() -> None:
    octets = encode_mobility_header(signed(UPDATE), HOME, HOME_AGENT)
    option = find_option(received(signed(UPDATE)), MN_HA)
    assert option is not None
    assert octets.endswith(option.authenticator)


@pytest.mark.parametrize("message", [UPDATE, ANSWER])
def test_the_other_end_verifies(message: Message) -> None:
    assert verifies(received(signed(message)))
    assert not verifies(received(signed(message)), key=KEY[::-1])
    assert not verifies(received(message))


@pytest.mark.requirement("RFC4285-ALL-5.1.1-01")
def test_every_bit_counts() -> None:
    octets = encode_mobility_header(signed(UPDATE), HOME, HOME_AGENT)
    for bit in range(len(octets) * 8):
        damaged = bytearray(octets)
        damaged[bit // 8] ^= 1 << bit % 8
        if bit // 8 in (4, 5):
            continue  # the checksum is not covered
        assert not verifies_if_it_decodes(bytes(damaged)), f"bit {bit}"


def verifies_if_it_decodes(octets: bytes) -> bool:
    blank = octets[:4] + b"\0\0" + octets[6:]
    checksum = internet_checksum(HOME, HOME_AGENT, 135, blank)
    try:
        message = decode_mobility_header(octets[:4] + checksum.to_bytes(2) + octets[6:], HOME, HOME_AGENT)
    except WireError:
        return False
    return isinstance(message, BindingUpdate) and verifies(message)


def test_the_addresses_count() -> None:
    message = received(signed(UPDATE))
    assert not is_authentic(message, key=KEY, care_of_address=HOME, home_address=HOME)
    assert not is_authentic(message, key=KEY, care_of_address=CARE_OF, home_address=CARE_OF)


@pytest.mark.requirement("RFC4285-ALL-5-02")
def test_never_twice() -> None:
    with pytest.raises(ValueError, match="already"):
        signed(signed(UPDATE))


AAA_KEY = bytes(range(100, 120))


def signed_for_both(update: BindingUpdate) -> BindingUpdate:
    return authenticate_to_both(update, key=KEY, spi=SPI, aaa_key=AAA_KEY, care_of_address=CARE_OF, home_address=HOME)


@pytest.mark.requirement("RFC4285-MN-5.2-01")
@pytest.mark.parametrize("identifier", [b"laptop@example.org", b"x", b"y" * 60])
def test_authenticators_for_home_agent_and_aaa_server(identifier: bytes) -> None:
    """Both against what is made here of the octets that are sent; the one for the server is the last option."""
    update = replace(UPDATE, options=(MobileNodeIdentifier(identifier=identifier), IDENTIFICATION))
    octets = encode_mobility_header(signed_for_both(update), HOME, HOME_AGENT)
    blank = octets[:4] + b"\0\0" + octets[6:]
    spi_end = len(octets) - 20
    assert octets[spi_end - 7 : spi_end] == bytes((9, 25, MN_AAA, 0, 0, 0, 3))
    digest = hashlib.sha1(CARE_OF.packed + HOME.packed + blank[:spi_end]).digest()
    assert octets[spi_end:] == hmac.new(AAA_KEY, digest, hashlib.sha1).digest()
    for_agent = octets.index(bytes((9, 17, MN_HA)) + SPI.to_bytes(4)) + 7
    expected = hmac.new(KEY, CARE_OF.packed + HOME.packed + blank[:for_agent], hashlib.sha1).digest()[:12]
    assert octets[for_agent : for_agent + 12] == expected


def test_the_home_agent_verifies_its_own_of_two() -> None:
    both = received(signed_for_both(UPDATE))
    assert verifies(both) and not verifies(both, key=AAA_KEY)
    assert fault_of_order(both.options) == ""
    with pytest.raises(ValueError, match="already"):
        signed_for_both(both)


HA = MobilityMessageAuthentication(spi=256, authenticator=bytes(12))
AAA = replace(HA, subtype=MN_AAA)
ADVICE = BindingRefreshAdvice(interval=Seconds(40.0))


@pytest.mark.requirement("RFC4285-HA-5-01")
@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ((), ""),
        ((IDENTIFIER, IDENTIFICATION, HA), ""),
        ((IDENTIFIER, HA, AAA), ""),
        ((AAA, HA), "aaa-before-ha"),
        ((HA, IDENTIFIER), "identifier-behind"),
        ((HA, ADVICE), "option-behind"),
        ((HA, IDENTIFICATION), "option-behind"),
    ],
)
def test_order_of_options(options: tuple[MobilityOption, ...], fault: str) -> None:
    assert fault_of_order(options) == fault
