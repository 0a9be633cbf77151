# SPDX-License-Identifier: GPL-2.0-or-later
"""A home address with a random identifier, as privacy extensions make them (RFC 8981), which the link-local address
has too: the L flag stays clear, so that nobody has to answer for the link-local address at home.

The kernel of the laptop has no such address by itself, and probes for it when and only when it is told to.
"""

from ipaddress import IPv6Address

import pytest

from tests.lab import settings
from tests.lab.discovery import SOLICITATION, solicited_node
from tests.lab.headers import Seen, packets
from tests.lab.hostile import L
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.registration_tape import updates
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, VISITED_A

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
    lab.eventually(lambda: str(HOME_ADDRESS) in defended(lab), within=5.0)
    assert str(LINK_LOCAL) not in defended(lab)


def defended(lab: Lab) -> str:
    """What the home agent answers for."""
    return lab.home_agent.run(["ip", "-6", "neigh", "show", "proxy"])


def probes(seen: list[Seen]) -> list[IPv6Address]:
    """Where duplicate detection for the home address asks."""
    asked = [each for each in seen if each.icmp_type == SOLICITATION and each.source == IPv6Address("::")]
    return [each.destination for each in asked if IPv6Address(each.body[8:24]) == HOME_ADDRESS]


@pytest.mark.requirement("MN-11.5.5-07")
def test_the_home_address_is_probed_on_return_when_its_binding_has_ended(lab, house):
    """Before that the home agent has defended it, and it is taken without."""
    if lab.cables["eth0"].link != VISITED_A:
        lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    with lab.capture(lab.laptop, "eth0", "bound") as bound:
        lab.move(HOME)
        house.registered_at(HOME)
    house.laptop.mnctl("settings", "set", "mobile_node.registration_lifetime", "4")
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    lab.unplug()
    lab.eventually(lambda: not house.status().engine.binding_update_list, within=10.0, what="the binding has ended")
    lab.eventually(lambda: str(HOME_ADDRESS) not in defended(lab), within=5.0, what="and nobody defends it")
    with lab.capture(lab.laptop, "eth0", "unbound") as unbound:
        lab.plug(HOME)
        house.registered_at(HOME)
    assert updates(packets(bound.file)) and not probes(packets(bound.file))
    assert not updates(packets(unbound.file)), "there is nothing to delete"
    assert probes(packets(unbound.file)) == [solicited_node(HOME_ADDRESS)]
