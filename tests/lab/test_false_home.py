# SPDX-License-Identifier: GPL-2.0-or-later
"""A network that says it is home, in the home agent's name and with its hardware address, but without its key."""

import socket
from contextlib import contextmanager

import pytest

from mnclient.model.status import HomeAddressState as State
from tests.lab.attacker import AGENT_LOCAL, AGENT_MAC, VISITED, Attacker
from tests.lab.attacker_cases import HOME_HERE, router_says
from tests.lab.node import inside
from tests.lab.person import problem_texts
from tests.lab.signed import signed_house
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME, VISITED_A, VISITED_B
from tests.lab.traffic import call_from_outside
from tests.lab.trial import counters

pytestmark = pytest.mark.lab

UDP = 17
SECRET = b"not for strangers"


@pytest.fixture(scope="module")
def house(roaming):
    """Both ends have the key of the laptop's home address, and neither may go without."""
    return signed_house(roaming)


@contextmanager
def nobody_advertises(lab, link):
    """Network A without its router's advertisements."""
    lab.routers[link].stop()
    try:
        yield
    finally:
        lab.routers[link].start()
        lab.eventually(lab.routers[link].is_running, within=5.0)


def state_of(house) -> State:
    (entry,) = house.home_addresses()
    return entry.state


def say_something(lab, home_address) -> None:
    """A datagram of a program that has the home address."""
    with inside(lab.laptop.namespace):
        program = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with program:
        program.bind((str(home_address), 0))
        program.sendto(SECRET, (str(CORRESPONDENT_ADDRESS), 9))


def test_it_is_not_home_and_gets_nothing(lab, house, home_address):
    lab.move(VISITED_B)
    house.registered_at(VISITED_B)
    bound = house.bound()
    with Attacker(lab) as attacker, nobody_advertises(lab, VISITED_A):

        def say_that_it_is_home() -> None:
            attacker.send(VISITED, router_says(AGENT_LOCAL, HOME_HERE), AGENT_MAC)

        def believed() -> bool:
            say_that_it_is_home()
            assert state_of(house) is State.RETURNING, f"it is {state_of(house).value}"
            return True

        def told() -> bool:
            say_that_it_is_home()
            return "A network says that it is home, and does not prove it" in problem_texts(house.laptop)

        with lab.capture(lab.laptop, "eth0", "false-home") as capture:
            lab.move(VISITED_A)
            lab.eventually(believed, within=10.0, what="the laptop asks whether this is home")
            say_something(lab, home_address)
            lab.eventually(told, within=15.0, what="the person is told")
            say_something(lab, home_address)
            assert state_of(house) is State.RETURNING
        assert house.bound() == bound
    assert not [packet for packet in capture.packets() if SECRET in packet]
    lab.move(VISITED_B)
    house.registered_at(VISITED_B)
    call_from_outside(lab, home_address)
    assert "does not prove it" not in problem_texts(house.laptop)


def test_the_true_home_proves_itself_at_once(lab, house, home_address):
    lab.move(HOME)
    house.registered_at(HOME)
    call_from_outside(lab, home_address)
    assert house.bound() == {}


def test_a_start_at_home_is_proved_too(lab, house, home_address):
    """There is no binding to delete: the home agent refuses, or repeats its last answer. Both are under the key."""
    house.laptop.restart()
    house.registered_at(HOME)
    call_from_outside(lab, home_address)
    counted = counters(house.laptop)
    assert counted.get("ba.status.133", 0) + counted.get("ba.status.0", 0) >= 1
    assert house.bound() == {}
