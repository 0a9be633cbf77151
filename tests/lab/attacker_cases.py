# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attacker without the key can forge, and what he can play again: each moves nothing."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv6Address, IPv6Network

from tests.lab import hostile
from tests.lab.attacker import (
    AGENT_LOCAL,
    AGENT_MAC,
    ATTACKER_MAC,
    CORE,
    EVERYWHERE,
    HOME_LINK,
    LAPTOP_LOCAL,
    ROUTER,
    ROUTER_MAC,
    VISITED,
    Overheard,
)
from tests.lab.hostile import (
    ALL_NODES,
    BA,
    BE,
    BRR,
    BU,
    COT,
    COTI,
    DESTINATION_OPTIONS,
    HOT,
    HOTI,
    ICMPV6,
    MOBILITY,
    ROUTING,
    acknowledgement,
    advertisement,
    alternate_care_of,
    error,
    home_option,
    icmpv6,
    ipv6,
    mobility,
    prefix_option,
    type_2,
    update,
)
from tests.lab.hostile_cases import AGENT, STRANGER, to_agent, to_laptop, tunnelled
from tests.lab.second_router import HIGH, route_option
from tests.lab.signed import DAY, FROM_THEM, OTHER_KEY, THEIR_KEY, TO_AGENT, TO_LAPTOP, signed

TO_THE_PEER = (CORE, VISITED)
"""Where the care-of address is reached from; on the home link that is by way of the home agent, as from anywhere."""
UNREACHABLE, TOO_BIG, PARAMETER = 1, 2, 4
DHAAD_REPLY, MPA, REDIRECT = 145, 147, 137
STRANGER_LOCAL = IPv6Address("fe80::bad")
EVERYTHING, HALVES = IPv6Network("::/0"), (IPv6Network("::/1"), IPv6Network("8000::/1"))
TO_AGENT_BY = tuple(IPv6Network((int(AGENT), length), strict=False) for length in (3, 32, 48, 64, 128))
MANY = tuple(IPv6Network((int(AGENT) + n, 128)) for n in range(200))
"""Host routes; the first is to the home agent."""
HOME_HERE = prefix_option(AGENT, flags=0xE0)
TRUE_PREFIX = prefix_option("2001:db8:2::")


@dataclass(frozen=True)
class Scene:
    """What there is to be disturbed, and what was overheard of it."""

    home: IPv6Address
    care_of: IPv6Address
    sequence: int
    said: Overheard

    @property
    def is_at_home(self) -> bool:
        """Whether the laptop is where its home address is."""
        return self.care_of == self.home


@dataclass(frozen=True)
class Attack:
    """Packets, the places that they are sent from in turn, and the hardware address they are sent with.

    `questions`: so many Binding Updates it may cost; the binding stays as it was but for its sequence number.
    """

    packets: Callable[[Scene], list[bytes]]
    places: tuple[str, ...] = EVERYWHERE
    hardware: bytes = field(default=ATTACKER_MAC)
    questions: int = 0


def update_of(scene: Scene, data: bytes, **how: object) -> bytes:
    """A signed Binding Update from the attacker as care-of address."""
    made = signed(BU, data, scene.home, AGENT, home=scene.home, **{"care_of": STRANGER, **how})  # type: ignore[arg-type]
    return ipv6(STRANGER, AGENT, DESTINATION_OPTIONS, home_option(MOBILITY, scene.home) + made)


def farewell_of(scene: Scene, data: bytes, **how: object) -> bytes:
    """A signed de-registration as if from home."""
    made = signed(BU, data, scene.home, AGENT, home=scene.home, care_of=scene.home, **how)  # type: ignore[arg-type]
    return ipv6(scene.home, AGENT, MOBILITY, made)


def answer_of(scene: Scene, data: bytes, **how: object) -> bytes:
    """A signed Binding Acknowledgement to where the laptop is."""
    chosen = {"home": scene.home, "care_of": scene.care_of, "spi": TO_LAPTOP, **how}
    made = signed(BA, data, AGENT, scene.home, **chosen)  # type: ignore[arg-type]
    return ipv6(AGENT, scene.care_of, ROUTING, type_2(MOBILITY, scene.home) + made)


def redirected(packet: bytes, care_of: IPv6Address) -> bytes:
    """An acknowledgement of before, sent to where the laptop is now; no checksum covers that."""
    return packet[:24] + care_of.packed + packet[40:]


def elsewhere(packet: bytes) -> bytes:
    """A Binding Update of before, in the attacker's own name."""
    return packet[:8] + IPv6Address(STRANGER).packed + packet[24:]


