# SPDX-License-Identifier: GPL-2.0-or-later
"""What a home agent does not allow, and what the person at the laptop is told about it."""

import pytest

from tests.lab.household import Household
from tests.lab.person import is_told, problem_texts, reads
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

SECOND = "2001:db8:1::200"
NOT_FROM_A = '[{allow = false, care_of_addresses = "2001:db8:2::/64"}]'


@pytest.fixture(scope="module")
def house(lab, roaming):
    return Household(lab, home_agent=roaming.home_agent, laptop=roaming.laptop)


@pytest.fixture
def agent(house):
    """`agent(key, value)` changes a setting of the home agent; put back after the test."""
    before = {}

    def change(key, value):
        before.setdefault(key, house.home_agent.mnctl("settings", "get", key)["value"])
        house.home_agent.mnctl("settings", "set", key, value)

    yield change
    for key, value in before.items():
        house.home_agent.mnctl("settings", "set", key, str(value).lower())


def test_a_care_of_prefix_that_is_denied(lab, house, home_address, agent):
    agent("home_agent.access", NOT_FROM_A)
    lab.move(VISITED_A)
    house.is_in_state("refused")
    (entry,) = house.home_addresses()
    assert (entry.last_status, entry.registered) == (129, False)
    assert house.bound() == {}
    told = problem_texts(house.laptop)
    assert "error: The home agent refused the registration" in told
    assert f"The home agent answered for {home_address}: " in told
    assert "not allowed by the" in told
    assert "What to do: Ask the person who runs the home agent, or choose another one." in told
    is_told(lab, house.laptop, f"NOT reachable at {home_address}: The home agent refused the registration")
    with pytest.raises(AssertionError, match="nobody outside can reach"):
        call_from_outside(lab, home_address, within=0.5)
    lab.move(VISITED_B)
    house.registered_at(VISITED_B)
    call_from_outside(lab, home_address)
    is_told(lab, house.laptop, f"Away, reachable at {home_address}")
    lab.move(VISITED_A)
    house.is_in_state("refused")
    agent("home_agent.access", "[]")
    lab.move(VISITED_B)
    house.registered_at(VISITED_B)
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    assert "refused" not in problem_texts(house.laptop)


def test_no_room_for_another_binding(lab, house, home_address, agent):
    agent("home_agent.max_bindings", "1")
    house.laptop.mnctl("home-addresses", "add", SECOND, "--home-agent", str(HOME_AGENT_ADDRESS))
    try:
        house.registered_at(HOME)
        lab.move(VISITED_A)
        house.lab.eventually(lambda: sorted(house.states()) == ["refused", "registered"], within=10.0)
        (refused,) = [entry for entry in house.home_addresses() if not entry.registered]
        assert refused.last_status == 130
        assert len(house.bound()) == 1
        assert f"{SECOND}: there is no room for another" in problem_texts(house.laptop)
        is_told(lab, house.laptop, "The home agent refused the registration")
        is_told(lab, house.home_agent, "1 of at most 1 bindings")
    finally:
        house.laptop.mnctl("home-addresses", "remove", SECOND)


def test_the_lifetime_is_capped(lab, house, home_address, agent):
    agent("home_agent.max_lifetime", "60")
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    (told,) = house.laptop.mnctl("bindings")["binding_update_list"]
    assert told["acknowledged"]
    status = house.status().engine
    until = status.home_addresses[0].registered_until
    assert until is not None
    assert 0 < until - status.now <= 60
    assert told["expires"] == pytest.approx(until)
    (cached,) = house.home_agent.mnctl("bindings")["binding_cache"]
    assert cached["lifetime"] == 60.0
    assert str(home_address) in reads(house.laptop, "bindings")


def test_the_laptop_refuses_to_go_without_protection(lab, house, home_address):
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    house.laptop.mnctl("settings", "set", "mobile_node.allow_unprotected_signalling", "false")
    try:
        house.is_in_state("unprotected")
        is_told(lab, house.laptop, f"NOT reachable at {home_address}: There is no key for the home agent")
        told = problem_texts(house.laptop)
        assert "mnctl settings set mobile_node.allow_unprotected_signalling true" in told
        assert "is not registered" in told
        lab.move(VISITED_B)
        house.is_in_state("unprotected")
        is_told(lab, house.laptop, f"NOT reachable at {home_address}")
    finally:
        house.laptop.mnctl("settings", "set", "mobile_node.allow_unprotected_signalling", "true")
    house.registered_at(VISITED_B)
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)


def test_the_home_agent_refuses_to_go_without_protection(lab, house, home_address, agent):
    agent("home_agent.allow_unprotected_signalling", "false")
    lab.move(VISITED_A)
    text = is_told(lab, house.laptop, "The home agent does not answer", within=30.0)
    assert f"NOT reachable at {home_address}" in text
    assert house.bound() == {}
    is_told(lab, house.home_agent, "Nobody can register at this home agent")
    told = problem_texts(house.home_agent)
    assert "What to do: Install keys, or accept the risk: mnctl settings set home_agent.allow_unprotected" in told
    agent("home_agent.allow_unprotected_signalling", "true")
    lab.move(VISITED_B)  # where it was it would register as well, with the next repetition
    house.registered_at(VISITED_B)
    is_told(lab, house.laptop, f"Away, reachable at {home_address}")
    assert "Nobody can register" not in problem_texts(house.home_agent)
