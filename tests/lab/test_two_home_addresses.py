# SPDX-License-Identifier: GPL-2.0-or-later
"""Two home addresses travel together, and each keeps its connections."""

import pytest

from mnclient.model.status import HomeAddressState
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, TcpTransfer, reachable_from_outside

pytestmark = pytest.mark.lab

SECOND = "2001:db8:1::200"


@pytest.fixture(scope="module")
def two(lab, roaming):
    roaming.laptop.mnctl("home-addresses", "add", SECOND, "--home-agent", str(HOME_AGENT_ADDRESS))

    def both_at_home() -> bool:
        states = [entry.state for entry in roaming.home_addresses()]
        return states == [HomeAddressState.AT_HOME] * 2

    lab.eventually(both_at_home, within=10.0, what="both addresses are at home")
    return roaming


def test_both_keep_their_connections(lab, two):
    first = next(str(entry.address) for entry in two.home_addresses() if str(entry.address) != SECOND)
    with TcpTransfer(lab, first) as transfer, Probe(lab, SECOND) as probe:
        for link in (VISITED_A, VISITED_B, HOME):
            two.step(link, probe)
            two.registered_at(link)
            transfer.flows()
            for address in (first, SECOND):
                lab.eventually(reachable_from_outside(lab, address), within=5.0)
        assert transfer.finish().intact


def test_one_is_removed_while_away(lab, two):
    lab.move(VISITED_A)
    two.registered_at(VISITED_A)
    two.laptop.mnctl("home-addresses", "remove", SECOND)
    lab.eventually(lambda: SECOND not in [str(entry.address) for entry in two.home_addresses()], within=10.0)
    addresses = lab.laptop.run(["ip", "-6", "-o", "addr"])
    lab.eventually(lambda: SECOND not in lab.laptop.run(["ip", "-6", "-o", "addr"]), within=5.0, what=addresses)
    first = two.home_addresses()[0].address
    lab.eventually(reachable_from_outside(lab, first), within=5.0)
