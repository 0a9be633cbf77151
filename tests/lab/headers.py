# SPDX-License-Identifier: GPL-2.0-or-later
"""What headers a packet of a capture has, in their order: read by other eyes than the product's."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import Self

from tests.lab.hostile import (
    BA,
    BE,
    BRR,
    BU,
    COT,
    COTI,
    DESTINATION_OPTIONS,
    HOT,
    HOTI,
    ICMPV6,
    IPV6,
    MOBILITY,
    ROUTING,
    checksum,
)
from tests.lab.pcap import frames

AH, ESP, TCP, UDP, HOP_BY_HOP, FRAGMENT = 51, 50, 6, 17, 0, 44
PAD1, HOME_ADDRESS_OPTION = 0, 201
MESSAGES = {BRR: "BRR", HOTI: "HoTI", COTI: "CoTI", HOT: "HoT", COT: "CoT", BU: "BU", BA: "BA", BE: "BE"}
LINK_HEADER, HEADER = 14, 40


@dataclass(frozen=True)
class Seen:
    """One packet. `order` names its extension headers as they come: "routing 2", "home address", "AH", "ESP" ...

    `segments_left` is that of the type 2 routing header. `protocol` is what follows, and `body` its octets; `inner` is
    the packet in a tunnel.
    """

    at: float
    source: IPv6Address
    destination: IPv6Address
    order: tuple[str, ...]
    home_addresses: tuple[IPv6Address, ...]
    routing: IPv6Address | None
    segments_left: int | None
    protocol: int
    body: bytes
    octets: bytes
    link_layer: tuple[bytes, bytes]
    """Hardware addresses of the frame: to whom, from whom."""
    inner: "Seen | None" = None

    @classmethod
    def read(cls, packet: bytes, at: float = 0.0, link_layer: tuple[bytes, bytes] = (b"", b"")) -> Self:
        """A packet from its IPv6 header on."""
        next_header, body = packet[6], packet[HEADER : HEADER + int.from_bytes(packet[4:6])]
        order: list[str] = []
        homes: list[IPv6Address] = []
        routing, left = None, None
        while next_header in (HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS, FRAGMENT, AH) and len(body) >= 8:
            length = {FRAGMENT: 8, AH: 4 * (body[1] + 2)}.get(next_header, 8 * (body[1] + 1))
            if next_header == ROUTING:
                order.append(f"routing {body[2]}")
                if body[2] == 2:
                    routing, left = IPv6Address(body[8:24]), body[3]
            elif next_header == DESTINATION_OPTIONS:
                found = _home_addresses(body[2:length])
                order.append("home address" if found else "options")
                homes += found
            else:
                order.append({HOP_BY_HOP: "hop-by-hop", FRAGMENT: "fragment", AH: "AH"}[next_header])
            next_header, body = body[0], body[length:]
        if next_header == ESP:
            order.append("ESP")
        return cls(
            at, IPv6Address(packet[8:24]), IPv6Address(packet[24:40]), tuple(order), tuple(homes), routing, left,
            next_header, body, packet, link_layer,
            cls.read(body, at, link_layer) if next_header == IPV6 and len(body) >= HEADER else None,
        )  # fmt: skip

    @property
    def message(self) -> str:
        """The name of its Mobility Header message, "" when it has none."""
        return MESSAGES.get(self.body[2], "?") if self.protocol == MOBILITY and len(self.body) >= 8 else ""

    @property
    def icmp_type(self) -> int | None:
        """The type of its ICMPv6 message, None when it has none."""
        return self.body[0] if self.protocol == ICMPV6 and self.body else None

    @property
    def is_neighbor_discovery(self) -> bool:
        """Whether it is one of the five messages of Neighbor Discovery."""
        return self.icmp_type is not None and 133 <= self.icmp_type <= 137

    @property
    def from_whom(self) -> IPv6Address:
        """The source as the upper layer is to see it."""
        return self.home_addresses[0] if self.home_addresses else self.source

    @property
    def to_whom(self) -> IPv6Address:
        """The destination as the upper layer is to see it."""
        return self.routing or self.destination

    @property
    def has_right_checksum(self) -> bool:
        """Whether the upper layer's checksum is right for the addresses it is to see."""
        return checksum(self.from_whom, self.to_whom, self.protocol, self.body) in (0, 0xFFFF)

    def every_header(self) -> Iterator["Seen"]:
        """This packet, and the one in the tunnel."""
        yield self
        if self.inner is not None:
            yield from self.inner.every_header()

    @property
    def innermost(self) -> "Seen":
        """The packet without the tunnels around it."""
        return self if self.inner is None else self.inner.innermost


def packets(file: Path) -> list[Seen]:
    """The IPv6 packets of a capture, in their order."""
    return [
        Seen.read(frame[LINK_HEADER:], at, (frame[:6], frame[6:12]))
        for at, frame in frames(file)
        if frame[12:14] == b"\x86\xdd" and len(frame) >= LINK_HEADER + HEADER
    ]


def _home_addresses(options: bytes) -> list[IPv6Address]:
    found = []
    while options:
        if options[0] == PAD1:
            options = options[1:]
            continue
        if len(options) < 2:
            break
        if options[0] == HOME_ADDRESS_OPTION and len(options) >= 18:
            found.append(IPv6Address(options[2:18]))
        options = options[2 + options[1] :]
    return found
