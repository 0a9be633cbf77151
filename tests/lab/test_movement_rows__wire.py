# SPDX-License-Identifier: GPL-2.0-or-later
"""Router Discovery of the laptop on foreign links, octet by octet, and what it believes of what is advertised there.

In network A; then in network B, whose router is silent, and what is said in its name is made up here; and in network A
again, without a link-local address.
"""

import time
from collections.abc import Iterator
from ipaddress import IPv6Address, IPv6Network

import pytest

from tests.lab.discovery import (
    ADVERTISEMENT,
    NOWHERE,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
    SOLICITATION,
    Heard,
    Tape,
    advertisement_of,
    frame,
)
from tests.lab.headers import Seen
from tests.lab.hostile import ICMPV6, advertisement, checksum, frames, icmpv6, ipv6, prefix_option, router_frame
from tests.lab.lab import Lab
from tests.lab.registration_tape import updates
from tests.lab.roaming import Roaming
from tests.lab.second_router import own_option
from tests.lab.topology import BRIDGES, LAPTOP_ETH0_MAC, VISITED_A, VISITED_B, VISITED_B_PREFIX

pytestmark = pytest.mark.lab

LINK_LOCAL, ALL_ROUTERS = IPv6Address("fe80::ff:fe00:10"), IPv6Address("ff02::2")
ROUTER_A = IPv6Address("fe80::ff:fe00:201")
ROUTER_B, HARDWARE_B = IPv6Address("fe80::ff:fe00:301"), bytes.fromhex("020000000301")
ROGUE, ROGUE_HARDWARE = IPv6Address("fe80::bad"), bytes.fromhex("02bad0bad001")
BEHIND, UNWANTED = IPv6Network("2001:db8:2:bad::/64"), IPv6Network("2001:db8:3:bad::/64")
ON_LINK, ENDING = IPv6Network("2001:db8:3:cab::/64"), IPv6Network("2001:db8:3:e::/64")
NEXT_TO_END = IPv6Network("2001:db8:3:f::/64")
LASTING = IPv6Network("2001:db8:3:1a5::/64")
SOON, AGING = 6, 13  # seconds
UNIT = 4  # seconds, of the lifetime of a binding
BESIDE = 0.5  # seconds; the answer to the one question is read before the other is sent
INTERVAL = 4.0  # RTR_SOLICITATION_INTERVAL
NO_LINK_LOCAL = 1  # addr_gen_mode: the kernel makes none


@pytest.fixture(scope="module")
def tape(lab: Lab, roaming: Roaming) -> Iterator[Tape]:
    """From the move to network A on."""
    with Tape(lab.laptop, "eth0") as made:
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        yield made


def solicitations(tape: Tape) -> list[Heard]:
    return [each for each in tape.heard(ROUTER_SOLICITATION) if each.hardware_source == LAPTOP_ETH0_MAC]


def routers(roaming: Roaming) -> dict[IPv6Address, set[IPv6Network]]:
    (eth0,) = (each for each in roaming.status().engine.interfaces if each.name == "eth0")
    return {each.address: set(each.prefixes) for each in eth0.routers}


def count(roaming: Roaming) -> int:
    return roaming.status().engine.counters["ra.received"]


def addresses(lab: Lab) -> set[IPv6Address]:
    lines = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"]).splitlines()
    return {IPv6Address(line.split()[3].partition("/")[0]) for line in lines}


# --- in network A ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4861-MN-4.1-01")
def test_router_solicitations(roaming, tape):
    laptop = bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))
    sent = [frame[14:] for _, frame in tape.frames() if frame[6:12] == laptop and frame[20] == ICMPV6]
    sent = [packet for packet in sent if packet[40] == ROUTER_SOLICITATION]
    assert sent
    for packet in sent:
        source, destination, body = IPv6Address(packet[8:24]), IPv6Address(packet[24:40]), packet[40:]
        assert (packet[7], destination) == (255, ALL_ROUTERS)
        assert (body[1], body[4:8]) == (0, bytes(4))
        assert checksum(source, destination, ICMPV6, body) in (0, 0xFFFF)


@pytest.mark.requirement("RFC4861-ALL-4.6-01")
def test_options_of_unknown_types_are_skipped(lab, roaming, tape, onto_link):
    unknown = bytes((253, 2)) + bytes(range(14))
    body = advertisement(unknown, prefix_option(BEHIND.network_address), unknown, home_agent=False)
    onto_link.send(router_frame(ROGUE, ROGUE_HARDWARE, body))
    lab.eventually(lambda: routers(roaming).get(ROGUE) == {BEHIND}, within=3.0, what="the prefix behind it is known")
    onto_link.send(router_frame(ROGUE, ROGUE_HARDWARE, advertisement(lifetime=0, home_agent=False)))
    lab.eventually(lambda: ROGUE not in routers(roaming), within=3.0)


