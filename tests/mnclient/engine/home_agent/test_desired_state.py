# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel of a home agent should look like."""

from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from mnclient.engine.events import DatapathChosen, LinkChanged, LinkRemoved
from mnclient.model.config import AdvertisingConfig
from mnclient.model.network_state import (
    Address,
    BindingUpdateReception,
    DuplicateDetection,
    NetworkState,
    ProxyNeighbor,
    Route,
    RouteKind,
    Sysctl,
    Tunnel,
    TunnelDevice,
    TunnelEnd,
)
from tests.mnclient.engine.home_agent.script import (
    AGENT,
    CARE_OF,
    CONFIG,
    ETH0_UP,
    HOME,
    REAL_LINK,
    VIRTUAL_AGENT,
    VIRTUAL_LINK,
    Script,
    states,
)

WAN_UP = LinkChanged(interface="wan", is_up=True, link_layer_address=b"\2\0\0\0\0\1", mtu=1492)
FORWARDING = Sysctl(key="net/ipv6/conf/all/forwarding", value="1")
PROXY_NDP = Sysctl(key="net/ipv6/conf/eth0/proxy_ndp", value="1")
PROXY_ALL = Sysctl(key="net/ipv6/conf/all/proxy_ndp", value="1")
PROXY_DELAY = Sysctl(key="net/ipv6/neigh/eth0/proxy_delay", value="0")


def accept_ra(interface: str) -> Sysctl:
    return Sysctl(key=f"net/ipv6/conf/{interface}/accept_ra", value="2", instead_of="1")


def role(script: Script) -> NetworkState:
    return script.desired["home-agent"]


def test_a_real_link():
    script = Script(replace(CONFIG, links=(replace(REAL_LINK, advertising=AdvertisingConfig()),)))
    assert role(script) == NetworkState(
        devices=frozenset({TunnelDevice(name="mn6agent", mtu=1460)}),
        sysctls=frozenset({FORWARDING, PROXY_ALL, PROXY_NDP, PROXY_DELAY}),
        addresses=frozenset(
            {Address(interface="eth0", address=AGENT, prefix_length=64, duplicate_detection=DuplicateDetection.NORMAL)}
        ),
        routes=frozenset({Route(destination=REAL_LINK.prefix, interface="eth0")}),
    )


@pytest.mark.parametrize("known_first", [True, False])
def test_a_datapath_that_refuses_home_addresses_lets_binding_updates_in(known_first):
    script = Script(None)
    if known_first:
        script.give(DatapathChosen(route_optimization=True))
    script.configure(CONFIG)
    if not known_first:
        script.give(DatapathChosen(route_optimization=True))
    assert role(script).receptions == {BindingUpdateReception()}
    script.give(DatapathChosen(route_optimization=False))
    assert role(script).receptions == set()
    script.configure(None)
    script.give(DatapathChosen(route_optimization=True))
    assert script.desired == {}


def test_a_virtual_link_has_an_unreachable_prefix_behind_all_other_routes():
    script = Script(replace(CONFIG, links=(VIRTUAL_LINK,)), links=())
    assert role(script) == NetworkState(
        devices=frozenset({TunnelDevice(name="mn6agent", mtu=1460)}),
        sysctls=frozenset({FORWARDING}),
        addresses=frozenset({Address(interface="mn6agent", address=VIRTUAL_AGENT)}),
        routes=frozenset(
            {Route(destination=VIRTUAL_LINK.prefix, interface="", metric=4096, kind=RouteKind.UNREACHABLE)}
        ),
    )


def test_nothing_is_asked_of_an_interface_that_does_not_exist():
    script = Script(links=())
    assert role(script).sysctls == {FORWARDING}
    script.give(ETH0_UP)
    assert {PROXY_ALL, PROXY_NDP, PROXY_DELAY} <= role(script).sysctls
    script.give(LinkRemoved(interface="eth0"))
    assert role(script).sysctls == {FORWARDING}


def test_accept_ra_is_in_force_before_forwarding_begins():
    script = Script(links=(WAN_UP,))
    first, second = [each.state for each in states(script.actions)]
    assert first == NetworkState(sysctls=frozenset({accept_ra("wan")}))
    assert second.sysctls == {FORWARDING, accept_ra("wan")}


def test_forwarding_does_not_cut_off_this_host():
    advertised = replace(REAL_LINK, advertising=AdvertisingConfig())
    own, loopback = replace(WAN_UP, interface="mn6agent"), replace(WAN_UP, interface="lo")
    down = replace(WAN_UP, interface="wlan0", is_up=False)
    script = Script(replace(CONFIG, links=(advertised,)), links=(ETH0_UP, WAN_UP, own, loopback, down))
    others = {accept_ra("wan"), accept_ra("wlan0")}
    assert role(script).sysctls == {FORWARDING, PROXY_ALL, PROXY_NDP, PROXY_DELAY, *others}
    script.configure(CONFIG)  # now another router advertises on the home link
    assert role(script).sysctls == {FORWARDING, PROXY_ALL, PROXY_NDP, PROXY_DELAY, *others, accept_ra("eth0")}


@pytest.mark.parametrize("mtu, tunnel", [(1492, 1452), (9000, 1460), (1280, 1280), (1319, 1280)])
def test_what_enters_the_tunnel_fits_the_smallest_interface(mtu, tunnel):
    script = Script(links=(ETH0_UP, replace(WAN_UP, mtu=mtu)))
    assert role(script).devices == {TunnelDevice(name="mn6agent", mtu=tunnel)}


@pytest.mark.requirement("HA-10.4.2-01")
def test_a_binding():
    script = Script()
    script.register(HOME)
    assert script.desired[f"home-agent:{HOME}"] == NetworkState(
        routes=frozenset({Route(destination=IPv6Network(f"{HOME}/128"), interface="mn6agent", tunnel=HOME)}),
        tunnels=frozenset(
            {Tunnel(device="mn6agent", home_address=HOME, local=AGENT, remote=CARE_OF, end=TunnelEnd.HOME_AGENT)}
        ),
        proxy_neighbors=frozenset({ProxyNeighbor(interface="eth0", address=HOME)}),
    )


def test_an_unchanged_interface_sets_nothing():
    script = Script()
    assert not states(script.give(ETH0_UP))
