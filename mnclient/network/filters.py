# SPDX-License-Identifier: GPL-2.0-or-later
"""Classic BPF programs (socket(7), SO_ATTACH_FILTER): what the kernel does not even hand to us."""

import array
import socket
import struct
from typing import Final

from mnclient.constants import PACKET_MARK, PROTOCOL_ICMPV6, PROTOCOL_IPV6, PROTOCOL_MOBILITY

_SO_ATTACH_FILTER: Final = 26
_LOAD_BYTE, _LOAD_HALF, _LOAD_WORD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x30, 0x28, 0x20, 0x15, 0x35, 0x06
_PACKET_TYPE: Final = 0xFFFFF000 + 4  # SKF_AD_OFF + SKF_AD_PKTTYPE
_PACKET_OTHERHOST: Final = 3
_INTERFACE: Final = 0xFFFFF000 + 8  # SKF_AD_IFINDEX
_MARK: Final = 0xFFFFF000 + 20  # SKF_AD_MARK
_NEVER: Final = 0xFFFF  # above every packet type
_NEXT_HEADER: Final = 6  # octet of the IPv6 header
_BEHIND_HEADER: Final = 40  # first octet after the IPv6 header
_INNER_NEXT_HEADER: Final = _BEHIND_HEADER + _NEXT_HEADER
_INNER_MESSAGE: Final = 2 * _BEHIND_HEADER + 8
_CANONICAL: Final = 24  # octets of a header with nothing but a Home Address option, or one type 2 routing header
_ROUTING_TYPE: Final = 42
_ECHO_IDENTIFIER: Final = _BEHIND_HEADER + 4
_QUOTED: Final = 48  # octets of the IPv6 and ICMPv6 headers before the packet that an ICMPv6 error quotes
_UNREACHABLE, _ECHO_REQUEST, _ECHO_REPLY = 1, 128, 129
_DESTINATION_OPTIONS, _ROUTING_HEADER, _TYPE_2 = 60, 43, 2
_ALL_OCTETS: Final = 0x40000
_NOBODYS: Final = 0x10000  # no 16 bits say this

_Instruction = tuple[int, int | str, int | str, int]
"""Code, where to go on equality and otherwise (a label, or 0 for the next), operand."""

