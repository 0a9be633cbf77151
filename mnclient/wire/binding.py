# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages about bindings: Binding Refresh Request, Update, Acknowledgement and Error (RFC 6275 section 6.1).

Decoders here take a complete Mobility Header, which `mobility_header` has checked; encoders return it from octet 6 on,
which `mobility_header` completes.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from struct import Struct
from typing import Final

from mnclient.units import Seconds
from mnclient.wire.addresses import address_of
from mnclient.wire.binding_status import FIRST_REJECTION, BindingErrorStatus, BindingStatus, describe_status
from mnclient.wire.cursor import Reader
from mnclient.wire.fields import check_duration, check_unsigned, from_binding_units, to_binding_units
from mnclient.wire.mobility_options import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    BindingRefreshAdvice,
    MobilityOption,
    NonceIndices,
    decode_mobility_options,
    encode_mobility_options,
)

__all__ = [
    "BindingAcknowledgement",
    "BindingError",
    "BindingErrorStatus",
    "BindingRefreshRequest",
    "BindingStatus",
    "BindingUpdate",
    "describe_status",
]

_MESSAGE_DATA: Final = 6  # where the common part of the Mobility Header ends

_REQUEST: Final = Struct("!2x")
_UPDATE: Final = Struct("!HHH")
_ACKNOWLEDGEMENT: Final = Struct("!BBHH")
_ERROR: Final = Struct("!Bx16s")

