# SPDX-License-Identifier: GPL-2.0-or-later
"""A narrow place between home agent and laptop: TCP must not stall, in either direction."""

import pytest

from tests.lab.bulk import send_bulk
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab

OCTETS = 1_000_000


@pytest.fixture(params=[1500, 1400, 1280])
def narrow(request, lab):
    """The core's arm to the access router has this MTU, at both of its ends."""

    def set_mtu(mtu: int) -> None:
        lab.nodes["r"].ip(f"link set to-ar-a mtu {mtu}")
        lab.nodes["ar-a"].ip(f"link set core0 mtu {mtu}")

    set_mtu(request.param)
    yield request.param
    set_mtu(1500)


def test_bulk_in_both_directions(lab, at_home, home_address, narrow):
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    down = send_bulk(lab.correspondent, lab.laptop, str(home_address), OCTETS, within=20.0)
    up = send_bulk(
        lab.laptop, lab.correspondent, str(CORRESPONDENT_ADDRESS), OCTETS, source=str(home_address), within=20.0
    )
    assert (down.octets, up.octets) == (OCTETS, OCTETS)


def test_a_narrow_visited_link(lab, at_home, home_address):
    """The router advertises an MTU of 1400 for its link (RFC 4861 section 4.6.4), and the laptop's tunnel fits."""
    router = lab.routers[VISITED_B]
    router.stop()
    router.mtu = 1400
    router.start()
    try:
        lab.move(VISITED_B)
        at_home.registered_at(VISITED_B)
        up = send_bulk(
            lab.laptop, lab.correspondent, str(CORRESPONDENT_ADDRESS), OCTETS, source=str(home_address), within=20.0
        )
        assert up.octets == OCTETS
    finally:
        router.stop()
        router.mtu = 1500
        router.start()
