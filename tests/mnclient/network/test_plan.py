# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations, and in plain text the steps between them."""

from dataclasses import fields
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.network_state import (
    EMPTY,
    Address,
    AnycastAddress,
    BindingUpdateReception,
    DuplicateDetection,
    GroupForwarding,
    Neighbor,
    NetworkState,
    ProtectedSignalling,
    ProtectedTunnel,
    ProxyNeighbor,
    Route,
    RouteKind,
    RouteOptimization,
    Rule,
    Sysctl,
    Tunnel,
    TunnelDevice,
    TunnelEnd,
)
from mnclient.network.plan import Operation, Verb, describe_item, interface_of, key, plan, render

HOME = IPv6Address("2001:db8:1::100")
AGENT = IPv6Address("2001:db8:1::1")
ROUTER_A, ROUTER_B = IPv6Address("fe80::a"), IPv6Address("fe80::b")
CARE_OF_A, CARE_OF_B = IPv6Address("2001:db8:2::5"), IPv6Address("2001:db8:3::5")
DEFAULT = IPv6Network("::/0")


def visited(care_of: IPv6Address, router: IPv6Address, *, accepted: tuple[IPv6Address, ...] = ()) -> NetworkState:
    prefix = IPv6Network((int(care_of) >> 64 << 64, 64))
    return NetworkState(
        devices=frozenset({TunnelDevice(name="mn6home")}),
        addresses=frozenset(
            {
                Address(interface="mn6home", address=HOME, home=True),
                Address(
                    interface="eth0",
                    address=care_of,
                    prefix_length=64,
                    duplicate_detection=DuplicateDetection.OPTIMISTIC,
                ),
            }
        ),
        neighbors=frozenset({Neighbor(interface="eth0", address=router, link_layer_address=b"\x02\0\0\0\0\x0a")}),
        tunnels=frozenset(
            {
                Tunnel(
                    device="mn6home",
                    home_address=HOME,
                    local=care_of,
                    remote=AGENT,
                    end=TunnelEnd.MOBILE_NODE,
                    accept_local=accepted,
                )
            }
        ),
        routes=frozenset(
            {
                Route(destination=DEFAULT, interface="eth0", table=627600, gateway=router),
                Route(destination=prefix, interface="eth0", table=627600),
                Route(destination=DEFAULT, interface="mn6home", table=627500, preferred_source=HOME),
            }
        ),
        rules=frozenset(
            {
                Rule(priority=6270, table=627500, source=IPv6Network((HOME, 128))),
                Rule(priority=6271, table=627600, source=IPv6Network((care_of, 128))),
                Rule(priority=6272, table=254, suppress_prefix_length=0),
            }
        ),
    )


ANYCAST = IPv6Address("2001:db8:1:0:fdff:ffff:ffff:fffe")
AT_HOME = NetworkState(
    addresses=frozenset(
        {
            Address(
                interface="eth0",
                address=HOME,
                prefix_length=64,
                home=True,
                duplicate_detection=DuplicateDetection.NORMAL,
            )
        }
    ),
    routes=frozenset({Route(destination=DEFAULT, interface="eth0", gateway=ROUTER_A)}),
)
AWAY_AT_A = visited(CARE_OF_A, ROUTER_A)
AWAY_AT_B = visited(CARE_OF_B, ROUTER_B, accepted=(CARE_OF_A,))
SERVING = NetworkState(
    devices=frozenset({TunnelDevice(name="mn6agent", mtu=1440)}),
    sysctls=frozenset({Sysctl(key="net/ipv6/conf/all/forwarding", value="1")}),
    tunnels=frozenset(
        {Tunnel(device="mn6agent", home_address=HOME, local=AGENT, remote=CARE_OF_A, end=TunnelEnd.HOME_AGENT)}
    ),
    routes=frozenset(
        {
            Route(destination=IPv6Network((HOME, 128)), interface="mn6agent"),
            Route(destination=IPv6Network("2001:db8:1::/64"), interface="", metric=4096, kind=RouteKind.UNREACHABLE),
        }
    ),
    proxy_neighbors=frozenset({ProxyNeighbor(interface="eth0", address=HOME)}),
    anycast_addresses=frozenset({AnycastAddress(interface="eth0", address=ANYCAST)}),
)

