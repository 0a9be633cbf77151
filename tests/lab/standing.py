# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of a machine while a service runs on it: as in `tests.lab.snapshot`, without what the filter counts."""

import re

from tests.lab.node import Node
from tests.lab.snapshot import differences, snapshot

COUNTED = re.compile(r"packets \d+ bytes \d+")


def standing(node: Node) -> frozenset[str]:
    """Every line of the machine's network but the numbers of packets filtered."""
    return frozenset(COUNTED.sub("", line) for line in snapshot(node))


def changes(node: Node, before: frozenset[str]) -> list[str]:
    """What is there now and was not, and what was there and is gone."""
    return differences({node.name: before}, {node.name: standing(node)})
