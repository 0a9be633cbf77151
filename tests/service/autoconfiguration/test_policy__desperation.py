# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom desperation mode may join: whom the person has allowed."""

from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from mnclient.model.service_status import KnownHomeAgent, Origin
from service.autoconfiguration.policy import KeysChanged, PolicySettings
from tests.service.autoconfiguration.test_policy import Machine, adoption, home_agent, network

CAREFUL = PolicySettings(desperation=True, ask_first=False)


def test_desperation_joins_nobody_who_is_not_allowed():
    machine = Machine(CAREFUL)
    assert machine.hear(1) == []
    assert len(machine.policy.home_agents.listing(machine.now)) == 1, "it is listed all the same"


@pytest.mark.parametrize("allowed", [network(2), IPv6Network("2001:db8::/32"), IPv6Network((int(home_agent(2)), 128))])
def test_desperation_joins_home_agents_of_a_network_that_is_allowed(allowed):
    machine = Machine(replace(CAREFUL, desperation_allowed=(allowed,)))
    assert machine.hear(2) == [adoption(2, "desperation mode")]


def test_an_allowed_network_allows_nobody_else():
    assert Machine(replace(CAREFUL, desperation_allowed=(network(2),))).hear(1) == []


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.ADMINISTRATOR])
def test_desperation_joins_who_was_given(origin):
    machine = Machine(CAREFUL)
    given_one = KnownHomeAgent(address=home_agent(1), prefix=network(1), origin=origin)
    machine.policy.home_agents.add(given_one, machine.now)
    assert machine.hear(1) == [adoption(1, "desperation mode")]


def test_desperation_joins_who_is_paired():
    machine = Machine(CAREFUL)
    machine.give(KeysChanged(home_agents=frozenset((home_agent(1),))))
    assert machine.hear(2) == []
    assert machine.hear(1) == [adoption(1, "desperation mode")]
