# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything a program could leave behind in the network of a machine, as comparable lines."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.lab.node import Node, inside

VIEWS = (
    ("link", ["ip", "-o", "link"]),
    ("address", ["ip", "-o", "addr"]),
    ("route", ["ip", "-6", "route", "show", "table", "all"]),
    ("route4", ["ip", "-4", "route", "show", "table", "all"]),
    ("rule", ["ip", "-6", "rule"]),
    ("proxy", ["ip", "-6", "neigh", "show", "proxy"]),
    ("permanent", ["ip", "-6", "neigh", "show", "nud", "permanent"]),
    ("nft", ["nft", "list", "ruleset"]),
    ("xfrm", ["ip", "xfrm", "state"]),
    ("xfrm", ["ip", "xfrm", "policy"]),
)

# What changes by itself: lifetimes, and what the kernel makes from Router Advertisements and from the addresses it has.
VOLATILE = re.compile(
    r"lastused \S+ \S+|expires -?\d+sec|valid_lft \S+ preferred_lft \S+|\\|hoplimit \d+|state \w+|qdisc \w+|<[^>]*>"
)
OF_THE_KERNEL = re.compile(r"proto ra|proto kernel|kernel_ra|mngtmpaddr|table local|ff00::/8|scope link|\btemporary\b")

CONF = "net/ipv6/conf"
UNREADABLE = {"stable_secret"}


def snapshot(node: Node) -> frozenset[str]:
    """The network of a machine: links, addresses, routes, rules, proxies, filters, transformations, IPv6 settings."""
    lines: set[str] = set()
    for name, command in VIEWS:
        text = node.run(command)
        if name == "xfrm":
            text = text.replace("\n\t", " ")  # one of them on several lines
        for line in text.splitlines():
            if name == "link" or not OF_THE_KERNEL.search(line):
                lines.add(f"{name}: {' '.join(VOLATILE.sub('', line).split())}")
    return frozenset(lines | _settings(node))


def snapshots(nodes: Iterable[Node]) -> dict[str, frozenset[str]]:
    """The same for many."""
    return {node.name: snapshot(node) for node in nodes}


def differences(before: dict[str, frozenset[str]], after: dict[str, frozenset[str]]) -> list[str]:
    """What is there now and was not, and what was there and is gone: empty when nothing was left behind."""
    lines = []
    for name in before:
        lines += [f"{name}: left behind: {line}" for line in sorted(after[name] - before[name])]
        lines += [f"{name}: gone: {line}" for line in sorted(before[name] - after[name])]
    return lines


def _settings(node: Node) -> set[str]:
    with inside(node.namespace):
        files = [file for file in Path("/proc/sys", CONF).glob("*/*") if file.name not in UNREADABLE and file.is_file()]
        forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text(encoding="ascii").strip()
        values = {f"sysctl: {file.parent.name}.{file.name} = {file.read_text().strip()}" for file in files}
    return values | {f"sysctl: ipv4 forwarding = {forwarding}"}
