# SPDX-License-Identifier: GPL-2.0-or-later
"""radvd on a visited link."""

import signal
from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Final

from tests.lab.node import Node
from tests.lab.processes import Process


@dataclass(frozen=True)
class Pace:
    """How often a router advertises, in seconds; `between` is the least time between two answers to solicitations."""

    shortest: float
    longest: float
    between: float


QUICK: Final = Pace(0.03, 0.07, 0.03)  # the lowest that RFC 6275 section 7.5 allows: for links of mobile nodes
SLOW: Final = Pace(3.0, 10.0, 3.0)  # what routers do that have never heard of mobility

CONFIGURATION = """\
interface {interface} {{
    AdvSendAdvert on;
    MinRtrAdvInterval {pace.shortest};
    MaxRtrAdvInterval {pace.longest};
    MinDelayBetweenRAs {pace.between};
    AdvIntervalOpt {interval_option};
    AdvDefaultLifetime 1800;
    AdvLinkMTU {mtu};
    prefix {prefix} {{
        AdvOnLink on;
        AdvAutonomous on;
        AdvValidLifetime 86400;
        AdvPreferredLifetime 14400;
    }};
}};
"""


class Radvd:
    """radvd for one interface of a node; it can be stopped and started again."""

    def __init__(self, node: Node, interface: str, prefix: IPv6Network, pace: Pace = QUICK, mtu: int = 1500) -> None:
        self.node = node
        self.interface = interface
        self.prefix = prefix
        self.pace = pace
        self.mtu = mtu
        self._process: Process | None = None

    def configuration(self) -> str:
        """Its configuration file."""
        return CONFIGURATION.format(
            interface=self.interface,
            prefix=self.prefix,
            pace=self.pace,
            interval_option="on" if self.pace is QUICK else "off",
            mtu=self.mtu,
        )

    def start(self) -> None:
        """Begin to advertise."""
        name = f"{self.node.name}-radvd-{self.interface}"
        file = self.node.folder / f"{name}.conf"
        file.write_text(self.configuration(), encoding="ascii")
        pid = self.node.folder / f"{name}.pid"
        command = ["radvd", "--nodaemon", "--logmethod", "stderr", "--config", str(file), "--pidfile", str(pid)]
        self._process = self.node.popen(command, log=f"radvd-{self.interface}")

    def stop(self) -> None:
        """Cease to advertise; radvd says goodbye with a router lifetime of 0."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def vanish(self) -> None:
        """Cease to advertise without a word; the machine is still there."""
        if self._process is not None:
            self._process.stop(signal.SIGKILL)
            self._process = None

    def restart(self, pace: Pace) -> None:
        """Go on at another pace."""
        self.stop()
        self.pace = pace
        self.start()

    def is_running(self) -> bool:
        """False when it was not started, or ended by itself (see its log)."""
        return self._process is not None and self._process.is_running()
