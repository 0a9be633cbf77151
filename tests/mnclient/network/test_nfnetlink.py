# SPDX-License-Identifier: GPL-2.0-or-later
"""Elements of sets and logged packets, on the running kernel; what `nft` shows is the second opinion."""

import asyncio
import socket
from ipaddress import IPv6Address

import pytest

from mnclient.network.nfnetlink import LogSocket, TableSocket, concatenation
from mnclient.network.nftables import BINDINGS, TUNNELS, install_kernel_table

pytestmark = pytest.mark.lab

ONE, OTHER = IPv6Address("2001:db8:2::1"), IPv6Address("2001:db8:1::100")
TABLE = """
table ip6 mnclient {
    set pairs { type ipv6_addr . ipv6_addr; }
    counter seen { }
    chain out {
        type filter hook output priority 0;
        udp dport 9 counter name seen log prefix "nine" group 627 snaplen 40
    }
}
"""


@pytest.fixture
def host(lab):
    host = lab.host()
    host.run("nft -f -", stdin=TABLE)
    return host


def key(one: IPv6Address, other: IPv6Address) -> bytes:
    return concatenation(one.packed, other.packed)


def test_elements_come_and_go(host):
    def work() -> list[int]:
        table = TableSocket("mnclient")
        try:
            answers = [
                table.add("pairs", [key(ONE, OTHER), key(OTHER, ONE)]),
                table.add("pairs", [key(ONE, OTHER)]),
                table.remove("pairs", [key(OTHER, OTHER), key(OTHER, ONE)]),
                table.add("nothing", [key(ONE, OTHER)]),
                table.add("pairs", []),
            ]
            return [answer.errno for answer in answers]
        finally:
            table.close()

    assert host.inside(work) == [0, 0, 2, 2, 0], "what is there already is no error, what is not there is told"
    assert f"{ONE} . {OTHER}" in host.run("nft list set ip6 mnclient pairs")
    assert f"{OTHER} . {ONE}" not in host.run("nft list set ip6 mnclient pairs")


@pytest.mark.parametrize("count", [0, 1, 2500])
def test_a_set_is_replaced_as_a_whole(host, count):
    wanted = [key(ONE, IPv6Address(int(OTHER) + number)) for number in range(count)]

    def work() -> list[int]:
        table = TableSocket("mnclient")
        try:
            return [table.add("pairs", [key(OTHER, OTHER)]).errno, table.replace("pairs", wanted).errno]
        finally:
            table.close()

    assert host.inside(work) == [0, 0]
    shown = host.run("nft list set ip6 mnclient pairs")
    assert shown.count(f"{ONE} . ") == count
    assert f"{OTHER} . {OTHER}" not in shown


def test_a_counter(host):
    def work() -> tuple[int, int]:
        table = TableSocket("mnclient")
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            before = table.count("seen")
            for _ in range(3):
                sock.sendto(b"x", ("::1", 9))
            return before, table.count("seen") - before + 10 * table.count("no such counter")
        finally:
            sock.close()
            table.close()

    assert host.inside(work) == (0, 3)


def test_logged_packets_are_heard_up_to_the_length_asked_for(host):
    def work() -> list[tuple[str, int, bytes]]:
        log = LogSocket(627, 40)
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            sock.sendto(bytes(1000), ("::1", 9))
            return [(each.prefix, len(each.packet), each.packet[24:40]) for each in log.logged(10)]
        finally:
            sock.close()
            log.close()

    assert host.inside(work) == [("nine", 40, IPv6Address("::1").packed)]


def test_two_cannot_hear_one_group(host):
    def work() -> bool:
        first = LogSocket(627, 40)
        try:
            LogSocket(627, 40).close()
        except OSError:
            return True
        finally:
            first.close()
        return False

    assert host.inside(work)


def test_the_table_of_the_kernel_datapath_can_be_listed_and_made_again(host):
    """Some versions of nft cannot list what others have added: nobody's `nft list ruleset` may break because of us."""
    reasons = [host.inside(lambda: asyncio.run(install_kernel_table())) for _ in range(2)]
    assert reasons == ["", ""]
    listed = host.run("nft list ruleset")
    assert f"set {TUNNELS}" in listed and f"set {BINDINGS}" in listed
    assert listed.count("jump decapsulated") == 1, "not twice"
