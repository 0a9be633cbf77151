# SPDX-License-Identifier: GPL-2.0-or-later
"""The home link is on the interface that is not in use, where the kernel itself has the home address already.

It forms that address from the hardware address and the prefix, as the suggested home addresses are formed. The home
agent's duplicate detection would be answered by the laptop itself.
"""

from ipaddress import IPv6Network

import pytest

from mnclient.constants import MAX_INTERFACE_PATIENCE
from mnclient.model.status import HomeAddressStatus
from tests.lab import settings
from tests.lab.cable import boot_time
from tests.lab.guest import Guest
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, HOME_PREFIX, VISITED_A, VISITED_B, VISITED_B_PREFIX
from tests.lab.traffic import Probe, call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

OF_ETH0 = str(HOME_PREFIX[0x00FF_FE00_0010])
"""What the kernel gives eth0 on the home link."""
ANOTHER = "2001:db8:1::400"
TRUSTED_AGAIN = MAX_INTERFACE_PATIENCE + 15.0
"""Seconds: the cable of the preferred interface is pulled again and again, and it is trusted ever later."""
INTERFACES = """
[[mobile_node.interfaces]]
name = "eth1"
priority = 10

[[mobile_node.interfaces]]
name = "eth0"
priority = 20
"""


@pytest.fixture(scope="module")
def house(lab: Lab) -> Household:
    """A laptop without a home address; eth1 is its first choice."""
    lab.add_second_interface()
    text = settings.laptop(extra=INTERFACES).replace("desperation = true", "desperation = false")
    return Household(lab, home_agent=lab.start_home_agent(), laptop=lab.start_laptop(text))


@pytest.fixture
def two(lab: Lab, house: Household):
    """eth1 in network A and in use, eth0 at home, and no home address yet; the home agent remembers nothing."""
    for interface, cable in lab.cables.items():
        if cable.link:
            lab.unplug(interface)
    lab.plug(VISITED_A, "eth1")
    lab.eventually(lambda: in_use(house) == "eth1", within=10.0, what="eth1 is in use")
    lab.plug(HOME, "eth0")
    lab.eventually(lambda: has_it(lab, "eth0"), within=10.0, what="the kernel gives eth0 its address")
    yield house
    for entry in house.home_addresses():
        house.laptop.mnctl("home-addresses", "remove", str(entry.address))
    lab.eventually(lambda: not house.bound(), within=10.0, what="the home agent holds no binding")


def in_use(house: Household) -> str | None:
    return next((each.name for each in house.status().engine.interfaces if each.is_active), None)


def has_heard(house: Household, interface: str, prefix: IPv6Network) -> bool:
    """Whether the current router of an interface advertises a prefix."""
    (found,) = [each for each in house.status().engine.interfaces if each.name == interface]
    return any(prefix in router.prefixes for router in found.routers if router.is_current)


def has_it(lab: Lab, interface: str) -> bool:
    """Whether an interface has the address of eth0 and answers for it."""
    told = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", interface, "to", OF_ETH0])
    return bool(told) and "tentative" not in told and "dadfailed" not in told


def add(house: Household, address: str, home_agent: str = str(HOME_AGENT_ADDRESS)) -> None:
    house.laptop.mnctl("home-addresses", "add", address, "--home-agent", home_agent)


def is_at_home_on(lab: Lab, house: Household, interface: str, address: str = "", within: float = 15.0) -> None:
    """Wait until a home address, or the only one, is at home on an interface, and can be reached."""

    def stands() -> HomeAddressStatus:
        (entry,) = [each for each in house.home_addresses() if address in ("", str(each.address))]
        return entry

    def ask() -> bool:
        entry = stands()
        assert (entry.state.value, entry.interface) == ("at-home", interface), f"{entry.state.value} {entry.interface}"
        return True

    lab.eventually(ask, within=within, what=f"at home on {interface}")
    lab.eventually(reachable_from_outside(lab, stands().address), within=5.0)


def test_it_is_at_home_there_and_abroad_when_that_interface_leaves(lab, two):
    add(two, OF_ETH0)
    is_at_home_on(lab, two, "eth0")
    assert in_use(two) == "eth1"
    assert not two.bound()
    lab.unplug("eth0")
    two.registered_at(VISITED_A)
    assert list(two.bound()) == [OF_ETH0]
    call_from_outside(lab, OF_ETH0)


