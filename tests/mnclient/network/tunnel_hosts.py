# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node and its home agent with a router in between, for the tests of both datapaths."""

import errno
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.network_state import Address, Route, Rule, Sysctl, Tunnel, TunnelDevice, TunnelEnd
from tests.mnclient.network.lab import Lab, Namespace, Node, add_address, eventually

HOME, OTHER_HOME = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::200")
CARE_OF, OLD_CARE_OF = IPv6Address("2001:db8:2::5"), IPv6Address("2001:db8:2::6")
AGENT = IPv6Address("2001:db8:3::1")
CORRESPONDENT = IPv6Address("2001:db8:4::1")  # on the agent's loopback: behind the tunnel all the same


@dataclass
class Hosts:
    """mobile --- router --- agent"""

    lab: Lab
    mobile: Namespace
    router: Namespace
    agent: Namespace
    mobile_node: Node
    agent_node: Node

    @classmethod
    def build(cls, lab: Lab, datapath: str) -> "Hosts":
        """Both ends, with a tunnel between them."""
        mobile, router, agent = (lab.host(detects_duplicates=False) for _ in range(3))
        lab.cable(mobile, router, ("eth0", "eth0"))
        lab.cable(router, agent, ("eth1", "eth0"))
        router.sysctl("net.ipv6.conf.all.forwarding", 1)
        for host, address, device in (
            (mobile, f"{CARE_OF}/64", "eth0"),
            (mobile, f"{OLD_CARE_OF}/64", "eth0"),
            (router, "2001:db8:2::ff/64", "eth0"),
            (router, "2001:db8:3::ff/64", "eth1"),
            (agent, f"{AGENT}/64", "eth0"),
            (agent, f"{CORRESPONDENT}/128", "lo"),
        ):
            add_address(host, address, device)
        mobile.run("ip -6 route add default via 2001:db8:2::ff")
        agent.run("ip -6 route add default via 2001:db8:3::ff")
        eventually(lambda: "1 received" in mobile.run(f"ping -c1 -W1 {AGENT}", check=False))
        nodes = [lab.node(each, datapath).start() for each in (mobile, agent)]
        built = cls(lab, mobile, router, agent, *nodes)
        built.set_mobile(AT_MOBILE)
        built.set_agent(AT_AGENT)
        # The kernel makes a new address its own a moment after it is there.
        eventually(lambda: str(HOME) in mobile.run("ip -6 route show table local"))
        return built

    def correspondent_hears_that_nobody_is_there(self) -> None:
        """The mobile node is gone, a router says so of its care-of address, and who talks to it is told."""
        _, correspondent = self.ends()
        self.mobile.run("ip link set eth0 down")
        self.router.run(f"ip -6 route add unreachable {CARE_OF}/128")
        correspondent.connect((str(HOME), 7))
        correspondent.setsockopt(41, 25, 1)  # IPV6_RECVERR: without it a UDP socket hears of hard errors alone

        def told() -> bool:
            try:
                correspondent.send(b"anybody there?")
            except OSError as error:
                return error.errno == errno.EHOSTUNREACH
            return False

        eventually(told)

    def set_mobile(self, *tunnels: Tunnel) -> None:
        self.mobile_node.set(
            devices=[TunnelDevice(name="mn6home")],
            addresses=[Address(interface="mn6home", address=HOME, home=True)],
            routes=[
                Route(
                    destination=IPv6Network("::/0"),
                    interface="mn6home",
                    table=627500,
                    preferred_source=HOME,
                    tunnel=HOME,
                )
            ],
            rules=[Rule(priority=6270, table=627500, source=IPv6Network((HOME, 128)))],
            tunnels=tunnels,
        )

    def set_agent(self, *tunnels: Tunnel) -> None:
        homes = {tunnel.home_address for tunnel in tunnels} | {HOME}
        self.agent_node.set(
            devices=[TunnelDevice(name="mn6agent")],
            sysctls=[Sysctl(key="net/ipv6/conf/all/forwarding", value="1")],
            routes=[Route(destination=IPv6Network(home), interface="mn6agent", tunnel=home) for home in homes],
            tunnels=tunnels,
        )

    def narrow(self, mtu: int, *, beyond_the_router: bool) -> None:
        """Give one of the two links another MTU, at both its ends: one end drops what it does not take itself."""
        device, host = ("eth1", self.agent) if beyond_the_router else ("eth0", self.mobile)
        self.router.run(f"ip link set {device} mtu {mtu}")
        host.run(f"ip link set eth0 mtu {mtu}")

    def ends(self) -> tuple[socket.socket, socket.socket]:
        """A UDP socket at the home address and one at the correspondent."""
        return self.lab.socket(self.mobile, str(HOME)), self.lab.socket(self.agent, str(CORRESPONDENT))


AT_MOBILE = Tunnel(device="mn6home", home_address=HOME, local=CARE_OF, remote=AGENT, end=TunnelEnd.MOBILE_NODE)
AT_AGENT = Tunnel(device="mn6agent", home_address=HOME, local=AGENT, remote=CARE_OF, end=TunnelEnd.HOME_AGENT)
