# SPDX-License-Identifier: GPL-2.0-or-later
"""One more machine, with a cable of its own: somebody who uses the laptop's home address, or a second laptop."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from types import TracebackType
from typing import Self

from tests.lab.cable import Cable
from tests.lab.lab import Lab
from tests.lab.node import Node
from tests.lab.roaming import Roaming
from tests.lab.topology import FIRST_FAR_INDEX, VISITED_A

MAC = "02:00:00:00:00:66"
INDEX = 30


class Guest:
    """A namespace with eth0, whose cable hangs at first. It is gone after the with block."""

    def __init__(self, lab: Lab) -> None:
        self.node = Node("guest", f"{lab.laptop.namespace.removesuffix('laptop')}guest", lab.folder)
        self._switch = lab.nodes["switch"]
        self.cable: Cable | None = None

    def __enter__(self) -> Self:
        self.node.create()
        far_end = f"peer name to-guest index {FIRST_FAR_INDEX + INDEX} netns {self._switch.namespace}"
        self.node.ip(f"link add eth0 address {MAC} type veth {far_end}", "link set eth0 up")
        self.cable = Cable(self._switch, "to-guest")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.cable is not None:
            self.cable.close()
        self.node.delete()

    def plug(self, link: str) -> None:
        """Plug its cable in."""
        assert self.cable is not None, "used outside of its with block"
        self.cable.plug(link)

    def move(self, link: str) -> None:
        """Plug it in elsewhere."""
        assert self.cable is not None, "used outside of its with block"
        self.cable.move(link)

    def addresses(self) -> str:
        """What `ip` says of its addresses."""
        return self.node.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"])

    def take(self, address: str, *, asking: bool = True) -> None:
        """Configure an address by hand; not `asking` means without duplicate detection."""
        self.node.ip(f"addr add {address}/64 dev eth0{'' if asking else ' nodad'}")

    def give_back(self, address: str) -> None:
        """Remove it."""
        self.node.ip(f"addr del {address}/64 dev eth0")


@contextmanager
def neighbour_in_a(lab: Lab, roaming: Roaming, address: IPv6Address | str) -> Iterator[Guest]:
    """The laptop in network A, registered and settled, with a neighbour at this address on the same link."""
    lab.move(VISITED_A)
    roaming.registered_at(VISITED_A)
    with Guest(lab) as guest:
        guest.plug(VISITED_A)
        guest.take(str(address), asking=False)
        lab.eventually(lambda: "tentative" not in lab.laptop.run(["ip", "-6", "addr"]) + guest.addresses(), within=10.0)
        yield guest
