# SPDX-License-Identifier: GPL-2.0-or-later
"""The Mobility Header (RFC 6275 section 6.1.1): the common part, its checks, and the way to each message.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    | Payload Proto |  Header Len   |   MH Type     |   Reserved    |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |           Checksum            |        Message Data ...
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

Addresses are those of the pseudo-header: the home address of a Home Address option or of a type 2 routing header takes
the place of the IPv6 source or destination.
"""

from collections.abc import Callable
from ipaddress import IPv6Address
from struct import Struct
from typing import Any, Final

from mnclient.errors import WireError, WireFault
from mnclient.wire import binding, return_routability
from mnclient.wire.authentication_options import MobilityMessageAuthentication
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.enhanced_options import Signature
from mnclient.wire.mobility_options import BINDING_AUTHORIZATION_DATA, BindingAuthorizationData

MobilityMessage = (
    binding.BindingRefreshRequest
    | return_routability.HomeTestInit
    | return_routability.CareOfTestInit
    | return_routability.HomeTest
    | return_routability.CareOfTest
    | binding.BindingUpdate
    | binding.BindingAcknowledgement
    | binding.BindingError
)

MOBILITY_HEADER: Final = 135
"""The IPv6 Next Header of a Mobility Header (section 6.1.1)."""

_NO_NEXT_HEADER: Final = 59
_PAYLOAD_PROTO: Final = 0  # offsets in the header
_HEADER_LEN: Final = 1
_MH_TYPE: Final = 2
_CHECKSUM: Final = 4
_COMMON: Final = Struct("!BBBxH")
_SHORTEST: Final = 8
_LONGEST: Final = 256 * 8

# MH Type: least Header Len (section 9.2), decoder.
_DECODERS: Final[dict[int, tuple[int, Callable[[bytes], MobilityMessage]]]] = {
    0: (0, binding.decode_binding_refresh_request),
    1: (1, return_routability.decode_home_test_init),
    2: (1, return_routability.decode_care_of_test_init),
    3: (2, return_routability.decode_home_test),
    4: (2, return_routability.decode_care_of_test),
    5: (1, binding.decode_binding_update),
    6: (1, binding.decode_binding_acknowledgement),
    7: (2, binding.decode_binding_error),
}

_ENCODERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    binding.BindingRefreshRequest: (0, binding.encode_binding_refresh_request),
    return_routability.HomeTestInit: (1, return_routability.encode_test_init),
    return_routability.CareOfTestInit: (2, return_routability.encode_test_init),
    return_routability.HomeTest: (3, return_routability.encode_test),
    return_routability.CareOfTest: (4, return_routability.encode_test),
    binding.BindingUpdate: (5, binding.encode_binding_update),
    binding.BindingAcknowledgement: (6, binding.encode_binding_acknowledgement),
    binding.BindingError: (7, binding.encode_binding_error),
}


def decode_mobility_header(data: bytes, source: IPv6Address, destination: IPv6Address) -> MobilityMessage:
    """The message of a Mobility Header; octets behind it are ignored.

    WireError, its faults in the order of section 9.2: BAD_CHECKSUM (or TRUNCATED, when there are too few octets to
    tell), UNKNOWN_TYPE, BAD_PAYLOAD_PROTO, BAD_HEADER_LENGTH; then BAD_OPTION. Its offset is the octet at fault in the
    header, which is where an ICMPv6 Parameter Problem points.
    """
    header = _whole_header(data)
    if internet_checksum(source, destination, MOBILITY_HEADER, header):
        raise _refused("the checksum of the Mobility Header is wrong", WireFault.BAD_CHECKSUM, _CHECKSUM)
    kind = header[_MH_TYPE]
    known = _DECODERS.get(kind)
    if known is None:
        raise _refused(f"MH Type {kind} is not known", WireFault.UNKNOWN_TYPE, _MH_TYPE)
    least_length, decode = known
    if header[_PAYLOAD_PROTO] != _NO_NEXT_HEADER:
        title = f"Payload Proto is {header[_PAYLOAD_PROTO]} instead of {_NO_NEXT_HEADER}"
        raise _refused(title, WireFault.BAD_PAYLOAD_PROTO, _PAYLOAD_PROTO)
    if header[_HEADER_LEN] < least_length:
        title = f"Header Len is {header[_HEADER_LEN]}, MH Type {kind} has at least {least_length}"
        raise _refused(title, WireFault.BAD_HEADER_LENGTH, _HEADER_LEN)
    return decode(header)


def encode_mobility_header(message: MobilityMessage, source: IPv6Address, destination: IPv6Address) -> bytes:
    """A whole Mobility Header with its checksum. ValueError when the options do not fit or are in a wrong order."""
    header = _encode(message)
    checksum = internet_checksum(source, destination, MOBILITY_HEADER, header)
    return header[:_CHECKSUM] + checksum.to_bytes(2) + header[_CHECKSUM + 2 :]


def encode_for_authenticator(message: MobilityMessage, index: int = -1) -> bytes:
    """The octets of the Mobility Header which the authenticator in option number `index` covers, the last by default.

    That is the header with its final Header Len and Checksum zero, up to just before the authenticator (section 6.2.7;
    RFC 4285 section 5.1), or what a Signature option signs (RFC 4866 section 4.5). To send, put zeros of the right
    length in place of the authenticator first. For a received message these are the octets as they came. ValueError if
    the option holds no authenticator.
    """
    option = message.options[index] if message.options else None
    match option:
        case BindingAuthorizationData(authenticator=data):
            covered = bytes((BINDING_AUTHORIZATION_DATA, len(data)))
        case MobilityMessageAuthentication():
            covered = option.covered
        case Signature():
            covered = b""
        case _:
            raise ValueError("the mobility option holds no authenticator")
    if option.preceding:
        return option.preceding + covered
    # Made here: read back what will be sent, so that both ends see the same octets by construction.
    header = _encode(message)
    _, decode = _DECODERS[header[_MH_TYPE]]
    return encode_for_authenticator(decode(header), index)


def _whole_header(data: bytes) -> bytes:
    length = (data[_HEADER_LEN] + 1) * 8 if len(data) >= _SHORTEST else _SHORTEST
    if length > len(data):
        title = f"a Mobility Header of {length} octets was expected and {len(data)} are there"
        raise _refused(title, WireFault.TRUNCATED, min(_HEADER_LEN, len(data)))
    return data[:length]


def _encode(message: MobilityMessage) -> bytes:
    kind, encode = _ENCODERS[type(message)]
    message_data = encode(message)
    length = len(message_data) + _COMMON.size
    if length > _LONGEST:
        raise ValueError(f"a Mobility Header has at most {_LONGEST} octets, not {length}")
    return _COMMON.pack(_NO_NEXT_HEADER, length // 8 - 1, kind, 0) + message_data


def _refused(title: str, fault: WireFault, offset: int) -> WireError:
    return WireError(title, fault=fault, offset=offset, section="RFC 6275 section 9.2")
