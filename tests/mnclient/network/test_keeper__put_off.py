# SPDX-License-Identifier: GPL-2.0-or-later
"""What is put off is done in the end, whatever comes in between, and what is urgent does not wait for it."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.network_state import (
    EMPTY,
    Address,
    DuplicateDetection,
    Item,
    Neighbor,
    NetworkState,
    ProtectedSignalling,
    ProtectedTunnel,
    ProxyNeighbor,
    Route,
    RouteOptimization,
    Rule,
    Tunnel,
    TunnelEnd,
)
from mnclient.model.network_state import OptimizationEnd as End
from mnclient.network.keeper import Keeper
from mnclient.network.netlink import Refusal
from mnclient.network.plan import Key, Operation, Verb, can_follow_the_update, is_tidying, key
from tests.mnclient.engine.associations import association

HOME, AGENT = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::1")
ANYWHERE = IPv6Network("::/0")
KEY = association(HOME, AGENT)


def care_of(number: int) -> Address:
    address = IPv6Address(f"2001:db8:{number}::5")
    return Address(interface="eth0", address=address, duplicate_detection=DuplicateDetection.OPTIMISTIC)


def rule(number: int) -> Rule:
    return Rule(priority=6271, table=627600, source=IPv6Network(f"2001:db8:{number}::5/128"))


def router(number: int) -> Neighbor:
    return Neighbor(interface="eth0", address=IPv6Address(f"fe80::{number}"), link_layer_address=bytes(6))


def way(number: int) -> Route:
    return Route(destination=ANYWHERE, interface="eth0", table=627600, gateway=IPv6Address(f"fe80::{number}"))


def tunnel(number: int) -> Tunnel:
    return Tunnel(
        device="mn6home", home_address=HOME, local=care_of(number).address, remote=AGENT, end=TunnelEnd.MOBILE_NODE
    )


HELD = Route(destination=ANYWHERE, interface="mn6hold", table=627500, tunnel=HOME)
THROUGH = Route(
    destination=ANYWHERE, interface="mn6tunnel", table=627500, tunnel=HOME, encapsulation=(care_of(2).address, AGENT)
)


def state_of(items: Iterable[Item]) -> NetworkState:
    kinds = {Address: "addresses", Neighbor: "neighbors", Tunnel: "tunnels", Route: "routes", Rule: "rules"}
    groups: dict[str, set[Item]] = {}
    for item in items:
        groups.setdefault(kinds[type(item)], set()).add(item)
    return NetworkState(**{name: frozenset(group) for name, group in groups.items()})  # type: ignore[arg-type]


def at(number: int) -> NetworkState:
    return state_of([care_of(number), rule(number), router(number), way(number), tunnel(number), THROUGH])


NOWHERE = state_of([HELD])


class Kernel:
    """In place of the executor: has what it was told to have, and remembers the steps."""

    def __init__(self) -> None:
        self.has: dict[Key, Item] = {}
        self.steps: list[Operation] = []
        self.borrowed: set[Key] = set()

    def apply(self, operations: Iterable[Operation], *, again: bool = False) -> list[Refusal]:
        for operation in operations:
            self.steps.append(operation)
            where = key(operation.item)
            if operation.verb is Verb.REMOVE:
                assert self.has.pop(where, None) == operation.item, "not there, or another one"
            else:
                assert again or self.has.get(where) == operation.previous, "not what it takes the place of"
                self.has[where] = operation.item
        return []

    def take_steps(self) -> list[Operation]:
        steps, self.steps = self.steps, []
        return steps

    def restore_sysctls(self, *, except_for: object = None) -> None:
        """Nothing was set."""


class Surroundings:
    """All is up; remembers which addresses were asked for."""

    def __init__(self) -> None:
        self.wanted: list[bytes] = []

    def is_administratively_up(self, interface: str) -> bool:
        return True

    def has_address(self, interface: str, packed: bytes) -> bool:
        return True

    def address_wanted(self, interface: str, packed: bytes) -> None:
        self.wanted.append(packed)

    def address_unwanted(self, interface: str, packed: bytes, *, stays: bool) -> None:
        """Not of interest here."""


def keeper_of() -> tuple[Keeper, Kernel, Surroundings]:
    kernel, surroundings = Kernel(), Surroundings()
    keeper = Keeper(kernel, surroundings, lambda event: None)  # type: ignore[arg-type]
    return keeper, kernel, surroundings


def kinds(steps: Iterable[Operation], verb: Verb) -> set[str]:
    return {type(each.item).__name__ for each in steps if each.verb is verb}


def test_a_move_in_its_order():
    keeper, kernel, surroundings = keeper_of()
    keeper.set("me", at(2))
    kernel.take_steps()
    surroundings.wanted.clear()

    keeper.set("me", NOWHERE, is_tidying)  # the link has died
    steps = kernel.take_steps()
    assert [each.item for each in steps if each.verb is Verb.ADD] == [HELD], "packets wait at once"
    assert kinds(steps, Verb.REMOVE) == {"Tunnel"}

    keeper.set("me", at(3), can_follow_the_update)
    steps = kernel.take_steps()
    assert kinds(steps, Verb.ADD) == {"Address", "Neighbor", "Route", "Rule"}
    assert not kinds(steps, Verb.REMOVE), "no Binding Update waits for what is of the past"
    assert THROUGH not in [each.item for each in steps]
    (new_way,) = [each for each in steps if isinstance(each.item, Route)]
    assert (new_way.item, new_way.previous) == (way(3), way(2)), "replaced, as if it had never been unwanted"
    assert surroundings.wanted == []

    keeper.complete()
    steps = kernel.take_steps()
    assert [type(each.item) for each in steps if each.verb is Verb.ADD] == [Tunnel, Route]
    assert kinds(steps, Verb.REMOVE) == {"Address", "Neighbor", "Rule"}
    assert surroundings.wanted == [care_of(3).address.packed]
    assert set(kernel.has.values()) == at(3).items()


def test_back_on_the_same_link_the_address_is_checked_anew():
    keeper, kernel, surroundings = keeper_of()
    keeper.set("me", at(2))
    keeper.set("me", NOWHERE, is_tidying)
    kernel.take_steps()
    surroundings.wanted.clear()
    keeper.set("me", at(2), can_follow_the_update)
    verbs = [each.verb for each in kernel.take_steps() if each.item == care_of(2)]
    assert verbs == [Verb.REMOVE, Verb.ADD]
    keeper.complete()
    assert set(kernel.has.values()) == at(2).items()
    assert surroundings.wanted == [care_of(2).address.packed]


def test_a_tunnel_that_carries_packets_is_never_behind():
    keeper, kernel, _ = keeper_of()
    keeper.set("me", at(2))
    kernel.take_steps()
    keeper.set("me", at(3), can_follow_the_update)  # the other interface; the first one still works
    assert Operation(Verb.ADD, tunnel(3), tunnel(2)) in kernel.take_steps()


def test_direct_ways_and_proxies_are_told_apart():
    direct = RouteOptimization(
        end=End.MOBILE_NODE, home_address=HOME, correspondent=AGENT, care_of_address=care_of(2).address
    )
    for verb in Verb:
        assert not can_follow_the_update(Operation(verb, direct))
        assert not is_tidying(Operation(verb, direct))
    assert can_follow_the_update(Operation(Verb.ADD, ProxyNeighbor(interface="eth0", address=HOME)))


@pytest.mark.requirement("MN-11.5.5-01")
def test_back_home_payload_has_no_way_before_the_update():
    """The home agent is on the link, and what is for beyond it goes by a router."""
    to_agent = Route(destination=IPv6Network(AGENT), interface="eth0", table=627500, preferred_source=HOME)
    beyond = replace(to_agent, destination=ANYWHERE, gateway=IPv6Address("fe80::1"))
    assert not can_follow_the_update(Operation(Verb.ADD, to_agent))
    assert can_follow_the_update(Operation(Verb.ADD, beyond))


@pytest.mark.requirement("RFC8028-MN-3.2-02")
@pytest.mark.parametrize("destination", [ANYWHERE, IPv6Network(AGENT)])
def test_the_way_that_the_update_takes_is_there_before_it(destination):
    """By the new router; the one to the home agent has a source, for key management."""
    source = None if destination == ANYWHERE else care_of(2).address
    by_router = Route(
        destination=destination,
        interface="eth0",
        table=627601,
        gateway=IPv6Address("fe80::2"),
        preferred_source=source,
    )
    assert not can_follow_the_update(Operation(Verb.ADD, by_router))


def test_what_is_protected_is_so_before_the_update_leaves_and_payload_after_it():
    signalling = ProtectedSignalling(end=TunnelEnd.MOBILE_NODE, association=KEY, care_of_address=care_of(2).address)
    home_tests, payload = (
        ProtectedTunnel(
            device="mn6tunnel",
            end=TunnelEnd.MOBILE_NODE,
            association=KEY,
            care_of_address=care_of(2).address,
            payload=each,
        )
        for each in (False, True)
    )
    for verb in Verb:
        assert not can_follow_the_update(Operation(verb, signalling))
        assert not can_follow_the_update(Operation(verb, home_tests))
    assert not can_follow_the_update(Operation(Verb.ADD, payload))
    assert can_follow_the_update(Operation(Verb.REMOVE, payload)), "its routes go first, or it would leave in clear"
    assert not any(is_tidying(Operation(verb, each)) for verb in Verb for each in (signalling, home_tests, payload))


def test_withdrawn_and_closed_nothing_is_left_to_do():
    keeper, kernel, _ = keeper_of()
    keeper.set("me", at(2))
    keeper.set("me", NOWHERE, is_tidying)
    keeper.withdraw()
    assert kernel.has == {}
    kernel.take_steps()
    keeper.complete()
    assert kernel.take_steps() == []


POOL: list[Item] = [each for number in (2, 3) for each in at(number).items()] + [HELD]
STATES = st.lists(st.sampled_from(POOL), max_size=8).map(
    lambda items: state_of({key(each): each for each in items}.values())
)
WAYS = st.sampled_from([None, is_tidying, can_follow_the_update, lambda operation: True])
STEPS = st.lists(st.tuples(st.sampled_from(["me", "you"]), STATES, WAYS, st.booleans()), max_size=12)


@given(STEPS)
def test_in_the_end_the_kernel_has_what_is_wanted(steps):
    """The kernel in this test also refuses to remove, or to replace, what is not there."""
    keeper, kernel, _ = keeper_of()
    for owner, state, put_off, completes in steps:
        keeper.set(owner, state, put_off)
        if completes:
            keeper.complete()
            assert set(kernel.has.values()) == set(keeper.registry.items())
    keeper.complete()
    assert set(kernel.has.values()) == set(keeper.registry.items())
    for owner in ("me", "you"):
        keeper.set(owner, EMPTY, is_tidying)
    keeper.complete()
    assert kernel.has == {}
