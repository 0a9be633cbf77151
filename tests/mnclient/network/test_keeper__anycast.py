# SPDX-License-Identifier: GPL-2.0-or-later
"""Anycast addresses in a kernel: members of them answer for them, also after their link was down."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import NetworkStateFailed
from mnclient.model.network_state import Address, AnycastAddress
from tests.mnclient.network.lab import eventually

pytestmark = pytest.mark.lab

AGENT = Address(interface="eth0", address=IPv6Address("2001:db8:1::1"), prefix_length=64)
ANYCAST = AnycastAddress(interface="eth0", address=IPv6Address("2001:db8:1:0:fdff:ffff:ffff:fffe"))
LOOK = "ip -6 route show table local type anycast"


@pytest.mark.requirement("HA-8.4-01")
def test_it_is_the_hosts_own_until_it_is_wanted_no_longer(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    host.run("sysctl -qw net.ipv6.conf.all.forwarding=1")
    node = lab.node(host).start()
    node.set(addresses=[AGENT], anycast_addresses=[ANYCAST])
    assert str(ANYCAST.address) in host.run(LOOK)
    assert f"{int(ANYCAST.address):032x}" in host.run("cat /proc/net/anycast6")
    host.run("ip link set eth0 down")
    host.run("ip link set eth0 up")
    eventually(lambda: str(ANYCAST.address) in host.run(LOOK))
    assert not node.heard(NetworkStateFailed)
    node.set()
    assert str(ANYCAST.address) not in host.run(LOOK)
    assert f"{int(ANYCAST.address):032x}" not in host.run("cat /proc/net/anycast6")


@pytest.mark.requirement("HA-8.4-01")
def test_a_neighbour_finds_it(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    host.run("sysctl -qw net.ipv6.conf.all.forwarding=1")
    lab.node(host).start().set(addresses=[AGENT], anycast_addresses=[ANYCAST])
    other.run("ip -6 addr add 2001:db8:1::9/64 dev eth0 nodad")
    other.run(f"ping -6 -c 1 -W 3 {ANYCAST.address}", check=False)
    eventually(lambda: "lladdr" in other.run(f"ip -6 neigh show {ANYCAST.address}"))
