# SPDX-License-Identifier: GPL-2.0-or-later
"""Into a network visited before: its router is asked by name, and its answer is enough, whenever it advertises."""

import pytest

from tests.lab.lab import Lab
from tests.lab.routers import QUICK, SLOW
from tests.lab.topology import HOME, LINKS, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer

pytestmark = pytest.mark.lab


@pytest.fixture
def seldom(lab: Lab):
    """Both visited networks advertise every 3 to 10 s, and answer solicitations when they please."""
    for router in lab.routers.values():
        router.restart(SLOW)
    yield
    for router in lab.routers.values():
        router.restart(QUICK)


def counter(roaming, name: str) -> int:
    return roaming.status().engine.counters.get(name, 0)


def test_networks_visited_before_take_one_round_trip_whatever_their_advertisement_interval(
    lab, at_home, home_address, seldom
):
    care_of = {}
    for link in (VISITED_A, VISITED_B):
        lab.move(link)
        at_home.registered_at(link, within=30.0)
        care_of[link] = at_home.home_addresses()[0].care_of_address
    with Probe(lab, home_address) as probe, TcpTransfer(lab, home_address) as transfer:
        for link in (VISITED_A, VISITED_B, VISITED_A):
            step = at_home.step(link, probe)
            assert step.record is not None
            assert at_home.home_addresses()[0].care_of_address == care_of[link]
            assert step.record.stages_ms["router_heard"] < 500, "no advertisement was waited for"
            transfer.flows()
        assert transfer.finish().intact
    assert care_of[VISITED_A] in LINKS[VISITED_A]


def test_the_way_home_too(lab, at_home, home_address):
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    with Probe(lab, home_address) as probe:
        step = at_home.step(HOME, probe)
    at_home.registered_at(HOME)
    assert step.record is not None
    assert step.record.outcome == "completed"
