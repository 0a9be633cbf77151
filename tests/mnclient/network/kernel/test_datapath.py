# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that the kernel carries, between a mobile node and its home agent, with a router in between."""

import hashlib
import os
import socket
import struct
import threading
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.constants import LOG_GROUP
from mnclient.engine.events import CorrespondentHeard, NetworkStateFailed, PayloadReceived
from mnclient.model.network_state import TunnelDevice
from mnclient.network.nfnetlink import LogSocket
from mnclient.wire.checksum import internet_checksum
from mnclient.wire.ipv6_extension import Ipv6Headers, encode_ipv6
from tests.lab.patience import patient
from tests.mnclient.network.lab import Lab, add_address, eventually
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

pytestmark = [pytest.mark.lab, pytest.mark.kernel]


@pytest.fixture
def hosts(lab: Lab) -> Hosts:
    return Hosts.build(lab, "kernel")


@pytest.mark.requirement("HA-9.3.4-01")
def test_a_correspondent_hears_that_the_care_of_address_is_unreachable(hosts):
    """The kernel's own tunnel passes the router's error on."""
    hosts.correspondent_hears_that_nobody_is_there()


def strangers(node) -> int:
    return node.counters().get("tunnel.in.stranger", 0)


def test_the_kernel_carries_the_tunnel_both_ways(hosts):
    assert hosts.mobile_node.network.capabilities.datapath.name == "kernel"
    at_home, correspondent = hosts.ends()
    at_home.sendto(b"out", correspondent.getsockname())
    assert correspondent.recv(10) == b"out"
    correspondent.sendto(b"in", at_home.getsockname())
    assert at_home.recv(10) == b"in"
    eventually(lambda: hosts.mobile_node.counters()["tunnel.in.packets"] >= 1)
    counted = [hosts.mobile_node.counters()[f"payload.{way}.octets"] for way in ("received", "sent")]
    assert counted == [48 + len(b"in"), 48 + len(b"out")]  # with the headers of IPv6 and UDP
    assert hosts.agent_node.counters()["tunnel.out.packets"] >= 1
    assert "mn6home" not in hosts.mobile.run("ip link"), "no payload enters a process"


def test_a_move_replaces_the_route_and_nothing_is_missing_in_between(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_agent(replace(AT_AGENT, remote=OLD_CARE_OF))
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF, accept_local=(CARE_OF,)))
    correspondent.sendto(b"after the move", at_home.getsockname())
    assert at_home.recv(20) == b"after the move"
    at_home.sendto(b"and back", correspondent.getsockname())
    assert correspondent.recv(20) == b"and back"
    route = hosts.mobile.run("ip -6 route show table 627500")
    assert f"src {OLD_CARE_OF} dst {AGENT}" in route and str(CARE_OF) not in route.replace(str(OLD_CARE_OF), "")


def test_packets_are_held_while_there_is_no_tunnel(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile()
    for number in range(20):
        at_home.sendto(b"%d" % number, correspondent.getsockname())
    eventually(lambda: hosts.mobile_node.counters().get("tunnel.out.held") == 20)
    hosts.set_mobile(AT_MOBILE)
    assert [correspondent.recv(10) for _ in range(20)] == [b"%d" % number for number in range(20)]


def test_the_first_payload_after_each_change_of_the_ends_is_reported_once(hosts):
    at_home, correspondent = hosts.ends()

    def deliver() -> None:
        for _ in range(3):
            correspondent.sendto(b"x", at_home.getsockname())
            at_home.recv(10)

    def reported() -> int:
        return len([event for event in hosts.mobile_node.events if isinstance(event, PayloadReceived)])

    deliver()
    eventually(lambda: reported() == 1)
    hosts.set_mobile(replace(AT_MOBILE, accept_local=(OLD_CARE_OF,)))
    deliver()
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF, accept_local=(CARE_OF,)))
    deliver()
    eventually(lambda: reported() == 2)


def test_a_correspondent_is_heard_once_in_a_while_and_only_by_its_header(hosts):
    at_home, correspondent = hosts.ends()
    for _ in range(20):
        correspondent.sendto(b"x" * 1000, at_home.getsockname())
        at_home.recv(2000)
    hosts.mobile_node.hears(CorrespondentHeard, home_address=HOME, correspondent=CORRESPONDENT)
    assert len([each for each in hosts.mobile_node.events if isinstance(each, CorrespondentHeard)]) == 1


@pytest.mark.requirement("MN-11.7.2-03", "MN-11.7.2-02")
def test_a_correspondent_that_is_mobile_itself_is_heard_by_its_home_address(hosts):
    """Its packet in the tunnel has its care-of address as source, and the home address in an option."""
    theirs = IPv6Address("2001:db8:5::5")
    inner = encode_ipv6(
        Ipv6Headers(source=theirs, destination=HOME, next_header=17, payload=bytes(8), home_address=CORRESPONDENT)
    )
    raw = hosts.lab.socket(hosts.agent, str(AGENT), socket.SOCK_RAW, 41)
    raw.sendto(inner, (str(CARE_OF), 0))
    heard = hosts.mobile_node.hears(CorrespondentHeard)
    assert (heard.home_address, heard.correspondent) == (HOME, CORRESPONDENT)


