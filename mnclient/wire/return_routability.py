# SPDX-License-Identifier: GPL-2.0-or-later
"""The four messages of the return routability procedure (RFC 6275 sections 6.1.3 to 6.1.6).

The home and the care-of half are the same on the wire but for the MH Type. Cookies and keygen tokens are 8 octets.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from mnclient.wire.cursor import Reader
from mnclient.wire.fields import check_octets, check_unsigned
from mnclient.wire.mobility_options import MobilityOption, decode_mobility_options, encode_mobility_options

_MESSAGE_DATA: Final = 6  # where the common part of the Mobility Header ends
_SECTION: Final = "RFC 6275 sections 6.1.3 to 6.1.6"
_INIT: Final = Struct("!2x8s")
_TEST: Final = Struct("!H8s8s")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTestInit:
    """HoTI: asks for a home keygen token (section 6.1.3)."""

    cookie: bytes
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        check_octets("cookie", self.cookie, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareOfTestInit:
    """CoTI: asks for a care-of keygen token (section 6.1.4)."""

    cookie: bytes
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        check_octets("cookie", self.cookie, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTest:
    """HoT: the home keygen token, and the cookie it was asked for with (section 6.1.5)."""

    nonce_index: int
    cookie: bytes
    keygen_token: bytes
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        _check_test(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareOfTest:
    """CoT: the care-of keygen token, and the cookie it was asked for with (section 6.1.6)."""

    nonce_index: int
    cookie: bytes
    keygen_token: bytes
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        _check_test(self)


def decode_home_test_init(header: bytes) -> HomeTestInit:
    """A HoTI, from a complete Mobility Header."""
    cookie, options = _decode_init(header)
    return HomeTestInit(cookie=cookie, options=options)


def decode_care_of_test_init(header: bytes) -> CareOfTestInit:
    """A CoTI, from a complete Mobility Header."""
    cookie, options = _decode_init(header)
    return CareOfTestInit(cookie=cookie, options=options)


def decode_home_test(header: bytes) -> HomeTest:
    """A HoT, from a complete Mobility Header."""
    nonce_index, cookie, keygen_token, options = _decode_test(header)
    return HomeTest(nonce_index=nonce_index, cookie=cookie, keygen_token=keygen_token, options=options)


def decode_care_of_test(header: bytes) -> CareOfTest:
    """A CoT, from a complete Mobility Header."""
    nonce_index, cookie, keygen_token, options = _decode_test(header)
    return CareOfTest(nonce_index=nonce_index, cookie=cookie, keygen_token=keygen_token, options=options)


def encode_test_init(message: HomeTestInit | CareOfTestInit) -> bytes:
    """A HoTI or CoTI from octet 6 of the Mobility Header on."""
    fixed = _INIT.pack(message.cookie)
    return fixed + encode_mobility_options(message.options, _MESSAGE_DATA + len(fixed))


def encode_test(message: HomeTest | CareOfTest) -> bytes:
    """A HoT or CoT from octet 6 of the Mobility Header on."""
    fixed = _TEST.pack(message.nonce_index, message.cookie, message.keygen_token)
    return fixed + encode_mobility_options(message.options, _MESSAGE_DATA + len(fixed))


def _decode_init(header: bytes) -> tuple[bytes, tuple[MobilityOption, ...]]:
    reader = Reader(header, section=_SECTION, offset=_MESSAGE_DATA)
    (cookie,) = reader.unpack(_INIT)
    return cookie, decode_mobility_options(header, reader.offset)


def _decode_test(header: bytes) -> tuple[int, bytes, bytes, tuple[MobilityOption, ...]]:
    reader = Reader(header, section=_SECTION, offset=_MESSAGE_DATA)
    nonce_index, cookie, keygen_token = reader.unpack(_TEST)
    return nonce_index, cookie, keygen_token, decode_mobility_options(header, reader.offset)


def _check_test(message: HomeTest | CareOfTest) -> None:
    check_unsigned("nonce_index", message.nonce_index, 16)
    check_octets("cookie", message.cookie, 8)
    check_octets("keygen_token", message.keygen_token, 8)
