# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that were on the way to a link when it died.

Until we have heard of it and changed the routes, the kernel sends into the dead link: it asks for the router's hardware
address, and after three seconds without an answer it gives what waits back to its senders as an error (a connection
that is just beginning fails with EHOSTUNREACH). Programs are to see a pause and no error, so what waits is let go into
the dead link, where it is lost like any packet, and is sent again by whoever wants it to arrive.
"""

import errno
import logging
import socket
from ipaddress import IPv6Address
from typing import Final

from mnclient.model.network_state import Neighbor
from mnclient.network.messages import NUD_INCOMPLETE, neighbor_dump, read_neighbor, release, removal
from mnclient.network.rtnetlink import RouteSocket

_log = logging.getLogger(__name__)

_NOBODY: Final = bytes(6)
_GONE: Final = frozenset({errno.ENOENT, errno.ENODEV, errno.EINVAL})  # EINVAL: no Ethernet, so nobody is asked there


def release_all(netlink: RouteSocket, interface: str) -> None:
    """Let go of what waits for neighbours on an interface. Neighbours that are known stay."""
    try:
        index = socket.if_nametoindex(interface)
        records = [read_neighbor(body) for _, body in netlink.dump(neighbor_dump(proxies=False))]
    except OSError as error:
        if error.errno not in _GONE:
            _log.warning("what waits on %s may come to an error: %s", interface, error.strerror)
        return
    waited_for = [
        Neighbor(interface=interface, address=IPv6Address(record.address), link_layer_address=_NOBODY)
        for record in records
        if record is not None and record.index == index and record.state == NUD_INCOMPLETE
    ]
    removals = [removal(item, index) for item in waited_for]
    messages = [each for message in removals for each in (release(message), message)]
    for answer in netlink.request(messages) if messages else ():
        if answer.errno and answer.errno not in _GONE:
            _log.warning("what waits on %s may come to an error: %s", interface, answer.reason)
