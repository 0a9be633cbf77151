# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that nobody should send, each with the answer that is due and with what must be counted."""

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
    ICMPV6,
    IPV6,
    MOBILITY,
    ROUTING,
    A,
    acknowledgement,
    alternate_care_of,
    checksum,
    error,
    home_option,
    icmpv6,
    ipv6,
    mobility,
    type_2,
    update,
)
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS

STRANGER = CORRESPONDENT_ADDRESS
AGENT = HOME_AGENT_ADDRESS
OUTSIDE = IPv6Address("2001:db8:99::9")  # of no home link
NOBODY = IPv6Address("2001:db8:1::66")  # of the home link, and not registered
UNKNOWN_TYPE = 200
ECHO = icmpv6(128, 0, bytes(4) + b"through the tunnel", NOBODY, STRANGER)


@dataclass(frozen=True)
class World:
    """What there is to be disturbed."""

    home: IPv6Address
    care_of: IPv6Address
    sequence: int


@dataclass(frozen=True)
class Case:
    """A packet, the answers in words (with the members of World), and what is counted."""

    packet: Callable[[World], bytes]
    answers: tuple[str, ...]
    counted: dict[str, int]


def to_agent(
    data: bytes, home: hostile.Address | None = None, *, kind: int = BU, source: hostile.Address = STRANGER, **how: int
) -> bytes:
    """A Mobility Header to the home agent, with a Home Address option if there is a home address."""
    header = mobility(kind, data, home or source, AGENT, **how)
    if home is None:
        return ipv6(source, AGENT, MOBILITY, header)
    return ipv6(source, AGENT, DESTINATION_OPTIONS, home_option(MOBILITY, home) + header)


def to_laptop(
    world: World, kind: int, data: bytes, home: hostile.Address | None = None, *, source: hostile.Address = AGENT
) -> bytes:
    """A Mobility Header to the care-of address, with a type 2 routing header if there is a home address."""
    header = mobility(kind, data, source, home or world.care_of)
    if home is None:
        return ipv6(source, world.care_of, MOBILITY, header)
    return ipv6(source, world.care_of, ROUTING, type_2(MOBILITY, home) + header)


def tunnelled(outer_source: hostile.Address, outer_destination: hostile.Address, inner: bytes) -> bytes:
    return ipv6(outer_source, outer_destination, IPV6, inner)


def claiming(home: hostile.Address, destination: hostile.Address, source: hostile.Address = STRANGER) -> bytes:
    """Payload that claims to come from a home address, where no packet goes directly."""
    datagram = bytes((0, 9, 0, 9, 0, 8)) + bytes(2)
    datagram = datagram[:6] + checksum(home, destination, 17, datagram).to_bytes(2)
    return ipv6(source, destination, DESTINATION_OPTIONS, home_option(17, home) + datagram)


def too_big(mtu: int, original: bytes, source: hostile.Address, destination: hostile.Address) -> bytes:
    return icmpv6(2, 0, mtu.to_bytes(4) + original, source, destination)


def cut(packet: bytes, octets: int) -> bytes:
    """The packet without its last octets, with a Payload Length to match."""
    return packet[:4] + (len(packet) - 40 - octets).to_bytes(2) + packet[6:-octets]


def longer(packet: bytes, more: bytes) -> bytes:
    """The packet with octets behind what is in it."""
    return packet[:4] + (len(packet) - 40 + len(more)).to_bytes(2) + packet[6:] + more


def malformed(fault: str) -> dict[str, int]:
    return {f"malformed.{fault}": 1, "receive.malformed.mobility": 1}


def refused(status: int) -> dict[str, int]:
    return {"bu.received": 1, f"bu.refused.{status}": 1}


def discarded(reason: str) -> dict[str, int]:
    return {"bu.received": 1, f"bu.discarded.{reason}": 1}


CLAIMED = {"receive.home-address-refused": 1, "correspondent.home-address.refused": 1}
NO_HOME = {"ba.received": 1, "ba.ignored.home-address": 1}
STALE = {"ba.received": 1, "ba.ignored.sequence": 1}
FOR_STRANGERS = {"tunnel.in.stranger": 1}
NOT_HOME = {"tunnel.in.not-home-address": 1}

