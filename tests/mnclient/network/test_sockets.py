# SPDX-License-Identifier: GPL-2.0-or-later
"""Signalling in and out, and a kernel that keeps quiet about it."""

import socket
import struct
import time
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import LinkChanged, MalformedReceived, PacketReceived
from mnclient.errors import WireFault
from mnclient.model.network_state import Address, DuplicateDetection, Neighbor, ProxyNeighbor, Route, TunnelDevice
from mnclient.units import Seconds
from mnclient.wire.addresses import ALL_NODES, ALL_ROUTERS, UNSPECIFIED, solicited_node
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.icmpv6 import EchoReply, EchoRequest
from mnclient.wire.neighbor_discovery import NeighborSolicitation, RouterAdvertisement, RouterSolicitation
from mnclient.wire.neighbor_options import RouterPreference
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.network.lab import Lab, Namespace, Node, add_address, eventually

pytestmark = pytest.mark.lab

US, THEM = IPv6Address("2001:db8:2::2"), IPv6Address("2001:db8:2::1")
HOME = IPv6Address("2001:db8:1::100")
UPDATE = BindingUpdate(sequence=7, lifetime=Seconds(400.0), acknowledge=True, home_registration=True)
ACKNOWLEDGEMENT = BindingAcknowledgement(status=0, sequence=7, lifetime=Seconds(400.0))


def pair(lab: Lab) -> tuple[Namespace, Namespace]:
    us, them = (lab.host(detects_duplicates=False) for _ in range(2))
    lab.cable(us, them)
    add_address(us, f"{US}/64")
    add_address(them, f"{THEM}/64")
    them.run("ping -c1 -W3 2001:db8:2::2")  # the link works, and hardware addresses are known
    return us, them


class Adversary:
    """Sends whatever it likes, and hears which ICMPv6 errors come back."""

    def __init__(self, lab: Lab, host: Namespace) -> None:
        self._raw = lab.socket(host, "::", socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._icmp = lab.socket(host, "::", socket.SOCK_RAW, socket.IPPROTO_ICMPV6)

    def send(self, data: bytes, to: IPv6Address = US) -> None:
        self._raw.sendto(data, (str(to), 0))

    def errors(self) -> list[tuple[int, int]]:
        """Type and code of all errors up to now: an answered ping comes after them."""
        self._icmp.sendto(struct.pack("!BBHHH", 128, 0, 0, 7, 7), (str(US), 0))
        found = []
        while True:
            data = self._icmp.recv(2000)
            if data[0] == 129:
                return found
            if data[0] < 128:
                found.append((data[0], data[1]))


def header(next_header: int, body: bytes, source: IPv6Address = THEM, destination: IPv6Address = US) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(body), next_header, 64) + source.packed + destination.packed + body


UPDATE_WITH_OPTION = encode_packet(Packet(source=THEM, destination=US, message=UPDATE, home_address=HOME))
UPDATE_ALONE = encode_packet(Packet(source=THEM, destination=US, message=UPDATE))
WITH_ROUTING_HEADER = encode_packet(
    Packet(source=THEM, destination=US, message=ACKNOWLEDGEMENT, routing_home_address=HOME)
)
TUNNELLED = header(41, header(17, bytes(8)))
LIMIT = bytes([41, 0, 4, 1, 4, 1, 1, 0])  # the tunnel encapsulation limit (RFC 2473 section 4.1.1)
TUNNELLED_WITH_LIMIT = header(60, LIMIT + header(17, bytes(8)))
UNKNOWN_OPTION = header(60, bytes([59, 0, 0x80 | 0x1E, 4, 0, 0, 0, 0]))
HARMLESS_OPTIONS = header(60, bytes([58, 0, 1, 4, 0, 0, 0, 0]) + bytes([129, 0, 0, 0, 0, 0, 0, 0]))


def test_the_kernel_would_answer_without_us(lab):
    """The reason for the next test: if a kernel stops doing this, that one no longer shows anything."""
    us, them = pair(lab)
    adversary = Adversary(lab, them)
    for packet in (UPDATE_WITH_OPTION, WITH_ROUTING_HEADER, UPDATE_ALONE):
        adversary.send(packet)
    assert sorted(adversary.errors()) == [(4, 0), (4, 1), (4, 2)]
    assert us.run("nft list ruleset") == ""