@pytest.mark.requirement("RFC4861-MN-6.3.7-05", "RFC7559-MN-2.1-01")
def test_after_a_router_has_answered_nobody_is_asked(lab, tape):
    """For longer than the time to the next solicitation. A router that is late is doubted: it is asked itself, and
    everybody beside it. A repetition has no such question beside it."""
    begun = time.time()
    lab.eventually(lambda: time.time() > begun + INTERVAL + 0.5, within=INTERVAL + 2.0)
    assert tape.heard(ROUTER_ADVERTISEMENT)[0].at < begun
    asked = solicitations(tape)
    assert asked
    doubts = [
        each.at
        for each in tape.heard(SOLICITATION)
        if each.hardware_source == LAPTOP_ETH0_MAC and each.target == each.destination == ROUTER_A
    ]
    again = [each.at for each in asked if each.at > begun]
    assert [at - begun for at in again if not any(abs(at - doubt) < BESIDE for doubt in doubts)] == []


# --- in network B, where nobody advertises ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def silent(lab: Lab, roaming: Roaming, tape: Tape) -> Iterator[float]:
    """The instant of arrival."""
    lab.routers[VISITED_B].stop()
    arrived = time.time()
    lab.move(VISITED_B)
    lab.eventually(lambda: any(each.at > arrived for each in solicitations(tape)), within=5.0, what="it solicits")
    yield arrived
    lab.routers[VISITED_B].start()


def asked(tape: Tape, since: float) -> set[IPv6Address]:
    """Whom the laptop has asked by name whether it is there."""
    sent = [each for each in tape.heard(SOLICITATION) if each.hardware_source == LAPTOP_ETH0_MAC and each.at > since]
    return {each.target for each in sent if each.destination == each.target and each.source == LINK_LOCAL}


@pytest.mark.requirement("RFC6059-MN-5.7.1-01")
def test_an_answer_in_the_name_of_a_known_router_from_other_hardware_brings_nothing_back(lab, roaming, tape, silent):
    """The router of network A is asked for here as well, and somebody answers."""
    lab.eventually(lambda: ROUTER_A in asked(tape, silent), within=5.0, what="it is asked for")
    counted = "na.ignored.not-a-router"
    ignored = roaming.status().engine.counters.get(counted, 0)
    body = bytes((0xE0, 0, 0, 0)) + ROUTER_A.packed + bytes((2, 1)) + ROGUE_HARDWARE
    answer = ipv6(ROUTER_A, LINK_LOCAL, ICMPV6, icmpv6(ADVERTISEMENT, 0, body, ROUTER_A, LINK_LOCAL), hops=255)
    with frames(lab.nodes["switch"], BRIDGES[VISITED_B]) as onto_link:
        onto_link.send(frame(answer, ROGUE_HARDWARE, bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))))
    lab.eventually(lambda: roaming.status().engine.counters.get(counted, 0) > ignored, within=3.0, what="it is read")
    assert ROUTER_A not in routers(roaming)
    assert roaming.home_addresses()[0].care_of_address is None


def told(lab: Lab, roaming: Roaming, *options: bytes, lifetime: int = 1800) -> None:
    """An advertisement of the router of network B, and it has been read."""
    before = count(roaming)
    body = advertisement(own_option(HARDWARE_B), *options, home_agent=False, lifetime=lifetime)
    with frames(lab.nodes["switch"], BRIDGES[VISITED_B]) as onto_link:
        onto_link.send(router_frame(ROUTER_B, HARDWARE_B, body))
    lab.eventually(lambda: count(roaming) > before, within=3.0, what="it is read")


@pytest.mark.requirement("RFC7559-MN-2.1-02")
def test_who_is_no_default_router_does_not_end_the_solicitation(lab, roaming, tape, silent):
    told(lab, roaming, prefix_option(VISITED_B_PREFIX.network_address), lifetime=0)
    heard = time.time()
    lab.eventually(lambda: solicitations(tape)[-1].at > heard, within=2 * INTERVAL, what="it goes on")


USELESS = {
    "not for autoconfiguration": prefix_option(UNWANTED.network_address, flags=0x80),
    "link-local": prefix_option("fe80::"),
    "preferred for longer than valid": prefix_option(UNWANTED.network_address, valid=100, preferred=200),
    "48 bits": prefix_option(UNWANTED.network_address, 48),
    "valid for no time": prefix_option(UNWANTED.network_address, valid=0, preferred=0),
}


