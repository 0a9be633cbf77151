# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address with a random identifier, as privacy extensions make them (RFC 8981), which the link-local address
has too: the L flag stays clear, so that nobody has to answer for the link-local address at home."""

from ipaddress import IPv6Address

import pytest

from tests.lab import settings
from tests.lab.headers import packets
from tests.lab.hostile import L
from tests.lab.household import Household
from tests.lab.registration_tape import updates
from tests.lab.topology import HOME_AGENT_ADDRESS, VISITED_A

pytestmark = pytest.mark.lab

IDENTIFIER = "a1b2:c3d4:e5f6:789"
HOME_ADDRESS, LINK_LOCAL = IPv6Address(f"2001:db8:1:0:{IDENTIFIER}"), IPv6Address(f"fe80::{IDENTIFIER}")
NO_LINK_LOCAL = 1  # addr_gen_mode: the kernel makes none


@pytest.fixture(scope="module")
def house(lab):
    laptop = lab.laptop
    laptop.sysctl("net/ipv6/conf/eth0/addr_gen_mode", NO_LINK_LOCAL)
    laptop.ip("link set eth0 down", "link set eth0 up", f"addr add {LINK_LOCAL}/64 dev eth0 nodad")
    agent = lab.start_home_agent()
    started = lab.start_laptop(settings.laptop_with(HOME_ADDRESS, HOME_AGENT_ADDRESS))
    made = Household(lab, home_agent=agent, laptop=started)
    made.home_address()
    return made


@pytest.mark.requirement("MN-11.7.1-07")
def test_the_link_local_address_is_not_registered_with_it(lab, house):
    with lab.capture(lab.laptop, "eth0", "registered") as capture:
        lab.move(VISITED_A)
        house.registered_at(VISITED_A)
    assert str(LINK_LOCAL) in lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"])
    sent = [each for each in updates(packets(capture.file)) if each.home_address == HOME_ADDRESS]
    assert sent
    assert not [each for each in sent if each.has(L)]

    def defended() -> str:
        return lab.home_agent.run(["ip", "-6", "neigh", "show", "proxy"])

    lab.eventually(lambda: str(HOME_ADDRESS) in defended(), within=5.0)
    assert str(LINK_LOCAL) not in defended()
