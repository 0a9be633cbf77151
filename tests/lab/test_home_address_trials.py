# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address on trial, with a real home agent: it works like any other, and nothing of it stays."""

import signal

import pytest

from tests.lab.household import Household
from tests.lab.service import program
from tests.lab.topology import HOME_AGENT_ADDRESS, VISITED_A

pytestmark = pytest.mark.lab

ADDRESS = "2001:db8:1::77"
SETTINGS = """\
version = 1

[mobile_node]
allow_unprotected_signalling = true

[autoconfiguration]
enabled = false
"""
TRY = ("home-addresses", "try", ADDRESS, "--home-agent", str(HOME_AGENT_ADDRESS))


@pytest.fixture(scope="module")
def house(lab):
    agent = lab.start_home_agent()
    started = Household(lab, home_agent=agent, laptop=lab.start_laptop(SETTINGS))
    lab.move(VISITED_A)
    return started


def is_bound(house, *addresses):
    house.lab.eventually(lambda: list(house.bound()) == list(addresses), within=15.0, what=f"{addresses} are bound")


def stored(house):
    return ADDRESS in (house.laptop.state / "state.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_what_is_tried_is_registered_and_given_up(house, end):
    command = [*program("mnctl", "service.cli"), "--bus", house.laptop.bus.address, *TRY]
    trial = house.laptop.node.popen(command, log=f"trial-{end.name}")
    is_bound(house, ADDRESS)
    house.is_in_state("registered")  # at most three Binding Updates a second: the last one is to be sent, too
    (managed,) = house.status().home_addresses
    assert managed.trial
    assert not stored(house)
    trial.stop(end)
    is_bound(house)
    assert house.status().home_addresses == ()


def test_what_works_is_kept(house):
    told = house.laptop.mnctl_process(*TRY, "--keep", "--timeout", "60", within=90.0)
    assert told.returncode == 0, told.stderr
    last_stage, done = told.stdout.splitlines()[-2:]
    assert '"verified": true' in last_stage
    assert done == '{"ok": true}'
    assert stored(house)
    house.laptop.restart()
    house.lab.eventually(house.laptop.is_ready, within=15.0, what="the laptop's service is back")
    is_bound(house, ADDRESS)
    assert not house.status().home_addresses[0].trial
