# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobility options of enhanced route optimisation (RFC 4866 section 5). None of them asks for an alignment.

CGA Parameters Request         | 11 | 0                              in a Binding Acknowledgement: prove your address
CGA Parameters                 | 12 | length | up to 255 octets of the CGA Parameters data structure
Signature                      | 13 | length | signature             directly behind the last CGA Parameters option
Permanent Home Keygen Token    | 14 | length | encrypted token
Care-of Test Init              | 15 | 0                              in an early Binding Update: send a token
Care-of Test                   | 16 | 8 | care-of keygen token (64)
"""

from dataclasses import dataclass, field
from typing import Final

from mnclient.errors import WireError, WireFault
from mnclient.wire.fields import check_octets

CGA_PARAMETERS_REQUEST: Final = 11
CGA_PARAMETERS: Final = 12
SIGNATURE: Final = 13
PERMANENT_HOME_KEYGEN_TOKEN: Final = 14
CARE_OF_TEST_INIT: Final = 15
CARE_OF_TEST: Final = 16

LONGEST_OPTION: Final = 0xFF
"""Octets of data that fit in one option; hence the longest signature, and an RSA modulus of at most 2040 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgaParametersRequest:
    """The correspondent asks the mobile node to prove its home address in its next Binding Update (section 5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgaParametersFragment:
    """One piece of an encoded CGA Parameters data structure, 1 to 255 octets (section 5.1)."""

    data: bytes

    def __post_init__(self) -> None:
        _check_variable("data", self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature by the key of the CGA Parameters before it, 1 to 255 octets (section 5.2).

    `preceding` is the Mobility Header before this option as it was received, Checksum taken as zero: what the sender
    signed. Empty in a value made here.
    """

    signature: bytes
    preceding: bytes = field(default=b"", compare=False, repr=False)

    def __post_init__(self) -> None:
        _check_variable("signature", self.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermanentHomeKeygenToken:
    """A token that stands for home reachability from now on, encrypted with the mobile node's key (section 5.3)."""

    encrypted: bytes

    def __post_init__(self) -> None:
        _check_variable("encrypted", self.encrypted)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareOfTestInitOption:
    """The mobile node asks for a care-of keygen token in the Binding Acknowledgement (section 5.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareOfTestOption:
    """The care-of keygen token that a Care-of Test Init option asked for, 8 octets (section 5.5)."""

    keygen_token: bytes

    def __post_init__(self) -> None:
        check_octets("keygen_token", self.keygen_token, _KEYGEN_TOKEN_LENGTH)


EnhancedOption = (
    CgaParametersRequest
    | CgaParametersFragment
    | Signature
    | PermanentHomeKeygenToken
    | CareOfTestInitOption
    | CareOfTestOption
)

_KEYGEN_TOKEN_LENGTH: Final = 8
_EXACT_LENGTHS: Final = {CGA_PARAMETERS_REQUEST: 0, CARE_OF_TEST_INIT: 0, CARE_OF_TEST: _KEYGEN_TOKEN_LENGTH}
_SECTIONS: Final = {
    CGA_PARAMETERS_REQUEST: "RFC 4866 section 5.1",
    CGA_PARAMETERS: "RFC 4866 section 5.1",
    SIGNATURE: "RFC 4866 section 5.2",
    PERMANENT_HOME_KEYGEN_TOKEN: "RFC 4866 section 5.3",
    CARE_OF_TEST_INIT: "RFC 4866 section 5.4",
    CARE_OF_TEST: "RFC 4866 section 5.5",
}

ENHANCED_OPTIONS: Final = frozenset(_SECTIONS)
"""The types of these options."""


def split_cga_parameters(encoded: bytes) -> tuple[CgaParametersFragment, ...]:
    """An encoded CGA Parameters data structure as options: all of 255 octets but the last (section 4.5)."""
    starts = range(0, len(encoded), LONGEST_OPTION)
    return tuple(CgaParametersFragment(data=encoded[start : start + LONGEST_OPTION]) for start in starts)


def signed_cga_parameters(options: tuple[object, ...]) -> tuple[bytes, Signature] | None:
    """The encoded CGA Parameters data structure of a message, put together again, and the signature behind it.

    None unless there is exactly one run of CGA Parameters options, all of 255 octets but the last, with one Signature
    option directly behind it (section 4.5).
    """
    places = [i for i, option in enumerate(options) if isinstance(option, CgaParametersFragment | Signature)]
    run = [options[i] for i in places]
    if len(run) < 2 or places != list(range(places[0], places[0] + len(run))):
        return None
    *fragments, last = run
    data = [option.data for option in fragments if isinstance(option, CgaParametersFragment)]
    if len(data) != len(fragments) or not isinstance(last, Signature):
        return None
    if any(len(piece) != LONGEST_OPTION for piece in data[:-1]):
        return None
    return b"".join(data), last


def decode_enhanced_option(kind: int, data: bytes, preceding: bytes, offset: int) -> EnhancedOption:
    """The option of type `kind` with `data` behind its length octet, which is at `offset` of the header.

    WireError (BAD_OPTION) when the length is not that of the type.
    """
    exact = _EXACT_LENGTHS.get(kind)
    if (not data) if exact is None else len(data) != exact:
        expected = "at least 1" if exact is None else str(exact)
        title = f"mobility option {kind} has length {len(data)} instead of {expected}"
        raise WireError(title, fault=WireFault.BAD_OPTION, offset=offset, section=_SECTIONS[kind])
    if kind == CGA_PARAMETERS:
        return CgaParametersFragment(data=data)
    if kind == SIGNATURE:
        return Signature(signature=data, preceding=preceding)
    if kind == PERMANENT_HOME_KEYGEN_TOKEN:
        return PermanentHomeKeygenToken(encrypted=data)
    if kind == CARE_OF_TEST:
        return CareOfTestOption(keygen_token=data)
    return CgaParametersRequest() if kind == CGA_PARAMETERS_REQUEST else CareOfTestInitOption()


def encode_enhanced_option(option: EnhancedOption) -> tuple[int, bytes]:
    """Its type, and its data without type and length."""
    match option:
        case CgaParametersRequest():
            return CGA_PARAMETERS_REQUEST, b""
        case CgaParametersFragment():
            return CGA_PARAMETERS, option.data
        case Signature():
            return SIGNATURE, option.signature
        case PermanentHomeKeygenToken():
            return PERMANENT_HOME_KEYGEN_TOKEN, option.encrypted
        case CareOfTestInitOption():
            return CARE_OF_TEST_INIT, b""
        case CareOfTestOption():
            return CARE_OF_TEST, option.keygen_token


def _check_variable(name: str, value: bytes) -> None:
    if not 1 <= len(value) <= LONGEST_OPTION:
        raise ValueError(f"{name} must be 1 to {LONGEST_OPTION} octets, not {len(value)}")
