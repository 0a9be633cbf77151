# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.ipv6_extension import DESTINATION_OPTIONS, FRAGMENT, HEADER_SIZE
from mnclient.wire.packet import Packet, encode_packet
from mnclient.wire.signalling import message_type, upper_layer

ADDRESS = IPv6Address("2001:db8::1")
MESSAGE = BindingAcknowledgement(status=0, sequence=7, lifetime=Seconds(4.0))


@pytest.mark.parametrize("home_address", [None, ADDRESS])
@pytest.mark.parametrize("routing_home_address", [None, ADDRESS])
def test_message_is_found_behind_extension_headers(home_address, routing_home_address):
    packet = Packet(
        source=ADDRESS,
        destination=ADDRESS,
        message=MESSAGE,
        home_address=home_address,
        routing_home_address=routing_home_address,
    )
    data = encode_packet(packet)
    protocol, offset = upper_layer(data)
    assert (protocol, message_type(protocol, data[offset:])) == (135, 6)


def test_broken_and_later_pieces_are_told_as_such():
    header = bytes(6) + bytes((DESTINATION_OPTIONS,)) + bytes(33)
    assert upper_layer(header + b"\x87\x05" + bytes(6)) == (DESTINATION_OPTIONS, HEADER_SIZE)
    piece = bytes(6) + bytes((FRAGMENT,)) + bytes(33) + b"\x87\x00\x00\x08" + bytes(12)
    assert upper_layer(piece) == (-1, HEADER_SIZE)


@pytest.mark.parametrize("protocol, payload", [(135, b"\x3b\x01"), (58, b""), (58, b"\x80"), (17, bytes(8))])
def test_what_is_no_signalling_has_no_type(protocol, payload):
    assert message_type(protocol, payload) is None


@given(st.binary(min_size=HEADER_SIZE, max_size=200))
def test_any_octets_are_sorted(data):
    _, offset = upper_layer(data)
    assert HEADER_SIZE <= offset <= len(data)
