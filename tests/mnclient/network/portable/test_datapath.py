# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels between a mobile node and its home agent, with a router in between."""

import hashlib
import os
import socket
import threading
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import NetworkStateFailed, PacketReceived, PayloadReceived
from mnclient.network.portable.datapath import _may_be_tunnelled
from mnclient.wire.icmpv6 import EchoRequest
from mnclient.wire.packet import Packet
from tests.mnclient.network.lab import Lab, add_address, eventually
from tests.mnclient.network.portable.unfinished import put_off
from tests.mnclient.network.tunnel_hosts import (
    AGENT,
    AT_AGENT,
    AT_MOBILE,
    CARE_OF,
    CORRESPONDENT,
    HOME,
    OLD_CARE_OF,
    OTHER_HOME,
    Hosts,
)

pytestmark = pytest.mark.lab


@pytest.fixture
def hosts(lab: Lab, monkeypatch) -> Hosts:
    monkeypatch.setattr("mnclient.network.portable.held.HELD_FOR", 60.0)  # not too short for a busy machine
    return Hosts.build(lab, "portable")


def test_hop_limits_count_the_tunnel_as_one_link(hosts):
    at_home, correspondent = hosts.ends()
    for each in (at_home, correspondent):
        each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 64)
    at_home.sendto(b"x", correspondent.getsockname())
    assert int.from_bytes(correspondent.recvmsg(10, 100)[1][0][2], "little") == 64
    correspondent.sendto(b"x", at_home.getsockname())
    assert int.from_bytes(at_home.recvmsg(10, 100)[1][0][2], "little") == 64


def test_packets_are_held_while_there_is_no_tunnel(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile()
    for number in range(20):
        at_home.sendto(b"%d" % number, correspondent.getsockname())
    eventually(lambda: hosts.mobile_node.counters().get("tunnel.out.held") == 20)
    hosts.set_mobile(AT_MOBILE)
    assert [correspondent.recv(10) for _ in range(20)] == [b"%d" % number for number in range(20)]


def test_a_bounded_number_is_held_and_the_newest_are_sent(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile()
    for number in range(600):
        at_home.sendto(b"%d" % number, correspondent.getsockname())
        if number % 50 == 0:
            eventually(lambda done=number + 1: hosts.mobile_node.counters().get("tunnel.out.held") == done)
    eventually(lambda: hosts.mobile_node.counters().get("tunnel.out.held") == 600)
    assert hosts.mobile_node.counters()["tunnel.out.held-lost"] == 600 - 512
    hosts.set_mobile(AT_MOBILE)
    assert correspondent.recv(10) == b"88"


def test_the_first_payload_after_each_change_of_the_ends_is_reported_once(hosts):
    at_home, correspondent = hosts.ends()

    def deliver() -> int:
        for _ in range(3):
            correspondent.sendto(b"x", at_home.getsockname())
            at_home.recv(10)
        return len([event for event in hosts.mobile_node.events if isinstance(event, PayloadReceived)])

    assert deliver() == 1
    hosts.set_mobile(replace(AT_MOBILE, accept_local=(OLD_CARE_OF,)))
    assert deliver() == 1, "only the acceptance of an old address changed"
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF, accept_local=(CARE_OF,)))
    assert deliver() == 2


def test_packets_to_an_old_care_of_address_are_still_accepted(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF, accept_local=(CARE_OF,)))
    correspondent.sendto(b"late", at_home.getsockname())
    assert at_home.recv(10) == b"late"
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF))
    correspondent.sendto(b"too late", at_home.getsockname())
    eventually(lambda: hosts.mobile_node.counters().get("tunnel.in.stranger") == 1)


@pytest.mark.requirement("HA-10.4.5-01")
def test_the_agent_forwards_only_from_the_registered_care_of_address(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF))
    at_home.sendto(b"x", correspondent.getsockname())
    eventually(lambda: hosts.agent_node.counters().get("tunnel.in.stranger") == 1)
    hosts.set_mobile(replace(AT_MOBILE))
    at_home.sendto(b"good", correspondent.getsockname())
    assert correspondent.recv(10) == b"good"


