# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel datapath makes of the engine's wishes, as text that can be read without running it."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.network_state import (
    EMPTY,
    Address,
    NetworkState,
    ProxyNeighbor,
    Route,
    Rule,
    Tunnel,
    TunnelDevice,
    TunnelEnd,
)
from mnclient.network.kernel.plan import for_kernel
from mnclient.network.plan import plan, render

HOME, CARE_OF, NEXT = (IPv6Address(f"2001:db8:{each}") for each in ("1::100", "2::5", "3::5"))
AGENT = IPv6Address("2001:db8:1::1")
DEFAULT = IPv6Network("::/0")


def laptop(care_of: IPv6Address | None) -> NetworkState:
    tunnels = frozenset()
    if care_of is not None:
        tunnels = frozenset(
            {Tunnel(device="mn6home", home_address=HOME, local=care_of, remote=AGENT, end=TunnelEnd.MOBILE_NODE)}
        )
    return NetworkState(
        devices=frozenset({TunnelDevice(name="mn6home", mtu=1460)}),
        addresses=frozenset({Address(interface="mn6home", address=HOME, home=True)}),
        routes=frozenset(
            {
                Route(destination=DEFAULT, interface="mn6home", table=627500, preferred_source=HOME, tunnel=HOME),
                Route(destination=DEFAULT, interface="eth0", table=627600, gateway=IPv6Address("fe80::1")),
            }
        ),
        rules=frozenset({Rule(priority=6270, table=627500, source=IPv6Network(HOME))}),
        tunnels=tunnels,
    )


def steps(before: NetworkState, after: NetworkState) -> list[str]:
    return render(plan(for_kernel(before), for_kernel(after))).splitlines()


def test_a_laptop_abroad():
    assert steps(EMPTY, laptop(CARE_OF)) == [
        "link add mn6hold type tun mtu 1460",
        "link add mn6tunnel type ip6tnl mtu 1460",
        f"addr add {HOME}/128 dev mn6tunnel home nodad",
        f"tunnel add {HOME} dev mn6tunnel local {CARE_OF} remote {AGENT} at mobile-node",
        f"route add default encap {CARE_OF} to {AGENT} dev mn6tunnel src {HOME} table 627500 metric 1024 tunnel {HOME}",
        "route add default via fe80::1 dev eth0 table 627600 metric 1024",
        f"rule add pref 6270 from {HOME}/128 lookup 627500",
    ]


def test_a_move_replaces_one_route():
    assert steps(laptop(CARE_OF), laptop(NEXT)) == [
        f"tunnel replace {HOME} dev mn6tunnel local {NEXT} remote {AGENT} at mobile-node",
        f"route replace default encap {NEXT} to {AGENT} dev mn6tunnel src {HOME} table 627500 metric 1024 "
        f"tunnel {HOME}",
    ]


def test_without_a_far_end_packets_wait():
    assert steps(laptop(CARE_OF), laptop(None)) == [
        f"route replace default dev mn6hold src {HOME} table 627500 metric 1024 tunnel {HOME}",
        f"tunnel del {HOME} dev mn6tunnel local {CARE_OF} remote {AGENT} at mobile-node",
    ]


def test_a_binding_of_a_home_agent():
    binding = NetworkState(
        routes=frozenset({Route(destination=IPv6Network(HOME), interface="mn6agent", tunnel=HOME)}),
        tunnels=frozenset(
            {Tunnel(device="mn6agent", home_address=HOME, local=AGENT, remote=CARE_OF, end=TunnelEnd.HOME_AGENT)}
        ),
        proxy_neighbors=frozenset({ProxyNeighbor(interface="lan0", address=HOME)}),
    )
    assert steps(EMPTY, binding) == [
        f"tunnel add {HOME} dev mn6tunnel local {AGENT} remote {CARE_OF} at home-agent",
        f"route add {HOME}/128 encap {AGENT} to {CARE_OF} dev mn6tunnel table 254 metric 1024 tunnel {HOME}",
        f"neigh add proxy {HOME} dev lan0",
    ]


def test_both_roles_share_the_one_device_and_only_a_laptop_holds_packets():
    agent = NetworkState(devices=frozenset({TunnelDevice(name="mn6agent", mtu=1400)}))
    assert [each.name for each in for_kernel(agent).devices] == ["mn6tunnel"]
    assert sorted(each.name for each in for_kernel(laptop(None)).devices) == ["mn6hold", "mn6tunnel"]


@pytest.mark.parametrize("state", [EMPTY, laptop(CARE_OF), laptop(None)])
def test_what_is_the_kernels_already_stays_as_it_is(state):
    assert for_kernel(for_kernel(state)).rules == state.rules
    assert for_kernel(state).proxy_neighbors == state.proxy_neighbors
