# SPDX-License-Identifier: GPL-2.0-or-later
"""IPsec by hand, for packets with a Home Address option or a type 2 routing header.

States and policies are made by `ip`, and integrity check values made again by the formulas (RFC 4302 section 3.3.3, RFC
4303 section 2.8, RFC 6275 sections 9.3.1, 9.3.2 and 11.3.2).
"""

import hmac
from ipaddress import IPv6Address

from mnclient.constants import XFRM_REQID
from tests.lab.hostile import DESTINATION_OPTIONS
from tests.lab.node import Node

KEY = bytes(range(20))
ICV = 12  # octets of HMAC-SHA1-96
AH, ESP = 51, 50
PRIORITY = 10  # before ours: the person's own policy

OPTION, ROUTING_HEADER = "hao", "route2"


def as_received(packet: bytes) -> bytes:
    """The IPv6 packet as AH has it at both ends: mutable fields zero, the home address where the care-of address is.

    With a Home Address option the source holds the home address and the option the care-of address; with a type 2
    routing header the destination holds the home address, the header the care-of address, and Segments Left is 0.
    """
    view = bytearray(packet)
    view[0:4] = bytes((0x60, 0, 0, 0))
    view[7] = 0
    at, next_header = 40, packet[6]
    while next_header in (43, DESTINATION_OPTIONS):
        if next_header == 43:
            view[24:40], view[at + 8 : at + 24] = packet[at + 8 : at + 24], packet[24:40]
            view[at + 3] = 0
        elif packet[at + 6] == 201:
            view[8:24], view[at + 8 : at + 24] = packet[at + 8 : at + 24], packet[8:24]
        next_header, at = packet[at], at + 8 * (packet[at + 1] + 1)
    assert next_header == AH
    view[at + 12 : at + 12 + ICV] = bytes(ICV)
    return bytes(view)


def as_on_the_wire(packet: bytes) -> bytes:
    """The same with the addresses as they travel: what a node that knows nothing of Mobile IPv6 would cover."""
    at = 40 + 24
    view = bytearray(packet[:at] + packet[at : at + 12] + bytes(ICV) + packet[at + 12 + ICV :])
    view[0:4], view[7] = bytes((0x60, 0, 0, 0)), 0
    return bytes(view)


def check_value(covered: bytes) -> bytes:
    """HMAC-SHA1-96."""
    return hmac.digest(KEY, covered, "sha1")[:ICV]


def check_value_in(packet: bytes) -> bytes:
    """The one that a packet with one extension header before AH carries."""
    return packet[40 + 24 + 12 : 40 + 24 + 12 + ICV]


def add_state(node: Node, kind: str, source: IPv6Address, destination: IPv6Address, spi: int) -> None:
    """A state of AH or ESP (without encryption) in transport mode."""
    encryption = ["enc", "ecb(cipher_null)", ""] if kind == "esp" else []
    node.run(
        ["ip", "xfrm", "state", "add", "src", str(source), "dst", str(destination), "proto", kind, "spi", str(spi),
         "mode", "transport", "auth", "hmac(sha1)", f"0x{KEY.hex()}", *encryption]
    )  # fmt: skip


def add_policy(
    node: Node, direction: str, kind: str, header: str, source: IPv6Address, destination: IPv6Address, port: int
) -> None:
    """UDP to a port needs AH or ESP; and the header of route optimisation, which incoming packets may lack.

    The order is the kernel's: what is nearest to the payload comes first on the way in, and AH last on the way out,
    because it covers the header as well.
    """
    ends = ["src", str(source), "dst", str(destination)]
    secure = ["tmpl", *ends, "proto", kind, "mode", "transport"]
    any_ends = ends if direction == "out" else ["src", "::", "dst", "::"]
    level = ["level", "use"] if direction == "in" else []
    moved = ["tmpl", *any_ends, "proto", header, "reqid", str(XFRM_REQID), "mode", "ro", *level]
    covered_last = direction == "out" and kind == "ah"
    templates = [*moved, *secure] if covered_last else [*secure, *moved]
    node.run(
        ["ip", "xfrm", "policy", "add", *ends, "proto", "udp", "dport", str(port), "dir", direction,
         "priority", str(PRIORITY), *templates]
    )  # fmt: skip


def remove_all(node: Node) -> None:
    """Every state and policy of this kind; ours stay."""
    for kind in ("ah", "esp"):
        node.run(["ip", "xfrm", "state", "deleteall", "proto", kind], check=False)
    node.run(["ip", "xfrm", "policy", "deleteall", "priority", str(PRIORITY)], check=False)
