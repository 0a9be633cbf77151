# SPDX-License-Identifier: GPL-2.0-or-later
"""Static routes in the place of Mobile IPv6, so that the lab's own instruments can be proven without our programs.

The "home address" sits on the laptop's loopback; at each move the core and an access router are told by hand where it
is. This proves nothing about mobility: it shows that cable, stream, probe and interruption measure what they say.
"""

from tests.lab.lab import Lab
from tests.lab.topology import HOME, VISITED_A, VISITED_B

ADDRESS = "2001:db8:1::99"
ROUTER_OF = {HOME: ("ha", "home0", "1"), VISITED_A: ("ar-a", "lan0", "3"), VISITED_B: ("ar-b", "lan0", "4")}


class StandIn:
    """The address, and the hand that turns the signposts."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        laptop = lab.laptop
        laptop.sysctl("net/ipv6/conf/eth0/accept_ra", 0)  # our routes only
        laptop.ip(f"addr add {ADDRESS}/128 dev lo")
        line = laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0", "scope", "link"])
        self._link_local = line.split()[3].partition("/")[0]

    def turn_to(self, link: str) -> None:
        """From now on the address is on this link."""
        name, interface, arm = ROUTER_OF[link]
        router = self._lab.nodes[name]
        mac = router.run(["cat", f"/sys/class/net/{interface}/address"]).strip()
        octets = mac.split(":")
        gateway = f"fe80::ff:fe{octets[3]}:{octets[4]}{octets[5]}"
        router.ip(f"route replace {ADDRESS}/128 via {self._link_local} dev {interface}")
        self._lab.nodes["r"].ip(f"route replace {ADDRESS}/128 via 2001:db8:ffff:0:{arm}::2")
        self._lab.laptop.ip(f"route replace default via {gateway} dev eth0 src {ADDRESS}")
