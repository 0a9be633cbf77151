# SPDX-License-Identifier: GPL-2.0-or-later
"""DHCPv6 through the tunnel (RFC 6275 section 10.4.4) is only for home agents that offer it, and ours offers none."""

import struct
from ipaddress import IPv6Address

import pytest

from tests.lab.hostile import ETH_P_IPV6, checksum, frames, ipv6
from tests.lab.pcap import packets
from tests.lab.topology import HOME_AGENT_ADDRESS, LAPTOP_ETH0_MAC, VISITED_A

pytestmark = pytest.mark.lab

ALL_SERVERS = IPv6Address("ff02::1:2")
ROUTER, LAPTOP = bytes.fromhex("020000000201"), bytes.fromhex(LAPTOP_ETH0_MAC.replace(":", ""))
CLIENT, SERVER, UDP, TUNNEL = 546, 547, 17, 41
SOLICIT = bytes((1, 0x12, 0x34, 0x56)) + struct.pack("!HH4s", 1, 4, b"\0\3\0\1")


def solicit(source: str) -> bytes:
    """A Solicit of DHCPv6 from a link-local address, as a client on the tunnel would send it."""
    body = struct.pack("!HHHH", CLIENT, SERVER, 8 + len(SOLICIT), 0) + SOLICIT
    total = checksum(source, ALL_SERVERS, UDP, body)
    return ipv6(source, ALL_SERVERS, UDP, body[:6] + struct.pack("!H", total) + body[8:], hops=1)


def is_of_dhcp(packet: bytes) -> bool:
    inner = packet[40:] if packet[6] == TUNNEL else packet
    return inner[6] == UDP and struct.unpack_from("!HH", inner, 40)[1] in (CLIENT, SERVER)


@pytest.mark.requirement("HA-10.4.4-01")
def test_the_home_agent_answers_no_solicit_and_has_no_server(lab, roaming):
    """Nothing comes back through the tunnel, nobody listens for it, and its advertisements promise no such server."""
    with lab.capture(lab.laptop, "eth0", "advertised", packet_filter="icmp6 and ip6[40] == 134") as advertised:
        lab.eventually(lambda: advertised.file.exists() and list(packets(advertised.file)), within=5.0)
    assert {packet[45] & 0xC0 for packet in packets(advertised.file)} == {0}, "managed or other"
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    (entry,) = roaming.home_addresses()
    with lab.capture(lab.laptop, "eth0", "solicited") as capture, frames(lab.laptop, "eth0") as client:
        for source in ("fe80::10", str(entry.address)):
            tunnelled = ipv6(entry.care_of_address, HOME_AGENT_ADDRESS, TUNNEL, solicit(source))
            client.send(ROUTER + LAPTOP + struct.pack("!H", ETH_P_IPV6) + tunnelled)
        lab.laptop.run(["ping", "-c", "1", "-W", "5", str(HOME_AGENT_ADDRESS)])  # behind them: silence is not haste
    seen = [packet for packet in packets(capture.file) if is_of_dhcp(packet)]
    assert [IPv6Address(packet[8:24]) for packet in seen] == [entry.care_of_address] * 2, "only our own questions"
    assert f":{SERVER} " not in lab.home_agent.run(["ss", "-lun6"])
