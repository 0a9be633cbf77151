# SPDX-License-Identifier: GPL-2.0-or-later
"""Route Information (RFC 4191): the default route by option, and more specific ones as routes of the kernel."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import MAX_ROUTES_PER_ROUTER, TABLE_CARE_OF_BASE
from mnclient.model.status import RouterStatus
from mnclient.units import Seconds
from mnclient.wire.neighbor_options import RouteInformation, RouterPreference
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    MAC_A,
    MAC_B,
    NET_A,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    advertisement,
    answer,
    link,
    only,
    prefix,
    ra_a,
    solicitations,
    updates,
)

DEFAULT = IPv6Network("::/0")
FAR = IPv6Network("2001:db8:ffff::/48")
FARTHER = IPv6Network("2001:db8:ffff:1::/64")
HIGH, MEDIUM, LOW = RouterPreference.HIGH, RouterPreference.MEDIUM, RouterPreference.LOW


def route(network: IPv6Network, lifetime: float = 600.0, preference: RouterPreference = MEDIUM) -> RouteInformation:
    return RouteInformation(prefix=network, preference=preference, lifetime=Seconds(lifetime))


def from_a(*options: object, **rest: object):
    return advertisement(ROUTER_A, MAC_A, NET_A, *options, **rest)  # type: ignore[arg-type]


def from_b(*options: object, **rest: object):
    """The second router of the same link: it serves the same prefix."""
    return advertisement(ROUTER_B, MAC_B, NET_A, *options, **rest)  # type: ignore[arg-type]


def attached(*events) -> Script:
    script = Script()
    script.give(link())
    for event in events:
        script.give(event)
    return script


def ways(script: Script) -> dict[IPv6Network, IPv6Address]:
    """Where packets from the care-of address go, by the kernel's table of eth0; that of key management has a source."""
    table = [each for each in script.state.routes if each.table == TABLE_CARE_OF_BASE]
    return {each.destination: each.gateway for each in table if each.gateway and not each.preferred_source}


def routers(script: Script) -> dict[IPv6Address, RouterStatus]:
    status = only(each for each in script.node.interfaces(script.now) if each.name == "eth0")
    return {each.address: each for each in status.routers}


@pytest.mark.requirement("RFC4191-MN-2.2-02")
def test_the_preference_of_a_router_without_a_lifetime_is_ignored():
    script = attached(from_b(lifetime=0.0, preference=HIGH))
    assert not routers(script)
    assert not ways(script)
    script = attached(ra_a(), from_b(lifetime=0.0, preference=HIGH))
    assert list(routers(script)) == [ROUTER_A]
    assert ways(script) == {DEFAULT: ROUTER_A}
    script.pass_time(2.0)
    script.give(from_b(preference=LOW))
    script.give(advertisement(IPv6Address("fe80::c"), bytes(5) + b"\x0c", NET_B))
    script.pass_time(1.0)
    assert ways(script)[DEFAULT] == IPv6Address("fe80::c"), "the preference of then was not kept"


@pytest.mark.requirement("RFC4191-MN-3.1-02")
def test_an_option_for_the_default_route_overrides_preference_and_lifetime_of_the_header():
    script = attached(from_a(route(DEFAULT, 50.0, HIGH), lifetime=1800.0, preference=LOW))
    assert routers(script)[ROUTER_A].lifetime_until == script.now + 50.0
    script = attached(from_a(route(DEFAULT, 600.0), lifetime=0.0))
    assert ways(script) == {DEFAULT: ROUTER_A}, "the header said that it is no default router"
    assert not solicitations(script.pass_time(60.0))
    script.give(from_a(route(DEFAULT, 0.0), lifetime=1800.0))
    assert not ways(script)


@pytest.mark.requirement("RFC4191-MN-3.1-02")
def test_the_preference_of_the_option_decides_which_router_is_next():
    third = IPv6Address("fe80::c")
    script = attached(ra_a())
    script.pass_time(2.0)
    script.give(from_b(route(DEFAULT, 600.0, LOW), preference=HIGH))
    script.give(advertisement(third, bytes(5) + b"\x0c", NET_A, preference=MEDIUM))
    script.pass_time(1.0)
    assert ways(script)[DEFAULT] == third


@pytest.mark.requirement("RFC4191-MN-3.1-01")
def test_the_more_specific_route_wins_over_the_preferred_default_route():
    script = attached(from_a(preference=HIGH), from_b(route(FAR, preference=LOW), preference=LOW))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B}
    script.give(from_b(route(FAR), route(FARTHER), preference=LOW))
    script.give(from_a(route(FARTHER, preference=HIGH), preference=HIGH))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B, FARTHER: ROUTER_A}
    script.give(from_a(route(FARTHER, 0.0), preference=HIGH))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B, FARTHER: ROUTER_B}


