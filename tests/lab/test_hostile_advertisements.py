# SPDX-License-Identifier: GPL-2.0-or-later
"""Router Advertisements with contradictory and absurd values, from strangers and in the name of the true router.

The laptop is abroad and registered. It must stay where it is: the advertisements of the true router go on meanwhile,
and it answers when it is asked, so nobody else has a case.
"""

import struct
from ipaddress import IPv6Address

import pytest

from mnclient.constants import (
    MAX_HOME_AGENTS_LISTED,
    MAX_KNOWN_HOME_AGENTS,
    MAX_PREFIXES_PER_ROUTER,
    MAX_ROUTERS_PER_INTERFACE,
)
from mnclient.model.status import HomeAddressState
from tests.lab.asking import ask
from tests.lab.hostile import (
    BA,
    MOBILITY,
    Stranger,
    acknowledgement,
    advertisement,
    complete_log,
    frames,
    home_agent_option,
    interval_option,
    ipv6,
    mobility,
    mtu_option,
    prefix_option,
    resident_kilobytes,
    router_frame,
)
from tests.lab.topology import BRIDGES, CORRESPONDENT_ADDRESS, HOME, HOME_AGENT_ADDRESS, VISITED_A
from tests.lab.traffic import reachable_from_outside

pytestmark = pytest.mark.lab

TRUE_ROUTER, TRUE_HARDWARE = IPv6Address("fe80::ff:fe00:201"), bytes.fromhex("020000000201")
ROGUE, ROGUE_HARDWARE = IPv6Address("fe80::bad"), bytes.fromhex("02bad0bad001")
TRUE = prefix_option("2001:db8:2::")
TRUE_ENDS = prefix_option("2001:db8:2::", valid=0, preferred=0)
EVIL = prefix_option("2001:db8:bad::")
EVIL_AGENT = prefix_option("2001:db8:bad::1", flags=0xE0)
PINNED = IPv6Address("2001:db8:77::1")
INFINITE = 0xFFFFFFFF
GROWTH = 8 * 1024  # kB that all of this may cost: a few Python arenas

# Whatever anybody sends: well-formed, and beyond reason.
ABSURD = {
    "everything is zero": advertisement(
        prefix_option("::", 0, flags=0, valid=0, preferred=0), mtu_option(0), interval_option(0),
        home_agent_option(0, 0), lifetime=0, home_agent=False, hop_limit=0,
    ),
    "everything is infinite": advertisement(
        prefix_option("2001:db8:bad::1", flags=0xFF, valid=INFINITE, preferred=INFINITE), mtu_option(INFINITE),
        interval_option(INFINITE), home_agent_option(0xFFFF, 0xFFFF),
        lifetime=0xFFFF, hop_limit=255, reachable=INFINITE, retransmit=INFINITE,
    ),
    "preferred for longer than valid": advertisement(prefix_option("2001:db8:bad::", valid=10, preferred=20)),
    "valid for a second": advertisement(prefix_option("2001:db8:bad::", valid=1, preferred=1)),
    "a prefix of no length": advertisement(prefix_option("::", 0)),
    "a prefix of no length with a router": advertisement(prefix_option("2001:db8:bad::1", 0, flags=0xE0)),
    "a prefix of 128": advertisement(prefix_option("2001:db8:bad::1", 128, flags=0xE0)),
    "a prefix of 129": advertisement(prefix_option("2001:db8:bad::1", 129, flags=0xE0)),
    "a prefix of 255": advertisement(prefix_option("2001:db8:bad::1", 255, flags=0xE0)),
    "a link-local prefix": advertisement(prefix_option("fe80::1", flags=0xE0)),
    "a multicast prefix": advertisement(prefix_option("ff02::1", flags=0xE0)),
    "a loopback prefix": advertisement(prefix_option("::1", 128, flags=0xE0)),
    "an MTU of zero": advertisement(EVIL, mtu_option(0)),
    "an MTU of 1279": advertisement(EVIL, mtu_option(1279)),
    "an MTU of 65536": advertisement(EVIL, mtu_option(65536)),
    "three MTUs": advertisement(EVIL, mtu_option(1280), mtu_option(9000), mtu_option(68)),
    "no interval": advertisement(EVIL, interval_option(0)),
    "an interval of a month": advertisement(EVIL, interval_option(INFINITE)),
    "a home agent for no time": advertisement(EVIL_AGENT, home_agent_option(65535, 0)),
    "a home agent without a name": advertisement(EVIL),
    "a home agent of somebody's name": advertisement(prefix_option(HOME_AGENT_ADDRESS, flags=0xE0)),
    "the home prefix on a foreign link": advertisement(prefix_option("2001:db8:1::", flags=0xC0)),
    "the prefix of this link twice, differently": advertisement(TRUE, TRUE_ENDS),
    "the prefix of this link ends": advertisement(TRUE_ENDS),
    "options nobody knows": advertisement(*(bytes((kind, 1)) + bytes(6) for kind in range(30, 180)), EVIL),
    "options that are too short": advertisement(*(bytes((kind, 1)) + b"\xff" * 6 for kind in (3, 24, 25, 31)), EVIL),
    "options that are too long": advertisement(*(bytes((kind, 3)) + b"\xff" * 22 for kind in (1, 5, 7, 8))),
}  # fmt: skip

