# SPDX-License-Identifier: GPL-2.0-or-later
"""Laptop and correspondent talk directly, read from captures: which header is where, on what, and what IPsec covers."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

import pytest

from tests.lab import integrity
from tests.lab.capture import SIGNALLING
from tests.lab.direct import correspondent_of, is_direct, talking_directly
from tests.lab.headers import HEADER, UDP, Seen, packets
from tests.lab.hostile import HOTI, ICMPV6, MOBILITY, Stranger, icmpv6, ipv6, mobility
from tests.lab.lab import Lab
from tests.lab.node import Node, inside
from tests.lab.registration_tape import ALTERNATE_CARE_OF
from tests.lab.return_routability import options
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import CORRESPONDENT_ADDRESS, VISITED_A, VISITED_B

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

PORT, AH_PORT, ESP_PORT = 7030, 7031, 7032
NS, ECHO_REQUEST, ECHO_REPLY = 135, 128, 129
MTU, ROUTING_HEADER, UDP_HEADER = 1500, 24, 8  # octets
IPV6_MTU = 24  # the socket option
SHORT = 24  # seconds that a binding lasts: it is asked for a quarter of it before its end, and again when half is left
LONGEST = 420  # the default
BETWEEN_REQUESTS = 4.0  # seconds: longer than between two requests


def udp(node: Node, address: IPv6Address, port: int) -> socket.socket:
    with inside(node.namespace):
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    made.bind((str(address), port))
    made.setblocking(False)
    return made


@dataclass
class Scene:
    """The laptop in network A, directly connected to the correspondent."""

    lab: Lab
    roaming: Roaming
    service: Service
    home: IPv6Address

    def care_of(self) -> IPv6Address:
        found = correspondent_of(self.roaming)
        assert found is not None and found.care_of_address is not None
        return found.care_of_address

    def record(self, what: Callable[[], object]) -> tuple[list[Seen], list[Seen]]:
        """What passes the links of laptop and correspondent while something is done."""
        lab = self.lab
        with (
            lab.capture(lab.laptop, "eth0", "wire-laptop") as one,
            lab.capture(lab.correspondent, "core0", "wire-cn") as two,
        ):
            what()
        return packets(one.file), packets(two.file)

    def exchange(self, port: int, octets: int = 20, back: int = 0) -> tuple[str, str]:
        """A datagram each way between two ports of the same number, of so many octets, the second one of `back` if
        given; who each socket says it is from."""
        laptop, other = udp(self.lab.laptop, self.home, port), udp(self.lab.correspondent, CORRESPONDENT_ADDRESS, port)
        with laptop, other:
            there = self._deliver(laptop, other, CORRESPONDENT_ADDRESS, port, octets)
            here = self._deliver(other, laptop, self.home, port, back or octets)
        return there, here

    def _deliver(self, sender: socket.socket, receiver: socket.socket, to: IPv6Address, port: int, octets: int) -> str:
        sender.sendto(bytes(octets), (str(to), port))

        def arrived() -> str | None:
            try:
                data, source = receiver.recvfrom(4000)
            except BlockingIOError:
                return None
            assert len(data) == octets
            return str(source[0])

        found = self.lab.eventually(arrived, within=5.0, what=f"a datagram to {to} arrives")
        assert found is not None
        return found


@pytest.fixture(scope="module")
def scene(lab: Lab, roaming: Roaming) -> Iterator[Scene]:
    with talking_directly(roaming) as service:
        lab.move(VISITED_A)
        roaming.registered_at(VISITED_A)
        is_direct(roaming)
        yield Scene(lab, roaming, service, roaming.home_addresses()[0].address)


def of_port(seen: list[Seen], port: int) -> list[Seen]:
    return [each for each in seen if each.protocol == UDP and each.body[2:4] == port.to_bytes(2)]


@pytest.mark.requirement(
    "MN-11.3.1-07", "ALL-9.3.1-02", "ALL-6.4.1-03", "ALL-6.3-03", "ALL-6.3-01", "ALL-6.4.1-01", "CN-9.3.2-01"
)
def test_payload(scene):
    """Option one way, routing header the other, sockets that see neither; and no answer turns a header round."""
    said: list[tuple[str, str]] = []

    def talk() -> None:
        said.append(scene.exchange(PORT))
        scene.lab.correspondent.run(["ping", "-6", "-c", "2", "-i", "0.2", "-W", "5", str(scene.home)])

    at_laptop, at_correspondent = scene.record(talk)
    assert said == [(str(scene.home), str(CORRESPONDENT_ADDRESS))]
    care_of = scene.care_of()
    for seen in (at_laptop, at_correspondent):
        payload = [*of_port(seen, PORT), *(e for e in seen if e.icmp_type in (ECHO_REQUEST, ECHO_REPLY))]
        out = [each for each in payload if each.source == care_of and each.home_addresses]
        back = [each for each in payload if each.source == CORRESPONDENT_ADDRESS and each.routing]
        assert len(out) >= 3 and len(back) >= 3
        for each in out:
            assert (each.destination, each.order, each.home_addresses) == (
                CORRESPONDENT_ADDRESS, ("home address",), (scene.home,)
            )  # fmt: skip
            option = bytes((each.protocol, 2, 1, 2, 0, 0, 201, 16)) + scene.home.packed
            assert each.octets[HEADER : HEADER + len(option)] == option
        for each in back:
            assert (each.destination, each.order, each.routing, each.segments_left) == (
                care_of, ("routing 2",), scene.home, 1
            )  # fmt: skip
            routing = bytes((each.protocol, 2, 2, 1, 0, 0, 0, 0)) + scene.home.packed
            assert each.octets[HEADER : HEADER + len(routing)] == routing
        assert all(each.has_right_checksum for each in (*out, *back))
        assert all(len(each.home_addresses) <= 1 for each in seen)


@pytest.mark.requirement("ALL-6.1-01", "ALL-6.1-02", "CN-9.3.2-02", "MN-5.2.6-01", "MN-11.3.1-05")
def test_signalling_and_neighbor_discovery_take_no_notice_of_the_binding(scene):
    """A Home Test goes to the home address although there is a binding, and a solicitation as it is.

    The Binding Updates of the move name no other care-of address than their source, which was tested.
    """
    lab, home = scene.lab, scene.home

    def talk() -> None:
        hoti = ipv6(home, CORRESPONDENT_ADDRESS, MOBILITY, mobility(HOTI, bytes(10), home, CORRESPONDENT_ADDRESS))
        with Stranger(lab.laptop, "eth0") as somebody:
            somebody.send(hoti)
        with inside(lab.correspondent.namespace):
            raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, ICMPV6)
        with raw:
            body = icmpv6(NS, 0, bytes(4) + home.packed, CORRESPONDENT_ADDRESS, home)
            raw.sendto(body, (str(home), 0))
        lab.move(VISITED_B)
        scene.roaming.registered_at(VISITED_B)
        is_direct(scene.roaming)
        lab.move(VISITED_A)
        scene.roaming.registered_at(VISITED_A)
        is_direct(scene.roaming)

    at_laptop, at_correspondent = scene.record(talk)
    solicitations = [e for e in at_correspondent if e.icmp_type == NS and e.body[8:24] == home.packed]
    assert [(each.destination, each.order) for each in solicitations] == [(home, ())]
    local = [each for each in at_laptop if each.is_neighbor_discovery or each.destination.is_link_local]
    assert local and not [each for each in local if each.home_addresses]
    signalling = [each.innermost for each in (*at_laptop, *at_correspondent) if each.innermost.message]
    assert {each.message for each in signalling} >= {"HoTI", "HoT", "CoTI", "CoT", "BU", "BA"}
    for each in signalling:
        assert ("home address" in each.order) is (each.message == "BU"), each
        assert ("routing 2" in each.order) is (each.message == "BA"), each
    tested = {each.destination for each in signalling if each.message == "CoT"}
    updates = [e for e in signalling if e.message == "BU" and e.destination == CORRESPONDENT_ADDRESS]
    assert updates
    for each in updates:
        assert each.source in tested
        assert ALTERNATE_CARE_OF not in options(each)


@pytest.mark.requirement("ALL-6.3-02")
def test_fragments_have_both_headers_before_them(scene):
    seen, _ = scene.record(lambda: scene.exchange(PORT, 2 * MTU))
    care_of = scene.care_of()
    out, back = (
        [each.order for each in seen if "fragment" in each.order and each.source == source]
        for source in (care_of, CORRESPONDENT_ADDRESS)
    )
    assert len(out) >= 2 and set(out) == {("home address", "fragment")}
    assert len(back) >= 2 and set(back) == {("routing 2", "fragment")}


@pytest.mark.requirement("CN-9.3.2-04")
def test_what_the_correspondent_sends_leaves_room_for_the_header(scene):
    """Its kernel tells programs an MTU that is 24 octets smaller, and packets of that size are not fragmented."""
    size = MTU - ROUTING_HEADER - HEADER - UDP_HEADER
    with udp(scene.lab.correspondent, CORRESPONDENT_ADDRESS, 0) as made:
        made.connect((str(scene.home), PORT))
        assert made.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU) == MTU - ROUTING_HEADER
    _, seen = scene.record(lambda: scene.exchange(PORT, back=size))
    (sent,) = [each for each in of_port(seen, PORT) if each.source == CORRESPONDENT_ADDRESS]
    assert (len(sent.octets), sent.order) == (MTU, ("routing 2",))


@pytest.mark.requirement("CN-9.5.5-01", "CN-9.5.5-02")
def test_who_does_not_renew_a_binding_in_use_is_asked_until_he_does(scene):
    """The laptop's service stands still for a while; its kernel goes on to send and receive."""
    lab = scene.lab
    scene.service.mnctl("settings", "set", "correspondent_node.max_lifetime", str(SHORT))
    lab.move(VISITED_B)
    scene.roaming.registered_at(VISITED_B)
    is_direct(scene.roaming)
    with (
        udp(lab.correspondent, CORRESPONDENT_ADDRESS, PORT) as made,
        lab.capture(lab.correspondent, "core0", "refresh", SIGNALLING) as capture,
    ):

        def asked() -> list[Seen]:
            made.sendto(b"in use", (str(scene.home), PORT))
            return of_message(packets(capture.file), "BRR")

        with scene.roaming.laptop.standing_still():
            lab.eventually(asked, within=SHORT, what="it is asked to renew the binding")
        lab.eventually(lambda: answered(packets(capture.file)), within=20.0, what="it does")
        until = time.monotonic() + BETWEEN_REQUESTS
        lab.eventually(lambda: time.monotonic() > until, within=2 * BETWEEN_REQUESTS)
    scene.service.mnctl("settings", "set", "correspondent_node.max_lifetime", str(LONGEST))
    requests, renewed = of_message(packets(capture.file), "BRR"), answered(packets(capture.file))
    assert {(each.source, each.innermost.destination) for each in requests} == {(CORRESPONDENT_ADDRESS, scene.home)}
    assert all(each.order == () for each in requests), "by no binding"
    assert [each for each in requests if each.at > renewed[-1].at] == []
    lab.move(VISITED_A)
    scene.roaming.registered_at(VISITED_A)
    is_direct(scene.roaming)


