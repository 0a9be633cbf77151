# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wanted stays there, whatever others do; what cannot be there is said."""

import os
import signal
import subprocess
import sys
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest
from pyroute2 import IPRoute

from mnclient.engine.events import NetworkStateFailed, NetworkStateRestored
from mnclient.model.network_state import (
    Address,
    DuplicateDetection,
    Neighbor,
    ProxyNeighbor,
    Route,
    RouteKind,
    Rule,
    Sysctl,
    TunnelDevice,
)
from mnclient.network.cleanup import sweep
from tests.mnclient.network.lab import IS_IT_LISTENING, Lab, Namespace, Node, add_address, eventually, until_it_listens

pytestmark = pytest.mark.lab

CARE_OF = Address(interface="eth0", address=IPv6Address("2001:db8:2::5"), prefix_length=64)
GATEWAY = IPv6Address("fe80::1")
ON_LINK = Route(destination=IPv6Network("2001:db8:2::/64"), interface="eth0", table=627600)
DEFAULT = Route(destination=IPv6Network("::/0"), interface="eth0", table=627600, gateway=GATEWAY)
RULE = Rule(priority=6271, table=627600, source=IPv6Network("2001:db8:2::5/128"))
ROUTER = Neighbor(interface="eth0", address=GATEWAY, link_layer_address=b"\x02\0\0\0\0\1")
PROXY = ProxyNeighbor(interface="eth0", address=IPv6Address("2001:db8:2::99"))
DEVICE = TunnelDevice(name="mn6home", mtu=1440)
HOME = Address(interface="mn6home", address=IPv6Address("2001:db8:1::100"), home=True)
FORWARDING = Sysctl(key="net/ipv6/conf/eth0/forwarding", value="1")
EVERYTHING = {
    "devices": [DEVICE],
    "sysctls": [FORWARDING],
    "addresses": [CARE_OF, HOME],
    "neighbors": [ROUTER],
    "routes": [
        ON_LINK,
        DEFAULT,
        Route(destination=IPv6Network("::/0"), interface="mn6home", table=627500, preferred_source=HOME.address),
        Route(destination=IPv6Network("2001:db8:7::/48"), interface="", kind=RouteKind.UNREACHABLE),
    ],
    "rules": [RULE, Rule(priority=6272, table=254, suppress_prefix_length=0)],
    "proxy_neighbors": [PROXY],
}


def ours(host: Namespace) -> set[str]:
    """The addresses that carry our mark, by a library that reads it."""

    def read() -> set[str]:
        with IPRoute() as netlink:
            marked = [each for each in netlink.get_addr(family=10) if each.get_attr("IFA_PROTO") == 135]
            return {each.get_attr("IFA_ADDRESS") for each in marked}

    return host.inside(read)


def host_with_link(lab: Lab) -> Namespace:
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    return host


def everything(host: Namespace) -> dict[str, str]:
    """What `ip` shows, which is a second opinion on what was done."""
    commands = {
        "addresses": "ip -6 -d addr show scope global",
        "routes": "ip -6 route show table all proto 135",
        "rules": "ip -6 rule show",
        "neighbors": "ip -6 neigh show nud reachable",
        "proxies": "ip -6 neigh show proxy",
        "device": "ip -d link show",
    }
    return {name: host.run(command) for name, command in commands.items()}


def test_every_kind_of_item_is_done_with_our_marks_and_undone(lab):
    host = host_with_link(lab)
    before = everything(host)
    node = lab.node(host).start()
    node.set(**EVERYTHING)
    seen = everything(host)
    assert "2001:db8:2::5/64 scope global nodad noprefixroute" in seen["addresses"]
    assert {"2001:db8:2::5", "2001:db8:1::100"} <= ours(host)
    assert "2001:db8:1::100/128 scope global nodad home" in seen["addresses"]
    assert "default via fe80::1 dev eth0 table 627600 metric 1024" in seen["routes"]
    assert "default dev mn6home table 627500 src 2001:db8:1::100 metric 1024" in seen["routes"]
    assert "unreachable 2001:db8:7::/48 dev lo" in seen["routes"]
    assert "6271:\tfrom 2001:db8:2::5 lookup 627600 proto 135" in seen["rules"]
    assert "6272:\tfrom all lookup main suppress_prefixlength 0 proto 135" in seen["rules"]
    assert "fe80::1 dev eth0 lladdr 02:00:00:00:00:01" in seen["neighbors"]
    assert "2001:db8:2::99 dev eth0 proxy" in seen["proxies"]
    assert "mtu 1440" in seen["device"]
    assert "addrgenmode none" in seen["device"]
    assert "qlen 1000" in seen["device"]
    assert host.run("sysctl -n net.ipv6.conf.eth0.forwarding").strip() == "1"
    assert not node.heard(NetworkStateFailed)
    node.set()
    assert everything(host) == before
    assert host.run("sysctl -n net.ipv6.conf.eth0.forwarding").strip() == "0"


