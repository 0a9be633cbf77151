# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole room, between namespaces."""

from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.engine.actions import SendPacket
from mnclient.engine.events import LinkChanged, NetworkStateFailed, PacketReceived, PayloadReceived
from mnclient.model.network_state import Address, Route, Rule, Tunnel, TunnelDevice, TunnelEnd
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.network.lab import Lab, Namespace, Node, add_address, eventually

pytestmark = pytest.mark.lab

HOME = IPv6Address("2001:db8:1::100")
CARE_OF = IPv6Address("2001:db8:2::2")
AGENT = IPv6Address("2001:db8:2::1")


UPDATE = BindingUpdate(sequence=7, lifetime=Seconds(400.0), acknowledge=True, home_registration=True)


def pair(lab: Lab) -> tuple[Namespace, Namespace]:
    mobile, agent = lab.host(), lab.host()
    lab.cable(mobile, agent)
    add_address(mobile, f"{CARE_OF}/64")
    add_address(agent, f"{AGENT}/64")
    return mobile, agent


def tunnel(end: TunnelEnd, **changes: object) -> Tunnel:
    at_mobile = end is TunnelEnd.MOBILE_NODE
    values: dict[str, object] = {
        "device": "mn6home" if at_mobile else "mn6agent",
        "home_address": HOME,
        "local": CARE_OF if at_mobile else AGENT,
        "remote": AGENT if at_mobile else CARE_OF,
        "end": end,
    }
    return Tunnel(**(values | changes))  # type: ignore[arg-type]


def set_mobile(node: Node, *, tunnels: tuple[Tunnel, ...]) -> None:
    node.set(
        devices=[TunnelDevice(name="mn6home")],
        addresses=[Address(interface="mn6home", address=HOME, home=True)],
        routes=[Route(destination=IPv6Network("::/0"), interface="mn6home", table=627500, preferred_source=HOME)],
        rules=[Rule(priority=6270, table=627500, source=IPv6Network(f"{HOME}/128"))],
        tunnels=tunnels,
    )


def set_agent(node: Node, *, tunnels: tuple[Tunnel, ...]) -> None:
    node.set(
        devices=[TunnelDevice(name="mn6agent")],
        routes=[Route(destination=IPv6Network(f"{HOME}/128"), interface="mn6agent")],
        tunnels=tunnels,
    )


@pytest.mark.requirement("MN-11.3.1-03", "MN-11.3.1-08", "MN-11.3.3-02", "HA-10.4.2-01")
def test_packets_go_through_the_tunnel_both_ways(lab):
    mobile_host, agent_host = pair(lab)
    mobile, agent = lab.node(mobile_host).start(), lab.node(agent_host).start()
    set_mobile(mobile, tunnels=(tunnel(TunnelEnd.MOBILE_NODE),))
    set_agent(agent, tunnels=(tunnel(TunnelEnd.HOME_AGENT),))
    # The kernel makes a new address its own a moment after it is there.
    eventually(lambda: str(HOME) in mobile_host.run("ip -6 route show table local"))
    at_home, correspondent = lab.socket(mobile_host, str(HOME)), lab.socket(agent_host, str(AGENT))
    correspondent.sendto(b"hello", at_home.getsockname())
    assert at_home.recv(100) == b"hello"
    at_home.sendto(b"and back", correspondent.getsockname())
    data, source = correspondent.recvfrom(100)
    assert (data, source[0]) == (b"and back", str(HOME))
    assert [mobile.counters()["tunnel.in.packets"], agent.counters()["tunnel.in.packets"]] == [1, 1]
    counted = [mobile.counters()[f"payload.{way}.octets"] for way in ("received", "sent")]
    assert counted == [48 + len(b"hello"), 48 + len(b"and back")]  # with the headers of IPv6 and UDP
    assert mobile.hears(PayloadReceived).home_address == HOME
    assert not [event for event in mobile.events + agent.events if isinstance(event, NetworkStateFailed)]
    mobile.stop()
    assert "mn6home" not in mobile_host.run("ip link")
    assert mobile_host.run("ip -6 rule").count("\n") == 2


