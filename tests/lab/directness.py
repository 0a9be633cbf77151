# SPDX-License-Identifier: GPL-2.0-or-later
"""Do payload packets of a capture go directly between laptop and correspondent? Counted by us, and by tshark.

Directly means (RFC 6275 sections 6.3 and 6.4): to the laptop's care-of address, with the home address in a type 2
routing header; from the care-of address, with the home address in a Home Address option. Signalling looks like it, and
does not count: payload is TCP and UDP.
"""

import subprocess
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from tests.lab.pcap import frames, sample

TCP, UDP, ROUTING, TUNNEL, DESTINATION_OPTIONS = 6, 17, 43, 41, 60
PADDING_1, HOME_ADDRESS = 0, 201
LINK_HEADER, HEADER = 14, 40

# What tshark is asked for each packet. It gives a field once for each header that has it, outermost first.
FIELDS = ("ipv6.nxt", "ipv6.opt.mipv6.home_address", "ipv6.routing.mipv6.home_address", "ipv6.addr",
          "udp.port", "tcp.port")  # fmt: skip
CHEAPLY = ("-n", "-o", "tcp.analyze_sequence_numbers:false", "-o", "tcp.desegment_tcp_streams:false")


@dataclass(frozen=True)
class Directness:
    """How many payload packets of a home address took which way."""

    to_laptop: int = 0
    from_laptop: int = 0
    tunnelled: int = 0


def ours(file: Path, home: IPv6Address) -> Directness:
    """As we count them."""
    counts = dict.fromkeys(("to_laptop", "from_laptop", "tunnelled"), 0)
    for _, frame in frames(file):
        way = _way(frame[LINK_HEADER:], home.packed) if frame[12:14] == b"\x86\xdd" else ""
        if way:
            counts[way] += 1
    return Directness(**counts)


def _way(packet: bytes, home: bytes) -> str:
    next_header, body = packet[6], packet[HEADER:]
    if next_header == TUNNEL and len(body) >= HEADER:
        return "tunnelled" if body[6] in (TCP, UDP) and home in (body[8:24], body[24:40]) else ""
    way = ""
    while next_header in (ROUTING, DESTINATION_OPTIONS) and len(body) >= 8:
        length = 8 * (body[1] + 1)
        if next_header == ROUTING and body[2] == 2 and body[8:24] == home:
            way = "to_laptop"
        elif next_header == DESTINATION_OPTIONS and home in _home_addresses(body[2:length]):
            way = "from_laptop"
        next_header, body = body[0], body[length:]
    return way if next_header in (TCP, UDP) else ""


def _home_addresses(options: bytes) -> list[bytes]:
    found = []
    while len(options) >= 2:
        if options[0] == PADDING_1:
            options = options[1:]
            continue
        if options[0] == HOME_ADDRESS:
            found.append(options[2:18])
        options = options[2 + options[1] :]
    return found


def of_tshark(file: Path, home: IPv6Address) -> Directness:
    """As tshark counts them. `CalledProcessError` when it cannot read the file."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    command = ["tshark", *CHEAPLY, "-r", str(file), "-Y", "tcp || udp", "-T", "fields", *fields]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    counts = dict.fromkeys(("to_laptop", "from_laptop", "tunnelled"), 0)
    for line in said.splitlines():
        next_headers, in_option, in_routing, addresses, *ports = line.split("\t")
        if not any(ports):
            continue
        if str(TUNNEL) in next_headers.split(","):
            counts["tunnelled"] += str(home) in addresses.split(",")
        elif str(home) in in_routing.split(","):
            counts["to_laptop"] += 1
        elif str(home) in in_option.split(","):
            counts["from_laptop"] += 1
    return Directness(**counts)


def agree(file: Path, home: IPv6Address, of: int = 2000) -> bool:
    """Whether tshark counts what we count among `of` packets, with some of them direct in each direction."""
    chosen = sample(file, of)
    mine = ours(chosen, home)
    return mine.to_laptop > 0 and mine.from_laptop > 0 and mine == of_tshark(chosen, home)
