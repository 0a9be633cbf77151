# SPDX-License-Identifier: GPL-2.0-or-later
"""What the laptop and its home agent say on the links, read from captures: at home, away, and on the way back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address

import pytest

from tests.lab.asking import ask, ask_status
from tests.lab.guest import MAC, Guest
from tests.lab.headers import UDP, Seen, packets
from tests.lab.hostile import BA, BU, ICMPV6, MOBILITY, Stranger, ipv6, mobility, update
from tests.lab.lab import Lab
from tests.lab.node import Node, inside
from tests.lab.registration_tape import acknowledgements
from tests.lab.roaming import Roaming
from tests.lab.topology import (
    CORRESPONDENT_ADDRESS,
    HOME,
    HOME_AGENT_ADDRESS,
    HOME_AGENT_MAC,
    HOME_PREFIX,
    LAPTOP_ETH0_MAC,
    VISITED_A,
)
from tests.lab.traffic import call_from_outside

pytestmark = pytest.mark.lab

NEIGHBOUR = "2001:db8:1::77"
PORT = 7033
NS, NA, RS, UNREACHABLE, ECHO_REQUEST, ECHO_REPLY = 135, 136, 133, 1, 128, 129
UNSPECIFIED = IPv6Address("::")


def hardware(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def target(seen: Seen) -> IPv6Address:
    """The target of a Neighbor Solicitation or Advertisement."""
    return IPv6Address(seen.body[8:24])


def from_laptop(seen: list[Seen]) -> list[Seen]:
    return [each for each in seen if each.link_layer[1] == hardware(LAPTOP_ETH0_MAC)]


def ping(node, source: str, destination: str, *, count: int = 1, check: bool = True) -> str:
    return node.run(["ping", "-6", "-c", str(count), "-W", "2", "-I", source, destination], check=check)


@pytest.fixture(scope="module")
def home(lab: Lab, roaming: Roaming) -> IPv6Address:
    return roaming.home_addresses()[0].address


@pytest.fixture
def away(lab: Lab, at_home: Roaming) -> Roaming:
    lab.move(VISITED_A)
    at_home.registered_at(VISITED_A)
    return at_home


def is_settled(guest: Guest) -> bool:
    """With a carrier and a link-local address: before that it solicits nobody."""
    seen = guest.addresses()
    return "fe80" in seen and "tentative" not in seen


@pytest.fixture(scope="module")
def guest(lab: Lab, roaming: Roaming) -> Iterator[Guest]:
    """Somebody on the home link."""
    with Guest(lab) as made:
        made.plug(HOME)
        # It probes at once: later an announcement that the home agent repeats could be quicker to end the detection.
        made.node.sysctl("net/ipv6/conf/eth0/router_solicitation_delay", 0)
        made.node.ip(f"addr add {NEIGHBOUR}/64 dev eth0 nodad")
        lab.eventually(lambda: is_settled(made), within=5.0, what="the guest has its addresses")
        yield made


@pytest.mark.requirement("MN-11.3.1-09")
def test_at_home_packets_are_as_everybodys(lab, at_home, home):
    with lab.capture(lab.laptop, "eth0", "at-home") as capture:
        ping(lab.laptop, str(home), str(CORRESPONDENT_ADDRESS))
        call_from_outside(lab, home)
    sent = [each for each in from_laptop(packets(capture.file)) if each.source == home]
    assert any(each.icmp_type == ECHO_REQUEST for each in sent)
    for each in sent:
        assert (each.order, each.inner) == ((), None)


@pytest.mark.requirement("MN-11.3.1-09", "MN-11.3.1-04", "MN-11.3.1-03", "HA-10.4.2-01")
def test_away_a_packet_with_another_source_is_as_everybodys(lab, away, home):
    """From the care-of address it goes as it is; from the home address through the tunnel, as it is inside.

    What comes for the home address comes through the tunnel as well.
    """
    care_of = away.home_addresses()[0].care_of_address
    assert care_of is not None
    with lab.capture(lab.laptop, "eth0", "away") as capture:
        ping(lab.laptop, str(care_of), str(CORRESPONDENT_ADDRESS))
        ping(lab.laptop, str(home), str(CORRESPONDENT_ADDRESS))
    seen = packets(capture.file)
    asked = [each for each in from_laptop(seen) if each.innermost.icmp_type == ECHO_REQUEST]
    asked = [each for each in asked if each.innermost.destination == CORRESPONDENT_ADDRESS]
    plain, tunnelled = ([e for e in asked if e.innermost.source == source] for source in (care_of, home))
    assert [(each.order, each.inner) for each in plain] == [((), None)]
    (through,) = tunnelled
    assert (through.source, through.destination, through.innermost.order) == (care_of, HOME_AGENT_ADDRESS, ())
    assert through.inner is not None
    answers = [e for e in seen if e.innermost.icmp_type == ECHO_REPLY and e.innermost.destination == home]
    (back,) = [each for each in answers if each.innermost.source == CORRESPONDENT_ADDRESS]
    assert (back.source, back.destination, back.innermost.order) == (HOME_AGENT_ADDRESS, care_of, ())


@pytest.mark.requirement("HA-10.4.1-03")
def test_the_home_agent_answers_for_the_absent(lab, away, guest, home):
    """A solicitation and a probe of duplicate detection: its own hardware address, no router."""
    lab.eventually(lambda: defends(lab, home), within=5.0)
    guest.node.run(["ip", "-6", "neigh", "flush", "dev", "eth0"])
    with lab.capture(lab.home_agent, "home0", "for-the-absent") as capture:
        ping(guest.node, NEIGHBOUR, str(home))
        for _ in range(3):  # what the home agent still repeats by itself may come before the guest has asked
            guest.take(str(home))
            lab.eventually(lambda: "dadfailed" in guest.addresses(), within=5.0, what="the address is taken")
            guest.give_back(str(home))
    seen = packets(capture.file)
    asked = [each for each in seen if each.icmp_type == NS and target(each) == home and _is_of(each, MAC)]
    assert {each.source == UNSPECIFIED for each in asked} == {True, False}, seen
    answers = [each for each in seen if each.icmp_type == NA and target(each) == home]
    assert {str(each.destination) for each in answers} >= {"ff02::1", NEIGHBOUR}
    for each in answers:
        assert each.link_layer[1] == hardware(HOME_AGENT_MAC)
        assert each.body[4] & 0x80 == 0, "R is set"
        assert hardware(HOME_AGENT_MAC) in each.body[24:]


def defends(lab, *addresses: IPv6Address | str) -> bool:
    """Whether the home agent answers for these: it begins when duplicate detection is over."""
    there = lab.home_agent.run(["ip", "-6", "neigh", "show", "proxy"]).split()
    return all(str(each) in there for each in addresses)


@pytest.mark.requirement("HA-10.3.2-04")
def test_a_refusal_goes_to_the_hardware_address_of_who_asked(lab, away, guest, home):
    """Although packets to the home address are drawn to the home agent, and go through the tunnel."""
    lab.eventually(lambda: defends(lab, home), within=5.0)
    (entry,) = ask(away.home_agent)[1]
    old = mobility(BU, update(entry.sequence, lifetime=0), home, HOME_AGENT_ADDRESS)
    with lab.capture(guest.node, "eth0", "refused") as capture, Stranger(guest.node, "eth0") as somebody:
        somebody.send(ipv6(home, HOME_AGENT_ADDRESS, MOBILITY, old))
        lab.eventually(lambda: acknowledgements(packets(capture.file)), within=5.0, what="it is refused")
    (answer,) = acknowledgements(packets(capture.file))
    assert (answer.status, answer.seen.destination, answer.seen.routing) == (135, home, None)
    assert answer.seen.link_layer == (hardware(MAC), hardware(HOME_AGENT_MAC))


def _is_of(seen: Seen, mac: str) -> bool:
    return seen.link_layer[1] == hardware(mac)


@pytest.mark.requirement("HA-10.4.2-03")
def test_nothing_is_tunnelled_to_the_link_local_address_of_the_absent(lab, away, guest, home):
    """The home agent defends it as well, since the laptop has set L; whoever writes to it is told that it is away."""
    link_local = str(IPv6Address((0xFE80 << 112) | int(home) & (1 << 64) - 1))
    lab.eventually(lambda: defends(lab, link_local), within=5.0)
    guest.node.run(["ip", "-6", "neigh", "flush", "dev", "eth0"])
    with (
        lab.capture(guest.node, "eth0", "link-local") as at_guest,
        lab.capture(lab.home_agent, "core0", "link-local-core") as core,
    ):
        ping(guest.node, "eth0", link_local, check=False)
    seen = packets(at_guest.file)
    defended = [each for each in seen if each.icmp_type == NA and str(target(each)) == link_local]
    assert defended and all(each.link_layer[1] == hardware(HOME_AGENT_MAC) for each in defended)
    assert [each for each in packets(core.file) if str(each.innermost.destination) == link_local] == []
    errors = [each for each in seen if each.icmp_type == UNREACHABLE and _is_of(each, HOME_AGENT_MAC)]
    assert errors, "nobody says that it is unreachable"
    assert all(
        each.body[1] == 3 and IPv6Address(each.body[8 + 24 : 8 + 40]) == IPv6Address(link_local) for each in errors
    )


@pytest.mark.requirement("MN-11.5.5-03", "MN-11.5.3-04")
def test_on_the_way_back_nobody_is_asked_from_the_home_address(lab, away, home):
    """While the home agent still defends it: until its acknowledgement of the de-registration."""
    with lab.capture(lab.laptop, "eth0", "on-the-way-back") as capture:
        lab.move(HOME)
        away.registered_at(HOME)
    seen = packets(capture.file)
    end = next(n for n, each in enumerate(seen) if each.protocol == MOBILITY and each.body[2] == BA)
    assert any(each.body[2] == BU for each in from_laptop(seen[:end]) if each.protocol == MOBILITY)
    before = [each for each in from_laptop(seen[:end]) if each.protocol == ICMPV6]
    asked = [each for each in before if each.icmp_type in (NS, RS)]
    assert asked
    assert [each for each in asked if each.source == home] == []
    for each in asked:
        assert each.source == UNSPECIFIED or each.source.is_link_local, "from another than the link-local address"


@pytest.mark.requirement("MN-11.5.5-08")
def test_after_the_deregistration_was_sent_a_solicitation_is_answered(lab, away, guest, home):
    """The home agent is silent for a while: the laptop waits for its answer, and answers to whoever asks for it."""
    guest.node.run(["ip", "-6", "neigh", "flush", "dev", "eth0"])
    with away.home_agent.standing_still(), lab.capture(lab.laptop, "eth0", "deregistering") as capture:
        lab.move(HOME)
        lab.eventually(lambda: _is_returning(away), within=10.0, what="it has begun to de-register")
        ping(guest.node, NEIGHBOUR, str(home), check=False)
        lab.eventually(lambda: _answered(capture.file, home), within=10.0, what="the laptop answers")
    away.registered_at(HOME, within=40.0)


def _is_returning(roaming: Roaming) -> bool:
    (entry,) = ask_status(roaming.laptop).engine.home_addresses
    return entry.state.value == "returning"


def _answered(file, home: IPv6Address) -> bool:
    seen = packets(file)
    sent = [n for n, e in enumerate(seen) if e.protocol == MOBILITY and e.body[2] == BU and e.source == home]
    if not sent:
        return False
    later = from_laptop(seen[sent[0] :])
    return any(
        each.icmp_type == NA and target(each) == home and str(each.destination) == NEIGHBOUR
        and each.link_layer[0] == hardware(MAC)
        for each in later
    )  # fmt: skip


@pytest.mark.requirement("MN-11.5.3-04")
def test_router_solicitations_and_probes_come_from_the_link_local_address(lab, at_home, home):
    with lab.capture(lab.laptop, "eth0", "solicitations") as capture:
        lab.move(VISITED_A)
        at_home.registered_at(VISITED_A)
    sent = [each for each in from_laptop(packets(capture.file)) if each.is_neighbor_discovery]
    solicitations = [each for each in sent if each.icmp_type == RS]
    assert solicitations
    for each in solicitations:
        assert each.source == UNSPECIFIED or each.source.is_link_local
    probes = [each for each in sent if each.icmp_type == NS and each.source == UNSPECIFIED]
    assert {target(each) in HOME_PREFIX for each in probes} <= {False}
    assert [each for each in sent if each.source == home] == []


@contextmanager
def talking(node: Node, source: IPv6Address, *destinations: str) -> Iterator[None]:
    """For the block a program sends datagrams without a pause, to each of these, from this address."""
    with inside(node.namespace):
        opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    opened.bind((str(source), 0))
    is_over = threading.Event()

    def talk() -> None:
        while not is_over.wait(0.0005):
            for each in destinations:
                with suppress(OSError):  # there is no way for a moment
                    opened.sendto(b"all the time", (each, PORT))

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        opened.close()


@pytest.mark.requirement("MN-11.5.5-01", "MN-11.5.5-03")
def test_who_talks_all_the_way_home_asks_for_nobody_from_the_home_address_before_it_is_let_go(lab, away, guest, home):
    """Packets for the home link and for beyond it wait for the de-registration, and for neighbours until its answer."""
    with (
        away.home_agent.standing_still(),
        lab.capture(lab.laptop, "eth0", "talking") as capture,
        talking(lab.laptop, home, NEIGHBOUR, str(CORRESPONDENT_ADDRESS)),  # ends first
    ):
        lab.move(HOME)
        lab.eventually(lambda: _is_returning(away), within=10.0, what="it has begun to de-register")
        lab.eventually(lambda: _talks_at_home(capture.file, home), within=10.0, what="it goes on talking")
    away.registered_at(HOME, within=40.0)
    sent = [each for each in from_laptop(packets(capture.file)) if each.source == home]
    assert sent[0].message == "BU"
    assert [each for each in sent if each.is_neighbor_discovery] == []
    ping(guest.node, NEIGHBOUR, str(home))


def _talks_at_home(file, home: IPv6Address) -> bool:
    """Whether its packets have left from the home address, for beyond the home link and for somebody on it."""
    sent = [each for each in from_laptop(packets(file)) if each.source == home and each.protocol == UDP]
    return {str(each.destination) for each in sent} == {NEIGHBOUR, str(CORRESPONDENT_ADDRESS)}
