# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers to what the decoder refused (RFC 6275 sections 9.2 and 9.3.3)."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import MalformedReceived
from mnclient.engine.malformed import MalformedAnswers
from mnclient.errors import WireFault
from mnclient.units import Instant
from mnclient.wire.binding import BindingError
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.packet import encode_packet

OURS = IPv6Address("2001:db8:1::1")
SENDER = IPv6Address("2001:db8:2::5")
HOME = IPv6Address("2001:db8:1::100")
NOW = Instant(50.0)


def malformed(fault: WireFault, **changes) -> MalformedReceived:
    values = {
        "interface": "eth0",
        "source": SENDER,
        "destination": OURS,
        "fault": fault,
        "pointer": 40,
        "original": bytes(48),
        "is_mobility_header": True,
    }
    return MalformedReceived(**{**values, **changes})


def answer(event: MalformedReceived):
    (sent,) = MalformedAnswers().answer(event, NOW)
    return sent


@pytest.mark.requirement("ALL-9.2-02", "ALL-9.3.3-02")
@pytest.mark.parametrize("home_address, copied", [(None, "::"), (HOME, str(HOME)), (IPv6Address("ff02::1"), "ff02::1")])
def test_an_unknown_type_is_answered_with_the_home_address_as_it_came(home_address, copied):
    sent = answer(malformed(WireFault.UNKNOWN_TYPE, home_address=home_address))
    assert sent.packet.message == BindingError(status=2, home_address=IPv6Address(copied))
    assert (sent.packet.source, sent.packet.destination) == (OURS, SENDER)
    assert (sent.packet.home_address, sent.packet.routing_home_address, sent.interface) == (None, None, None)


@pytest.mark.requirement("ALL-9.2-05")
@pytest.mark.parametrize("fault", [WireFault.BAD_PAYLOAD_PROTO, WireFault.BAD_HEADER_LENGTH])
def test_a_wrong_field_is_pointed_at(fault):
    sent = answer(malformed(fault, pointer=41, original=b"x" * 1500, home_address=HOME))
    assert sent.packet.message == ParameterProblem(code=0, pointer=41, packet=b"x" * 1232)
    assert sent.packet.destination == SENDER
    assert sent.packet.routing_home_address is None
    assert len(encode_packet(sent.packet)) == 1280


def test_a_neighbour_is_answered_on_its_link():
    sent = answer(malformed(WireFault.UNKNOWN_TYPE, source=IPv6Address("fe80::7")))
    assert sent.interface == "eth0"


@pytest.mark.requirement("ALL-9.3.3-01")
@pytest.mark.parametrize("source", ["::", "::1", "ff02::1", "ff0e::7"])
def test_nobody_is_told_at_an_address_that_is_not_one_nodes(source):
    assert MalformedAnswers().answer(malformed(WireFault.UNKNOWN_TYPE, source=IPv6Address(source)), NOW) == []


def test_a_group_is_not_spoken_for():
    assert MalformedAnswers().answer(malformed(WireFault.UNKNOWN_TYPE, destination=IPv6Address("ff02::1")), NOW) == []


@pytest.mark.requirement("ALL-9.2-01")
def test_a_wrong_checksum_is_not_answered():
    assert MalformedAnswers().answer(malformed(WireFault.BAD_CHECKSUM), NOW) == []


@pytest.mark.parametrize("fault", [WireFault.TRUNCATED, WireFault.BAD_OPTION, WireFault.BAD_VALUE])
def test_nor_are_other_faults(fault):
    assert MalformedAnswers().answer(malformed(fault), NOW) == []


@pytest.mark.parametrize("fault", list(WireFault))
def test_what_is_no_mobility_header_is_the_business_of_others(fault):
    assert MalformedAnswers().answer(malformed(fault, is_mobility_header=False), NOW) == []


@pytest.mark.requirement("ALL-9.3.3-03")
def test_answers_are_limited_to_ten_a_second():
    answers = MalformedAnswers()
    faults = [WireFault.UNKNOWN_TYPE, WireFault.BAD_PAYLOAD_PROTO]
    sent = [answers.answer(malformed(faults[turn % 2]), Instant(NOW + turn / 1000)) for turn in range(100)]
    assert sum(map(len, sent)) == 10
    assert answers.answer(malformed(faults[0]), Instant(NOW + 1.0))
