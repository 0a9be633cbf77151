# SPDX-License-Identifier: GPL-2.0-or-later
"""Signalling in and out.

In: one packet socket for all interfaces. It sees packets before the kernel judges them, so it works the same whether
the kernel knows Mobile IPv6, refuses it or drops it by our nftables table. A filter in the kernel passes only what
may be ours. What comes out of the mobile node's tunnel is seen in the same way, on the tunnel's device, whoever carries
the tunnel: the signalling in it is delivered as such, once.

Out: a raw socket with the IPv6 header included, so that the kernel routes and resolves; or the packet socket, when the
hardware address is given. A third socket only keeps the kernel from answering Mobility Headers.
"""

import asyncio
import errno
import socket
import struct
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Final, Protocol

from mnclient.constants import (
    INTERFACE_PREFIX,
    PROTOCOL_IPV6,
    PROTOCOL_MOBILITY,
    TUNNEL_DEVICE_HOME_AGENT,
    TUNNEL_DEVICE_KERNEL,
    TUNNEL_DEVICE_MOBILE_NODE,
)
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import (
    Event,
    HomeAddressRefused,
    MalformedReceived,
    MembershipReceived,
    PacketReceived,
)
from mnclient.errors import WireError
from mnclient.network.buckets import SourceLimit
from mnclient.network.filters import attach_filter, drop_everything, signalling_program
from mnclient.network.links import Link
from mnclient.network.portable.encapsulation import pktinfo
from mnclient.wire.addresses import is_link_local, is_multicast
from mnclient.wire.icmpv6 import EchoRequest
from mnclient.wire.ipv6_extension import decode_ipv6
from mnclient.wire.multicast_listener import TunnelledMembership, decode_membership, encode_membership
from mnclient.wire.neighbor_discovery import RouterSolicitation
from mnclient.wire.packet import decode_packet, encode_packet

_ETH_P_IPV6: Final = 0x86DD
_SOL_PACKET: Final = 263
_PACKET_ADD_MEMBERSHIP: Final = 1
_PACKET_DROP_MEMBERSHIP: Final = 2
_PACKET_STATISTICS: Final = 6
_PACKET_IGNORE_OUTGOING: Final = 23
_PACKET_MR_ALLMULTI: Final = 2
_SO_RCVBUFFORCE: Final = 33
_RECEIVE_BUFFER: Final = 1 << 20
_BATCH: Final = 64  # packets in one turn of the loop, so that everything else stays responsive
_BACKLOG: Final = 64  # batches: more than the receive buffer has room for
_LARGEST: Final = 65535

_NEXT_HEADER: Final = 6
_ESP, _AH, _ICMPV6, _DESTINATION_OPTIONS, _ECHO_REQUEST, _HOME_ADDRESS_OPTION = 50, 51, 58, 60, 128, 201
_TUNNELS: Final = frozenset({TUNNEL_DEVICE_MOBILE_NODE, TUNNEL_DEVICE_HOME_AGENT, TUNNEL_DEVICE_KERNEL})
_DISCOVERY_REQUEST: Final = 144  # goes to the home agents' anycast address, which no interface has


class Hosts(Protocol):
    """What the sockets ask the monitor."""

    local_addresses: dict[bytes, int]

    def link(self, index: int) -> Link | None:
        """The interface with this index."""

    def catch_up(self) -> None:
        """Take note of what the kernel has said and nobody has read yet."""


class Note(Protocol):
    """Keeps signalling packets for somebody who wants to look at them."""

    def __call__(self, interface: str, outgoing: bool, packet: bytes, malformed: bool = False) -> None:
        """A packet, from its IPv6 header on; `interface` is "" where the kernel chooses. Must be quick."""


def note_nothing(interface: str, outgoing: bool, packet: bytes, malformed: bool = False) -> None:
    """Nobody wants to look."""


