# SPDX-License-Identifier: GPL-2.0-or-later
"""Make before break: with two interfaces a move costs nothing, and a bad one is not made."""

import time

import pytest

from mnclient.model.status import InterfaceStatus
from tests.lab import settings
from tests.lab.cable import boot_time
from tests.lab.discovery import ROUTER_SOLICITATION, Tape
from tests.lab.headers import Seen
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.registration_tape import updates
from tests.lab.topology import HOME, HOME_PREFIX, VISITED_A, VISITED_B
from tests.lab.traffic import Probe, call_from_outside

pytestmark = pytest.mark.lab

RATE = 1000.0
"""Probes a second, each there and back."""
INTERFACES = """
[[mobile_node.interfaces]]
name = "eth0"
priority = 10

[[mobile_node.interfaces]]
name = "eth1"
priority = 20
"""


@pytest.fixture(scope="module")
def two(lab: Lab) -> Household:
    """A laptop with a home address and a second interface, which is the second choice; both services fresh."""
    household = Household(lab, home_agent=lab.start_home_agent())
    household._laptop = lab.start_laptop(settings.laptop(extra=INTERFACES))
    household.home_address()
    lab.add_second_interface()
    return household


@pytest.fixture
def by_eth1(lab: Lab, two: Household) -> Household:
    """Registered by eth1 in network B; the cable of eth0 hangs. The service is new: nothing is held against eth0."""
    for interface in lab.cables:
        if lab.cables[interface].link:
            lab.unplug(interface)
    two.laptop.stop()
    two.laptop.start()
    lab.eventually(two.laptop.is_ready, within=15.0)
    lab.plug(VISITED_B, "eth1")
    two.registered_at(VISITED_B)
    lab.eventually(lambda: two.home_addresses()[0].verified, within=10.0, what="the home address is verified")
    return two


def interface(two: Household, name: str) -> InterfaceStatus:
    (found,) = [each for each in two.status().engine.interfaces if each.name == name]
    return found


def nobody_was_asked(tape: Tape, since: float) -> None:
    """No router was solicited before the first Binding Update left; later on one that is late may be doubted."""
    first = next(each.seen.at for each in updates(Seen.read(packet, at) for at, packet in tape.packets() if at > since))
    assert not [each for each in tape.heard(ROUTER_SOLICITATION) if since < each.at < first]


def counter(two: Household, name: str) -> int:
    return two.status().engine.counters.get(name, 0)


def flap(lab: Lab) -> None:
    """The cable of eth0 comes and goes until it is not trusted for 16 s, and comes again."""
    for _ in range(4):
        lab.plug(VISITED_A, "eth0")
        lab.eventually(lambda: is_attached(lab, "eth0"), within=5.0)
        lab.unplug("eth0")
        lab.eventually(lambda: not is_attached(lab, "eth0"), within=5.0)
    lab.plug(VISITED_A, "eth0")


def is_attached(lab: Lab, name: str) -> bool:
    """Whether our own routes are on an interface. Asks the kernel, which answers sooner than the service's client.

    Its default route comes at once; what is on the link only when the care-of address is settled.
    """
    return "default via" in lab.laptop.run(["ip", "-6", "route", "show", "table", "all", "dev", name, "proto", "135"])


@pytest.mark.requirement("MN-11.5.4-03")
def test_a_better_network_appears_and_no_packet_is_lost_in_either_direction(lab, by_eth1):
    address = by_eth1.home_addresses()[0].address
    with Probe(lab, address, RATE) as probe:
        begin = boot_time()
        lab.plug(VISITED_A, "eth0")
        by_eth1.registered_at(VISITED_A)
        assert interface(by_eth1, "eth0").is_active
        assert interface(by_eth1, "eth1").is_standby
        moved = boot_time()
        probe.recovered_after(moved + 0.5, within=10.0, count=100)
        there = probe.interruption(begin, boot_time())
        assert there.probes_lost == 0, there
        assert there.probes_sent > RATE / 4
        by_eth1.laptop.mnctl("interfaces", "set-priority", "eth1", "5")
        by_eth1.registered_at(VISITED_B)
        probe.recovered_after(boot_time() + 0.5, within=10.0, count=100)
        back = probe.interruption(moved, boot_time())
        assert back.probes_lost == 0, back
    by_eth1.laptop.mnctl("interfaces", "set-priority", "eth1", "20")


