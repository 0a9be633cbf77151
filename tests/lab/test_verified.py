# SPDX-License-Identifier: GPL-2.0-or-later
"""Registered is what the home agent says, verified is what happens: seen by whoever asks for the status."""

import pytest

from mnclient.model.handover import Stage
from mnclient.model.problems import ProblemCode
from tests.lab.cable import boot_time
from tests.lab.household import Household
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab


@pytest.fixture
def away(lab, at_home) -> Household:
    """Registered in network A, and verified."""
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    lab.eventually(lambda: at_home.home_addresses()[0].verified, within=10.0, what="the home address is verified")
    return Household(lab, home_agent=at_home.home_agent, laptop=at_home.laptop)


def test_the_status_and_the_record_of_the_move_say_so(lab, away):
    (entry,) = away.laptop.mnctl("status")["engine"]["home_addresses"]
    assert (entry["registered"], entry["verified"]) == (True, True)
    assert 0 < entry["verified_at"] <= boot_time()
    lab.eventually(lambda: Stage.VERIFIED.value in away.handovers()[-1].stages_ms, within=5.0)


def test_the_kernel_is_not_told_of_other_peoples_pings(lab, away):
    before = away.status().engine.counters.get("receive.not-for-us", 0)
    lab.correspondent.run(["ping", "-c", "20", "-i", "0.02", str(away.home_addresses()[0].address)])
    lab.laptop.run(["ping", "-c", "20", "-i", "0.02", str(CORRESPONDENT_ADDRESS)])
    assert away.status().engine.counters.get("receive.not-for-us", 0) - before < 5


def test_what_does_not_come_back_is_a_problem_until_it_does(lab, away):
    """The home agent answers registrations, but its network does not deliver."""
    router = lab.nodes["r"]
    address = away.home_addresses()[0].address
    router.ip(f"route add blackhole {address}")
    try:
        lab.move(VISITED_B)
        away.registered_at(VISITED_B)
        lab.eventually(lambda: away.home_addresses()[0].verified is False, within=10.0)
        assert away.home_addresses()[0].registered
        codes = [problem.code for problem in away.status().engine.problems]
        assert ProblemCode.NOT_VERIFIED in codes
    finally:
        router.ip(f"route del blackhole {address}")
    lab.move(VISITED_A)
    lab.eventually(lambda: away.home_addresses()[0].verified, within=15.0)


def test_a_home_agent_that_lost_its_bindings_is_found_out(lab, away):
    """It was restarted with an empty cache, and nobody sends anything: the laptop finds out by itself."""
    away.forget_bindings()
    assert not away.bound()
    restarted = boot_time()
    lab.eventually(away.bound, within=90.0, what="the laptop registers again")
    lab.eventually(
        lambda: (away.home_addresses()[0].verified_at or 0.0) > restarted, within=15.0, what="it is verified again"
    )
