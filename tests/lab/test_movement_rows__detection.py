# SPDX-License-Identifier: GPL-2.0-or-later
"""Duplicate address detection (RFC 4862) and optimistic addresses (RFC 4429) on the wire, in slow motion.

RetransTimer of the laptop's interface is three seconds, so a detection lasts that long.
"""

import errno
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv6Address

import pytest

from tests.lab.discovery import (
    ADVERTISEMENT,
    ECHO_REPLY,
    ECHO_REQUEST,
    NOWHERE,
    ROUTER_SOLICITATION,
    SOLICITATION,
    Tape,
    advertisement_of,
    frame,
    solicitation,
    solicited_node,
)
from tests.lab.guest import neighbour_in_a
from tests.lab.hostile import (
    ICMPV6,
    advertisement,
    complete_log,
    frames,
    icmpv6,
    ipv6,
    prefix_option,
    router_frame,
)
from tests.lab.household import Household
from tests.lab.lab import Lab
from tests.lab.node import inside
from tests.lab.roaming import Roaming
from tests.lab.topology import BRIDGES, HOME, LAPTOP_ETH0_MAC, VISITED_A, VISITED_B

pytestmark = pytest.mark.lab

RETRANS_TIMER, SLOW_MOTION = "net/ipv6/neigh/eth0/retrans_time_ms", 6000  # milliseconds
ROUTER_MAC = "02:00:00:00:02:01"
ROUTER_B, ROUTER_B_HARDWARE = IPv6Address("fe80::ff:fe00:301"), bytes.fromhex("020000000301")
GUEST, GUEST_LOCAL = IPv6Address("2001:db8:2::66"), IPv6Address("fe80::ff:fe00:66")
SETTLED = IPv6Address("2001:db8:2::ff:fe00:10")
STRANGER = bytes.fromhex("02bad0bad001")
LAPTOP = bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))
ENDED = 14.0  # seconds in which a detection has ended, with the kernel's random delay before it


@dataclass
class Found:
    """The care-of address while it was optimistic; `settled` is what `ip` said of the kernel's own one beside it."""

    address: IPv6Address
    answers: list[str] = field(default_factory=list)
    tape: Tape | None = None
    settled: str = ""
    chosen: str = ""


@pytest.fixture(scope="module")
def neighborhood(lab, roaming):
    """The laptop was in network A before, and has a neighbour there."""
    with neighbour_in_a(lab, roaming, GUEST) as guest:
        lab.laptop.sysctl(RETRANS_TIMER, SLOW_MOTION)
        yield guest


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


@pytest.mark.requirement("RFC4862-MN-5.4.3-01")
def test_its_own_probe_that_comes_back_proves_nothing(lab, neighborhood, onto_link):
    """As on a link where a cable makes a loop."""
    address = IPv6Address("2001:db8:2::704")
    with Tape(lab.laptop, "eth0") as tape:
        lab.laptop.ip(f"addr add {address}/64 dev eth0")

        def probes() -> list[bytes]:
            return [
                each for _, each in tape.frames() if each[54:55] == bytes((SOLICITATION,)) and address.packed in each
            ]

        try:
            (probe,) = lab.eventually(probes, within=3.0)
            onto_link.send(probe)
            lab.eventually(lambda: len(probes()) == 2, within=2.0, what="it is back")
            lab.eventually(lambda: "tentative" not in flags(lab, address), within=ENDED)
            assert bind(lab, address) == 0
        finally:
            lab.laptop.ip(f"addr del {address}/64 dev eth0")


# --- the care-of address, optimistic ---------------------------------------------------------------------------------


def arrive_optimistic(lab: Lab, roaming: Roaming) -> IPv6Address:
    """Come to network A as for the first time: the care-of address is registered, and its detection goes on.

    Of a network that it knows the service would not ask again whether the address is free, so it is started anew.
    """
    lab.laptop.sysctl(RETRANS_TIMER, 1000)
    roaming.go_home()
    roaming.laptop.restart()
    lab.eventually(roaming.laptop.is_ready, within=15.0)
    roaming.registered_at(HOME)
    lab.laptop.sysctl(RETRANS_TIMER, SLOW_MOTION)
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    care_of = roaming.home_addresses()[0].care_of_address
    assert care_of is not None
    assert "optimistic" in flags(lab, care_of)
    return care_of


