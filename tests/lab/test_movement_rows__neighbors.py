# SPDX-License-Identifier: GPL-2.0-or-later
"""Address resolution, unreachability, Redirects and the numbers of advertisements (RFC 4861): the kernel's own work, on
the laptop abroad while the service runs, whose addresses, neighbours, rules and settings could spoil it.
"""

import socket
import struct
import time
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import pairwise

import pytest

from tests.lab.discovery import (
    ADVERTISEMENT,
    ECHO_REQUEST,
    REDIRECT,
    SOLICITATION,
    Tape,
    advertisement_of,
    frame,
    solicitation,
    solicited_node,
)
from tests.lab.guest import MAC as GUEST_MAC
from tests.lab.guest import Guest, neighbour_in_a
from tests.lab.hostile import ICMPV6, advertisement, icmpv6, ipv6, packed, prefix_option, router_frame
from tests.lab.node import inside
from tests.lab.topology import CORRESPONDENT_ADDRESS, LAPTOP_ETH0_MAC, VISITED_A

pytestmark = pytest.mark.lab

ROUTER, ROUTER_MAC = IPv6Address("fe80::ff:fe00:201"), bytes.fromhex("020000000201")
GUEST = IPv6Address("2001:db8:2::66")
GUEST_LOCAL = IPv6Address("fe80::ff:fe00:66")
NOBODY = "2001:db8:2::dead"
LAPTOP = bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))
STRANGER = bytes.fromhex("02bad0bad001")
UNREACHABLE = 113  # EHOSTUNREACH: what a program is told for Destination Unreachable, code 3


@dataclass
class Abroad:
    """The laptop in network A, registered and settled, with a neighbour on the same link."""

    care_of: IPv6Address
    guest: Guest


@pytest.fixture(scope="module")
def abroad(lab, roaming):
    with neighbour_in_a(lab, roaming, GUEST) as guest:
        care_of = roaming.home_addresses()[0].care_of_address
        yield Abroad(care_of, guest)


def neighbor(lab, address) -> str:
    return lab.laptop.run(["ip", "-6", "neigh", "show", str(address), "dev", "eth0"]).strip()


def forget(lab, address) -> None:
    lab.laptop.run(["ip", "-6", "neigh", "flush", "to", str(address), "dev", "eth0"])


@contextmanager
def pinging(lab, address, source=None):
    """A socket of an ordinary program that has just sent one Echo Request."""
    with inside(lab.laptop.namespace):
        opened = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with opened:
        if source is not None:
            opened.bind((str(source), 0))
        opened.settimeout(10.0)
        opened.setsockopt(socket.IPPROTO_IPV6, 25, 1)  # IPV6_RECVERR: errors are told to the program
        opened.setsockopt(socket.IPPROTO_ICMPV6, 1, bytes(16) + bytes([0xFF] * 16))  # nothing in but by the error queue
        opened.sendto(struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 0x4D4E, 1), (str(address), 0))
        yield opened


# --- address resolution ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4861-MN-7.2.2-01")
def test_a_neighbour_that_is_not_there_is_asked_for_three_times_a_second_apart_and_given_up(lab, abroad):
    with Tape(lab.laptop, "eth0") as tape, pinging(lab, NOBODY) as program:
        with pytest.raises(OSError) as told:
            program.recv(2048)
        assert told.value.errno == UNREACHABLE
        asked = [each for each in tape.heard(SOLICITATION) if each.target == IPv6Address(NOBODY)]
    assert len(asked) == 3
    assert {each.destination for each in asked} == {solicited_node(NOBODY)}
    for earlier, later in pairwise(each.at for each in asked):
        assert later - earlier == pytest.approx(1.0, abs=0.25)
    assert not [each for each in tape.heard(ECHO_REQUEST) if each.destination == IPv6Address(NOBODY)]


@pytest.mark.requirement("RFC4861-MN-7.2.2-02")
def test_the_packet_that_made_it_ask_is_not_lost(lab, abroad):
    forget(lab, GUEST)
    with Tape(lab.laptop, "eth0") as tape:
        answer = lab.laptop.run(["ping", "-6", "-c", "1", "-W", "3", str(GUEST)])
        assert "1 received" in answer
        asked = next(each for each in tape.heard(SOLICITATION) if each.target == GUEST)
        sent = next(each for each in tape.heard(ECHO_REQUEST) if each.destination == GUEST)
    assert asked.at < sent.at


