# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody else wants the laptop's home address, or has it."""

import pytest

from tests.lab import settings
from tests.lab.guest import Guest
from tests.lab.headers import packets
from tests.lab.household import Household
from tests.lab.person import is_told, problem_texts
from tests.lab.registration_tape import acknowledgements
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

TAKEN = "2001:db8:1::300"


@pytest.fixture(scope="module")
def house(lab, roaming):
    return Household(lab, home_agent=roaming.home_agent, laptop=roaming.laptop)


@pytest.fixture
def guest(lab):
    with Guest(lab) as made:
        yield made


@pytest.fixture
def second(house, at_home):
    """Gives the laptop one more home address; taken away again after the test."""
    house.laptop.mnctl("home-addresses", "add", TAKEN, "--home-agent", str(HOME_AGENT_ADDRESS))
    yield TAKEN
    house.laptop.mnctl("home-addresses", "remove", TAKEN)


def state_of(house, address):
    return next(entry.state.value for entry in house.home_addresses() if str(entry.address) == address)


def test_the_home_agent_defends_the_address_of_an_absent_laptop(lab, house, at_home, home_address, guest):
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    guest.plug(HOME)
    lab.eventually(lambda: "fe80" in guest.addresses() and "tentative" not in guest.addresses(), within=5.0)
    guest.take(str(home_address))
    lab.eventually(lambda: "dadfailed" in guest.addresses(), within=5.0, what="duplicate detection fails at the guest")
    call_from_outside(lab, home_address)
    lab.move(HOME)
    house.registered_at(HOME)
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)


def test_it_is_taken_when_the_laptop_comes_to_it_at_home(lab, house, at_home, home_address, guest):
    guest.plug(HOME)
    guest.take(TAKEN, asking=False)
    house.laptop.mnctl("home-addresses", "add", TAKEN, "--home-agent", str(HOME_AGENT_ADDRESS))
    try:
        lab.eventually(lambda: state_of(house, TAKEN) == "duplicate", within=10.0)
        told = problem_texts(house.laptop)
        assert "error: Somebody else uses the home address" in told
        assert f"{TAKEN} is in use by another machine on the home link." in told
        text = is_told(lab, house.laptop, f"At home, reachable at {home_address}", "somebody else has it")
        assert "Somebody else uses the home address" in text
        assert TAKEN not in lab.laptop.run(["ip", "-6", "-o", "addr"])
        guest.give_back(TAKEN)
    finally:
        house.laptop.mnctl("home-addresses", "remove", TAKEN)
    house.registered_at(HOME)
    house.laptop.mnctl("home-addresses", "add", TAKEN, "--home-agent", str(HOME_AGENT_ADDRESS))
    house.registered_at(HOME)
    house.laptop.mnctl("home-addresses", "remove", TAKEN)


@pytest.mark.requirement("HA-10.3.1-10", "MN-11.7.1-18")
def test_it_is_taken_when_the_laptop_registers_from_abroad(lab, house, at_home, home_address, guest):
    """The home agent asks on the home link, and refuses with status 134. The other home address is used as before."""
    guest.plug(HOME)
    guest.take(TAKEN, asking=False)
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    try:
        with lab.capture(lab.laptop, "eth0", "taken") as capture:
            house.laptop.mnctl("home-addresses", "add", TAKEN, "--home-agent", str(HOME_AGENT_ADDRESS))
            lab.eventually(lambda: state_of(house, TAKEN) == "duplicate", within=10.0)
        answers = [each for each in acknowledgements(packets(capture.file)) if str(each.home_address) == TAKEN]
        assert {each.status for each in answers} == {134}
        assert TAKEN not in lab.laptop.run(["ip", "-6", "-o", "addr"])
        assert f"{TAKEN} is in use by another machine on the home link." in problem_texts(house.laptop)
        assert list(house.bound()) == [str(home_address)]
        is_told(lab, house.laptop, f"Away, reachable at {home_address}", "somebody else has it")
        call_from_outside(lab, home_address)
    finally:
        house.laptop.mnctl("home-addresses", "remove", TAKEN)


def test_the_only_home_address_is_taken_at_the_start(lab, house, at_home, guest):
    """The laptop is switched on in its home network, where somebody took its address meanwhile."""
    house.laptop.stop()
    house.laptop.forget()
    house.laptop.settings.write_text(settings.laptop().replace("desperation = true", "desperation = false"))
    house.laptop.start()
    lab.eventually(house.laptop.is_ready, within=15.0)
    guest.plug(HOME)
    guest.take(TAKEN, asking=False)
    house.laptop.mnctl("home-addresses", "add", TAKEN, "--home-agent", str(HOME_AGENT_ADDRESS))
    house.is_in_state("duplicate")
    is_told(lab, house.laptop, f"NOT reachable at {TAKEN}: Somebody else uses the home address")
    guest.give_back(TAKEN)
    house.laptop.restart()
    lab.eventually(house.laptop.is_ready, within=15.0)
    house.registered_at(HOME)
    lab.eventually(reachable_from_outside(lab, TAKEN), within=5.0)


def test_two_laptops_with_one_home_address(lab, house, at_home, home_address, guest):
    """Without keys the home agent cannot tell them apart: the last one to register has it. Nothing breaks by that."""
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    guest.plug(VISITED_B)
    text = settings.laptop().replace("desperation = true", "desperation = false")
    other = Household(lab, home_agent=house.home_agent, laptop=lab.start_service(guest.node, text))
    try:
        other.laptop.mnctl("home-addresses", "add", str(home_address), "--home-agent", str(HOME_AGENT_ADDRESS))
        other.registered_at(VISITED_B)
        (entry,) = other.home_addresses()
        assert house.bound() == {str(home_address): str(entry.care_of_address)}
        is_told(lab, house.home_agent, "1 of at most 20000 bindings")
        lab.move(VISITED_B)
        house.registered_at(VISITED_B)
        (entry,) = house.home_addresses()
        assert house.bound() == {str(home_address): str(entry.care_of_address)}
        call_from_outside(lab, home_address)
        is_told(lab, house.laptop, f"Away, reachable at {home_address}", "not protected")
    finally:
        other.laptop.stop()
