# SPDX-License-Identifier: GPL-2.0-or-later
"""The Binding Update List (RFC 6275 section 11.1): what was last told to whom, and what of it is still unanswered.

Sequence numbers outlive entries: a home agent remembers the last one for as long as its binding lives, and longer.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address
from operator import attrgetter
from typing import Any, Final

from mnclient.constants import MAX_CORRESPONDENTS, MAX_NONCE_LIFETIME
from mnclient.engine.machine import Entropy
from mnclient.engine.retransmission import RateLimit
from mnclient.engine.sequence_numbers import SEQUENCE_MARGIN, SEQUENCE_MODULUS, is_newer
from mnclient.model.status import BindingUpdateStatus
from mnclient.units import Instant, Seconds, after, between

MAX_OUTSTANDING: Final = 16  # unanswered transmissions remembered: more than a quarter of an hour of them

Key = tuple[IPv6Address, IPv6Address]  # destination, home address


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """One transmission that may still be answered. `lifetime` zero: it asked to delete the binding."""

    sequence: int
    care_of_address: IPv6Address
    lifetime: Seconds
    sent: Instant


@dataclass(slots=True)
class Entry:
    """The newest Binding Update to one destination for one home address (RFC 6275 section 11.1)."""

    destination: IPv6Address
    home_address: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    lifetime: Seconds
    expires: Instant
    sent: Instant
    acknowledged: bool = False
    outstanding: list[Outstanding] = field(default_factory=list)


_FIELDS: Final = ("destination", "home_address", "care_of_address", "sequence", "lifetime", "expires", "acknowledged")
_SAID: Final = attrgetter(*_FIELDS)
"""What people are told of an entry."""


class BindingUpdateList:
    """Entries by destination and home address, with their sequence numbers and rate limits.

    Home registrations are in one list and correspondents in another: only the number of the latter has to be bounded.
    """

    def __init__(self, entropy: Entropy, *, home_registrations: bool = True) -> None:
        self._entropy = entropy
        self._home_registrations = home_registrations
        self._entries: dict[Key, Entry] = {}
        self._sequences: dict[Key, int] = {}
        self._rates: dict[IPv6Address, RateLimit] = {}
        self._parted: dict[Key, Instant] = {}

    def entry(self, key: Key) -> Entry | None:
        """The entry, None when nothing was sent or its lifetime has ended."""
        return self._entries.get(key)

    def rate(self, key: Key) -> RateLimit:
        """MAX_UPDATE_RATE of this destination, for all home addresses together (section 11.8)."""
        return self._rates.setdefault(key[0], RateLimit())

    def record(self, key: Key, care_of_address: IPv6Address, lifetime: Seconds, now: Instant) -> int:
        """A Binding Update is being sent: its sequence number. Everything about another care-of address is outdated."""
        sequence = self._next_sequence(key, now)
        self.rate(key).record(now)
        entry = self._entries.get(key)
        is_same = entry is not None and entry.care_of_address == care_of_address
        waiting = entry.outstanding if entry is not None and is_same else []
        waiting = [each for each in waiting if (each.lifetime > 0) == (lifetime > 0)]
        sent = Outstanding(sequence=sequence, care_of_address=care_of_address, lifetime=lifetime, sent=now)
        self._entries[key] = Entry(
            destination=key[0],
            home_address=key[1],
            care_of_address=care_of_address,
            sequence=sequence,
            lifetime=lifetime,
            expires=after(now, lifetime),
            sent=now,
            outstanding=[*waiting, sent][-MAX_OUTSTANDING:],
        )
        return sequence

    def answered(self, key: Key, sequence: int) -> Outstanding | None:
        """The transmission that an answer with this sequence number belongs to; older ones are settled with it."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        for position, each in enumerate(entry.outstanding):
            if each.sequence == sequence:
                del entry.outstanding[: position + 1]
                return each
        return None

    def awaits_answer(self, key: Key) -> bool:
        """Whether anything sent is unanswered."""
        entry = self._entries.get(key)
        return entry is not None and bool(entry.outstanding)

    def acknowledge(self, key: Key, sent: Outstanding, granted: Seconds, now: Instant) -> Seconds:
        """The home agent accepted: the remaining lifetime max(L_remain - (L_update - L_ack), 0) of section 11.7.3.

        A repetition on its way may have asked for less, and replaces what is acknowledged here: the first end counts.
        """
        remaining = between(now, after(sent.sent, sent.lifetime))
        shortened = max(sent.lifetime - granted, 0.0)
        left = Seconds(max(remaining - shortened, 0.0))
        entry = self._entries.get(key)
        if entry is not None:
            ends = (after(each.sent, Seconds(min(each.lifetime, granted))) for each in entry.outstanding)
            left = Seconds(max(min([left, *(between(now, end) for end in ends)]), 0.0))
            entry.acknowledged = True
            entry.expires = after(now, left)
            entry.outstanding.clear()
        return left

    def adopt_sequence(self, key: Key, sequence: int) -> None:
        """The other end says what it accepted last (status 135); the next transmission uses the one after it.

        Not if that is behind what was sent: then an earlier transmission was refused, or a copy of one, and a number
        used twice would let what is still on its way outdo what follows (docs/adr/0068).
        """
        used = self._sequences.get(key)
        if used is None or not is_newer(used, sequence):
            self._sequences[key] = sequence % SEQUENCE_MODULUS

    def sequence(self, key: Key) -> int | None:
        """The last sequence number used, None when there was none."""
        return self._sequences.get(key)

    def used_sequences(self, now: Instant) -> list[tuple[Key, int, Seconds]]:
        """The last number of each destination, and for how long an older one could be replayed there."""
        found = []
        for key, sequence in self._sequences.items():
            left = Seconds(MAX_NONCE_LIFETIME - between(self._parted.get(key, now), now))
            if left > 0:
                found.append((key, sequence, left))
        return found

    def go_on(self, key: Key, sequence: int, now: Instant) -> None:
        """This was the last number in the last run, or those after it have not been written any more."""
        self._sequences[key] = (sequence + SEQUENCE_MARGIN) % SEQUENCE_MODULUS
        self._parted[key] = now

    def stop_waiting(self, key: Key) -> None:
        """No answer to what was sent means anything any more."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.outstanding.clear()

    def remove(self, key: Key) -> None:
        """The binding is gone. The sequence number stays known."""
        self._entries.pop(key, None)

    def forget(self, key: Key, now: Instant) -> None:
        """Nothing will be sent there for a long time, as it seems: then a first number is drawn anew (section 11.7.2).

        Not while what was sent could be replayed there: any number drawn may make an older one look newer, modulo
        2**16, and only the end of its nonces makes that harmless (sections 5.2.7 and 5.2.8).
        """
        self._entries.pop(key, None)
        if key in self._sequences:
            self._parted.pop(key, None)
            self._parted[key] = now
        while self._parted:
            oldest, since = next(iter(self._parted.items()))
            if between(since, now) < MAX_NONCE_LIFETIME and len(self._parted) <= MAX_CORRESPONDENTS:
                break
            self._part(oldest)

    def _part(self, key: Key) -> None:
        del self._parted[key]
        self._sequences.pop(key, None)
        if not any(destination == key[0] for destination, _ in self._sequences):
            self._rates.pop(key[0], None)

    def clear(self) -> None:
        """No binding is known any more. Sequence numbers and rates stay: the home agent remembers them too."""
        self._entries.clear()

    def values(self) -> list[tuple[Any, ...]]:
        """What the statuses say of all entries: enough to see whether that is something else than before."""
        return [_SAID(entry) for entry in self._entries.values()]

    def statuses(self) -> tuple[BindingUpdateStatus, ...]:
        """All entries, for people."""
        return tuple(
            BindingUpdateStatus(**dict(zip(_FIELDS, said, strict=True)), home_registration=self._home_registrations)
            for said in self.values()
        )

    def _next_sequence(self, key: Key, now: Instant) -> int:
        parted = self._parted.pop(key, now)
        if key not in self._sequences or between(parted, now) >= MAX_NONCE_LIFETIME:
            self._sequences[key] = int.from_bytes(self._entropy.octets(2))
        self._sequences[key] = (self._sequences[key] + 1) % SEQUENCE_MODULUS
        return self._sequences[key]
