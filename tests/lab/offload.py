# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab's interfaces do for the stack, and real ones do differently.

A veth passes on segments of 64 kB and packets whose checksum nobody has computed, from one machine to the other: no
wire carries such things. Where the cost of a packet matters, that is switched off.
"""

import array
import fcntl
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.lab import Lab
from tests.lab.node import Node, inside

_SIOCETHTOOL = 0x8946
# linux/ethtool.h, in the order in which they can be switched off; on again in the opposite order
_READ_AND_WRITE = (
    (0x2B, 0x2C),  # ETHTOOL_GGRO, ETHTOOL_SGRO
    (0x1E, 0x1F),  # ETHTOOL_GTSO, ETHTOOL_STSO
    (0x23, 0x24),  # ETHTOOL_GGSO, ETHTOOL_SGSO
    (0x14, 0x15),  # ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM
    (0x16, 0x17),  # ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM
)
_MOST_SEGMENTS = 65535  # GSO_MAX_SEGS, what an interface begins with


@contextmanager
def packets_as_on_a_wire(lab: Lab, *, segments: int = _MOST_SEGMENTS) -> Iterator[None]:
    """In the block every interface of every machine sends and receives what the link's MTU allows, with checksums.

    `segments`: of how many packets the stack may make one until it reaches the first interface.
    """
    interfaces = [(node, name) for node in lab.nodes.values() for name in _veths(node)]
    before = [(node, name, _switch_off(node, name)) for node, name in interfaces]
    for node, name in interfaces:
        node.ip(f"link set {name} gso_max_segs {segments}")
    try:
        yield
    finally:
        for node, name, values in before:
            node.ip(f"link set {name} gso_max_segs {_MOST_SEGMENTS}")
            _switch_back(node, name, values)


def _veths(node: Node) -> list[str]:
    command = ["ip", "-n", node.namespace, "-o", "link", "show", "type", "veth"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split(": ")[1].partition("@")[0] for line in lines]


def _switch_off(node: Node, interface: str) -> list[int]:
    """What was found."""
    found = []
    for read, write in _READ_AND_WRITE:
        found.append(_ask(node, interface, read, 0))
        _ask(node, interface, write, 0)
    return found


def _switch_back(node: Node, interface: str, values: list[int]) -> None:
    for (_, write), value in reversed(list(zip(_READ_AND_WRITE, values, strict=True))):
        _ask(node, interface, write, value)


def _ask(node: Node, interface: str, command: int, value: int) -> int:
    """One question or order of struct ethtool_value; the value in the answer."""
    data = array.array("B", struct.pack("=II", command, value))
    address, _ = data.buffer_info()
    with inside(node.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asked:
        request = struct.pack("16sP16x", interface.encode(), address)

        fcntl.ioctl(asked, _SIOCETHTOOL, request)
    return int(struct.unpack("=II", data.tobytes())[1])
