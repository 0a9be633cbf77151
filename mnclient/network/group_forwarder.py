# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies packets to multicast groups from a home link into the tunnels of those who listen (RFC 6275 section 10.4.2).

The same on both datapaths. The kernel's own multicast forwarding can copy to interfaces only, and all tunnels are
behind one; so the copies are made here. A packet socket takes what comes to groups of global scope on the link, a
membership of this host makes routers and switches send it there, and a raw socket sends the copies with both headers.
"""

import asyncio
import errno
import socket
import struct
from collections import Counter
from typing import Final

from mnclient.constants import IPV6_HEADER_LENGTH, PROTOCOL_IPV6
from mnclient.model.network_state import GroupForwarding
from mnclient.network.filters import attach_filter

_ETH_P_IPV6: Final = 0x86DD
_BATCH: Final = 64
_LARGEST_PACKET: Final = 65535
_HOP_LIMIT: Final = 7
_OUTER_HOP_LIMIT: Final = 64
_HEADER: Final = struct.Struct("!IHBB16s16s")
_VERSION: Final = 6 << 28
# Packets that others have sent to ff_e::/16, whatever the flags.
_GLOBAL_GROUPS: Final = (
    (0x20, 0, 0, 0xFFFFF000 + 4),  # the packet's type
    (0x15, 5, 0, 4),  # PACKET_OUTGOING
    (0x30, 0, 0, 24),
    (0x15, 0, 3, 0xFF),
    (0x30, 0, 0, 25),
    (0x54, 0, 0, 0x0F),
    (0x15, 1, 0, 0x0E),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0x40000),
)


class GroupForwarder:
    """Forwardings by interface and group; sockets are there only while there are any."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._taps: dict[str, socket.socket] = {}
        self._members: dict[tuple[str, bytes], socket.socket] = {}
        self._flows: dict[tuple[str, bytes], dict[bytes, GroupForwarding]] = {}
        self._raw: socket.socket | None = None

    def add(self, item: GroupForwarding) -> None:
        """Begin to forward, or to another place than before. OSError when the system refuses."""
        where = (item.interface, item.group.packed)
        if where not in self._flows:
            self._open(item.interface)
            self._join(*where)
        self._flows.setdefault(where, {})[item.home_address.packed] = item

    def remove(self, item: GroupForwarding) -> None:
        """Cease to; what nobody needs any more is closed."""
        where = (item.interface, item.group.packed)
        flows = self._flows.get(where, {})
        flows.pop(item.home_address.packed, None)
        if flows:
            return
        self._flows.pop(where, None)
        if (member := self._members.pop(where, None)) is not None:
            member.close()
        if all(interface != item.interface for interface, _ in self._flows):
            self._close_tap(item.interface)

    def close(self) -> None:
        """Give the sockets back."""
        for interface in tuple(self._taps):
            self._close_tap(interface)
        for each in (*self._members.values(), *([self._raw] if self._raw is not None else [])):
            each.close()
        self._members.clear()
        self._flows.clear()
        self._raw = None

    def _open(self, interface: str) -> None:
        if self._raw is None:
            self._raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._raw.setblocking(False)
        if interface in self._taps:
            return
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            attach_filter(tap, b"".join(struct.pack("=HBBI", *each) for each in _GLOBAL_GROUPS))
            tap.bind((interface, _ETH_P_IPV6))
        except OSError:
            tap.close()
            raise
        tap.setblocking(False)
        self._taps[interface] = tap
        asyncio.get_running_loop().add_reader(tap.fileno(), self._readable, interface, tap)

    def _join(self, interface: str, group: bytes) -> None:
        """A membership of our own, so that the link brings the group's packets here."""
        member = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            request = group + struct.pack("=I", socket.if_nametoindex(interface))
            member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        except OSError:
            member.close()
            raise
        self._members[(interface, group)] = member

    def _close_tap(self, interface: str) -> None:
        if (tap := self._taps.pop(interface, None)) is not None:
            asyncio.get_running_loop().remove_reader(tap.fileno())
            tap.close()

    def _readable(self, interface: str, tap: socket.socket) -> None:
        try:
            for _ in range(_BATCH):
                self._forward(interface, tap.recv(_LARGEST_PACKET))
        except BlockingIOError:
            pass
        except OSError as error:  # the link went down; what is wanted of it stays
            self.counters[f"multicast.socket.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1

    def _forward(self, interface: str, packet: bytes) -> None:
        if len(packet) < IPV6_HEADER_LENGTH or packet[0] >> 4 != 6:
            return
        length = IPV6_HEADER_LENGTH + int.from_bytes(packet[4:6])
        source, group = packet[8:24], packet[24:40]
        flows = self._flows.get((interface, group))
        if flows is None or length > len(packet):
            return
        if packet[_HOP_LIMIT] <= 1 or source[0] >= 0xFE or not any(source):
            self.counters["multicast.not-forwarded"] += 1  # of this link only, or from no routable address
            return
        inner = packet[:_HOP_LIMIT] + bytes((packet[_HOP_LIMIT] - 1,)) + packet[_HOP_LIMIT + 1 : length]
        sent: set[tuple[bytes, bytes]] = set()
        for home_address, flow in flows.items():
            ends = flow.local.packed, flow.remote.packed
            if home_address != source and ends not in sent:  # one machine with several home addresses hears it once
                sent.add(ends)
                self._send(flow, inner)

    def _send(self, flow: GroupForwarding, inner: bytes) -> None:
        assert self._raw is not None
        ends = flow.local.packed, flow.remote.packed
        outer = _HEADER.pack(_VERSION, len(inner) & 0xFFFF, PROTOCOL_IPV6, _OUTER_HOP_LIMIT, *ends)
        try:
            self._raw.sendto(outer + inner, (str(flow.remote), 0))
        except OSError as error:
            self.counters[f"multicast.refused.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        else:
            self.counters["multicast.forwarded"] += 1