# What no host may believe (RFC 4861 section 6.1.2), and is counted as malformed.
INVALID = {
    "it came through a router": router_frame(ROGUE, ROGUE_HARDWARE, advertisement(EVIL), hops=64),
    "its code is not 0": router_frame(ROGUE, ROGUE_HARDWARE, advertisement(EVIL), code=1),
    "its source is global": router_frame("2001:db8:2::bad", ROGUE_HARDWARE, advertisement(EVIL)),
    "its source is unspecified": router_frame("::", ROGUE_HARDWARE, advertisement(EVIL)),
    "an option of no length": router_frame(ROGUE, ROGUE_HARDWARE, advertisement(bytes((3, 0)) + bytes(6), EVIL)),
    "an option past the end": router_frame(ROGUE, ROGUE_HARDWARE, advertisement(bytes((3, 200)) + bytes(6))),
    "half an option": router_frame(ROGUE, ROGUE_HARDWARE, advertisement(EVIL[:5])),
    "half a header": router_frame(ROGUE, ROGUE_HARDWARE, advertisement()[:8]),
    "a wrong checksum": router_frame(ROGUE, ROGUE_HARDWARE, advertisement(EVIL))[:-1] + b"\x01",
}


@pytest.fixture(scope="module")
def abroad(lab, roaming):
    """The laptop in a foreign network, registered; it knows one home agent that was pinned by hand."""
    roaming.laptop.mnctl("home-agents", "add", str(PINNED), "2001:db8:77::/64", "--pin")
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    return roaming


@pytest.fixture(scope="module")
def memory(abroad):
    """Resident kilobytes before anything of this began."""
    return {service: resident_kilobytes(service) for service in (abroad.laptop, abroad.home_agent)}


@pytest.fixture(scope="module")
def visited(lab, memory):
    """Sends on the link that the laptop visits."""
    with frames(lab.nodes["switch"], BRIDGES[VISITED_A]) as opened:
        yield opened


@pytest.fixture
def settled(lab, abroad):
    """Waits until the laptop has dealt with all that was sent, and is where it was before."""
    before = where_it_is(abroad)
    with Stranger(lab.correspondent, "core0") as stranger:

        def wait(within: float = 5.0) -> None:
            care_of = before[0].care_of_address
            header = mobility(BA, acknowledgement(0, 1), CORRESPONDENT_ADDRESS, care_of)
            seen = ignored(abroad)
            stranger.send(ipv6(CORRESPONDENT_ADDRESS, care_of, MOBILITY, header))
            lab.eventually(lambda: ignored(abroad) > seen, within=5.0, what="all packets are dealt with")
            lab.eventually(lambda: still(abroad, before), within=within, what="the laptop stays where it is")

        yield wait


def ignored(roaming) -> int:
    return ask(roaming.laptop)[0].engine.counters.get("ba.ignored.home-address", 0)


def where_it_is(roaming):
    """The home address, and the router in use."""
    engine = ask(roaming.laptop)[0].engine
    (entry,) = engine.home_addresses
    (interface,) = (each for each in engine.interfaces if each.name == "eth0")
    return entry, interface.care_of_address, [router.address for router in interface.routers if router.is_current]


def still(roaming, before) -> bool:
    entry, care_of, routers = where_it_is(roaming)
    assert (entry.state, entry.address) == (HomeAddressState.REGISTERED, before[0].address)
    assert (entry.care_of_address, care_of) == (before[0].care_of_address, before[1])
    assert routers == [TRUE_ROUTER]
    return True


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_values_from_somebody_else(abroad, visited, settled, name):
    for _ in range(3):
        visited.send(router_frame(ROGUE, ROGUE_HARDWARE, ABSURD[name]))
    settled()


def forget_what_was_believed(visited, settled) -> None:
    """The true router ceases to be one for a moment, and with it goes everything that was said in its name."""
    visited.send(router_frame(TRUE_ROUTER, TRUE_HARDWARE, advertisement(lifetime=0)))
    settled(within=10.0)


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_values_in_the_name_of_the_true_router(abroad, visited, settled, name):
    """It is believed until the true one speaks again, some milliseconds later; then all is as before."""
    for _ in range(3):
        visited.send(router_frame(TRUE_ROUTER, TRUE_HARDWARE, ABSURD[name]))
    settled(within=10.0)
    forget_what_was_believed(visited, settled)