def test_the_kernel_is_quiet_and_we_still_see_everything(lab):
    us, them = pair(lab)
    node = lab.node(us).start()
    assert node.network.capabilities.nftables, node.network.capabilities.reasons
    adversary = Adversary(lab, them)
    for packet in (UPDATE_WITH_OPTION, WITH_ROUTING_HEADER, UPDATE_ALONE):
        adversary.send(packet)
    assert adversary.errors() == []
    eventually(lambda: len(_mobility(node)) == 3)
    mobility = _mobility(node)
    assert [each.home_address for each in mobility] == [HOME, None, None]
    assert [each.routing_home_address for each in mobility] == [None, HOME, None]


def _mobility(node: Node) -> list[Packet]:
    received = [event.packet for event in node.events if isinstance(event, PacketReceived)]
    return [each for each in received if isinstance(each.message, BindingUpdate | BindingAcknowledgement)]


@pytest.mark.parametrize(
    "quoted, leaves",
    [(TUNNELLED, False), (TUNNELLED_WITH_LIMIT, False), (HARMLESS_OPTIONS, True), (header(17, bytes(48)), True)],
    ids=["tunnelled", "tunnelled with a limit", "options", "datagram"],
)
def test_no_port_unreachable_about_tunnelled_packets_leaves_us(lab, quoted, leaves):
    """What a kernel answers that knows of tunnels, made by hand: this one may know of none."""
    us, them = pair(lab)
    lab.node(us).start()
    heard = lab.socket(them, "::", socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    sender = lab.socket(us, "::", socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    for code in (3, 4):  # Address Unreachable is not concerned
        answer = struct.pack("!BBHI", 1, code, 0, 0) + quoted
        if code == 4 and not leaves:
            with pytest.raises(PermissionError):
                sender.sendto(answer, (str(THEM), 0))
            continue
        sender.sendto(answer, (str(THEM), 0))
        assert heard.recv(2000)[:2] == bytes([1, code])


@pytest.mark.kernel
@pytest.mark.parametrize("packet", [TUNNELLED, TUNNELLED_WITH_LIMIT], ids=["plain", "limit"])
def test_a_kernel_that_knows_of_tunnels_is_quiet_too(lab, packet):
    us, them = pair(lab)
    us.sysctl("net.ipv6.icmp.ratelimit", 0)  # each packet would be answered, not only the first in a second
    us.run("ip link add other type ip6tnl mode ip6ip6 local 2001:db8:2::2 remote 2001:db8:2::3")
    adversary = Adversary(lab, them)
    adversary.send(packet)
    assert adversary.errors() == [(1, 4)], "without us it answers: else this would show nothing"
    node = lab.node(us).start()
    node.set(devices=[TunnelDevice(name="mn6agent")])
    adversary.send(packet)
    eventually(lambda: node.counters().get("tunnel.in.stranger") == 1)
    assert adversary.errors() == []


def test_what_is_not_ours_is_still_the_kernels(lab):
    us, them = pair(lab)
    lab.node(us).start()
    adversary = Adversary(lab, them)
    adversary.send(UNKNOWN_OPTION)
    assert adversary.errors() == [(4, 2)], "an option that the kernel does not know, and we neither"
    sent = header(60, bytes([17, 0, 1, 4, 0, 0, 0, 0]) + udp(5000))
    listener = us.inside(lambda: _listen(5000))
    lab.defer(listener.close)
    adversary.send(sent)
    assert listener.recv(100) == b"x"


def _listen(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(("::", port))
    sock.settimeout(5)
    return sock


def udp(port: int) -> bytes:
    body = struct.pack("!HHHH", port, port, 9, 0) + b"x"
    pseudo = THEM.packed + US.packed + struct.pack("!IxxxB", len(body), 17) + body + b"\0"
    total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return body[:6] + struct.pack("!H", ~total & 0xFFFF) + body[8:]


def test_packets_that_only_pass_through_are_not_taken(lab):
    near, router, far = (lab.host(detects_duplicates=False) for _ in range(3))
    lab.cable(near, router, ("eth0", "eth0"))
    lab.cable(router, far, ("eth1", "eth0"))
    for host, address, device in (
        (near, "2001:db8:2::1/64", "eth0"),
        (router, "2001:db8:2::9/64", "eth0"),
        (router, "2001:db8:3::9/64", "eth1"),
        (far, "2001:db8:3::2/64", "eth0"),
    ):
        add_address(host, address, device)
    near.run("ip -6 route add default via 2001:db8:2::9")
    far.run("ip -6 route add default via 2001:db8:3::9")
    router.sysctl("net.ipv6.conf.all.forwarding", 1)
    passing, target = lab.node(router).start(), lab.node(far).start()
    eventually(lambda: near.run("ping -c1 -W1 2001:db8:3::2", check=False).count("1 received"))
    update = Packet(source=THEM, destination=IPv6Address("2001:db8:3::2"), message=UPDATE, home_address=HOME)
    before = passing.counters().get("receive.not-for-us", 0)
    Adversary(lab, near).send(encode_packet(update), update.destination)
    arrived = replace(update, hop_limit=update.hop_limit - 1)
    assert target.hears(PacketReceived, packet=arrived)
    eventually(lambda: passing.counters().get("receive.not-for-us", 0) > before)
    assert not [event for event in passing.events if isinstance(event, PacketReceived) and event.packet.home_address]


def test_malformed_mobility_is_reported_and_other_noise_counted(lab):
    us, them = pair(lab)
    node = lab.node(us).start()
    adversary = Adversary(lab, them)
    broken = bytearray(UPDATE_WITH_OPTION)
    broken[-1] ^= 1
    adversary.send(bytes(broken))
    event = node.hears(MalformedReceived)
    assert (event.fault, event.home_address, event.is_mobility_header) == (WireFault.BAD_CHECKSUM, HOME, True)
    assert (event.source, event.destination, event.interface) == (THEM, US, "eth0")
    assert event.original == bytes(broken)
    assert ("eth0", False, bytes(broken), True) in node.notes
    adversary.send(header(135, b"\x3b"))
    eventually(lambda: node.counters().get("receive.malformed.mobility") == 2)
    adversary.send(header(58, bytes([134, 0, 0, 0])))
    adversary.send(HARMLESS_OPTIONS)
    eventually(lambda: node.counters().get("receive.malformed.other") == 2)
    assert len([event for event in node.events if isinstance(event, MalformedReceived)]) == 2


def test_a_packet_goes_to_the_hardware_address_it_is_given(lab):
    us, them = pair(lab)
    node, other = lab.node(us).start(), lab.node(them).start()
    hardware = other.hears(LinkChanged, interface="eth0").link_layer_address
    packet = Packet(source=US, destination=THEM, message=UPDATE)
    us.run("ip neigh flush dev eth0")
    us.run("ip neigh replace 2001:db8:2::1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent")
    node.send(SendPacket(packet=packet, interface="eth0", link_layer_destination=hardware))
    assert other.hears(PacketReceived, packet=packet)


def test_a_solicitation_from_no_address_goes_to_a_group(lab):
    us, them = pair(lab)
    node, other = lab.node(us).start(), lab.node(them).start()
    probe = NeighborSolicitation(target=THEM, options=())
    packet = Packet(source=UNSPECIFIED, destination=solicited_node(THEM), message=probe, hop_limit=255)
    node.send(SendPacket(packet=packet, interface="eth0"))
    assert other.hears(PacketReceived, packet=packet)


def test_a_tentative_source_goes_past_the_kernel_to_a_known_router(lab):
    us, them = pair(lab)
    node, other = lab.node(us).start(), lab.node(them).start()
    hardware = other.hears(LinkChanged, interface="eth0").link_layer_address
    us.sysctl("net.ipv6.conf.eth0.accept_dad", 1)
    us.sysctl("net.ipv6.conf.eth0.dad_transmits", 20)
    tentative = IPv6Address("2001:db8:2::5")
    packet = Packet(source=tentative, destination=THEM, message=UPDATE)
    checked = Address(
        interface="eth0", address=tentative, prefix_length=64, duplicate_detection=DuplicateDetection.NORMAL
    )
    node.set(addresses=[checked])
    node.send(SendPacket(packet=packet, interface="eth0"))
    assert node.counters()["send.refused.EINVAL"] == 1
    node.set(
        addresses=[checked],
        neighbors=[Neighbor(interface="eth0", address=IPv6Address("fe80::1"), link_layer_address=hardware)],
        routes=[_default("fe80::1")],
    )
    node.send(SendPacket(packet=packet, interface="eth0"))
    assert other.hears(PacketReceived, packet=packet)
    assert node.counters()["send.past-kernel"] == 1


def test_a_router_solicitation_leaves_although_the_kernel_would_refuse_its_source(lab):
    """When a link has just come up our link-local address is being checked once more."""
    us, them = pair(lab)
    node, other = lab.node(us).start(), lab.node(them).start()
    source = IPv6Address("fe80::5")  # to the kernel one that it does not have is the same
    packet = Packet(source=source, destination=ALL_ROUTERS, message=RouterSolicitation(), hop_limit=255)
    node.send(SendPacket(packet=packet, interface="eth0"))
    assert other.hears(PacketReceived, packet=packet)
    assert node.counters()["send.packets"] == 1
    node.send(SendPacket(packet=packet, interface="eth9"))
    assert any(name.startswith("send.refused.") for name in node.counters())


def _default(gateway: str) -> Route:
    return Route(destination=IPv6Network("::/0"), interface="eth0", table=627600, gateway=IPv6Address(gateway))


def test_what_cannot_be_sent_is_counted(lab):
    node: Node = lab.node(lab.host()).start()
    packet = Packet(source=US, destination=THEM, message=UPDATE)
    node.send(SendPacket(packet=packet))
    node.send(SendPacket(packet=packet, interface="eth9"))
    refused = {name for name in node.counters() if name.startswith("send.refused.")}
    assert refused
    assert sum(node.counters()[name] for name in refused) == 2


def test_probes_for_a_proxied_address_are_heard(lab):
    us, _ = pair(lab)
    node = lab.node(us).start()
    node.set(proxy_neighbors=[ProxyNeighbor(interface="eth0", address=HOME)])
    assert "allmulti 1" in us.run("ip -d link show eth0")
    node.set()
    assert "allmulti 0" in us.run("ip -d link show eth0")


def test_a_flood_of_advertisements_is_cut_down_and_a_known_router_still_heard(lab):
    us, them = pair(lab)
    us.sysctl("net.ipv6.conf.eth0.accept_ra", 0)  # the kernel's table of neighbours is shared by all namespaces
    node = lab.node(us).start()
    advertisement = RouterAdvertisement(
        hop_limit=64,
        managed=False,
        other=False,
        home_agent=False,
        preference=RouterPreference.MEDIUM,
        router_lifetime=Seconds(1800.0),
        reachable_time=Seconds(0.0),
        retransmit_timer=Seconds(0.0),
        options=(),
    )
    hardware = bytes.fromhex(us.run("cat /sys/class/net/eth0/address").strip().replace(":", ""))
    cable = them.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
    lab.defer(cable.close)

    def advertise(source: int) -> None:
        address = IPv6Address(int(IPv6Address("fe80::")) + source)
        packet = Packet(source=address, destination=ALL_NODES, message=advertisement)
        cable.sendto(encode_packet(packet), ("eth0", 0x86DD, 0, 0, hardware))

    router = IPv6Address("fe80::1")
    for _ in range(2):
        advertise(1)
    eventually(lambda: _from(node, router) == 2)
    start = time.monotonic()
    for forged in range(5000):
        advertise(0x10000 + forged)
    seconds = time.monotonic() - start
    advertise(1)
    eventually(lambda: _from(node, router) == 3)
    counters = node.counters()
    let_through = len([event for event in node.events if isinstance(event, PacketReceived)])
    assert let_through <= 500 * (2 + seconds) + 50
    assert counters["receive.limited"] + counters["receive.kernel-drops"] >= 5000 - let_through
    assert counters["receive.limited"] > 0


def _from(node: Node, source: IPv6Address) -> int:
    received = [event for event in node.events if isinstance(event, PacketReceived)]
    return len([event for event in received if event.packet.source == source])


def question(destination: IPv6Address, identifier: int = 0x4D4E) -> SendPacket:
    message = EchoRequest(identifier=identifier, sequence=1, data=b"is anybody there")
    return SendPacket(packet=Packet(source=US, destination=destination, message=message), interface="eth0")


def echoes(node: Node) -> list[PacketReceived]:
    """The Echo messages that the engine would see."""
    events = [event for event in node.events if isinstance(event, PacketReceived)]
    return [event for event in events if isinstance(event.packet.message, EchoReply | EchoRequest)]


def test_our_own_echoes_come_back_and_other_peoples_do_not(lab):
    us, them = pair(lab)
    node = lab.node(us).start()
    us.run(f"ping -c2 -i0.1 -e 1 {THEM}")
    node.send(question(THEM))
    eventually(lambda: echoes(node))
    us.run(f"ping -c2 -i0.1 -e 1 {THEM}")
    them.run(f"ping -c2 -i0.1 -e 1 {US}")
    (event,) = echoes(node)
    assert (event.interface, event.through_tunnel, event.packet.source) == ("eth0", False, THEM)
    assert event.packet.message == EchoReply(identifier=0x4D4E, sequence=1, data=b"is anybody there")
    assert "receive.not-for-us" not in node.counters()
    node.send(question(THEM, identifier=7))
    eventually(lambda: len(echoes(node)) == 2)
