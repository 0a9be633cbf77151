# SPDX-License-Identifier: GPL-2.0-or-later
"""The binding cache of a correspondent (RFC 6275 section 9.1), and what it remembers of ended bindings (5.2.8, 9.5.3).

Each address of ours has a cache of its own: entries are found by our address and the mobile node's home address. An
ended entry leaves its sequence number and nonce indices behind for as long as a nonce can live, so that no Binding
Update from before can be replayed; the indices also when there is a new entry meanwhile. Nothing is ever evicted: there
is no room for a new binding instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from mnclient.constants import MAX_NONCE_LIFETIME
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.status import BindingCacheStatus
from mnclient.units import Instant, Seconds, after
from mnclient.wire.mobility_options import NonceIndices


class Pair(NamedTuple):
    """Who is talking: an address of ours, and the home address of a mobile node."""

    correspondent: IPv6Address
    home_address: IPv6Address


@dataclass(slots=True, kw_only=True)
class Binding:
    """A binding. `indices` are those of the nonces that authorised it last, None with a key or token in their place.

    `last_used` is what the datapath said.
    """

    pair: Pair
    care_of_address: IPv6Address
    sequence: int
    lifetime: Seconds
    expires: Instant
    indices: NonceIndices | None
    last_used: Instant | None = None
    asked: bool = False
    """An answer to `AskRouteUse` is awaited."""
    interface: str = ""
    """Where the last Binding Update came in."""
    is_verified: bool = True
    """The mobile node has shown that it receives at the care-of address (RFC 4866 section 4.2)."""

    def status(self) -> BindingCacheStatus:
        """It as people are told."""
        return BindingCacheStatus(
            home_address=self.pair.home_address,
            care_of_address=self.care_of_address,
            sequence=self.sequence,
            lifetime=self.lifetime,
            expires=self.expires,
            home_registration=False,
            interface=self.interface,
        )


MOST_SPENT: Final = 16
"""Combinations of nonces and care-of address remembered of a pair: more bindings than anybody ends in four minutes."""

_Authority = tuple[IPv6Address, NonceIndices]  # by what a binding was believed: its care-of address, and the nonces


class BindingCache:
    """Entries by `Pair`. At most twice as many are remembered as there may be bindings."""

    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers
        self._bindings: dict[Pair, Binding] = {}
        self._ended: dict[Pair, int] = {}
        self._spent: dict[Pair, dict[_Authority, Instant]] = {}

    def __len__(self) -> int:
        return len(self._bindings)

    def __iter__(self) -> Iterator[Binding]:
        return iter(self._bindings.values())

    def find(self, pair: Pair) -> Binding | None:
        """The valid entry of a pair."""
        return self._bindings.get(pair)

    def last_sequence(self, pair: Pair) -> int | None:
        """The last sequence number accepted, of an ended entry too (section 5.2.8)."""
        binding = self._bindings.get(pair)
        return self._ended.get(pair) if binding is None else binding.sequence

    def was_used(self, pair: Pair, care_of_address: IPv6Address, indices: NonceIndices, now: Instant) -> bool:
        """Whether an ended binding was authorised by these very nonces and addresses (section 9.5.3).

        Of whoever has ended too many to remember any are as good as used.
        """
        spent = self._still_spent(pair, now)
        return (care_of_address, indices) in spent or len(spent) >= MOST_SPENT

    def has_room(self, pair: Pair, limit: int) -> bool:
        """Whether a new entry may be made; existing ones may always be renewed, and may always end."""
        return len(self._bindings) < limit and self._can_remember(pair, limit)

    def put(self, binding: Binding) -> None:
        """Store a new or renewed entry, until it expires."""
        pair = binding.pair
        self._forget_sequence(pair)
        self._bindings[pair] = binding
        self._timers.set(Timer.CACHE_ENTRY_EXPIRES, pair, binding.expires)

    def end(self, binding: Binding, now: Instant) -> None:
        """Drop an entry; its sequence number stays known while a nonce from before can be valid."""
        pair = binding.pair
        self._drop(pair)
        if binding.indices is not None:
            spent = self._still_spent(pair, now)
            spent[binding.care_of_address, binding.indices] = after(now, MAX_NONCE_LIFETIME)
            self._spent[pair] = spent
        self._remember(pair, binding.sequence, now)

    def note_deletion(self, pair: Pair, sequence: int, now: Instant, limit: int) -> None:
        """A deletion came for what is not there: nothing older may come after it, as long as there is room to know."""
        if self._can_remember(pair, limit):
            self._remember(pair, sequence, now)

    def forget_ended(self, pair: Pair) -> None:
        """No nonce from before is valid any longer."""
        self._forget_sequence(pair)
        self._spent.pop(pair, None)

    def clear(self) -> None:
        """Forget everything; to be done only together with all nonces."""
        for pair in tuple(self._bindings):
            self._drop(pair)
        for pair in tuple(self._ended):
            self.forget_ended(pair)
        self._spent.clear()

    def status(self) -> tuple[BindingCacheStatus, ...]:
        """Every valid entry."""
        return tuple(binding.status() for binding in self)

    def remembered(self) -> int:
        """How many ended entries are remembered."""
        return len(self._ended)

    def _can_remember(self, pair: Pair, limit: int) -> bool:
        return pair in self._ended or len(self._bindings) + len(self._ended) < 2 * limit

    def _remember(self, pair: Pair, sequence: int, now: Instant) -> None:
        self._ended[pair] = sequence
        self._timers.set(Timer.DELETED_ENTRY_EXPIRES, pair, after(now, MAX_NONCE_LIFETIME))

    def _forget_sequence(self, pair: Pair) -> None:
        self._ended.pop(pair, None)
        self._timers.stop(Timer.DELETED_ENTRY_EXPIRES, pair)

    def _still_spent(self, pair: Pair, now: Instant) -> dict[_Authority, Instant]:
        return {each: until for each, until in self._spent.get(pair, {}).items() if now < until}

    def _drop(self, pair: Pair) -> None:
        self._bindings.pop(pair, None)
        self._timers.stop(Timer.CACHE_ENTRY_EXPIRES, pair)
