# SPDX-License-Identifier: GPL-2.0-or-later
"""The signalling in a capture, read by the program's own decoder: addresses, extension headers and messages."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from mnclient.errors import WireError
from mnclient.wire.packet import Packet, decode_packet
from tests.lab.pcap import frames

ETHERNET = 14  # octets of the header of each frame

M = TypeVar("M")


def packets(file: Path) -> Iterator[tuple[float, Packet]]:
    """Each signalling packet with its instant; whatever else there is is left out."""
    for instant, frame in frames(file):
        try:
            yield instant, decode_packet(frame[ETHERNET:])
        except WireError:
            continue


def of_kind(file: Path, kind: type[M]) -> list[tuple[Packet, M]]:
    """The packets with a message of this kind, in their order."""
    return [(packet, packet.message) for _, packet in packets(file) if isinstance(packet.message, kind)]
