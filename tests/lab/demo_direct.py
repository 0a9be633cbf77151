# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's addition on the kernel datapath: laptop and correspondent talk directly, and captures prove it."""

from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any, Self

from tests.lab.capture import Capture
from tests.lab.demo_story import Story
from tests.lab.direct import is_direct, start_correspondent
from tests.lab.directness import agree, ours
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming

WITHOUT_PRIVACY = "\n[mobile_node.route_optimization]\nlocation_privacy = false\n"
SNAPSHOT = 200  # octets of each packet: headers are enough


@dataclass(frozen=True)
class Proof:
    """What the captures show; the numbers are those of the correspondent's link."""

    to_laptop: int
    from_laptop: int
    tshark_agrees: bool

    def as_json(self) -> dict[str, Any]:
        """The agreed form."""
        return {
            "direct_packets_to_laptop": self.to_laptop,
            "direct_packets_from_laptop": self.from_laptop,
            "tshark_agrees": self.tshark_agrees,
        }


class DirectAct:
    """Captures on the links of the correspondent and of the laptop, for as long as its with block lasts."""

    def __init__(self, lab: Lab, roaming: Roaming, story: Story) -> None:
        self._lab, self._roaming, self._story = lab, roaming, story
        self._undo = ExitStack()
        self._captures: list[Capture] = []

    def __enter__(self) -> Self:
        for node, interface in ((self._lab.correspondent, "core0"), (self._lab.laptop, "eth0")):
            capture = self._lab.capture(node, interface, f"demo-{node.name}", snapshot=SNAPSHOT)
            self._captures.append(self._undo.enter_context(capture))
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def start_correspondent(self) -> None:
        """Our service on the correspondent."""
        self._story.chapter("The correspondent starts mnclient too, as a correspondent node")
        start_correspondent(self._lab)
        self._story.say("it will send packets straight to where the laptop is, once the laptop has proven where it is")

    def is_direct(self) -> None:
        """Wait until the two talk directly; `NotInTime` when they do not."""
        found = is_direct(self._roaming)
        self._story.good(f"laptop and correspondent talk directly, the laptop as {found.care_of_address}")

    def proof(self, home: IPv6Address) -> Proof:
        """What was captured: to be asked after the with block."""
        counts = [ours(capture.file, home) for capture in self._captures]
        for capture, count in zip(self._captures, counts, strict=True):
            self._story.say(
                f"on the link of the {_WHO[capture.node.name]}: {count.to_laptop} packets to the laptop with a type 2"
                f" routing header, {count.from_laptop} from it with a Home Address option,"
                f" {count.tunnelled} in the tunnel"
            )
        agrees = all(agree(capture.file, home) for capture in self._captures)
        return Proof(counts[0].to_laptop, counts[0].from_laptop, agrees)


_WHO = {"cn": "correspondent", "laptop": "laptop"}
