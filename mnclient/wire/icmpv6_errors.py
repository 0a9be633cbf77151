# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMPv6 error messages and Echo (RFC 4443 sections 3 and 4).

Decoders here read from octet 4 of the ICMPv6 message, behind the checksum; encoders return it from there.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from mnclient.wire.cursor import Reader
from mnclient.wire.fields import check_unsigned

MAX_QUOTED: Final = 1280 - 40 - 8
"""How many octets of the offending packet fit an error message without extension headers (RFC 4443 section 2.4)."""

_WORD: Final = Struct("!I")
_ECHO: Final = Struct("!HH")


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationUnreachable:
    """A packet could not be delivered (section 3.1). `packet` is what came back of it, its IPv6 header first."""

    code: int
    packet: bytes

    def __post_init__(self) -> None:
        check_unsigned("code", self.code, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketTooBig:
    """A packet was longer than the next link takes, `mtu` in octets (section 3.2)."""

    mtu: int
    packet: bytes

    def __post_init__(self) -> None:
        check_unsigned("mtu", self.mtu, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeExceeded:
    """A packet's hop limit ran out, or its fragments did not all come (section 3.3)."""

    code: int
    packet: bytes

    def __post_init__(self) -> None:
        check_unsigned("code", self.code, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterProblem:
    """A packet was not understood, at octet `pointer` from its IPv6 header on (section 3.4).

    `code`: 0 a wrong field, 1 an unknown next header, 2 an unknown option.
    """

    code: int
    pointer: int
    packet: bytes

    def __post_init__(self) -> None:
        check_unsigned("code", self.code, 8)
        check_unsigned("pointer", self.pointer, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoRequest:
    """Asks for its data back (section 4.1)."""

    identifier: int
    sequence: int
    data: bytes

    def __post_init__(self) -> None:
        check_unsigned("identifier", self.identifier, 16)
        check_unsigned("sequence", self.sequence, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReply:
    """Gives the data of an Echo Request back (section 4.2)."""

    identifier: int
    sequence: int
    data: bytes

    def __post_init__(self) -> None:
        check_unsigned("identifier", self.identifier, 16)
        check_unsigned("sequence", self.sequence, 16)


def decode_destination_unreachable(reader: Reader, code: int) -> DestinationUnreachable:
    """A Destination Unreachable message."""
    reader.unpack(_WORD)
    return DestinationUnreachable(code=code, packet=reader.rest())


def decode_packet_too_big(reader: Reader, code: int) -> PacketTooBig:
    """A Packet Too Big message; its code means nothing (section 3.2)."""
    del code
    (mtu,) = reader.unpack(_WORD)
    return PacketTooBig(mtu=mtu, packet=reader.rest())


def decode_time_exceeded(reader: Reader, code: int) -> TimeExceeded:
    """A Time Exceeded message."""
    reader.unpack(_WORD)
    return TimeExceeded(code=code, packet=reader.rest())


def decode_parameter_problem(reader: Reader, code: int) -> ParameterProblem:
    """A Parameter Problem message."""
    (pointer,) = reader.unpack(_WORD)
    return ParameterProblem(code=code, pointer=pointer, packet=reader.rest())


def decode_echo_request(reader: Reader) -> EchoRequest:
    """An Echo Request."""
    identifier, sequence = reader.unpack(_ECHO)
    return EchoRequest(identifier=identifier, sequence=sequence, data=reader.rest())


def decode_echo_reply(reader: Reader) -> EchoReply:
    """An Echo Reply."""
    identifier, sequence = reader.unpack(_ECHO)
    return EchoReply(identifier=identifier, sequence=sequence, data=reader.rest())


def encode_unused_word(message: DestinationUnreachable | TimeExceeded) -> bytes:
    """A Destination Unreachable or Time Exceeded message."""
    return _WORD.pack(0) + message.packet


def encode_packet_too_big(message: PacketTooBig) -> bytes:
    """A Packet Too Big message."""
    return _WORD.pack(message.mtu) + message.packet


def encode_parameter_problem(message: ParameterProblem) -> bytes:
    """A Parameter Problem message."""
    return _WORD.pack(message.pointer) + message.packet


def encode_echo(message: EchoRequest | EchoReply) -> bytes:
    """An Echo Request or Reply."""
    return _ECHO.pack(message.identifier, message.sequence) + message.data
