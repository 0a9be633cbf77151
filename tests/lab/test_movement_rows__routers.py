# SPDX-License-Identifier: GPL-2.0-or-later
"""A foreign link with two routers, each with a prefix and a way out of its own: which one packets leave by, and from
which address (RFC 4191, RFC 4861 section 6.3.6, RFC 8028, rule 5.5 of RFC 6724)."""

import time
from ipaddress import IPv6Address, IPv6Network

import pytest

from tests.lab.discovery import ECHO_REQUEST, ROUTER_SOLICITATION, SOLICITATION, Tape
from tests.lab.hostile import advertisement, prefix_option, router_frame
from tests.lab.second_router import (
    HIGH,
    LINK_LOCAL,
    LOW,
    MAC,
    PREFIX,
    SecondRouter,
    own_option,
    preferring,
    route_option,
)
from tests.lab.topology import (
    CORRESPONDENT_ADDRESS,
    HOME,
    HOME_AGENT_ADDRESS,
    LAPTOP_ETH0_MAC,
    VISITED_A,
    VISITED_A_PREFIX,
)
from tests.lab.traffic import reachable_from_outside

pytestmark = pytest.mark.lab

FIRST, FIRST_MAC = IPv6Address("fe80::ff:fe00:201"), "02:00:00:00:02:01"
SECOND_HARDWARE = bytes.fromhex(MAC.replace(":", ""))
ROGUE, ROGUE_HARDWARE = IPv6Address("fe80::bad"), bytes.fromhex("02bad0bad001")
CORRESPONDENTS = IPv6Network("2001:db8:ffff:0:2::/80")
DEFAULT = IPv6Network("::/0")
MINUTE = 60.0  # seconds
SHARED = prefix_option("2001:db8:2::")
TUNNELLED, SIGNALLING = 41, 60  # next headers: an IPv6 packet; Destination Options, of a Binding Update


@pytest.fixture(scope="module")
def second(lab, roaming):
    """The laptop in network A; the second router is there, but has not said anything yet."""
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    with SecondRouter(lab) as router:
        lab.eventually(lambda: "tentative" not in lab.laptop.run(["ip", "-6", "addr"]), within=10.0)
        yield router


def said(*options: bytes, lifetime: int = 1800, preference: int = LOW) -> bytes:
    """An advertisement of the second router."""
    body = advertisement(own_option(SECOND_HARDWARE), *options, lifetime=lifetime, home_agent=False)
    return router_frame(LINK_LOCAL, SECOND_HARDWARE, preferring(body, preference))


def care_of(roaming) -> IPv6Address:
    address = roaming.home_addresses()[0].care_of_address
    assert address is not None
    return address


def routers(roaming) -> dict[IPv6Address, object]:
    (eth0,) = (each for each in roaming.status().engine.interfaces if each.name == "eth0")
    return {each.address: each for each in eth0.routers}


def leaves_by(lab, source: IPv6Address, destination: IPv6Address) -> str:
    """The hardware address to which the laptop sends a packet of this source and destination."""
    with Tape(lab.laptop, "eth0") as tape:
        command = ["ping", "-6", "-c", "1", "-W", "1", "-I", str(source), str(destination)]
        lab.laptop.run(command, check=False)
        sent = [each for each in tape.heard(ECHO_REQUEST) if each.hardware_source == LAPTOP_ETH0_MAC]
    return next(each.hardware_destination for each in sent if (each.source, each.destination) == (source, destination))


def carried_by(tape: Tape, network: IPv6Network, *kinds: int) -> set[str]:
    """The hardware addresses to which packets of these next headers go, from addresses of a network."""
    frames = [frame for _, frame in tape.frames() if frame[6:12].hex(":") == LAPTOP_ETH0_MAC and frame[20] in kinds]
    return {frame[:6].hex(":") for frame in frames if IPv6Address(frame[22:38]) in network}


def all_routes(lab) -> str:
    return lab.laptop.run(["ip", "-6", "route", "show", "table", "all"])


