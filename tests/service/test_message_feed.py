# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.wire import return_routability
from mnclient.wire.packet import encode_packet
from service.message_feed import UNREADABLE, logged
from tests.service.samples_of_messages import BA, BROKEN, BU, RA
from tests.service.test_inspector import AGENT, CARE_OF, HOME, plain


def test_binding_update_in_words():
    told = logged((7, 5.5, "wlan0", True, BU))
    assert (told.number, told.time, told.interface, told.outgoing) == (7, 5.5, "wlan0", True)
    assert (told.source, told.destination, told.name) == (CARE_OF, AGENT, "BindingUpdate")
    assert told.packet == BU
    assert told.malformed == ""
    assert told.summary == (
        "home address 2001:db8:1::10  sequence 7, lifetime 600 s, acknowledge, home registration"
        "  [Alternate Care-of Address: address 2001:db8:2::10]"
    )
    fields = dict(told.fields)
    assert fields["home address"] == str(HOME)
    assert fields["sequence"] == "7"
    assert fields["home registration"] == "yes"
    assert fields["key management mobility"] == "no"
    assert fields["option Alternate Care-of Address"] == "address 2001:db8:2::10"


def test_acknowledgement_says_what_its_status_means():
    told = logged((1, 0.0, "", False, BA))
    assert told.name == "BindingAcknowledgement"
    assert dict(told.fields)["status means"] == "accepted"
    assert dict(told.fields)["routed to home address"] == str(HOME)


def test_keygen_token_is_shown():
    """Whoever may read the log gets the packet anyway; docs/dbus.txt says so."""
    message = return_routability.HomeTest(nonce_index=3, cookie=bytes(8), keygen_token=bytes(range(8)))
    told = logged((1, 0.0, "", False, encode_packet(plain(message))))
    assert dict(told.fields)["keygen token"] == "00:01:02:03:04:05:06:07"


def test_malformed_message_says_why():
    told = logged((1, 0.0, "eth0", False, BROKEN))
    assert told.name == "BindingUpdate"
    assert "checksum" in told.malformed
    assert told.summary == f"MALFORMED: {told.malformed}"
    assert told.fields == ()


def test_packet_whose_message_cannot_be_told_has_a_reason():
    told = logged((1, 0.0, "eth0", False, BU[:6] + b"\xfd" + BU[7:]))
    assert told.name == UNREADABLE
    assert told.malformed


@given(st.sampled_from([BU, BA, RA]), st.integers(0, 200), st.binary(max_size=60), st.integers(40, 400))
def test_no_packet_breaks_the_reading(packet, at, octets, length):
    broken = (packet[:at] + octets + packet[at + len(octets) :])[:length]
    told = logged((1, 0.0, "eth0", False, broken.ljust(40, b"\0")))
    assert told.name
    assert isinstance(told.source, IPv6Address)


@pytest.mark.parametrize("packet", [BU, BA, RA])
def test_a_whole_message_is_not_called_malformed(packet):
    assert not logged((1, 0.0, "eth0", False, packet)).malformed