def test_the_agent_forwards_from_the_care_of_address_of_before_while_told_to(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF, accept_local=(CARE_OF,)))
    hosts.set_agent(replace(AT_AGENT, accept_remote=(OLD_CARE_OF,)))
    at_home.sendto(b"from before", correspondent.getsockname())
    assert correspondent.recv(20) == b"from before"
    correspondent.sendto(b"to the new one", at_home.getsockname())
    assert at_home.recv(20) == b"to the new one"
    hosts.set_agent(AT_AGENT)
    at_home.sendto(b"x", correspondent.getsockname())
    eventually(lambda: hosts.agent_node.counters().get("tunnel.in.stranger") == 1)


def test_the_agent_forwards_only_for_the_home_address_of_that_care_of_address(hosts):
    at_home, correspondent = hosts.ends()
    other = replace(AT_AGENT, home_address=OTHER_HOME, remote=OLD_CARE_OF)
    hosts.set_agent(replace(AT_AGENT, home_address=OTHER_HOME), replace(AT_AGENT, remote=OLD_CARE_OF))
    at_home.sendto(b"x", correspondent.getsockname())
    eventually(lambda: hosts.agent_node.counters().get("tunnel.in.not-home-address") == 1)
    hosts.set_agent(AT_AGENT, replace(other, remote=CARE_OF))
    at_home.sendto(b"good", correspondent.getsockname())
    assert correspondent.recv(10) == b"good"


@pytest.mark.requirement("MN-11.3.3-01")
def test_the_mobile_node_accepts_only_from_its_home_agent(hosts):
    at_home, correspondent = hosts.ends()
    add_address(hosts.agent, "2001:db8:3::66/64")
    hosts.set_agent(replace(AT_AGENT, local=IPv6Address("2001:db8:3::66")))
    correspondent.sendto(b"x", at_home.getsockname())
    eventually(lambda: hosts.mobile_node.counters().get("tunnel.in.stranger") == 1)
    hosts.set_agent(AT_AGENT)
    correspondent.sendto(b"good", at_home.getsockname())
    assert at_home.recv(10) == b"good"


@pytest.mark.parametrize("mtu", [1500, 1400, 1300, 1280])
@pytest.mark.parametrize("uploading", [True, False], ids=["upload", "download"])
@pytest.mark.parametrize("beyond_the_router", [True, False], ids=["far", "near"])
def test_tcp_never_stalls_whatever_the_path_takes(hosts, mtu, uploading, beyond_the_router):
    hosts.narrow(mtu, beyond_the_router=beyond_the_router)
    amount = 1_000_000
    blob = os.urandom(amount)
    listener = hosts.lab.socket(hosts.agent, str(CORRESPONDENT), socket.SOCK_STREAM)
    listener.listen(1)
    client = hosts.lab.socket(hosts.mobile, str(HOME), socket.SOCK_STREAM)
    client.connect(listener.getsockname()[:2])
    server, _ = listener.accept()
    hosts.lab.defer(server.close)
    sender, receiver = (client, server) if uploading else (server, client)
    receiver.settimeout(5)
    sender.settimeout(None)
    thread = threading.Thread(target=sender.sendall, args=(blob,), daemon=True)
    thread.start()
    digest, length = hashlib.sha256(), 0
    while length < amount:
        part = receiver.recv(65536)
        assert part
        digest.update(part)
        length += len(part)
    thread.join()
    assert digest.digest() == hashlib.sha256(blob).digest()
    counters = (hosts.mobile_node if uploading else hosts.agent_node).counters()
    assert bool(counters.get("tunnel.out.too-big")) == (mtu < 1500)
    assert not hosts.mobile_node.heard(NetworkStateFailed)


def test_a_packet_of_the_minimum_mtu_always_gets_through(hosts):
    hosts.narrow(1280, beyond_the_router=True)
    hosts.narrow(1280, beyond_the_router=False)
    at_home, correspondent = hosts.ends()
    payload = os.urandom(1280 - 48)
    for sender, receiver in ((at_home, correspondent), (correspondent, at_home)):
        receiver.settimeout(0.2)
        for _ in range(5):
            sender.sendto(payload, receiver.getsockname())
            try:
                assert receiver.recv(2000) == payload
                break
            except TimeoutError:
                continue  # the one by which the path's MTU is found out is lost
        else:
            pytest.fail("fragments do not arrive")


