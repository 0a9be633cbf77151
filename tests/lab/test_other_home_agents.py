# SPDX-License-Identifier: GPL-2.0-or-later
"""Home agents of other makes (radvd, FRR) on the home link, as ours lists them, and FRR as router of a visited link."""

from ipaddress import IPv6Address

import pytest

from tests.lab.asking import ask_status
from tests.lab.guest import Guest
from tests.lab.node import Node
from tests.lab.odd_routers import Announced, OddRadvd, Router, Zebra, beside, instead
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, HOME_PREFIX, VISITED_A, VISITED_B
from tests.lab.traffic import TcpTransfer, call_from_outside

pytestmark = pytest.mark.lab

OTHER = IPv6Address("2001:db8:1::99")
FLAG = "AdvHomeAgentFlag on"
ZEBRA_FLAG = "ipv6 nd home-agent-config-flag"
LINK_LOCAL = IPv6Address("fe80::ff:fe00:66")
# zebra cuts the host's part off, R or not, and so says the address of all routers of the link (RFC 4291 section 2.6.1).
ZEBRA_PREFIX = f"ipv6 nd prefix {OTHER}/64 86400 14400 router-address"
ROUTER = IPv6Address("2001:db8:2::1")
SLACK = 3.0  # seconds between what was heard and what is read


@pytest.fixture(scope="module")
def neighbour(lab, roaming):
    """One more router on the home link."""
    with Guest(lab) as guest:
        guest.node.sysctl("net/ipv6/conf/all/forwarding", 1)
        guest.plug(HOME)
        guest.take(str(OTHER), asking=False)
        lab.eventually(lambda: "tentative" not in guest.addresses(), within=5.0)
        yield guest.node


def listed(service):
    """The other router's entry in the home agents list: preference, remaining life, addresses. None: there is none."""
    engine = ask_status(service).engine
    assert engine.home_agent is not None
    assert any(HOME_AGENT_ADDRESS in each.addresses for each in engine.home_agent.home_agents), "ours is not listed"
    entry = next((each for each in engine.home_agent.home_agents if each.link_local_address == LINK_LOCAL), None)
    return None if entry is None else (entry.preference, entry.expires - engine.now, entry.addresses)


def heard_by(service) -> int:
    """Signalling packets that have reached it."""
    return ask_status(service).engine.counters["receive.packets"]


def radvd(node: Node, *lines: str, router: IPv6Address | None = OTHER) -> Router:
    return OddRadvd(node, "eth0", (Announced(HOME_PREFIX, router=router),), *lines)


def zebra(node: Node, *lines: str) -> Router:
    return Zebra(node, "eth0", ZEBRA_PREFIX, "ipv6 nd ra-lifetime 1200", *lines)


CASES = {
    "radvd, the flag alone": (lambda n: radvd(n, FLAG, "AdvDefaultLifetime 900"), 0, 900),
    "radvd, with the option": (
        lambda n: radvd(n, FLAG, "AdvHomeAgentInfo on", "HomeAgentPreference 20", "HomeAgentLifetime 600"), 20, 600
    ),
    "radvd, no default router": (
        lambda n: radvd(
            n, FLAG, "AdvDefaultLifetime 0", "AdvHomeAgentInfo on", "HomeAgentPreference 5", "HomeAgentLifetime 700"
        ), 5, 700,
    ),
    "frr, the flag alone": (lambda n: zebra(n, ZEBRA_FLAG), 0, 1200),
    "frr, with the option": (
        lambda n: zebra(n, ZEBRA_FLAG, "ipv6 nd home-agent-preference 7", "ipv6 nd home-agent-lifetime 800"), 7, 800
    ),
}  # fmt: skip


