# SPDX-License-Identifier: GPL-2.0-or-later
"""Multicast by way of the home agent, and on the visited link: what goes by which way, seen on the wire.

RFC 6275 sections 10.4.2, 10.4.3 and 11.3.4. A machine on the home link sends to a group; the laptop is away.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address

import pytest

from mnclient.constants import TUNNEL_DEVICE_KERNEL, TUNNEL_DEVICE_MOBILE_NODE
from tests.lab import settings
from tests.lab.guest import Guest
from tests.lab.household import Household
from tests.lab.node import Node, inside
from tests.lab.patience import patient
from tests.lab.pcap import packets
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab

GROUP, SITE_GROUP, LINK_GROUP = (IPv6Address(f"ff{scope}::1234") for scope in ("0e", "05", "02"))
PORT = 7031
QUERY, REPORT = 130, 143
IPV6, HOP_BY_HOP, DESTINATION_OPTIONS, UDP, ICMPV6 = 41, 0, 60, 17, 58


@pytest.fixture(scope="module")
def house(lab):
    """A home agent that supports membership control, and the laptop with its home address."""
    agent = lab.start_home_agent(settings.home_agent(pace=lab.pace, extra="multicast = true\n"))
    made = Household(lab, home_agent=agent, laptop=lab.start_laptop())
    made.home_address()
    return made


@pytest.fixture(scope="module")
def neighbour(lab, house):
    """A machine on the home link that sends to groups."""
    with Guest(lab) as guest:
        guest.plug(HOME)
        guest.take("2001:db8:1::99", asking=False)
        lab.eventually(lambda: "tentative" not in guest.addresses(), within=5.0)
        yield guest.node


@pytest.fixture
def away(lab, house, neighbour):
    house.go_home()
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    return house


def device(node: Node) -> str:
    """The device of the laptop's tunnel."""
    names = node.run(["ip", "-brief", "link"])
    return TUNNEL_DEVICE_KERNEL if TUNNEL_DEVICE_KERNEL in names else TUNNEL_DEVICE_MOBILE_NODE


@contextmanager
def listening(node: Node, interface: str, *groups: IPv6Address) -> Iterator[socket.socket]:
    """A program on a machine that has joined groups on an interface: GROUP, if none are given."""
    groups = groups or (GROUP,)
    with inside(node.namespace):
        opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        index = socket.if_nametoindex(interface)
    with opened:
        opened.bind(("::", PORT))
        for each in groups:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, each.packed + struct.pack("=I", index))
        opened.setblocking(False)
        yield opened


def send(node: Node, interface: str, data: bytes, group: IPv6Address = GROUP, hops: int = 5, source: str = "") -> None:
    with inside(node.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        if source:
            opened.bind((source, 0))
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(interface))
        opened.sendto(data, (str(group), PORT))


