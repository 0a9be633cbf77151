# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobility options (RFC 6275 section 6.2): what follows the fixed part of every Mobility Header message.

    0                   1
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - -
    |     Type      |    Length     | Data ...      Length counts Data only
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+- - -

Padding (Pad1 and PadN) is not a value: decoding drops it, encoding puts in what alignment asks for.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address
from struct import Struct
from typing import Final

from mnclient.errors import WireError, WireFault
from mnclient.units import Seconds
from mnclient.wire.addresses import address_of
from mnclient.wire.authentication_options import (
    LEAST_LENGTHS,
    MESSAGE_IDENTIFICATION,
    MOBILITY_MESSAGE_AUTHENTICATION,
    AuthenticationOption,
    MessageIdentification,
    MobileNodeIdentifier,
    MobilityMessageAuthentication,
    decode_authentication_option,
    encode_authentication_option,
    repeated_subtype,
)
from mnclient.wire.enhanced_options import (
    ENHANCED_OPTIONS,
    SIGNATURE,
    EnhancedOption,
    decode_enhanced_option,
    encode_enhanced_option,
)
from mnclient.wire.fields import check_duration, check_unsigned, from_binding_units, to_binding_units

PAD1: Final = 0
PADN: Final = 1
BINDING_REFRESH_ADVICE: Final = 2
ALTERNATE_CARE_OF_ADDRESS: Final = 3
NONCE_INDICES: Final = 4
BINDING_AUTHORIZATION_DATA: Final = 5

