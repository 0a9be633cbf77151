# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMPv6 (RFC 4443 section 2.1): the common part, its checks, and the way to each message.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |     Type      |     Code      |          Checksum             |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

Addresses are those of the pseudo-header: the home address of a Home Address option or of a type 2 routing header takes
the place of the IPv6 source or destination.
"""

from collections.abc import Callable
from ipaddress import IPv6Address
from struct import Struct
from typing import Any, Final

from mnclient.errors import WireError, WireFault
from mnclient.wire import home_agent_discovery, icmpv6_errors, neighbor_discovery
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.cursor import Reader
from mnclient.wire.home_agent_discovery import (
    HomeAgentAddressDiscoveryReply,
    HomeAgentAddressDiscoveryRequest,
    MobilePrefixAdvertisement,
    MobilePrefixSolicitation,
)
from mnclient.wire.icmpv6_errors import (
    DestinationUnreachable,
    EchoReply,
    EchoRequest,
    PacketTooBig,
    ParameterProblem,
    TimeExceeded,
)
from mnclient.wire.neighbor_discovery import (
    NeighborAdvertisement,
    NeighborSolicitation,
    RouterAdvertisement,
    RouterSolicitation,
)

__all__ = [
    "ICMPV6",
    "DestinationUnreachable",
    "EchoReply",
    "EchoRequest",
    "HomeAgentAddressDiscoveryReply",
    "HomeAgentAddressDiscoveryRequest",
    "Icmpv6Message",
    "MobilePrefixAdvertisement",
    "MobilePrefixSolicitation",
    "NeighborAdvertisement",
    "NeighborSolicitation",
    "PacketTooBig",
    "ParameterProblem",
    "RouterAdvertisement",
    "RouterSolicitation",
    "TimeExceeded",
    "decode_icmpv6",
    "encode_icmpv6",
]

Icmpv6ErrorMessage = DestinationUnreachable | PacketTooBig | TimeExceeded | ParameterProblem

Icmpv6Message = (
    Icmpv6ErrorMessage
    | EchoRequest
    | EchoReply
    | RouterSolicitation
    | RouterAdvertisement
    | NeighborSolicitation
    | NeighborAdvertisement
    | HomeAgentAddressDiscoveryRequest
    | HomeAgentAddressDiscoveryReply
    | MobilePrefixSolicitation
    | MobilePrefixAdvertisement
)

ICMPV6: Final = 58
"""The IPv6 Next Header of an ICMPv6 message."""

_COMMON: Final = Struct("!BBH")
_SHORTEST: Final = 8
_TYPE: Final = 0  # offsets in the message
_CODE: Final = 1
_CHECKSUM: Final = 2

_ERROR_DECODERS: Final[dict[int, Callable[[Reader, int], Icmpv6ErrorMessage]]] = {
    1: icmpv6_errors.decode_destination_unreachable,
    2: icmpv6_errors.decode_packet_too_big,
    3: icmpv6_errors.decode_time_exceeded,
    4: icmpv6_errors.decode_parameter_problem,
}

_DECODERS: Final[dict[int, Callable[[Reader], Icmpv6Message]]] = {
    128: icmpv6_errors.decode_echo_request,
    129: icmpv6_errors.decode_echo_reply,
    133: neighbor_discovery.decode_router_solicitation,
    134: neighbor_discovery.decode_router_advertisement,
    135: neighbor_discovery.decode_neighbor_solicitation,
    136: neighbor_discovery.decode_neighbor_advertisement,
    144: home_agent_discovery.decode_discovery_request,
    145: home_agent_discovery.decode_discovery_reply,
    146: home_agent_discovery.decode_prefix_solicitation,
    147: home_agent_discovery.decode_prefix_advertisement,
}

_ENCODERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    DestinationUnreachable: (1, icmpv6_errors.encode_unused_word),
    PacketTooBig: (2, icmpv6_errors.encode_packet_too_big),
    TimeExceeded: (3, icmpv6_errors.encode_unused_word),
    ParameterProblem: (4, icmpv6_errors.encode_parameter_problem),
    EchoRequest: (128, icmpv6_errors.encode_echo),
    EchoReply: (129, icmpv6_errors.encode_echo),
    RouterSolicitation: (133, neighbor_discovery.encode_router_solicitation),
    RouterAdvertisement: (134, neighbor_discovery.encode_router_advertisement),
    NeighborSolicitation: (135, neighbor_discovery.encode_neighbor_solicitation),
    NeighborAdvertisement: (136, neighbor_discovery.encode_neighbor_advertisement),
    HomeAgentAddressDiscoveryRequest: (144, home_agent_discovery.encode_discovery_request),
    HomeAgentAddressDiscoveryReply: (145, home_agent_discovery.encode_discovery_reply),
    MobilePrefixSolicitation: (146, home_agent_discovery.encode_prefix_solicitation),
    MobilePrefixAdvertisement: (147, home_agent_discovery.encode_prefix_advertisement),
}


def decode_icmpv6(data: bytes, source: IPv6Address, destination: IPv6Address) -> Icmpv6Message:
    """The message in a complete ICMPv6 payload.

    WireError: TRUNCATED, BAD_CHECKSUM, UNKNOWN_TYPE, BAD_VALUE (a code other than 0 where only 0 is defined, or what a
    message may not hold), BAD_OPTION.
    """
    if len(data) < _SHORTEST:
        title = f"an ICMPv6 message has at least {_SHORTEST} octets, not {len(data)}"
        raise _refused(title, WireFault.TRUNCATED, len(data))
    if internet_checksum(source, destination, ICMPV6, data):
        raise _refused("the checksum of the ICMPv6 message is wrong", WireFault.BAD_CHECKSUM, _CHECKSUM)
    kind, code = data[_TYPE], data[_CODE]
    reader = Reader(data, section="RFC 4443 section 2.1", offset=_COMMON.size)
    decode_error = _ERROR_DECODERS.get(kind)
    if decode_error is not None:
        return decode_error(reader, code)
    decode = _DECODERS.get(kind)
    if decode is None:
        raise _refused(f"ICMPv6 type {kind} is not known", WireFault.UNKNOWN_TYPE, _TYPE)
    if code:
        raise _refused(f"the code of ICMPv6 type {kind} is {code} instead of 0", WireFault.BAD_VALUE, _CODE)
    return decode(reader)


def encode_icmpv6(message: Icmpv6Message, source: IPv6Address, destination: IPv6Address) -> bytes:
    """A complete ICMPv6 payload with its checksum."""
    kind, encode = _ENCODERS[type(message)]
    code = message.code if isinstance(message, DestinationUnreachable | TimeExceeded | ParameterProblem) else 0
    body = encode(message)
    checksum = internet_checksum(source, destination, ICMPV6, _COMMON.pack(kind, code, 0) + body)
    return _COMMON.pack(kind, code, checksum) + body


def _refused(title: str, fault: WireFault, offset: int) -> WireError:
    return WireError(title, fault=fault, offset=offset, section="RFC 4443 section 2.1")
