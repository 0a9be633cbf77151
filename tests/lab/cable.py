# SPDX-License-Identifier: GPL-2.0-or-later
"""The laptop's cable: pulled here, plugged in there, within milliseconds and at an instant that is known."""

import struct
import time
from dataclasses import dataclass
from typing import Final

from mnclient.network.links import link_dump, read_link
from mnclient.network.messages import LINK, RTM_NEWLINK
from mnclient.network.rtnetlink import Message, RouteSocket, attribute
from mnclient.units import Instant
from tests.lab.node import Node, inside
from tests.lab.topology import BRIDGES

_IFF_UP: Final = 1
_IFLA_MASTER: Final = 10


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

    Pulling takes the far end down, so that the near end loses its carrier; plugging puts it on a bridge and up. Both
    are messages that lie ready, and a move is one system call: what a re-plugging takes is the kernel's own time.
    A cable that is left hanging is taken off its bridge as well.
    """

    def __init__(self, switch: Node, interface: str) -> None:
        self.link = ""
        with inside(switch.namespace):
            self._netlink = RouteSocket()
        links = (read_link(body) for _, body in self._netlink.dump(link_dump()))
        indexes = {each.name: each.index for each in links if each is not None}
        assert interface in indexes, f"no {interface} in {switch.namespace}, only {', '.join(indexes)}"
        far_end, bridges = indexes[interface], {link: indexes[name] for link, name in BRIDGES.items()}
        self._pull = _change(far_end, flags=0)
        self._take_off = _change(far_end, bridge=0)
        self._put = {link: _change(far_end, flags=_IFF_UP, bridge=bridge) for link, bridge in bridges.items()}
        self._patch = {link: _change(far_end, bridge=bridge) for link, bridge in bridges.items()}

    def unplug(self) -> Instant:
        """Pull it; the instant just before."""
        now = boot_time()
        self._do(self._pull)
        self._do(self._take_off)
        self.link = ""
        return now

    def plug(self, link: str) -> Instant:
        """Plug it in; the instant just after."""
        self._do(self._put[link])
        self.link = link
        return boot_time()

    def move(self, link: str) -> Move:
        """Pull it and plug it in elsewhere at once."""
        from_link = self.link
        unplugged = boot_time()
        self._do(self._pull, self._put[link])
        plugged = boot_time()
        self.link = link
        return Move(from_link=from_link, to_link=link, unplugged=unplugged, plugged=plugged)

    def bring_other_link_here(self, link: str) -> Instant:
        """Change the link under the plugged cable while the carrier stays: as when a hidden switch is re-patched."""
        now = boot_time()
        self._do(self._patch[link])
        self.link = link
        return now

    def _do(self, *changes: Message) -> None:
        for answer in self._netlink.request(changes):
            assert not answer.errno, f"the cable does not move: {answer.reason}"

    def close(self) -> None:
        """Give the netlink socket back."""
        self._netlink.close()


def _change(index: int, *, flags: int | None = None, bridge: int | None = None) -> Message:
    """Set an interface up or down, or put it on a bridge, or both."""
    header = LINK.pack(0, 0, index, flags or 0, 0 if flags is None else _IFF_UP)
    return Message(
        RTM_NEWLINK, 0, header + (b"" if bridge is None else attribute(_IFLA_MASTER, struct.pack("=I", bridge)))
    )