@pytest.mark.parametrize("length", [3, 64, 128])
def test_no_other_router_leads_to_the_home_agent(length):
    """Advertisements are signed by nobody: a stranger could take the tunnel to where nothing comes back."""
    network = IPv6Network((int(AGENT), length), strict=False)
    script = attached(from_a(), from_b(route(network, preference=HIGH), route(FAR)))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B}
    script.give(from_a(route(network)))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B, network: ROUTER_A}


@pytest.mark.requirement("RFC4191-MN-3.1-01")
def test_a_route_ends_with_its_lifetime():
    script = attached(from_a(route(FAR, 30.0)))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_A}
    script.pass_time(29.0)
    assert FAR in ways(script)
    script.pass_time(1.1)
    assert ways(script) == {DEFAULT: ROUTER_A}


@pytest.mark.requirement("RFC4191-MN-3.1-01")
def test_the_only_route_of_a_router_that_is_not_current_ends_when_it_says_so():
    script = attached(from_a(), from_b(route(FAR)))
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B}
    script.give(from_b(route(FAR, 0.0)))
    assert ways(script) == {DEFAULT: ROUTER_A}


@pytest.mark.requirement("RFC4191-MN-3.1-01")
def test_the_only_route_of_a_router_that_is_not_current_ends_with_its_lifetime():
    script = attached(from_a(), from_b(route(FAR, 30.0)))
    for _ in range(29):
        script.give(answer(ROUTER_A, MAC_A))
        script.pass_time(1.0)
    assert ways(script) == {DEFAULT: ROUTER_A, FAR: ROUTER_B}
    script.give(answer(ROUTER_A, MAC_A))
    script.pass_time(1.1)
    assert ways(script) == {DEFAULT: ROUTER_A}


@pytest.mark.requirement("RFC8028-MN-3.2-01")
def test_a_router_that_does_not_serve_the_prefix_of_the_address_is_not_used_for_it():
    script = attached(from_a(), advertisement(ROUTER_B, MAC_B, NET_B, route(FAR, preference=HIGH)))
    assert script.care_of in NET_A
    assert ways(script) == {DEFAULT: ROUTER_A}


@pytest.mark.parametrize(
    "network", [NET_A, IPv6Network("fe80::/10"), IPv6Network("fe80::/64"), IPv6Network("ff00::/8")]
)
def test_what_is_on_the_link_or_goes_nowhere_is_no_route(network):
    script = attached(from_a(route(network, preference=HIGH)))
    assert ways(script) == {DEFAULT: ROUTER_A}


def test_a_flood_of_routes_is_bounded_and_those_known_are_renewed():
    flood = [route(IPv6Network((0x2001_0DB8_1000 << 80 | number << 64, 64)), 60.0) for number in range(200)]
    script = attached(*(from_a(*flood[start : start + 50]) for start in range(0, 200, 50)))
    assert len(ways(script)) == 1 + MAX_ROUTES_PER_ROUTER
    script.pass_time(50.0)
    script.give(from_a(*flood[:5]))
    script.pass_time(50.0)
    assert len(ways(script)) == 1 + 5


def test_after_a_move_no_route_of_before_is_left():
    script = attached(from_a(route(FAR)))
    script.give(link(interrupted=True))
    assert not ways(script)
    assert updates(script.give(advertisement(ROUTER_B, MAC_B, prefix(NET_B))))
    assert ways(script) == {DEFAULT: ROUTER_B}


@pytest.mark.requirement("RFC8028-MN-2.1-01")
def test_a_router_serves_a_prefix_that_it_advertises_without_any_flag():
    """It says nothing of addresses or neighbours; its routes are for packets from there all the same."""
    flagless = prefix(NET_A, on_link=False, autonomous=False)
    script = attached(from_a(), advertisement(ROUTER_B, MAC_B, flagless, route(FAR)))
    assert script.care_of in NET_A
    assert ways(script)[FAR] == ROUTER_B
    other = attached(from_a(), advertisement(ROUTER_B, MAC_B, prefix(NET_B, on_link=False), route(FAR)))
    assert FAR not in ways(other)
    withdrawn = prefix(NET_A, on_link=False, autonomous=False, valid=0.0)
    script.give(advertisement(ROUTER_B, MAC_B, withdrawn, route(FAR)))
    assert FAR not in ways(script)


def test_a_prefix_without_any_flag_makes_no_address_and_no_neighbour():
    script = attached(advertisement(ROUTER_A, MAC_A, prefix(NET_A, on_link=False, autonomous=False)))
    assert "eth0" not in {each.interface for each in script.state.addresses}
    assert not [each for each in script.state.routes if each.destination == NET_A]
