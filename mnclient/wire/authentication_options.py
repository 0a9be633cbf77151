# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobility options that say who sent a message, and prove it (RFC 4283, RFC 4285).

Mobile Node Identifier     | 8  | length | subtype | identifier ...                       anywhere
Authentication             | 9  | length | subtype | mobility SPI (32) | authenticator    at 4n+1
Message Identification     | 10 | 8      | timestamp (64)                                 at 8n+2
"""

from dataclasses import dataclass, field
from struct import Struct
from typing import Final

from mnclient.errors import WireError, WireFault
from mnclient.wire.fields import check_unsigned

MOBILE_NODE_IDENTIFIER: Final = 8  # RFC 4283 section 3
MOBILITY_MESSAGE_AUTHENTICATION: Final = 9  # RFC 4285 section 5
MESSAGE_IDENTIFICATION: Final = 10  # RFC 4285 section 6

NAI: Final = 1
"""Subtype of an identifier that is a network access identifier, user@realm in UTF-8 (RFC 4283 section 3.1)."""

MN_HA: Final = 1
"""Subtype of the authenticator between mobile node and home agent (RFC 4285 section 5.1)."""

MN_AAA: Final = 2
"""Subtype of the authenticator between mobile node and its home AAA server (RFC 4285 section 5.2)."""

_MAX_DATA: Final = 0xFF
_SUBTYPE: Final = Struct("!B")
_SUBTYPE_AND_SPI: Final = Struct("!BI")
_TIMESTAMP: Final = Struct("!Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileNodeIdentifier:
    """Who a mobile node is. `identifier` has no terminating zero; what it means says `subtype` (RFC 4283 section 3).

    Later subtypes (2 IPv6 address, 3 IMSI, 4 P-TMSI, 5 EUI-48, 6 EUI-64, 7 GUTI, 8 DUID) and unknown ones are kept.
    """

    identifier: bytes
    subtype: int = NAI

    def __post_init__(self) -> None:
        check_unsigned("subtype", self.subtype, 8)
        if not 1 <= len(self.identifier) < _MAX_DATA:
            raise ValueError(f"identifier must be 1 to {_MAX_DATA - 1} octets, not {len(self.identifier)}")

    @property
    def subtype_name(self) -> str:
        """What kind of identifier it is, in words."""
        return _SUBTYPE_NAMES.get(self.subtype, f"unknown ({self.subtype})")


_SUBTYPE_NAMES: Final = {
    NAI: "network access identifier",
    2: "IPv6 address",
    3: "IMSI",
    4: "P-TMSI",
    5: "EUI-48",
    6: "EUI-64",
    7: "GUTI",
    8: "DUID",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityMessageAuthentication:
    """An authenticator, and by which mobility security association it was made (RFC 4285 section 5).

    `preceding` is the Mobility Header before this option as it was received, Checksum taken as zero: what the sender
    calculated the authenticator over. Empty in a value made here.
    """

    spi: int
    authenticator: bytes
    subtype: int = MN_HA
    preceding: bytes = field(default=b"", compare=False, repr=False)

    def __post_init__(self) -> None:
        check_unsigned("subtype", self.subtype, 8)
        check_unsigned("spi", self.spi, 32)
        if len(self.authenticator) > _MAX_DATA - _SUBTYPE_AND_SPI.size:
            most = _MAX_DATA - _SUBTYPE_AND_SPI.size
            raise ValueError(f"authenticator must be at most {most} octets, not {len(self.authenticator)}")

    @property
    def covered(self) -> bytes:
        """The octets of the option itself which its authenticator covers: type, length, subtype and SPI."""
        length = _SUBTYPE_AND_SPI.size + len(self.authenticator)
        return bytes((MOBILITY_MESSAGE_AUTHENTICATION, length)) + _SUBTYPE_AND_SPI.pack(self.subtype, self.spi)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageIdentification:
    """When a message was made: `timestamp` in the 64-bit format of NTP, seconds since 1900 in its upper half."""

    timestamp: int

    def __post_init__(self) -> None:
        check_unsigned("timestamp", self.timestamp, 64)


AuthenticationOption = MobileNodeIdentifier | MobilityMessageAuthentication | MessageIdentification

LEAST_LENGTHS: Final = {
    MOBILE_NODE_IDENTIFIER: _SUBTYPE.size + 1,
    MOBILITY_MESSAGE_AUTHENTICATION: _SUBTYPE_AND_SPI.size,
    MESSAGE_IDENTIFICATION: _TIMESTAMP.size,
}
"""Fewest octets of data of each; Message Identification has exactly so many."""


def decode_authentication_option(kind: int, data: bytes, preceding: bytes, offset: int) -> AuthenticationOption:
    """The option of type `kind` with `data` behind its length octet, which is at `offset` of the header.

    WireError (BAD_OPTION) when the data is too short, or for Message Identification too long.
    """
    least = LEAST_LENGTHS[kind]
    if len(data) < least or (kind == MESSAGE_IDENTIFICATION and len(data) != least):
        expected = str(least) if kind == MESSAGE_IDENTIFICATION else f"at least {least}"
        title = f"mobility option {kind} has length {len(data)} instead of {expected}"
        raise WireError(title, fault=WireFault.BAD_OPTION, offset=offset, section=_SECTIONS[kind])
    if kind == MOBILE_NODE_IDENTIFIER:
        return MobileNodeIdentifier(subtype=data[0], identifier=data[1:])
    if kind == MESSAGE_IDENTIFICATION:
        return MessageIdentification(timestamp=_TIMESTAMP.unpack(data)[0])
    subtype, spi = _SUBTYPE_AND_SPI.unpack_from(data)
    authenticator = data[_SUBTYPE_AND_SPI.size :]
    return MobilityMessageAuthentication(subtype=subtype, spi=spi, authenticator=authenticator, preceding=preceding)


_SECTIONS: Final = {
    MOBILE_NODE_IDENTIFIER: "RFC 4283 section 3",
    MOBILITY_MESSAGE_AUTHENTICATION: "RFC 4285 section 5",
    MESSAGE_IDENTIFICATION: "RFC 4285 section 6",
}


def encode_authentication_option(option: AuthenticationOption) -> tuple[int, bytes]:
    """Its type, and its data without type and length."""
    match option:
        case MobileNodeIdentifier():
            return MOBILE_NODE_IDENTIFIER, _SUBTYPE.pack(option.subtype) + option.identifier
        case MobilityMessageAuthentication():
            data = _SUBTYPE_AND_SPI.pack(option.subtype, option.spi) + option.authenticator
            return MOBILITY_MESSAGE_AUTHENTICATION, data
        case MessageIdentification():
            return MESSAGE_IDENTIFICATION, _TIMESTAMP.pack(option.timestamp)


def repeated_subtype(options: tuple[object, ...]) -> int | None:
    """A subtype that two authentication options of one message share, which none may (RFC 4285 section 5)."""
    seen: set[int] = set()
    for option in options:
        if isinstance(option, MobilityMessageAuthentication):
            if option.subtype in seen:
                return option.subtype
            seen.add(option.subtype)
    return None
