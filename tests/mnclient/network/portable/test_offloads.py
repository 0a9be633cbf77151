# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as a kernel hands them out before a network card has seen them; scapy is the second opinion."""

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

from mnclient.network.portable.offloads import finished, is_unfinished
from tests.mnclient.network.portable.unfinished import put_off

SOURCE, DESTINATION = "2001:db8:1::10", "2001:db8:4::1"
OCTETS = bytes(range(256)) * 40


def packet(upper, payload: bytes) -> bytes:
    return bytes(IPv6(src=SOURCE, dst=DESTINATION) / upper / payload)


@pytest.mark.parametrize("length", [0, 1, 2, 1111, 1400])
@pytest.mark.parametrize("upper", [UDP(sport=7, dport=9), TCP(sport=7, dport=9, seq=5, flags="PA")], ids=["udp", "tcp"])
@pytest.mark.parametrize("forwarded", [False, True])
def test_a_checksum_that_was_put_off_is_made_up_for(upper, length, forwarded):
    whole = packet(upper, OCTETS[:length])
    assert not is_unfinished(whole)
    if length < 1200:
        assert list(finished(put_off(whole), forwarded=forwarded)) == [whole]
    assert is_unfinished(put_off(whole))
    assert list(finished(put_off(whole), forwarded=False)) == [whole]
    assert list(finished(whole, forwarded=False)) == [whole], "to do it twice does no harm"


def test_a_checksum_of_zero_is_sent_as_ones():
    """RFC 8200 section 8.1: zero would mean that there is none."""
    free = put_off(packet(UDP(sport=0, dport=0), b""))
    (made,) = finished(free, forwarded=True)
    sport = int.from_bytes(made[46:48])  # with this in it, the sum of all is 0xffff and the checksum 0
    (made,) = finished(put_off(packet(UDP(sport=sport, dport=0), b"")), forwarded=True)
    assert made[46:48] == b"\xff\xff"


@pytest.mark.parametrize(
    "options", [[], [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]], ids=["bare", "stamped"]
)
@pytest.mark.parametrize("first", [1, 0xFFFFF000], ids=["low", "wraps"])
def test_joined_segments_that_are_forwarded_are_parted_again(options, first):
    whole = packet(TCP(sport=7, dport=9, seq=first, ack=3, flags="FPAC", options=options), OCTETS)
    parts = [IPv6(each) for each in finished(put_off(whole), forwarded=True)]
    assert b"".join(bytes(each[TCP].payload) for each in parts) == OCTETS
    header = len(bytes(parts[0])) - len(parts[0][TCP].payload)
    expected, sequence = [], first
    for number, each in enumerate(parts):
        flags = ("C" if number == 0 else "") + "A" + ("FP" if number == len(parts) - 1 else "")
        data = bytes(each[TCP].payload)
        expected.append(packet(TCP(sport=7, dport=9, seq=sequence, ack=3, flags=flags, options=options), data))
        sequence = (sequence + len(data)) & 0xFFFFFFFF
        assert len(data) == 1280 - header or number == len(parts) - 1
    assert [bytes(each) for each in parts] == expected


def test_what_has_no_room_for_a_tcp_header_goes_nowhere():
    whole = bytearray(put_off(packet(TCP(sport=7, dport=9, dataofs=15), OCTETS)))
    for nonsense in (0x00, 0x40):
        whole[52] = nonsense
        assert list(finished(bytes(whole), forwarded=True)) == []


@pytest.mark.parametrize(
    "short", [put_off(packet(UDP(), b""))[:47], packet(TCP(), b"")[:41], packet(ICMPv6EchoRequest(), b"")]
)
def test_what_is_too_short_or_something_else_is_left_alone(short):
    assert not is_unfinished(short)
