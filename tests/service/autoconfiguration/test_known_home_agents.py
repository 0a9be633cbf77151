# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnclient.constants import MAX_KNOWN_HOME_AGENTS
from mnclient.model.service_status import KnownHomeAgent, Origin, Trust
from mnclient.units import Seconds
from service.autoconfiguration.known_home_agents import CLAIM_LASTS, Hearing, HomeAgentHeard, KnownHomeAgents

NOW = 1_800_000_000.0


def heard(number=1, **changes):
    network = IPv6Network((0x20010DB8 << 96 | number << 64, 64))
    event = HomeAgentHeard(
        address=network[1],
        prefix=network,
        interface="eth0",
        link_layer_address=b"\x02\x00\x00\x00\x00\x01",
        preference=0,
        lifetime=Seconds(1800.0),
    )
    return replace(event, **changes)


def entry(number=1, **changes):
    event = heard(number)
    return replace(KnownHomeAgent(address=event.address, prefix=event.prefix, origin=Origin.MANUAL), **changes)


def full_of_strangers(count=MAX_KNOWN_HOME_AGENTS):
    agents = KnownHomeAgents()
    for number in range(1, count + 1):
        agents.hear(heard(number), NOW + number)
    return agents


def test_an_advertisement_is_counted():
    agents = KnownHomeAgents()
    assert agents.hear(heard(), NOW) is Hearing.NEW
    assert agents.hear(heard(preference=7, interface="wlan0"), NOW + 600) is Hearing.COUNTED
    (agent,) = agents.listing(NOW + 600)
    assert (agent.advertisements, agent.last_heard_time, agent.origin) == (2, NOW + 600, Origin.LEARNED)
    assert (agent.preference, agent.interface) == (7, "wlan0")
    assert agent.rank > 0.1


def test_a_full_list_gives_up_the_lowest_learned_one():
    agents = full_of_strangers()
    for number in range(1, MAX_KNOWN_HOME_AGENTS + 1):
        if number != 5:
            agents.hear(heard(number), NOW + 600 + number)
    assert agents.hear(heard(99), NOW + 700) is Hearing.NEW
    assert len(agents) == MAX_KNOWN_HOME_AGENTS
    assert agents.get(heard(5).address) is None
    assert agents.get(heard(99).address) is not None


def test_among_equals_the_one_not_heard_for_longest_goes():
    agents = full_of_strangers()
    agents.hear(heard(99), NOW + 100)
    assert agents.get(heard(1).address) is None


@pytest.mark.parametrize(
    "origin, pinned", [(Origin.MANUAL, False), (Origin.ADMINISTRATOR, False), (Origin.LEARNED, True)]
)
def test_manual_administrators_and_pinned_ones_stay(origin, pinned):
    agents = KnownHomeAgents()
    agents.add(entry(1, origin=origin, pinned=pinned), NOW)
    for number in range(100, 400):
        agents.hear(heard(number), NOW)
    assert agents.get(entry(1).address) is not None
    assert len(agents) == MAX_KNOWN_HOME_AGENTS


def test_one_that_serves_a_home_address_stays_although_it_was_silent_for_long():
    mine = heard(1).address
    agents = KnownHomeAgents(in_use=lambda address: address == mine)
    agents.hear(heard(1), NOW - 1e7)
    for number in range(100, 400):
        agents.hear(heard(number), NOW)
    assert agents.get(mine) is not None


def test_a_list_full_of_held_ones_takes_no_more():
    agents = KnownHomeAgents()
    for number in range(1, MAX_KNOWN_HOME_AGENTS + 1):
        assert agents.add(entry(number), NOW)
    assert agents.hear(heard(99), NOW) is Hearing.NO_ROOM
    assert not agents.add(entry(99), NOW)
    assert agents.add(entry(1, pinned=True), NOW), "one that is in it can still be changed"


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1e6)), max_size=150), st.sets(st.integers(1, 60), max_size=31)
)
def test_never_more_than_32_and_never_without_the_held_ones(hearings, held):
    agents = KnownHomeAgents()
    for number in held:
        agents.add(entry(number, pinned=True), NOW)
    for number, moment in hearings:
        agents.hear(heard(number), NOW + moment)
    assert len(agents) <= MAX_KNOWN_HOME_AGENTS
    assert all(agents.get(entry(number).address) for number in held)
    listed = agents.listing(NOW + 1e6)
    assert all(0.0 <= agent.rank <= 1.0 for agent in listed)


