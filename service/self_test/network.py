# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of the self-test, drawn and built.

        home link 2001:db8:1::/64            visited link 2001:db8:2::/64
     ====+=============+=======             =======+=============+====
         | home0 ::1   | eth0                      : eth0        | lan0 ::1
      agent          laptop  ~ ~ ~ ~ one cable ~ ~ ~          router
         | core0                                            core0 | peer0
         +------------ 2001:db8:f:1::/64 --------------------+   | 2001:db8:f:2::/64
                                                               peer, the correspondent

Each is a network namespace; a link is a bridge in one more. The cable is a veth whose far end changes its bridge.
"""

from contextlib import ExitStack
from ipaddress import IPv6Address, IPv6Network
from typing import Final, Self

from service.facts.programs import find
from service.self_test.namespaces import Namespace

HOME_PREFIX: Final = IPv6Network("2001:db8:1::/64")
HOME_AGENT: Final = IPv6Address("2001:db8:1::1")
HOME_ADDRESS: Final = IPv6Address("2001:db8:1::10")
VISITED_PREFIX: Final = IPv6Network("2001:db8:2::/64")
ROUTER: Final = IPv6Address("2001:db8:2::1")
CORRESPONDENT: Final = IPv6Address("2001:db8:f:2::2")

HOME: Final = "br-home"
VISITED: Final = "br-visited"
_CABLE: Final = "cable"
_NAMES: Final = ("agent", "router", "peer", "laptop", "switch")
# The two ends of a veth must not have the same index: of such a pair the kernel tells up to a second late that the
# carrier came or went (net/core/link_watch.c, linkwatch_urgent_event).
_FAR_INDEX: Final = 101


class Network:
    """Built by `with`, and gone after it."""

    def __init__(self) -> None:
        self._undo = ExitStack()
        self._ip = find("ip") or "ip"
        self.nodes: dict[str, Namespace] = {}

    def __enter__(self) -> Self:
        try:
            for name in _NAMES:
                self.nodes[name] = node = Namespace(name)
                self._undo.callback(node.close)
                node.ip(self._ip, "link set lo up")
            self._build()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def plug(self, bridge: str) -> None:
        """Pull the laptop's cable, and plug it in there."""
        self.nodes["switch"].ip(self._ip, f"link set {_CABLE} down", f"link set {_CABLE} master {bridge} up")

    def _build(self) -> None:
        for name in ("agent", "router"):
            self.nodes[name].set("net/ipv6/conf/all/forwarding", 1)
        for name in ("agent", "router", "peer"):
            self.nodes[name].set("net/ipv6/conf/default/accept_dad", 0)  # known to be free: no second of waiting
        self.nodes["switch"].set("net/ipv6/conf/default/disable_ipv6", 1)
        for bridge in (HOME, VISITED):
            add = f"link add {bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
            self.nodes["switch"].ip(self._ip, add, f"link set {bridge} up")
        self._on_link("agent", "home0", HOME, f"{HOME_AGENT}/64", 1)
        self._on_link("router", "lan0", VISITED, f"{ROUTER}/64", 2)
        self._veth("agent", "core0", "router", "core0", 3)
        self._veth("peer", "core0", "router", "peer0", 4)
        self._veth("laptop", "eth0", "switch", _CABLE, 5)
        self.nodes["agent"].ip(
            self._ip,
            "addr add 2001:db8:f:1::2/64 dev core0 nodad",
            "link set core0 up",
            "route add default via 2001:db8:f:1::1",
        )
        self.nodes["router"].ip(
            self._ip,
            "addr add 2001:db8:f:1::1/64 dev core0 nodad",
            "addr add 2001:db8:f:2::1/64 dev peer0 nodad",
            "link set core0 up",
            "link set peer0 up",
            f"route add {HOME_PREFIX} via 2001:db8:f:1::2",
        )
        self.nodes["peer"].ip(
            self._ip,
            f"addr add {CORRESPONDENT}/64 dev core0 nodad",
            "link set core0 up",
            "route add default via 2001:db8:f:2::1",
        )
        self.nodes["laptop"].ip(self._ip, "link set eth0 up")
        self.plug(HOME)

    def _on_link(self, name: str, interface: str, bridge: str, address: str, number: int) -> None:
        far_end = f"to-{name}"
        self._veth(name, interface, "switch", far_end, number)
        self.nodes[name].ip(self._ip, f"addr add {address} dev {interface} nodad", f"link set {interface} up")
        self.nodes["switch"].ip(self._ip, f"link set {far_end} master {bridge} up")

    def _veth(self, near: str, interface: str, far: str, far_interface: str, number: int) -> None:
        end = f"peer name {far_interface} index {_FAR_INDEX + number} netns {self.nodes[far].path}"
        self.nodes[near].ip(self._ip, f"link add {interface} type veth {end}")
