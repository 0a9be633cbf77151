# SPDX-License-Identifier: GPL-2.0-or-later
"""Source addresses where the kernel itself knows home addresses (rule 4 of RFC 6724, RFC 5014)."""

import socket

import pytest

from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.roaming import Roaming
from tests.lab.topology import CORRESPONDENT_ADDRESS, LINKS, VISITED_A

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

IPV6_ADDR_PREFERENCES, PREFER_CARE_OF, PREFER_HOME = 72, 0x0004, 0x0400


def source(lab: Lab, device: str, preferences: int = 0) -> str:
    """The source of a new flow to the correspondent that leaves by this interface; "" is left to the routes."""
    with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        if device:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        if preferences:
            opened.setsockopt(socket.IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, preferences)
        opened.connect((str(CORRESPONDENT_ADDRESS), 9))
        return str(opened.getsockname()[0])


@pytest.mark.requirement("RFC6724-MN-4-01", "RFC6724-MN-5-01", "RFC6724-MN-5-02")
def test_the_home_address_is_a_candidate_of_every_interface_and_a_program_may_refuse_it(lab: Lab, roaming: Roaming):
    """Also of one that has no address of its own but a link-local one."""
    lab.laptop.ip(
        "link add other type veth peer name otherwise",
        "link set other up",
        "link set otherwise up",
        f"route add {CORRESPONDENT_ADDRESS}/128 dev other metric 5000",
    )
    try:
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        lab.eventually(lambda: "tentative" not in lab.laptop.run(["ip", "-6", "addr", "show", "dev", "eth0"]), 10.0)
        (entry,) = roaming.home_addresses()
        home_address, care_of = str(entry.address), entry.care_of_address
        assert care_of in LINKS[VISITED_A]
        for device in ("", "eth0", "other"):
            assert source(lab, device) == home_address, f"by {device or 'the routes'}"
            assert source(lab, device, PREFER_HOME) == home_address
        assert source(lab, "eth0", PREFER_CARE_OF) != home_address
        assert source(lab, "eth0", PREFER_CARE_OF).startswith("2001:db8:2:")
    finally:
        lab.laptop.ip("link del other")
