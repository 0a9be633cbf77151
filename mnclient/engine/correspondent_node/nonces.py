# SPDX-License-Identifier: GPL-2.0-or-later
"""Node keys and nonces of a correspondent (RFC 6275 sections 5.2.1, 5.2.2 and 5.2.7).

A nonce is made when a test needs one, given out for NONCE_INTERVAL, and accepted for MAX_NONCE_LIFETIME: a token made
with it in the last moment then still lives MAX_TOKEN_LIFETIME. The node key changes with the nonce, so that one index
selects both. All mobile nodes share them: nothing is kept for the one who asked.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_NONCE_LIFETIME, NONCE_INTERVAL, SHORTEST_NONCE_INTERVAL
from mnclient.engine.machine import Entropy
from mnclient.security.binding_keys import (
    NODE_KEY_LENGTH,
    NONCE_LENGTH,
    care_of_keygen_token,
    home_keygen_token,
)
from mnclient.units import Instant
from mnclient.wire.binding import BindingStatus
from mnclient.wire.mobility_options import NonceIndices

_INDICES: Final = (1 << 16) - 1  # from 1 on: index 0 says that no nonce is meant (RFC 4866 section 4.1)


@dataclass(frozen=True, slots=True)
class Nonce:
    """A nonce with its node key. `made` is when it was first used."""

    index: int
    made: Instant
    node_key: bytes
    octets: bytes

    def home_token(self, home_address: IPv6Address) -> bytes:
        """The home keygen token of an address (section 5.2.5)."""
        return home_keygen_token(self.node_key, home_address, self.octets)

    def care_of_token(self, care_of_address: IPv6Address) -> bytes:
        """The care-of keygen token of an address (section 5.2.5)."""
        return care_of_keygen_token(self.node_key, care_of_address, self.octets)


class Nonces:
    """The nonces that are still accepted: at most MAX_NONCE_LIFETIME / SHORTEST_NONCE_INTERVAL of them."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._nonces: dict[int, Nonce] = {}
        self._current: Nonce | None = None
        self._is_retired = False

    def __len__(self) -> int:
        return len(self._nonces)

    def current(self, now: Instant) -> Nonce:
        """The nonce for a test that is answered now."""
        interval = SHORTEST_NONCE_INTERVAL if self._is_retired else NONCE_INTERVAL
        if self._current is None or now - self._current.made >= interval:
            self._current = self._make(now)
        return self._current

    def find(self, index: int, now: Instant) -> Nonce | None:
        """The nonce of an index, None when it is not known or too old (sections 5.2.7 and 9.5.1).

        At the very end of its time it is too old: what is remembered of an ended binding ends then, too.
        """
        nonce = self._nonces.get(index)
        return nonce if nonce is not None and now - nonce.made < MAX_NONCE_LIFETIME else None

    def retire(self, index: int) -> None:
        """Give this one out no longer if it can be helped: it belongs to a deleted binding (section 9.5.3)."""
        if self._current is not None and self._current.index == index:
            self._is_retired = True

    def refusal(self, indices: NonceIndices, now: Instant, *, deletes: bool) -> BindingStatus | None:
        """The status for indices that are not recognised, None when they are (section 9.5.1).

        For a deletion the care-of nonce is of no interest.
        """
        knows_home = self.find(indices.home, now) is not None
        knows_care_of = deletes or self.find(indices.care_of, now) is not None
        if knows_home:
            return None if knows_care_of else BindingStatus.EXPIRED_CARE_OF_NONCE_INDEX
        return BindingStatus.EXPIRED_HOME_NONCE_INDEX if knows_care_of else BindingStatus.EXPIRED_NONCES

    def forget(self) -> None:
        """No token given out so far is good for anything any longer."""
        self._nonces.clear()
        self._current = None
        self._is_retired = False

    def _make(self, now: Instant) -> Nonce:
        """A new nonce. Indices count up from a random one: those from before a restart are hardly ever valid again."""
        self._nonces = {each.index: each for each in self._nonces.values() if now - each.made < MAX_NONCE_LIFETIME}
        last = int.from_bytes(self._entropy.octets(2)) if self._current is None else self._current.index
        nonce = Nonce(
            index=last % _INDICES + 1,
            made=now,
            node_key=self._entropy.octets(NODE_KEY_LENGTH),
            octets=self._entropy.octets(NONCE_LENGTH),
        )
        self._nonces[nonce.index] = nonce
        self._is_retired = False
        return nonce
