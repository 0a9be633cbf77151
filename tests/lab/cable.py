# SPDX-License-Identifier: GPL-2.0-or-later
"""The laptop's cable: pulled here, plugged in there, within milliseconds and at an instant that is known."""

import time
from dataclasses import dataclass

from pyroute2 import IPRoute

from mnclient.units import Instant
from tests.lab.node import Node, inside
from tests.lab.topology import BRIDGES


def boot_time() -> Instant:
    """The clock of everything in the lab and of the handover records: CLOCK_BOOTTIME, one for all namespaces."""
    return Instant(time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True)
class Move:
    """One re-plugging. `unplugged` is the instant before the carrier is taken away, `plugged` after it is back."""

    from_link: str
    to_link: str
    unplugged: Instant
    plugged: Instant


class Cable:
    """A cable whose far end `interface` sits in the switch. `link` is "" while it is pulled.

    Pulling takes the far end down, so that the near end loses its carrier, and off its bridge; plugging puts it on a
    bridge and up. Netlink from this process: a re-plugging takes about 3 ms, of which half is the kernel's.
    """

    def __init__(self, switch: Node, interface: str) -> None:
        self.link = ""
        with inside(switch.namespace):  # given the name, pyroute2 would silently make a namespace that is gone
            self._netlink = IPRoute()
        indexes = {each.get("ifname"): each["index"] for each in self._netlink.get_links()}
        assert interface in indexes, f"no {interface} in {switch.namespace}, only {', '.join(indexes)}"
        self._far_end = indexes[interface]
        self._bridges = {link: indexes[name] for link, name in BRIDGES.items()}

    def unplug(self) -> Instant:
        """Pull it; the instant just before."""
        now = boot_time()
        self._netlink.link("set", index=self._far_end, state="down")
        self._netlink.link("set", index=self._far_end, master=0)
        self.link = ""
        return now

    def plug(self, link: str) -> Instant:
        """Plug it in; the instant just after."""
        self._netlink.link("set", index=self._far_end, master=self._bridges[link])
        self._netlink.link("set", index=self._far_end, state="up")
        self.link = link
        return boot_time()

    def move(self, link: str) -> Move:
        """Pull it and plug it in elsewhere at once."""
        from_link = self.link
        unplugged = self.unplug()
        return Move(from_link=from_link, to_link=link, unplugged=unplugged, plugged=self.plug(link))

    def bring_other_link_here(self, link: str) -> Instant:
        """Change the link under the plugged cable while the carrier stays: as when a hidden switch is re-patched."""
        now = boot_time()
        self._netlink.link("set", index=self._far_end, master=self._bridges[link])
        self.link = link
        return now

    def close(self) -> None:
        """Give the netlink socket back."""
        self._netlink.close()
