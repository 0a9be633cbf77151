# SPDX-License-Identifier: GPL-2.0-or-later
"""A visited link as a network where nobody has been before: another prefix, and another router by all one can see."""

from ipaddress import IPv6Network

from tests.lab.lab import Lab
from tests.lab.topology import SITES


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
