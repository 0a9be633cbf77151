# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages are told from a capture, whatever they are wrapped in."""

import struct

import pytest

from tests.benchmarks.wire import Seen, read
from tests.lab.hostile import (
    BA,
    BU,
    DESTINATION_OPTIONS,
    HOTI,
    ICMPV6,
    IPV6,
    MOBILITY,
    ROUTING,
    acknowledgement,
    advertisement,
    home_option,
    icmpv6,
    ipv6,
    mobility,
    type_2,
    update,
)

ME, YOU, HOME = "2001:db8:2::10", "2001:db8:1::1", "2001:db8:1::10"
MAC = bytes.fromhex("020000000010")

BINDING_UPDATE = home_option(MOBILITY, HOME) + mobility(BU, update(1), HOME, YOU)
PACKETS = {
    "BU": ipv6(ME, YOU, DESTINATION_OPTIONS, BINDING_UPDATE),
    "BA": ipv6(YOU, ME, ROUTING, type_2(MOBILITY, HOME) + mobility(BA, acknowledgement(0, 1), YOU, HOME)),
    "RA": ipv6(YOU, ME, ICMPV6, icmpv6(134, 0, advertisement(), YOU, ME)),
    "": ipv6(ME, YOU, 17, bytes(20)),
}


def capture(tmp_path, order: str, magic: int, fraction: int, *packets: bytes):
    file = tmp_path / "x.pcap"
    data = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 65535, 1)
    for number, packet in enumerate(packets):
        frame = bytes(6) + MAC + b"\x86\xdd" + packet
        data += struct.pack(f"{order}IIII", 100 + number, fraction, len(frame), len(frame)) + frame
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("name", PACKETS)
def test_a_message_has_its_name_and_size(tmp_path, name):
    packet = PACKETS[name]
    (seen,) = read(capture(tmp_path, "<", 0xA1B2C3D4, 500_000, packet), clock=-90.0)
    assert seen == Seen(instant=10.5, source_mac=MAC, kind=name, octets=len(packet), tunnelled=False)


def test_a_message_in_the_tunnel_counts_with_its_outer_header(tmp_path):
    inner = ipv6(HOME, YOU, MOBILITY, mobility(HOTI, bytes(10), HOME, YOU))
    file = capture(tmp_path, ">", 0xA1B23C4D, 250_000_000, ipv6(ME, YOU, IPV6, inner), PACKETS["BU"])
    seen = read(file, clock=0.0)
    assert [(each.kind, each.tunnelled, each.instant) for each in seen] == [
        ("HoTI", True, 100.25),
        ("BU", False, 101.25),
    ]
    assert seen[0].octets == len(inner) + 40


def test_half_a_packet_at_the_end_is_left_out(tmp_path):
    file = capture(tmp_path, "<", 0xA1B2C3D4, 0, PACKETS["BU"])
    file.write_bytes(file.read_bytes() + bytes(7))
    assert len(read(file, clock=0.0)) == 1
