# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers of other makes and tastes on a link: radvd with whatever options, and FRR's zebra."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Final, Protocol

from tests.lab.lab import Lab
from tests.lab.node import Node
from tests.lab.processes import Process
from tests.lab.routers import QUICK, Radvd

ZEBRA: Final = Path("/usr/lib/frr/zebra")


class Router(Protocol):
    """Advertises on one interface of a node between `start` and `stop`."""

    node: Node
    interface: str

    def start(self) -> None:
        """Begin to advertise."""

    def stop(self) -> None:
        """Cease to advertise."""


@dataclass(frozen=True)
class Announced:
    """A prefix as radvd is told to announce it, lifetimes in seconds; `router`: with R, and this in its place."""

    prefix: IPv6Network
    valid: int = 86400
    preferred: int = 14400
    router: IPv6Address | None = None

    def block(self) -> str:
        """It in the configuration. radvd says what is written here, with R too: not the address it has."""
        return f"""\
    prefix {self.router or self.prefix.network_address}/{self.prefix.prefixlen} {{
        AdvOnLink on;
        AdvAutonomous on;
        AdvRouterAddr {"on" if self.router else "off"};
        AdvValidLifetime {self.valid};
        AdvPreferredLifetime {self.preferred};
    }};
"""


class OddRadvd(Radvd):
    """radvd with these prefixes and lines; it advertises at the lab's quick pace."""

    def __init__(self, node: Node, interface: str, prefixes: Iterable[Announced], *lines: str) -> None:
        self.announced = tuple(prefixes)
        self.lines = lines
        super().__init__(node, interface, self.announced[0].prefix)

    def configuration(self) -> str:
        """Its configuration file."""
        lines = "".join(f"    {line};\n" for line in self.lines)
        prefixes = "".join(each.block() for each in self.announced)
        return f"""\
interface {self.interface} {{
    AdvSendAdvert on;
    MinRtrAdvInterval {QUICK.shortest};
    MaxRtrAdvInterval {QUICK.longest};
    MinDelayBetweenRAs {QUICK.between};
    AdvIntervalOpt on;
{lines}{prefixes}}};
"""


class Zebra:
    """FRR's zebra, which sends Router Advertisements; `lines` are those of its `interface` block."""

    def __init__(self, node: Node, interface: str, *lines: str) -> None:
        self.node = node
        self.interface = interface
        self.lines = lines
        self._process: Process | None = None

    def start(self) -> None:
        """Begin to advertise, every 70 ms."""
        folder = self.node.folder / f"{self.node.name}-zebra"
        folder.mkdir(exist_ok=True)
        lines = ["no ipv6 nd suppress-ra", "ipv6 nd ra-interval msec 70", *self.lines]
        file = folder / "zebra.conf"
        file.write_text(f"interface {self.interface}\n" + "".join(f" {line}\n" for line in lines), encoding="ascii")
        files = ["-f", str(file), "-i", f"{folder}/pid", "-z", f"{folder}/api", "--vty_socket", str(folder)]
        # -P 0: it needs no telnet port. It is not to become another user, whose the lab's folder is not.
        command = [str(ZEBRA), *files, "-u", "root", "-g", "frrvty", "-P", "0", "--log", "stdout"]
        self._process = self.node.popen(command, log="zebra")

    def stop(self) -> None:
        """Cease to advertise."""
        if self._process is not None:
            self._process.stop()
            self._process = None


@contextmanager
def instead(lab: Lab, link: str, router: Router) -> Iterator[None]:
    """For the block, this one advertises on a visited link, and the usual one is silent."""
    usual = lab.routers[link]
    usual.stop()
    try:
        with beside(router):
            yield
    finally:
        usual.start()


@contextmanager
def beside(router: Router) -> Iterator[None]:
    """For the block, this one advertises."""
    router.start()
    try:
        yield
    finally:
        router.stop()
