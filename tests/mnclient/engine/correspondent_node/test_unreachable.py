# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMPv6 Destination Unreachable about packets sent by a binding (RFC 6275 section 9.3.4)."""

import pytest

from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.engine.correspondent_node.unreachable import FEWEST, LONGEST_PAUSE, PERSISTENCE, undelivered
from mnclient.wire.icmpv6 import DestinationUnreachable
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6
from mnclient.wire.packet import Packet
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    HOME,
    HOME_2,
    OURS,
    OURS_2,
    Mobile,
    Script,
)

UDP = 17


def sent(source=OURS, care_of=CARE_OF, home=HOME, own=None) -> bytes:
    """A packet of payload as it left: with a type 2 routing header, and an option if we are mobile ourselves."""
    return encode_ipv6(
        Ipv6Headers(
            source=source, destination=care_of, next_header=UDP, payload=bytes(8), routing_home_address=home,
            home_address=own,
        )
    )  # fmt: skip


def came_back(script: Script, packet: bytes, code: int = 3) -> list:
    router = OURS_2
    message = DestinationUnreachable(code=code, packet=packet)
    return script.receive(Packet(source=router, destination=OURS, message=message))


def errors(script: Script, packet: bytes, seconds: float, every: float = 1.0, code: int = 3) -> None:
    for _ in range(int(seconds / every)):
        came_back(script, packet, code)
        script.advance(every)


@pytest.fixture
def bound() -> Script:
    script = Script()
    Mobile(script).register(420.0)
    return script


@pytest.mark.requirement("CN-9.3.4-01")
@pytest.mark.parametrize("code", [0, 1, 2, 3, 5, 6])
def test_only_errors_that_go_on_end_a_binding(bound, code):
    errors(bound, sent(), PERSISTENCE - 1.0, code=code)
    assert bound.bound() == {HOME: CARE_OF}
    errors(bound, sent(), 3.0, code=code)
    assert bound.bound() == {}
    assert bound.role.counters()["correspondent.binding.unreachable"] == 1
    assert [owner for owner in bound.desired if str(HOME) in owner] == []


@pytest.mark.requirement("CN-9.3.4-01")
def test_what_is_not_persistent_changes_nothing(bound):
    for _ in range(1000):
        came_back(bound, sent())  # a burst
    for _ in range(FEWEST - 2):
        came_back(bound, sent())
        bound.advance(LONGEST_PAUSE / 2)
    assert bound.bound() == {HOME: CARE_OF}, "too few"
    for _ in range(20):
        bound.advance(LONGEST_PAUSE + 0.1)
        came_back(bound, sent())
    assert bound.bound() == {HOME: CARE_OF}, "with pauses in which something may have got through"


@pytest.mark.requirement("CN-9.3.4-01")
@pytest.mark.parametrize(
    "packet, code",
    [
        (sent(care_of=CARE_OF_2), 3),  # an old or invented care-of address
        (sent(home=HOME_2), 3),
        (sent(source=OURS_2), 3),
        (sent(), 4),  # delivered: only nobody listens on the port
        (encode_ipv6(Ipv6Headers(source=OURS, destination=CARE_OF, next_header=UDP, payload=bytes(40))), 3),
        (encode_ipv6(Ipv6Headers(source=OURS, destination=HOME, next_header=UDP, payload=bytes(40))), 3),
        (sent()[:63], 3),
        (b"", 3),
        (bytes(100), 3),
    ],
)
def test_errors_about_other_packets_mean_nothing(bound, packet, code):
    errors(bound, packet, 5 * PERSISTENCE, code=code)
    assert bound.bound() == {HOME: CARE_OF}


def test_a_renewed_binding_begins_anew():
    script = Script()
    mobile = Mobile(script)
    mobile.register(420.0)
    for _ in range(4):
        errors(script, sent(), PERSISTENCE - 1.0)
        mobile.register(420.0)
    assert script.bound() == {HOME: CARE_OF}


def test_after_a_move_errors_about_the_last_network_are_late_news():
    script = Script()
    mobile = Mobile(script)
    mobile.register(420.0)
    errors(script, sent(), PERSISTENCE - 1.0)
    mobile.care_of = CARE_OF_2
    mobile.register(420.0)
    errors(script, sent(), 3 * PERSISTENCE)
    assert script.bound() == {HOME: CARE_OF_2}
    errors(script, sent(care_of=CARE_OF_2), PERSISTENCE + 2.0)
    assert script.bound() == {}


def test_a_packet_of_ours_with_both_headers_is_known_again():
    found = undelivered(DestinationUnreachable(code=3, packet=sent(source=CARE_OF_2, own=OURS)))
    assert found is not None
    assert (found.pair, found.care_of_address) == (Pair(OURS, HOME), CARE_OF)


@pytest.mark.parametrize("length", range(0, 70, 7))
def test_what_is_cut_short_is_no_error_of_ours(length):
    assert undelivered(DestinationUnreachable(code=3, packet=bytes(length))) is None
    assert (undelivered(DestinationUnreachable(code=3, packet=sent()[:length])) is not None) is (length >= 64)