CLAIMS = [{"link_layer_address": b"\x02\x00\x00\x00\x00\x66"}, {"prefix": IPv6Network("2001:db8:0:1::/65")}]


@pytest.mark.parametrize("claim", CLAIMS)
def test_another_router_cannot_inherit_the_rank(claim):
    agents = KnownHomeAgents()
    for n in range(20):
        agents.hear(heard(), NOW + 600 * n)
    assert agents.hear(heard(**claim), NOW + 12_000) is Hearing.REPLACED
    (agent,) = agents.listing(NOW + 12_000)
    assert (agent.advertisements, agent.rank) == (1, pytest.approx(0.1))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_held_one_is_not_replaced_by_a_claim(claim):
    agents = KnownHomeAgents()
    agents.hear(heard(), NOW)
    agents.add(entry(pinned=True), NOW)
    before = agents.get(heard().address)
    assert agents.hear(heard(**claim), NOW + 1) is Hearing.CONTRADICTED
    assert agents.get(heard().address) == before


def test_one_added_unheard_is_pinned_to_the_hardware_address_first_heard():
    agents = KnownHomeAgents()
    agents.add(entry(), NOW)
    assert agents.hear(heard(), NOW) is Hearing.COUNTED
    assert agents.get(entry().address).link_layer_address == heard().link_layer_address
    assert agents.hear(heard(link_layer_address=b"\x02\x00\x00\x00\x00\x66"), NOW) is Hearing.CONTRADICTED


def test_adding_one_that_was_heard_keeps_what_was_heard():
    agents = KnownHomeAgents()
    agents.hear(heard(preference=5), NOW)
    agents.add(entry(origin=Origin.ADMINISTRATOR, pinned=True, preference=1), NOW)
    agent = agents.get(heard().address)
    assert (agent.origin, agent.pinned, agent.advertisements, agent.preference) == (Origin.ADMINISTRATOR, True, 1, 5)


def test_released_ones_are_learned_if_they_were_ever_heard():
    agents = KnownHomeAgents()
    agents.add(entry(1, pinned=True), NOW)
    agents.add(entry(2, pinned=True), NOW)
    agents.hear(heard(1), NOW)
    for number in (1, 2):
        agents.release(entry(number).address)
    (agent,) = agents.records()
    assert (agent.address, agent.origin, agent.pinned) == (IPv6Address("2001:db8:0:1::1"), Origin.LEARNED, False)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 3)), max_size=10))
def test_it_does_not_matter_how_often_the_list_is_looked_at(pauses):
    watched, unwatched, now = KnownHomeAgents(), KnownHomeAgents(), NOW
    for pause, looks in pauses:
        for look in range(looks):
            watched.listing(now + pause * look / 3)
            watched.rank(heard().address, now + pause * look / 3)
        now += pause
        watched.hear(heard(), now)
        unwatched.hear(heard(), now)
    assert watched.records() == unwatched.records()


def test_kept_over_restarts():
    agents = full_of_strangers(3)
    again = KnownHomeAgents(agents.records())
    assert again.listing(NOW + 1e5) == agents.listing(NOW + 1e5)
    again.hear(heard(1), NOW + 1e5)
    assert again.get(heard(1).address).advertisements == 2


# --- trust -----------------------------------------------------------------------------------------------------------

OTHER_HARDWARE = b"\x02\x00\x00\x00\x00\x66"
OTHER_PREFIX = IPv6Network("2001:db8::/48")


def trust(agents):
    (agent,) = agents.listing(NOW)
    return agent.trust


