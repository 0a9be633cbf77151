# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's network, drawn and built.

           home link 2001:db8:1::/64                      visited links, routers are radvd
      =====+================+=====              2001:db8:2::/64 ====+=====   2001:db8:3::/64 ====+=====
           | home0 ::1      | eth0                                  | lan0 ::1                   | lan0 ::1
      +----+-----+      +---+----+                             +----+----+                  +----+----+
      |    ha    |      | laptop | ~ ~ ~ one cable ~ ~ ~ ~ ~   |  ar-a   |                  |  ar-b   |
      | our home |      |  ours  |   is plugged elsewhere      +----+----+                  +----+----+
      |  agent   |      +--------+                                  | core0                      | core0
      +----+-----+                                                  |                            |
           | core0              core 2001:db8:ffff::/64             |                            |
      +----+--------------------------------------------------------+----------------------------+----+
      |                                              r                                                |
      +------------------------------------------------+----------------------------------------------+
                                                       | core0
                                                  +----+----+
                                                  |   cn    |  the correspondent: plain Linux, runs nothing of ours
                                                  +---------+

Every box is a network namespace. A link is a bridge in one more namespace, the "switch". The laptop's cable is a veth
whose far end is moved from bridge to bridge. The core is a star: each arm is a /80 of the core prefix, so that an arm
can be given an MTU of its own.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from tests.lab.node import Node

HOME_PREFIX = IPv6Network("2001:db8:1::/64")
VISITED_A_PREFIX = IPv6Network("2001:db8:2::/64")
VISITED_B_PREFIX = IPv6Network("2001:db8:3::/64")
HOME_AGENT_ADDRESS = IPv6Address("2001:db8:1::1")
CORRESPONDENT_ADDRESS = IPv6Address("2001:db8:ffff:0:2::2")

HOME, VISITED_A, VISITED_B = "home", "visited-a", "visited-b"
LINKS = {HOME: HOME_PREFIX, VISITED_A: VISITED_A_PREFIX, VISITED_B: VISITED_B_PREFIX}
# A visited link may be given another /64 of its site, to be a network where nobody has been before.
SITES = {
    HOME: HOME_PREFIX,
    VISITED_A: IPv6Network("2001:db8:2::/48"),
    VISITED_B: IPv6Network("2001:db8:3::/48"),
}
BRIDGES = {HOME: "br-home", VISITED_A: "br-a", VISITED_B: "br-b"}

NODES = ("ha", "laptop", "cn", "r", "ar-a", "ar-b", "switch")

# Link-layer addresses in words, so that captures and home addresses read well.
LAPTOP_ETH0_MAC = "02:00:00:00:00:10"
LAPTOP_ETH1_MAC = "02:00:00:00:00:11"
HOME_AGENT_MAC = "02:00:00:00:01:01"

# The two ends of a cable must not have the same interface index: for such a pair the kernel takes the carrier's coming
# and going for a matter without urgency and reports it up to a second late (net/core/link_watch.c,
# linkwatch_urgent_event).
FIRST_FAR_INDEX = 1001


@dataclass(frozen=True)
class Arm:
    """An arm of the star: the node, its number in the core prefix, and the prefix behind it (None: nothing)."""

    node: str
    number: int
    behind: IPv6Network | None

    @property
    def router_address(self) -> str:
        """The core router's address on this arm."""
        return f"2001:db8:ffff:0:{self.number}::1"

    @property
    def node_address(self) -> str:
        """The node's address on this arm."""
        return f"2001:db8:ffff:0:{self.number}::2"

    @property
    def router_interface(self) -> str:
        """The core router's interface for this arm."""
        return f"to-{self.node}"


ARMS = (
    Arm("ha", 1, HOME_PREFIX),
    Arm("cn", 2, None),
    Arm("ar-a", 3, SITES[VISITED_A]),
    Arm("ar-b", 4, SITES[VISITED_B]),
)
ROUTERS = ("ha", "r", "ar-a", "ar-b")


