# SPDX-License-Identifier: GPL-2.0-or-later
"""Forged packets against a laptop and a correspondent that talk directly, with the answers due and what is counted."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from tests.lab import hostile
from tests.lab.hostile import (
    BA,
    BE,
    BRR,
    BU,
    COT,
    COTI,
    DESTINATION_OPTIONS,
    HOT,
    HOTI,
    MOBILITY,
    ROUTING,
    A,
    H,
    acknowledgement,
    checksum,
    error,
    home_option,
    ipv6,
    mobility,
    type_2,
    update,
)
from tests.lab.hostile_cases import NOBODY, World, to_laptop
from tests.lab.topology import ARMS, CORRESPONDENT_ADDRESS

CORRESPONDENT = CORRESPONDENT_ADDRESS
STRANGER = IPv6Address(next(arm.node_address for arm in ARMS if arm.node == "ar-b"))
"""On the router of network B, from where he can claim any source."""
UDP, PORT = 17, 7020
UNKNOWN_NONCES = (40_000, 40_001)


@dataclass(frozen=True)
class Case:
    """A packet, made of the world and of the correspondent's nonce index of now; answers in words; what is counted."""

    packet: Callable[[World, int], bytes]
    answers: tuple[str, ...]
    counted: dict[str, int]


def signed(
    sequence: int,
    nonces: tuple[int, int],
    *,
    lifetime: int = 10,
    authenticator: bytes = b"forged?!forg",
    flags: int = A,
) -> bytes:
    """The data of a Binding Update to a correspondent, with an authenticator out of thin air."""
    indices = bytes((4, 4)) + b"".join(each.to_bytes(2) for each in nonces)
    return update(sequence, lifetime, flags=flags, options=indices + bytes((5, 12)) + authenticator)


def to_correspondent(
    kind: int, data: bytes, home: hostile.Address | None, *, source: hostile.Address = STRANGER
) -> bytes:
    """A Mobility Header to the correspondent, with a Home Address option if there is a home address."""
    header = mobility(kind, data, home or source, CORRESPONDENT)
    if home is None:
        return ipv6(source, CORRESPONDENT, MOBILITY, header)
    return ipv6(source, CORRESPONDENT, DESTINATION_OPTIONS, home_option(MOBILITY, home) + header)


def datagram(source: hostile.Address, destination: hostile.Address) -> bytes:
    """A UDP datagram that should reach nobody."""
    body = PORT.to_bytes(2) * 2 + (14).to_bytes(2) + bytes(2) + b"forged"
    return body[:6] + checksum(source, destination, UDP, body).to_bytes(2) + body[8:]


def claiming(home: hostile.Address) -> bytes:
    """Payload that claims to come from a home address."""
    return ipv6(STRANGER, CORRESPONDENT, DESTINATION_OPTIONS, home_option(UDP, home) + datagram(home, CORRESPONDENT))


def routed(world: World, home: hostile.Address, *, left: int = 1) -> bytes:
    """Payload to the care-of address with a type 2 routing header."""
    header = type_2(UDP, home, left=left)
    return ipv6(CORRESPONDENT, world.care_of, ROUTING, header + datagram(CORRESPONDENT, home))


def discarded(reason: str) -> dict[str, int]:
    return {"correspondent.bu.received": 1, f"correspondent.bu.discarded.{reason}": 1}


def refused(status: int) -> dict[str, int]:
    return {"correspondent.bu.received": 1, f"correspondent.bu.refused.{status}": 1}


def unauthenticated(status: int) -> Callable[[World, int], bytes]:
    return lambda w, n: to_laptop(w, BA, acknowledgement(status, w.sequence), w.home, source=CORRESPONDENT)


NOT_SIGNED = {"correspondent.ba.received": 1, "correspondent.ba.ignored.unauthenticated": 1}

