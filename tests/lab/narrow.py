# SPDX-License-Identifier: GPL-2.0-or-later
"""A link that carries less than the machines could: what most links are like."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.lab import Lab

BURST = "32kb"
LONGEST_WAIT = "50ms"


@contextmanager
def link_of(lab: Lab, megabits_per_second: int) -> Iterator[None]:
    """In the block nothing leaves the laptop's eth0 or the correspondent faster than this."""
    ends = ((lab.laptop, "eth0"), (lab.correspondent, "core0"))
    limit = ["rate", f"{megabits_per_second}mbit", "burst", BURST, "latency", LONGEST_WAIT]
    made = []
    try:
        for node, interface in ends:
            _tc(node.namespace, "add", interface, "tbf", *limit)
            made.append((node, interface))
        yield
    finally:
        for node, interface in made:
            _tc(node.namespace, "del", interface)


def _tc(namespace: str, verb: str, interface: str, *rest: str) -> None:
    subprocess.run(["tc", "-n", namespace, "qdisc", verb, "dev", interface, "root", *rest], check=True)
