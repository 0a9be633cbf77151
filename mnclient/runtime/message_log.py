# SPDX-License-Identifier: GPL-2.0-or-later
"""The last signalling packets as they were sent and heard: octets only, which are decoded when somebody looks.

Noting one is an append; nobody pays for a log that is not read. Memory is bounded, whoever floods the link: what
everybody on it can send at any rate (Router Advertisements, Router Solicitations, broken packets) has small rings of
its own and pushes nothing else out, and of a router's advertisements only those are noted that differ from the last.
"""

from collections import deque
from collections.abc import Callable
from heapq import merge
from typing import Final

from mnclient.constants import IPV6_HEADER_LENGTH, PROTOCOL_ICMPV6, PROTOCOL_MOBILITY
from mnclient.runtime.clock import wall_clock
from mnclient.wire.signalling import upper_layer

MESSAGES: Final = 500
OCTETS: Final = 384 * 1024
OTHER_MESSAGES: Final = 50  # of advertisements, and as many again of what strangers may flood us with
OTHER_OCTETS: Final = 64 * 1024  # with OCTETS and those of the third ring: 512 kB
ROUTERS: Final = 64  # whose last advertisement is remembered

_NEXT_HEADER: Final = 6
_SOLICITATION, _ADVERTISEMENT, _DISCOVERY = 133, 134, range(144, 148)

Noted = tuple[int, float, str, bool, bytes]
"""Number, wall-clock time, interface ("": the kernel chose), whether it was sent, packet from its IPv6 header on."""


class _Ring:
    """The last entries, bounded in number and in octets."""

    def __init__(self, messages: int, octets: int) -> None:
        self.entries: deque[Noted] = deque()
        self._messages = messages
        self._octets = octets
        self._held = 0

    def append(self, entry: Noted) -> None:
        """Add one; the oldest make room."""
        entries = self.entries
        entries.append(entry)
        self._held += len(entry[4])
        while len(entries) > self._messages or self._held > self._octets:
            self._held -= len(entries.popleft()[4])


class MessageLog:
    """The log. `listener`, if any, is called after each new entry; it must be quick."""

    def __init__(self, clock: Callable[[], float] = wall_clock) -> None:
        self.listener: Callable[[], None] | None = None
        self._clock = clock
        self._number = 0
        self._signalling = _Ring(MESSAGES, OCTETS)
        self._advertisements = _Ring(OTHER_MESSAGES, OTHER_OCTETS)
        self._others = _Ring(OTHER_MESSAGES, OTHER_OCTETS)
        self._last_advertisements: dict[tuple[str, bool, bytes], int] = {}

    def note(self, interface: str, outgoing: bool, packet: bytes, malformed: bool = False) -> None:
        """A packet left or came; what is no signalling of Mobile IPv6 is passed over."""
        if len(packet) < IPV6_HEADER_LENGTH:
            return
        ring = self._others if malformed else self._ring(interface, outgoing, packet)
        if ring is None:
            return
        self._number += 1
        ring.append((self._number, self._clock(), interface, outgoing, packet))
        if self.listener is not None:
            self.listener()

    def after(self, number: int, limit: int) -> tuple[Noted, ...]:
        """Of the entries with a greater number the first ones, at most `limit`, in their order."""
        rings = (self._signalling, self._advertisements, self._others)
        news = (each for each in merge(*(ring.entries for ring in rings)) if each[0] > number)
        return tuple(entry for entry, _ in zip(news, range(limit), strict=False))

    def _ring(self, interface: str, outgoing: bool, packet: bytes) -> _Ring | None:
        protocol, offset = packet[_NEXT_HEADER], IPV6_HEADER_LENGTH
        if protocol not in (PROTOCOL_MOBILITY, PROTOCOL_ICMPV6):
            protocol, offset = upper_layer(packet)
        if protocol == PROTOCOL_MOBILITY:
            return self._signalling
        if protocol != PROTOCOL_ICMPV6 or len(packet) <= offset:
            return None
        kind = packet[offset]
        if kind == _ADVERTISEMENT:
            return self._advertisements if self._is_news(interface, outgoing, packet) else None
        if kind == _SOLICITATION:
            return self._signalling if outgoing else self._others
        return self._signalling if kind in _DISCOVERY else None

    def _is_news(self, interface: str, outgoing: bool, packet: bytes) -> bool:
        """Whether a router says something else than the last time."""
        router, said = (interface, outgoing, packet[8:24]), hash(packet[IPV6_HEADER_LENGTH:])
        last = self._last_advertisements
        if last.get(router) == said:
            return False
        if router not in last and len(last) >= ROUTERS:
            del last[next(iter(last))]
        last[router] = said
        return True