@pytest.mark.parametrize(
    "theft, look, sign",
    [
        ("ip addr del 2001:db8:2::5/64 dev eth0", "ip -6 addr show dev eth0", "2001:db8:2::5/64"),
        ("ip -6 addr flush dev eth0", "ip -6 addr show dev eth0", "2001:db8:2::5/64"),
        ("ip -6 route flush table 627600", "ip -6 route show table 627600", "default via fe80::1"),
        ("ip -6 route replace default via fe80::2 dev eth0 table 627600 metric 1024", "", "default via fe80::1"),
        ("ip -6 rule del pref 6271", "ip -6 rule", "from 2001:db8:2::5 lookup 627600 proto 135"),
        ("ip -6 rule flush", "ip -6 rule", "from 2001:db8:2::5 lookup 627600 proto 135"),
        ("ip link del mn6home", "ip -6 addr show dev mn6home", "2001:db8:1::100/128"),
        ("ip link del mn6home", "ip -6 route show table 627500", "default dev mn6home"),
        ("ip link set mn6home down", "ip -6 addr show dev mn6home", "2001:db8:1::100/128"),
    ],
)
def test_what_others_take_away_is_put_back(lab, theft, look, sign):
    host = host_with_link(lab)
    node = lab.node(host).start()
    node.set(**EVERYTHING)
    look = look or "ip -6 route show table 627600"
    assert sign in host.run(look)
    host.run(theft)
    if theft == "ip link set mn6home down":
        host.run("ip link set mn6home up")
    eventually(lambda: sign in host.run(look, check=False))
    assert not node.heard(NetworkStateFailed)


def test_what_is_taken_away_again_and_again_is_a_failure(lab):
    host = host_with_link(lab)
    node = lab.node(host).start()
    node.set(addresses=[CARE_OF])
    for attempt in range(5):
        host.run("ip addr del 2001:db8:2::5/64 dev eth0")
        eventually(lambda done=attempt + 1: node.counters()["state.put-back"] == done)
    host.run("ip addr del 2001:db8:2::5/64 dev eth0")
    failed = node.hears(NetworkStateFailed)
    assert (failed.owner, failed.item) == ("test", "addr 2001:db8:2::5/64 dev eth0 nodad")
    assert "another program" in failed.reason
    node.set(addresses=[CARE_OF])
    assert node.hears(NetworkStateRestored).owner == "test"
    assert "2001:db8:2::5" in host.run("ip -6 addr show dev eth0")


def test_a_link_that_was_down_gets_everything_back(lab):
    host = host_with_link(lab)
    node = lab.node(host).start()
    node.set(**EVERYTHING)
    host.run("ip link set eth0 down")
    eventually(lambda: "2001:db8:2::5" not in host.run("ip -6 addr"))
    host.run("ip link set eth0 up")
    eventually(lambda: "default via fe80::1" in host.run("ip -6 route show table 627600"))
    assert "2001:db8:2::5" in host.run("ip -6 addr show dev eth0")
    assert "2001:db8:2::99" in host.run("ip -6 neigh show proxy")
    assert not node.heard(NetworkStateFailed)


def test_what_is_asked_for_while_the_link_is_down_waits_for_it(lab):
    host = host_with_link(lab)
    host.run("ip link set eth0 down")
    node = lab.node(host).start()
    node.set(addresses=[CARE_OF], routes=[ON_LINK, DEFAULT])
    host.run("ip link set eth0 up")
    eventually(lambda: "default via fe80::1" in host.run("ip -6 route show table 627600"))
    assert not node.heard(NetworkStateFailed)


