# SPDX-License-Identifier: GPL-2.0-or-later
"""Signalling under IPsec, in and out: raw sockets behind the kernel's security policies.

The packet socket of `sockets` sees packets before the kernel has looked at them, so it sees ESP, or what somebody sends
in its place. What comes here has been decrypted by an association of ours, which is what the mark says; the kernel has
compared its addresses with those that this association is for, and its policies have been asked (`kernel.protection`).
So the addresses tell which association it was; while one key succeeds another there are two of the same addresses, and
two marks, each with a socket.

Out, the kernel finds the policy by the home address and the message's type; the Home Address option is the work of a
state, the type 2 routing header goes with the packet (RFC 3542 section 7).
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from itertools import product
from typing import Final

from mnclient.constants import PROTOCOL_ICMPV6, PROTOCOL_MOBILITY
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import Event, PacketReceived
from mnclient.errors import WireError
from mnclient.model.keys import spi_parity
from mnclient.model.network_state import ProtectedSignalling, ProtectedTunnel, TunnelEnd
from mnclient.model.security import SecurityAssociation
from mnclient.network.datapath import Protected
from mnclient.network.filters import pass_marked
from mnclient.network.kernel.protection import (
    BINDING_ACKNOWLEDGEMENT,
    BINDING_UPDATE,
    FROM_HOME_AGENT,
    FROM_MOBILE_NODE,
    HOME_TEST,
    HOME_TEST_INIT,
    PREFIX_ADVERTISEMENT,
    PREFIX_SOLICITATION,
    Kind,
    decrypted_mark,
)
from mnclient.network.portable.encapsulation import pktinfo
from mnclient.network.sockets import Note, note_nothing
from mnclient.wire.binding import BindingAcknowledgement, BindingError, BindingRefreshRequest, BindingUpdate
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.icmpv6 import decode_icmpv6, encode_icmpv6
from mnclient.wire.mobility_header import MobilityMessage, decode_mobility_header, encode_mobility_header
from mnclient.wire.packet import Packet, encode_packet
from mnclient.wire.return_routability import CareOfTest, CareOfTestInit, HomeTest, HomeTestInit

_IPV6_RECVPKTINFO, _IPV6_PKTINFO = 49, 50
_IPV6_RECVRTHDR, _IPV6_RTHDR, _IPV6_RECVDSTOPTS, _IPV6_DSTOPTS = 56, 57, 58, 59
_ICMP6_FILTER: Final = 1
_BATCH: Final = 64  # packets in one turn of the loop
_BACKLOG: Final = 4096  # packets: more than a receive buffer has room for
_LARGEST: Final = 65535
_CONTROL: Final = 4096
_HOME_ADDRESS_OPTION: Final = 201
_ROUTING_HEADER: Final = struct.Struct("=BBBB4x16s")  # next header, length, type, segments left

Heard = tuple[int, int]
"""What a socket hears: a protocol, and the parity of the incoming SPI by which it is marked."""
_PARITIES: Final = (0, 1)

Selection = tuple[IPv6Address | None, IPv6Address | None, Kind | None]
"""From whom to whom, as upper layers have it (None: anybody), and which message (None: every Mobility Header)."""

_KINDS: Final[dict[type, Kind]] = {
    BindingUpdate: BINDING_UPDATE,
    BindingAcknowledgement: BINDING_ACKNOWLEDGEMENT,
    BindingError: (PROTOCOL_MOBILITY, 7),
    BindingRefreshRequest: (PROTOCOL_MOBILITY, 0),
    HomeTestInit: HOME_TEST_INIT,
    HomeTest: HOME_TEST,
    CareOfTestInit: (PROTOCOL_MOBILITY, 2),
    CareOfTest: (PROTOCOL_MOBILITY, 4),
    MobilePrefixSolicitation: PREFIX_SOLICITATION,
    MobilePrefixAdvertisement: PREFIX_ADVERTISEMENT,
}


class ProtectedSockets:
    """OSError from the constructor when the system refuses them."""

    def __init__(self, deliver: Callable[[Event], None], counters: Counter[str], note: Note = note_nothing) -> None:
        """`note` is told of every packet as it is without ESP."""
        self._note = note
        self._deliver = deliver
        self._counters = counters
        self._incoming: dict[Selection, Protected] = {}
        self._outgoing: dict[Selection, Protected] = {}
        self._sockets: dict[Heard, socket.socket] = {}
        try:
            for heard in product((PROTOCOL_MOBILITY, PROTOCOL_ICMPV6), _PARITIES):
                self._sockets[heard] = _opened(*heard)
        except OSError:
            self._close_all()
            raise

    def start(self) -> None:
        """Begin to receive."""
        loop = asyncio.get_running_loop()
        for heard, each in self._sockets.items():
            loop.add_reader(each.fileno(), self._readable, heard, _BATCH)

    def catch_up(self) -> None:
        """Read all that is there now."""
        for heard in self._sockets:
            self._readable(heard, _BACKLOG)

    def close(self) -> None:
        """Give the sockets back."""
        for each in self._sockets.values():
            asyncio.get_running_loop().remove_reader(each.fileno())
        self._close_all()

    def _close_all(self) -> None:
        for each in self._sockets.values():
            each.close()

    # --- what is protected ------------------------------------------------------------------------------------------

    def change(self, item: Protected | None, previous: Protected | None) -> None:
        """`item` is in force from now on instead of `previous`; None for nothing.

        What came before counts for nothing, unless what it came under is believed as before.
        """
        if previous is not None:
            self.give_up(previous)
        if item is not None:
            self.protect(item, goes_on=previous is not None and previous.association in item.believed)

    def protect(self, item: Protected, *, goes_on: bool = False) -> None:
        """The policies and states of an item are in force from now on. What came before them counts for nothing."""
        for heard in () if goes_on else self._sockets:
            self._drain(heard)
        incoming, outgoing = _selections(item)
        self._incoming |= dict.fromkeys(incoming, item)
        self._outgoing |= dict.fromkeys(outgoing, item)

    def give_up(self, item: Protected) -> None:
        """They are not, or may not be, any more."""
        incoming, outgoing = _selections(item)
        for each in incoming:
            self._incoming.pop(each, None)
        for each in outgoing:
            self._outgoing.pop(each, None)

    def covers(self, packet: Packet) -> bool:
        """Whether a packet is one of those that go under protection."""
        return self._item_of(packet) is not None

    def is_copy(self, event: PacketReceived) -> bool:
        """Whether a packet in clear is to be passed over: it came out of ESP, and comes here as well; or nobody may
        send it so."""
        packet = event.packet
        if event.through_tunnel or packet.routing_home_address is not None or packet.home_address is not None:
            return False
        kind = _KINDS.get(type(packet.message))
        item = None if kind is None else _look_up(self._incoming, packet.source, packet.destination, kind)
        return isinstance(item, ProtectedTunnel) and item.end is TunnelEnd.MOBILE_NODE

    def _item_of(self, packet: Packet) -> Protected | None:
        kind = _KINDS.get(type(packet.message))
        if kind is None:
            return None
        item = _look_up(self._outgoing, packet.effective_source, packet.effective_destination, kind)
        # With other headers in front it is not for the tunnel: a Binding Update for a correspondent, say.
        goes_directly = packet.home_address is not None or packet.routing_home_address is not None
        return None if isinstance(item, ProtectedTunnel) and goes_directly else item

    # --- in ---------------------------------------------------------------------------------------------------------

    def _drain(self, heard: Heard) -> None:
        for _ in self._received(heard, limit=1 << 16):
            self._counters["receive.before-protection"] += 1

    def _readable(self, heard: Heard, limit: int) -> None:
        for data, control, source, index in self._received(heard, limit):
            self._take(heard, data, control, source, index)

    def _received(self, heard: Heard, limit: int) -> Iterator[tuple[bytes, dict[int, bytes], IPv6Address, int]]:
        try:
            for _ in range(limit):
                data, messages, _, address = self._sockets[heard].recvmsg(_LARGEST, _CONTROL)
                control = {kind: value for level, kind, value in messages if level == socket.IPPROTO_IPV6}
                info = control.get(_IPV6_PKTINFO, bytes(20))
                yield data, control, IPv6Address(address[0].partition("%")[0]), struct.unpack("=I", info[16:20])[0]
        except BlockingIOError:
            return
        except OSError as error:
            self._counters[f"receive.protected.{error.strerror}"] += 1

    def _take(self, heard: Heard, data: bytes, control: dict[int, bytes], source: IPv6Address, index: int) -> None:
        """`source` and the destination in `control` are the home address where that stands for the care-of address."""
        if len(data) < 4:
            return
        protocol, parity = heard
        destination = IPv6Address(control.get(_IPV6_PKTINFO, bytes(16))[:16])
        kind = (protocol, data[2] if protocol == PROTOCOL_MOBILITY else data[0])
        item = _look_up(self._incoming, source, destination, kind)
        association = None if item is None else _marked_by(item, parity)
        if item is None or association is None:
            self._counters["receive.protected.unexpected"] += 1
            return
        decode = decode_mobility_header if protocol == PROTOCOL_MOBILITY else decode_icmpv6
        try:
            message = decode(data, source, destination)
        except WireError:
            self._counters["receive.malformed.protected"] += 1
            return
        care_of_source = _home_address_option(control.get(_IPV6_DSTOPTS, b""))
        care_of_destination = _routing_address(control.get(_IPV6_RTHDR, b""))
        packet = Packet(
            source=care_of_source or source,
            destination=care_of_destination or destination,
            message=message,
            home_address=source if care_of_source is not None else None,
            routing_home_address=destination if care_of_destination is not None else None,
        )
        self._counters["receive.protected"] += 1
        self._note(_name(index), False, encode_packet(packet))
        self._deliver(
            PacketReceived(
                interface=_name(index),
                packet=packet,
                through_tunnel=isinstance(item, ProtectedTunnel),
                protection=association.protection,
            )
        )

    # --- out --------------------------------------------------------------------------------------------------------

    def send(self, action: SendPacket) -> bool:
        """Send under protection; what cannot be is not sent, but counted. False then."""
        packet = action.packet
        source, destination = packet.effective_source, packet.effective_destination
        item = self._item_of(packet)
        if item is None or action.protection not in (None, item.association.protection):
            self._counters["send.refused.unprotected"] += 1
            return False
        is_forwarded = isinstance(item, ProtectedTunnel) and item.end is TunnelEnd.HOME_AGENT
        index = _index(item.device if isinstance(item, ProtectedTunnel) and is_forwarded else action.interface)
        control = pktinfo(source.packed, index)
        if packet.routing_home_address is not None:
            header = _ROUTING_HEADER.pack(0, 2, 2, 1, packet.destination.packed)
            control = [*control, (socket.IPPROTO_IPV6, _IPV6_RTHDR, header)]
        protocol, _ = _KINDS[type(packet.message)]
        try:
            self._sockets[protocol, 0].sendmsg([_payload(packet)], control, 0, (str(destination), 0, 0, 0))
        except (OSError, ValueError) as error:
            self._counters[f"send.refused.protected.{getattr(error, 'strerror', None) or 'encoding'}"] += 1
            return False
        self._counters["send.protected"] += 1
        self._note(action.interface or "", True, encode_packet(packet))
        return True


def _opened(protocol: int, parity: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
    pass_marked(opened, decrypted_mark(parity))
    for option in (_IPV6_RECVPKTINFO, _IPV6_RECVRTHDR, _IPV6_RECVDSTOPTS):
        opened.setsockopt(socket.IPPROTO_IPV6, option, 1)
    if protocol == PROTOCOL_ICMPV6:
        passing = {kind for each, kind in (*FROM_MOBILE_NODE, *FROM_HOME_AGENT) if each == protocol}
        blocked = [sum(1 << bit for bit in range(32) if word * 32 + bit not in passing) for word in range(8)]
        opened.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *blocked))
    return opened


def _selections(item: Protected) -> tuple[list[Selection], list[Selection]]:
    """What comes in and goes out under an item."""
    home, agent = item.association.home_address, item.association.home_agent
    is_mobile = item.end is TunnelEnd.MOBILE_NODE
    up: list[Selection]
    down: list[Selection]
    match item:
        case ProtectedSignalling():
            up = [(home, agent, kind) for kind in FROM_MOBILE_NODE]
            down = [(agent, home, kind) for kind in FROM_HOME_AGENT]
        case ProtectedTunnel():
            up, down = [(home, None, None)], [(None, home, None)]
    return (down, up) if is_mobile else (up, down)


def _marked_by(item: Protected, parity: int) -> SecurityAssociation | None:
    """The association of an item that has decrypted something with the mark of this parity."""
    return next((each for each in item.believed if spi_parity(each.spi_in) == parity), None)


def _look_up(
    known: dict[Selection, Protected], source: IPv6Address, destination: IPv6Address, kind: Kind
) -> Protected | None:
    wanted: list[Selection] = [(source, destination, kind)]
    if kind[0] == PROTOCOL_MOBILITY:
        wanted += [(source, None, None), (None, destination, None)]
    return next((known[each] for each in wanted if each in known), None)


def _payload(packet: Packet) -> bytes:
    ends = packet.effective_source, packet.effective_destination
    if isinstance(packet.message, MobilityMessage):
        return encode_mobility_header(packet.message, *ends)
    return encode_icmpv6(packet.message, *ends)


def _home_address_option(header: bytes) -> IPv6Address | None:
    """The care-of address: the kernel has put it into the Home Address option when it exchanged the two."""
    offset = 2
    while offset + 2 <= len(header):
        if header[offset] == 0:
            offset += 1
            continue
        length = header[offset + 1]
        if header[offset] == _HOME_ADDRESS_OPTION and length == 16 and offset + 18 <= len(header):
            return IPv6Address(header[offset + 2 : offset + 18])
        offset += 2 + length
    return None


def _routing_address(header: bytes) -> IPv6Address | None:
    """The address in a type 2 routing header: the kernel put the care-of address there."""
    if len(header) < _ROUTING_HEADER.size or header[2] != 2:
        return None
    return IPv6Address(header[8:24])


def _index(interface: str | None) -> int:
    try:
        return 0 if interface is None else socket.if_nametoindex(interface)
    except OSError:
        return 0


def _name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return ""