def test_signalling_goes_both_ways(lab):
    mobile_host, agent_host = pair(lab)
    mobile, agent = lab.node(mobile_host).start(), lab.node(agent_host).start()
    sent = Packet(source=CARE_OF, destination=AGENT, message=UPDATE, home_address=HOME)
    mobile.send(SendPacket(packet=sent))
    received = agent.hears(PacketReceived, packet=sent)
    assert received.interface == "eth0"
    link = mobile.hears(LinkChanged, interface="eth0")
    assert received.link_layer_source == link.link_layer_address
    agent.send(SendPacket(packet=sent_back(UPDATE), interface="eth0"))
    assert mobile.hears(PacketReceived, packet=sent_back(UPDATE))
    eventually(lambda: mobile.counters()["receive.packets"] >= 1)
    assert ("", True, encode_packet(sent), False) in mobile.notes
    assert ("eth0", False, encode_packet(sent), False) in agent.notes, "what is noted as sent is what arrives"
    assert ("eth0", True, encode_packet(sent_back(UPDATE)), False) in agent.notes


def test_what_could_not_be_sent_is_not_noted_as_sent(lab):
    mobile_host, _ = pair(lab)
    mobile = lab.node(mobile_host).start()
    stranger = Packet(source=IPv6Address("2001:db8:77::1"), destination=AGENT, message=UPDATE)
    mobile.send(SendPacket(packet=stranger, interface="eth0"))
    eventually(lambda: any(name.startswith("send.refused") for name in mobile.counters()))
    assert encode_packet(stranger) not in [packet for _, _, packet, _ in mobile.notes]


def test_a_host_with_ipv6_switched_off_says_so(lab):
    host = lab.host()
    host.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
    node = lab.node(host).start()
    assert not node.network.capabilities.ipv6
    assert "disable_ipv6" in node.network.capabilities.reasons["ipv6"]
    set_mobile(node, tunnels=(tunnel(TunnelEnd.MOBILE_NODE),))
    node.hears(NetworkStateFailed)
    eventually(lambda: len(node.events) == 5)
    assert {event.reason for event in node.events if isinstance(event, NetworkStateFailed)} == {
        "net.ipv6.conf.all.disable_ipv6 is 1"
    }
    node.send(SendPacket(packet=Packet(source=CARE_OF, destination=AGENT, message=UPDATE)))
    assert node.counters()["send.refused.no-socket"] == 1
    node.settled()


def test_a_host_without_nftables_works_and_says_so(lab, monkeypatch):
    monkeypatch.setattr("mnclient.network.nftables.shutil.which", lambda name, path: None)
    mobile_host, agent_host = pair(lab)
    agent = lab.node(agent_host).start()
    assert not agent.network.capabilities.nftables
    assert agent.network.capabilities.reasons["nftables"] == "the program nft is not installed"
    sent = Packet(source=CARE_OF, destination=AGENT, message=UPDATE, home_address=HOME)
    lab.node(mobile_host).start().send(SendPacket(packet=sent))
    assert agent.hears(PacketReceived, packet=sent)


def test_capabilities_of_this_host(lab):
    node = lab.node(lab.host()).start()
    found = node.network.capabilities
    assert found.datapath.name == "portable"
    assert (found.ipv6, found.nftables, found.reasons) == (True, True, {})


def test_stopping_without_withdrawing_leaves_everything(lab):
    mobile_host, _ = pair(lab)
    node = lab.node(mobile_host).start()
    set_mobile(node, tunnels=())
    node.stop(withdraw=False)
    assert str(HOME) in mobile_host.run("ip -6 addr show dev mn6home")
    assert "mn6home" in mobile_host.run("ip -6 route show table 627500")
    again = lab.node(mobile_host).start()
    set_mobile(again, tunnels=(tunnel(TunnelEnd.MOBILE_NODE),))
    again.settled()
    assert not [event for event in again.events if isinstance(event, NetworkStateFailed)]
    again.stop()
    assert "mn6home" not in mobile_host.run("ip link")


def sent_back(update: BindingUpdate) -> Packet:
    return Packet(source=AGENT, destination=CARE_OF, message=update, routing_home_address=HOME)
