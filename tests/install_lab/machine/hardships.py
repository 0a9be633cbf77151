# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes in between on a laptop: no network, no IPv6, another VPN, Docker. A connection lasts through each."""

import os
from base64 import b64encode

from mnclient.model.problems import ProblemCode
from tests.install_lab.failure import until
from tests.install_lab.machine.abroad import LOOK, WITHIN, Abroad
from tests.install_lab.machine.conversation import Conversation
from tests.install_lab.result import Result
from tests.install_lab.service import Service
from tests.install_lab.system import put
from tests.lab.topology import CORRESPONDENT_ADDRESS

NMCLI = "nmcli --wait 600"  # seconds; by itself it gives up after ten, which is little on an emulated processor
NO_IPV6 = "net.ipv6.conf.all.disable_ipv6"
FORWARDING = "net.ipv6.conf.all.forwarding"

VPN = "wg0"
VPN_FILE = f"/run/{VPN}.conf"  # its name becomes that of the connection and of the device
VPN_SETTINGS = """\
[Interface]
PrivateKey = {own}
Address = fd00:76::2/64
[Peer]
PublicKey = {peer}
AllowedIPs = ::/0
Endpoint = [{endpoint}]:51820
PersistentKeepalive = 5
"""

# As `ip6tables-save` shows them after Docker 27 has started with IPv6.
DOCKER_RULES = """\
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d ::1/128 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s fd00:d0c::/64 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
"""
DOCKER_FILE = "/run/docker-rules"
DOCKER_BEGINS = (
    "ip link add docker0 type bridge",
    "ip addr add fd00:d0c::1/64 dev docker0 nodad",
    "ip link set docker0 up",
    "ip netns add container",
    "ip link add veth0 master docker0 type veth peer name eth0 netns container",
    "ip link set veth0 up",
    "ip -n container link set eth0 up",
    f"sysctl -q -w {FORWARDING}=1",
    f"ip6tables-restore {DOCKER_FILE}",
)
DOCKER_ENDS = (
    "nft delete table ip6 filter",
    "nft delete table ip6 nat",
    f"sysctl -q -w {FORWARDING}=0",
    "ip link del docker0",
    "ip netns del container",
)


class Hardships:
    """One after the other; a connection goes on after each, at another access point than before."""

    what = "a connection survives lost networks, no IPv6, a VPN and Docker, or it is explained why not"

    def __init__(self, abroad: Abroad) -> None:
        self._abroad = abroad

    def go(self, service: Service, result: Result) -> None:
        self._abroad.settle(service)
        for step in (self._unplugged, self._without_ipv6, self._under_a_vpn, self._beside_docker):
            with self._abroad.talk() as conversation:
                step(conversation)

    def look_again(self) -> None:
        """Nothing to look at."""

    def _run(self, *lines: str) -> None:
        for line in lines:
            self._abroad.machine.run(line.split())

    def _radio(self) -> str:
        """The interface that is left to the laptop."""
        told = self._abroad.machine.run(["nmcli", "--terse", "--fields", "DEVICE,TYPE", "device"]).stdout
        return next(line.removesuffix(":wifi") for line in told.splitlines() if line.endswith(":wifi"))

    def _unplugged(self, conversation: Conversation) -> None:
        self._run(f"{NMCLI} device disconnect {self._radio()}")
        self._abroad.explains(ProblemCode.NO_CARE_OF_ADDRESS)
        self._abroad.go_on()
        conversation.goes_on()
        self._abroad.explains_no_more(ProblemCode.NO_CARE_OF_ADDRESS)

    def _without_ipv6(self, conversation: Conversation) -> None:
        self._run(f"sysctl -q -w {NO_IPV6}=1")
        self._abroad.explains(ProblemCode.NO_IPV6)
        self._run(f"sysctl -q -w {NO_IPV6}=0")
        self._abroad.go_on()
        conversation.goes_on()
        self._abroad.explains_no_more(ProblemCode.NO_IPV6)

    def _under_a_vpn(self, conversation: Conversation) -> None:
        """One that takes everything, and whose other end is silent: nothing of ours may go there."""
        machine = self._abroad.machine
        own, peer = (b64encode(os.urandom(32)).decode() for _ in range(2))
        put(machine, VPN_FILE, VPN_SETTINGS.format(own=own, peer=peer, endpoint=CORRESPONDENT_ADDRESS))
        self._run(f"{NMCLI} connection import type wireguard file {VPN_FILE}", f"nmcli --wait 0 connection up {VPN}")
        default = f"ip -6 route show table all default dev {VPN}".split()
        until(lambda: machine.run(default, check=False).stdout, "the VPN takes everything", within=WITHIN, pause=LOOK)
        conversation.goes_on()
        self._abroad.go_on()
        conversation.goes_on()
        self._abroad.is_healthy("policy rules")
        self._run(f"{NMCLI} connection delete {VPN}", f"rm {VPN_FILE}")

    def _beside_docker(self, conversation: Conversation) -> None:
        put(self._abroad.machine, DOCKER_FILE, DOCKER_RULES)
        self._run(*DOCKER_BEGINS)
        conversation.goes_on()
        self._abroad.go_on()
        conversation.goes_on()
        self._abroad.is_healthy("protocol 135 (registrations)", "protocol 41 (tunnels)", "ICMPv6 (neighbours)")
        self._run(*DOCKER_ENDS, f"rm {DOCKER_FILE}")
