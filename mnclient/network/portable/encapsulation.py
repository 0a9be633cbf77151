# SPDX-License-Identifier: GPL-2.0-or-later
"""The two raw sockets under all portable tunnels: IPv6 in IPv6 in and out (RFC 2473), and what the path's MTU is.

The kernel makes the outer header, fragments and reassembles; having a socket open for protocol 41 also keeps it from
answering tunnelled packets with ICMPv6 errors, unless it knows of tunnels itself (then a rule does, see `nftables`).
Neither socket is bound: 20,000 tunnels need no 20,000 sockets.
"""

import errno
import socket
import struct
from typing import Any, Final

from mnclient.constants import IPV6_MINIMUM_MTU, PROTOCOL_IPV6
from mnclient.network.filters import drop_everything
from mnclient.network.portable.relayed_errors import PathError

_IPV6_MTU_DISCOVER: Final = 23
_IPV6_MTU: Final = 24
_IPV6_RECVERR: Final = 25
_PMTUDISC_DONT: Final = 0
_PMTUDISC_DO: Final = 2
_SO_RCVBUFFORCE: Final = 33
_RECEIVE_BUFFER: Final = 4 << 20  # octets: some 2,500 full packets while the loop does something else
_REPORTS_AT_ONCE: Final = 64
_EXTENDED_ERROR: Final = struct.Struct("=IBBB")  # the beginning of struct sock_extended_err: errno, origin, type, code
_ORIGIN_ICMPV6: Final = 3
_ANY_PORT: Final = 9  # a connected UDP socket needs one; nothing is ever sent

_Ancillary = list[tuple[int, int, bytes]]


class Encapsulation:
    """The sockets. OSError from the constructor when the system refuses them."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, PROTOCOL_IPV6)
        # Sends what may be fragmented, and hears "packet too big" from the path, which teaches the kernel the path's
        # MTU; an error queued on the first socket would disturb all tunnels because of one.
        self._fragmenting = socket.socket(socket.AF_INET6, socket.SOCK_RAW, PROTOCOL_IPV6)
        self.socket.setblocking(False)
        self._fragmenting.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_DO)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
        except OSError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        drop_everything(self._fragmenting)
        self._fragmenting.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PMTUDISC_DONT)
        self._fragmenting.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)

    @property
    def error_descriptor(self) -> int:
        """Readable when the path has reported errors: call `drain_errors`."""
        return self._fragmenting.fileno()

    def close(self) -> None:
        """Give the sockets back."""
        self.socket.close()
        self._fragmenting.close()

    def send_fragmenting(self, packet: bytes, ancillary: _Ancillary, remote: tuple[Any, ...]) -> None:
        """Send in as many outer fragments as the path needs. OSError when it cannot be sent."""
        try:
            self._fragmenting.sendmsg([packet], ancillary, 0, remote)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                raise
            # It may have been the report of an earlier packet: that is cleared by reading it.
            self._fragmenting.sendmsg([packet], ancillary, 0, remote)

    def drain_errors(self) -> list[PathError]:
        """Read the reports of the path, of which the kernel has taken note; those of ICMPv6, the oldest first."""
        found: list[PathError] = []
        for _ in range(_REPORTS_AT_ONCE):
            try:
                inner, ancillary, _, _ = self._fragmenting.recvmsg(IPV6_MINIMUM_MTU, 512, socket.MSG_ERRQUEUE)
            except BlockingIOError:
                break
            except OSError:
                continue  # the pending error itself, now cleared
            for level, kind, data in ancillary:
                if (level, kind) == (socket.IPPROTO_IPV6, _IPV6_RECVERR) and len(data) >= _EXTENDED_ERROR.size:
                    _, origin, icmp_type, _ = _EXTENDED_ERROR.unpack_from(data)
                    if origin == _ORIGIN_ICMPV6:
                        found.append(PathError(icmp_type, inner))
        self._fragmenting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return found


def pktinfo(local: bytes, index: int = 0) -> _Ancillary:
    """The ancillary data that fixes the source address, and the interface unless `index` is 0 (RFC 3542 section 6)."""
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, local + struct.pack("=I", index))]


def path_mtu(local: str, remote: str) -> int:
    """What the kernel knows of the path's MTU, in octets of the outer packet; the minimum when there is no path."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((local, 0))
            probe.connect((remote, _ANY_PORT))
            return max(IPV6_MINIMUM_MTU, probe.getsockopt(socket.IPPROTO_IPV6, _IPV6_MTU))
        except OSError:
            return IPV6_MINIMUM_MTU
