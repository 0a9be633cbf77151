# SPDX-License-Identifier: GPL-2.0-or-later
"""radvd in odd configurations on the link that the laptop visits: what it believes, and that it goes on."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.model.status import HomeAddressState
from tests.lab.odd_routers import Announced, OddRadvd, instead
from tests.lab.topology import VISITED_A, VISITED_A_PREFIX
from tests.lab.traffic import Probe, TcpTransfer, call_from_outside

pytestmark = pytest.mark.lab

SECOND = IPv6Network("2001:db8:2:5::/64")
ROUTER = IPv6Address("2001:db8:2::1")
USUAL = Announced(VISITED_A_PREFIX)
HOME_AGENT = "AdvHomeAgentFlag on"


@pytest.fixture(scope="module")
def visitor(lab, roaming):
    """The laptop, registered from the network that it visits, whose site has a second prefix."""
    router = lab.nodes["ar-a"]
    router.ip(f"addr add {SECOND[1]}/64 dev lan0 nodad")
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    return roaming


@pytest.fixture
def abroad(visitor):
    """The same, with the usual router again."""
    visitor.registered_at(VISITED_A)
    return visitor


@pytest.fixture
def advertise(lab, abroad):
    """Makes the visited link's router another one: radvd with these prefixes and lines."""

    def odd(*prefixes: Announced, lines: tuple[str, ...] = ()):
        return instead(lab, VISITED_A, OddRadvd(lab.nodes["ar-a"], "lan0", prefixes or (USUAL,), *lines))

    return odd


def home_agents(roaming) -> dict[IPv6Address, int]:
    """The known home agents with what they say of their preference."""
    return {each.address: each.preference for each in roaming.status().known_home_agents}


def care_of(roaming) -> IPv6Address | None:
    (entry,) = roaming.home_addresses()
    return entry.care_of_address if entry.state is HomeAddressState.REGISTERED else None


def interface(roaming):
    return next(each for each in roaming.status().engine.interfaces if each.name == "eth0")


def count(roaming, name: str) -> int:
    return roaming.status().engine.counters.get(name, 0)


def hears(lab, roaming, advertisements: int = 10) -> None:
    """Wait until the laptop has heard so many more."""
    before = count(roaming, "ra.received")
    lab.eventually(lambda: count(roaming, "ra.received") >= before + advertisements, within=10.0)


@pytest.mark.requirement("MN-7.1-01")
def test_no_home_agent_flag_no_home_agent(lab, abroad, advertise):
    known = home_agents(abroad)
    assert ROUTER not in known
    with advertise(Announced(VISITED_A_PREFIX, router=ROUTER)):
        hears(lab, abroad)
        assert home_agents(abroad) == known
        abroad.registered_at(VISITED_A)


def test_home_agent_flag_without_router_address_is_no_home_agent(lab, abroad, advertise):
    """Who says no global address of his own cannot be registered with; his prefix is as good as any."""
    known = home_agents(abroad)
    with advertise(lines=(HOME_AGENT,)):
        lab.eventually(lambda: any(each.is_home_agent for each in interface(abroad).routers), within=10.0)
        hears(lab, abroad)
        assert home_agents(abroad) == known
        abroad.registered_at(VISITED_A)
        call_from_outside(lab, abroad.home_addresses()[0].address)


def test_the_address_of_all_routers_is_nobodys(lab, abroad, advertise):
    """R with the bare prefix, as somebody writes it who believes radvd's manual: that is the anycast address of all
    routers of the link (RFC 4291 section 2.6.1), which nobody can register with."""
    known = home_agents(abroad)
    with advertise(Announced(VISITED_A_PREFIX, router=VISITED_A_PREFIX[0]), lines=(HOME_AGENT,)):
        lab.eventually(lambda: any(each.is_home_agent for each in interface(abroad).routers), within=10.0)
        hears(lab, abroad)
        assert home_agents(abroad) == known
        abroad.registered_at(VISITED_A)