class SignallingSockets:
    """The sockets. OSError from the constructor when the system refuses them."""

    def __init__(
        self, deliver: Callable[[Event], None], hosts: Hosts, counters: Counter[str], note: Note = note_nothing
    ) -> None:
        """`note` is told of every packet that was sent, delivered, or refused although it may be signalling."""
        self._note = note
        self._deliver = deliver
        self._hosts = hosts
        self._counters = counters
        self._limit = SourceLimit()
        self._groups: set[int] = set()
        self._echo_identifier: int | None = None
        self._tunnel: int | None = None
        self._packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IPV6))
        try:
            self._raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._quiet = socket.socket(socket.AF_INET6, socket.SOCK_RAW, PROTOCOL_MOBILITY)
        except OSError:
            self._packets.close()
            raise
        drop_everything(self._quiet)
        drop_everything(self._raw)
        # Or a home agent's advertisement for a mobile node would come back to its own kernel, which would then believe
        # that the mobile node lives at the home agent's hardware address.
        self._raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        attach_filter(self._packets, signalling_program())
        self._packets.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        try:
            self._packets.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
        except OSError:
            self._packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._packets.setblocking(False)
        self._raw.setblocking(False)
        self._buffer = bytearray(_LARGEST)
        self._forget_unfiltered()

    def start(self) -> None:
        """Begin to receive."""
        asyncio.get_running_loop().add_reader(self._packets.fileno(), self._readable)

    def catch_up(self) -> None:
        """Read all that is there now. What comes meanwhile is read as well, but is not waited for without end."""
        for _ in range(_BACKLOG):
            if self._readable() < _BATCH:
                return

    def _forget_unfiltered(self) -> None:
        """What came in before the filter was there."""
        try:
            while True:
                self._packets.recv_into(self._buffer)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Give the sockets back."""
        asyncio.get_running_loop().remove_reader(self._packets.fileno())
        for each in (self._packets, self._raw, self._quiet):
            each.close()

    def hear_all_groups(self, indexes: set[int]) -> None:
        """On these interfaces hear every multicast packet: probes for an address we are proxy for go to its group."""
        for changed, option in (
            (indexes - self._groups, _PACKET_ADD_MEMBERSHIP),
            (self._groups - indexes, _PACKET_DROP_MEMBERSHIP),
        ):
            for index in changed:
                try:
                    membership = struct.pack("=iHH8s", index, _PACKET_MR_ALLMULTI, 0, b"")
                    self._packets.setsockopt(_SOL_PACKET, option, membership)
                except OSError:
                    self._counters["receive.groups-refused"] += 1  # the interface is gone
        self._groups = set(indexes)

    def forget_interface(self, interface: str) -> None:
        """An interface is gone."""
        self._limit.forget(interface)

    def kernel_drops(self) -> int:
        """Packets that did not fit the receive buffer since the last call."""
        _, drops = struct.unpack("=II", self._packets.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        return int(drops)

    # --- in -----------------------------------------------------------------------------------------------------

    def _readable(self) -> int:
        count = 0
        receive, buffer, now = self._packets.recvfrom_into, self._buffer, asyncio.get_running_loop().time()
        try:
            for _ in range(_BATCH):
                length, source = receive(buffer)
                count += 1
                self._received(buffer, length, source, now)
        except BlockingIOError:
            pass
        except OSError as error:
            # An interface that a packet socket is bound to went down: this one is bound to none, but says so anyway.
            self._counters[f"receive.socket.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        return count

    def _received(self, buffer: bytearray, length: int, source: tuple[str, int, int, int, bytes], now: float) -> None:
        name, _, _, _, link_layer_source = source
        next_header = buffer[_NEXT_HEADER]
        is_neighbor_discovery = next_header == _ICMPV6 and 133 <= buffer[40] <= 136
        if is_neighbor_discovery and not self._limit.permits(name, bytes(buffer[8:24]), now):
            self._counters["receive.limited"] += 1
            return
        is_inner = name in _TUNNELS
        if not self._is_for_us(buffer) or not (_is_inner_signalling(buffer) if is_inner else _is_from_outside(name)):
            self._counters["receive.not-for-us"] += 1
            return
        data = bytes(buffer[:length])
        if next_header == PROTOCOL_IPV6:
            self._membership(data)
            return
        try:
            packet = decode_packet(data)
        except WireError as error:
            self._malformed(name, data, error)
            return
        self._counters["receive.packets"] += 1
        self._note(name, False, data)
        if is_inner:
            self._deliver(PacketReceived(interface=name, packet=packet, through_tunnel=True))
        else:
            self._deliver(PacketReceived(interface=name, packet=packet, link_layer_source=link_layer_source))

    def _membership(self, data: bytes) -> None:
        """What somebody says of multicast groups through a tunnel; whether it is one of ours is not known here."""
        try:
            membership = decode_membership(data)
        except WireError:
            self._counters["receive.malformed.membership"] += 1
            return
        self._deliver(MembershipReceived(membership=membership))

    def _is_for_us(self, buffer: bytearray) -> bool:
        addresses, destination = self._hosts.local_addresses, bytes(buffer[24:40])
        if destination[0] == 0xFF or destination in addresses:
            return True
        # A home agent may answer sooner than the news of the new care-of address, which it answers to, is read.
        self._hosts.catch_up()
        if destination in addresses:
            return True
        return buffer[_NEXT_HEADER] == _ICMPV6 and buffer[40] == _DISCOVERY_REQUEST

    def _malformed(self, interface: str, data: bytes, error: WireError) -> None:
        is_mobility_header, home_address, is_payload = _classify(data)
        if is_payload and home_address is not None:
            # Packets cannot go directly here, so there is no binding: the sender is told so, as the kernel would do it.
            self._counters["receive.home-address-refused"] += 1
            source, destination = IPv6Address(data[8:24]), IPv6Address(data[24:40])
            self._deliver(HomeAddressRefused(source=source, destination=destination, home_address=home_address))
            return
        if not is_mobility_header and home_address is None:
            self._counters["receive.malformed.other"] += 1
            return
        self._counters["receive.malformed.mobility"] += 1
        self._note(interface, False, data, True)
        self._deliver(
            MalformedReceived(
                interface=interface,
                source=IPv6Address(data[8:24]),
                destination=IPv6Address(data[24:40]),
                fault=error.fault,
                pointer=error.offset,
                original=data,
                home_address=home_address,
                is_mobility_header=is_mobility_header,
            )
        )

    # --- out ----------------------------------------------------------------------------------------------------

    def send(self, action: SendPacket, gateway: Callable[[str], bytes | None]) -> None:
        """Send; what the network does not take is counted.

        `gateway` gives the hardware address of an interface's router. It is asked when the kernel refuses the source
        address because it is still tentative.
        """
        try:
            data = encode_packet(action.packet)
        except ValueError:
            self._counters["send.refused.encoding"] += 1
            return
        if isinstance(action.packet.message, EchoRequest):
            self._hear_echoes(action.packet.message.identifier)
        try:
            if (hardware := _hardware_address(action)) is not None and action.interface is not None:
                self._send_to_hardware(data, action.interface, hardware)
            else:
                self._send_routed(data, action)
        except ValueError:  # a hardware address that no frame has room for
            self._counters["send.refused.address"] += 1
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.EADDRNOTAVAIL) and self._send_past_kernel(data, action, gateway):
                self._note(action.interface or "", True, data)
                return
            self._counters[f"send.refused.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        else:
            self._counters["send.packets"] += 1
            self._note(action.interface or "", True, data)

    def send_membership(self, membership: TunnelledMembership) -> None:
        """Send a message about multicast groups through a tunnel; what is not taken is counted."""
        try:
            self._raw.sendmsg(
                [encode_membership(membership)],
                pktinfo(membership.outer_source.packed),
                0,
                (str(membership.outer_destination), 0, 0, 0),
            )
        except (OSError, ValueError):
            self._counters["send.refused.membership"] += 1

    def _hear_echoes(self, identifier: int) -> None:
        """From now on answers with this identifier pass the filter, and no others."""
        if identifier != self._echo_identifier:
            self._echo_identifier = identifier
            self._filter()

    def tunnel_is(self, index: int | None) -> None:
        """The device of the kernel's tunnels, 0 before it is there; None where the kernel has none."""
        if index != self._tunnel:
            self._tunnel = index
            self._filter()

    def _filter(self) -> None:
        attach_filter(self._packets, signalling_program(self._echo_identifier, self._tunnel))

    def _send_to_hardware(self, data: bytes, interface: str, address: bytes) -> None:
        self._packets.sendto(data, (interface, _ETH_P_IPV6, 0, 0, address))

    def _send_routed(self, data: bytes, action: SendPacket) -> None:
        packet = action.packet
        index = 0 if action.interface is None else socket.if_nametoindex(action.interface)
        needs_scope = is_multicast(packet.destination) or is_link_local(packet.destination)
        destination = (str(packet.destination), 0, 0, index if needs_scope else 0)
        self._raw.sendmsg([data], pktinfo(packet.source.packed, index), 0, destination)

    def _send_past_kernel(self, data: bytes, action: SendPacket, gateway: Callable[[str], bytes | None]) -> bool:
        """The kernel does not send from an address that it has not checked yet; the protocol may have to."""
        if action.interface is None:
            return False
        if is_multicast(action.packet.destination):
            hardware: bytes | None = _group_hardware_address(action.packet.destination)
        else:
            hardware = gateway(action.interface)
        if hardware is None:
            return False
        try:
            self._send_to_hardware(data, action.interface, hardware)
        except OSError:
            return False
        self._counters["send.past-kernel"] += 1
        return True


