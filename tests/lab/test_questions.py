# SPDX-License-Identifier: GPL-2.0-or-later
"""Auto-configuration that asks first: proposals, their answers, and what is remembered over restarts."""

import pytest

from mnclient.model.service_status import Origin
from tests.lab import settings
from tests.lab.household import Household
from tests.lab.person import is_told, reads
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, LAPTOP_ETH0_MAC, VISITED_A, VISITED_B, VISITED_B_PREFIX
from tests.lab.traffic import call_from_outside, reachable_from_outside

pytestmark = pytest.mark.lab

OF_ETH0 = "2001:db8:1::ff:fe00:10"
"""The EUI-64 address of the laptop's eth0 in the home network."""

OTHER_AGENT = "2001:db8:3::1"
OTHER_OF_ETH0 = "2001:db8:3::ff:fe00:10"


def asking(*, ask_first: bool = True, responsiveness: int = 100, maximum: int = 1) -> str:
    """A laptop that knows nothing, and is not desperate."""
    return f"""\
version = 1

[mobile_node]
allow_unprotected_signalling = true

[autoconfiguration]
ask_first = {str(ask_first).lower()}
responsiveness = {responsiveness}
max_home_addresses = {maximum}
"""


@pytest.fixture(scope="module")
def house(lab):
    agent = lab.start_home_agent()
    return Household(lab, home_agent=agent, laptop=lab.start_laptop(asking()))


@pytest.fixture
def fresh(lab, house):
    """`fresh(...)` starts the laptop's service at home, with an empty memory and these settings."""

    def start(**wishes):
        house.stop_laptop()
        house.laptop.forget()
        house.laptop.settings.write_text(asking(**wishes), encoding="utf-8")
        if lab.cables["eth0"].link != HOME:
            lab.move(HOME)
        begin(lab, house)
        return house

    return start


def begin(lab, house):
    """Start the laptop's service with what it remembers."""
    house.laptop.start()
    lab.eventually(house.laptop.is_ready, within=15.0, what="the laptop's service is back")


def proposed(house):
    return [str(each.address) for each in house.status().proposals]


def is_proposed(house, *addresses):
    house.lab.eventually(lambda: proposed(house) == list(addresses), within=10.0, what=f"{addresses} are proposed")


def heard(house, count, *, agents_known=1):
    """Wait until there are so many known home agents, and each was heard so often; the list then."""

    def ask():
        agents = house.status().known_home_agents
        return agents if len(agents) == agents_known and all(each.advertisements >= count for each in agents) else None

    return house.lab.eventually(ask, within=10.0, what=f"the home agents are heard {count} times")


def test_a_proposal_waits_and_is_accepted(lab, fresh):
    house = fresh()
    is_proposed(house, OF_ETH0)
    assert house.home_addresses() == ()
    assert "mn6home" not in lab.laptop.run(["ip", "link"])
    is_told(lab, house.laptop, f"{OF_ETH0} is proposed (take it: mnctl home-addresses accept {OF_ETH0})")
    assert "proposed: " in reads(house.laptop, "home-addresses")
    assert "is taken into use" in reads(house.laptop, "home-addresses", "accept", OF_ETH0)
    house.registered_at(HOME)
    assert proposed(house) == []
    lab.eventually(reachable_from_outside(lab, OF_ETH0), within=5.0)
    is_told(lab, house.laptop, f"At home, reachable at {OF_ETH0}")
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    call_from_outside(lab, OF_ETH0)


def test_what_is_dismissed_stays_away_until_its_home_agent_is_forgotten(lab, fresh):
    house = fresh()
    is_proposed(house, OF_ETH0)
    house.laptop.mnctl("home-addresses", "dismiss", OF_ETH0)
    (agent,) = heard(house, 1)
    heard(house, agent.advertisements + 20)
    assert proposed(house) == []
    house.stop_laptop()
    begin(lab, house)
    heard(house, agent.advertisements + 40)
    assert proposed(house) == []
    is_told(lab, house.laptop, "No home address yet; see what could be had: mnctl home-addresses suggest")
    assert OF_ETH0 in reads(house.laptop, "home-addresses", "suggest")
    house.laptop.mnctl("home-agents", "remove", str(HOME_AGENT_ADDRESS))
    is_proposed(house, OF_ETH0)


def test_the_responsiveness_makes_the_difference(lab, fresh):
    house = fresh(responsiveness=0)
    (agent,) = heard(house, 40)
    assert agent.rank > 0.1
    assert proposed(house) == []
    house.laptop.mnctl("settings", "set", "autoconfiguration.responsiveness", "100")
    is_proposed(house, OF_ETH0)
    house.laptop.mnctl("settings", "set", "autoconfiguration.enabled", "false")
    is_proposed(house)