def heard(opened: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(opened.recv(2000))
        except BlockingIOError:
            return found


def listens(lab, house) -> None:
    """Wait until the home agent knows that the laptop listens."""
    lab.eventually(lambda: "ff0e::1234" in groups(house), within=15.0, what="the home agent has joined the group")


def groups(house) -> str:
    return house.home_agent.node.run(["ip", "-6", "maddr", "show", "dev", "home0"])


def memberships(file) -> list[tuple[str, IPv6Address, int]]:
    """What is said of groups in tunnels: "in" (to the laptop) or "out", the inner source, and the ICMPv6 type."""
    found = []
    for packet in packets(file):
        inner = packet[40:]
        if packet[6] == IPV6 and len(inner) > 56 and inner[6] == HOP_BY_HOP and inner[40] == ICMPV6:
            way = "in" if packet[8:24] == HOME_AGENT_ADDRESS.packed else "out"
            found.append((way, IPv6Address(inner[8:24]), inner[48]))
    return found


@pytest.mark.requirement("MN-8.5-03", "HA-10.4.2-05", "HA-10.4.3-01", "MN-11.3.4-02", "MN-11.3.4-03")
def test_a_group_joined_through_the_home_agent(lab, house, neighbour):
    """It is asked before it says anything, it reports, and what is sent at home arrives, one hop further."""
    house.go_home()
    with listening(lab.laptop, device(lab.laptop)) as program, lab.capture(lab.laptop, "eth0", "joined") as capture:
        lab.move(VISITED_A)
        house.registered_at(VISITED_A)
        listens(lab, house)
        send(neighbour, "eth0", b"to all who listen")
        arrived: list[bytes] = []
        lab.eventually(lambda: arrived.extend(heard(program)) or arrived == [b"to all who listen"], within=5.0)
    said = memberships(capture.file)
    assert said[0][::2] == ("in", QUERY)
    assert ("out", REPORT) in [each[::2] for each in said]
    assert all(source.is_link_local for _, source, _ in said)
    (copy,) = [each[40:] for each in packets(capture.file) if each[6] == IPV6 and each[64:80] == GROUP.packed]
    assert (copy[6], copy[7]) == (UDP, 4)
    assert house.home_agent.counters()["multicast.forwarded"] == 1


@pytest.mark.requirement("HA-10.4.2-05", "HA-10.4.2-04", "MN-11.3.4-03")
def test_join_leave_and_what_is_not_forwarded(lab, away, neighbour):
    """The home agent has asked already: a join and a leave are told at once. Narrower scopes stay at home."""
    with lab.capture(lab.laptop, "eth0", "left") as capture:
        with listening(lab.laptop, device(lab.laptop), LINK_GROUP, SITE_GROUP, GROUP) as program:
            listens(lab, away)
            send(neighbour, "eth0", b"one", hops=1)  # it ends on its own link
            send(neighbour, "eth0", b"two", group=SITE_GROUP)
            send(neighbour, "eth0", b"two and a half", group=LINK_GROUP)
            send(neighbour, "eth0", b"three")
            arrived: list[bytes] = []
            lab.eventually(lambda: arrived.extend(heard(program)) or b"three" in arrived, within=5.0)
            assert arrived == [b"three"]
        lab.eventually(lambda: "ff0e::1234" not in groups(away), within=10.0, what="the home agent has left the group")
        send(neighbour, "eth0", b"too late")
        lab.eventually(lambda: len(memberships(capture.file)) >= 2, within=5.0)
    copies = [each for each in packets(capture.file) if each[6] == IPV6 and each[64:65] == b"\xff" and each[46] == UDP]
    assert len(copies) == 1


@pytest.mark.requirement("HA-10.4.2-05")
def test_it_goes_on_after_a_move(lab, away, neighbour):
    with listening(lab.laptop, device(lab.laptop)) as program:
        listens(lab, away)
        lab.move(VISITED_B)
        away.registered_at(VISITED_B)
        arrived: list[bytes] = []

        def arrives() -> bool:
            send(neighbour, "eth0", b"again")
            arrived.extend(heard(program))
            return bool(arrived)

        lab.eventually(arrives, within=15.0)
    assert away.bound()


@pytest.mark.requirement("MN-11.3.4-01", "MN-11.3.4-04")
def test_groups_and_packets_of_the_visited_link_go_there_directly(lab, away):
    """Joined there, from an address of that link; sent there, from the care-of address. No option at all."""
    care_of = away.home_addresses()[0].care_of_address
    with lab.capture(lab.laptop, "eth0", "directly") as capture, listening(lab.laptop, "eth0"):
        send(lab.laptop, "eth0", b"here", source=str(care_of))

        def seen() -> bool:
            found = list(packets(capture.file)) if capture.file.exists() else []
            return any(_reports(each) for each in found) and any(_is_sent(each) for each in found)

        lab.eventually(seen, within=10.0)
    reports = [each for each in packets(capture.file) if _reports(each)]
    assert all(IPv6Address(each[8:24]).is_link_local for each in reports)
    sent = [each for each in packets(capture.file) if _is_sent(each)]
    assert {each[8:24] for each in sent} == {care_of.packed}
    assert all(each[6] == UDP for each in sent)
    to_groups = [each for each in packets(capture.file) if each[24] == 0xFF]
    assert all(each[6] != DESTINATION_OPTIONS for each in to_groups)


def _reports(packet: bytes) -> bool:
    return packet[24] == 0xFF and packet[6] == HOP_BY_HOP and packet[48] == REPORT and GROUP.packed in packet


def _is_sent(packet: bytes) -> bool:
    return packet[24:40] == GROUP.packed and packet[6] != IPV6


@pytest.mark.requirement("MN-11.3.4-05")
def test_what_is_sent_through_the_tunnel_comes_from_the_home_address(lab, away):
    """Though the program has not said from where."""
    (entry,) = away.home_addresses()
    with lab.capture(lab.laptop, "eth0", "tunnelled") as capture:
        send(lab.laptop, device(lab.laptop), b"by way of home")

        def tunnelled() -> list[bytes]:
            found = packets(capture.file) if capture.file.exists() else ()
            return [each for each in found if each[6] == IPV6 and each[64:80] == GROUP.packed]

        lab.eventually(tunnelled, within=5.0)
    for each in tunnelled():
        assert IPv6Address(each[48:64]) == entry.address
        assert IPv6Address(each[8:24]) == entry.care_of_address
        assert IPv6Address(each[24:40]) == HOME_AGENT_ADDRESS


@pytest.mark.requirement("MN-11.3.4-02")
def test_a_home_agent_that_does_not_ask_is_told_nothing(lab, away, neighbour):
    """Switched off, which is how it begins: it asks nobody, ignores what it is told, and forwards nothing."""
    away.home_agent.mnctl("settings", "set", "home_agent.multicast", "false")
    try:
        away.go_home()
        with (
            listening(lab.laptop, device(lab.laptop)) as program,
            lab.capture(lab.laptop, "eth0", "silent") as capture,
        ):
            lab.move(VISITED_A)
            away.registered_at(VISITED_A)
            send(neighbour, "eth0", b"nobody is asked")
            program.settimeout(patient(1.0))
            with pytest.raises(TimeoutError):
                program.recv(2000)
        assert memberships(capture.file) == []
    finally:
        away.home_agent.mnctl("settings", "set", "home_agent.multicast", "true")