@pytest.mark.requirement("RFC4861-MN-6.1.2-01", "RFC4861-ALL-4.6-02")
@pytest.mark.parametrize("name", INVALID)
def test_invalid_ones_are_counted_and_dropped(abroad, visited, settled, name):
    before = ask(abroad.laptop)[0].engine.counters.get("receive.malformed.other", 0)
    visited.send(INVALID[name])
    settled()
    assert ask(abroad.laptop)[0].engine.counters["receive.malformed.other"] == before + 1


@pytest.mark.parametrize("source, hardware", [(ROGUE, ROGUE_HARDWARE), (TRUE_ROUTER, TRUE_HARDWARE)])
def test_a_hundred_prefixes(abroad, visited, settled, source, hardware):
    before = ask(abroad.laptop)[0].engine.counters.get("ra.ignored.prefixes", 0)
    evil = [prefix_option(IPv6Address(0x20010DB8 << 96 | 0xBAD << 80 | n << 64)) for n in range(100)]
    for first in (0, 40, 80):
        visited.send(router_frame(source, hardware, advertisement(*evil[first : first + 40])))
    settled()
    assert ask(abroad.laptop)[0].engine.counters["ra.ignored.prefixes"] >= before + 100 - MAX_PREFIXES_PER_ROUTER
    forget_what_was_believed(visited, settled)


def crowd(count: int, body) -> list[bytes]:
    """Advertisements of so many different routers; `body` makes one from a number."""
    return [
        router_frame(IPv6Address(0xFE80 << 112 | 0xC0FFEE << 32 | n), struct.pack("!HI", 0x02CF, n), body(n))
        for n in range(count)
    ]


def invented_agent(number: int) -> bytes:
    prefix = IPv6Address(0x20010DB8 << 96 | 0xC << 80 | number << 64 | 1)
    return advertisement(prefix_option(prefix, flags=0xE0), home_agent_option(65535, 65535), interval_option(50))


def test_a_thousand_routers(lab, abroad, visited, settled):
    seen = ask(abroad.laptop)[0].engine.counters["ra.received"]
    for _ in range(2):
        for frame in crowd(1000, invented_agent):
            visited.send(frame)
    settled(within=10.0)
    status = ask(abroad.laptop)[0]
    assert status.engine.counters["ra.received"] > seen + 300  # they were not simply lost on the way
    (interface,) = (each for each in status.engine.interfaces if each.name == "eth0")
    assert 2 < len(interface.routers) <= MAX_ROUTERS_PER_INTERFACE
    known = {agent.address: agent for agent in status.known_home_agents}
    assert len(known) == MAX_KNOWN_HOME_AGENTS
    assert known[PINNED].pinned
    assert HOME_AGENT_ADDRESS in known
    assert len(status.home_addresses) == 1
    assert len(status.proposals) <= MAX_KNOWN_HOME_AGENTS
    # The kernel's own table of neighbours, one for all namespaces of this machine, is full of routers now; it takes in
    # nobody for five seconds and more, not even the lab's core router.
    lab.eventually(reachable_from_outside(lab, status.home_addresses[0].address), within=25.0)


def test_the_home_agents_list_is_bounded(lab, abroad):
    """The same on the home link: the home agent lists some of them, and goes on."""
    with frames(lab.nodes["switch"], BRIDGES[HOME]) as opened:
        for frame in crowd(200, invented_agent):
            opened.send(frame)
        for name in ABSURD:
            opened.send(router_frame(ROGUE, ROGUE_HARDWARE, ABSURD[name]))

    def listed() -> bool:
        (role,) = [ask(abroad.home_agent)[0].engine.home_agent]
        own = [each for each in role.home_agents if HOME_AGENT_ADDRESS in each.addresses]
        return bool(own) and len(role.home_agents) > MAX_HOME_AGENTS_LISTED // 2

    lab.eventually(listed, within=5.0, what="it lists home agents, itself among them")
    assert len(ask(abroad.home_agent)[0].engine.home_agent.home_agents) <= MAX_HOME_AGENTS_LISTED + 1
    abroad.registered_at(VISITED_A)


def test_at_the_end_all_is_well(lab, abroad, memory):
    abroad.registered_at(VISITED_A)
    lab.eventually(reachable_from_outside(lab, where_it_is(abroad)[0].address), within=25.0)  # as above
    for service, before in memory.items():
        assert service.is_running()
        assert resident_kilobytes(service) < before + GROWTH
        log = complete_log(service)
        assert "ready, version" in log
        for word in ("Traceback", "ERROR", "CRITICAL"):
            assert word not in log
    lab.move(HOME)
    abroad.registered_at(HOME)
