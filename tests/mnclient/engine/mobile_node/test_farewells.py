# SPDX-License-Identifier: GPL-2.0-or-later
"""Home addresses that are given up abroad: every binding is deleted, however many there are (section 11.8)."""

from collections import Counter
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import SetNetworkState
from mnclient.engine.events import Stopping
from mnclient.engine.mobile_node.binding_update_list import BindingUpdateList
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.farewells import MAX_WAITING, Farewell, Farewells
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import Phase
from mnclient.units import Instant
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    KnownEntropy,
    Script,
    ack,
    binding_update,
    config,
    home,
    link,
    ra_a,
    updates,
)

ADDRESSES = tuple(IPv6Address(int(HOME) + number) for number in range(5))


def registered(count: int = 5) -> Script:
    """That many home addresses of one home agent, all registered abroad, long enough ago."""
    script = Script(config(*(home(address) for address in ADDRESSES[:count])))
    script.give(link())
    sent = updates(script.give(ra_a()))
    while sent:
        for each in sent:
            script.give(ack(each, home_address=each.packet.home_address))
        sent = updates(script.pass_time(1.0))
    assert {each.state for each in script.node.home_addresses(script.now)} == {State.REGISTERED}
    script.pass_time(2.0)
    return script


def deleted(actions) -> list[IPv6Address]:
    """The home addresses whose deletion is among the actions, every one from the care-of address."""
    found = [each for each in updates(actions) if binding_update(each).lifetime == 0]
    return [each.packet.home_address for each in found if each.packet.home_address is not None]


@pytest.mark.requirement("MN-11.8-07")
def test_of_five_switched_off_at_once_none_is_forgotten_and_no_second_has_more_than_three():
    script = registered()
    care_of = script.care_of
    start = deleted(script.configure(None))
    assert start == list(ADDRESSES[:3])
    assert script.node.phase(script.now) is Phase.OFF
    assert script.has_address("eth0", care_of), "what has still to be said is sent from it"
    later = script.timeline(5.0)
    assert deleted(action for _, action in later) == list(ADDRESSES[3:])
    assert {at for at, action in later if updates([action])} == {1.0}
    assert script.state.is_empty()
    assert script.node.next_deadline() is None


def test_the_care_of_address_goes_only_after_the_last_one():
    script = registered()
    script.configure(None)
    actions = script.pass_time(5.0)
    last = actions.index(updates(actions)[-1])
    assert last < next(at for at, each in enumerate(actions) if isinstance(each, SetNetworkState))


def test_home_addresses_removed_one_after_the_other_while_the_role_is_on():
    script = registered()
    said = [script.configure(config(*(home(each) for each in ADDRESSES[number:]))) for number in range(1, 5)]
    assert [deleted(each) for each in said] == [[ADDRESSES[0]], [ADDRESSES[1]], [ADDRESSES[2]], []]
    assert deleted(script.pass_time(1.0)) == [ADDRESSES[3]]
    assert script.node.phase(script.now) is Phase.REGISTERED


def test_without_any_home_address_the_care_of_address_is_still_there():
    script = registered(4)
    care_of = script.care_of
    assert len(deleted(script.configure(config()))) == 3  # the first one stays
    script.configure(replace(config(), home_addresses=()))
    assert script.has_address("eth0", care_of)
    assert deleted(script.pass_time(1.0)) == [HOME]


def test_an_address_wanted_again_is_registered_and_not_deleted():
    script = registered()
    everything = config(*(home(each) for each in ADDRESSES))
    script.configure(config(home(ADDRESSES[4])))
    actions = [*script.configure(everything), *script.pass_time(3.0)]
    said = Counter((each.packet.home_address, binding_update(each).lifetime > 0) for each in updates(actions))
    assert said[ADDRESSES[3], True] >= 1
    assert said[ADDRESSES[3], False] == 0


def test_when_the_service_stops_nothing_waits():
    script = registered()
    script.configure(None)
    script.give(Stopping())
    assert script.state.is_empty()
    assert script.node.next_deadline() is None
    assert updates(script.pass_time(5.0)) == []


def test_what_waits_is_bounded():
    context, updates_list = Context(KnownEntropy()), BindingUpdateList(KnownEntropy())
    farewells, now = Farewells(updates_list), Instant(1000.0)
    for number in range(MAX_WAITING + 10):
        farewell = Farewell(
            home_address=IPv6Address(int(HOME) + number),
            home_agent=AGENT,
            care_of_address=IPv6Address("2001:db8:a::1"),
            link_local_compatibility=False,
            protection=None,
            sealing=lambda now: lambda update: update,
        )
        farewells.add(farewell, context, now)
    assert len(context.probes) == 3
    assert context.counters["bu.farewell.dropped"] == 7
