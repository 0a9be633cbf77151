# SPDX-License-Identifier: GPL-2.0-or-later
"""Solicited-node groups (RFC 4291 section 2.7.1) of addresses that are used before the kernel has joined them.

The kernel joins the group of a new address by a worker of its own, some time after the address is there. On a busy
machine the router's question for a care-of address comes sooner, is not heard, and is asked again only after a second.
"""

import errno
import socket
import struct
from ipaddress import IPv6Address

from mnclient.wire.addresses import solicited_node


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
        request = solicited_node(address).packed + struct.pack("=I", index)
        try:
            self._socket.setsockopt(socket.IPPROTO_IPV6, option, request)
        except OSError as error:
            return error.errno or errno.EIO
        return 0
