# SPDX-License-Identifier: GPL-2.0-or-later
"""The log keeps what matters, whoever floods the link."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.runtime import message_log
from mnclient.runtime.message_log import MESSAGES, OCTETS, OTHER_MESSAGES, OTHER_OCTETS, ROUTERS, MessageLog
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryRequest
from mnclient.wire.icmpv6 import EchoRequest
from mnclient.wire.mobility_options import UnknownMobilityOption
from mnclient.wire.neighbor_discovery import NeighborSolicitation, RouterAdvertisement, RouterSolicitation
from mnclient.wire.neighbor_options import RouterPreference
from mnclient.wire.packet import Packet, encode_packet

HOST, AGENT, HOME = map(IPv6Address, ("2001:db8:2::10", "2001:db8:1::1", "2001:db8:1::10"))
ROUTER = IPv6Address("fe80::1")
ALL_NODES = IPv6Address("ff02::1")
UPDATE = BindingUpdate(sequence=7, lifetime=Seconds(400.0), acknowledge=True, home_registration=True)
ADVERTISEMENT = RouterAdvertisement(
    hop_limit=64,
    managed=False,
    other=False,
    home_agent=True,
    preference=RouterPreference.MEDIUM,
    router_lifetime=Seconds(1800.0),
    reachable_time=Seconds(0.0),
    retransmit_timer=Seconds(0.0),
)


def octets(message, source=HOST, destination=AGENT, **more) -> bytes:
    return encode_packet(Packet(source=source, destination=destination, message=message, **more))


def update(sequence: int = 7) -> bytes:
    return octets(replace(UPDATE, sequence=sequence), home_address=HOME)


def advertisement(source: IPv6Address = ROUTER, lifetime: float = 1800.0) -> bytes:
    return octets(replace(ADVERTISEMENT, router_lifetime=Seconds(lifetime)), source, ALL_NODES)


def everything(log: MessageLog) -> tuple[message_log.Noted, ...]:
    return log.after(0, 100_000)


def test_entries_come_back_in_order_with_all_that_is_known():
    times = iter((5.0, 6.5))
    log = MessageLog(lambda: next(times))
    log.note("wlan0", True, update())
    log.note("eth0", False, advertisement())
    assert everything(log) == (
        (1, 5.0, "wlan0", True, update()),
        (2, 6.5, "eth0", False, advertisement()),
    )
    assert [each[0] for each in log.after(1, 10)] == [2]
    assert [each[0] for each in log.after(0, 1)] == [1]
    assert log.after(2, 10) == ()


@pytest.mark.parametrize(
    "packet, is_kept",
    [
        (update(), True),
        (octets(HomeAgentAddressDiscoveryRequest(identifier=1)), True),
        (octets(RouterSolicitation(), ROUTER, IPv6Address("ff02::2")), True),
        (octets(NeighborSolicitation(target=HOST), ROUTER, IPv6Address("ff02::1:ff00:10")), False),
        (octets(EchoRequest(identifier=1, sequence=1, data=b"")), False),
        (b"", False),
        (update()[:39], False),
        (bytes(6) + b"\x3a" + bytes(33), False),  # ICMPv6 of no octets
        (bytes(6) + b"\x2c" + bytes(33), False),  # a fragment header that is not there
        (bytes(6) + b"\x11" + bytes(60), False),  # UDP
    ],
)
def test_only_signalling_is_kept(packet, is_kept):
    log = MessageLog()
    log.note("eth0", False, packet)
    assert bool(everything(log)) is is_kept


def test_number_of_messages_is_bounded():
    log = MessageLog()
    for sequence in range(MESSAGES + 10):
        log.note("eth0", True, update(sequence))
    assert [each[0] for each in everything(log)] == list(range(11, MESSAGES + 11))


def test_octets_are_bounded():
    log = MessageLog()
    large = octets(replace(UPDATE, options=tuple(UnknownMobilityOption(type=200, data=bytes(250)) for _ in range(8))))
    for _ in range(MESSAGES):
        log.note("eth0", False, large)
    kept = everything(log)
    assert OCTETS - len(large) < sum(len(each[4]) for each in kept) <= OCTETS
    assert kept[-1][0] == MESSAGES
    for _ in range(10):
        log.note("eth0", False, bytes(20_000), True)
    assert sum(len(each[4]) for each in everything(log)) <= OCTETS + OTHER_OCTETS


def test_repeated_advertisement_is_kept_once_and_a_changed_one_again():
    log = MessageLog()
    for lifetime in (1800.0, 1800.0, 0.0, 0.0, 1800.0):
        log.note("eth0", False, advertisement(lifetime=lifetime))
    log.note("wlan0", False, advertisement())  # the same router on another link
    assert [each[0] for each in everything(log)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "flood",
    [
        lambda n: (advertisement(IPv6Address(f"fe80::{n:x}")), False),
        lambda n: (advertisement(lifetime=float(n)), False),
        lambda n: (octets(RouterSolicitation(), IPv6Address(f"fe80::{n:x}"), IPv6Address("ff02::2")), False),
        lambda n: (update(n)[:-1] + b"\xff", True),
    ],
)
def test_flood_does_not_push_signalling_out(flood):
    log = MessageLog()
    log.note("eth0", True, update())
    for number in range(1, 5001):
        packet, malformed = flood(number)
        log.note("eth0", False, packet, malformed)
    kept = everything(log)
    assert kept[0][4] == update()
    assert len(kept) == 1 + OTHER_MESSAGES
    assert len(log._last_advertisements) <= ROUTERS


def test_listener_hears_of_each_new_entry_and_of_nothing_else():
    log = MessageLog()
    heard = []
    log.listener = lambda: heard.append(len(everything(log)))
    log.note("eth0", True, update())
    log.note("eth0", False, advertisement())
    log.note("eth0", False, advertisement())
    log.note("eth0", False, octets(EchoRequest(identifier=1, sequence=1, data=b"")))
    assert heard == [1, 2]