@pytest.mark.requirement("RFC4862-MN-5.5.3-01", "RFC4862-MN-5.5.3-02")
@pytest.mark.parametrize("name", USELESS)
def test_no_address_is_formed_of(lab, roaming, silent, name):
    told(lab, roaming, USELESS[name])
    there = addresses(lab)
    assert {each for each in there if each.is_link_local} == {LINK_LOCAL}
    assert not [each for each in there if each in UNWANTED]
    assert roaming.home_addresses()[0].care_of_address is None


def registered_in(roaming: Roaming, network: IPv6Network) -> bool:
    (entry,) = roaming.home_addresses()
    assert entry.registered, f"it is {entry.state.value} from {entry.care_of_address}"
    return entry.care_of_address in network


@pytest.mark.requirement("RFC4862-MN-5.5.4-02", "MN-11.7.1-09")
def test_an_address_that_has_ended_is_gone_and_another_is_registered(lab, roaming, tape, silent):
    """Formed of something useful at last: it was not for want of a router before. No longer than it lasts."""
    lab.nodes["ar-b"].ip(f"addr add {ENDING[1]}/64 dev lan0 nodad")
    told(lab, roaming, prefix_option(ENDING.network_address, valid=SOON, preferred=SOON))
    lab.eventually(
        lambda: registered_in(roaming, ENDING), within=SOON, what="it is registered from the one that will end"
    )
    told(lab, roaming, prefix_option(VISITED_B_PREFIX.network_address))
    lab.eventually(lambda: registered_in(roaming, VISITED_B_PREFIX), within=SOON + 3.0, what="and from the other")
    lab.eventually(lambda: not [each for each in addresses(lab) if each in ENDING], within=SOON + 3.0)
    sent = [
        each for each in updates(Seen.read(packet, at) for at, packet in tape.packets()) if each.seen.source in ENDING
    ]
    assert sent and all(0 < UNIT * each.lifetime <= SOON for each in sent)
    assert not [each for each in addresses(lab) if each in UNWANTED]


@pytest.mark.requirement("RFC4862-MN-5.5.4-03")
def test_another_is_registered_before_the_registered_one_is_deprecated(lab, roaming, tape, silent):
    other = prefix_option(VISITED_B_PREFIX.network_address, preferred=0)
    lab.nodes["ar-b"].ip(f"addr add {NEXT_TO_END[1]}/64 dev lan0 nodad")
    began = time.time()
    told(lab, roaming, other, prefix_option(NEXT_TO_END.network_address, valid=100, preferred=AGING))
    lab.eventually(lambda: registered_in(roaming, NEXT_TO_END), within=3.0, what="it is registered from it")
    told(lab, roaming, prefix_option(VISITED_B_PREFIX.network_address))
    lab.eventually(lambda: registered_in(roaming, VISITED_B_PREFIX), within=AGING, what="and from the other in time")
    of_the_former = ["ip", "-6", "addr", "show", "dev", "eth0", "to", str(NEXT_TO_END)]
    assert lab.laptop.run(of_the_former)
    assert not lab.laptop.run([*of_the_former, "deprecated"])
    updates = [(at, IPv6Address(packet[8:24])) for at, packet in tape.packets() if packet[6] == 60 and packet[66] == 5]
    first = min(at for at, source in updates if at > began and source in NEXT_TO_END)
    then = min(at for at, source in updates if at > first and source in VISITED_B_PREFIX)
    assert first + 1.0 < then < began + AGING, "it was of use for a while"
    told(lab, roaming, prefix_option(NEXT_TO_END.network_address, valid=100, preferred=0))  # no choice from now on


@pytest.mark.requirement("RFC4862-MN-5.5.3-03", "RFC4862-MN-5.5.3-04")
def test_a_life_is_not_cut_short_by_an_advertisement_but_deprecated_at_once(lab, roaming, silent):
    """Two hours are left to the address, whatever is said; that it is not preferred any more counts."""
    told(lab, roaming, prefix_option(VISITED_B_PREFIX.network_address))
    lab.eventually(lambda: registered_in(roaming, VISITED_B_PREFIX), within=5.0)
    told(lab, roaming, prefix_option(VISITED_B_PREFIX.network_address, valid=1, preferred=0))
    heard, before = time.time(), roaming.home_addresses()[0].care_of_address
    lab.eventually(lambda: time.time() > heard + 1.5, within=3.0, what="a second has passed, and some")
    assert registered_in(roaming, VISITED_B_PREFIX)
    assert before in addresses(lab)
    lab.nodes["ar-b"].ip(f"addr add {LASTING[1]}/64 dev lan0 nodad")
    told(lab, roaming, prefix_option(LASTING.network_address))
    lab.eventually(lambda: registered_in(roaming, LASTING), within=3.0, what="what is preferred takes over at once")