@pytest.mark.requirement("MN-5.2.9-01", "MN-11.7.2-02")
def test_who_tests_us_is_no_correspondent(hosts):
    """A CoTI of another mobile node comes from its care-of address, which nothing is to be sent to."""
    coti = bytes((59, 1, 2)) + bytes(13)
    inner = encode_ipv6(
        Ipv6Headers(source=IPv6Address("2001:db8:5::5"), destination=HOME, next_header=135, payload=coti)
    )
    raw = hosts.lab.socket(hosts.agent, str(AGENT), socket.SOCK_RAW, 41)
    raw.sendto(inner, (str(CARE_OF), 0))
    at_home, correspondent = hosts.ends()
    correspondent.sendto(b"x", at_home.getsockname())
    at_home.recv(10)
    heard = hosts.mobile_node.hears(CorrespondentHeard)
    assert (heard.home_address, heard.correspondent) == (HOME, CORRESPONDENT)


@pytest.mark.requirement("HA-10.4.5-01")
def test_the_agent_forwards_only_from_the_registered_care_of_address(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF))
    at_home.sendto(b"x", correspondent.getsockname())
    eventually(lambda: strangers(hosts.agent_node) == 1)
    hosts.set_mobile(replace(AT_MOBILE))
    at_home.sendto(b"good", correspondent.getsockname())
    assert correspondent.recv(10) == b"good"


