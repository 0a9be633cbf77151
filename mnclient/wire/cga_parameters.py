# SPDX-License-Identifier: GPL-2.0-or-later
"""The CGA Parameters data structure: what a cryptographically generated address was made of (RFC 3972 section 3).

    modifier (16 octets) | subnet prefix (8) | collision count (1) | public key (DER, variable) | extension fields

The public key is a SubjectPublicKeyInfo, whose own length says where it ends. Extension fields are kept as they came:
nobody has to understand them, and they count in both hashes (RFC 4581).
"""

from dataclasses import dataclass
from typing import Final

from mnclient.errors import WireError, WireFault
from mnclient.wire.fields import check_octets

MODIFIER_LENGTH: Final = 16
PREFIX_LENGTH: Final = 8
HIGHEST_COLLISION_COUNT: Final = 2
"""There is no fourth address: after the third collision something is wrong (section 4)."""

_FIXED: Final = MODIFIER_LENGTH + PREFIX_LENGTH + 1
_COLLISION_COUNT: Final = _FIXED - 1
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x80
_SECTION: Final = "RFC 3972 section 3"


@dataclass(frozen=True, slots=True, kw_only=True)
class CgaParameters:
    """What an address was made of: modifier (16 octets), prefix (8), collision count (0 to 2), key (DER), the rest."""

    modifier: bytes
    subnet_prefix: bytes
    public_key: bytes
    collision_count: int = 0
    extensions: bytes = b""

    def __post_init__(self) -> None:
        check_octets("modifier", self.modifier, MODIFIER_LENGTH)
        check_octets("subnet_prefix", self.subnet_prefix, PREFIX_LENGTH)
        if not 0 <= self.collision_count <= HIGHEST_COLLISION_COUNT:
            raise ValueError(f"collision_count must be from 0 to {HIGHEST_COLLISION_COUNT}, not {self.collision_count}")
        if _der_length(self.public_key) != len(self.public_key):
            raise ValueError("public_key must be one DER sequence and nothing else")


def encode_cga_parameters(parameters: CgaParameters) -> bytes:
    """The whole structure, as it is hashed and as it is carried."""
    return b"".join(
        (
            parameters.modifier,
            parameters.subnet_prefix,
            bytes((parameters.collision_count,)),
            parameters.public_key,
            parameters.extensions,
        )
    )


def decode_cga_parameters(data: bytes) -> CgaParameters:
    """The structure in `data`, to its end.

    WireError: TRUNCATED when the fixed part or the key is cut off, BAD_VALUE for a collision count above 2 or a key
    that is no DER sequence.
    """
    if len(data) < _FIXED:
        title = f"CGA parameters have {len(data)} octets instead of at least {_FIXED}"
        raise WireError(title, fault=WireFault.TRUNCATED, offset=len(data), section=_SECTION)
    count = data[_COLLISION_COUNT]
    if count > HIGHEST_COLLISION_COUNT:
        title = f"the collision count is {count}, at most {HIGHEST_COLLISION_COUNT} is possible"
        raise WireError(title, fault=WireFault.BAD_VALUE, offset=_COLLISION_COUNT, section=_SECTION)
    length = _der_length(data[_FIXED:])
    if length is None:
        raise WireError("the public key is no DER sequence", fault=WireFault.BAD_VALUE, offset=_FIXED, section=_SECTION)
    end = _FIXED + length
    if end > len(data):
        raise WireError("the public key is cut off", fault=WireFault.TRUNCATED, offset=len(data), section=_SECTION)
    return CgaParameters(
        modifier=data[:MODIFIER_LENGTH],
        subnet_prefix=data[MODIFIER_LENGTH:_COLLISION_COUNT],
        collision_count=count,
        public_key=data[_FIXED:end],
        extensions=data[end:],
    )


def _der_length(data: bytes) -> int | None:
    """Octets of the DER sequence that `data` begins with, as it says itself; None when it begins with none.

    DER has one way to write a length: in one octet below 128, else in as few octets as do.
    """
    if len(data) < 2 or data[0] != _SEQUENCE:
        return None
    first = data[1]
    if first < _LONG_FORM:
        return 2 + first
    octets = data[2 : 2 + first - _LONG_FORM]
    if not 1 <= first - _LONG_FORM <= 2 or len(octets) != first - _LONG_FORM:
        return None  # a key of more than 65535 octets comes in no message
    length = int.from_bytes(octets)
    if length < _LONG_FORM or octets[0] == 0:
        return None
    return 2 + len(octets) + length
