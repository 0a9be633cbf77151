# SPDX-License-Identifier: GPL-2.0-or-later
"""The simulated kernel of a laptop gives neighbours up as a real one does."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.events import NeighborUnreachable
from mnclient.engine.mobile_node.messages import router_probe
from mnclient.model.network_state import Neighbor, NetworkState
from tests.simulation import addresses
from tests.simulation.mobile import UNREACHABLE_AFTER
from tests.simulation.world import World

NAME = IPv6Address("fe80::bad:1")
FIRST, SECOND = addresses.mac(4, 1), addresses.mac(4, 2)
EVERY = 1.0  # seconds between two packets


class Kernel:
    """Of a laptop that is plugged into a visited link. `given_up` is when it gave `NAME` up, in seconds."""

    def __init__(self, monkeypatch):
        self._world = World(0)
        self._laptop = self._world.laptops[0]
        self._began = self._world.clock.now
        self.given_up = []
        monkeypatch.setattr(self._laptop, "give", self._given)
        self._laptop.plug(self._laptop.ports["eth0"], self._world.visited[0])

    def _given(self, event):
        assert event == NeighborUnreachable(interface="eth0", address=NAME)
        self.given_up.append(self._world.clock.now - self._began)

    def send(self, mac, packets):
        """Packets to whoever has `NAME`, and this hardware address."""
        neighbor = Neighbor(interface="eth0", address=NAME, link_layer_address=mac)
        self._laptop.set_state("mobile-node", NetworkState(neighbors=frozenset((neighbor,))))
        port = self._laptop.ports["eth0"]
        for _ in range(packets):
            self._laptop.send(router_probe("eth0", port.link_local, port.mac, NAME, b""))
            self._world.clock.run_until(self._world.clock.now + EVERY)


@pytest.fixture
def kernel(monkeypatch):
    return Kernel(monkeypatch)


def test_a_neighbour_that_does_not_answer_is_given_up_once_for_all_packets_that_wait(kernel):
    kernel.send(FIRST, 3)
    assert kernel.given_up == pytest.approx([UNREACHABLE_AFTER])


def test_it_is_asked_anew_for_the_next_packet_and_given_up_again(kernel):
    kernel.send(FIRST, 3)
    kernel.send(FIRST, 4)
    assert kernel.given_up == pytest.approx([UNREACHABLE_AFTER, 2 * UNREACHABLE_AFTER])


def test_who_has_the_name_of_one_that_was_given_up_is_given_up_as_well(kernel):
    """Else a laptop stays for ever with the second of two false routers of one name."""
    kernel.send(FIRST, 3)
    kernel.send(SECOND, 4)
    assert kernel.given_up == pytest.approx([UNREACHABLE_AFTER, 2 * UNREACHABLE_AFTER])