AT_THE_CORRESPONDENT = {
    "a binding update with a forged authenticator": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, (n, n)), w.home), (), discarded("authenticator")
    ),
    "a deletion with a forged authenticator": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, (n, 0), lifetime=0), w.home),
        (), discarded("authenticator"),
    ),
    "a forged deletion from the care-of address": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, (n, 0), lifetime=0), w.home, source=w.care_of),
        (), discarded("authenticator"),
    ),
    "a binding update with nonces never given out": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, UNKNOWN_NONCES), w.home),
        ("BA 138 sequence {next} via {home}",), refused(138),
    ),
    "a binding update with nonces never given out that wants no answer": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, UNKNOWN_NONCES, flags=0), w.home),
        ("BA 138 sequence {next} via {home}",), refused(138),
    ),
    "a binding update with an unknown home nonce": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, (UNKNOWN_NONCES[0], n)), w.home),
        ("BA 136 sequence {next} via {home}",), refused(136),
    ),
    "a binding update with an unknown care-of nonce": Case(
        lambda w, n: to_correspondent(BU, signed(w.sequence + 1, (n, UNKNOWN_NONCES[1])), w.home),
        ("BA 137 sequence {next} via {home}",), refused(137),
    ),
    "a binding update without nonces": Case(
        lambda w, n: to_correspondent(BU, update(w.sequence + 1, flags=A), w.home), (), discarded("no-nonce-indices")
    ),
    "a binding update without authenticator": Case(
        lambda w, n: to_correspondent(
            BU, update(w.sequence + 1, flags=A, options=bytes((4, 4)) + n.to_bytes(2) * 2 + bytes((1, 0))), w.home
        ),
        (), discarded("unsigned"),
    ),
    "a home registration": Case(
        lambda w, n: to_correspondent(BU, update(7, flags=A | H), NOBODY),
        (f"BA 131 sequence 7 via {NOBODY}",), refused(131),
    ),
    "a home registration in the place of a binding": Case(
        lambda w, n: to_correspondent(BU, update(w.sequence + 1, flags=A | H), w.home),
        ("BA 139 sequence {next} via {home}",), refused(139),
    ),
    "a home test init with a home address option": Case(
        lambda w, n: to_correspondent(HOTI, bytes(10), w.home), (), {"correspondent.hoti.ignored": 1}
    ),
    "a care-of test init with a home address option": Case(
        lambda w, n: to_correspondent(COTI, bytes(10), w.home), (), {"correspondent.coti.ignored": 1}
    ),
    "payload of a home address without binding": Case(
        lambda w, n: claiming(NOBODY), (f"BE 1 home {NOBODY}",), {"correspondent.home-address.refused": 1}
    ),
    "payload with a routing header to a correspondent that is not mobile": Case(
        lambda w, n: ipv6(
            STRANGER, CORRESPONDENT, ROUTING, type_2(UDP, CORRESPONDENT) + datagram(STRANGER, CORRESPONDENT)
        ),
        (), {},
    ),
    "payload of the laptop's home address from elsewhere": Case(
        lambda w, n: claiming(w.home), ("BE 1 home {home}",), {"correspondent.home-address.refused": 1}
    ),
}  # fmt: skip

AT_THE_LAPTOP = {
    "an acknowledgement without authenticator": Case(unauthenticated(0), (), NOT_SIGNED),
    "a refusal without authenticator": Case(unauthenticated(129), (), NOT_SIGNED),
    "a correction of the sequence number without authenticator": Case(unauthenticated(135), (), NOT_SIGNED),
    "nonces said to be expired, and nothing was asked": Case(
        lambda w, n: to_laptop(w, BA, acknowledgement(138, w.sequence + 7), w.home, source=CORRESPONDENT),
        (), {"correspondent.ba.received": 1, "correspondent.ba.ignored.sequence": 1},
    ),
    "a home test that did not come through the home agent": Case(
        lambda w, n: ipv6(CORRESPONDENT, w.care_of, MOBILITY, mobility(HOT, bytes(18), CORRESPONDENT, w.care_of)),
        (), {"hot.received": 1, "hot.ignored.unknown": 1},
    ),
    "a home test with a routing header": Case(
        lambda w, n: to_laptop(w, HOT, bytes(18), w.home, source=CORRESPONDENT),
        (), {"hot.received": 1, "hot.ignored.unknown": 1},
    ),
    "a care-of test with a cookie never sent": Case(
        lambda w, n: ipv6(CORRESPONDENT, w.care_of, MOBILITY, mobility(COT, bytes(18), CORRESPONDENT, w.care_of)),
        (), {"cot.received": 1, "cot.ignored.cookie": 1},
    ),
    "a care-of test of a stranger": Case(
        lambda w, n: ipv6(STRANGER, w.care_of, MOBILITY, mobility(COT, bytes(18), STRANGER, w.care_of)),
        (), {"cot.received": 1, "cot.ignored.unknown": 1},
    ),
    "a binding error of a stranger": Case(
        lambda w, n: ipv6(STRANGER, w.care_of, MOBILITY, mobility(BE, error(1, w.home), STRANGER, w.care_of)),
        (), {"be.ignored": 1},
    ),
    "an unknown type, and nothing was asked": Case(
        lambda w, n: ipv6(CORRESPONDENT, w.care_of, MOBILITY, mobility(BE, error(2, w.home), CORRESPONDENT, w.care_of)),
        (), {"correspondent.be.ignored": 1},
    ),
    "a refresh request of a stranger": Case(
        lambda w, n: to_laptop(w, BRR, b"", w.home, source=STRANGER), (), {"brr.ignored": 1}
    ),
    "payload with a routing header to somebody else": Case(lambda w, n: routed(w, NOBODY), (), {}),
    "payload with a routing header that goes on": Case(lambda w, n: routed(w, w.home, left=2), (), {}),
    "payload with a routing header to the correspondent": Case(lambda w, n: routed(w, CORRESPONDENT), (), {}),
}  # fmt: skip
