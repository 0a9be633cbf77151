# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw sockets behind the kernel's policies. Where the kernel has no ESP, nftables play the part of an association that
has decrypted a packet: they mark it."""

from collections import Counter
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.constants import DECRYPTED_MARK
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import PacketReceived
from mnclient.model.network_state import ProtectedSignalling, ProtectedTunnel, TunnelEnd
from mnclient.network.protected_sockets import ProtectedSockets, _home_address_option, _routing_address
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTest, HomeTestInit
from tests.mnclient.engine.associations import association
from tests.mnclient.network.lab import add_address, eventually

AGENT, HOME = IPv6Address("2001:db8:1::1"), IPv6Address("2001:db8:1::100")
CARE_OF, OTHER = IPv6Address("2001:db8:2::5"), IPv6Address("2001:db8:4::1")
MINE = association(HOME, AGENT)
LAPTOP = ProtectedSignalling(end=TunnelEnd.MOBILE_NODE, association=MINE, care_of_address=CARE_OF)
HOST = ProtectedSignalling(end=TunnelEnd.HOME_AGENT, association=MINE)
TUNNEL = ProtectedTunnel(device="mn6tunnel", end=TunnelEnd.MOBILE_NODE, association=MINE, care_of_address=CARE_OF)
FAR_TUNNEL = replace(TUNNEL, end=TunnelEnd.HOME_AGENT)
UPDATE = BindingUpdate(sequence=7, lifetime=Seconds(0.0), acknowledge=True, home_registration=True)
ACKNOWLEDGEMENT = BindingAcknowledgement(status=0, sequence=7, lifetime=Seconds(0.0))
COOKIE = bytes(8)
FAREWELL = Packet(source=HOME, destination=AGENT, message=UPDATE)


def decrypted(host, mark=DECRYPTED_MARK):
    """From now on every Mobility Header that arrives passes for one that an association has decrypted."""
    host.run(
        "nft -f -",
        stdin="table ip6 test { chain prerouting {\n type filter hook prerouting priority -400\n"
        f"meta l4proto 135 meta mark set {mark:#x}\n }}\n}}\n",
    )


class Ends:
    """The two ends of a link, with sockets, and what they hear."""

    def __init__(self, lab):
        self.laptop_host, self.agent_host = (lab.host(detects_duplicates=False) for _ in range(2))
        lab.cable(self.laptop_host, self.agent_host)
        add_address(self.laptop_host, f"{HOME}/64")
        add_address(self.agent_host, f"{AGENT}/64")
        self.laptop_host.run(f"ping -c1 -W3 {AGENT}")
        self.heard, self.counters = [], Counter()
        self.laptop, self.agent = (self.sockets(lab, each) for each in (self.laptop_host, self.agent_host))

    def sockets(self, lab, host):
        made = host.inside(lambda: ProtectedSockets(self.heard.append, self.counters))
        lab.defer(made._close_all)
        return made

    def hears(self):
        def read():
            self.laptop_host.inside(self.laptop.catch_up)
            self.agent_host.inside(self.agent.catch_up)
            return self.heard

        return eventually(read)


@pytest.fixture
def ends(lab):
    return Ends(lab)


@pytest.mark.lab
def test_what_was_decrypted_is_heard_with_the_name_of_its_association(ends):
    decrypted(ends.agent_host)
    ends.agent.protect(HOST)
    ends.laptop.protect(LAPTOP)
    assert ends.laptop_host.inside(
        lambda: ends.laptop.send(SendPacket(packet=FAREWELL, interface="eth0", protection=MINE.protection))
    )
    (event,) = ends.hears()
    assert event == PacketReceived(interface="eth0", packet=FAREWELL, protection=MINE.protection)
    answer = Packet(source=AGENT, destination=HOME, message=ACKNOWLEDGEMENT)
    decrypted(ends.laptop_host)
    assert ends.agent_host.inside(lambda: ends.agent.send(SendPacket(packet=answer, protection=MINE.protection)))
    ends.heard.clear()
    assert ends.hears()[0].packet == answer


@pytest.mark.lab
@pytest.mark.requirement("HA-5.1-01")
def test_what_was_not_decrypted_is_not_heard(ends):
    """Whatever policies there are: the kernel does not find the type of every message."""
    ends.agent.protect(HOST)
    ends.laptop.protect(LAPTOP)
    ends.laptop_host.inside(lambda: ends.laptop.send(SendPacket(packet=FAREWELL, protection=MINE.protection)))
    decrypted(ends.agent_host)
    later = replace(FAREWELL, message=replace(UPDATE, sequence=8))
    ends.laptop_host.inside(lambda: ends.laptop.send(SendPacket(packet=later, protection=MINE.protection)))
    assert [event.packet.message.sequence for event in ends.hears()] == [8]


@pytest.mark.lab
def test_what_waited_from_before_counts_for_nothing(ends):
    decrypted(ends.agent_host)
    ends.laptop.protect(LAPTOP)
    ends.laptop_host.inside(lambda: ends.laptop.send(SendPacket(packet=FAREWELL, protection=MINE.protection)))

    def drained():
        ends.agent.protect(HOST)
        return ends.counters["receive.before-protection"]

    assert eventually(drained) == 1
    assert ends.heard == []


@pytest.mark.lab
@pytest.mark.requirement("MN-5.1-01")
@pytest.mark.parametrize("item", [None, FAR_TUNNEL, replace(LAPTOP, association=association(OTHER, AGENT))])
def test_what_cannot_be_protected_is_not_sent(ends, item):
    if item is not None:
        ends.laptop.protect(item)
    assert not ends.laptop.send(SendPacket(packet=FAREWELL, protection=MINE.protection))
    assert ends.counters == {"send.refused.unprotected": 1}


@pytest.mark.lab
def test_under_another_association_it_is_not_sent_either(ends):
    ends.laptop.protect(LAPTOP)
    other = replace(MINE, spi_out=9999).protection
    assert not ends.laptop.send(SendPacket(packet=FAREWELL, protection=other))
    ends.laptop.give_up(LAPTOP)
    assert not ends.laptop.send(SendPacket(packet=FAREWELL, protection=MINE.protection))


@pytest.mark.lab
def test_what_goes_through_the_tunnel_is_told_from_what_goes_directly(ends):
    test = Packet(source=HOME, destination=OTHER, message=HomeTestInit(cookie=COOKIE))
    assert not ends.laptop.covers(test)
    ends.laptop.protect(TUNNEL)
    assert ends.laptop.covers(test)
    for other in (
        replace(test, source=CARE_OF, message=CareOfTestInit(cookie=COOKIE)),
        Packet(source=CARE_OF, destination=OTHER, message=UPDATE, home_address=HOME),  # for a correspondent
    ):
        assert not ends.laptop.covers(other)


@pytest.mark.lab
def test_a_packet_in_clear_is_a_copy_or_forged_where_it_should_have_come_through_the_tunnel(ends):
    answer = HomeTest(nonce_index=1, cookie=COOKIE, keygen_token=COOKIE)
    event = PacketReceived(interface="eth0", packet=Packet(source=OTHER, destination=HOME, message=answer))
    assert not ends.laptop.is_copy(event)
    ends.laptop.protect(TUNNEL)
    ends.laptop.protect(LAPTOP)
    assert ends.laptop.is_copy(event)
    direct = Packet(source=OTHER, destination=CARE_OF, message=ACKNOWLEDGEMENT, routing_home_address=HOME)
    from_agent = Packet(source=AGENT, destination=HOME, message=ACKNOWLEDGEMENT)  # the engine counts these
    for each in (replace(event, through_tunnel=True), replace(event, packet=direct), replace(event, packet=from_agent)):
        assert not ends.laptop.is_copy(each)


# --- what the kernel says of the headers that are gone ---------------------------------------------------------------


def headers_of(**changes):
    headers = Ipv6Headers(source=CARE_OF, destination=AGENT, next_header=59, payload=b"", **changes)
    return encode_ipv6(headers)[40:]


def test_the_care_of_address_is_where_the_home_address_was():
    assert _home_address_option(headers_of(home_address=CARE_OF)) == CARE_OF
    assert _routing_address(headers_of(routing_home_address=CARE_OF)) == CARE_OF


@given(st.binary(max_size=64))
def test_no_header_is_too_odd(data):
    for found in (_home_address_option(data), _routing_address(data)):
        assert found is None or found.packed in data
