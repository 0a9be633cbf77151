# SPDX-License-Identifier: GPL-2.0-or-later
"""A packet may be read before the news of the address it is for."""

from ipaddress import IPv6Address

from mnclient.network.sockets import SignallingSockets
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.packet import Packet, encode_packet

CARE_OF = IPv6Address("2001:db8:2::20")
OTHER = IPv6Address("2001:db8:2::21")


class LateMonitor:
    """Knows of the care-of address only once it has read what is there."""

    def __init__(self) -> None:
        self.local_addresses: dict[bytes, int] = {}
        self.asked = 0

    def link(self, index: int) -> None:
        return None

    def catch_up(self) -> None:
        self.asked += 1
        self.local_addresses[CARE_OF.packed] = 1


def answer_to(destination: IPv6Address) -> bytearray:
    message = BindingAcknowledgement(status=0, sequence=1, lifetime=Seconds(600.0))
    return bytearray(encode_packet(Packet(source=OTHER, destination=destination, message=message)))


def sockets_of(monitor: LateMonitor) -> SignallingSockets:
    sockets = SignallingSockets.__new__(SignallingSockets)  # no real sockets are needed for the question
    sockets._hosts = monitor
    return sockets


def test_an_answer_to_an_address_just_made_is_for_us():
    monitor = LateMonitor()
    sockets = sockets_of(monitor)
    assert sockets._is_for_us(answer_to(CARE_OF))
    assert sockets._is_for_us(answer_to(CARE_OF))
    assert monitor.asked == 1, "what is known needs no asking"


def test_what_is_for_somebody_else_stays_so():
    assert not sockets_of(LateMonitor())._is_for_us(answer_to(OTHER))
