# SPDX-License-Identifier: GPL-2.0-or-later
"""Either end is killed, forgets everything, or is exchanged for a newer version, while the laptop is abroad."""

import pytest

from tests.lab.cable import boot_time
from tests.lab.household import Household
from tests.lab.person import is_told
from tests.lab.topology import HOME, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, reachable_from_outside

pytestmark = pytest.mark.lab


@pytest.fixture
def abroad(lab, at_home):
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    return Household(lab, home_agent=at_home.home_agent, laptop=at_home.laptop)


def sent(house):
    """Binding Updates that the laptop has sent so far."""
    return house.status().engine.counters["bu.sent"]


def is_on_disk(house, text):
    """Whether a state file of the home agent contains it."""
    files = [file for file in house.home_agent.state.iterdir() if file.is_file()]
    return any(text.encode() in file.read_bytes() for file in files)


def test_the_home_agent_is_killed_and_the_laptop_notices_nothing(lab, abroad, home_address):
    before, bound = sent(abroad), abroad.bound()
    (care_of,) = bound.values()
    lab.eventually(lambda: is_on_disk(abroad, care_of), within=2.0, what="the binding is on disk")
    with TcpTransfer(lab, home_address) as transfer, Probe(lab, home_address) as probe:
        abroad.home_agent.kill()
        abroad.home_agent.start()
        lab.eventually(abroad.home_agent.is_ready, within=15.0)
        back = boot_time()
        probe.recovered_after(back, within=5.0)
        transfer.flows()
        assert transfer.finish().intact
    assert abroad.bound() == bound
    assert sent(abroad) == before
    is_told(lab, abroad.home_agent, "1 of at most 20000 bindings")


def test_the_home_agent_forgets_everything(lab, abroad, home_address):
    """Nothing tells the laptop; its next refresh is the end of it. A short lifetime makes this soon."""
    abroad.laptop.mnctl("settings", "set", "mobile_node.registration_lifetime", "8")
    lab.move(VISITED_B)
    abroad.registered_at(VISITED_B)
    try:
        with TcpTransfer(lab, home_address) as transfer:
            abroad.forget_bindings()
            lab.eventually(lambda: str(home_address) in abroad.bound(), within=20.0)
            assert abroad.home_agent.counters()["dad.started"] == 1, "a binding that is known is renewed without it"
            transfer.flows()
            assert transfer.finish().intact
    finally:
        abroad.laptop.mnctl("settings", "set", "mobile_node.registration_lifetime", "600")
    abroad.registered_at(VISITED_B)
    is_told(lab, abroad.laptop, f"Away, reachable at {home_address}")


def test_the_laptops_service_is_exchanged_abroad(lab, abroad, home_address):
    """As an upgrade does it: stop in order, start."""
    with TcpTransfer(lab, home_address) as transfer:
        assert abroad.laptop.stop() == 0
        abroad.laptop.start()
        lab.eventually(abroad.laptop.is_ready, within=15.0)
        abroad.registered_at(VISITED_A)
        transfer.flows(within=30.0)
        assert transfer.finish().intact
    assert [entry.address for entry in abroad.home_addresses()] == [home_address]
    is_told(lab, abroad.laptop, f"Away, reachable at {home_address}")


def test_both_ends_are_exchanged_at_once(lab, abroad, home_address):
    with TcpTransfer(lab, home_address) as transfer:
        assert (abroad.home_agent.stop(), abroad.laptop.stop()) == (0, 0)
        abroad.laptop.start()
        abroad.home_agent.start()
        for service in (abroad.laptop, abroad.home_agent):
            lab.eventually(service.is_ready, within=15.0)
        abroad.registered_at(VISITED_A)
        transfer.flows(within=30.0)
        assert transfer.finish().intact
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)


def test_a_home_agent_that_has_forgotten_the_way_home_is_told_again(lab, abroad, home_address):
    """It crashed between its answer and the disk: it answers for a laptop that is at home."""
    (care_of,) = abroad.bound().values()
    lab.eventually(lambda: is_on_disk(abroad, care_of), within=2.0, what="the binding is on disk")
    (file,) = [each for each in abroad.home_agent.state.iterdir() if each.name == "bindings.json"]
    before = file.read_bytes()
    lab.move(HOME)
    abroad.is_in_state("at-home", within=15.0)
    lab.eventually(lambda: file.read_bytes() != before, within=5.0, what="its end is on disk")
    abroad.home_agent.kill()
    file.write_bytes(before)
    asked = sent(abroad)
    abroad.home_agent.start()
    lab.eventually(abroad.home_agent.is_ready, within=15.0)
    lab.eventually(lambda: sent(abroad) > asked and abroad.bound() == {}, within=10.0, what="it was asked again")
    abroad.is_in_state("at-home")
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)
