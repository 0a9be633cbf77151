# SPDX-License-Identifier: GPL-2.0-or-later
"""A laptop moves, and its connections do not notice."""

import pytest

from tests.lab.answers import is_registered_at, read_handover
from tests.lab.cable import boot_time
from tests.lab.routers import QUICK, SLOW
from tests.lab.topology import HOME, HOME_PREFIX, LINKS, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab


def test_the_laptop_gives_itself_a_home_address(at_home):
    addresses = at_home.home_addresses()
    assert [entry.address in HOME_PREFIX for entry in addresses] == [True]
    agents = at_home.status().known_home_agents
    assert [str(agent.address) for agent in agents] == ["2001:db8:1::1"]


def test_a_connection_survives_the_whole_tour(lab, at_home, home_address):
    with TcpTransfer(lab, home_address) as transfer, Probe(lab, home_address) as probe:
        for link in (VISITED_A, VISITED_B, HOME):
            step = at_home.step(link, probe)
            transfer.flows()
            at_home.registered_at(link)
            assert step.record is not None, at_home.handovers()
            assert step.record.to_link == link
            assert step.record.home_address == home_address
            assert {"link_up", "router_heard", "binding_update", "binding_acknowledged"} <= set(step.record.stages_ms)
            call_from_outside(lab, home_address)
        verdict = transfer.finish()
    assert (verdict.survived, verdict.intact) == (True, True), verdict
    tour = [(record.from_link, record.to_link) for record in at_home.handovers()][-3:]
    assert tour == [(HOME, VISITED_A), (VISITED_A, VISITED_B), (VISITED_B, HOME)]
    assert [read_handover(each) for each in at_home.status().handovers] == at_home.handovers()[-20:]


def test_the_home_agent_shows_the_binding(lab, at_home, home_address):
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    bindings = at_home.home_agent.mnctl("bindings")
    entries = bindings["binding_cache"] if isinstance(bindings, dict) else bindings
    care_of = at_home.home_addresses()[0].care_of_address
    assert [(entry["home_address"], entry["care_of_address"]) for entry in entries] == [
        (str(home_address), str(care_of))
    ]


def test_routers_change_while_the_link_never_goes_down(lab, at_home, home_address):
    """No event of the link says that the network is another one: only its routers do (RFC 6275 section 11.5.1)."""
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    with TcpTransfer(lab, home_address) as transfer, Probe(lab, home_address) as probe:
        changed = lab.cables["eth0"].bring_other_link_here(VISITED_B)
        probe.recovered_after(changed + 0.1, within=20.0)
        at_home.registered_at(VISITED_B)
        transfer.flows()
        assert transfer.finish().intact
    flags = lab.laptop.run(["ip", "-o", "link", "show", "eth0"])
    assert "LOWER_UP" in flags


def test_routers_that_advertise_seldom(lab, at_home, home_address):
    """An ordinary network: an advertisement every 3 to 10 s, an answer to a solicitation within half a second."""
    lab.routers[VISITED_A].restart(SLOW)
    try:
        with Probe(lab, home_address) as probe:
            step = at_home.step(VISITED_A, probe)
        at_home.registered_at(VISITED_A)
        assert step.interruption.interruption_ms < 5000
    finally:
        lab.routers[VISITED_A].restart(QUICK)


def test_a_cable_that_hangs_for_a_while(lab, at_home, home_address):
    with TcpTransfer(lab, home_address) as transfer:
        lab.unplug()
        pulled = boot_time()
        lab.eventually(lambda: boot_time() > pulled + 2.0, within=5.0)
        lab.plug(VISITED_B)
        at_home.registered_at(VISITED_B)
        transfer.flows(within=30.0)
        assert transfer.finish().intact


def test_moves_in_quick_succession_end_where_the_laptop_is(lab, at_home, home_address):
    for link in (VISITED_A, VISITED_B, VISITED_A, VISITED_B):
        lab.move(link)
    at_home.registered_at(VISITED_B)
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)


def test_started_abroad(lab, at_home, home_address):
    """The service starts in a foreign network, with the home address it kept."""
    at_home.laptop.stop()
    lab.move(VISITED_A)
    at_home.laptop.start()
    lab.eventually(at_home.laptop.is_ready, within=15.0)
    at_home.registered_at(VISITED_A)
    assert [entry.address for entry in at_home.home_addresses()] == [home_address]
    lab.eventually(reachable_from_outside(lab, home_address), within=5.0)


def test_started_at_home_while_the_home_agent_thinks_it_is_abroad(lab, at_home, home_address):
    """The laptop is switched off abroad and on at home: its binding still lives (RFC 6275 section 11.5.5)."""
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    at_home.laptop.stop()
    lab.move(HOME)
    at_home.laptop.start()
    lab.eventually(at_home.laptop.is_ready, within=15.0)
    try:
        at_home.registered_at(HOME)
        lab.eventually(reachable_from_outside(lab, home_address), within=10.0)
    finally:
        at_home.forget_bindings()


def test_the_laptops_own_connections_start_from_the_home_address(lab, at_home, home_address):
    for link in (VISITED_A, HOME):
        lab.move(link)
        at_home.registered_at(link)
        route = lab.laptop.run(["ip", "-6", "-o", "route", "get", "2001:db8:ffff:0:2::2"])
        assert f"src {home_address}" in route


def test_the_home_network_is_reached_through_the_tunnel(lab, at_home):
    """The main table of a laptop that was at home still calls the home prefix on-link, on whatever link it is now."""
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    assert "dev mn6home" in lab.laptop.run(["ip", "-6", "-o", "route", "get", "2001:db8:1::1"])
    lab.laptop.run(["ping", "-6", "-c", "1", "-W", "2", "2001:db8:1::1"])


def test_a_care_of_address_is_of_the_visited_network(lab, at_home):
    lab.move(VISITED_B)
    at_home.registered_at(VISITED_B)
    (entry,) = at_home.home_addresses()
    assert entry.care_of_address in LINKS[VISITED_B]
    assert is_registered_at(entry, VISITED_B)
    assert not is_registered_at(entry, VISITED_A)
