# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers that do not answer: passed over, and asked once a minute while they would be preferred."""

from itertools import pairwise

import pytest

from mnclient.constants import BETTER_ROUTER_PROBE_INTERVAL, MAX_UNICAST_SOLICIT, ROUTER_PROBE_INTERVAL
from mnclient.engine.events import NeighborUnreachable
from mnclient.wire.neighbor_options import RouterPreference
from tests.mnclient.engine.mobile_node.script import (
    MAC_A,
    MAC_B,
    ROUTER_A,
    ROUTER_B,
    Script,
    answer,
    link,
    only,
    probes,
    ra_a,
    ra_b,
    solicitations,
    updates,
)

HIGH, LOW = RouterPreference.HIGH, RouterPreference.LOW
SILENCE = MAX_UNICAST_SOLICIT * ROUTER_PROBE_INTERVAL + 0.01


def current(script: Script):
    status = only(each for each in script.node.interfaces(script.now) if each.name == "eth0")
    return next((router.address for router in status.routers if router.is_current), None)


def bypassed(better: RouterPreference = HIGH) -> Script:
    """Router A does not answer any more, and router B of the same link has taken over."""
    script = Script()
    script.register(ra_a(preference=better))
    script.pass_time(2.0)
    script.give(ra_b(preference=LOW))
    script.pass_time(SILENCE)
    assert current(script) == ROUTER_B
    return script


def asked_a(script: Script, seconds: float) -> list[float]:
    sent = [(time, each) for time, action in script.timeline(seconds) for each in probes([action])]
    return [time for time, each in sent if each.packet.destination == ROUTER_A]


@pytest.mark.requirement("RFC4861-MN-6.3.6-01")
def test_a_router_that_does_not_answer_is_passed_over_for_one_that_is_not_known_to_have_failed():
    script = bypassed(HIGH)
    script.pass_time(600.0)
    assert current(script) == ROUTER_B, "preferred by its own words, but it does not answer"


@pytest.mark.requirement("RFC4861-MN-6.3.6-01")
def test_where_none_answers_one_after_the_other_is_tried():
    script = bypassed()
    tried = [ROUTER_B]
    for _ in range(3):
        script.give(NeighborUnreachable(interface="eth0", address=current(script)))
        script.pass_time(SILENCE)
        assert current(script) is None, "all of them have failed"
        script.give({ROUTER_A: ra_b, ROUTER_B: ra_a}[tried[-1]]())
        tried.append(current(script))
        script.pass_time(2.0)
    assert tried == [ROUTER_B, ROUTER_A, ROUTER_B, ROUTER_A]


@pytest.mark.requirement("RFC4191-MN-3.5-01")
def test_a_more_preferred_router_that_is_silent_is_asked_once_a_minute():
    times = asked_a(bypassed(), 601.0)
    assert len(times) == 10
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx([BETTER_ROUTER_PROBE_INTERVAL] * 9)


@pytest.mark.requirement("RFC4191-MN-3.5-01")
def test_the_rate_does_not_grow_with_its_advertisements_nor_with_those_of_the_other():
    script = bypassed()
    times: list[float] = []
    script.pass_time(3.0)
    for second in range(60):
        script.give(ra_b(preference=LOW))
        times += [second + each for each in asked_a(script, 1.0)]
    assert len(times) == 1


@pytest.mark.requirement("RFC4191-MN-3.5-01")
def test_when_it_answers_traffic_returns_to_it():
    script = bypassed()
    assert asked_a(script, 60.0)
    update = only(updates(script.give(answer(ROUTER_A, MAC_A))))
    assert current(script) == ROUTER_A
    gateways = {each.gateway for each in script.state.routes if each.interface == "eth0" and each.gateway}
    assert gateways == {ROUTER_A}
    assert update.packet.source == script.care_of
    assert not asked_a(script, 120.0), "there is no better one now"


@pytest.mark.parametrize("preference", [LOW])
def test_one_that_is_no_better_is_not_asked_nor_returned_to(preference):
    script = bypassed(preference)
    assert not asked_a(script, 300.0)
    script.give(answer(ROUTER_A, MAC_A))
    assert current(script) == ROUTER_B


@pytest.mark.parametrize(
    "event", [answer(ROUTER_A, MAC_B), answer(ROUTER_A, MAC_A, solicited=False), answer(ROUTER_A, MAC_A, interface="x")]
)
def test_an_answer_of_somebody_else_or_that_nobody_asked_for_brings_nothing_back(event):
    script = bypassed()
    script.pass_time(61.0)
    script.give(event)
    assert current(script) == ROUTER_B


def test_after_the_link_was_interrupted_nothing_is_held_against_it():
    script = bypassed()
    script.give(link(interrupted=True))
    assert solicitations(script.actions)
    script.give(ra_a(preference=HIGH))
    assert current(script) == ROUTER_A