def test_a_link_without_carrier_keeps_its_addresses(lab):
    host, other = lab.host(), lab.host()
    lab.cable(host, other)
    node = lab.node(host).start()
    node.set(addresses=[CARE_OF], routes=[ON_LINK, DEFAULT])
    other.run("ip link set eth0 down")
    eventually(lambda: "NO-CARRIER" in host.run("ip link show eth0"))
    assert "2001:db8:2::5" in host.run("ip -6 addr show dev eth0")
    assert "default via fe80::1" in host.run("ip -6 route show table 627600")


def test_a_route_waits_for_its_source_address(lab):
    host = host_with_link(lab)
    host.sysctl("net.ipv6.conf.eth0.dad_transmits", 3)  # so that the wait can be seen
    node = lab.node(host).start()
    checked = Address(
        interface="eth0", address=CARE_OF.address, prefix_length=64, duplicate_detection=DuplicateDetection.NORMAL
    )
    node.set(
        addresses=[checked],
        routes=[
            Route(destination=ON_LINK.destination, interface="eth0", table=627600, preferred_source=CARE_OF.address)
        ],
    )
    assert host.run("ip -6 route show table 627600", check=False) == ""
    eventually(lambda: "src 2001:db8:2::5" in host.run("ip -6 route show table 627600", check=False), within=15)
    assert not node.heard(NetworkStateFailed)


def test_an_interface_that_is_not_there_is_a_failure_until_it_comes(lab):
    host = lab.host()
    node = lab.node(host).start()
    node.set(addresses=[CARE_OF])
    failed = node.hears(NetworkStateFailed)
    assert "no such interface" in failed.reason
    lab.cable(host, lab.host())
    assert node.hears(NetworkStateRestored).owner == "test"
    assert "2001:db8:2::5" in host.run("ip -6 addr show dev eth0")


def test_a_new_owner_of_something_refused_is_told_as_well(lab):
    node = lab.node(lab.host()).start()
    node.set("one", addresses=[CARE_OF])
    node.set("two", addresses=[CARE_OF])
    assert node.hears(NetworkStateFailed, owner="one")
    assert node.hears(NetworkStateFailed, owner="two")
    node.set("one")
    assert node.hears(NetworkStateRestored, owner="one")
    assert not node.heard(NetworkStateRestored, owner="two")


def test_an_address_of_somebody_else_is_used_and_left(lab):
    host = host_with_link(lab)
    add_address(host, "2001:db8:2::5/64")
    node = lab.node(host).start()
    node.set(addresses=[CARE_OF])
    assert not node.heard(NetworkStateFailed)
    node.set()
    assert "2001:db8:2::5/64" in host.run("ip -6 addr show dev eth0")
    node.set(addresses=[CARE_OF])
    host.run("ip addr del 2001:db8:2::5/64 dev eth0")
    eventually(lambda: "2001:db8:2::5" in ours(host))
    node.set()
    assert "2001:db8:2::5" not in host.run("ip -6 addr show dev eth0")


def test_a_route_of_somebody_else_is_not_touched(lab):
    host = host_with_link(lab)
    host.run("ip -6 route add 2001:db8:9::/48 dev eth0 proto static metric 1024")
    node = lab.node(host).start()
    other = Route(destination=IPv6Network("2001:db8:9::/48"), interface="eth0", gateway=GATEWAY)
    node.set(routes=[other])
    assert "another program" in node.hears(NetworkStateFailed).reason
    same = Route(destination=IPv6Network("2001:db8:9::/48"), interface="eth0")
    node.set(routes=[same])
    node.hears(NetworkStateRestored)
    node.set()
    assert "2001:db8:9::/48 dev eth0 proto static" in host.run("ip -6 route")


CRASHING = """
import asyncio, ctypes, sys
from tests.mnclient.network.lab import enter
from tests.mnclient.network.test_keeper import EVERYTHING
from mnclient.model.network_state import NetworkState
from mnclient.network.network import Network

async def main():
    network = Network(lambda event: None)
    await network.start()
    await network.set_state("x", NetworkState(**{kind: frozenset(items) for kind, items in EVERYTHING.items()}))
    await asyncio.gather(*network._background)
    print("ready", flush=True)
    await asyncio.sleep(60)

enter(sys.argv[1])
asyncio.run(main())
"""


