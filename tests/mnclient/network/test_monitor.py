# SPDX-License-Identifier: GPL-2.0-or-later
"""News of links, addresses and neighbours."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    LinkChanged,
    LinkRemoved,
    NeighborUnreachable,
)
from mnclient.model.network_state import Address, DuplicateDetection, NetworkState, TunnelDevice
from tests.mnclient.network.lab import Lab, Node, add_address, eventually

pytestmark = pytest.mark.lab

ADDRESS = IPv6Address("2001:db8:2::5")


def latest(node: Node) -> LinkChanged:
    event = node.heard(LinkChanged)
    assert event is not None
    return event


def wanted(detection: DuplicateDetection, address: IPv6Address = ADDRESS) -> Address:
    return Address(interface="eth0", address=address, prefix_length=64, duplicate_detection=detection)


def test_links_that_are_there_are_reported_at_the_start(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    host.run("ip link set eth0 mtu 1480")
    eventually(lambda: "inet6 fe80" in host.run("ip -6 addr show dev eth0 -tentative"))
    node = lab.node(host).start()
    link = node.hears(LinkChanged)
    assert (link.interface, link.is_up, link.mtu, link.interrupted) == ("eth0", True, 1480, False)
    assert f"link/ether {link.link_layer_address.hex(':')} " in host.run("ip link show eth0")
    assert f"inet6 {link.link_local_address}/64" in host.run("ip -6 addr show dev eth0")
    assert {event.interface for event in node.events if isinstance(event, LinkChanged)} == {"eth0"}


def test_carrier_and_administrative_state(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    node = lab.node(host).start()
    assert node.hears(LinkChanged, is_up=True)
    other.run("ip link set eth0 down")
    eventually(lambda: not latest(node).is_up)
    other.run("ip link set eth0 up")
    eventually(lambda: latest(node).is_up)
    host.run("ip link set eth0 down")
    eventually(lambda: not latest(node).is_up and latest(node).link_local_address is None)
    host.run("ip link set eth0 up")
    eventually(lambda: latest(node).is_up and latest(node).link_local_address)


def test_a_link_local_address_is_reported_once_it_is_settled(lab):
    host, other = lab.host(), lab.host()
    node = lab.node(host).start()
    lab.cable(host, other)
    first = eventually(lambda: node.heard(LinkChanged, interface="eth0", is_up=True))
    assert eventually(lambda: latest(node).link_local_address)
    assert first.link_local_address is None or first == latest(node)


def test_links_that_come_and_go_are_reported_and_our_own_are_not(lab):
    host, other = lab.host(), lab.host()
    node = lab.node(host).start()
    lab.cable(host, other, ("wlan0", "eth0"))
    node.hears(LinkChanged, interface="wlan0")
    node.set(devices=[TunnelDevice(name="mn6home")])
    host.run("ip link add br0 type bridge")
    node.hears(LinkChanged, interface="br0")
    host.run("ip link set wlan0 name eth7")
    node.hears(LinkRemoved, interface="wlan0")
    node.hears(LinkChanged, interface="eth7")
    host.run("ip link set eth7 master br0")
    node.hears(LinkRemoved, interface="eth7")
    host.run("ip link del br0")
    node.hears(LinkRemoved, interface="br0")
    host.run("ip link del eth7")
    interfaces = {event.interface for event in node.events if isinstance(event, LinkChanged | LinkRemoved)}
    assert interfaces == {"wlan0", "eth7", "br0"}


def test_an_address_settles_when_its_duplicate_detection_is_over(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    host.sysctl("net.ipv6.conf.eth0.dad_transmits", 3)  # so that it can be seen
    node = lab.node(host).start()
    node.set(addresses=[wanted(DuplicateDetection.NORMAL)])
    assert "tentative" in host.run("ip -6 addr show dev eth0 to 2001:db8:2::5")
    assert not node.heard(AddressSettled)
    assert node.hears(AddressSettled, within=15, address=ADDRESS).interface == "eth0"
    assert "tentative" not in host.run("ip -6 addr show dev eth0 to 2001:db8:2::5")


def test_an_optimistic_address_is_usable_at_once(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    host.sysctl("net.ipv6.conf.eth0.dad_transmits", 3)  # so that it can be seen
    node = lab.node(host).start()
    assert node.network.capabilities.optimistic_dad
    node.set(addresses=[wanted(DuplicateDetection.OPTIMISTIC)])
    assert "optimistic" in host.run("ip -6 addr show dev eth0 to 2001:db8:2::5")
    lab.socket(host, str(ADDRESS))
    assert node.hears(AddressSettled, within=15, address=ADDRESS)
    node.stop()
    assert host.run("sysctl -n net.ipv6.conf.eth0.optimistic_dad").strip() == "0"


def test_an_address_that_is_there_already_is_settled_at_once(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    add_address(host, f"{ADDRESS}/64")
    node = lab.node(host).start()
    node.set(addresses=[wanted(DuplicateDetection.NORMAL)])
    assert node.hears(AddressSettled, address=ADDRESS)


def test_an_address_of_somebody_else_is_still_there_when_we_want_it_no_more(lab):
    """Or packets to it would be taken for those of another machine."""
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    add_address(host, f"{ADDRESS}/64")
    node = lab.node(host).start()
    for _ in range(2):
        node.set(addresses=[wanted(DuplicateDetection.NORMAL)])
        assert node.hears(AddressSettled, address=ADDRESS)
        node.set()
        node.events.clear()


def test_an_address_without_duplicate_detection_is_no_news(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    node = lab.node(host).start()
    node.set(addresses=[wanted(DuplicateDetection.NONE), wanted(DuplicateDetection.NORMAL, ADDRESS + 1)])
    node.hears(AddressSettled, address=ADDRESS + 1)
    assert not node.heard(AddressSettled, address=ADDRESS)


@pytest.mark.parametrize("detection", [DuplicateDetection.NORMAL, DuplicateDetection.OPTIMISTIC])
def test_a_duplicate_is_reported(lab: Lab, detection):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    add_address(other, f"{ADDRESS}/64")
    node = lab.node(host).start()
    node.set(addresses=[wanted(detection)])
    assert node.hears(AddressDuplicate, address=ADDRESS).interface == "eth0"
    assert not node.heard(AddressSettled)


def test_old_news_of_an_address_says_nothing_of_its_new_life(lab):
    """Without detection it was usable at once; that news is still unread when detection begins."""
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    add_address(other, f"{ADDRESS}/64")
    node = lab.node(host).start()

    async def in_one_turn_of_the_loop() -> None:
        for addresses in ([wanted(DuplicateDetection.NONE)], [], [wanted(DuplicateDetection.NORMAL)]):
            await node.network.set_state("test", NetworkState(addresses=frozenset(addresses)))
            while (str(ADDRESS) in host.run("ip -6 addr show dev eth0")) != bool(addresses):
                pass  # the kernel is about to do it

    node.run(in_one_turn_of_the_loop())
    node.hears(AddressDuplicate, address=ADDRESS)
    assert not node.heard(AddressSettled)


def test_a_neighbour_that_does_not_answer_is_reported(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    node = lab.node(host).start()
    eventually(lambda: node.heard(LinkChanged, is_up=True) and latest(node).link_local_address)
    host.sysctl("net.ipv6.neigh.eth0.retrans_time_ms", 50)
    host.run("ping -c1 -W1 fe80::dead%eth0", check=False)
    assert node.hears(NeighborUnreachable, interface="eth0").address == IPv6Address("fe80::dead")


def test_a_loss_of_carrier_too_short_to_be_seen_is_told(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    node = lab.node(host).start()
    assert node.hears(LinkChanged, is_up=True)

    async def up_again_before_it_was_reported() -> None:
        monitor = node.network._monitor
        link = next(link for link in monitor._links.values() if link.name == "eth0")
        monitor._link_news(replace(link, carrier_losses=link.carrier_losses + 1), gone=False)

    node.run(up_again_before_it_was_reported())
    assert node.hears(LinkChanged, interrupted=True).is_up


def test_lost_news_is_made_up_for(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    node = lab.node(host).start()
    node.set(addresses=[wanted(DuplicateDetection.NONE)])

    async def while_nobody_reads() -> None:
        host.run("ip addr del 2001:db8:2::5/64 dev eth0")
        host.run("ip link set eth0 mtu 1400")
        monitor = node.network._monitor
        # Everything that was heard is forgotten, as by a receive buffer that was too small.
        list(monitor._events.notices(1000))
        monitor._synchronize()
        node.network._news_lost()

    node.run(while_nobody_reads())
    node.hears(LinkChanged, mtu=1400)
    eventually(lambda: str(ADDRESS) in host.run("ip -6 addr show dev eth0"))
