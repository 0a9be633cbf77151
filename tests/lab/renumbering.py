# SPDX-License-Identifier: GPL-2.0-or-later
"""Links that get other prefixes: visited ones as networks where nobody has been before, and the home link."""

import signal
from ipaddress import IPv6Network

from tests.lab.lab import Lab
from tests.lab.processes import Process
from tests.lab.topology import SITES

HOME_RADVD = """\
interface home0 {{
    AdvSendAdvert on;
    MinRtrAdvInterval 0.3;
    MaxRtrAdvInterval 0.5;
    MinDelayBetweenRAs 0.3;
    AdvIntervalOpt on;
    AdvDefaultLifetime 1800;
{lines}{prefixes}
}};
"""
HOME_RADVD_PREFIX = """\
    prefix {prefix} {{
        AdvOnLink on;
        AdvAutonomous on;
        AdvValidLifetime {valid};
        AdvPreferredLifetime {preferred};
    }};
"""


class HomeRouter:
    """radvd on the home link, where the home agent is another machine: who gives the link its prefixes, and takes them.

    It starts no lifetime anew for a prefix that it advertises no longer: that one then comes to its end.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._process: Process | None = None

    def advertise(self, prefixes: dict[IPv6Network, tuple[int, int]], *lines: str) -> None:
        """From now on these, with their valid and preferred lifetimes in seconds; `lines` for radvd beside."""
        self.stop()
        rows = [
            HOME_RADVD_PREFIX.format(prefix=prefix, valid=valid, preferred=preferred)
            for prefix, (valid, preferred) in prefixes.items()
        ]
        node = self._lab.home_agent
        file, pid = node.folder / "home-radvd.conf", node.folder / "home-radvd.pid"
        file.write_text(
            HOME_RADVD.format(lines="".join(f"    {line};\n" for line in lines), prefixes="".join(rows)),
            encoding="ascii",
        )
        command = ["radvd", "--nodaemon", "--logmethod", "stderr", "--config", str(file), "--pidfile", str(pid)]
        self._process = self._lab.adopt(node.popen(command, log="radvd-home0"))

    def stop(self) -> None:
        """Cease to advertise, without a word: a goodbye would say that the router is gone."""
        if self._process is not None:
            self._process.stop(signal.SIGKILL)
            self._process = None


class Renumbering:
    """Gives visited links a new face, again and again. Do it while the laptop is elsewhere."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._number = 0

    def renew(self, link: str) -> IPv6Network:
        """The link's new prefix; its router is advertising it, with a new hardware and link-local address."""
        assert all(cable.link != link for cable in self._lab.cables.values()), f"somebody is on {link}"
        self._number += 1
        number, router = self._number, self._lab.routers[link]
        prefix = list(SITES[link].subnets(new_prefix=64))[number]
        site = int(SITES[link].network_address) >> 80 & 0xFF
        router.stop()
        router.node.ip(
            f"addr flush dev {router.interface} scope global",
            f"addr flush dev {router.interface} scope link",
            f"link set {router.interface} address 02:00:{site:02x}:00:{number >> 8:02x}:{number & 0xFF:02x}",
            f"addr add fe80::{site:x}ff:fe00:{number:x}/64 dev {router.interface} nodad",
            f"addr add {prefix[1]}/64 dev {router.interface} nodad",
        )
        router.prefix = prefix
        router.start()
        return prefix
