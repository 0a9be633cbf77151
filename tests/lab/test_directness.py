# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that go directly are told from those in the tunnel and from signalling, as tshark tells them."""

import shutil
import struct
from ipaddress import IPv6Address

import pytest

from tests.lab.directness import Directness, agree, of_tshark, ours
from tests.lab.hostile import (
    BU,
    DESTINATION_OPTIONS,
    IPV6,
    MOBILITY,
    ROUTING,
    checksum,
    home_option,
    ipv6,
    mobility,
    type_2,
    update,
)
from tests.lab.pcap import sample

HOME, CARE_OF, OTHER = (IPv6Address(each) for each in ("2001:db8:1::10", "2001:db8:2::10", "2001:db8:ffff::2"))
NEIGHBOUR = IPv6Address("2001:db8:1::11")
UDP = 17


def datagram(source: IPv6Address, destination: IPv6Address) -> bytes:
    body = struct.pack("!HHHH", 7007, 40000, 12, 0) + b"data"
    return body[:6] + struct.pack("!H", checksum(source, destination, UDP, body)) + body[8:]


TO_LAPTOP = ipv6(OTHER, CARE_OF, ROUTING, type_2(UDP, HOME) + datagram(OTHER, HOME))
FROM_LAPTOP = ipv6(CARE_OF, OTHER, DESTINATION_OPTIONS, home_option(UDP, HOME) + datagram(HOME, OTHER))
TUNNELLED = ipv6("2001:db8:1::1", CARE_OF, IPV6, ipv6(OTHER, HOME, UDP, datagram(OTHER, HOME)))
NOT_COUNTED = (
    ipv6(OTHER, CARE_OF, UDP, datagram(OTHER, CARE_OF)),
    ipv6(OTHER, HOME, UDP, datagram(OTHER, HOME)),
    ipv6(OTHER, CARE_OF, ROUTING, type_2(UDP, NEIGHBOUR) + datagram(OTHER, NEIGHBOUR)),
    ipv6(CARE_OF, OTHER, DESTINATION_OPTIONS, home_option(MOBILITY, HOME) + mobility(BU, update(1), HOME, OTHER)),
)


def capture(tmp_path, *packets: bytes):
    file = tmp_path / "x.pcap"
    data = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for packet in packets:
        frame = bytes(12) + b"\x86\xdd" + packet
        data += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    file.write_bytes(data)
    return file


def test_each_way_is_counted(tmp_path):
    file = capture(tmp_path, TO_LAPTOP, FROM_LAPTOP, FROM_LAPTOP, TUNNELLED, *NOT_COUNTED)
    assert ours(file, HOME) == Directness(to_laptop=1, from_laptop=2, tunnelled=1)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_counts_the_same(tmp_path):
    file = capture(tmp_path, TO_LAPTOP, FROM_LAPTOP, FROM_LAPTOP, TUNNELLED, *NOT_COUNTED)
    assert of_tshark(file, HOME) == ours(file, HOME)
    assert agree(file, HOME)
    assert not agree(capture(tmp_path, FROM_LAPTOP, TUNNELLED), HOME), "nothing went directly to the laptop"


def test_a_sample_is_of_the_whole_capture(tmp_path):
    file = sample(capture(tmp_path, *[TO_LAPTOP] * 50, *[FROM_LAPTOP] * 50), 10)
    assert ours(file, HOME) == Directness(to_laptop=5, from_laptop=5)
    assert ours(sample(capture(tmp_path, TO_LAPTOP), 10), HOME) == Directness(to_laptop=1)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_cut_packets_are_read_as_far_as_they_go(tmp_path, cut):
    packets = [packet[:-cut] for packet in (TO_LAPTOP, FROM_LAPTOP, TUNNELLED)]
    counted = ours(capture(tmp_path, *packets), HOME)
    assert max(counted.to_laptop, counted.from_laptop, counted.tunnelled) <= 1
