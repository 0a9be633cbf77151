# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile prefix discovery of home addresses that have a key (RFC 6275 sections 5.1, 10.6.3 and 11.4.3)."""

from dataclasses import replace

import pytest

from mnclient.model.keys import KeyKind
from tests.mnclient.engine.home_agent.script import CONFIG, VIRTUAL_AGENT, VIRTUAL_HOME, acks, binding_update, packets
from tests.mnclient.engine.home_agent.test_guests import KEYED, MINE, OTHERS, keyed, under
from tests.mnclient.engine.home_agent.test_prefix_advertising import MobilePrefixAdvertisement, solicitation

ASKED = solicitation(VIRTUAL_HOME, destination=VIRTUAL_AGENT)


def registered():
    script = keyed()
    assert [each.status for each in acks(script.give(under(MINE, binding_update(home=VIRTUAL_HOME))))] == [0]
    return script


@pytest.mark.requirement("HA-10.6.3-01")
def test_under_its_key_it_is_answered_under_its_key():
    (answer,) = packets(registered().give(under(MINE, ASKED)), MobilePrefixAdvertisement)
    assert answer.protection == MINE.protection


@pytest.mark.parametrize("asked", [ASKED, under(OTHERS, ASKED)], ids=["bare", "key-of-another"])
def test_without_its_key_it_is_not(asked):
    script = registered()
    assert packets(script.give(asked), MobilePrefixAdvertisement) == []
    assert script.agent.counters()["mps.ignored.unprotected"] == 1


def test_what_nobody_asked_for_goes_under_the_key_too():
    script = registered()
    script.configure(replace(KEYED, min_prefix_advertisement_interval=5.0, max_prefix_advertisement_interval=5.0))
    script.give(under(MINE, ASKED))  # from now on at the new pace
    (unasked, *_) = packets(script.advance(6.0), MobilePrefixAdvertisement)
    assert unasked.protection == MINE.protection


def test_where_the_key_protects_binding_updates_alone_a_binding_is_needed():
    option = replace(MINE, kind=KeyKind.RFC4285)
    script = keyed(replace(CONFIG, associations=(option,), allow_unprotected_signalling=False), kinds={option.kind})
    assert packets(script.give(ASKED), MobilePrefixAdvertisement) == []
    assert script.agent.counters()["mps.ignored.unprotected"] == 1
