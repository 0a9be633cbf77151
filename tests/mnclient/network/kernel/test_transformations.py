# SPDX-License-Identifier: GPL-2.0-or-later
"""Route optimisation as states and policies."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.network_state import BindingUpdateReception, OptimizationEnd, RouteOptimization
from mnclient.network.kernel.transformations import Transformations, combined, is_ours, pair_of, transformations
from mnclient.network.xfrm import Direction

HOME, CARE_OF, CORRESPONDENT = (IPv6Address(f"2001:db8:{each}") for each in ("1::100", "2::5", "4::1"))
ITEM = RouteOptimization(
    end=OptimizationEnd.MOBILE_NODE, home_address=HOME, correspondent=CORRESPONDENT, care_of_address=CARE_OF
)
NAMES = {HOME: "home", CARE_OF: "care-of", CORRESPONDENT: "correspondent", IPv6Address("::"): "any"}
PROTOCOLS = {60: "option", 43: "routing"}


def name(network: IPv6Network) -> str:
    return "all" if network.prefixlen == 0 else NAMES[network.network_address]


def written(item) -> list[str]:
    return told(transformations(item))


def told(found: Transformations) -> list[str]:
    states = [
        f"state {NAMES[each.source]} > {NAMES[each.destination]} {PROTOCOLS[each.protocol]} at {NAMES[each.care_of]}"
        + (" wildcard" if each.wildcard else "")
        + (f" sent by {NAMES[each.sender]}" if each.sender else "")
        for each in found.states
    ]
    policies = [
        f"{each.direction.name.lower()} {name(each.selector.source)} > {name(each.selector.destination)} "
        f"{each.selector.protocol}{'' if each.selector.type is None else f'/{each.selector.type}'} "
        + (
            "as built"
            if not each.templates
            else f"{PROTOCOLS[each.templates[0].protocol]}{' or plain' if each.templates[0].optional else ''}"
        )
        + "".join(f", {PROTOCOLS[outer.protocol]} from {NAMES[outer.source]}" for outer in each.templates[1:])
        for each in found.policies
    ]
    return states + policies


def test_the_mobile_node():
    assert written(ITEM) == [
        "state home > correspondent option at care-of",
        "state correspondent > home routing at any",
        "out home > correspondent 0 option",
        "out home > correspondent 255 as built",
        "in correspondent > home 0 routing or plain",
    ]


def test_the_correspondent():
    assert written(replace(ITEM, end=OptimizationEnd.CORRESPONDENT)) == [
        "state correspondent > home routing at care-of",
        "state home > correspondent option at care-of",
        "out correspondent > home 0 routing",
        "out correspondent > home 255 as built",
        "in home > correspondent 0 option or plain",
    ]


def test_one_way_only():
    assert written(replace(ITEM, outgoing=False)) == [
        "state correspondent > home routing at any",
        "in correspondent > home 0 routing or plain",
    ]
    assert written(replace(ITEM, incoming=False, outgoing=False)) == []


@pytest.mark.requirement("RFC4866-CN-4.10-01")
def test_nothing_is_sent_to_a_care_of_address_that_is_not_verified():
    """Packets from it come in; those to the home address leave as they are, by way of the home agent."""
    assert written(replace(ITEM, end=OptimizationEnd.CORRESPONDENT, outgoing=False)) == [
        "state home > correspondent option at care-of",
        "in home > correspondent 0 option or plain",
    ]


def test_what_lets_a_first_binding_update_in():
    assert written(BindingUpdateReception()) == [
        "state any > any option at any wildcard",
        "in all > all 135 option or plain",
        *(f"out all > all 58/{kind} as built" for kind in range(133, 138)),
    ]


@pytest.mark.parametrize("end", OptimizationEnd)
def test_all_of_it_carries_our_marks_and_outgoing_signalling_comes_first(end):
    found = transformations(replace(ITEM, end=end))
    assert all(map(is_ours, (*found.states, *found.policies)))
    plain, built = (each for each in found.policies if each.direction is Direction.OUT)
    assert built.priority < plain.priority
    assert not is_ours(replace(found.states[0], reqid=0))
    assert not is_ours(replace(plain, priority=1))


THEIRS = IPv6Address("2001:db8:3::5")
NAMES[THEIRS] = "their-care-of"
AS_CORRESPONDENT = RouteOptimization(
    end=OptimizationEnd.CORRESPONDENT, home_address=CORRESPONDENT, correspondent=HOME, care_of_address=THEIRS
)


@pytest.mark.parametrize("items", [(ITEM, AS_CORRESPONDENT), (AS_CORRESPONDENT, ITEM)])
def test_both_are_mobile(items):
    assert {pair_of(each) for each in items} == {(HOME, CORRESPONDENT)}
    found = told(combined(items))
    assert len(found) == len(set(found))
    assert set(found) == {
        "state home > correspondent option at care-of",
        "state correspondent > home routing at any",
        "state home > correspondent routing at their-care-of",
        "state correspondent > home option at their-care-of",
        "state their-care-of > home routing at any sent by correspondent",
        "out home > correspondent 0 option, routing from home",
        "out home > correspondent 255 as built",
        "in correspondent > home 0 option or plain, routing from any",
    }


def test_both_are_mobile_and_only_one_way_is_confirmed():
    found = told(combined((replace(ITEM, outgoing=False), AS_CORRESPONDENT)))
    assert "out home > correspondent 0 routing" in found
    assert "in correspondent > home 0 option or plain, routing from any" in found
    found = told(combined((replace(ITEM, incoming=False), AS_CORRESPONDENT)))
    assert "in correspondent > home 0 option or plain" in found
    assert not [line for line in found if "their-care-of > home" in line]


def test_one_alone_means_what_it_always_did():
    assert combined((ITEM,)) == transformations(ITEM)
    assert combined(()) == Transformations()
    assert pair_of(BindingUpdateReception()) != pair_of(ITEM)