def complaint(
    kind: int, code: int, value: int, source: hostile.Address, target: hostile.Address, about: bytes
) -> bytes:
    """An ICMPv6 error about a packet of `target`'s, which came from `source`."""
    body = icmpv6(kind, code, struct.pack("!I", value) + about[:1200], source, target)
    return ipv6(source, target, ICMPV6, body)


def in_the_tunnel(scene: Scene) -> bytes:
    """A packet as the laptop sends it by way of its home agent."""
    return tunnelled(scene.care_of, AGENT, ipv6(scene.home, STRANGER, 17, bytes(8)))


def out_of_the_tunnel(scene: Scene) -> bytes:
    """A packet as the home agent sends it to the laptop."""
    return tunnelled(AGENT, scene.care_of, ipv6(STRANGER, scene.home, 17, bytes(8)))


def router_says(source: IPv6Address, *options: bytes, **how: int) -> bytes:
    """A Router Advertisement to all nodes."""
    return ipv6(source, ALL_NODES, ICMPV6, icmpv6(134, 0, advertisement(*options, **how), source, ALL_NODES), hops=255)


def leads(*networks: IPv6Network, router: IPv6Address = STRANGER_LOCAL) -> bytes:
    """A router of the true prefix advertises more specific routes, the most preferred ones (RFC 4191)."""
    return router_says(router, TRUE_PREFIX, *(route_option(each, 1800, HIGH) for each in networks))


def neighbour_says(target: hostile.Address, destination: hostile.Address, hardware: bytes = ATTACKER_MAC) -> bytes:
    """An unasked Neighbor Advertisement that overrides what is known."""
    flags = 0xA0000000 if IPv6Address(destination).is_multicast else 0xE0000000
    body = struct.pack("!I", flags) + IPv6Address(target).packed + bytes((2, 1)) + hardware
    source = target if IPv6Address(target).is_link_local else ROUTER
    return ipv6(source, destination, ICMPV6, icmpv6(136, 0, body, source, destination), hops=255)