AT_THE_HOME_AGENT = {
    "a Mobility Header that is not all there": Case(
        lambda w: cut(to_agent(update(7), OUTSIDE), 4), (), malformed("truncated")
    ),
    "a Mobility Header of four octets": Case(
        lambda w: ipv6(STRANGER, AGENT, MOBILITY, bytes((59, 0, BU, 0))), (), malformed("truncated")
    ),
    "options that run past the header": Case(
        lambda w: to_agent(update(7, options=bytes((3, 200, 0, 0))), OUTSIDE), (), malformed("bad-option")
    ),
    "an option of the wrong length": Case(
        lambda w: to_agent(update(7, options=bytes((3, 4, 1, 2, 3, 4))), OUTSIDE), (), malformed("bad-option")
    ),
    "an authentication option without an SPI": Case(
        lambda w: to_agent(update(7, options=bytes((9, 1, 0, 0, 0, 0))), OUTSIDE), (), malformed("bad-option")
    ),
    "oversized: 240 options and more behind the header": Case(
        lambda w: longer(to_agent(update(7, options=bytes((200, 1, 0)) * 240), OUTSIDE), b"more"),
        (f"BA 132 sequence 7 via {OUTSIDE}",),
        refused(132),
    ),
    "not a multiple of eight": Case(
        lambda w: cut(to_agent(update(7) + bytes(8), OUTSIDE, length=1), 3),
        (f"BA 132 sequence 7 via {OUTSIDE}",),
        refused(132),
    ),
    "a wrong checksum": Case(lambda w: to_agent(update(7), OUTSIDE, spoil=1), (), malformed("bad-checksum")),
    "an unknown type": Case(
        lambda w: to_agent(bytes(10), kind=UNKNOWN_TYPE), ("BE 2 home ::",), malformed("unknown-type")
    ),
    "an unknown type with a home address": Case(
        lambda w: to_agent(bytes(10), w.home, kind=UNKNOWN_TYPE), ("BE 2 home {home}",), malformed("unknown-type")
    ),
    "a wrong payload proto": Case(
        lambda w: to_agent(update(7), proto=6), ("PP 0 pointer 40",), malformed("bad-payload-proto")
    ),
    "a wrong payload proto behind an option": Case(
        lambda w: to_agent(update(7), OUTSIDE, proto=6), ("PP 0 pointer 64",), malformed("bad-payload-proto")
    ),
    "too small a header len": Case(
        lambda w: to_agent(update(7), length=0), ("PP 0 pointer 41",), malformed("bad-header-length")
    ),
    "a group as home address": Case(lambda w: to_agent(update(7), "ff0e::1"), (), malformed("bad-value")),
    "a link-local home address": Case(lambda w: to_agent(update(7), "fe80::1"), (), malformed("bad-value")),
    "no home address in the option": Case(lambda w: to_agent(update(7), "::"), (), malformed("bad-value")),
    "two home addresses": Case(
        lambda w: ipv6(
            STRANGER, AGENT, DESTINATION_OPTIONS,
            home_option(MOBILITY, OUTSIDE, w.home) + mobility(BU, update(7), OUTSIDE, AGENT),
        ),
        (), malformed("bad-option"),
    ),
    "a type 2 routing header to somebody else": Case(
        lambda w: ipv6(
            STRANGER, AGENT, ROUTING,
            type_2(DESTINATION_OPTIONS, NOBODY)
            + home_option(MOBILITY, OUTSIDE) + mobility(BU, update(7), OUTSIDE, NOBODY),
        ),
        (), discarded("routing-header"),
    ),
    "an update without H": Case(lambda w: to_agent(update(7, flags=A), NOBODY), (), discarded("correspondent")),
    "an update without H for a home registration": Case(
        lambda w: to_agent(update(w.sequence + 1, flags=A), w.home),
        ("BA 139 sequence {next} via {home}",),
        refused(139),
    ),
    "a home address outside the prefix": Case(
        lambda w: to_agent(update(7), OUTSIDE), (f"BA 132 sequence 7 via {OUTSIDE}",), refused(132)
    ),
    "an old sequence number": Case(
        lambda w: to_agent(update(w.sequence), w.home), ("BA 135 sequence {sequence} via {home}",), refused(135)
    ),
    "the oldest sequence number": Case(
        lambda w: to_agent(update((w.sequence - 32768) % 65536), w.home),
        ("BA 135 sequence {sequence} via {home}",),
        refused(135),
    ),
    "an old sequence number that deletes": Case(
        lambda w: to_agent(update(w.sequence, lifetime=0), w.home),
        ("BA 135 sequence {sequence} via {home}",),
        refused(135),
    ),
    "nonce indices with H": Case(
        lambda w: to_agent(update(7, options=bytes((4, 4, 0, 1, 0, 2))), NOBODY), (), discarded("nonce-indices")
    ),
    "a group as care-of address": Case(
        lambda w: to_agent(update(7, options=alternate_care_of("ff02::1")), NOBODY), (), discarded("care-of-address")
    ),
    "a link-local care-of address": Case(
        lambda w: to_agent(update(7, options=alternate_care_of("fe80::1")), NOBODY), (), discarded("care-of-address")
    ),
    "no home address option": Case(lambda w: to_agent(update(7)), (), discarded("no-home-address-option")),
    "the home agent's own address": Case(
        lambda w: to_agent(update(7), AGENT), (f"BA 134 sequence 7 via {AGENT}",), refused(134)
    ),
    "the anycast address of the home agents": Case(
        lambda w: to_agent(update(7), "2001:db8:1::fdff:ffff:ffff:fffe"),
        ("BA 129 sequence 7 via 2001:db8:1:0:fdff:ffff:ffff:fffe",), refused(129),
    ),
    "a care-of address on the home link": Case(
        lambda w: to_agent(update(7, options=alternate_care_of(w.home)), NOBODY),
        (f"BA 174 sequence 7 via {NOBODY}",),
        refused(174),
    ),
    "deletes what was never registered": Case(
        lambda w: to_agent(update(7, lifetime=0), NOBODY), (f"BA 133 sequence 7 via {NOBODY}",), refused(133)
    ),
    "messages that are for others": Case(lambda w: to_agent(acknowledgement(0, 7), kind=BA), (), {}),
    "a binding error": Case(lambda w: to_agent(error(1, w.home), kind=BE), (), {}),
    "a binding refresh request": Case(lambda w: to_agent(b"", kind=BRR), (), {}),
    "a home test init": Case(lambda w: to_agent(bytes(10), kind=HOTI), (), {}),
    "a care-of test init": Case(lambda w: to_agent(bytes(10), kind=COTI), (), {}),
    "a home test": Case(lambda w: to_agent(bytes(18), kind=HOT), (), {}),
    "a care-of test": Case(lambda w: to_agent(bytes(18), kind=COT), (), {}),
    "too big for 68 octets, of a packet that we did send": Case(
        lambda w: ipv6(STRANGER, AGENT, ICMPV6, too_big(68, tunnelled(AGENT, w.care_of, ECHO), STRANGER, AGENT)), (), {}
    ),
    "payload with a home address": Case(lambda w: claiming(w.home, AGENT), ("BE 1 home {home}",), CLAIMED),
    "a tunnel packet from a stranger": Case(
        lambda w: tunnelled(STRANGER, AGENT, ipv6(w.home, STRANGER, ICMPV6, ECHO)), (), FOR_STRANGERS
    ),
    "a tunnel packet of somebody else's home address": Case(
        lambda w: tunnelled(w.care_of, AGENT, ipv6(NOBODY, STRANGER, ICMPV6, ECHO)), (), NOT_HOME
    ),
    "a tunnel packet with a link-local destination": Case(
        lambda w: tunnelled(w.care_of, AGENT, ipv6(w.home, "fe80::1", ICMPV6, ECHO)), (), NOT_HOME
    ),
    "a tunnel packet with a link-local source": Case(
        lambda w: tunnelled(w.care_of, AGENT, ipv6("fe80::1", STRANGER, ICMPV6, ECHO)), (), NOT_HOME
    ),
    "a tunnel packet from nobody": Case(
        lambda w: tunnelled(w.care_of, AGENT, ipv6("::", STRANGER, ICMPV6, ECHO)), (), NOT_HOME
    ),
    "a tunnel packet with half a header": Case(
        lambda w: tunnelled(w.care_of, AGENT, ipv6(w.home, STRANGER, ICMPV6, ECHO)[:30]), (), NOT_HOME
    ),
    "a tunnel packet that is none": Case(
        lambda w: tunnelled(w.care_of, AGENT, b"\x45" + ipv6(w.home, STRANGER, ICMPV6, ECHO)[1:]), (), NOT_HOME
    ),
    **{
        f"an ICMPv6 error {kind} with {name} inside": Case(
            lambda w, kind=kind, inside=inside: ipv6(
                STRANGER, AGENT, ICMPV6, icmpv6(kind, 0, kind.to_bytes(4) + inside, STRANGER, AGENT)
            ),
            (), {},
        )
        for kind in (1, 2, 3, 4)
        for name, inside in (("nothing", b""), ("noise", bytes(range(200))), ("half a packet", b"\x60" + bytes(45)))
    },
}  # fmt: skip

