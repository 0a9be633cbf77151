# SPDX-License-Identifier: GPL-2.0-or-later
"""Which router follows the one that is gone, and how the search for one is spread in time."""

from ipaddress import IPv6Address
from itertools import pairwise

import pytest

from mnclient.constants import MAX_UNICAST_SOLICIT, ROUTER_PROBE_INTERVAL
from mnclient.engine.actions import Action
from mnclient.engine.events import NeighborUnreachable
from mnclient.engine.mobile_node.movement import CONFIRMATION_HOLDS
from mnclient.wire.neighbor_options import RouterPreference
from tests.mnclient.engine.mobile_node.script import (
    MAC_A,
    MAC_B,
    NET_B,
    ROUTER_A,
    ROUTER_B,
    KnownEntropy,
    Script,
    ack,
    answer,
    link,
    only,
    probes,
    ra_a,
    ra_b,
    solicitations,
    updates,
)

SILENCE = MAX_UNICAST_SOLICIT * ROUTER_PROBE_INTERVAL + 0.1


def attached(**rest: object) -> Script:
    """Registered through router A, which has just said that it hears us."""
    script = Script()
    script.give(link())
    script.give(ack(only(updates(script.give(ra_a(**rest))))))
    script.pass_time(2.0)
    return script


def current(script: Script) -> object:
    interface = only(script.node.interfaces(script.now))
    return next((router.address for router in interface.routers if router.is_current), None)


def answered_until(script: Script, until: float, there: dict[IPv6Address, bytes]) -> list[Action]:
    """Let time pass; the routers that are there, with their hardware addresses, answer when they are asked."""
    passed: list[Action] = []
    while script.now < until:
        actions = script.pass_time(0.02)
        asked = [probe.packet.message.target for probe in probes(actions)]
        for router in [each for each in asked if each in there]:
            actions += script.give(answer(router, there[router]))
        passed += actions
    return passed


@pytest.mark.requirement("RFC4191-MN-3.2-01")
def test_a_high_preference_does_not_help_a_router_that_is_dead():
    script = attached(preference=RouterPreference.HIGH)
    script.give(ra_b(preference=RouterPreference.LOW))
    script.give(answer(ROUTER_A, MAC_A))
    script.pass_time(2.0)
    assert current(script) == ROUTER_A, "it answers, and is preferred"
    script.give(link(interrupted=True))
    script.give(ra_a(preference=RouterPreference.HIGH))
    script.pass_time(2.0)
    script.give(ra_b(preference=RouterPreference.LOW))
    script.pass_time(SILENCE)
    assert current(script) == ROUTER_B


@pytest.mark.requirement("RFC4861-MN-6.3.5-01")
def test_when_the_lifetime_of_a_router_ends_its_traffic_goes_by_the_next():
    script = attached(lifetime=100.0)
    script.give(ra_b())
    ends = script.now + 98.0
    answered_until(script, ends - 0.5, {ROUTER_A: MAC_A, ROUTER_B: MAC_B})
    assert current(script) == ROUTER_A, "it is there, but it said for how long it would serve"
    actions = answered_until(script, ends + 0.5, {ROUTER_A: MAC_A, ROUTER_B: MAC_B})
    assert current(script) == ROUTER_B
    assert updates(actions)[0].packet.source in NET_B
    assert not any(route.gateway == ROUTER_A for route in script.state.routes)
    assert any(route.gateway == ROUTER_B for route in script.state.routes)


def test_a_router_heard_before_the_doubt_is_asked_too_when_it_follows():
    """It may have been heard on another link, or in somebody's imagination; nothing else may ever ask it."""
    script = attached()
    script.give(ra_b())
    script.give(answer(ROUTER_A, MAC_A))
    script.pass_time(2 * CONFIRMATION_HOLDS)
    assert current(script) == ROUTER_A
    script.give(NeighborUnreachable(interface="eth0", address=ROUTER_A))
    actions = script.pass_time(SILENCE)
    assert current(script) == ROUTER_B
    too_late = script.now + SILENCE
    while current(script) is not None and script.now < too_late:
        actions += script.pass_time(0.02)  # when it is given up the search begins, and asks again
    assert current(script) is None
    asked = [probe.packet.message.target for probe in probes(actions)]
    assert asked.count(ROUTER_B) == MAX_UNICAST_SOLICIT


def test_a_router_heard_since_the_doubt_began_is_believed():
    script = attached()
    script.pass_time(CONFIRMATION_HOLDS)
    script.give(NeighborUnreachable(interface="eth0", address=ROUTER_A))
    script.give(ra_b())
    for _ in range(2):
        script.pass_time(SILENCE)
        assert current(script) == ROUTER_B


@pytest.mark.requirement("RFC4861-MN-6.3.4-02")
def test_every_advertisement_begins_the_lifetime_anew_be_it_longer_or_shorter():
    script = attached(lifetime=100.0)

    def ends_after() -> float:
        (router,) = only(script.node.interfaces(script.now)).routers
        return router.lifetime_until - script.now

    assert ends_after() == pytest.approx(98.0), "said two seconds ago"
    for lifetime in (100.0, 1800.0, 50.0):
        script.give(ra_a(lifetime=lifetime))
        assert ends_after() == pytest.approx(lifetime)
        script.pass_time(10.0)


@pytest.mark.requirement("RFC7559-MN-2-02")
@pytest.mark.parametrize("jitter", [-0.1, 0.1])
def test_intervals_are_spread_by_a_tenth_and_doubled_up_to_an_hour(monkeypatch, jitter):
    """RT = 2 RTprev + RAND RTprev, and MRT + RAND MRT at the ceiling (RFC 8415 section 15, by RFC 7559)."""
    ranges = set()

    def draw(entropy: KnownEntropy, low: float, high: float) -> float:
        ranges.add((low, high))
        return low if jitter < 0 else high

    monkeypatch.setattr(KnownEntropy, "uniform", draw)
    script = Script()
    script.give(link())
    times = [0.0] + [time for time, action in script.timeline(12 * 3600) if solicitations([action])]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert (-0.1, 0.1) in ranges
    for previous, following in pairwise(gaps):
        doubled = (2 + jitter) * previous
        assert following == pytest.approx(doubled if doubled <= 3600 else (1 + jitter) * 3600, abs=0.01)
    assert gaps[-1] == pytest.approx((1 + jitter) * 3600)