def test_neither_desperate_nor_asking_it_takes_what_it_knows_well(lab, fresh):
    house = fresh(ask_first=False, responsiveness=0)
    heard(house, 40)
    assert house.home_addresses() == ()
    house.laptop.mnctl("settings", "set", "autoconfiguration.responsiveness", "100")
    house.registered_at(HOME)
    assert [str(entry.address) for entry in house.home_addresses()] == [OF_ETH0]
    (kept,) = house.status().home_addresses
    assert (kept.origin, kept.active) == (Origin.LEARNED, True)


def test_no_more_than_the_maximum(lab, fresh):
    """In network B there is a second home agent; the first home address is at home with the other one."""
    lab.routers[VISITED_B].stop()
    text = settings.home_agent(pace=lab.pace, interface="lan0")
    text = text.replace("2001:db8:1::/64", str(VISITED_B_PREFIX)).replace(str(HOME_AGENT_ADDRESS), OTHER_AGENT)
    other = lab.start_service(lab.nodes["ar-b"], text)
    try:
        house = fresh(maximum=0)
        heard(house, 30)
        assert proposed(house) == []
        house.laptop.mnctl("settings", "set", "autoconfiguration.max_home_addresses", "1")
        is_proposed(house, OF_ETH0)
        house.laptop.mnctl("home-addresses", "accept", OF_ETH0)
        house.registered_at(HOME)
        lab.move(VISITED_B)
        house.registered_at(VISITED_B)
        heard(house, 30, agents_known=2)
        assert proposed(house) == []
        house.laptop.mnctl("settings", "set", "autoconfiguration.max_home_addresses", "2")
        is_proposed(house, OTHER_OF_ETH0)
        house.laptop.mnctl("home-addresses", "accept", OTHER_OF_ETH0)
        house.is_in_state("registered", "at-home")
        is_told(lab, house.laptop, OF_ETH0, OTHER_OF_ETH0)
        for address in (OF_ETH0, OTHER_OF_ETH0):
            lab.eventually(reachable_from_outside(lab, address), within=5.0)
        lab.move(VISITED_A)
        house.registered_at(VISITED_A)
        assert list(house.bound()) == [OF_ETH0]
        for address in (OF_ETH0, OTHER_OF_ETH0):
            lab.eventually(reachable_from_outside(lab, address), within=5.0)
    finally:
        other.stop()
        lab.routers[VISITED_B].start()


def test_known_home_agents_survive_a_restart(lab, fresh):
    house = fresh(responsiveness=0)
    (before,) = heard(house, 20)
    house.stop_laptop()
    lab.unplug()
    begin(lab, house)
    (after,) = house.status().known_home_agents
    assert after.advertisements >= before.advertisements
    assert (after.address, after.prefix, after.link_layer_address, after.origin) == (
        before.address,
        before.prefix,
        before.link_layer_address,
        Origin.LEARNED,
    )
    assert after.rank == pytest.approx(before.rank, abs=0.05)
    is_told(lab, house.laptop, "No home address yet")
    assert str(HOME_AGENT_ADDRESS) in reads(house.laptop, "home-agents")


@pytest.fixture
def randomised(lab):
    """`randomised()` gives eth0 another hardware address, and the kernel random identifiers."""

    def change():
        lab.laptop.sysctl("net/ipv6/conf/eth0/use_tempaddr", 2)
        lab.laptop.sysctl("net/ipv6/conf/eth0/addr_gen_mode", 3)
        lab.laptop.ip("link set eth0 down", "link set eth0 address 02:00:00:00:77:77", "link set eth0 up")

    yield change
    lab.laptop.sysctl("net/ipv6/conf/eth0/addr_gen_mode", 0)
    lab.laptop.sysctl("net/ipv6/conf/eth0/use_tempaddr", 0)
    lab.laptop.ip("link set eth0 down", f"link set eth0 address {LAPTOP_ETH0_MAC}", "link set eth0 up")


def test_a_random_hardware_address_changes_no_home_address(lab, fresh, randomised):
    """It is changed while the service does not run, as at each start of the machine, and once while it runs."""
    house = fresh(ask_first=False)
    house.registered_at(HOME)
    house.stop_laptop()
    randomised()
    begin(lab, house)
    house.registered_at(HOME)
    assert [str(entry.address) for entry in house.home_addresses()] == [OF_ETH0]
    lab.eventually(reachable_from_outside(lab, OF_ETH0), within=5.0)
    lab.laptop.ip("link set eth0 down", "link set eth0 address 02:00:00:00:88:88", "link set eth0 up")
    lab.move(VISITED_A)
    house.registered_at(VISITED_A)
    assert [str(entry.address) for entry in house.home_addresses()] == [OF_ETH0]
    call_from_outside(lab, OF_ETH0)


def test_a_proposal_is_made_from_the_remembered_hardware_address(lab, fresh, randomised):
    house = fresh(responsiveness=0)
    heard(house, 5)
    house.stop_laptop()
    randomised()
    begin(lab, house)
    house.laptop.mnctl("settings", "set", "autoconfiguration.responsiveness", "100")
    is_proposed(house, OF_ETH0)