def test_who_is_only_heard_is_not_trusted():
    agents = KnownHomeAgents()
    agents.hear(heard(), NOW)
    assert trust(agents) is Trust.UNTRUSTED


@pytest.mark.parametrize("changes", [{"origin": Origin.MANUAL}, {"origin": Origin.LEARNED, "pinned": True}])
def test_who_was_chosen_is_pinned(changes):
    assert trust(KnownHomeAgents((entry(1, **changes),))) is Trust.PINNED


def test_who_serves_a_home_address_is_pinned():
    agents = KnownHomeAgents(in_use=lambda address: address == heard().address)
    agents.hear(heard(), NOW)
    assert trust(agents) is Trust.PINNED


def test_who_has_our_key_is_paired_and_held_on_to():
    agents = KnownHomeAgents()
    agents.hear(heard(), NOW)
    agents.paired = frozenset((heard().address,))
    assert trust(agents) is Trust.PAIRED
    assert agents.hear(heard(link_layer_address=OTHER_HARDWARE), NOW) is Hearing.CONTRADICTED


def pinned():
    agents = KnownHomeAgents((entry(1, pinned=True),))
    agents.hear(heard(), NOW)
    assert agents.claims() == ()
    return agents


@pytest.mark.parametrize("changes", [{"link_layer_address": OTHER_HARDWARE}, {"prefix": OTHER_PREFIX}])
def test_a_change_is_a_claim_until_it_is_accepted(changes):
    agents = pinned()
    before = agents.get(heard().address)
    assert agents.hear(heard(**changes), NOW + 1) is Hearing.CONTRADICTED
    assert agents.get(heard().address) == before
    (claim,) = agents.claims()
    assert claim.home_agent == heard().address
    assert agents.accept(heard().address)
    ((name, value),) = changes.items()
    assert getattr(agents.get(heard().address), name) == value
    assert agents.claims() == ()
    assert agents.hear(heard(**changes), NOW + 2) is Hearing.COUNTED
    assert agents.hear(heard(), NOW + 3) is Hearing.CONTRADICTED, "now the one of before is another one"


def test_another_address_of_the_same_router_is_a_claim_that_cannot_be_accepted():
    """Home addresses and keys name their home agent by its address."""
    agents = pinned()
    moved = heard(address=heard().prefix[2])
    assert agents.hear(moved, NOW + 1) is Hearing.NEW
    (claim,) = agents.claims()
    assert (claim.home_agent, claim.address) == (heard().address, moved.address)
    assert not agents.accept(heard().address)
    assert agents.claims() == (claim,)


def test_another_home_agent_of_the_same_network_claims_nothing():
    agents = pinned()
    agents.hear(heard(address=heard().prefix[2], link_layer_address=OTHER_HARDWARE), NOW + 1)
    assert agents.claims() == ()


def test_nothing_is_accepted_that_nobody_claimed():
    agents = pinned()
    assert not agents.accept(heard().address)
    assert not agents.accept(heard(2).address)


def test_a_claim_is_forgotten_with_time_and_the_true_one_or_with_its_home_agent():
    agents = pinned()
    agents.hear(heard(link_layer_address=OTHER_HARDWARE), NOW)
    agents.hear(heard(), NOW + CLAIM_LASTS)
    assert len(agents.claims()) == 1, "both are there: that is the trouble"
    agents.hear(heard(), NOW + CLAIM_LASTS + 1)
    assert agents.claims() == ()
    agents.hear(heard(link_layer_address=OTHER_HARDWARE), NOW)
    agents.remove(heard().address)
    assert agents.claims() == ()
    agents.add(entry(1, pinned=True), NOW)
    assert not agents.accept(heard().address)


def test_a_flood_of_claims_keeps_one_for_each():
    agents = pinned()
    for number in range(1000):
        agents.hear(heard(link_layer_address=b"\x02" + number.to_bytes(5)), NOW + number)
    assert len(agents.claims()) == 1