_MAX_DATA: Final = 0xFF
_CHECKSUM: Final = slice(4, 6)  # of the Mobility Header
_SECTION: Final = "RFC 6275 section 6.2.1"
_TWO_INDICES: Final = Struct("!HH")


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRefreshAdvice:
    """How soon the home agent would like the binding refreshed (section 6.2.4); on the wire in units of 4 s."""

    interval: Seconds

    def __post_init__(self) -> None:
        check_duration("interval", self.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternateCareOfAddress:
    """The care-of address to register instead of the packet's source (section 6.2.5)."""

    address: IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class NonceIndices:
    """The correspondent's nonces behind the two keygen tokens, 16 bits each (section 6.2.6)."""

    home: int
    care_of: int

    def __post_init__(self) -> None:
        check_unsigned("home", self.home, 16)
        check_unsigned("care_of", self.care_of, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingAuthorizationData:
    """The authenticator, 12 octets with return routability (section 6.2.7). Always the last option of a message.

    `preceding` is the Mobility Header before this option as it was received, Checksum taken as zero: what the sender
    calculated the authenticator over, with its own padding and reserved bits. Empty in a value made here.
    """

    authenticator: bytes
    preceding: bytes = field(default=b"", compare=False, repr=False)

    def __post_init__(self) -> None:
        _check_length("authenticator", self.authenticator)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMobilityOption:
    """An option this program does not interpret (section 6.2.1)."""

    type: int
    data: bytes

    def __post_init__(self) -> None:
        if (
            not BINDING_AUTHORIZATION_DATA < self.type <= 0xFF
            or self.type in LEAST_LENGTHS
            or self.type in ENHANCED_OPTIONS
        ):
            raise ValueError(f"type must be from {BINDING_AUTHORIZATION_DATA + 1} to 255 and unknown, not {self.type}")
        _check_length("data", self.data)


MobilityOption = (
    BindingRefreshAdvice
    | AlternateCareOfAddress
    | NonceIndices
    | BindingAuthorizationData
    | AuthenticationOption
    | EnhancedOption
    | UnknownMobilityOption
)


def decode_mobility_options(header: bytes, offset: int) -> tuple[MobilityOption, ...]:
    """The options of a complete Mobility Header from `offset` to its end.

    WireError (BAD_OPTION) for one that runs past the end, has the wrong length for its type, or follows Binding
    Authorization Data, and for two authentication options of one subtype. Unknown types are kept.
    """
    options: list[MobilityOption] = []
    end = len(header)
    while offset < end:
        kind = header[offset]
        if kind == PAD1:
            offset += 1
            continue
        start = offset + 2
        if start > end or (stop := start + header[offset + 1]) > end:
            raise _bad_option(f"mobility option {kind} runs past the end of the Mobility Header", offset)
        if kind != PADN:
            options.append(_decode(header, kind, start, stop))
            if kind == BINDING_AUTHORIZATION_DATA and stop != end:
                # What follows it is not covered by the authenticator: nobody vouches for it.
                raise _bad_option("Binding Authorization Data is not the last mobility option", offset)
        offset = stop
    decoded = tuple(options)
    repeated = repeated_subtype(decoded)
    if repeated is not None:
        raise _bad_option(f"two authentication options have subtype {repeated}", end)
    return decoded


def encode_mobility_options(options: tuple[MobilityOption, ...], offset: int) -> bytes:
    """The options as they are laid out from `offset` of a Mobility Header, padded to a multiple of 8 octets.

    ValueError when Binding Authorization Data is not the last of them.
    """
    encoded = bytearray()
    last = len(options) - 1
    for index, option in enumerate(options):
        kind, octets = _encode(option)
        if kind == BINDING_AUTHORIZATION_DATA and index != last:
            raise ValueError("Binding Authorization Data must be the last mobility option")
        modulus, remainder = _alignment(kind, len(octets), index == last)
        encoded += _PADDINGS[(remainder - offset - len(encoded)) % modulus]
        encoded += octets
    encoded += _PADDINGS[-(offset + len(encoded)) % 8]
    return bytes(encoded)


def _decode(header: bytes, kind: int, start: int, stop: int) -> MobilityOption:
    data = header[start:stop]
    length = _LENGTHS.get(kind)
    if length is not None and length != stop - start:
        raise _bad_option(f"mobility option {kind} has length {stop - start} instead of {length}", start - 1)
    if kind == BINDING_REFRESH_ADVICE:
        return BindingRefreshAdvice(interval=from_binding_units(int.from_bytes(data)))
    if kind == ALTERNATE_CARE_OF_ADDRESS:
        return AlternateCareOfAddress(address=address_of(data))
    if kind == NONCE_INDICES:
        home, care_of = _TWO_INDICES.unpack(data)
        return NonceIndices(home=home, care_of=care_of)
    if kind == BINDING_AUTHORIZATION_DATA:
        return BindingAuthorizationData(authenticator=data, preceding=_preceding(header, start - 2))
    if kind in LEAST_LENGTHS:
        preceding = _preceding(header, start - 2) if kind == MOBILITY_MESSAGE_AUTHENTICATION else b""
        return decode_authentication_option(kind, data, preceding, start - 1)
    if kind in ENHANCED_OPTIONS:
        preceding = _preceding(header, start - 2) if kind == SIGNATURE else b""
        return decode_enhanced_option(kind, data, preceding, start - 1)
    return UnknownMobilityOption(type=kind, data=data)


_LENGTHS: Final = {BINDING_REFRESH_ADVICE: 2, ALTERNATE_CARE_OF_ADDRESS: 16, NONCE_INDICES: 4}


def _preceding(header: bytes, offset: int) -> bytes:
    return header[: _CHECKSUM.start] + b"\0\0" + header[_CHECKSUM.stop : offset]


def _encode(option: MobilityOption) -> tuple[int, bytes]:
    match option:
        case BindingRefreshAdvice():
            return _tlv(BINDING_REFRESH_ADVICE, to_binding_units(option.interval).to_bytes(2))
        case AlternateCareOfAddress():
            return _tlv(ALTERNATE_CARE_OF_ADDRESS, option.address.packed)
        case NonceIndices():
            return _tlv(NONCE_INDICES, _TWO_INDICES.pack(option.home, option.care_of))
        case BindingAuthorizationData():
            return _tlv(BINDING_AUTHORIZATION_DATA, option.authenticator)
        case UnknownMobilityOption():
            return _tlv(option.type, option.data)
        case MobileNodeIdentifier() | MobilityMessageAuthentication() | MessageIdentification():
            return _tlv(*encode_authentication_option(option))
        case _:
            return _tlv(*encode_enhanced_option(option))


def _tlv(kind: int, data: bytes) -> tuple[int, bytes]:
    return kind, bytes((kind, len(data))) + data


def _alignment(kind: int, length: int, is_last: bool) -> tuple[int, int]:
    """(n, y): the type octet of an option of `length` octets in all sits at a multiple of n, plus y."""
    if kind == BINDING_AUTHORIZATION_DATA:
        return 8, -length % 8  # nothing may follow it, not even padding
    if kind == MOBILITY_MESSAGE_AUTHENTICATION and is_last and -length % 4 == 1:
        return 8, -length % 8  # both aligned and at the end (RFC 4285 section 5.1)
    return _ALIGNMENTS.get(kind, (1, 0))


_ALIGNMENTS: Final = {
    BINDING_REFRESH_ADVICE: (2, 0),
    ALTERNATE_CARE_OF_ADDRESS: (8, 6),
    NONCE_INDICES: (2, 0),
    MOBILITY_MESSAGE_AUTHENTICATION: (4, 1),
    MESSAGE_IDENTIFICATION: (8, 2),
}


_PADDINGS: Final = (b"", b"\0", *(bytes((PADN, count - 2)) + bytes(count - 2) for count in range(2, 8)))


def _check_length(name: str, value: bytes) -> None:
    if len(value) > _MAX_DATA:
        raise ValueError(f"{name} must be at most {_MAX_DATA} octets, not {len(value)}")


def _bad_option(title: str, offset: int) -> WireError:
    return WireError(title, fault=WireFault.BAD_OPTION, offset=offset, section=_SECTION)
