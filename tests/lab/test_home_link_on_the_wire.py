# SPDX-License-Identifier: GPL-2.0-or-later
"""What the laptop and its home agent say on the links, read from captures: at home, away, and on the way back."""

import signal
from collections.abc import Iterator
from ipaddress import IPv6Address

import pytest

from tests.lab.asking import ask_status
from tests.lab.guest import MAC, Guest
from tests.lab.headers import Seen, packets
from tests.lab.hostile import BA, BU, ICMPV6, MOBILITY
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.topology import (
    CORRESPONDENT_ADDRESS,
    HOME,
    HOME_PREFIX,
    LAPTOP_ETH0_MAC,
    VISITED_A,
)
from tests.lab.traffic import call_from_outside

pytestmark = pytest.mark.lab

NEIGHBOUR = "2001:db8:1::77"
NS, NA, RS, ECHO_REQUEST = 135, 136, 133, 128
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


@pytest.fixture(scope="module")
def guest(lab: Lab, roaming: Roaming) -> Iterator[Guest]:
    """Somebody on the home link."""
    with Guest(lab) as made:
        made.plug(HOME)
        made.node.ip(f"addr add {NEIGHBOUR}/64 dev eth0 nodad")
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


@pytest.mark.requirement("MN-11.3.1-09")
def test_away_a_packet_with_another_source_is_as_everybodys(lab, away, home):
    """From the care-of address it goes as it is; from the home address through the tunnel, as it is inside."""
    care_of = away.home_addresses()[0].care_of_address
    assert care_of is not None
    with lab.capture(lab.laptop, "eth0", "away") as capture:
        ping(lab.laptop, str(care_of), str(CORRESPONDENT_ADDRESS))
        ping(lab.laptop, str(home), str(CORRESPONDENT_ADDRESS))
    asked = [each for each in from_laptop(packets(capture.file)) if each.innermost.icmp_type == ECHO_REQUEST]
    asked = [each for each in asked if each.innermost.destination == CORRESPONDENT_ADDRESS]
    plain, tunnelled = ([e for e in asked if e.innermost.source == source] for source in (care_of, home))
    assert [(each.order, each.inner) for each in plain] == [((), None)]
    (through,) = tunnelled
    assert (through.source, through.innermost.order) == (care_of, ())
    assert through.inner is not None


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
    process = away.home_agent.process
    assert process is not None
    guest.node.run(["ip", "-6", "neigh", "flush", "dev", "eth0"])
    process.popen.send_signal(signal.SIGSTOP)
    try:
        with lab.capture(lab.laptop, "eth0", "deregistering") as capture:
            lab.move(HOME)
            lab.eventually(lambda: _is_returning(away), within=10.0, what="it has begun to de-register")
            ping(guest.node, NEIGHBOUR, str(home), check=False)
            lab.eventually(lambda: _answered(capture.file, home), within=10.0, what="the laptop answers")
    finally:
        process.popen.send_signal(signal.SIGCONT)
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
