# SPDX-License-Identifier: GPL-2.0-or-later
"""An attacker in the lab: somewhere out there, on the link that the laptop visits, or on its home link.

He sees what passes, keeps it, and sends what he likes in anybody's name, down to the hardware address.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from tests.lab.hostile import BA, BU, DESTINATION_OPTIONS, ETH_P_IPV6, MOBILITY, ROUTING, Stranger, frames
from tests.lab.lab import Lab
from tests.lab.topology import BRIDGES, HOME, HOME_AGENT_MAC, LAPTOP_ETH0_MAC, VISITED_A

CORE, VISITED, HOME_LINK = "from anywhere", "on the visited link", "on the home link"
BESIDE = "beside it at home"
EVERYWHERE: Final = (CORE, VISITED, HOME_LINK)

ATTACKER_MAC: Final = bytes.fromhex("02bad0bad001")
AGENT_MAC: Final = bytes.fromhex(HOME_AGENT_MAC.replace(":", ""))
LAPTOP_MAC: Final = bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))
ROUTER_MAC: Final = bytes.fromhex("020000000201")
ROUTER, AGENT_LOCAL = IPv6Address("fe80::ff:fe00:201"), IPv6Address("fe80::ff:fe00:101")
LAPTOP_LOCAL = IPv6Address("fe80::ff:fe00:10")


@dataclass(frozen=True)
class Overheard:
    """What was said before, packets from the IPv6 header on: registrations of network B, home, and network A."""

    updates: tuple[bytes, ...]
    acknowledgements: tuple[bytes, ...]
    farewells: tuple[bytes, ...]
    """De-registrations at home."""
    farewell_answers: tuple[bytes, ...]


def overheard(packets: list[bytes]) -> Overheard:
    """The signalling among the packets, without what was heard twice."""

    def of(kind: int, at: int, *headers: int) -> tuple[bytes, ...]:
        found = [p for p in packets if len(p) > at and (p[6], *((p[40],) if at > 42 else ())) == headers]
        return tuple(dict.fromkeys(p for p in found if p[at] == kind))

    return Overheard(
        updates=of(BU, 66, DESTINATION_OPTIONS, MOBILITY),
        acknowledgements=of(BA, 66, ROUTING, MOBILITY),
        farewells=of(BU, 42, MOBILITY),
        farewell_answers=of(BA, 42, MOBILITY),
    )


class Attacker:
    """`send` takes a packet, or with `hardware`, the source hardware address of a frame, one to all on the link."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def __enter__(self) -> "Attacker":
        with ExitStack() as undo:
            self._stranger = undo.enter_context(Stranger(self._lab.correspondent, "core0"))
            switch = self._lab.nodes["switch"]
            self._links: dict[str, socket.socket] = {
                place: undo.enter_context(frames(switch, BRIDGES[link]))
                for place, link in ((VISITED, VISITED_A), (HOME_LINK, HOME), (BESIDE, HOME))
            }
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def send(self, place: str, packet: bytes, hardware: bytes = ATTACKER_MAC) -> None:
        """Send a packet from there to whom it is addressed to, as `hardware`."""
        if place == CORE:
            self._stranger.send(packet)
            return
        frame = next_hop(place, IPv6Address(packet[24:40])) + hardware + struct.pack("!H", ETH_P_IPV6) + packet
        self._links[place].send(frame)


def next_hop(place: str, destination: IPv6Address) -> bytes:
    """The hardware address to send to. The laptop is a neighbour on the visited link, or beside him at home.

    What has a home address as destination goes to the laptop there as well: nothing else would bring it that. The
    router of the home link is the home agent.
    """
    if destination.is_multicast:
        return b"\x33\x33" + destination.packed[12:]
    if place == HOME_LINK:
        return AGENT_MAC
    at_the_agent = int.from_bytes(destination.packed[8:]) == 1
    far = destination.packed[:6] == IPv6Address("2001:db8:ffff::").packed[:6]
    if at_the_agent or far:
        return AGENT_MAC if place == BESIDE else ROUTER_MAC
    return LAPTOP_MAC


@contextmanager
def listening(lab: Lab) -> Iterator[list[bytes]]:
    """Collects what passes the home agent, on both sides of it, until the end of the block."""
    packets: list[bytes] = []
    with (
        lab.capture(lab.home_agent, "core0", "heard-core") as core,
        lab.capture(lab.home_agent, "home0", "heard") as at,
    ):
        yield packets
    packets += core.packets() + at.packets()
