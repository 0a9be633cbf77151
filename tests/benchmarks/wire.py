# SPDX-License-Identifier: GPL-2.0-or-later
"""What passed the laptop's interface, from a capture: signalling and Neighbor Discovery, with instants and sizes.

Read by eyes of our own: neither the product's codec nor scapy, which takes half a millisecond for a packet.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.lab.pcap import frames

SIGNALLING = ("BRR", "HoTI", "CoTI", "HoT", "CoT", "BU", "BA", "BE")
DISCOVERY = {
    130: "MLD",
    131: "MLD",
    132: "MLD",
    133: "RS",
    134: "RA",
    135: "NS",
    136: "NA",
    137: "Redirect",
    143: "MLD",
}
ROUTING, MOBILITY, ICMPV6, DESTINATION_OPTIONS, HOP_BY_HOP, IPV6 = 43, 135, 58, 60, 0, 41

# Everything above and nothing else: payload would make a large file. Offsets are into the IPv6 header, and behind it.
FILTER = (
    "ip6 and (icmp6 or ip6[6]=0 or ip6[6]=135 or ((ip6[6]=60 or ip6[6]=43) and (ip6[40]=135 or ip6[64]=135))"
    " or (ip6[6]=41 and ip6[46]=135))"
)


@dataclass(frozen=True)
class Seen:
    """One packet. `octets` from the outermost IPv6 header on; `kind` is the message's name, "" for none of ours."""

    instant: float
    source_mac: bytes
    kind: str
    octets: int
    tunnelled: bool = False


def read(file: Path, clock: float) -> list[Seen]:
    """All packets of a capture; `clock` is what is added to its time of day to have the lab's clock."""
    return [
        Seen(instant + clock, frame[6:12], *_kind(frame[14:]))
        for instant, frame in frames(file)
        if frame[12:14] == b"\x86\xdd"
    ]


def _kind(packet: bytes) -> tuple[str, int, bool]:
    octets, tunnelled = len(packet), False
    next_header, body = packet[6], packet[40:]
    while next_header in (HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS, IPV6) and len(body) >= 40 - 16:
        if next_header == IPV6:
            next_header, body, tunnelled = body[6], body[40:], True
        else:
            next_header, body = body[0], body[8 * (body[1] + 1) :]
    name = ""
    if next_header == MOBILITY and len(body) > 2:
        name = SIGNALLING[body[2]] if body[2] < len(SIGNALLING) else ""
    elif next_header == ICMPV6 and body:
        name = DISCOVERY.get(body[0], "")
    return name, octets, tunnelled
