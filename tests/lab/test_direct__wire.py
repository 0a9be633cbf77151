# SPDX-License-Identifier: GPL-2.0-or-later
"""Laptop and correspondent talk directly, read from captures: which header is where, on what, and what IPsec covers."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

import pytest

from tests.lab import integrity
from tests.lab.direct import correspondent_of, is_direct, talking_directly
from tests.lab.headers import UDP, Seen, packets
from tests.lab.hostile import HOTI, ICMPV6, MOBILITY, Stranger, checksum, icmpv6, ipv6, mobility
from tests.lab.lab import Lab
from tests.lab.node import Node, inside
from tests.lab.roaming import Roaming
from tests.lab.service import Service
from tests.lab.topology import ARMS, CORRESPONDENT_ADDRESS, VISITED_A, VISITED_B

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

PORT, AH_PORT, ESP_PORT = 7030, 7031, 7032
MTU = 1500
HEADER_OF_ROUTE_OPTIMISATION = 24  # octets, of the option's header and of the routing header alike
IPV6_MTU, TCP_MAXSEG = 24, 2
NS, ECHO_REQUEST, ECHO_REPLY = 135, 128, 129
STRANGER = IPv6Address(next(arm.node_address for arm in ARMS if arm.node == "ar-b"))
SOMEBODY = IPv6Address("2001:db8:77::7")  # a home address that the correspondent has no binding for


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

    def exchange(self, port: int, octets: int = 20) -> tuple[str, str]:
        """A datagram each way between two ports of the same number; who each socket says it is from."""
        laptop, other = udp(self.lab.laptop, self.home, port), udp(self.lab.correspondent, CORRESPONDENT_ADDRESS, port)
        with laptop, other:
            there = self._deliver(laptop, other, CORRESPONDENT_ADDRESS, port, octets)
            back = self._deliver(other, laptop, self.home, port, octets)
        return there, back

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


@pytest.mark.requirement("MN-11.3.1-07", "ALL-9.3.1-02", "ALL-6.4.1-03", "ALL-6.3-03")
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
        for each in back:
            assert (each.destination, each.order, each.routing, each.segments_left) == (
                care_of, ("routing 2",), scene.home, 1
            )  # fmt: skip
        assert all(each.has_right_checksum for each in (*out, *back))
        assert all(len(each.home_addresses) <= 1 for each in seen)


@pytest.mark.requirement("ALL-6.1-01", "ALL-6.1-02", "CN-9.3.2-02", "MN-5.2.6-01")
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
        assert bytes((3, 16)) + each.source.packed not in each.body


@pytest.mark.requirement("CN-9.3.2-04")
def test_what_is_sent_leaves_room_for_the_header(scene):
    """The kernel tells programs an MTU that is 24 octets smaller, and packets of that size are not fragmented."""
    size = MTU - HEADER_OF_ROUTE_OPTIMISATION - 40 - 8
    for node, own, other in (
        (scene.lab.correspondent, CORRESPONDENT_ADDRESS, scene.home),
        (scene.lab.laptop, scene.home, CORRESPONDENT_ADDRESS),
    ):
        with udp(node, own, 0) as made:
            made.connect((str(other), PORT))
            assert made.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU) == MTU - HEADER_OF_ROUTE_OPTIMISATION
    seen = scene.record(lambda: scene.exchange(PORT, size))
    for each in (of_port(one, PORT) for one in seen):
        assert {len(packet.octets) for packet in each} == {MTU}
        assert all("fragment" not in packet.order for packet in each)
    assert segment_size(scene) <= MTU - HEADER_OF_ROUTE_OPTIMISATION - 40 - 20


def segment_size(scene: Scene) -> int:
    """What TCP of the correspondent fills its packets with, towards the home address."""
    with inside(scene.lab.laptop.namespace):
        listening = socket.create_server((str(scene.home), PORT), family=socket.AF_INET6)
    there = (str(scene.home), PORT)
    with listening, inside(scene.lab.correspondent.namespace), socket.create_connection(there, 30.0) as calling:
        return calling.getsockopt(socket.IPPROTO_TCP, TCP_MAXSEG)


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


@pytest.mark.requirement("MN-11.3.2-01", "MN-11.3.2-02", "CN-9.3.2-03", "ALL-9.3.1-03")
def test_AH_covers_the_packet_as_it_is_received(protected):
    """Its values are made again by the formulas, with home and care-of address exchanged; and both kernels agree."""
    seen, _ = protected.record(lambda: protected.exchange(AH_PORT))
    mine = of_port(seen, AH_PORT)
    assert [each.order for each in mine] == [("home address", "AH"), ("routing 2", "AH")]
    for each in mine:
        value = integrity.check_value_in(each.octets)
        assert value == integrity.check_value(integrity.as_received(each.octets))
        assert value != integrity.check_value(integrity.as_on_the_wire(each.octets))


@pytest.mark.requirement("MN-11.3.2-01")
def test_ESP_comes_behind_the_headers_of_route_optimisation(protected):
    seen, _ = protected.record(lambda: protected.exchange(ESP_PORT))
    assert [each.order for each in seen if "ESP" in each.order] == [("home address", "ESP"), ("routing 2", "ESP")]


def datagram(port: int) -> bytes:
    body = (9).to_bytes(2) + port.to_bytes(2) + (16).to_bytes(2) + bytes(2) + b"from afar"[:8]
    return body[:6] + checksum(SOMEBODY, CORRESPONDENT_ADDRESS, UDP, body).to_bytes(2) + body[8:]


@pytest.mark.requirement("CN-9.3.1-01", "ALL-9.3.1-03")
def test_before_AH_and_ESP_no_binding_is_asked_for(scene):
    """Whoever has the key needs no binding: the policy decides. AH is right only for the addresses exchanged."""
    node = scene.lab.correspondent
    try:
        for kind, port, spi in (("ah", AH_PORT, 0x3000), ("esp", ESP_PORT, 0x4000)):
            integrity.add_state(node, kind, SOMEBODY, CORRESPONDENT_ADDRESS, spi)
            integrity.add_policy(node, "in", kind, integrity.OPTION, SOMEBODY, CORRESPONDENT_ADDRESS, port)
        ends = STRANGER, CORRESPONDENT_ADDRESS, SOMEBODY
        wrong = integrity.with_ah(*ends, 0x3000, UDP, datagram(AH_PORT), right=False)
        good = integrity.with_ah(*ends, 0x3000, UDP, datagram(AH_PORT))
        esp = integrity.with_esp(*ends, 0x4000, UDP, datagram(ESP_PORT))
        with (
            Stranger(scene.lab.nodes["ar-b"], "core0") as stranger,
            udp(node, CORRESPONDENT_ADDRESS, AH_PORT) as by_ah,
            udp(node, CORRESPONDENT_ADDRESS, ESP_PORT) as by_esp,
        ):
            stranger.send(wrong)
            for packet, receiver in ((good, by_ah), (esp, by_esp)):
                stranger.send(packet)
                assert scene.lab.eventually(lambda made=receiver: arrived(made), within=5.0) == [str(SOMEBODY)]
            assert arrived(by_ah) == [], "what covers the addresses on the wire"
            assert stranger.received() == [], "no Binding Error"
    finally:
        integrity.remove_all(node)


def arrived(made: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(made.recvfrom(100)[1][0])
        except BlockingIOError:
            return found


@pytest.mark.requirement("CN-9.3.4-01")
def test_a_binding_that_leads_nowhere_ends_when_errors_go_on(scene):
    """The laptop is unplugged. The router of its network says that it is gone, again and again."""
    lab = scene.lab
    (entry,) = scene.service.mnctl("bindings")["binding_cache"]
    assert entry["home_address"] == str(scene.home)
    lab.unplug()
    with udp(lab.correspondent, CORRESPONDENT_ADDRESS, PORT) as made:

        def gone() -> bool:
            made.sendto(b"anybody?", (str(scene.home), PORT))
            return scene.service.mnctl("bindings")["binding_cache"] == []

        lab.eventually(gone, within=60.0, what="the binding ends")
    counted = scene.service.status()["engine"]["counters"]
    assert counted["correspondent.binding.unreachable"] == 1
    assert counted["correspondent.unreachable"] >= 5
    lab.plug(VISITED_A)
    scene.roaming.registered_at(VISITED_A)
    is_direct(scene.roaming, within=60.0)
