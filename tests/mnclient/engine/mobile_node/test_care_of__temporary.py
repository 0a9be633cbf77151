# SPDX-License-Identifier: GPL-2.0-or-later
"""Temporary care-of addresses (RFC 8981): other ones on every link, and a new one in good time."""

from dataclasses import replace
from itertools import combinations

import pytest

from mnclient.constants import TEMP_PREFERRED_LIFETIME, TEMP_VALID_LIFETIME
from mnclient.engine.events import DeadlineReached
from mnclient.engine.mobile_node.routers import LONGEST_RETRANS_TIMER
from mnclient.engine.timers import Timer
from mnclient.model.config import IdentifierMethod
from mnclient.units import Instant, Seconds
from tests.mnclient.engine.mobile_node.script import (
    NET_A,
    NET_B,
    KnownEntropy,
    Script,
    config,
    link,
    only,
    ra_a,
    ra_b,
    updates,
)

REGEN_ADVANCE = 2 + 3 * 1 * 1  # TEMP_IDGEN_RETRIES, DupAddrDetectTransmits, RetransTimer in seconds: section 3.8


def abroad() -> Script:
    script = Script(config(identifier_method=IdentifierMethod.TEMPORARY))
    script.register()
    return script


@pytest.mark.requirement("RFC8981-MN-3.6-01")
def test_on_another_link_the_address_is_removed_and_another_made():
    script = abroad()
    first = script.care_of
    assert script.has_address("eth0", first)
    script.give(link(interrupted=True))
    assert not script.has_address("eth0", first)
    update = only(updates(script.give(ra_b())))
    assert update.packet.source == script.care_of
    assert script.care_of in NET_B
    assert script.has_address("eth0", script.care_of)
    assert not script.has_address("eth0", first)


@pytest.mark.requirement("RFC8981-MN-3.1-01")
def test_no_two_networks_are_given_the_same_identifier():
    script = abroad()
    seen = [script.care_of]
    for event in (ra_b(), ra_a(), ra_b()):
        script.give(link(interrupted=True))
        script.give(event)
        seen.append(script.care_of)
    assert [address in NET_A for address in seen] == [True, False, True, False]
    for one, other in combinations(seen, 2):
        assert one.packed[8:] != other.packed[8:]


@pytest.mark.requirement("RFC8981-MN-3.8-01", "RFC8981-MN-3.8-02", "RFC8981-MN-3.8-03")
@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_another_is_made_before_it_is_deprecated(monkeypatch, fraction):
    """The desynchronisation is drawn for each address from all of its range, and is below what is left of a day."""
    ranges = []

    def draw(entropy: KnownEntropy, low: float, high: float) -> float:
        ranges.append((low, high))
        return low + (high - low) * fraction

    monkeypatch.setattr(KnownEntropy, "uniform", draw)
    assert (TEMP_VALID_LIFETIME, TEMP_PREFERRED_LIFETIME) == (2 * 86400, 86400)
    script = abroad()
    longest = 0.4 * TEMP_PREFERRED_LIFETIME
    assert longest < TEMP_PREFERRED_LIFETIME - REGEN_ADVANCE
    assert ranges.count((0.0, longest)) == 1
    first, made = script.care_of, script.now
    assert script.node._care_of.current["eth0"].temporary_until == made + TEMP_VALID_LIFETIME
    due = script.node._context.timers.deadline(Timer.REGENERATE_IDENTIFIER, "eth0")
    assert due == pytest.approx(made + TEMP_PREFERRED_LIFETIME - longest * fraction - REGEN_ADVANCE)
    script.now = Instant(due - 1.0)
    script.give(ra_a())
    assert script.care_of == first
    script.now = due
    script.give(DeadlineReached())
    assert script.care_of != first
    assert script.care_of in NET_A
    assert ranges.count((0.0, longest)) == 2


@pytest.mark.requirement("RFC8981-MN-3.8-03")
@pytest.mark.parametrize(
    "advertised, counts", [(0.0, 1.0), (0.4, 0.4), (7.0, 7.0), (4_294_967.0, LONGEST_RETRANS_TIMER)]
)
def test_where_a_detection_takes_longer_it_is_made_sooner(advertised, counts):
    """RetransTimer is what the router says it is, within reason."""
    script = Script(config(identifier_method=IdentifierMethod.TEMPORARY))
    script.give(link())
    event = ra_a()
    message = replace(event.packet.message, retransmit_timer=Seconds(advertised))
    script.give(replace(event, packet=replace(event.packet, message=message)))
    due = script.node._context.timers.deadline(Timer.REGENERATE_IDENTIFIER, "eth0")
    desynchronisation = 0.2 * TEMP_PREFERRED_LIFETIME  # the middle
    assert due == pytest.approx(script.now + TEMP_PREFERRED_LIFETIME - desynchronisation - (2 + 3 * counts))