def test_what_a_kernel_left_undone_is_made_up_for(hosts):
    """As it comes from a network card that joins segments, or from a kernel's own tunnel on the same computer."""
    _, correspondent = hosts.ends()
    tunnel = hosts.lab.socket(hosts.mobile, str(CARE_OF), socket.SOCK_RAW, socket.IPPROTO_IPV6)
    watch = hosts.lab.socket(hosts.agent, str(CORRESPONDENT), socket.SOCK_RAW, socket.IPPROTO_TCP)
    inner = IPv6(src=str(HOME), dst=str(CORRESPONDENT))
    tunnel.sendto(put_off(bytes(inner / UDP(sport=7, dport=correspondent.getsockname()[1]) / b"x")), (str(AGENT), 0))
    assert correspondent.recv(10) == b"x", "with the wrong checksum the kernel drops it"
    payload = os.urandom(10_000)
    tunnel.sendto(put_off(bytes(inner / TCP(sport=7, dport=9, seq=0) / payload)), (str(AGENT), 0))
    parts = [watch.recv(20_000) for _ in range(9)]
    assert b"".join(part[20:] for part in parts) == payload
    assert max(map(len, parts)) == 1240
    assert hosts.agent_node.counters()["tunnel.in.unfinished"] == 2


def test_what_was_left_undone_for_the_mobile_node_is_not_parted(hosts):
    tunnel = hosts.lab.socket(hosts.agent, str(AGENT), socket.SOCK_RAW, socket.IPPROTO_IPV6)
    watch = hosts.lab.socket(hosts.mobile, str(HOME), socket.SOCK_RAW, socket.IPPROTO_TCP)
    payload = os.urandom(10_000)
    inner = IPv6(src=str(CORRESPONDENT), dst=str(HOME)) / TCP(sport=7, dport=9) / payload
    tunnel.sendto(put_off(bytes(inner)), (str(CARE_OF), 0))
    assert watch.recv(20_000)[20:] == payload


def test_link_scope_does_not_enter_the_tunnel(hosts):
    sender = hosts.lab.socket(hosts.mobile)
    index = hosts.mobile.inside(lambda: socket.if_nametoindex("mn6home"))
    sender.sendto(b"x", ("ff02::1", 9, 0, index))
    eventually(lambda: hosts.mobile_node.counters().get("tunnel.out.scope", 0) >= 1)
    assert "tunnel.out.packets" not in hosts.mobile_node.counters()


@pytest.mark.requirement("HA-10.4.2-04")
@pytest.mark.parametrize(
    "source, destination, may",
    [
        (HOME, CORRESPONDENT, True),
        (HOME, IPv6Address("ff0e::1"), True),
        (HOME, IPv6Address("ff05::1"), False),
        (HOME, IPv6Address("ff02::1"), False),
        (HOME, IPv6Address("fe80::1"), False),
        (IPv6Address("fe80::1"), CORRESPONDENT, False),
        (IPv6Address("fe80::1"), IPv6Address("ff0e::1"), False),
        (IPv6Address("fec0::1"), CORRESPONDENT, True),
    ],
)
def test_scopes(source, destination, may):
    packet = bytes([0x60, 0, 0, 0, 0, 0, 59, 64]) + source.packed + destination.packed
    assert _may_be_tunnelled(packet) is may
    assert not _may_be_tunnelled(packet[:39])
    assert not _may_be_tunnelled(b"\x45" + packet[1:])


def test_signalling_that_comes_through_the_tunnel_is_delivered_once_and_is_no_payload(hosts):
    """What verifies a home address: an Echo Request from our care-of address, which the home agent sends back."""
    request = EchoRequest(identifier=77, sequence=1, data=b"unpredictable")
    packet = Packet(source=CARE_OF, destination=HOME, message=request)
    hosts.router.run("ip -6 route add 2001:db8:1::100/128 via 2001:db8:3::1")
    hardware = hosts.router.run("cat /sys/class/net/eth0/address").strip().replace(":", "")
    hosts.mobile_node.send(SendPacket(packet=packet, interface="eth0", link_layer_destination=bytes.fromhex(hardware)))

    def heard() -> list[PacketReceived]:
        return [event for event in hosts.mobile_node.events if isinstance(event, PacketReceived)]

    (event,) = eventually(lambda: [each for each in heard() if isinstance(each.packet.message, EchoRequest)])
    assert (event.interface, event.through_tunnel, event.packet.message) == ("mn6home", True, request)
    assert not [event for event in hosts.mobile_node.events if isinstance(event, PayloadReceived)]