@pytest.mark.requirement("MN-7.1-01", "MN-7.2-01", "ALL-7.4-01")
@pytest.mark.parametrize(
    "lines, preference",
    [
        ((HOME_AGENT,), 0),
        ((HOME_AGENT, "AdvHomeAgentInfo on", "HomeAgentPreference 20", "HomeAgentLifetime 600"), 20),
    ],
    ids=["without the option", "with the option"],
)
def test_a_home_agent_on_the_visited_link_is_listed(lab, abroad, advertise, lines, preference):
    """Listed by its global address, and not followed: the laptop has its home address, registered elsewhere."""
    home = abroad.home_addresses()[0].home_agent
    with advertise(Announced(VISITED_A_PREFIX, router=ROUTER), lines=lines):
        lab.eventually(lambda: home_agents(abroad).get(ROUTER) == preference, within=10.0)
        assert [each.home_agent for each in abroad.home_addresses()] == [home]
        abroad.registered_at(VISITED_A)
    abroad.laptop.mnctl("home-agents", "remove", str(ROUTER))


@pytest.mark.requirement("RFC4861-MN-6.3.4-02")
def test_a_router_lifetime_of_zero_is_no_way_out(lab, abroad, advertise):
    """It leaves the list of default routers at once; with it goes the way to the home agent, and comes back with it."""
    address = abroad.home_addresses()[0].address
    with advertise(lines=("AdvDefaultLifetime 0",)):

        def gone() -> bool:
            assert not [each.address for each in interface(abroad).routers if each.is_current]
            return care_of(abroad) is None

        lab.eventually(gone, within=10.0, what="no router is in use, and no care-of address")
    abroad.registered_at(VISITED_A)
    call_from_outside(lab, address)


def test_the_first_of_two_prefixes_ends(lab, abroad, advertise):
    """Both can be used; the one that is no longer preferred is left for the other, and the connection lives."""
    address = abroad.home_addresses()[0].address
    other = Announced(SECOND)
    with TcpTransfer(lab, address) as transfer, Probe(lab, address) as probe:
        with advertise(USUAL, other):
            lab.eventually(lambda: {SECOND, VISITED_A_PREFIX} <= prefixes(abroad), within=10.0)
            transfer.flows()
        with advertise(Announced(VISITED_A_PREFIX, preferred=0), other):
            lab.eventually(lambda: (at := care_of(abroad)) is not None and at in SECOND, within=15.0)
            transfer.flows()
            probe.recovered_after(0.0, within=10.0)
            bound = abroad.home_agent.mnctl("bindings")["binding_cache"]
            assert [IPv6Address(each["care_of_address"]) in SECOND for each in bound] == [True]
        assert transfer.finish().intact


def prefixes(roaming) -> set[IPv6Network]:
    return {prefix for router in interface(roaming).routers for prefix in router.prefixes}


def test_a_prefix_with_lifetimes_of_zero_is_not_used(lab, abroad, advertise):
    """Never heard before, it makes no address; the care-of address is of the other prefix."""
    dead = IPv6Network("2001:db8:2:6::/64")
    with advertise(Announced(dead, valid=0, preferred=0), USUAL):
        hears(lab, abroad)
        assert dead not in prefixes(abroad)
        lab.eventually(lambda: (at := care_of(abroad)) is not None and at in VISITED_A_PREFIX, within=10.0)
        shown = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"])
        assert "2001:db8:2:6:" not in shown


def test_the_prefix_changes_under_the_laptop(lab, abroad, advertise):
    """The network is numbered anew while the laptop is in it: radvd says goodbye to the old and knows the new one."""
    address = abroad.home_addresses()[0].address
    with TcpTransfer(lab, address) as transfer:
        with advertise(Announced(SECOND)):
            lab.eventually(lambda: (at := care_of(abroad)) is not None and at in SECOND, within=20.0)
            transfer.flows()
        lab.eventually(lambda: (at := care_of(abroad)) is not None and at in VISITED_A_PREFIX, within=20.0)
        transfer.flows()
        assert transfer.finish().intact
