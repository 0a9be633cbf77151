# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own rtnetlink messages, read by a library."""

from ipaddress import IPv6Address, IPv6Network

import pytest
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from mnclient.model.network_state import Address, DuplicateDetection, Neighbor, ProxyNeighbor, Route, RouteKind, Rule
from mnclient.network.messages import addition, read_address, read_neighbor, read_route, read_rule, removal
from mnclient.network.rtnetlink import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE

ADDRESS = IPv6Address("2001:db8::1")
NETWORK = IPv6Network("2001:db8:5::/48")


def parsed(kind, message):
    """As the library reads it, without the header that the socket adds."""
    length = 16 + len(message.body)
    header = length.to_bytes(4, "little") + message.type.to_bytes(2, "little") + bytes(10)
    result = kind(header + message.body)
    result.decode()
    return result


def test_an_address():
    item = Address(interface="e", address=ADDRESS, prefix_length=64, home=True)
    seen = parsed(ifaddrmsg, addition(item, 7, replace=False))
    assert (seen["index"], seen["prefixlen"], seen.get_attr("IFA_ADDRESS")) == (7, 64, str(ADDRESS))
    assert (seen.get_attr("IFA_FLAGS"), seen.get_attr("IFA_PROTO")) == (0x200 | 0x10 | 0x02, 135)


@pytest.mark.parametrize(
    "detection, flags",
    [(DuplicateDetection.NONE, 0x202), (DuplicateDetection.NORMAL, 0x200), (DuplicateDetection.OPTIMISTIC, 0x204)],
)
def test_flags_of_addresses(detection, flags):
    item = Address(interface="e", address=ADDRESS, duplicate_detection=detection)
    assert parsed(ifaddrmsg, addition(item, 7, replace=False)).get_attr("IFA_FLAGS") == flags
    unmarked = addition(item, 7, replace=False, mark_addresses=False)
    assert parsed(ifaddrmsg, unmarked).get_attr("IFA_PROTO") is None


def test_a_route():
    item = Route(
        destination=NETWORK,
        interface="e",
        table=627500,
        gateway=IPv6Address("fe80::1"),
        preferred_source=ADDRESS,
        metric=9,
    )
    seen = parsed(rtmsg, addition(item, 7, replace=True))
    assert (seen["table"], seen["proto"], seen["type"], seen["dst_len"]) == (0, 135, 1, 48)
    names = ("RTA_TABLE", "RTA_DST", "RTA_GATEWAY", "RTA_PREFSRC", "RTA_PRIORITY", "RTA_OIF")
    values = [627500, "2001:db8:5::", "fe80::1", str(ADDRESS), 9, 7]
    assert [seen.get_attr(name) for name in names] == values


def test_an_unreachable_route_has_no_interface():
    item = Route(destination=NETWORK, interface="", kind=RouteKind.UNREACHABLE)
    seen = parsed(rtmsg, addition(item, 0, replace=False))
    assert (seen["type"], seen.get_attr("RTA_OIF"), seen.get_attr("RTA_TABLE")) == (7, None, 254)


def test_a_rule():
    item = Rule(priority=6270, table=627500, source=NETWORK, suppress_prefix_length=0)
    seen = parsed(fibmsg, addition(item, 0, replace=False))
    assert (seen["src_len"], seen["action"]) == (48, 1)
    names = ("FRA_PRIORITY", "FRA_TABLE", "FRA_PROTOCOL", "FRA_SRC", "FRA_SUPPRESS_PREFIXLEN")
    assert [seen.get_attr(name) for name in names] == [6270, 627500, 135, "2001:db8:5::", 0]


def test_neighbours():
    seen = parsed(
        ndmsg,
        addition(Neighbor(interface="e", address=ADDRESS, link_layer_address=b"\1\2\3\4\5\6"), 7, replace=False),
    )
    assert (seen["ifindex"], seen["state"], seen["flags"]) == (7, 2, 0)
    assert seen.get_attr("NDA_DST") == str(ADDRESS)
    assert seen.get_attr("NDA_LLADDR") == "01:02:03:04:05:06"
    proxy = parsed(ndmsg, addition(ProxyNeighbor(interface="e", address=ADDRESS), 7, replace=False))
    assert (proxy["flags"], proxy.get_attr("NDA_DST")) == (8, str(ADDRESS))


ITEMS = [
    Address(interface="e", address=ADDRESS),
    Route(destination=NETWORK, interface="e"),
    Rule(priority=1, table=2),
    Rule(priority=1, table=2, destination=NETWORK),
    Rule(priority=1, table=2, source=NETWORK, destination=NETWORK, suppress_prefix_length=0),
    Neighbor(interface="e", address=ADDRESS, link_layer_address=bytes(6)),
    ProxyNeighbor(interface="e", address=ADDRESS),
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_what_is_added_first_must_not_be_there(item):
    added, replaced, removed = addition(item, 7, replace=False), addition(item, 7, replace=True), removal(item, 7)
    if isinstance(item, Address | Route | Rule):
        assert added.flags == NLM_F_CREATE | NLM_F_EXCL
    if isinstance(item, Address | Route):
        assert replaced.flags == NLM_F_CREATE | NLM_F_REPLACE
    assert removed.flags == 0
    assert removed.type == added.type + 1


def test_what_is_written_is_read():
    route = Route(destination=NETWORK, interface="e", table=627500, gateway=ADDRESS, metric=9)
    record = read_route(addition(route, 7, replace=False).body)
    assert (record.protocol, record.table, record.network, record.metric) == (135, 627500, NETWORK, 9)
    assert (record.index, record.gateway) == (7, ADDRESS.packed)
    rule = Rule(priority=1, table=2, source=NETWORK, suppress_prefix_length=0)
    assert read_rule(addition(rule, 0, replace=False).body) == (rule, 135)
    rule = Rule(priority=1, table=2, destination=NETWORK)
    assert read_rule(addition(rule, 0, replace=False).body) == (rule, 135)
    address = read_address(addition(Address(interface="e", address=ADDRESS), 7, replace=False).body)
    assert (address.index, address.address, address.protocol) == (7, ADDRESS.packed, 135)
    proxy = read_neighbor(addition(ProxyNeighbor(interface="e", address=ADDRESS), 7, replace=False).body)
    assert (proxy.index, proxy.address, proxy.flags, proxy.protocol) == (7, ADDRESS.packed, 8, 135)