STEPS = [
    (
        "leaving home",
        AT_HOME,
        AWAY_AT_A,
        """
link add mn6home type tun mtu 1460
addr add 2001:db8:2::5/64 dev eth0 optimistic
addr add 2001:db8:1::100/128 dev mn6home home nodad
neigh add fe80::a lladdr 02:00:00:00:00:0a dev eth0
tunnel add 2001:db8:1::100 dev mn6home local 2001:db8:2::5 remote 2001:db8:1::1 at mobile-node
route add default dev mn6home src 2001:db8:1::100 table 627500 metric 1024
route add 2001:db8:2::/64 dev eth0 table 627600 metric 1024
route add default via fe80::a dev eth0 table 627600 metric 1024
rule add pref 6270 from 2001:db8:1::100/128 lookup 627500
rule add pref 6271 from 2001:db8:2::5/128 lookup 627600
rule add pref 6272 from all lookup 254 suppress_prefixlength 0
route del default via fe80::a dev eth0 table 254 metric 1024
addr del 2001:db8:1::100/64 dev eth0 home
""",
    ),
    (
        "from one visited network to the next: what goes on with another value is replaced in place",
        AWAY_AT_A,
        AWAY_AT_B,
        """
addr add 2001:db8:3::5/64 dev eth0 optimistic
neigh add fe80::b lladdr 02:00:00:00:00:0a dev eth0
tunnel replace 2001:db8:1::100 dev mn6home local 2001:db8:3::5 remote 2001:db8:1::1 accept 2001:db8:2::5 at mobile-node
route add 2001:db8:3::/64 dev eth0 table 627600 metric 1024
route replace default via fe80::b dev eth0 table 627600 metric 1024
rule add pref 6271 from 2001:db8:3::5/128 lookup 627600
rule del pref 6271 from 2001:db8:2::5/128 lookup 627600
route del 2001:db8:2::/64 dev eth0 table 627600 metric 1024
neigh del fe80::a lladdr 02:00:00:00:00:0a dev eth0
addr del 2001:db8:2::5/64 dev eth0 optimistic
""",
    ),
    (
        "a home agent begins to serve",
        EMPTY,
        SERVING,
        """
link add mn6agent type tun mtu 1440
sysctl add net/ipv6/conf/all/forwarding=1
tunnel add 2001:db8:1::100 dev mn6agent local 2001:db8:1::1 remote 2001:db8:2::5 at home-agent
route add unreachable 2001:db8:1::/64 table 254 metric 4096
route add 2001:db8:1::100/128 dev mn6agent table 254 metric 1024
neigh add proxy 2001:db8:1::100 dev eth0
anycast add 2001:db8:1:0:fdff:ffff:ffff:fffe dev eth0
""",
    ),
    (
        "and ends: from the top down",
        SERVING,
        EMPTY,
        """
anycast del 2001:db8:1:0:fdff:ffff:ffff:fffe dev eth0
neigh del proxy 2001:db8:1::100 dev eth0
route del 2001:db8:1::100/128 dev mn6agent table 254 metric 1024
route del unreachable 2001:db8:1::/64 table 254 metric 4096
tunnel del 2001:db8:1::100 dev mn6agent local 2001:db8:1::1 remote 2001:db8:2::5 at home-agent
sysctl del net/ipv6/conf/all/forwarding=1
link del mn6agent type tun mtu 1440
""",
    ),
    ("nothing changes", AWAY_AT_A, AWAY_AT_A, "\n"),
]


