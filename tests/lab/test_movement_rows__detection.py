# SPDX-License-Identifier: GPL-2.0-or-later
"""Duplicate address detection (RFC 4862) and optimistic addresses (RFC 4429) on the wire, in slow motion.

RetransTimer of the laptop's interface is three seconds, so a detection lasts that long.
"""

import errno
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv6Address

import pytest

from tests.lab.discovery import (
    ADVERTISEMENT,
    ECHO_REPLY,
    ECHO_REQUEST,
    NOWHERE,
    SOLICITATION,
    Tape,
    advertisement_of,
    frame,
    solicitation,
    solicited_node,
)
from tests.lab.guest import Guest
from tests.lab.hostile import ICMPV6, complete_log, frames, icmpv6, ipv6
from tests.lab.household import Household
from tests.lab.node import inside
from tests.lab.topology import BRIDGES, HOME, LAPTOP_ETH0_MAC, VISITED_A

pytestmark = pytest.mark.lab

SLOW_MOTION = 3000  # milliseconds
ROUTER_MAC = "02:00:00:00:02:01"
GUEST, GUEST_LOCAL = IPv6Address("2001:db8:2::66"), IPv6Address("fe80::ff:fe00:66")
STRANGER = bytes.fromhex("02bad0bad001")
LAPTOP = bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))
ENDED = 8.0  # seconds in which a detection has ended, with the kernel's random delay before it


@dataclass
class Found:
    """The care-of address that is optimistic now, the settled one of the kernel's own beside it."""

    optimistic: IPv6Address
    settled: IPv6Address


@pytest.fixture(scope="module")
def neighborhood(lab, roaming):
    """The laptop was in network A before, and has a neighbour there."""
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    with Guest(lab) as guest:
        guest.plug(VISITED_A)
        guest.take(str(GUEST), asking=False)
        lab.eventually(lambda: "tentative" not in lab.laptop.run(["ip", "-6", "addr"]) + guest.addresses(), within=10.0)
        lab.laptop.sysctl("net/ipv6/neigh/eth0/retrans_time_ms", SLOW_MOTION)
        yield guest


@pytest.fixture
def onto_link(lab, neighborhood):
    """Puts frames on the link, as if the switch had made them up."""
    with frames(lab.nodes["switch"], BRIDGES[VISITED_A]) as opened:
        yield opened


def flags(lab, address) -> str:
    """What `ip` says of an address of eth0; "" when it is not there."""
    lines = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"]).splitlines()
    return next((line for line in lines if f" {address}/" in line), "")


def bind(lab, address) -> int:
    """The error of a program that binds to an address, 0 for none."""
    with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        return opened.bind((str(address), 0)) or 0


def mine(tape: Tape, kind: int):
    return [each for each in tape.heard(kind) if each.hardware_source == LAPTOP_ETH0_MAC]


# --- an address by hand ----------------------------------------------------------------------------------------------


@pytest.fixture
def tentative(lab, neighborhood, request):
    """An address that somebody sets by hand on the laptop beside the service."""
    address = IPv6Address(f"2001:db8:2::{request.param}")
    with Tape(lab.laptop, "eth0") as tape:
        lab.laptop.ip(f"addr add {address}/64 dev eth0")
        lab.eventually(lambda: [each for each in mine(tape, SOLICITATION) if each.target == address], within=3.0)
    assert "tentative" in flags(lab, address)
    yield address
    lab.laptop.ip(f"addr del {address}/64 dev eth0")


@pytest.mark.requirement("RFC4862-MN-5.4-02", "RFC4862-MN-5.4.3-01", "RFC4429-MN-3.1-01")
@pytest.mark.parametrize("tentative", ["701"], indirect=True)
def test_a_tentative_address_is_no_source_gets_no_traffic_and_does_not_answer(lab, onto_link, tentative):
    assert "optimistic" not in flags(lab, tentative), "the setting of the interface is for our own addresses"
    with pytest.raises(OSError) as refused:
        bind(lab, tentative)
    assert refused.value.errno == errno.EADDRNOTAVAIL
    question = icmpv6(ECHO_REQUEST, 0, struct.pack("!HH", 1, 1), GUEST, tentative)
    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(frame(ipv6(GUEST, tentative, ICMPV6, question), STRANGER, LAPTOP))
        onto_link.send(solicitation(tentative, GUEST_LOCAL, STRANGER))
        lab.eventually(lambda: [each for each in tape.heard(SOLICITATION) if each.source == GUEST_LOCAL], within=2.0)
        onto_link.send(solicitation(IPv6Address("fe80::ff:fe00:10"), GUEST_LOCAL, STRANGER))
        lab.eventually(lambda: mine(tape, ADVERTISEMENT), within=2.0, what="another address answers meanwhile")
        assert "tentative" in flags(lab, tentative), "what has a source is passed over, and proves nothing"
        assert tentative not in {each.target for each in mine(tape, ADVERTISEMENT)}
        assert not mine(tape, ECHO_REPLY)


@pytest.mark.requirement("RFC4862-MN-5.4.3-01", "RFC4862-MN-5.4.5-01")
@pytest.mark.parametrize("tentative", ["702"], indirect=True)
def test_a_probe_of_somebody_else_from_nowhere_proves_a_duplicate(lab, onto_link, tentative):
    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(solicitation(tentative, NOWHERE, STRANGER))
        lab.eventually(lambda: "dadfailed" in flags(lab, tentative), within=2.0)
        assert tentative not in {each.target for each in mine(tape, ADVERTISEMENT)}
    with pytest.raises(OSError, match="assign requested address"):
        bind(lab, tentative)