def test_the_agent_forwards_from_the_care_of_address_of_before_while_told_to(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_mobile(replace(AT_MOBILE, local=OLD_CARE_OF, accept_local=(CARE_OF,)))
    hosts.set_agent(replace(AT_AGENT, accept_remote=(OLD_CARE_OF,)))
    at_home.sendto(b"from before", correspondent.getsockname())
    assert correspondent.recv(20) == b"from before"
    hosts.set_agent(AT_AGENT)
    at_home.sendto(b"x", correspondent.getsockname())
    eventually(lambda: strangers(hosts.agent_node) == 1)


def test_the_agent_forwards_only_for_the_home_address_of_that_care_of_address(hosts):
    at_home, correspondent = hosts.ends()
    hosts.set_agent(replace(AT_AGENT, home_address=OTHER_HOME), replace(AT_AGENT, remote=OLD_CARE_OF))
    at_home.sendto(b"x", correspondent.getsockname())
    eventually(lambda: strangers(hosts.agent_node) == 1)


@pytest.mark.requirement("MN-11.3.3-01")
def test_the_mobile_node_accepts_only_from_its_home_agent(hosts):
    at_home, correspondent = hosts.ends()
    add_address(hosts.agent, "2001:db8:3::66/64")
    hosts.set_agent(replace(AT_AGENT, local=IPv6Address("2001:db8:3::66")))
    correspondent.sendto(b"x", at_home.getsockname())
    eventually(lambda: strangers(hosts.mobile_node) == 1)
    hosts.set_agent(AT_AGENT)
    correspondent.sendto(b"good", at_home.getsockname())
    assert at_home.recv(10) == b"good"


@pytest.mark.parametrize("source, arrives", [(AGENT, True), (IPv6Address("2001:db8:3::66"), False)])
def test_a_packet_in_fragments_is_looked_at_like_any_other(hosts, source, arrives):
    at_home, _ = hosts.ends()
    add_address(hosts.agent, "2001:db8:3::66/64")
    port, data = at_home.getsockname()[1], b"x" * 2000
    inner = struct.pack("!IHBB", 6 << 28, 8 + len(data), 17, 64) + CORRESPONDENT.packed + HOME.packed
    udp = struct.pack("!HHH", 7, port, 8 + len(data))
    checksum = internet_checksum(CORRESPONDENT, HOME, 17, udp + b"\0\0" + data)
    inner += udp + checksum.to_bytes(2) + data
    raw = hosts.lab.socket(hosts.agent, str(source), socket.SOCK_RAW, 41)
    raw.sendto(inner, (str(CARE_OF), 0))
    if arrives:
        assert at_home.recv(3000) == data
    else:
        eventually(lambda: strangers(hosts.mobile_node) == 1)


def test_a_tunnel_of_somebody_else_is_left_alone(hosts):
    """An ip6tnl device with fixed ends, made by hand beside ours, carries what it carried before."""
    for host, local, remote, inner in (
        (hosts.mobile, OLD_CARE_OF, AGENT, "2001:db8:99::1"),
        (hosts.agent, AGENT, OLD_CARE_OF, "2001:db8:99::2"),
    ):
        host.run(f"ip link add theirs type ip6tnl mode ip6ip6 local {local} remote {remote}")
        host.run("ip link set theirs up")
        host.run(f"ip addr add {inner}/64 dev theirs nodad")
    eventually(lambda: "1 received" in hosts.mobile.run("ping -c1 -W1 2001:db8:99::2", check=False))


@pytest.mark.parametrize("mtu", [1500, 1400, 1320])
@pytest.mark.parametrize("uploading", [True, False], ids=["up", "down"])
def test_tcp_never_stalls_whatever_the_path_takes(hosts, mtu, uploading):
    hosts.narrow(mtu, beyond_the_router=True)
    listener = hosts.lab.socket(hosts.agent if uploading else hosts.mobile, "::", socket.SOCK_STREAM)
    listener.listen(1)
    client = hosts.lab.socket(
        hosts.mobile if uploading else hosts.agent, str(HOME if uploading else CORRESPONDENT), socket.SOCK_STREAM
    )
    client.settimeout(patient(60))
    listener.settimeout(patient(60))
    client.connect((str(CORRESPONDENT if uploading else HOME), listener.getsockname()[1]))
    server, _ = listener.accept()
    hosts.lab.defer(server.close)
    data = os.urandom(200_000)

    def send() -> None:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    received = bytearray()
    server.settimeout(patient(60))
    while piece := server.recv(65536):
        received += piece
    sender.join(60)
    assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()


def test_a_device_deleted_by_somebody_comes_back_with_all_that_was_on_it(hosts):
    at_home, correspondent = hosts.ends()
    hosts.mobile.run("ip link del mn6tunnel")
    eventually(lambda: "encap ip6" in hosts.mobile.run("ip -6 route show table 627500"))
    eventually(lambda: str(HOME) in hosts.mobile.run("ip -6 addr show dev mn6tunnel"))
    at_home.sendto(b"again", correspondent.getsockname())
    assert correspondent.recv(10) == b"again"


def test_the_name_of_the_device_is_taken(lab):
    host = lab.host(detects_duplicates=False)
    node = lab.node(host, "kernel").start()
    host.run("ip link add mn6tunnel type dummy")
    node.set(devices=[TunnelDevice(name="mn6home")])
    failed = node.hears(NetworkStateFailed)
    assert "somebody else's device has the name mn6tunnel" in failed.reason
    node.stop()
    assert "dummy" in host.run("ip -d link show dev mn6tunnel"), "theirs is left alone"


@pytest.mark.parametrize(
    "device, reason",
    [
        ("mn6tunnel type dummy", "somebody else's device has the name mn6tunnel"),
        ("theirs type ip6tnl external", "another program has the one tunnel device without fixed ends"),
    ],
)
def test_what_somebody_else_has_before_us_leaves_the_portable_datapath(lab, device, reason):
    host = lab.host(detects_duplicates=False)
    host.run(f"ip link add {device}")
    node = lab.node(host, "kernel").start()
    chosen = node.network.capabilities
    assert (chosen.datapath.name, chosen.route_optimization.name) == ("portable", "none")
    assert reason in chosen.datapath.reason
    node.set(devices=[TunnelDevice(name="mn6home")])
    assert "mn6home" in host.run("ip link")
    assert node.heard(NetworkStateFailed) is None


def test_a_log_group_that_another_program_hears_leaves_the_portable_datapath(lab):
    host = lab.host(detects_duplicates=False)
    other = host.inside(lambda: LogSocket(LOG_GROUP, 40))
    lab.defer(other.close)
    chosen = lab.node(host, "kernel").start().network.capabilities
    assert chosen.datapath.name == "portable" and "the kernel refuses" in chosen.datapath.reason
    assert chosen.route_optimization.name == "none"
    assert "decapsulated" not in host.run("nft list chain ip6 mnclient prerouting"), "nothing half done"


def test_nothing_is_left_after_a_stop(hosts):
    hosts.mobile_node.stop()
    for command in ("ip link", "ip -6 rule", "ip -6 route show table all", "ip -6 addr", "nft list ruleset"):
        assert "mn6" not in hosts.mobile.run(command)
        assert "mnclient" not in hosts.mobile.run(command)
    assert "627500" not in hosts.mobile.run("ip -6 rule")


def test_the_tunnel_goes_on_after_a_crash_and_is_taken_over(hosts):
    at_home, correspondent = hosts.ends()
    hosts.agent_node.stop(withdraw=False)
    correspondent.sendto(b"nobody is there", at_home.getsockname())
    assert at_home.recv(20) == b"nobody is there"
    again = hosts.lab.node(hosts.agent, "kernel").start()
    hosts.agent_node = again
    correspondent.sendto(b"somebody is back", at_home.getsockname())
    assert at_home.recv(20) == b"somebody is back"
    hosts.set_agent(AT_AGENT)
    again.settled()
    correspondent.sendto(b"settled", at_home.getsockname())
    assert at_home.recv(20) == b"settled"