@pytest.mark.parametrize("current, desired, text", [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
def test_steps(current, desired, text):
    assert "\n" + render(plan(current, desired)) == text


REPLACED = [
    (TunnelDevice(name="mn6home", mtu=1400), TunnelDevice(name="mn6home", mtu=1300)),
    (Sysctl(key="a/b", value="0"), Sysctl(key="a/b", value="1")),
    (Address(interface="e", address=HOME), Address(interface="e", address=HOME, home=True)),
    (
        Neighbor(interface="e", address=HOME, link_layer_address=b"1" * 6),
        Neighbor(interface="e", address=HOME, link_layer_address=b"2" * 6),
    ),
    (Route(destination=DEFAULT, interface="e"), Route(destination=DEFAULT, interface="f", gateway=ROUTER_A)),
    (
        Route(destination=DEFAULT, interface="e"),
        Route(destination=DEFAULT, interface="", kind=RouteKind.UNREACHABLE),
    ),
]


@pytest.mark.parametrize("old, new", REPLACED, ids=lambda item: type(item).__name__)
def test_same_identity_is_replaced_in_place(old, new):
    assert plan(state_of(old), state_of(new)) == (Operation(Verb.ADD, new, previous=old),)
    assert Operation(Verb.ADD, new, previous=old).inverse() == Operation(Verb.ADD, old, previous=new)


SEPARATE = [
    (Address(interface="e", address=HOME), Address(interface="f", address=HOME)),
    (Route(destination=DEFAULT, interface="e"), Route(destination=DEFAULT, interface="e", metric=7)),
    (Route(destination=DEFAULT, interface="e"), Route(destination=DEFAULT, interface="e", table=7)),
    (Rule(priority=1, table=2), Rule(priority=1, table=2, suppress_prefix_length=0)),
    (Rule(priority=1, table=2), Rule(priority=1, table=2, source=DEFAULT)),
    (Rule(priority=1, table=2, source=DEFAULT), Rule(priority=1, table=2, destination=DEFAULT)),
    (ProxyNeighbor(interface="e", address=HOME), ProxyNeighbor(interface="e", address=AGENT)),
]


@pytest.mark.parametrize("old, new", SEPARATE, ids=lambda item: type(item).__name__)
def test_another_identity_is_added_before_the_old_one_goes(old, new):
    assert plan(state_of(old), state_of(new)) == (Operation(Verb.ADD, new), Operation(Verb.REMOVE, old))


def state_of(*items):
    names = {type(value): field.name for field in fields(NetworkState) for value in SAMPLES if is_of(value, field.name)}
    grouped = {name: frozenset(item for item in items if names[type(item)] == name) for name in names.values()}
    return NetworkState(**grouped)


def is_of(value, name):
    kinds = {
        "devices": TunnelDevice,
        "sysctls": Sysctl,
        "addresses": Address,
        "neighbors": Neighbor,
        "tunnels": Tunnel,
        "routes": Route,
        "rules": Rule,
        "proxy_neighbors": ProxyNeighbor,
        "route_optimizations": RouteOptimization,
        "group_forwardings": GroupForwarding,
        "receptions": BindingUpdateReception,
        "anycast_addresses": AnycastAddress,
        "protected_signalling": ProtectedSignalling,
        "protected_tunnels": ProtectedTunnel,
    }
    return isinstance(value, kinds[name])


SAMPLES = sorted({*AWAY_AT_A.items(), *AWAY_AT_B.items(), *AT_HOME.items(), *SERVING.items()}, key=repr)
STATES = st.sets(st.sampled_from(SAMPLES)).map(
    # One value for an identity, as a state that makes sense has.
    lambda items: state_of(*{key(item): item for item in items}.values())
)


def carry_out(items, operations):
    """What is there after each operation, by identity."""
    there = {key(item): item for item in items}
    for operation in operations:
        where = key(operation.item)
        if operation.verb is Verb.ADD:
            assert there.get(where) == operation.previous
            there[where] = operation.item
        else:
            assert there.pop(where) == operation.item
        yield dict(there)


@given(STATES, STATES)
def test_a_plan_leads_to_what_is_desired(current, desired):
    *_, final = [{key(item): item for item in current.items()}, *carry_out(current.items(), plan(current, desired))]
    assert frozenset(final.values()) == desired.items()


@given(STATES, STATES)
def test_what_is_wanted_before_and_after_is_never_missing(current, desired):
    kept = {key(item) for item in current.items()} & {key(item) for item in desired.items()}
    for there in carry_out(current.items(), plan(current, desired)):
        assert kept <= there.keys()


@given(STATES, STATES)
def test_the_inverses_backwards_undo_a_plan(current, desired):
    operations = plan(current, desired)
    back = [operation.inverse() for operation in reversed(operations)]
    *_, final = [{key(item): item for item in desired.items()}, *carry_out(desired.items(), back)]
    assert frozenset(final.values()) == current.items()


def test_words_for_a_person():
    assert describe_item(Sysctl(key="a", value="1")) == "sysctl a=1"
    assert describe_item(Rule(priority=1, table=2)) == "rule pref 1 from all lookup 2"


def test_interface_of_each_kind():
    names = {type(item).__name__: interface_of(item) for item in SAMPLES if not isinstance(item, Route | Address)}
    assert names == {
        "AnycastAddress": "eth0",
        "Neighbor": "eth0",
        "ProxyNeighbor": "eth0",
        "Rule": "",
        "Sysctl": "",
        "Tunnel": names["Tunnel"],
        "TunnelDevice": names["TunnelDevice"],
    }
    assert names["Tunnel"].startswith("mn6")
    assert names["TunnelDevice"].startswith("mn6")
