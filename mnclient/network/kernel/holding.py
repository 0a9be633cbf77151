# SPDX-License-Identifier: GPL-2.0-or-later
"""Where packets of a home address wait while its tunnel has no far end: the only time they enter this process.

Routes of such a home address lead to a TUN device. When the tunnel has ends again the packets are sent once more, and
the kernel routes them like any others from that address.
"""

import asyncio
import errno
import os
import socket
from collections import Counter
from typing import Final

from mnclient.constants import HOLDING_DEVICE, IPV6_HEADER_LENGTH
from mnclient.network.filters import drop_everything
from mnclient.network.portable.encapsulation import pktinfo
from mnclient.network.portable.held import HeldPackets
from mnclient.network.portable.tun import destroy_tun, open_tun

_BATCH: Final = 64  # packets in one turn of the loop
_LARGEST_PACKET: Final = 65535


class Holding:
    """The device and what waits in it."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._held = HeldPackets(counters)
        self._descriptor = -1
        self._raw: socket.socket | None = None

    def open(self) -> None:
        """Make the device, or take over the one that is there. OSError when that is refused."""
        if self._descriptor >= 0:
            return
        raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        try:
            drop_everything(raw)
            self._descriptor = open_tun(HOLDING_DEVICE)
        except OSError:
            raw.close()
            raise
        self._raw = raw
        raw.setblocking(False)
        asyncio.get_running_loop().add_reader(self._descriptor, self._readable)

    def close(self, *, destroy: bool) -> None:
        """Let go of the device; it vanishes, or stays for whoever comes next."""
        if self._descriptor < 0:
            return
        asyncio.get_running_loop().remove_reader(self._descriptor)
        descriptor, self._descriptor = self._descriptor, -1
        if self._raw is not None:
            self._raw.close()
            self._raw = None
        if destroy:
            destroy_tun(descriptor)
        else:
            os.close(descriptor)

    def release(self, home_address: bytes) -> None:
        """Send what waits for a home address."""
        for packet in self._held.release(home_address, asyncio.get_running_loop().time()):
            if self._raw is None:
                return
            destination = (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0, 0, 0)
            try:
                self._raw.sendmsg([packet], pktinfo(home_address), 0, destination)
            except OSError as error:
                self._counters[f"tunnel.out.refused.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1

    def _readable(self) -> None:
        now = asyncio.get_running_loop().time()
        try:
            for _ in range(_BATCH):
                packet = os.read(self._descriptor, _LARGEST_PACKET)
                if len(packet) >= IPV6_HEADER_LENGTH and packet[0] >> 4 == 6:
                    self._held.hold(packet, now)
        except BlockingIOError:
            pass
        except OSError as error:
            # The device was deleted or set down by somebody; the monitor sees to it that it comes back.
            self._counters[f"tunnel.device.{errno.errorcode.get(error.errno or 0, 'other')}"] += 1
            if error.errno in (errno.EBADFD, errno.EIO):
                asyncio.get_running_loop().remove_reader(self._descriptor)