def of_message(seen: list[Seen], kind: str) -> list[Seen]:
    return [each for each in seen if each.message == kind]


def answered(seen: list[Seen]) -> list[Seen]:
    """Acknowledgements behind the first request."""
    requests = of_message(seen, "BRR")
    return [each for each in of_message(seen, "BA") if requests and each.at > requests[0].at]


@pytest.fixture
def protected(scene: Scene) -> Iterator[Scene]:
    """AH on one port and ESP on another, both ways, by policies that somebody has set with `ip`."""
    ends = (
        (scene.lab.laptop, scene.home, integrity.OPTION),
        (scene.lab.correspondent, CORRESPONDENT_ADDRESS, integrity.ROUTING_HEADER),
    )
    for kind, port, spi in (("ah", AH_PORT, 0x1000), ("esp", ESP_PORT, 0x2000)):
        for (node, own, header), (far, other, _) in (ends, ends[::-1]):
            for each in (node, far):
                integrity.add_state(each, kind, own, other, spi)
            integrity.add_policy(node, "out", kind, header, own, other, port)
            integrity.add_policy(far, "in", kind, header, own, other, port)
            spi += 1
    yield scene
    for node, _, _ in ends:
        integrity.remove_all(node)


@pytest.mark.requirement("MN-11.3.2-01", "MN-11.3.2-02", "CN-9.3.2-03", "ALL-9.3.1-03", "ALL-6.3-02")
def test_AH_covers_the_packet_as_it_is_received(protected):
    """Its values are made again by the formulas, with home and care-of address exchanged; and both kernels agree."""
    seen, _ = protected.record(lambda: protected.exchange(AH_PORT))
    mine = of_port(seen, AH_PORT)
    assert [each.order for each in mine] == [("home address", "AH"), ("routing 2", "AH")]
    for each in mine:
        value = integrity.check_value_in(each.octets)
        assert value == integrity.check_value(integrity.as_received(each.octets))
        assert value != integrity.check_value(integrity.as_on_the_wire(each.octets))


@pytest.mark.requirement("MN-11.3.2-01", "ALL-6.3-02")
def test_ESP_comes_behind_the_headers_of_route_optimisation(protected):
    seen, _ = protected.record(lambda: protected.exchange(ESP_PORT))
    assert [each.order for each in seen if "ESP" in each.order] == [("home address", "ESP"), ("routing 2", "ESP")]