AT_THE_LAPTOP = {
    "an acknowledgement never asked for": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence), w.home), (), STALE
    ),
    "an acknowledgement of another number": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence + 1), w.home), (), STALE
    ),
    "a refusal never asked for": Case(lambda w: to_laptop(w, BA, acknowledgement(129, w.sequence), w.home), (), STALE),
    "a correction never asked for": Case(
        lambda w: to_laptop(w, BA, acknowledgement(135, 9999), w.home),
        (), {"ba.received": 1, "ba.ignored.not-awaited": 1},
    ),
    "an acknowledgement from a stranger": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence), w.home, source=STRANGER),
        (), {"ba.received": 1, "ba.ignored.source": 1},
    ),
    "an acknowledgement without routing header": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence)), (), NO_HOME
    ),
    "an acknowledgement for somebody else": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence), NOBODY), (), NO_HOME
    ),
    "a routing header to a group": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence), "ff02::1"),
        (), {"receive.malformed.other": 1},
    ),
    "a routing header with more to come": Case(
        lambda w: ipv6(
            AGENT, w.care_of, ROUTING,
            type_2(MOBILITY, w.home, left=2) + mobility(BA, acknowledgement(0, w.sequence), AGENT, w.home),
        ),
        (), {"receive.malformed.other": 1},
    ),
    "a routing header of another length": Case(
        lambda w: ipv6(
            AGENT, w.care_of, ROUTING,
            type_2(MOBILITY, w.home, length=4) + bytes(16)
            + mobility(BA, acknowledgement(0, w.sequence), AGENT, w.home),
        ),
        (), {"receive.malformed.other": 1},
    ),
    "a routing header to an address of smaller scope": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence), "fec0::1"), (), {"receive.malformed.other": 1}
    ),
    "a routing header to a link-local address": Case(
        lambda w: to_laptop(w, BA, acknowledgement(0, w.sequence), "fe80::1"), (), {"receive.malformed.other": 1}
    ),
    "unknown type 2 routing to a stranger": Case(
        lambda w: ipv6(STRANGER, w.care_of, ROUTING, type_2(ICMPV6, STRANGER) + ECHO),
        (), {"receive.malformed.other": 1},
    ),
    "a binding error of a stranger": Case(
        lambda w: to_laptop(w, BE, error(1, w.home), source=STRANGER), (), {"be.ignored": 1}
    ),
    "a binding error for somebody else": Case(lambda w: to_laptop(w, BE, error(1, NOBODY)), (), {"be.ignored": 1}),
    "a binding error about a type": Case(lambda w: to_laptop(w, BE, error(2, w.home)), (), {"be.ignored": 1}),
    "a binding error of an unknown kind": Case(lambda w: to_laptop(w, BE, error(77, w.home)), (), {"be.ignored": 1}),
    "an update": Case(lambda w: to_laptop(w, BU, update(7), source=STRANGER), (), {}),
    "a refresh request of a stranger": Case(
        lambda w: to_laptop(w, BRR, b"", source=STRANGER), (), {"brr.ignored": 1}
    ),
    "a refresh request of a stranger to the home address": Case(
        lambda w: to_laptop(w, BRR, b"", w.home, source=STRANGER), (), {"brr.ignored": 1}
    ),
    "an unknown type": Case(
        lambda w: to_laptop(w, UNKNOWN_TYPE, bytes(10), source=STRANGER), ("BE 2 home ::",), malformed("unknown-type")
    ),
    "a wrong checksum": Case(
        lambda w: ipv6(AGENT, w.care_of, MOBILITY, mobility(BA, acknowledgement(0, 1), AGENT, w.home)),
        (), malformed("bad-checksum"),
    ),
    "payload with a home address": Case(
        lambda w: claiming(NOBODY, w.care_of), (f"BE 1 home {NOBODY}",), CLAIMED
    ),
    "a wrong payload proto": Case(
        lambda w: ipv6(AGENT, w.care_of, MOBILITY, mobility(BA, acknowledgement(0, 1), AGENT, w.care_of, proto=6)),
        (), malformed("bad-payload-proto"),
    ),
    "too small a header len": Case(
        lambda w: ipv6(AGENT, w.care_of, MOBILITY, mobility(BA, acknowledgement(0, 1), AGENT, w.care_of, length=0)),
        (), malformed("bad-header-length"),
    ),
    "a tunnel packet from a stranger": Case(
        lambda w: tunnelled(STRANGER, w.care_of, ipv6(STRANGER, w.home, ICMPV6, ECHO)), (), FOR_STRANGERS
    ),
    "a tunnel packet for somebody else": Case(
        lambda w: tunnelled(AGENT, w.care_of, ipv6(STRANGER, NOBODY, ICMPV6, ECHO)), (), NOT_HOME
    ),
    "a tunnel packet with a link-local source": Case(
        lambda w: tunnelled(AGENT, w.care_of, ipv6("fe80::1", w.home, ICMPV6, ECHO)), (), NOT_HOME
    ),
    "a router advertisement from afar": Case(
        lambda w: ipv6(
            STRANGER, w.care_of, ICMPV6, icmpv6(134, 0, b"\x40\x20\xff\xff" + bytes(8), STRANGER, w.care_of), hops=255
        ),
        (), {"receive.malformed.other": 1},
    ),
    **{
        f"an ICMPv6 error {kind} with noise inside": Case(
            lambda w, kind=kind: ipv6(
                AGENT, w.care_of, ICMPV6, icmpv6(kind, 1, kind.to_bytes(4) + bytes(range(99)), AGENT, w.care_of)
            ),
            (), {},
        )
        for kind in (1, 2, 3, 4)
    },
}  # fmt: skip
