# SPDX-License-Identifier: GPL-2.0-or-later
"""Memberships that a socket holds: of solicited-node groups (RFC 4291 section 2.7.1), and of anycast addresses.

The groups are those of addresses that are used before the kernel has joined them. It joins the group of a new address
by a worker of its own, some time after the address is there. On a busy machine the router's question for a care-of
address comes sooner, is not heard, and is asked again only after a second.
"""

import errno
import socket
import struct
from ipaddress import IPv6Address
from typing import Final

from mnclient.wire.addresses import solicited_node

_JOIN_ANYCAST: Final = 27  # linux/in6.h; the socket module does not name them
_LEAVE_ANYCAST: Final = 28
_NO_MEMBER: Final = (errno.ENOENT, errno.ENODEV, errno.EADDRNOTAVAIL)


class SolicitedNodeGroups:
    """Memberships by interface and address. On a host without IPv6 there is nothing to join, and nothing happens."""

    def __init__(self) -> None:
        try:
            self._socket: socket.socket | None = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        except OSError:
            self._socket = None
        self._joined: set[tuple[int, IPv6Address]] = set()

    def join(self, index: int, address: IPv6Address) -> None:
        """Listen to the group of an address. That it cannot be joined now is no harm: the kernel does it later."""
        if self._ask(socket.IPV6_JOIN_GROUP, index, address) in (0, errno.EADDRINUSE):
            self._joined.add((index, address))

    def leave(self, index: int, address: IPv6Address) -> None:
        """Stop listening for an address that is removed; the kernel keeps its own memberships."""
        if (index, address) in self._joined:
            self._joined.discard((index, address))
            self._ask(socket.IPV6_LEAVE_GROUP, index, address)

    def close(self) -> None:
        """Leave all of them."""
        if self._socket is not None:
            self._socket.close()

    def _ask(self, option: int, index: int, address: IPv6Address) -> int:
        if self._socket is None:
            return errno.EAFNOSUPPORT
        try:
            self._socket.setsockopt(socket.IPPROTO_IPV6, option, _request(index, solicited_node(address)))
        except OSError as error:
            return error.errno or errno.EIO
        return 0


class AnycastMemberships:
    """Anycast addresses by interface: the kernel answers solicitations for them, and takes packets to them as its own.

    They end with the socket, so nothing of them can be left behind by a crash. OSError for what the kernel refuses.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def join(self, index: int, address: IPv6Address) -> None:
        """Become a member; once more for one that is a member already: the kernel forgets the route of it while the
        interface is down, and there is no way to ask for it."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.leave(index, address)
        self._socket.setsockopt(socket.IPPROTO_IPV6, _JOIN_ANYCAST, _request(index, address))

    def leave(self, index: int, address: IPv6Address) -> None:
        """Be a member no longer; harmless for one that is none."""
        if self._socket is None:
            return
        try:
            self._socket.setsockopt(socket.IPPROTO_IPV6, _LEAVE_ANYCAST, _request(index, address))
        except OSError as error:
            if error.errno not in _NO_MEMBER:
                raise

    def close(self) -> None:
        """Leave all of them."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _request(index: int, address: IPv6Address) -> bytes:
    """An ipv6_mreq."""
    return address.packed + struct.pack("=I", index)