def test_what_is_registered_stays_when_the_standby_comes_home(lab, two):
    """The home agent defends the address, which the kernel may still have from before."""
    add(two, OF_ETH0)
    is_at_home_on(lab, two, "eth0")
    lab.unplug("eth0")
    two.registered_at(VISITED_A)
    with Probe(lab, OF_ETH0) as probe:
        lab.plug(HOME, "eth0")
        lab.eventually(
            lambda: [each.name for each in two.status().engine.interfaces if each.is_home] == ["eth0"], within=10.0
        )
        two.registered_at(VISITED_A)
        assert in_use(two) == "eth1"
        lab.unplug("eth1")
        is_at_home_on(lab, two, "eth0")
        probe.recovered_after(boot_time(), within=5.0)


def test_with_both_interfaces_at_home_it_stays_where_the_kernel_has_it(lab, two):
    lab.unplug("eth0")
    lab.move(HOME, "eth1")
    lab.eventually(lambda: in_use(two) == "eth1" and has_heard(two, "eth1", HOME_PREFIX), within=10.0)
    lab.plug(HOME, "eth0")
    lab.eventually(lambda: has_it(lab, "eth0") and has_heard(two, "eth0", HOME_PREFIX), within=10.0)
    add(two, OF_ETH0)
    is_at_home_on(lab, two, "eth0")
    lab.unplug("eth0")
    is_at_home_on(lab, two, "eth1")


def test_an_address_of_nobody_follows_the_interface_in_use(lab, two):
    add(two, ANOTHER)
    is_at_home_on(lab, two, "eth0")
    lab.move(HOME, "eth1")
    is_at_home_on(lab, two, "eth1", within=TRUSTED_AGAIN)


def test_a_duplicate_is_tried_again_on_the_next_network(lab, two):
    with Guest(lab) as guest:
        lab.unplug("eth0")
        guest.plug(HOME)
        guest.take(ANOTHER, asking=False)
        add(two, ANOTHER)
        two.is_in_state("duplicate")
        guest.give_back(ANOTHER)
        lab.move(VISITED_B, "eth1")
        two.registered_at(VISITED_B)
        call_from_outside(lab, ANOTHER)


def test_a_duplicate_is_tried_again_at_home(lab, two):
    with Guest(lab) as guest:
        lab.unplug("eth0")
        guest.plug(HOME)
        guest.take(ANOTHER, asking=False)
        add(two, ANOTHER)
        two.is_in_state("duplicate")
        guest.give_back(ANOTHER)
        lab.move(HOME, "eth1")
        is_at_home_on(lab, two, "eth1")


def test_a_duplicate_is_tried_again_after_half_a_minute(lab, two):
    with Guest(lab) as guest:
        lab.unplug("eth0")
        guest.plug(HOME)
        guest.take(ANOTHER, asking=False)
        add(two, ANOTHER)
        two.is_in_state("duplicate")
        guest.give_back(ANOTHER)
        two.registered_at(VISITED_A, within=45.0)


def test_two_home_addresses_are_at_home_on_two_links(lab, two):
    """The second one is of network B, whose router gets a home agent, and of eth1, which is plugged in there."""
    of_eth1, agent = str(VISITED_B_PREFIX[0x00FF_FE00_0011]), str(VISITED_B_PREFIX[1])
    lab.routers[VISITED_B].stop()
    text = settings.home_agent(pace=lab.pace, interface="lan0")
    text = text.replace(str(HOME_PREFIX), str(VISITED_B_PREFIX)).replace(str(HOME_AGENT_ADDRESS), agent)
    second = lab.start_service(lab.nodes["ar-b"], text)
    add(two, OF_ETH0)
    is_at_home_on(lab, two, "eth0", OF_ETH0)
    lab.move(VISITED_B, "eth1")
    lab.eventually(lambda: has_heard(two, "eth1", VISITED_B_PREFIX), within=10.0)
    add(two, of_eth1, agent)
    is_at_home_on(lab, two, "eth1", of_eth1)
    is_at_home_on(lab, two, "eth0", OF_ETH0)
    lab.move(HOME, "eth1")
    lab.eventually(lambda: two.states() == ["at-home", "registered"], within=15.0)
    assert [each["home_address"] for each in second.mnctl("bindings")["binding_cache"]] == [of_eth1]
    for address in (OF_ETH0, of_eth1):
        lab.eventually(reachable_from_outside(lab, address), within=5.0)