def redirect(scene: Scene, about: IPv6Address, original: bytes) -> bytes:
    """The router says that the way to somebody is through the attacker."""
    body = bytes(4) + STRANGER_LOCAL.packed + about.packed + bytes((2, 1)) + ATTACKER_MAC
    quoted = original[: len(original) // 8 * 8]
    body += bytes((4, 1 + len(quoted) // 8)) + bytes(6) + quoted
    message = icmpv6(REDIRECT, 0, body, ROUTER, scene.care_of)
    return ipv6(ROUTER, scene.care_of, ICMPV6, message, hops=255)


FORGED_AT_THE_AGENT = {
    "without a key": lambda w, n: to_agent(update(n), w.home),
    "without a key, in the name of the care-of address": lambda w, n: to_agent(update(n), w.home, source=w.care_of),
    "without a key, with another care-of address inside": lambda w, n: to_agent(
        update(n, options=alternate_care_of(STRANGER)), w.home, source=w.care_of
    ),
    "under a key of its own": lambda w, n: update_of(w, update(n), key=OTHER_KEY),
    "under the key of another home address": lambda w, n: update_of(w, update(n), key=THEIR_KEY, spi=FROM_THEM),
    "under the key of another home address, as if it were this one's": lambda w, n: update_of(
        w, update(n), key=THEIR_KEY
    ),
    "under another SPI": lambda w, n: update_of(w, update(n), spi=TO_AGENT + 1),
    "with the SPI of the other direction": lambda w, n: update_of(w, update(n), spi=TO_LAPTOP),
    **{
        f"with {octets} octets of the right authenticator": partial(
            lambda w, n, octets: update_of(w, update(n), octets=octets), octets=octets
        )
        for octets in (11, 4, 1, 0)
    },
    "with the right key and a clock a day behind": lambda w, n: update_of(w, update(n), shift=-DAY),
    "with the right key and a clock a day ahead": lambda w, n: update_of(w, update(n), shift=DAY),
    "with the right key for another care-of address": lambda w, n: update_of(w, update(n), care_of=w.care_of),
    "that deletes, without a key": lambda w, n: to_agent(update(n, lifetime=0), w.home, source=w.care_of),
    "that deletes, under a key of its own": lambda w, n: update_of(w, update(n, lifetime=0), key=OTHER_KEY),
    "that deletes, with the right key of yesterday": lambda w, n: update_of(w, update(n, lifetime=0), shift=-DAY),
    "as if from home, without a key": lambda w, n: to_agent(update(n, lifetime=0), source=w.home),
    "as if from home, under a key of its own": lambda w, n: farewell_of(w, update(n, lifetime=0), key=OTHER_KEY),
    "as if from home, with the right key of yesterday": lambda w, n: farewell_of(w, update(n, lifetime=0), shift=-DAY),
    "as if from home, with half of the right authenticator": lambda w, n: farewell_of(
        w, update(n, lifetime=0), octets=6
    ),
}  # fmt: skip

FORGED_AT_THE_LAPTOP = {
    "an acknowledgement without a key": lambda w, n: to_laptop(w, BA, acknowledgement(0, n), w.home),
    "an acknowledgement for no time": lambda w, n: to_laptop(w, BA, acknowledgement(0, n, 0), w.home),
    **{
        f"status {status} without a key": partial(
            lambda w, n, status: to_laptop(w, BA, acknowledgement(status, n), w.home), status=status
        )
        for status in (1, 128, 129, 130, 132, 133, 134, 135, 144, 145, 146, 174)
    },
    "a refusal under a key of its own": lambda w, n: answer_of(w, acknowledgement(129, n), key=OTHER_KEY),
    "a refusal under another SPI": lambda w, n: answer_of(w, acknowledgement(129, n), spi=TO_AGENT),
    "a refusal with half of the right authenticator": lambda w, n: answer_of(w, acknowledgement(129, n), octets=6),
    "a refusal with the right key of yesterday": lambda w, n: answer_of(w, acknowledgement(129, n), shift=-DAY),
    "another clock with the right key of yesterday": lambda w, n: answer_of(w, acknowledgement(144, n), shift=-DAY),
    "an acknowledgement as if at home": lambda w, n: ipv6(
        AGENT, w.home, MOBILITY, mobility(BA, acknowledgement(0, n), AGENT, w.home)
    ),
    "a binding error about a type": lambda w, n: to_laptop(w, BE, error(2, w.home)),
    "a binding error of a stranger": lambda w, n: to_laptop(w, BE, error(1, w.home), source=STRANGER),
    "a refresh request of the home agent": lambda w, n: to_laptop(w, BRR, b"", w.home),
    "a refresh request of a correspondent": lambda w, n: to_laptop(w, BRR, b"", w.home, source=STRANGER),
    "a home test": lambda w, n: tunnelled(
        AGENT, w.care_of, ipv6(STRANGER, w.home, MOBILITY, mobility(HOT, bytes(18), STRANGER, w.home))
    ),
    "a home test beside the tunnel": lambda w, n: to_laptop(w, HOT, bytes(18), w.home, source=STRANGER),
    "a care-of test": lambda w, n: to_laptop(w, COT, bytes(18), source=STRANGER),
    "a home test init": lambda w, n: to_laptop(w, HOTI, bytes(10), source=STRANGER),
    "a care-of test init": lambda w, n: to_laptop(w, COTI, bytes(10), source=STRANGER),
    "a binding update": lambda w, n: to_laptop(w, BU, update(n), source=AGENT),
    "home prefixes that end": lambda w, n: ipv6(
        AGENT, w.care_of, ROUTING,
        type_2(ICMPV6, w.home) + icmpv6(
            MPA, 0, struct.pack("!HH", n, 0) + prefix_option(AGENT, flags=0xE0, valid=9, preferred=9), AGENT, w.home
        ),
    ),
    "another home agent": lambda w, n: ipv6(
        AGENT, w.care_of, ICMPV6,
        icmpv6(DHAAD_REPLY, 0, struct.pack("!HH", n, 0) + IPv6Address("2001:db8:1::666").packed, AGENT, w.care_of),
    ),
    "nobody can be reached, says the home agent": lambda w, n: complaint(
        UNREACHABLE, 3, 0, AGENT, w.care_of, in_the_tunnel(w)
    ),
    "forbidden, says a router": lambda w, n: complaint(UNREACHABLE, 1, 0, STRANGER, w.care_of, in_the_tunnel(w)),
    "the home agent knows no tunnels": lambda w, n: complaint(PARAMETER, 1, 6, AGENT, w.care_of, in_the_tunnel(w)),
    "the home agent knows no Mobile IPv6": lambda w, n: complaint(
        PARAMETER, 1, 6, AGENT, w.care_of, w.said.updates[-1]
    ),
    "the home agent knows no home address option": lambda w, n: complaint(
        PARAMETER, 2, 44, AGENT, w.care_of, w.said.updates[-1]
    ),
    "too big for 1280 octets": lambda w, n: complaint(TOO_BIG, 0, 1280, AGENT, w.care_of, in_the_tunnel(w)),
    "too big for 68 octets": lambda w, n: complaint(TOO_BIG, 0, 68, AGENT, w.care_of, in_the_tunnel(w)),
}  # fmt: skip

PLAYED_AGAIN = {
    "all updates": Attack(lambda w: list(w.said.updates)),
    "all updates, from elsewhere": Attack(lambda w: [elsewhere(each) for each in w.said.updates]),
    "all updates, the newest first": Attack(lambda w: list(reversed(w.said.updates))),
    "all updates, a bit changed": Attack(lambda w: [each[:-1] + bytes((each[-1] ^ 1,)) for each in w.said.updates]),
    "the de-registration of the last return": Attack(lambda w: list(w.said.farewells)),
    "all acknowledgements": Attack(
        lambda w: [redirected(each, w.care_of) for each in w.said.acknowledgements], TO_THE_PEER
    ),
    "the answer to the de-registration": Attack(lambda w: list(w.said.farewell_answers)),
}

ON_THE_LINK = {
    "a router that is home": Attack(
        lambda w: [router_says(STRANGER_LOCAL, HOME_HERE)] * 3, (VISITED,)
    ),
    "the home agent itself, hardware address and all": Attack(
        lambda w: [router_says(AGENT_LOCAL, HOME_HERE)] * 3, (VISITED,), AGENT_MAC
    ),
    "the true router says that this is home": Attack(
        lambda w: [router_says(ROUTER, TRUE_PREFIX, HOME_HERE)] * 3, (VISITED,), ROUTER_MAC
    ),
    # The kernel believes it until the true router is heard again; the engine knows the router by both its names.
    "the true router as if somebody else had its address": Attack(
        lambda w: [neighbour_says(ROUTER, ALL_NODES), neighbour_says(ROUTER, w.care_of)], (VISITED,)
    ),
    "the care-of address is somebody else's": Attack(lambda w: [neighbour_says(w.care_of, w.care_of)], (VISITED,)),
    "the home address is somebody else's": Attack(
        lambda w: [neighbour_says(w.home, ALL_NODES)], (VISITED, HOME_LINK)
    ),
    "the link-local address is somebody else's": Attack(
        lambda w: [neighbour_says(LAPTOP_LOCAL, w.care_of)], (VISITED,)
    ),
    "the way to the home agent is another one": Attack(
        lambda w: [redirect(w, AGENT, in_the_tunnel(w))], (VISITED,), ROUTER_MAC
    ),
    "a stranger who leads to the home agent": Attack(lambda w: [leads(*TO_AGENT_BY)] * 3, (VISITED,)),
    "a stranger who leads to everything": Attack(lambda w: [leads(EVERYTHING, *HALVES)] * 3, (VISITED,)),
    "a stranger with more ways than anybody has": Attack(
        lambda w: [leads(*MANY[first : first + 40]) for first in range(0, len(MANY), 40)], (VISITED,)
    ),
    "the true router as if it led elsewhere": Attack(
        lambda w: [leads(*TO_AGENT_BY, router=ROUTER)] * 3, (VISITED,), ROUTER_MAC
    ),
    "the way to a correspondent is another one": Attack(
        lambda w: [redirect(w, IPv6Address(STRANGER), ipv6(w.home, STRANGER, 17, bytes(8)))], (VISITED,), ROUTER_MAC
    ),
}  # fmt: skip


def _at_the_agent(make: Callable[[Scene, int], bytes], scene: Scene) -> list[bytes]:
    """With the number that is next, one far ahead, and the present one."""
    numbers = (scene.sequence + 1, scene.sequence + 1000, scene.sequence)
    return [make(scene, number % 65536) for number in numbers]


def _at_the_laptop(make: Callable[[Scene, int], bytes], scene: Scene) -> list[bytes]:
    """With the number of the last Binding Update, and the one to come."""
    return [make(scene, number % 65536) for number in (scene.sequence, scene.sequence + 1)]


ATTACKS: dict[str, Attack] = {
    **{f"an update {name}": Attack(partial(_at_the_agent, make)) for name, make in FORGED_AT_THE_AGENT.items()},
    **{name: Attack(partial(_at_the_laptop, make), TO_THE_PEER) for name, make in FORGED_AT_THE_LAPTOP.items()},
    "a binding error of the home agent": Attack(
        lambda w: [to_laptop(w, BE, error(1, w.home))] * 3, TO_THE_PEER, questions=1
    ),
    "no such binding, say the care-of address and a stranger": Attack(
        lambda w: [
            complaint(UNREACHABLE, 3, 0, source, AGENT, out_of_the_tunnel(w)) for source in (w.care_of, STRANGER)
        ]
    ),
    **{f"again: {name}": attack for name, attack in PLAYED_AGAIN.items()},
    **{f"on the link: {name}": attack for name, attack in ON_THE_LINK.items()},
}
