# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest

from mnclient.model.status import HomeAddressState as State
from mnclient.units import Seconds
from service.autoconfiguration.activity import ActivityTable

HOME = IPv6Address("2001:db8:1::100")
TIME = Seconds(30.0)


class Agent:
    """Whether the home agent is heard at home."""

    def __init__(self):
        self.is_present = True

    def __call__(self, _address, _now):
        return self.is_present


@pytest.fixture
def agent():
    return Agent()


@pytest.fixture
def table(agent):
    result = ActivityTable(agent)
    result.keep_only((HOME,))
    return result


def test_registered_is_active(table):
    table.report(HOME, State.REGISTERED, 0.0)
    assert table.is_active(HOME, 1e6, TIME)


def test_at_home_is_active_only_while_the_home_agent_is_heard(table, agent):
    table.report(HOME, State.AT_HOME, 0.0)
    assert table.is_active(HOME, 1.0, TIME)
    agent.is_present = False
    assert not table.is_active(HOME, 1e6, TIME)


@pytest.mark.parametrize("state", [State.DETECTING, State.REGISTERING, State.RETURNING])
def test_not_acknowledged_is_not_active_but_awaited_for_a_time(table, state):
    table.report(HOME, state, 100.0)
    assert not table.is_active(HOME, 100.0, TIME)
    assert table.is_awaited(HOME, 129.9, TIME)
    assert not table.is_awaited(HOME, 130.0, TIME)
    assert table.next_change(100.0, TIME) == 130.0


def test_a_move_keeps_it_active(table):
    table.report(HOME, State.REGISTERED, 0.0)
    table.report(HOME, State.REGISTERING, 1000.0)
    assert table.is_active(HOME, 1029.0, TIME)
    assert not table.is_active(HOME, 1031.0, TIME)
    assert table.occupied(1031.0, TIME) == 0


@pytest.mark.parametrize("state", [State.REFUSED, State.DUPLICATE, State.UNPROTECTED])
def test_what_was_refused_is_not_active_any_more(table, state):
    table.report(HOME, State.REGISTERED, 0.0)
    table.report(HOME, state, 1000.0)
    assert not table.is_active(HOME, 1000.0, TIME)
    assert table.occupied(1031.0, TIME) == 0


def test_without_a_network_the_time_to_answer_stands_still(table):
    table.report(HOME, State.REGISTERED, 0.0)
    table.report(HOME, State.SEARCHING, 10.0)
    assert not table.is_active(HOME, 1e5, TIME)
    assert table.is_awaited(HOME, 1e5, TIME), "three hours in a train"
    table.home_agent_heard(1e5)  # the conference has a home agent, too
    assert table.is_awaited(HOME, 1e5 + 29, TIME)
    assert not table.is_awaited(HOME, 1e5 + 30, TIME)


def test_the_time_to_answer_begins_again_with_a_new_network(table):
    table.report(HOME, State.REGISTERING, 0.0)
    table.report(HOME, State.SEARCHING, 40.0)
    table.report(HOME, State.REGISTERING, 50.0)
    assert table.is_awaited(HOME, 79.0, TIME)


def test_hearing_home_agents_again_and_again_prolongs_nothing(table):
    for moment in range(0, 60, 3):
        table.home_agent_heard(float(moment))
    assert not table.is_awaited(HOME, 60.0, TIME)


def test_removed_ones_are_forgotten_and_reports_of_them_ignored(table):
    table.report(HOME, State.REGISTERED, 0.0)
    table.keep_only(())
    table.report(HOME, State.REGISTERED, 1.0)
    assert table.occupied(1.0, TIME) == 0
    assert not table.is_active(HOME, 1.0, TIME)


def test_nothing_changes_by_time_alone_while_it_is_registered(table):
    table.report(HOME, State.REGISTERING, 0.0)
    table.report(HOME, State.REGISTERED, 1.0)
    assert table.next_change(1.0, TIME) is None