def build(nodes: dict[str, Node]) -> None:
    """Build all links, addresses and routes between namespaces that exist already."""
    for name in ROUTERS:
        for where in ("all", "default"):
            nodes[name].sysctl(f"net/ipv6/conf/{where}/forwarding", 1)
        # a router's addresses are set by hand and known to be free: no second of waiting for each
        nodes[name].sysctl("net/ipv6/conf/default/accept_dad", 0)
    nodes["cn"].sysctl("net/ipv6/conf/default/accept_dad", 0)
    for arm in ARMS:
        _build_arm(nodes["r"], nodes[arm.node], arm)
    _build_bridges(nodes["switch"])
    _connect(nodes, "ha", "home0", HOME, mac=HOME_AGENT_MAC, address=f"{HOME_AGENT_ADDRESS}/64", index=1)
    _connect(nodes, "ar-a", "lan0", VISITED_A, mac="02:00:00:00:02:01", address="2001:db8:2::1/64", index=2)
    _connect(nodes, "ar-b", "lan0", VISITED_B, mac="02:00:00:00:03:01", address="2001:db8:3::1/64", index=3)
    add_cable(nodes, "eth0", LAPTOP_ETH0_MAC, far_end="cable0", index=4)


def add_home_link_box(nodes: dict[str, Node], name: str, number: int) -> None:
    """One more machine on the home link, 2001:db8:1::NUMBER, with the lab's router as its way out."""
    node = nodes[name]
    for where in ("all", "default"):
        node.sysctl(f"net/ipv6/conf/{where}/forwarding", 1)
    node.sysctl("net/ipv6/conf/default/accept_dad", 0)
    address = f"{HOME_PREFIX[number]}/64"
    _connect(nodes, name, "home0", HOME, mac=f"02:00:00:00:01:{number:02x}", address=address, index=20 + number)
    node.ip(f"route add default via {HOME_AGENT_ADDRESS}")


def add_cable(nodes: dict[str, Node], interface: str, mac: str, *, far_end: str, index: int) -> None:
    """Give the laptop an interface, up, with a cable that is plugged in nowhere."""
    switch, laptop = nodes["switch"], nodes["laptop"]
    _veth(laptop, interface, switch, far_end, mac=mac, index=index)
    laptop.ip(f"link set {interface} up")


def _build_arm(core: Node, node: Node, arm: Arm) -> None:
    _veth(node, "core0", core, arm.router_interface, mac=f"02:00:00:00:ff:{arm.number:02x}", index=10 + arm.number)
    core.ip(
        f"addr add {arm.router_address}/80 dev {arm.router_interface} nodad",
        f"link set {arm.router_interface} up",
    )
    node.ip(
        f"addr add {arm.node_address}/80 dev core0 nodad",
        "link set core0 up",
        f"route add default via {arm.router_address}",
    )
    if arm.behind is not None:
        core.ip(f"route add {arm.behind} via {arm.node_address}")
    if arm.behind in (SITES[VISITED_A], SITES[VISITED_B]):
        node.ip(f"route add blackhole {arm.behind}")  # what is not on the link must not go round in circles


def _build_bridges(switch: Node) -> None:
    switch.sysctl("net/ipv6/conf/default/disable_ipv6", 1)  # a switch has no addresses, and says nothing of its own
    for bridge in BRIDGES.values():
        switch.ip(
            f"link add {bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"link set {bridge} up",
        )


def _connect(
    nodes: dict[str, Node], name: str, interface: str, link: str, *, mac: str, address: str, index: int
) -> None:
    """A router's interface on a link, for good."""
    switch, node = nodes["switch"], nodes[name]
    far_end = f"to-{name}"
    _veth(node, interface, switch, far_end, mac=mac, index=index)
    node.ip(f"addr add {address} dev {interface} nodad", f"link set {interface} up")
    switch.ip(f"link set {far_end} master {BRIDGES[link]} up")


def _veth(near: Node, interface: str, far: Node, far_interface: str, *, mac: str, index: int) -> None:
    near.ip(
        f"link add {interface} address {mac} type veth"
        f" peer name {far_interface} index {FIRST_FAR_INDEX + index} netns {far.namespace}"
    )