# --- what routers say of themselves ----------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4191-MN-2.2-02")
def test_a_router_without_a_lifetime_is_no_router_however_preferred(lab, roaming, second, onto_link):
    ignored = roaming.status().engine.counters["ra.received"]
    body = preferring(advertisement(SHARED, lifetime=0, home_agent=False), HIGH)
    onto_link.send(router_frame(ROGUE, ROGUE_HARDWARE, body))
    lab.eventually(lambda: roaming.status().engine.counters["ra.received"] > ignored, within=3.0)
    assert ROGUE not in routers(roaming)
    assert str(ROGUE) not in all_routes(lab)
    assert leaves_by(lab, care_of(roaming), CORRESPONDENT_ADDRESS) == FIRST_MAC


@pytest.mark.requirement("RFC8028-MN-2.1-01")
def test_a_prefix_without_any_flag_says_whose_packets_go_by_that_router(lab, roaming, second, onto_link):
    """Nothing of addresses, and nothing of neighbours; without it the routes are not for packets from there."""
    source, wanted = care_of(roaming), f"{CORRESPONDENTS} via {LINK_LOCAL} dev eth0"
    onto_link.send(said(prefix_option("2001:db8:2::", flags=0), route_option(CORRESPONDENTS, 600)))
    lab.eventually(lambda: wanted in all_routes(lab), within=3.0, what="the route is there")
    assert care_of(roaming) == source
    assert leaves_by(lab, source, CORRESPONDENT_ADDRESS) == MAC
    onto_link.send(
        said(prefix_option("2001:db8:2::", flags=0, valid=0, preferred=0), route_option(CORRESPONDENTS, 600))
    )
    lab.eventually(lambda: wanted not in all_routes(lab), within=3.0, what="the route is gone with the prefix")
    assert leaves_by(lab, source, CORRESPONDENT_ADDRESS) == FIRST_MAC


@pytest.mark.requirement("RFC4191-MN-3.1-01")
def test_a_more_specific_route_wins_over_the_default_route_of_another_router(lab, roaming, second, onto_link):
    """The second router serves the prefix of the care-of address, too. Its default route is the less preferred one."""
    source = care_of(roaming)
    wanted = f"{CORRESPONDENTS} via {LINK_LOCAL} dev eth0"
    onto_link.send(said(SHARED, route_option(CORRESPONDENTS, 600)))
    lab.eventually(lambda: wanted in all_routes(lab), within=3.0, what="the route is there")
    assert leaves_by(lab, source, CORRESPONDENT_ADDRESS) == MAC
    assert leaves_by(lab, source, HOME_AGENT_ADDRESS) == FIRST_MAC
    assert care_of(roaming) == source
    onto_link.send(said(SHARED, route_option(CORRESPONDENTS, 0)))
    lab.eventually(lambda: wanted not in all_routes(lab), within=3.0, what="the route is gone")
    assert leaves_by(lab, source, CORRESPONDENT_ADDRESS) == FIRST_MAC


@pytest.mark.requirement("RFC4191-MN-3.1-02")
def test_a_route_option_for_everything_is_what_counts_for_the_default_route(lab, roaming, second, onto_link):
    onto_link.send(said(SHARED, route_option(DEFAULT, 300, HIGH), lifetime=1800))
    entry = lab.eventually(lambda: routers(roaming).get(LINK_LOCAL), within=3.0)
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert entry.lifetime_until - now == pytest.approx(300, abs=10)
    onto_link.send(said(SHARED, route_option(DEFAULT, 0), lifetime=1800))
    lab.eventually(lambda: LINK_LOCAL not in routers(roaming), within=3.0, what="it is no default router any more")


RESERVED = 0b10
UNSAID = IPv6Network("2001:db8:77::/64")
WRONG_ROUTES = {
    "a reserved preference": route_option(UNSAID, 600, RESERVED),
    "no room for its prefix": bytes((24, 1, 64, 0)) + (600).to_bytes(4),
    "half a prefix for more than half": bytes((24, 2, 65, 0)) + (600).to_bytes(4) + UNSAID.network_address.packed[:8],
    "longer than an address": route_option(UNSAID, 600)[:2] + bytes((129,)) + route_option(UNSAID, 600)[3:],
    "longer than it may be": bytes((24, 4)) + route_option(UNSAID, 600)[2:] + bytes(8),
}


