# SPDX-License-Identifier: GPL-2.0-or-later
"""Owners, and the union of what they want."""

from ipaddress import IPv6Address, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.network_state import EMPTY, Address, NetworkState, Route, Sysctl, TunnelDevice
from mnclient.network.plan import Verb, key, render
from mnclient.network.registry import Registry

DEVICE = TunnelDevice(name="mn6agent")
FORWARDING = Sysctl(key="net/ipv6/conf/all/forwarding", value="1")
NOT_FORWARDING = Sysctl(key="net/ipv6/conf/all/forwarding", value="0")


def binding(number: int) -> NetworkState:
    route = Route(destination=IPv6Network((number, 128)), interface="mn6agent")
    return NetworkState(devices=frozenset({DEVICE}), routes=frozenset({route}))


def test_a_shared_item_comes_with_the_first_owner_and_goes_with_the_last():
    registry = Registry()
    assert render(registry.set("a", binding(1))).startswith("link add mn6agent")
    assert render(registry.set("b", binding(2))) == "route add ::2/128 dev mn6agent table 254 metric 1024\n"
    assert render(registry.set("a", EMPTY)) == "route del ::1/128 dev mn6agent table 254 metric 1024\n"
    assert render(registry.set("b", EMPTY)).endswith("link del mn6agent type tun mtu 1460\n")
    assert len(registry) == 0
    assert list(registry.on_interface("mn6agent")) == []


def test_the_same_state_again_is_nothing_to_do():
    registry = Registry()
    registry.set("a", binding(1))
    assert registry.set("a", binding(1)) == ()


def test_the_last_of_two_values_is_in_force_and_the_first_comes_back():
    registry = Registry()
    registry.set("a", NetworkState(sysctls=frozenset({FORWARDING})))
    assert render(registry.set("b", NetworkState(sysctls=frozenset({NOT_FORWARDING})))) == (
        "sysctl replace net/ipv6/conf/all/forwarding=0\n"
    )
    assert registry.item(key(FORWARDING)) == NOT_FORWARDING
    assert set(registry.owners(key(FORWARDING))) == {"a", "b"}
    assert render(registry.set("b", EMPTY)) == "sysctl replace net/ipv6/conf/all/forwarding=1\n"


def test_items_are_found_by_their_interface():
    registry = Registry()
    on_eth0 = Address(interface="eth0", address=IPv6Address("2001:db8::1"))
    registry.set("a", NetworkState(addresses=frozenset({on_eth0})))
    registry.set("b", binding(1))
    assert list(registry.on_interface("eth0")) == [on_eth0]
    moved = NetworkState(routes=frozenset({Route(destination=IPv6Network("::1/128"), interface="eth0")}))
    registry.set("b", moved)
    assert list(registry.on_interface("mn6agent")) == []
    assert len(list(registry.on_interface("eth0"))) == 2


def test_a_change_costs_as_much_as_its_owner():
    """Counted, not timed: what one owner's change looks at does not grow with the number of owners."""
    registry = Registry()
    for number in range(1, 500):
        registry.set(str(number), binding(number))
    looked_at = []
    original = registry.item
    registry.item = lambda where: looked_at.append(where) or original(where)
    registry.set("1", EMPTY)
    assert len(looked_at) <= 2 * len(binding(1).items())


ITEMS = [
    DEVICE,
    FORWARDING,
    NOT_FORWARDING,
    Route(destination=IPv6Network("::1/128"), interface="mn6agent"),
    Route(destination=IPv6Network("::1/128"), interface="eth0"),
]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from(ITEMS)))))
def test_the_steps_lead_to_the_union(changes):
    registry, there, wanted = Registry(), {}, {}
    for owner, items in changes:
        items = {key(item): item for item in items}.values()
        state = NetworkState(
            devices=frozenset(item for item in items if isinstance(item, TunnelDevice)),
            sysctls=frozenset(item for item in items if isinstance(item, Sysctl)),
            routes=frozenset(item for item in items if isinstance(item, Route)),
        )
        wanted[owner] = state.items()
        for operation in registry.set(owner, state):
            if operation.verb is Verb.ADD:
                assert there.get(key(operation.item)) == operation.previous
                there[key(operation.item)] = operation.item
            else:
                assert there.pop(key(operation.item)) == operation.item
        assert set(there) == {key(item) for items in wanted.values() for item in items}
        assert all(any(item in items for items in wanted.values()) for item in there.values())
        assert set(registry.items()) == set(there.values())
        assert len(registry) == len(there)
