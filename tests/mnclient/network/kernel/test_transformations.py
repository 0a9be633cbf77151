# SPDX-License-Identifier: GPL-2.0-or-later
"""Route optimisation as states and policies."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.network_state import BindingUpdateReception, OptimizationEnd, RouteOptimization
from mnclient.network.kernel.transformations import is_ours, transformations
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
    found = transformations(item)
    states = [
        f"state {NAMES[each.source]} > {NAMES[each.destination]} {PROTOCOLS[each.protocol]} at {NAMES[each.care_of]}"
        + (" wildcard" if each.wildcard else "")
        for each in found.states
    ]
    policies = [
        f"{each.direction.name.lower()} {name(each.selector.source)} > {name(each.selector.destination)} "
        f"{each.selector.protocol} "
        + (
            "as built"
            if each.template is None
            else f"{PROTOCOLS[each.template.protocol]}{' or plain' if each.template.optional else ''}"
        )
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


def test_what_lets_a_first_binding_update_in():
    assert written(BindingUpdateReception()) == [
        "state any > any option at any wildcard",
        "in all > all 135 option or plain",
    ]


@pytest.mark.parametrize("end", OptimizationEnd)
def test_all_of_it_carries_our_marks_and_outgoing_signalling_comes_first(end):
    found = transformations(replace(ITEM, end=end))
    assert all(map(is_ours, (*found.states, *found.policies)))
    plain, built = (each for each in found.policies if each.direction is Direction.OUT)
    assert built.priority < plain.priority
    assert not is_ours(replace(found.states[0], reqid=0))
    assert not is_ours(replace(plain, priority=1))
