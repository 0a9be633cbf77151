# SPDX-License-Identifier: GPL-2.0-or-later
"""Bindings whose care-of address is persistently unreachable (RFC 6275 section 9.3.4).

A single ICMPv6 error may be a moment's matter, a laptop between two networks, or a forgery: nothing follows from it.
Errors that go on for PERSISTENCE, about packets that were sent by the binding, do end it; packets then go to the home
address, where somebody knows better. That the mobile node has no such port proves that it was reached.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.units import Instant, Seconds, between
from mnclient.wire.icmpv6 import DestinationUnreachable
from mnclient.wire.ipv6_extension import DESTINATION_OPTIONS, HOME_ADDRESS_OPTION, ROUTING, TYPE_2_ROUTING

PERSISTENCE: Final = Seconds(10.0)
"""Longer than any move that ends well: until then its Binding Update would have come."""
LONGEST_PAUSE: Final = Seconds(10.0)
"""Between two errors of one series: after a longer one something may have got through."""
FEWEST: Final = 5
"""Errors in a series, of which no two count within SPACING: a burst of packets on their way counts once."""
SPACING: Final = Seconds(1.0)

_PORT_UNREACHABLE: Final = 4  # RFC 4443 section 3.1
# Octets of a packet with a type 2 routing header, and of the option behind it, as we and the kernel write them.
_NEXT_HEADER, _SOURCE, _DESTINATION, _BEHIND, _ROUTING_TYPE, _HOME_ADDRESS, _END = 6, 8, 24, 40, 42, 48, 64
_OPTION, _OWN_ADDRESS, _OWN_END = 70, 72, 88


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A packet of ours that came back: whose binding it was sent by, and to which care-of address."""

    pair: Pair
    care_of_address: IPv6Address


@dataclass(slots=True)
class _Series:
    care_of_address: IPv6Address
    first: Instant
    last: Instant
    count: int = 1


def undelivered(message: DestinationUnreachable) -> Undelivered | None:
    """What an ICMPv6 error is about, None when that is no packet with a type 2 routing header, or was delivered."""
    packet = message.packet
    if message.code == _PORT_UNREACHABLE or len(packet) < _END:
        return None
    if packet[_NEXT_HEADER] != ROUTING or packet[_ROUTING_TYPE] != TYPE_2_ROUTING:
        return None
    correspondent = packet[_SOURCE : _SOURCE + 16]
    if packet[_BEHIND] == DESTINATION_OPTIONS and len(packet) >= _OWN_END and packet[_OPTION] == HOME_ADDRESS_OPTION:
        correspondent = packet[_OWN_ADDRESS:_OWN_END]  # we are mobile as well, and sent it from a care-of address
    pair = Pair(IPv6Address(correspondent), IPv6Address(packet[_HOME_ADDRESS:_END]))
    return Undelivered(pair, IPv6Address(packet[_DESTINATION : _DESTINATION + 16]))


class Unreachable:
    """One series of errors for each binding that has one: no more than there are bindings."""

    def __init__(self) -> None:
        self._series: dict[Pair, _Series] = {}

    def is_persistent(self, found: Undelivered, now: Instant) -> bool:
        """One more error about a binding: whether it is time to end it."""
        series = self._series.get(found.pair)
        if series is None or series.care_of_address != found.care_of_address or _is_over(series, now):
            self._series[found.pair] = _Series(found.care_of_address, now, now)
            return False
        if between(series.last, now) >= SPACING:
            series.last = now
            series.count += 1
        return series.count >= FEWEST and between(series.first, now) >= PERSISTENCE

    def forget(self, pair: Pair) -> None:
        """The binding was renewed, which proves that somebody is there, or is gone."""
        self._series.pop(pair, None)

    def clear(self) -> None:
        """All of them are gone."""
        self._series.clear()


def _is_over(series: _Series, now: Instant) -> bool:
    return between(series.last, now) > LONGEST_PAUSE
