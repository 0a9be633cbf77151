# SPDX-License-Identifier: GPL-2.0-or-later
"""Network A with two routers: the one of network B has a leg there as well, with a prefix and a way out of its own."""

import struct
from ipaddress import IPv6Address, IPv6Network
from types import TracebackType
from typing import Self

from tests.lab.hostile import packed
from tests.lab.lab import Lab
from tests.lab.routers import Radvd
from tests.lab.topology import BRIDGES, FIRST_FAR_INDEX, VISITED_A

PREFIX = IPv6Network("2001:db8:3:a::/64")
MAC = "02:00:00:00:03:0a"
LINK_LOCAL = IPv6Address("fe80::ff:fe00:30a")
INDEX = 40
HIGH, MEDIUM, LOW = 0b01, 0b00, 0b11
_PREFERENCE_SHIFT = 3


class SecondRouter:
    """lan1 of ar-b in network A, and radvd for it, which is not started. Both are gone after the with block."""

    def __init__(self, lab: Lab) -> None:
        self.node = lab.nodes["ar-b"]
        self._switch = lab.nodes["switch"]
        self.radvd = Radvd(self.node, "lan1", PREFIX, lab.pace)

    def __enter__(self) -> Self:
        far_end = f"peer name to-second index {FIRST_FAR_INDEX + INDEX} netns {self._switch.namespace}"
        self.node.ip(
            f"link add lan1 address {MAC} type veth {far_end}",
            f"addr add {PREFIX[1]}/64 dev lan1 nodad",
            "link set lan1 up",
        )
        self._switch.ip(f"link set to-second master {BRIDGES[VISITED_A]} up")
        return self

    def cut(self) -> None:
        """Pull its cable out of network A: it answers nobody there until `join`."""
        self._switch.ip("link set to-second down")

    def join(self) -> None:
        """Put the cable back."""
        self._switch.ip("link set to-second up")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.radvd.stop()
        self.node.ip("link del lan1")


def preferring(body: bytes, preference: int) -> bytes:
    """A Router Advertisement with this preference (RFC 4191 section 2.2)."""
    return body[:1] + bytes((body[1] | preference << _PREFERENCE_SHIFT,)) + body[2:]


def route_option(network: IPv6Network, lifetime: int, preference: int = MEDIUM) -> bytes:
    """Route Information (RFC 4191 section 2.3)."""
    return struct.pack("!BBBBI", 24, 3, network.prefixlen, preference << _PREFERENCE_SHIFT, lifetime) + packed(
        network.network_address
    )


def own_option(hardware: bytes) -> bytes:
    """Source Link-Layer Address."""
    return bytes((1, 1)) + hardware