def _hardware_address(action: SendPacket) -> bytes | None:
    """Where the packet goes past the kernel.

    A Router Solicitation does: it leaves when a link comes up, and then the kernel has just begun to check our
    link-local address once more, and would refuse it as a source.
    """
    if action.link_layer_destination is None and isinstance(action.packet.message, RouterSolicitation):
        return _group_hardware_address(action.packet.destination)
    return action.link_layer_destination


def _group_hardware_address(group: IPv6Address) -> bytes:
    """RFC 2464 section 7."""
    return b"\x33\x33" + group.packed[12:]


def _is_from_outside(name: str) -> bool:
    return name != "lo" and not name.startswith(INTERFACE_PREFIX)


def _is_inner_signalling(buffer: bytearray) -> bool:
    """Whether a tunnelled packet is for the engine: a Mobility Header, or our own Echo Request.

    A Home Test, or all that another mobile node sends to us as its correspondent, its Binding Update with a Home
    Address option too (RFC 6275 section 5.2.9).
    """
    next_header = buffer[_NEXT_HEADER]
    if next_header == _DESTINATION_OPTIONS:
        return buffer[40] == PROTOCOL_MOBILITY
    return next_header == PROTOCOL_MOBILITY or (next_header == _ICMPV6 and buffer[40] == _ECHO_REQUEST)


def _classify(data: bytes) -> tuple[bool, IPv6Address | None, bool]:
    """What a packet that was refused carries, by what can be read of it.

    Whether a Mobility Header; its home address; whether it is payload of a kind for which a home address needs a
    binding (RFC 6275 section 9.3.1).
    """
    try:
        headers = decode_ipv6(data)
    except WireError:
        next_header = data[_NEXT_HEADER] if len(data) > _NEXT_HEADER else 0
        has_option = next_header == 60 and len(data) >= 64 and data[46] == _HOME_ADDRESS_OPTION
        is_mobility = next_header == PROTOCOL_MOBILITY or (has_option and data[40] == PROTOCOL_MOBILITY)
        return is_mobility, IPv6Address(data[48:64]) if has_option else None, False
    kind = headers.next_header
    return kind == PROTOCOL_MOBILITY, headers.home_address, kind not in (PROTOCOL_MOBILITY, _ICMPV6, _ESP, _AH)