@pytest.mark.requirement("RFC4191-MN-2.3-01", "RFC4191-MN-2.3-02")
@pytest.mark.parametrize("name", WRONG_ROUTES)
def test_a_route_that_is_not_said_as_it_should_be_is_none(lab, roaming, second, onto_link, name):
    """The rest of the advertisement counts."""
    wanted = f"{CORRESPONDENTS} via {LINK_LOCAL} dev eth0"
    onto_link.send(said(SHARED, WRONG_ROUTES[name], route_option(CORRESPONDENTS, 600)))
    lab.eventually(lambda: wanted in all_routes(lab), within=3.0, what="the right one is there")
    vias = [line for line in all_routes(lab).splitlines() if f"via {LINK_LOCAL}" in line]
    assert {line.split()[0] for line in vias} <= {str(CORRESPONDENTS), "default"}
    onto_link.send(said(lifetime=0))
    lab.eventually(lambda: LINK_LOCAL not in routers(roaming), within=3.0, what="it is no router any more")
    lab.eventually(lambda: wanted not in all_routes(lab), within=3.0)


@pytest.mark.requirement("RFC4191-MN-3.2-01")
def test_a_high_preference_does_not_help_a_router_that_nobody_has_reached(lab, roaming, second, onto_link):
    body = preferring(advertisement(own_option(ROGUE_HARDWARE), SHARED, home_agent=False), HIGH)
    onto_link.send(router_frame(ROGUE, ROGUE_HARDWARE, body))
    lab.eventually(lambda: ROGUE in routers(roaming), within=3.0)
    assert leaves_by(lab, care_of(roaming), CORRESPONDENT_ADDRESS) == FIRST_MAC
    onto_link.send(router_frame(ROGUE, ROGUE_HARDWARE, advertisement(lifetime=0, home_agent=False)))
    lab.eventually(lambda: ROGUE not in routers(roaming), within=3.0)


# --- the source and the router ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(lab, roaming, second):
    """The second router advertises as well."""
    second.radvd.start()
    lab.eventually(lambda: LINK_LOCAL in routers(roaming), within=5.0)
    return second


@pytest.mark.requirement("RFC8028-MN-3.1-01", "RFC6059-MN-5.1-01", "RFC4861-MN-6.3.4-03")
def test_each_router_is_known_with_the_prefixes_that_it_advertised(lab, roaming, both):
    known = {address: set(router.prefixes) for address, router in routers(roaming).items()}
    assert known == {FIRST: {VISITED_A_PREFIX}, LINK_LOCAL: {PREFIX}}


@pytest.mark.requirement(
    "RFC8028-MN-3.2-01", "RFC8028-MN-3.2-02", "RFC8028-MN-3.3-01", "RFC6724-MN-5-03", "RFC6724-ALL-5-01"
)
def test_packets_from_the_care_of_address_leave_by_the_router_that_advertised_its_prefix(lab, roaming, both):
    """Whatever the kernel's own default route is at the moment; and so does what is in the tunnel."""
    assert care_of(roaming) in VISITED_A_PREFIX
    lab.laptop.ip(f"route add default via {LINK_LOCAL} dev eth0 metric 1")
    try:
        assert leaves_by(lab, care_of(roaming), CORRESPONDENT_ADDRESS) == FIRST_MAC
        with Tape(lab.laptop, "eth0") as tape:
            home_address = str(roaming.home_addresses()[0].address)
            lab.laptop.run(["ping", "-6", "-c", "1", "-W", "3", "-I", home_address, str(CORRESPONDENT_ADDRESS)])
        assert carried_by(tape, VISITED_A_PREFIX, TUNNELLED) == {FIRST_MAC}
    finally:
        lab.laptop.ip(f"route del default via {LINK_LOCAL} dev eth0 metric 1")