def crash(host: Namespace) -> None:
    """Let a process ask for everything, and kill it."""
    root = Path(__file__).parents[3]
    process = subprocess.Popen([sys.executable, "-c", CRASHING, host.name], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_what_a_crash_leaves_is_taken_over(lab):
    host = host_with_link(lab)
    before = everything(host)
    crash(host)
    left = everything(host)
    assert "2001:db8:1::100" in left["addresses"]
    watch = subprocess.Popen(
        ["ip", "netns", "exec", host.name, "ip", "-6", "monitor", "address", "route", "rule"],
        stdout=subprocess.PIPE,
        text=True,
    )
    lab.defer(watch.stdout.close)
    lab.defer(watch.wait)
    lab.defer(watch.kill)
    until_it_listens(host, watch)
    node = lab.node(host).start()
    node.set(**EVERYTHING)
    node.settled()
    host.run("ip addr add 2001:db8:ffff::1/128 dev lo")
    heard = []
    for line in watch.stdout:
        heard.append(line)
        if "2001:db8:ffff::1" in line:
            break
    heard = [line for line in heard if IS_IT_LISTENING not in line]
    assert not [line for line in heard if line.startswith("Deleted")], "something was missing in between"
    assert not [line for line in heard if "2001:db8:2::5" in line or "627600" in line], "it was there already"
    there = everything(host)
    assert there["rules"] == left["rules"]
    assert there["routes"] == left["routes"].replace(" linkdown", ""), "nobody held the device"
    host.run("ip addr del 2001:db8:ffff::1/128 dev lo")
    node.stop()
    assert everything(host) == before
    assert host.run("sysctl -n net.ipv6.conf.eth0.forwarding").strip() == "0", "the value found by the first run"


def test_what_nobody_wants_after_a_crash_is_removed(lab):
    host = host_with_link(lab)
    before = everything(host)
    crash(host)
    node = lab.node(host).start()
    node.set(addresses=[CARE_OF])
    node.settled()
    after = everything(host)
    assert "2001:db8:2::5" in after.pop("addresses")
    assert {name: text for name, text in before.items() if name != "addresses"} == after
    assert host.run("sysctl -n net.ipv6.conf.eth0.forwarding").strip() == "0"


def test_sweep_removes_everything_of_ours_and_nothing_else(lab):
    import asyncio

    host = host_with_link(lab)
    add_address(host, "2001:db8:2::77/64")
    host.run("ip -6 rule add pref 6271 from 2001:db8:2::77 lookup 77")
    before = everything(host)
    crash(host)
    removed = host.inside(lambda: asyncio.run(sweep()))
    assert everything(host) == before
    assert host.run("nft list ruleset") == ""
    assert host.run("sysctl -n net.ipv6.conf.eth0.forwarding").strip() == "0"
    assert "addr del 2001:db8:2::5/64 dev eth0" in removed
    assert "link del mn6home type tun mtu 1440" in removed
    assert "rule del pref 6271 from 2001:db8:2::5/128 lookup 627600" in removed
    assert not [line for line in removed if "not " in line]
    assert host.inside(lambda: asyncio.run(sweep())) == []


def test_without_rights_everything_is_refused_and_nothing_is_thrown(lab):
    host = host_with_link(lab)
    program = CRASHING.replace("lambda event: None", "print").replace("enter(sys.argv[1])", DROP_RIGHTS)
    done = subprocess.run(
        [sys.executable, "-c", program.replace("asyncio.sleep(60)", "network.stop()"), host.name],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("NetworkStateFailed") >= 8
    assert "Operation not permitted" in done.stdout
    assert "2001:db8:2::5" not in host.run("ip -6 addr")


DROP_RIGHTS = """
import os
enter(sys.argv[1])
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""


def test_put_back_leaves_a_node_that_has_stopped_alone(lab):
    host = host_with_link(lab)
    node: Node = lab.node(host).start()
    node.set(addresses=[CARE_OF])
    node.stop(withdraw=False)
    assert "2001:db8:2::5" in host.run("ip -6 addr show dev eth0")
    host.run("ip addr del 2001:db8:2::5/64 dev eth0")
    assert "2001:db8:2::5" not in host.run("ip -6 addr show dev eth0")