# Over a packet socket that begins with the IPv6 header: Mobility Headers, Home Address options and type 2 routing
# headers (or what may be such), and the ICMPv6 messages that the engine reads; in a tunnel, those of multicast
# listeners. Of Echo messages, and of errors about them, only those with the identifier in the place of _OURS: nobody
# else's ping wakes us. Of other errors those about packets with a type 2 routing header.
#
# Where the kernel carries the tunnels, _TUNNEL is the index of their device: a packet that comes out of it is believed
# only with the mark of the rule that has looked at the outer header (`nftables`). And where the kernel understands Home
# Address options and routing headers, those in front of payload are not for us: _PAYLOAD_TOO is then 0, and of ICMPv6
# behind one such header only mobile prefix discovery passes.
_OURS: Final = -1
_TUNNEL: Final = -2
_PAYLOAD_TOO: Final = -3
_SIGNALLING: Final[tuple[tuple[str, _Instruction], ...]] = (
    ("", (_LOAD_WORD, 0, 0, _PACKET_TYPE)),
    ("", (_JUMP_EQUAL, "drop", 0, _PACKET_OTHERHOST)),
    ("", (_LOAD_WORD, 0, 0, _INTERFACE)),
    ("", (_JUMP_EQUAL, 0, "any", _TUNNEL)),
    ("", (_LOAD_WORD, 0, 0, _MARK)),
    ("", (_JUMP_EQUAL, "any", "drop", PACKET_MARK)),
    ("any", (_LOAD_BYTE, 0, 0, _NEXT_HEADER)),
    ("", (_JUMP_EQUAL, "pass", 0, PROTOCOL_MOBILITY)),
    ("", (_JUMP_EQUAL, "tunnelled", 0, PROTOCOL_IPV6)),
    ("", (_JUMP_EQUAL, "extended", 0, _DESTINATION_OPTIONS)),
    ("", (_JUMP_EQUAL, "icmpv6", 0, PROTOCOL_ICMPV6)),
    ("", (_JUMP_EQUAL, 0, "drop", _ROUTING_HEADER)),
    ("", (_LOAD_BYTE, 0, 0, _ROUTING_TYPE)),
    ("", (_JUMP_EQUAL, "extended", "drop", _TYPE_2)),
    ("extended", (_LOAD_WORD, 0, 0, _PACKET_TYPE)),
    ("", (_JUMP_GREATER_EQUAL, 0, "pass", _PAYLOAD_TOO)),
    ("", (_LOAD_BYTE, 0, 0, _BEHIND_HEADER)),
    ("", (_JUMP_EQUAL, "pass", 0, PROTOCOL_MOBILITY)),
    ("", (_JUMP_EQUAL, 0, "drop", PROTOCOL_ICMPV6)),
    ("", (_LOAD_BYTE, 0, 0, _BEHIND_HEADER + _CANONICAL)),
    ("", (_JUMP_GREATER_EQUAL, 0, "drop", 146)),  # mobile prefix discovery
    ("", (_JUMP_GREATER_EQUAL, "drop", "pass", 148)),
    ("icmpv6", (_LOAD_BYTE, 0, 0, _BEHIND_HEADER)),
    ("", (_JUMP_EQUAL, "pass", 0, 4)),  # Parameter Problem
    ("", (_JUMP_EQUAL, "unreachable", 0, _UNREACHABLE)),
    ("", (_JUMP_EQUAL, "echo", 0, _ECHO_REQUEST)),
    ("", (_JUMP_EQUAL, "echo", 0, _ECHO_REPLY)),
    ("", (_JUMP_GREATER_EQUAL, 0, "drop", 133)),  # Router Solicitation ... Neighbor Advertisement
    ("", (_JUMP_GREATER_EQUAL, 0, "pass", 137)),
    ("", (_JUMP_GREATER_EQUAL, 0, "drop", 144)),  # home agent address discovery, mobile prefix discovery
    ("", (_JUMP_GREATER_EQUAL, "drop", "pass", 148)),
    ("unreachable", (_LOAD_BYTE, 0, 0, _QUOTED + _NEXT_HEADER)),
    ("", (_JUMP_EQUAL, "undelivered", 0, _ROUTING_HEADER)),
    ("", (_JUMP_EQUAL, 0, "drop", PROTOCOL_ICMPV6)),
    ("", (_LOAD_BYTE, 0, 0, _QUOTED + _BEHIND_HEADER)),
    ("", (_JUMP_EQUAL, 0, "drop", _ECHO_REQUEST)),
    ("", (_LOAD_HALF, 0, 0, _QUOTED + _ECHO_IDENTIFIER)),
    ("", (_JUMP_EQUAL, "pass", "drop", _OURS)),
    ("undelivered", (_LOAD_BYTE, 0, 0, _QUOTED + _ROUTING_TYPE)),  # sent by a binding
    ("", (_JUMP_EQUAL, "pass", "drop", _TYPE_2)),
    ("echo", (_LOAD_HALF, 0, 0, _ECHO_IDENTIFIER)),
    ("", (_JUMP_EQUAL, "pass", "drop", _OURS)),
    ("tunnelled", (_LOAD_BYTE, 0, 0, _INNER_NEXT_HEADER)),
    ("", (_JUMP_EQUAL, 0, "drop", 0)),  # hop-by-hop options, of 8 octets: a Router Alert
    ("", (_LOAD_BYTE, 0, 0, _INNER_MESSAGE)),
    ("", (_JUMP_EQUAL, "pass", 0, 143)),  # multicast listeners: version 2, and 130 to 132
    ("", (_JUMP_GREATER_EQUAL, 0, "drop", 130)),
    ("", (_JUMP_GREATER_EQUAL, "drop", "pass", 133)),
    ("pass", (_RETURN, 0, 0, _ALL_OCTETS)),
    ("drop", (_RETURN, 0, 0, 0)),
)


def signalling_program(echo_identifier: int | None = None, tunnel: int | None = None) -> bytes:
    """The filter of the signalling socket, packed. Without an `echo_identifier` no Echo message passes.

    `tunnel` is the index of the device of the kernel's tunnels, 0 before it is there, None where the kernel has none.
    """
    places = {label: index for index, (label, _) in enumerate(_SIGNALLING) if label}
    values: dict[int | str, int] = {
        _OURS: _NOBODYS if echo_identifier is None else echo_identifier,
        _TUNNEL: tunnel or 0,
        _PAYLOAD_TOO: _NEVER if tunnel is None else 0,
    }

    def distance(target: int | str, index: int) -> int:
        return places[target] - index - 1 if isinstance(target, str) else target

    return b"".join(
        struct.pack("=HBBI", code, distance(equal, index), distance(other, index), values.get(operand, operand))
        for index, (_, (code, equal, other, operand)) in enumerate(_SIGNALLING)
    )


def drop_everything(sock: socket.socket) -> None:
    """Attach a filter that lets no packet into the receive queue."""
    attach_filter(sock, struct.pack("=HBBI", _RETURN, 0, 0, 0))


def pass_marked(sock: socket.socket, mark: int) -> None:
    """Attach a filter that lets only packets with a mark into the receive queue."""
    program = ((_LOAD_WORD, 0, 0, _MARK), (_JUMP_EQUAL, 0, 1, mark), (_RETURN, 0, 0, _ALL_OCTETS), (_RETURN, 0, 0, 0))
    attach_filter(sock, b"".join(struct.pack("=HBBI", *each) for each in program))


def attach_filter(sock: socket.socket, program: bytes) -> None:
    """Attach a program, given as its packed instructions."""
    instructions = array.array("B", program)
    sock.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program) // 8, instructions.buffer_info()[0])
    )