def ours_on_the_link(lab: Lab) -> set[str]:
    """The networks that our routes say are on the link."""
    lines = lab.laptop.run(["ip", "-6", "route", "show", "table", "all", "dev", "eth0", "proto", "135"]).splitlines()
    return {line.split()[0] for line in lines if "via" not in line}


@pytest.mark.requirement("RFC4861-MN-6.3.4-04", "RFC4861-MN-6.3.4-05")
def test_what_is_on_the_link_is_there_as_long_as_it_is_said_and_not_denied(lab, roaming, silent):
    wanted = str(ON_LINK)
    told(lab, roaming, prefix_option(ON_LINK.network_address, flags=0x80), prefix_option("fe80::", flags=0x80))
    lab.eventually(lambda: wanted in ours_on_the_link(lab), within=3.0)
    assert not [each for each in ours_on_the_link(lab) if each.startswith("fe80")]
    told(lab, roaming, prefix_option(ON_LINK.network_address, flags=0))
    assert wanted in ours_on_the_link(lab), "it was not said again, which is not to say that it is elsewhere"
    told(lab, roaming, prefix_option(ON_LINK.network_address, flags=0x80, valid=0, preferred=0))
    lab.eventually(lambda: wanted not in ours_on_the_link(lab), within=3.0)


@pytest.mark.requirement("RFC4861-MN-7.2.5-01")
def test_a_router_that_says_it_is_none_any_more_is_none_and_another_is_looked_for(lab, roaming, tape, silent):
    assert ROUTER_B in routers(roaming)
    said = time.time()
    with frames(lab.nodes["switch"], BRIDGES[VISITED_B]) as onto_link:
        onto_link.send(advertisement_of(ROUTER_B, ROUTER_B, HARDWARE_B))
    lab.eventually(lambda: ROUTER_B not in routers(roaming), within=3.0, what="it is no router any more")
    lab.eventually(lambda: solicitations(tape)[-1].at > said, within=3.0, what="another one is looked for")


@pytest.mark.requirement("RFC6059-MN-5.5.2-02", "RFC6059-MN-5.5.2-01")
def test_a_router_of_which_nothing_is_valid_any_more_is_not_asked(lab, roaming, tape, silent):
    """Two routers are known here, and one of them has said for how long its prefix would be good."""
    told(lab, roaming, prefix_option(VISITED_B_PREFIX.network_address))
    with frames(lab.nodes["switch"], BRIDGES[VISITED_B]) as onto_link:
        body = advertisement(own_option(ROGUE_HARDWARE), prefix_option(ENDING.network_address, valid=1, preferred=1))
        onto_link.send(router_frame(ROGUE, ROGUE_HARDWARE, body))
    lab.eventually(lambda: ROGUE in routers(roaming), within=3.0)
    heard = time.time()
    lab.eventually(lambda: time.time() > heard + 1.5, within=3.0, what="a second has passed, and some")
    moved = time.time()
    lab.move(VISITED_B)
    lab.eventually(lambda: ROUTER_B in asked(tape, moved), within=5.0, what="the other one is asked")
    assert ROGUE not in asked(tape, moved)


# --- without a link-local address ------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4861-MN-4.1-02")
def test_a_solicitation_from_nowhere_does_not_say_the_hardware_address(lab, roaming, tape):
    laptop = lab.laptop
    laptop.sysctl("net/ipv6/conf/eth0/addr_gen_mode", NO_LINK_LOCAL)
    laptop.ip(f"addr del {LINK_LOCAL}/64 dev eth0")
    try:
        moved = time.time()
        lab.move(VISITED_A)
        found = lab.eventually(
            lambda: [each for each in solicitations(tape) if each.at > moved and each.source == NOWHERE],
            within=5.0,
            what="it solicits from nowhere",
        )
        assert [each.options for each in found] == [{}] * len(found)
    finally:
        laptop.sysctl("net/ipv6/conf/eth0/addr_gen_mode", 0)
        laptop.ip(f"addr replace {LINK_LOCAL}/64 dev eth0 nodad")
    roaming.registered_at(VISITED_A)