@pytest.mark.requirement("RFC4861-MN-7.2.4-01")
@pytest.mark.parametrize("owned", ["care-of", "link-local"])
def test_a_solicitation_is_answered_solicited_and_one_from_nowhere_is_answered_to_all(lab, abroad, onto_link, owned):
    address = abroad.care_of if owned == "care-of" else IPv6Address("fe80::ff:fe00:10")
    guest_mac = bytes.fromhex(GUEST_MAC.replace(":", ""))
    for source, flags, destination in ((GUEST_LOCAL, "S", GUEST_LOCAL), ("::", "", IPv6Address("ff02::1"))):
        with Tape(lab.laptop, "eth0") as tape:
            onto_link.send(solicitation(address, source, guest_mac))

            def answers(tape=tape):
                sent = [each for each in tape.heard(ADVERTISEMENT) if each.hardware_source == LAPTOP_ETH0_MAC]
                return [each for each in sent if each.target == address]

            answer = lab.eventually(answers, within=3.0)[0]
        assert answer.flags.replace("O", "") == flags
        assert answer.destination == destination
        assert answer.options[2] == LAPTOP


OVERRIDE, SOLICITED = 0x2000_0000, 0x4000_0000
ALL_NODES = IPv6Address("ff02::1")
BROKEN = {
    "that came through a router": {"hops": 254},
    "of another code": {"code": 1},
    "with a wrong checksum": {"spoil": 1},
    "that is cut short": {"cut": 8},
    "of a group": {"target": ALL_NODES},
}
BROKEN_SOLICITATIONS = {
    **BROKEN,
    "from nowhere that says a hardware address": {"source": IPv6Address("::")},
    "from nowhere to all": {"source": IPv6Address("::"), "silent": True, "to": ALL_NODES},
}
BROKEN_ADVERTISEMENTS = {**BROKEN, "to all that says it was solicited": {"flags": OVERRIDE | SOLICITED}}


def message(kind: int, about: IPv6Address, destination: IPv6Address, **how) -> bytes:
    """The frame of a solicitation of somebody on the link, or of an advertisement that overrides, with faults."""
    head = bytes(4) if kind == SOLICITATION else struct.pack("!I", how.get("flags", OVERRIDE))
    option = bytes((1 if kind == SOLICITATION else 2, 1)) + STRANGER
    body = head + packed(how.get("target", about)) + (b"" if how.get("silent") else option)
    body = body[: len(body) - 8 - how["cut"]] if "cut" in how else body
    source = how.get("source", GUEST_LOCAL)
    whole = icmpv6(kind, how.get("code", 0), body, source, destination)
    whole = whole[:3] + bytes((whole[3] ^ how.get("spoil", 0),)) + whole[4:]
    return frame(ipv6(source, destination, ICMPV6, whole, hops=how.get("hops", 255)), STRANGER, LAPTOP)


@pytest.mark.requirement("RFC4861-ALL-7.1.1-01")
@pytest.mark.parametrize("how", BROKEN_SOLICITATIONS.values(), ids=BROKEN_SOLICITATIONS)
def test_no_solicitation_is_answered(lab, abroad, onto_link, how):
    other = IPv6Address("fe80::ff:fe00:10")
    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(message(SOLICITATION, abroad.care_of, how.get("to", solicited_node(abroad.care_of)), **how))
        onto_link.send(message(SOLICITATION, other, solicited_node(other)))

        def answered() -> list[IPv6Address]:
            sent = tape.heard(ADVERTISEMENT)
            return [each.target for each in sent if each.hardware_source == LAPTOP_ETH0_MAC]

        lab.eventually(lambda: other in answered(), within=3.0, what="the right one behind it is answered")
        assert not {abroad.care_of, how.get("target")} & set(answered())


