# SPDX-License-Identifier: GPL-2.0-or-later
"""A tunnel like ours, made with `ip` in the same namespaces: what a tunnel of the kernel can do when nobody moves."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.lab import Lab
from tests.lab.topology import ARMS, VISITED_A

ADDRESS = "2001:db8:1::bb"  # of the home network, and nobody's
DEVICE = "bench0"
TABLE_INNER, TABLE_OUTER = 900, 901
RULE_INNER, RULE_OUTER = 900, 901  # before those of the service


@contextmanager
def hand_made_tunnel(lab: Lab) -> Iterator[str]:
    """The address at the laptop's end, while the laptop is in network A. Another pair of outer addresses than ours."""
    router = lab.routers[VISITED_A]
    near, far = str(router.prefix[0xBB]), next(arm.node_address for arm in ARMS if arm.node == "ha")
    line = router.node.run(["ip", "-6", "-o", "addr", "show", "dev", router.interface, "scope", "link"])
    gateway = line.split()[3].partition("/")[0]
    laptop = (
        f"addr add {near}/128 dev eth0 nodad",
        f"link add {DEVICE} type ip6tnl mode ip6ip6 local {near} remote {far} encaplimit none",
        f"addr add {ADDRESS}/128 dev {DEVICE} nodad",
        f"link set {DEVICE} up",
        f"-6 route add default dev {DEVICE} table {TABLE_INNER}",
        f"-6 route add default via {gateway} dev eth0 table {TABLE_OUTER}",
        f"-6 rule add pref {RULE_INNER} from {ADDRESS} lookup {TABLE_INNER}",
        f"-6 rule add pref {RULE_OUTER} from {near} lookup {TABLE_OUTER}",
    )
    agent = (
        f"link add {DEVICE} type ip6tnl mode ip6ip6 local {far} remote {near} encaplimit none",
        f"link set {DEVICE} up",
        f"-6 route add {ADDRESS}/128 dev {DEVICE}",
    )
    for node, lines in ((lab.home_agent, agent), (lab.laptop, laptop)):
        for line in lines:
            node.run(["ip", *line.split()])
    try:
        yield ADDRESS
    finally:
        lab.home_agent.ip(f"link del {DEVICE}")
        lab.laptop.run(["ip", "-6", "rule", "del", "pref", str(RULE_INNER)])
        lab.laptop.run(["ip", "-6", "rule", "del", "pref", str(RULE_OUTER)])
        lab.laptop.ip(f"link del {DEVICE}", f"addr del {near}/128 dev eth0")
        lab.laptop.run(["ip", "-6", "route", "flush", "table", str(TABLE_OUTER)])
