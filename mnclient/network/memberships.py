# SPDX-License-Identifier: GPL-2.0-or-later
"""Which multicast groups programs have joined on the device of the mobile node's tunnel.

The kernel lists them. That the list has changed shows in the report that the kernel sends into the device, where it
ends: it is only the sign to look at the list again. Nobody listens for it before a home agent wants to know.
"""

import asyncio
import errno
import socket
import struct
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

from mnclient.constants import TUNNEL_DEVICE_KERNEL, TUNNEL_DEVICE_MOBILE_NODE
from mnclient.network.filters import attach_filter

_LIST: Final = Path("/proc/self/net/igmp6")
_DEVICES: Final = (TUNNEL_DEVICE_MOBILE_NODE, TUNNEL_DEVICE_KERNEL)
_ETH_P_ALL: Final = 0x0003
_GLOBAL_SCOPE: Final = 0xE
_SETTLING: Final = 0.01  # seconds: programs join several groups in a row
# Outgoing packets with hop-by-hop options in front of an ICMPv6 message of multicast listeners.
_REPORTS: Final = (
    (0x20, 0, 0, 0xFFFFF000 + 4),  # the packet's type
    (0x15, 0, 5, 4),  # PACKET_OUTGOING
    (0x30, 0, 0, 6),
    (0x15, 0, 3, 0),  # hop-by-hop options
    (0x30, 0, 0, 48),
    (0x35, 0, 1, 130),
    (0x06, 0, 0, 64),
    (0x06, 0, 0, 0),
)


class Memberships:
    """`changed` is called with the home agents and the groups, now and whenever the groups are others."""

    def __init__(self, changed: Callable[[frozenset[IPv6Address], frozenset[IPv6Address]], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._changed = changed
        self._home_agents: frozenset[IPv6Address] = frozenset()
        self._taps: dict[str, socket.socket] = {}
        self._look: asyncio.TimerHandle | None = None

    def watch(self, home_agents: frozenset[IPv6Address]) -> None:
        """From now on these want to know; none: nobody does."""
        self._home_agents = home_agents
        if not home_agents:
            self.close()
            self._changed(frozenset(), frozenset())
            return
        for name in _DEVICES:
            try:
                self._open(name)
            except OSError as error:  # changes are then seen with the next query only
                self.counters[f"memberships.refused.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        self._tell()

    def close(self) -> None:
        """Stop listening."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for name in tuple(self._taps):
            self._close(name)

    def _close(self, name: str) -> None:
        if (tap := self._taps.pop(name, None)) is not None:
            asyncio.get_running_loop().remove_reader(tap.fileno())
            tap.close()

    def _open(self, name: str) -> None:
        """A device that is not there has no groups; when there is a new one, the next query opens it."""
        self._close(name)
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            attach_filter(tap, b"".join(struct.pack("=HBBI", *each) for each in _REPORTS))
            tap.bind((name, _ETH_P_ALL))
        except OSError as error:
            tap.close()
            if error.errno == errno.ENODEV:
                return
            raise
        tap.setblocking(False)
        self._taps[name] = tap
        asyncio.get_running_loop().add_reader(tap.fileno(), self._reported, tap)

    def _reported(self, tap: socket.socket) -> None:
        try:
            while True:
                tap.recv(64)
        except BlockingIOError:
            pass
        except OSError as error:  # the device is down, or gone
            self.counters[f"memberships.lost.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(_SETTLING, self._tell)

    def _tell(self) -> None:
        self._look = None
        self._changed(self._home_agents, joined(_DEVICES))


def joined(devices: tuple[str, ...], text: str | None = None) -> frozenset[IPv6Address]:
    """The groups of global scope joined on these devices, by the kernel's list; none where there is no such list."""
    if text is None:
        try:
            text = _LIST.read_text(encoding="ascii")
        except OSError:
            return frozenset()
    fields = (line.split() for line in text.splitlines())
    groups = (IPv6Address(bytes.fromhex(each[2])) for each in fields if len(each) > 2 and each[1] in devices)
    return frozenset(group for group in groups if int(group) >> 112 & 0xF == _GLOBAL_SCOPE)