@pytest.mark.requirement("RFC4862-MN-5.4.4-01", "RFC4862-MN-5.4.5-01")
@pytest.mark.parametrize("tentative", ["703"], indirect=True)
def test_an_advertisement_for_it_proves_a_duplicate(lab, onto_link, tentative):
    onto_link.send(advertisement_of(tentative, tentative, STRANGER))
    lab.eventually(lambda: "dadfailed" in flags(lab, tentative), within=2.0)
    with pytest.raises(OSError, match="assign requested address"):
        bind(lab, tentative)


# --- the care-of address, optimistic ---------------------------------------------------------------------------------


@pytest.fixture
def optimistic(lab, roaming, neighborhood):
    """Just arrived in network A once more: the care-of address is registered, and its detection goes on."""
    roaming.go_home()
    roaming.laptop.restart()  # of a network that it knows it would not ask again whether the address is free
    lab.eventually(roaming.laptop.is_ready, within=15.0)
    roaming.registered_at(HOME)
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    care_of = roaming.home_addresses()[0].care_of_address
    assert "optimistic" in flags(lab, care_of)
    yield Found(care_of, IPv6Address("2001:db8:2::ff:fe00:10"))
    lab.eventually(lambda: "tentative" not in lab.laptop.run(["ip", "-6", "addr"]), within=ENDED)


@pytest.mark.requirement("RFC4429-MN-3.3-02")
def test_it_answers_without_overriding_what_others_know(lab, onto_link, optimistic):
    def answer(tape: Tape):
        return next((each for each in mine(tape, ADVERTISEMENT) if each.target == optimistic.optimistic), None)

    for is_optimistic in (True, False):
        if not is_optimistic:
            lab.eventually(lambda: "optimistic" not in flags(lab, optimistic.optimistic), within=ENDED)
        with Tape(lab.laptop, "eth0") as tape:
            onto_link.send(solicitation(optimistic.optimistic, GUEST_LOCAL, STRANGER))
            said = lab.eventually(lambda tape=tape: answer(tape), within=2.0)
        assert said.flags == ("S" if is_optimistic else "SO")


@pytest.mark.requirement("RFC4429-MN-3.2-03")
def test_a_packet_for_a_neighbour_that_is_not_known_goes_to_the_router_unasked(lab, optimistic):
    lab.laptop.run(["ip", "-6", "neigh", "flush", "to", str(GUEST), "dev", "eth0"])
    with Tape(lab.laptop, "eth0") as tape:
        lab.laptop.run(["ping", "-6", "-c", "1", "-W", "1", "-I", str(optimistic.optimistic), str(GUEST)], check=False)
        assert "optimistic" in flags(lab, optimistic.optimistic)
        sent = [each for each in mine(tape, ECHO_REQUEST) if each.destination == GUEST]
        assert [(each.source, each.hardware_destination) for each in sent] == [(optimistic.optimistic, ROUTER_MAC)]
        asked = [each for each in mine(tape, SOLICITATION) if each.target == GUEST]
        assert not [each for each in asked if each.source == optimistic.optimistic]
        assert not [each for each in asked if each.at <= sent[0].at]


@pytest.mark.requirement("RFC4429-MN-2.1-01")
def test_a_settled_address_is_chosen_before_it(lab, optimistic):
    """Both are of the network of the destination; with nothing else between them the settled one is taken."""
    assert flags(lab, optimistic.settled)
    assert "tentative" not in flags(lab, optimistic.settled)
    with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        opened.connect((str(GUEST), 9))
        assert opened.getsockname()[0] == str(optimistic.settled)
    assert "optimistic" in flags(lab, optimistic.optimistic)


@pytest.mark.requirement("RFC4429-MN-3.3-03", "RFC4862-MN-5.4.5-01")
def test_a_collision_withdraws_it_at_once_and_moves_the_binding(lab, roaming, onto_link, optimistic):
    address = optimistic.optimistic
    home_address = roaming.home_addresses()[0].address
    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(solicitation(address, NOWHERE, STRANGER))

        def moved() -> bool:
            entry = roaming.home_addresses()[0]
            return entry.registered and entry.care_of_address not in (None, address)

        lab.eventually(moved, within=5.0, what="another care-of address is registered")
        collision = next(each for each in tape.heard(SOLICITATION) if each.hardware_source == STRANGER.hex(":"))
        assert address not in {each.target for each in mine(tape, ADVERTISEMENT)}, "it was not defended"
        fresh = roaming.home_addresses()[0].care_of_address
        updates = [at for at, packet in tape.packets() if packet[6] == 60 and packet[66] == 5]
        probe = next(each for each in mine(tape, SOLICITATION) if each.target == fresh)
    assert min(at for at in updates if at > collision.at) - collision.at < 1.0
    assert probe.destination == solicited_node(fresh)
    assert not flags(lab, address)
    bound = Household(lab, home_agent=roaming.home_agent).bound()
    assert bound == {str(home_address): str(fresh)}
    assert f"{address} on eth0 is taken" in complete_log(roaming.laptop)


def test_afterwards_the_laptop_goes_home(lab, roaming):
    lab.move(HOME)
    roaming.registered_at(HOME)