@pytest.mark.requirement("RFC4861-MN-6.3.6-01", "RFC8028-MN-3.2-01", "RFC8028-MN-3.3-01", "RFC6724-MN-5-03")
@pytest.mark.requirement("MN-11.5.1-01", "MN-7.5-01", "RFC4861-MN-7.3.3-02", "MN-11.5.4-01", "RFC8028-MN-3.2-02")
def test_a_router_that_vanishes_is_bypassed_and_the_source_follows(lab, roaming, both):
    """The whole machine of the first router is cut off from the link; nobody says goodbye. Others are asked for when it
    does not answer."""
    home_address = roaming.home_addresses()[0].address
    with Tape(lab.laptop, "eth0") as tape:
        lab.nodes["ar-a"].ip("link set lan0 down")
        try:
            lab.eventually(lambda: care_of(roaming) in PREFIX, within=10.0, what="the care-of address is the other's")
            lab.eventually(lambda: roaming.home_addresses()[0].registered, within=10.0)
            lab.eventually(reachable_from_outside(lab, home_address), within=5.0)
            assert carried_by(tape, PREFIX, SIGNALLING) == carried_by(tape, PREFIX, TUNNELLED) == {MAC}
            assert leaves_by(lab, care_of(roaming), CORRESPONDENT_ADDRESS) == MAC
        finally:
            lab.nodes["ar-a"].ip("link set lan0 up", "addr replace 2001:db8:2::1/64 dev lan0 nodad")
    in_vain = next(each for each in tape.heard(SOLICITATION) if each.target == each.destination == FIRST)
    asked = next(each for each in tape.heard(ROUTER_SOLICITATION) if each.at >= in_vain.at)
    updates = [at for at, packet in tape.packets() if packet[6] == SIGNALLING and packet[66] == 5]
    assert in_vain.at <= asked.at < min(at for at in updates if at > in_vain.at)
    lab.move(HOME)
    roaming.registered_at(HOME)


@pytest.mark.requirement("RFC4861-MN-6.3.5-01")
def test_when_the_lifetime_of_a_router_ends_its_traffic_goes_by_the_other(lab, roaming, both, onto_link):
    """Its machine is there and can be reached: it has only not said again that it is a default router."""
    both.radvd.stop()
    both.cut()  # a laptop that remembers it would ask it, and take it if it were the quicker to answer
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    both.join()
    both.radvd.start()
    lab.eventually(lambda: LINK_LOCAL in routers(roaming), within=5.0)
    lab.routers[VISITED_A].vanish()
    last = advertisement(own_option(bytes.fromhex(FIRST_MAC.replace(":", ""))), SHARED, lifetime=3, home_agent=False)
    onto_link.send(router_frame(FIRST, bytes.fromhex(FIRST_MAC.replace(":", "")), last))
    try:
        assert leaves_by(lab, care_of(roaming), CORRESPONDENT_ADDRESS) == FIRST_MAC
        lab.eventually(lambda: care_of(roaming) in PREFIX, within=8.0, what="the care-of address is of the other")
        assert leaves_by(lab, care_of(roaming), CORRESPONDENT_ADDRESS) == MAC
        assert FIRST not in routers(roaming)
    finally:
        lab.routers[VISITED_A].start()
    lab.move(HOME)
    roaming.registered_at(HOME)


@pytest.mark.requirement("RFC4191-MN-3.5-01")
def test_a_better_router_that_was_silent_is_asked_again_after_a_minute_and_taken_when_it_answers(
    lab, roaming, both, onto_link
):
    """It is back a moment before: the kernel may doubt it by itself some seconds after it has shown itself."""
    both.radvd.stop()
    both.cut()
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    both.join()
    onto_link.send(said(prefix_option(PREFIX.network_address), preference=LOW))
    lab.eventually(lambda: LINK_LOCAL in routers(roaming), within=3.0)
    with Tape(lab.laptop, "eth0") as tape:
        lab.nodes["ar-a"].ip("link set lan0 down")
        lab.eventually(lambda: care_of(roaming) in PREFIX, within=10.0, what="the other one is taken")
        bypassed = time.time()
        lab.eventually(lambda: time.time() > bypassed + MINUTE - 3.0, within=MINUTE)
        lab.nodes["ar-a"].ip("link set lan0 up", "addr replace 2001:db8:2::1/64 dev lan0 nodad")
        lab.eventually(lambda: care_of(roaming) in VISITED_A_PREFIX, within=10.0, what="it is taken again")
    asked = [each.at for each in tape.heard(SOLICITATION) if each.target == each.destination == FIRST]
    assert min(at for at in asked if at > bypassed + 1.0) - bypassed == pytest.approx(MINUTE, abs=2.0)
    lab.move(HOME)
    roaming.registered_at(HOME)