@pytest.mark.requirement("RFC4861-ALL-7.1.2-01")
@pytest.mark.parametrize("how", BROKEN_ADVERTISEMENTS.values(), ids=BROKEN_ADVERTISEMENTS)
def test_no_advertisement_is_believed(lab, abroad, onto_link, how):
    """But for the fault it would be."""
    lab.laptop.run(["ping", "-6", "-c", "1", "-W", "3", str(GUEST)])
    assert GUEST_MAC in neighbor(lab, GUEST)
    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(message(ADVERTISEMENT, GUEST, ALL_NODES, **how))
        onto_link.send(message(SOLICITATION, abroad.care_of, solicited_node(abroad.care_of)))  # it has been dealt with

        def answered() -> bool:
            sent = [each for each in tape.heard(ADVERTISEMENT) if each.hardware_source == LAPTOP_ETH0_MAC]
            return abroad.care_of in {each.target for each in sent}

        lab.eventually(answered, within=3.0)
    assert GUEST_MAC in neighbor(lab, GUEST)
    onto_link.send(message(ADVERTISEMENT, GUEST, ALL_NODES))
    lab.eventually(lambda: STRANGER.hex(":") in neighbor(lab, GUEST), within=3.0, what="the same without the fault is")
    forget(lab, GUEST)


# --- unreachability --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4861-MN-7.3.3-01", "RFC4861-MN-7.3.1-01")
def test_a_neighbour_that_falls_silent_goes_through_all_states_and_is_probed_three_times(lab, abroad, onto_link):
    """Somebody says that it has another hardware address now, where nobody answers; unasked, that proves nothing."""
    forget(lab, GUEST)
    lab.laptop.run(["ping", "-6", "-c", "1", "-W", "3", str(GUEST)])
    states, instants = [neighbor(lab, GUEST).split()[-1]], [time.monotonic()]

    def is_gone() -> bool:
        state = (neighbor(lab, GUEST).split() or ["FAILED"])[-1]
        if state != states[-1]:
            states.append(state)
            instants.append(time.monotonic())
        return state == "FAILED"

    def is_stale() -> bool:
        is_gone()
        return states[-1] == "STALE"

    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(advertisement_of(GUEST, GUEST, STRANGER))
        lab.eventually(is_stale, within=3.0)
        with pinging(lab, GUEST):  # without traffic nobody would ask
            lab.eventually(is_gone, within=20.0, what="the neighbour is given up")
        probes = [each for each in tape.heard(SOLICITATION) if each.target == GUEST and each.destination == GUEST]
    assert states == ["REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"]
    assert instants[3] - instants[2] == pytest.approx(5.0, abs=0.5)  # DELAY_FIRST_PROBE_TIME
    assert len(probes) == 3
    assert {each.hardware_destination for each in probes} == {STRANGER.hex(":")}
    for earlier, later in pairwise(each.at for each in probes):
        assert later - earlier == pytest.approx(1.0, abs=0.3)


# --- the numbers of Router Advertisements ----------------------------------------------------------------------------


def parameters(lab) -> dict[str, int]:
    """What the kernel uses on eth0, in milliseconds, and the hop limit of new packets."""
    words = lab.laptop.run(["ip", "-6", "-s", "ntable", "show", "dev", "eth0", "name", "ndisc_cache"]).split()
    known = {name: int(words[words.index(name) + 1]) for name in ("base_reachable", "reachable", "retrans")}
    return {**known, "hop_limit": int(lab.laptop.read_sysctl("net/ipv6/conf/eth0/hop_limit"))}


@pytest.mark.requirement("RFC4861-MN-6.3.4-01")
def test_zeros_of_an_advertisement_change_nothing(lab, abroad, onto_link):
    """The router's own advertisements say a hop limit: it is silent meanwhile."""
    before = parameters(lab)
    lab.routers[VISITED_A].vanish()
    try:
        told = advertisement(prefix_option("2001:db8:2::"), home_agent=False, hop_limit=33, reachable=47000,
                             retransmit=1700)  # fmt: skip
        onto_link.send(router_frame(ROUTER, ROUTER_MAC, told))
        wanted = {"base_reachable": 47000, "retrans": 1700, "hop_limit": 33}

        def used() -> dict[str, int]:
            return {name: parameters(lab)[name] for name in wanted}

        lab.eventually(lambda: used() == wanted, within=3.0)
        zeros = advertisement(prefix_option("2001:db8:2::"), home_agent=False, hop_limit=0)
        with Tape(lab.laptop, "eth0") as tape:
            for _ in range(3):
                onto_link.send(router_frame(ROUTER, ROUTER_MAC, zeros))
            onto_link.send(solicitation(abroad.care_of, GUEST_LOCAL, STRANGER))  # they have been dealt with
            lab.eventually(
                lambda: [each for each in tape.heard(ADVERTISEMENT) if each.target == abroad.care_of], within=3.0
            )
            assert [each.body[4:5] + each.body[8:16] for each in tape.heard(134)] == [bytes(9)] * 3
        assert used() == wanted
    finally:
        restored = advertisement(home_agent=False, reachable=before["base_reachable"], retransmit=before["retrans"])
        onto_link.send(router_frame(ROUTER, ROUTER_MAC, restored))
        lab.routers[VISITED_A].start()
        lab.eventually(lambda: parameters(lab)["retrans"] == before["retrans"], within=3.0)