@pytest.fixture(scope="module")
def optimistic(lab, roaming, neighborhood):
    """Everything that is to be seen of an optimistic address, in its six seconds; and one thing after them."""
    made = Found(arrive_optimistic(lab, roaming))
    address = made.address
    with frames(lab.nodes["switch"], BRIDGES[VISITED_A]) as onto_link:
        made.answers.append(answer_to(lab, onto_link, address))
        lab.laptop.run(["ip", "-6", "neigh", "flush", "to", str(GUEST), "dev", "eth0"])
        with Tape(lab.laptop, "eth0") as made.tape:
            lab.laptop.run(["ping", "-6", "-c", "1", "-W", "1", "-I", str(address), str(GUEST)], check=False)
        made.settled = flags(lab, SETTLED)
        with inside(lab.laptop.namespace), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
            opened.connect((str(GUEST), 9))
            made.chosen = opened.getsockname()[0]
        assert "optimistic" in flags(lab, address), "it took too long to look at all of it"
        lab.eventually(lambda: "tentative" not in flags(lab, address), within=ENDED)
        made.answers.append(answer_to(lab, onto_link, address))
    return made


def answer_to(lab: Lab, onto_link: socket.socket, address: IPv6Address) -> str:
    """The flags of the laptop's answer to a solicitation for an address."""
    with Tape(lab.laptop, "eth0") as tape:
        onto_link.send(solicitation(address, GUEST_LOCAL, STRANGER))
        answers = lab.eventually(
            lambda: [each for each in mine(tape, ADVERTISEMENT) if each.target == address], within=2.0
        )
    return answers[0].flags


@pytest.mark.requirement("RFC4429-MN-3.3-02")
def test_it_answers_without_overriding_what_others_know(optimistic):
    assert optimistic.answers == ["S", "SO"], "only once its detection has ended"


@pytest.mark.requirement("RFC4429-MN-3.2-03")
def test_a_packet_for_a_neighbour_that_is_not_known_goes_to_the_router_unasked(optimistic):
    sent = [each for each in mine(optimistic.tape, ECHO_REQUEST) if each.destination == GUEST]
    assert [(each.source, each.hardware_destination) for each in sent] == [(optimistic.address, ROUTER_MAC)]
    asked = [each for each in mine(optimistic.tape, SOLICITATION) if each.target == GUEST]
    assert not [each for each in asked if each.source == optimistic.address or each.at <= sent[0].at]


@pytest.mark.requirement("RFC4429-MN-2.1-01")
def test_a_settled_address_is_chosen_before_it(optimistic):
    """Both are of the network of the destination; with nothing else between them the settled one is taken."""
    assert optimistic.settled
    assert "tentative" not in optimistic.settled
    assert optimistic.chosen == str(SETTLED)


@pytest.mark.requirement("RFC4429-MN-3.3-03", "RFC4862-MN-5.4.5-01")
def test_a_collision_withdraws_it_at_once_and_moves_the_binding(lab, roaming, onto_link, optimistic):
    address = arrive_optimistic(lab, roaming)
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


@pytest.mark.requirement("RFC4429-MN-3.2-04", "RFC4862-MN-5.4-02")
def test_where_the_router_does_not_say_its_hardware_address_nothing_leaves_before_the_detection_has_ended(lab, roaming):
    """Network B, whose router advertises without the option."""
    lab.routers[VISITED_B].stop()
    body = advertisement(prefix_option("2001:db8:3::"), home_agent=False)
    with Tape(lab.laptop, "eth0") as tape, frames(lab.nodes["switch"], BRIDGES[VISITED_B]) as opened:
        lab.move(VISITED_B)
        lab.eventually(lambda: tape.heard(ROUTER_SOLICITATION), within=3.0)
        opened.send(router_frame(ROUTER_B, ROUTER_B_HARDWARE, body))

        def formed() -> str:
            lines = lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"]).splitlines()
            return next((line for line in lines if " 2001:db8:3:" in line and "noprefixroute" in line), "")

        line = lab.eventually(formed, within=3.0)
        assert "tentative" in line
        assert "optimistic" not in line
        roaming.registered_at(VISITED_B)
        care_of = roaming.home_addresses()[0].care_of_address
        probe = next(each for each in mine(tape, SOLICITATION) if each.target == care_of)
        sent = [at for at, packet in tape.packets() if IPv6Address(packet[8:24]) == care_of]
    assert sent
    assert min(sent) - probe.at > SLOW_MOTION / 1000 - 0.1
    lab.move(HOME)
    roaming.registered_at(HOME)
