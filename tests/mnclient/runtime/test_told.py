# SPDX-License-Identifier: GPL-2.0-or-later
import logging
from ipaddress import IPv6Address

import pytest

from mnclient.debugging import Category, switch
from mnclient.engine.actions import Note, PublishStatus, SendPacket, SetNetworkState
from mnclient.engine.events import DeadlineReached, LinkRemoved, MalformedReceived, PacketReceived
from mnclient.errors import WireFault
from mnclient.model.network_state import EMPTY
from mnclient.runtime.told import tell
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import HomeTest

A, B, H = (IPv6Address(f"2001:db8::{each}") for each in "abc")
TOKEN = b"TOPSECRE"
TEST = Packet(
    source=A, destination=B, message=HomeTest(nonce_index=1, cookie=TOKEN, keygen_token=TOKEN), home_address=H
)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO)
    caplog.handler.setLevel(logging.DEBUG)
    yield lambda *on: switch({each: each in on for each in Category}) or caplog
    switch(dict.fromkeys(Category, False))


def test_messages_without_their_secrets(log):
    caplog = log(Category.SIGNALLING)
    tell(PacketReceived(interface="eth0", packet=TEST), [SendPacket(packet=TEST, interface="wlan0"), PublishStatus()])
    assert caplog.messages == [
        f"heard on eth0: HomeTest {A} -> {B}, home address {H}",
        f"sent on wlan0: HomeTest {A} -> {B}, home address {H}",
    ]
    assert TOKEN.decode() not in caplog.text
    assert TOKEN.hex() not in caplog.text


def test_what_cannot_be_read(log):
    caplog = log(Category.SIGNALLING)
    fault = next(iter(WireFault))
    tell(MalformedReceived(interface="eth0", source=A, destination=B, fault=fault, pointer=7, original=b"\n\x1b"), [])
    assert caplog.messages == [f"malformed on eth0: {fault.value} at octet 7, {A} -> {B}"]


def test_events_and_what_is_wanted_then(log):
    caplog = log(Category.EVENTS)
    tell(LinkRemoved(interface="eth0"), [SetNetworkState(owner="home-agent", state=EMPTY), Note(kind="a", text="b")])
    tell(DeadlineReached(), [])
    assert caplog.messages == [
        "LinkRemoved eth0 -> SetNetworkState home-agent (nothing), Note a",
        "DeadlineReached",
    ]


def test_nothing_while_nobody_wants_to_know(log):
    caplog = log()
    tell(PacketReceived(interface="eth0", packet=TEST), [SendPacket(packet=TEST)])
    assert caplog.messages == []