@pytest.mark.requirement("RFC4861-MN-6.3.2-01")
def test_reachable_time_is_drawn_anew_between_half_and_one_and_a_half_of_what_is_advertised(lab, abroad, onto_link):
    ratios = []
    try:
        for base in range(20_000, 60_000, 1000):
            onto_link.send(router_frame(ROUTER, ROUTER_MAC, advertisement(home_agent=False, reachable=base)))
            lab.eventually(lambda base=base: parameters(lab)["base_reachable"] == base, within=3.0)
            ratios.append(parameters(lab)["reachable"] / base)
    finally:
        onto_link.send(router_frame(ROUTER, ROUTER_MAC, advertisement(home_agent=False, reachable=30_000)))
    assert 0.5 <= min(ratios) < 0.75, ratios
    assert 1.25 < max(ratios) <= 1.5, ratios
    assert len({round(each, 3) for each in ratios}) > 30
    assert sum(ratios) / len(ratios) == pytest.approx(1.0, abs=0.2)


# --- Redirect --------------------------------------------------------------------------------------------------------


def redirect(source, hardware: bytes, destination, care_of, *, hops: int = 255) -> bytes:
    """ "Go to the guest instead", with the packet that it is about (RFC 4861 section 4.5)."""
    about = ipv6(care_of, destination, ICMPV6, icmpv6(ECHO_REQUEST, 0, bytes(4), care_of, destination))
    quoted = bytes(6) + about + bytes(-len(about) % 8)
    option = bytes((4, (len(quoted) + 2) // 8)) + quoted
    body = icmpv6(REDIRECT, 0, bytes(4) + packed(GUEST_LOCAL) + packed(destination) + option, source, care_of)
    return frame(ipv6(source, care_of, ICMPV6, body, hops=hops), hardware, LAPTOP)


def next_hop(lab, destination, care_of) -> str:
    """Where packets go from the care-of address; "" for what is on the link itself."""
    words = lab.laptop.run(["ip", "-6", "route", "get", str(destination), "from", str(care_of)]).split()
    return words[words.index("via") + 1] if "via" in words else ""


@pytest.mark.requirement("RFC4861-MN-8.1-01")
def test_only_the_first_hop_itself_may_redirect(lab, abroad, onto_link):
    """Packets from the care-of address have a table of their own: it is there that the first hop is known."""
    care_of, where = abroad.care_of, CORRESPONDENT_ADDRESS
    assert next_hop(lab, where, care_of) == str(ROUTER)
    group = IPv6Address("ff0e::1")
    before = next_hop(lab, group, care_of)
    refused = {
        "of somebody else": redirect("fe80::bad", STRANGER, where, care_of),
        "from a global address": redirect("2001:db8:2::1", ROUTER_MAC, where, care_of),
        "that was forwarded": redirect(ROUTER, ROUTER_MAC, where, care_of, hops=254),
        "about a group": redirect(ROUTER, ROUTER_MAC, group, care_of),
    }
    for name, sent in refused.items():
        with Tape(lab.laptop, "eth0") as tape:
            onto_link.send(sent)
            lab.eventually(lambda tape=tape: tape.heard(REDIRECT), within=3.0)
            onto_link.send(solicitation(care_of, GUEST_LOCAL, STRANGER))  # what came before it has been dealt with
            lab.eventually(
                lambda tape=tape: [each for each in tape.heard(ADVERTISEMENT) if each.target == care_of], within=3.0
            )
        assert (next_hop(lab, where, care_of), next_hop(lab, group, care_of)) == (str(ROUTER), before), f"one {name}"
    onto_link.send(redirect(ROUTER, ROUTER_MAC, where, care_of))
    lab.eventually(
        lambda: next_hop(lab, where, care_of) == str(GUEST_LOCAL), within=3.0, what="the router's own is believed"
    )
