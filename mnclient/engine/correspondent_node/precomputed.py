# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile nodes that a correspondent believes by a precomputed key, and by nothing else (RFC 4449 section 3).

Such a key has no nonces that grow old, so a Binding Update of long ago would still be authentic: the last sequence
number accepted is remembered for as long as the key is, over restarts too.
"""

from collections.abc import Iterable

from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.stored_binding import StoredAcceptedSequence


class PrecomputedKeys:
    """The keys, and the last sequence number accepted with each."""

    def __init__(self) -> None:
        self._keys: dict[Pair, PrecomputedKey] = {}
        self._sequences: dict[Pair, int] = {}

    def configure(self, keys: Iterable[PrecomputedKey]) -> frozenset[Pair]:
        """Which keys there are from now on; the pairs that have another one than before, or one no more.

        A sequence number stays when its key goes: a key that comes back must not find it forgotten.
        """
        before, self._keys = self._keys, {Pair(*key.pair): key for key in keys}
        return frozenset(pair for pair, key in before.items() if self._keys.get(pair) != key)

    def find(self, pair: Pair) -> PrecomputedKey | None:
        """The key of a pair."""
        return self._keys.get(pair)

    def accepted(self, pair: Pair, sequence: int) -> None:
        """A Binding Update was authentic and newer than the last; of pairs without a key nothing is kept."""
        if pair in self._keys:
            self._sequences[pair] = sequence

    def last_sequence(self, pair: Pair) -> int | None:
        """The last sequence number accepted by a precomputed key."""
        return self._sequences.get(pair) if pair in self._keys else None

    def snapshot(self) -> tuple[StoredAcceptedSequence, ...]:
        """What the next run must know."""
        return tuple(
            StoredAcceptedSequence(home_address=pair.home_address, correspondent=pair.correspondent, sequence=sequence)
            for pair, sequence in self._sequences.items()
        )

    def restore(self, stored: Iterable[StoredAcceptedSequence]) -> None:
        """What `snapshot` of the last run said."""
        self._sequences = {Pair(each.correspondent, each.home_address): each.sequence for each in stored}
