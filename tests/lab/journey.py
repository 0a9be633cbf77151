# SPDX-License-Identifier: GPL-2.0-or-later
"""One journey with everything on the laptop's cable recorded.

Switched on at home; to network A; the cable hangs for a moment and is plugged in at A again; to network B, whose router
is silent at first; the interface is set down and up there; home.
"""

import time
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from tests.lab.discovery import NOWHERE, SOLICITATION, Heard, Tape
from tests.lab.lab import Lab
from tests.lab.roaming import Roaming
from tests.lab.topology import HOME, HOME_AGENT_ADDRESS, LAPTOP_ETH0_MAC, VISITED_A, VISITED_B

BY_HAND = IPv6Address("2001:db8:1::300")
LINK_LOCAL = IPv6Address("fe80::ff:fe00:10")


@dataclass
class Journey:
    """What was seen. `at` are instants in seconds of the time of day, `seen` what `ip` said then."""

    home_address: IPv6Address
    tape: Tape
    roaming: Roaming
    at: dict[str, float] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    care_of: dict[str, IPv6Address] = field(default_factory=dict)

    def mine(self, *kinds: int) -> list[Heard]:
        """What the laptop sent."""
        return [each for each in self.tape.heard(*kinds) if each.hardware_source == LAPTOP_ETH0_MAC]

    def between(self, messages: list[Heard], begin: str, end: str) -> list[Heard]:
        """Those between two instants."""
        return [each for each in messages if self.at[begin] <= each.at < self.at[end]]

    def detections(self, address: IPv6Address) -> list[Heard]:
        """The laptop's probes for an address: Neighbor Solicitations from nowhere."""
        return [each for each in self.mine(SOLICITATION) if each.source == NOWHERE and each.target == address]


def addresses(lab: Lab) -> str:
    return lab.laptop.run(["ip", "-6", "-o", "addr", "show", "dev", "eth0"])


def on_eth0(text: str) -> set[IPv6Address]:
    """The addresses in what `ip -o addr` said."""
    return {IPv6Address(line.split()[3].partition("/")[0]) for line in text.splitlines()}


def arrive(lab: Lab, roaming: Roaming, journey: Journey, name: str) -> None:
    """Registered from a foreign link, with every detection ended."""

    def settled() -> bool:
        care_of = roaming.home_addresses()[0].care_of_address
        return str(care_of) in addresses(lab) and "tentative" not in addresses(lab)

    roaming.registered_at(VISITED_B if name == "B" else VISITED_A)
    lab.eventually(settled, within=10.0, what="the care-of address is settled")
    care_of = roaming.home_addresses()[0].care_of_address
    assert care_of is not None
    journey.care_of[name], journey.seen[name] = care_of, addresses(lab)


def travel(lab: Lab) -> Journey:
    """All of it, once: the way that the tests beside it tell of."""
    lab.unplug()
    lab.laptop.ip("link set eth0 down")
    roaming = Roaming(lab)
    with Tape(lab.laptop, "eth0") as tape:
        made = Journey(IPv6Address(0), tape, roaming)
        made.at["begin"] = time.time()
        lab.laptop.ip("link set eth0 up")
        lab.plug(HOME)
        made.home_address = roaming.start()
        add_by_hand(lab, roaming, made)
        made.seen["home"] = addresses(lab)
        for name in ("A", "A again"):
            made.at[name] = time.time()
            lab.plug(VISITED_A) if name == "A again" else lab.move(VISITED_A)
            made.at[f"{name}, plugged"] = time.time()
            arrive(lab, roaming, made, name)
            made.at[f"{name}, registered"] = time.time()
            if name == "A":
                hang(lab, made)
        come_to_a_silent_router(lab, roaming, made)
        made.at["down and up"] = time.time()
        lab.laptop.ip("link set eth0 down", "link set eth0 up")
        lab.eventually(lambda: "fe80" in addresses(lab), within=5.0)
        arrive(lab, roaming, made, "B")
        made.at["home again"] = time.time()
        lab.move(HOME)
        roaming.registered_at(HOME)
        lab.eventually(lambda: "tentative" not in addresses(lab), within=5.0)
        made.seen["home again"] = addresses(lab)
        made.seen["groups"] = lab.laptop.run(["ip", "-6", "maddr", "show", "dev", "eth0"])
    return made


def add_by_hand(lab: Lab, roaming: Roaming, made: Journey) -> None:
    """One more home address, typed by a person; `seen` has its flags in the first moment."""
    made.at["by hand"] = time.time()
    roaming.laptop.mnctl("home-addresses", "add", str(BY_HAND), "--home-agent", str(HOME_AGENT_ADDRESS))
    wanted = f"{BY_HAND}/"
    made.seen["by hand"] = lab.eventually(
        lambda: next((line for line in addresses(lab).splitlines() if wanted in line), ""), within=5.0
    )
    roaming.registered_at(HOME)


def hang(lab: Lab, made: Journey) -> None:
    """Pull the cable, and wait until the service has noticed."""
    lab.unplug()
    made.at["hanging"] = time.time()
    lab.eventually(lambda: str(made.care_of["A"]) not in addresses(lab), within=5.0, what="the care-of address goes")
    made.seen["hanging"] = addresses(lab)
    made.seen["neighbours, hanging"] = lab.laptop.run(["ip", "-6", "neigh", "show", "dev", "eth0"])


def come_to_a_silent_router(lab: Lab, roaming: Roaming, made: Journey) -> None:
    """To network B while nobody advertises there; only then its router begins to."""
    lab.routers[VISITED_B].stop()
    made.at["B"] = time.time()
    lab.move(VISITED_B)
    waited = time.monotonic() + 1.0
    lab.eventually(lambda: time.monotonic() > waited, within=5.0)
    made.seen["B, silent"] = addresses(lab)
    made.seen["B, status"] = str(roaming.home_addresses()[0].care_of_address)
    made.at["B, advertised"] = time.time()
    lab.routers[VISITED_B].start()
    arrive(lab, roaming, made, "B")