@pytest.mark.requirement("ALL-7.4-01")
@pytest.mark.parametrize("name", CASES)
def test_another_home_agent_is_listed_with_what_it_says(lab, roaming, neighbour, name):
    """Without the option its preference is 0, and its lifetime as home agent that as router (RFC 6275 7.4)."""
    make, preference, lifetime = CASES[name]
    with beside(make(neighbour)):

        def is_listed() -> bool:
            found = listed(roaming.home_agent)
            assert found is not None, "it is not listed"
            said, remaining, addresses = found
            assert addresses == (() if name.startswith("frr") else (OTHER,))
            return said == preference and lifetime - SLACK < remaining <= lifetime

        lab.eventually(is_listed, within=10.0, what=f"preference {preference}, lifetime {lifetime}")
    # With the option the goodbye is that of a router only: what it said as a home agent holds for its lifetime.
    roaming.home_agent.restart()
    lab.eventually(roaming.home_agent.is_ready, within=15.0)


NOBODY = {
    "no flag": lambda n: radvd(n),
    "no flag, but the option": lambda n: radvd(n, "AdvHomeAgentInfo off"),
    "the flag, and no life": lambda n: radvd(n, FLAG, "AdvDefaultLifetime 0"),
    "frr, no flag": lambda n: zebra(n),
}


@pytest.mark.requirement("ALL-7.4-01")
@pytest.mark.parametrize("name", NOBODY)
def test_who_is_no_home_agent_is_not_listed(lab, roaming, neighbour, name):
    only_its_own = f"icmp6 and ip6[40] == 134 and src host {LINK_LOCAL}"
    with lab.capture(neighbour, "eth0", packet_filter=only_its_own) as seen, beside(NOBODY[name](neighbour)):
        # A dozen of its advertisements are on the link, and each was heard before ours was asked.
        lab.eventually(lambda: seen.file.exists() and seen.file.stat().st_size > 1500, within=10.0)
        heard = heard_by(roaming.home_agent)
        lab.eventually(lambda: heard_by(roaming.home_agent) > heard + 5, within=10.0)
        assert listed(roaming.home_agent) is None


@pytest.mark.requirement("ALL-7.4-01")
def test_a_goodbye_ends_the_entry(lab, roaming, neighbour):
    """A last advertisement of router lifetime 0 without the option: it is no home agent either (RFC 6275 10.1)."""
    with beside(radvd(neighbour, FLAG)):
        lab.eventually(lambda: listed(roaming.home_agent) is not None, within=10.0)
    lab.eventually(lambda: listed(roaming.home_agent) is None, within=5.0)


def test_frr_is_the_router_of_a_visited_link(lab, roaming):
    """Its router lifetime of one second (it takes it from the interval) is renewed in time; a move away and back."""
    lab.move(VISITED_B)
    roaming.registered_at(VISITED_B)
    (entry,) = roaming.home_addresses()
    router = Zebra(lab.nodes["ar-a"], "lan0", "ipv6 nd prefix 2001:db8:2::/64", "ipv6 nd adv-interval-option")
    with TcpTransfer(lab, entry.address) as transfer, instead(lab, VISITED_A, router):
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        transfer.flows()
        lab.move(VISITED_B)
        roaming.registered_at(VISITED_B)
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        transfer.flows()
        assert transfer.finish().intact
        call_from_outside(lab, entry.address)


def test_frr_as_home_agent_on_a_visited_link(lab, roaming):
    """It says the address of all routers for its own, which nobody can register with: it is a router like any other."""
    prefix = f"ipv6 nd prefix {ROUTER}/64 86400 14400 router-address"
    before = [(each.address, each.home_agent) for each in roaming.home_addresses()]
    known = {each.address for each in roaming.status().known_home_agents}
    with instead(lab, VISITED_A, Zebra(lab.nodes["ar-a"], "lan0", prefix, ZEBRA_FLAG)):
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)

        def heard() -> bool:
            eth0 = next(each for each in roaming.status().engine.interfaces if each.name == "eth0")
            return any(each.is_home_agent and each.is_current for each in eth0.routers)

        lab.eventually(heard, within=10.0)
        assert {each.address for each in roaming.status().known_home_agents} == known
        assert [(each.address, each.home_agent) for each in roaming.home_addresses()] == before
        call_from_outside(lab, before[0][0])
