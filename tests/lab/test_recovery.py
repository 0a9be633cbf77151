# SPDX-License-Identifier: GPL-2.0-or-later
"""Things go wrong around our programs, and the connection lives on."""

import pytest

from tests.lab.cable import boot_time
from tests.lab.topology import VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, reachable_from_outside

pytestmark = pytest.mark.lab

OURS = "135"
"""The protocol number of the routes that the service makes."""


def test_the_service_is_killed_in_the_middle_of_a_move(lab, at_home, home_address):
    with TcpTransfer(lab, home_address) as transfer:
        lab.move(VISITED_A)
        at_home.registered_at(VISITED_A)
        lab.move(VISITED_B)
        at_home.laptop.kill()
        at_home.laptop.start()
        lab.eventually(at_home.laptop.is_ready, within=15.0)
        at_home.registered_at(VISITED_B)
        transfer.flows(within=30.0)
        verdict = transfer.finish()
    assert (verdict.survived, verdict.intact) == (True, True), verdict
    assert [entry.address for entry in at_home.home_addresses()] == [home_address]


def test_the_service_is_killed_at_home(lab, at_home, home_address):
    with TcpTransfer(lab, home_address) as transfer:
        at_home.laptop.kill()
        at_home.laptop.start()
        lab.eventually(at_home.laptop.is_ready, within=15.0)
        at_home.go_home()
        transfer.flows(within=30.0)
        assert transfer.finish().intact
    assert [entry.address for entry in at_home.home_addresses()] == [home_address]


def test_the_home_agent_is_restarted(lab, at_home, home_address):
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    with TcpTransfer(lab, home_address) as transfer:
        at_home.home_agent.restart()
        lab.eventually(at_home.home_agent.is_ready, within=15.0)
        transfer.flows(within=60.0)
        assert transfer.finish().intact
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)


@pytest.mark.parametrize("link", [VISITED_A, "home"])
def test_another_manager_takes_all_addresses_away(lab, at_home, home_address, link):
    """As network managers do when they take an interface over."""
    if link != "home":
        lab.move(link)
        at_home.registered_at(link)
    with Probe(lab, home_address) as probe:
        flushed = boot_time()
        lab.laptop.run(["ip", "-6", "addr", "flush", "dev", "eth0", "scope", "global"])
        probe.recovered_after(flushed + 0.1, within=10.0)
        at_home.registered_at(link)
        lab.eventually(reachable_from_outside(lab, home_address), within=10.0)


def test_another_manager_takes_all_routes_away(lab, at_home, home_address):
    lab.move(VISITED_B)
    at_home.registered_at(VISITED_B)
    with Probe(lab, home_address) as probe:
        flushed = boot_time()
        # not those of the kernel itself: without fe80::/64 a machine has no IPv6 on the link at all
        lab.laptop.run(["ip", "-6", "route", "flush", "table", "all", "proto", OURS])
        lab.laptop.run(["ip", "-6", "route", "flush", "table", "all", "proto", "ra"])
        probe.recovered_after(flushed + 0.1, within=10.0)
    lab.eventually(reachable_from_outside(lab, home_address), within=10.0)