_ACKNOWLEDGE: Final = 0x8000
_HOME_REGISTRATION: Final = 0x4000
_LINK_LOCAL_COMPATIBILITY: Final = 0x2000
_KEY_MANAGEMENT_MOBILITY: Final = 0x1000
_ACKNOWLEDGEMENT_KEY_MANAGEMENT_MOBILITY: Final = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRefreshRequest:
    """Asks a mobile node to renew its binding (section 6.1.2)."""

    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingUpdate:
    """Tells a home agent or correspondent the care-of address (section 6.1.7).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
                                    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                    |          Sequence #           |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |A|H|L|K|        Reserved       |           Lifetime            |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    `sequence` counts modulo 2**16 (section 9.5.1). `lifetime` zero deletes the binding; on the wire it is in units of
    4 s, rounded down, and at most 262140 s.
    """

    sequence: int
    lifetime: Seconds
    acknowledge: bool
    home_registration: bool
    link_local_compatibility: bool = False
    key_management_mobility: bool = False
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        check_unsigned("sequence", self.sequence, 16)
        check_duration("lifetime", self.lifetime)

    @property
    def alternate_care_of_address(self) -> IPv6Address | None:
        """The address of the Alternate Care-of Address option."""
        for option in self.options:
            if isinstance(option, AlternateCareOfAddress):
                return option.address
        return None

    @property
    def nonce_indices(self) -> NonceIndices | None:
        """The Nonce Indices option."""
        for option in self.options:
            if isinstance(option, NonceIndices):
                return option
        return None

    @property
    def authorization_data(self) -> BindingAuthorizationData | None:
        """The Binding Authorization Data option."""
        return _authorization_data(self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingAcknowledgement:
    """Answers a Binding Update (section 6.1.8).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
                                    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
                                    |    Status     |K|  Reserved   |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |          Sequence #           |           Lifetime            |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    `status` is any 8-bit number, `BindingStatus` names the known ones. `lifetime` is as in BindingUpdate and means
    nothing in a rejection.
    """

    status: int
    sequence: int
    lifetime: Seconds
    key_management_mobility: bool = False
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        check_unsigned("status", self.status, 8)
        check_unsigned("sequence", self.sequence, 16)
        check_duration("lifetime", self.lifetime)

    @property
    def accepted(self) -> bool:
        """Whether the binding was accepted; decided by the number alone, so unknown ones too."""
        return self.status < FIRST_REJECTION

    @property
    def refresh_advice(self) -> Seconds | None:
        """The interval of the Binding Refresh Advice option."""
        for option in self.options:
            if isinstance(option, BindingRefreshAdvice):
                return option.interval
        return None

    @property
    def authorization_data(self) -> BindingAuthorizationData | None:
        """The Binding Authorization Data option."""
        return _authorization_data(self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingError:
    """Tells of an unknown binding or message type (section 6.1.9). `home_address` is :: when there was none."""

    status: int
    home_address: IPv6Address
    options: tuple[MobilityOption, ...] = ()

    def __post_init__(self) -> None:
        check_unsigned("status", self.status, 8)


def decode_binding_refresh_request(header: bytes) -> BindingRefreshRequest:
    """A Binding Refresh Request."""
    reader = Reader(header, section="RFC 6275 section 6.1.2", offset=_MESSAGE_DATA)
    reader.unpack(_REQUEST)
    return BindingRefreshRequest(options=decode_mobility_options(header, reader.offset))


def decode_binding_update(header: bytes) -> BindingUpdate:
    """A Binding Update."""
    reader = Reader(header, section="RFC 6275 section 6.1.7", offset=_MESSAGE_DATA)
    sequence, flags, lifetime = reader.unpack(_UPDATE)
    return BindingUpdate(
        sequence=sequence,
        lifetime=from_binding_units(lifetime),
        acknowledge=bool(flags & _ACKNOWLEDGE),
        home_registration=bool(flags & _HOME_REGISTRATION),
        link_local_compatibility=bool(flags & _LINK_LOCAL_COMPATIBILITY),
        key_management_mobility=bool(flags & _KEY_MANAGEMENT_MOBILITY),
        options=decode_mobility_options(header, reader.offset),
    )


def decode_binding_acknowledgement(header: bytes) -> BindingAcknowledgement:
    """A Binding Acknowledgement."""
    reader = Reader(header, section="RFC 6275 section 6.1.8", offset=_MESSAGE_DATA)
    status, flags, sequence, lifetime = reader.unpack(_ACKNOWLEDGEMENT)
    return BindingAcknowledgement(
        status=status,
        sequence=sequence,
        lifetime=from_binding_units(lifetime),
        key_management_mobility=bool(flags & _ACKNOWLEDGEMENT_KEY_MANAGEMENT_MOBILITY),
        options=decode_mobility_options(header, reader.offset),
    )


def decode_binding_error(header: bytes) -> BindingError:
    """A Binding Error."""
    reader = Reader(header, section="RFC 6275 section 6.1.9", offset=_MESSAGE_DATA)
    status, home_address = reader.unpack(_ERROR)
    options = decode_mobility_options(header, reader.offset)
    return BindingError(status=status, home_address=address_of(home_address), options=options)


def encode_binding_refresh_request(message: BindingRefreshRequest) -> bytes:
    """A Binding Refresh Request from octet 6 of the Mobility Header on."""
    return _complete(_REQUEST.pack(), message.options)


def encode_binding_update(message: BindingUpdate) -> bytes:
    """A Binding Update from octet 6 of the Mobility Header on."""
    flags = (
        (_ACKNOWLEDGE if message.acknowledge else 0)
        | (_HOME_REGISTRATION if message.home_registration else 0)
        | (_LINK_LOCAL_COMPATIBILITY if message.link_local_compatibility else 0)
        | (_KEY_MANAGEMENT_MOBILITY if message.key_management_mobility else 0)
    )
    return _complete(_UPDATE.pack(message.sequence, flags, to_binding_units(message.lifetime)), message.options)


def encode_binding_acknowledgement(message: BindingAcknowledgement) -> bytes:
    """A Binding Acknowledgement from octet 6 of the Mobility Header on."""
    flags = _ACKNOWLEDGEMENT_KEY_MANAGEMENT_MOBILITY if message.key_management_mobility else 0
    lifetime = to_binding_units(message.lifetime)
    return _complete(_ACKNOWLEDGEMENT.pack(message.status, flags, message.sequence, lifetime), message.options)


def encode_binding_error(message: BindingError) -> bytes:
    """A Binding Error from octet 6 of the Mobility Header on."""
    return _complete(_ERROR.pack(message.status, message.home_address.packed), message.options)


def _complete(fixed: bytes, options: tuple[MobilityOption, ...]) -> bytes:
    return fixed + encode_mobility_options(options, _MESSAGE_DATA + len(fixed))


def _authorization_data(options: tuple[MobilityOption, ...]) -> BindingAuthorizationData | None:
    last = options[-1] if options else None
    return last if isinstance(last, BindingAuthorizationData) else None