@pytest.mark.requirement("MN-11.5.3-03")
def test_when_the_present_one_dies_one_binding_update_is_all(lab, by_eth1):
    lab.plug(VISITED_A, "eth0")
    by_eth1.registered_at(VISITED_A)
    lab.eventually(lambda: interface(by_eth1, "eth1").reaches_home_agent, within=10.0)
    standby = interface(by_eth1, "eth1").care_of_address
    before = counter(by_eth1, "bu.sent")
    address = by_eth1.home_addresses()[0].address
    with Tape(lab.laptop, "eth1") as tape, Probe(lab, address) as probe:
        unplugged, since = boot_time(), time.time()
        lab.unplug("eth0")
        by_eth1.registered_at(VISITED_B)
        assert by_eth1.home_addresses()[0].care_of_address == standby
        probe.recovered_after(unplugged + 0.5, within=10.0)
    assert counter(by_eth1, "bu.sent") == before + 1
    nobody_was_asked(tape, since)


def test_an_interface_without_internet_does_not_win_and_does_when_it_has_some(lab, by_eth1):
    router = lab.nodes["ar-a"]
    router.ip(f"route add blackhole {HOME_PREFIX}")
    try:
        lab.plug(VISITED_A, "eth0")
        lab.eventually(lambda: interface(by_eth1, "eth0").reaches_home_agent is False, within=15.0)
        assert interface(by_eth1, "eth1").is_active
        assert interface(by_eth1, "eth0").is_standby
        call_from_outside(lab, by_eth1.home_addresses()[0].address)
    finally:
        router.ip(f"route del blackhole {HOME_PREFIX}")
    by_eth1.registered_at(VISITED_A, within=30.0)


def test_the_present_one_loses_the_internet_and_the_other_takes_over(lab, by_eth1):
    """The link stays, its router stays: only the silence of the home agent tells."""
    lab.plug(VISITED_A, "eth0")
    by_eth1.registered_at(VISITED_A)
    lab.eventually(lambda: by_eth1.home_addresses()[0].verified, within=10.0)
    router = lab.nodes["ar-a"]
    router.ip(f"route add blackhole {HOME_PREFIX}")
    try:
        by_eth1.registered_at(VISITED_B, within=100.0)  # a minute until it is verified again
        call_from_outside(lab, by_eth1.home_addresses()[0].address)
    finally:
        router.ip(f"route del blackhole {HOME_PREFIX}")


def test_a_flapping_interface_is_left_alone(lab, by_eth1):
    moves = len(by_eth1.handovers())
    address = by_eth1.home_addresses()[0].address
    with Probe(lab, address) as probe:
        begin = boot_time()
        flap(lab)
        plugged = boot_time()
        by_eth1.registered_at(VISITED_A, within=60.0)
        assert boot_time() - plugged > 8.0, "it was trusted too soon"
        assert len(by_eth1.handovers()) == moves + 1
        assert probe.interruption(begin, boot_time()).probes_lost == 0


def test_a_person_who_changes_the_priority_need_not_wait_for_it(lab, by_eth1):
    flap(lab)
    plugged = boot_time()
    by_eth1.laptop.mnctl("interfaces", "set-priority", "eth0", "5")
    by_eth1.registered_at(VISITED_A, within=7.0)
    assert boot_time() - plugged < 12.0, "without a word it would have been 16 s"
    by_eth1.laptop.mnctl("interfaces", "set-priority", "eth0", "10")


def test_home_is_a_better_network_too(lab, by_eth1):
    address = by_eth1.home_addresses()[0].address
    lab.plug(HOME, "eth0")
    by_eth1.registered_at(HOME)
    assert interface(by_eth1, "eth0").is_active
    assert interface(by_eth1, "eth1").is_standby
    call_from_outside(lab, address)
    with Tape(lab.laptop, "eth1") as tape:
        since = time.time()
        lab.unplug("eth0")
        by_eth1.registered_at(VISITED_B)
    nobody_was_asked(tape, since)
    call_from_outside(lab, address)
