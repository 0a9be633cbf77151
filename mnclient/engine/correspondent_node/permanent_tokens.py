# SPDX-License-Identifier: GPL-2.0-or-later
"""Permanent home keygen tokens: what a correspondent gives to a mobile node that has proven its address (RFC 4866 4.7).

A token lives as long as the binding it came with may, also when that binding is lost, and over restarts: a mobile node
that holds one may not prove itself by less (section 4.1). What was accepted with it is remembered as long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.engine.machine import Entropy
from mnclient.model.stored_binding import StoredToken
from mnclient.security.binding_keys import KEYGEN_TOKEN_LENGTH
from mnclient.units import Instant, after, between


@dataclass(slots=True)
class PermanentToken:
    """A token of 8 octets, the last sequence number accepted with it, and when it ends."""

    octets: bytes = field(repr=False)
    sequence: int
    until: Instant


class PermanentTokens:
    """One token at most for each pair."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._tokens: dict[Pair, PermanentToken] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, pair: Pair, now: Instant) -> PermanentToken | None:
        """The token of a pair, None when there is none or it has ended."""
        token = self._tokens.get(pair)
        return token if token is not None and token.until > now else None

    def issue(self, pair: Pair, sequence: int, until: Instant, now: Instant, limit: int) -> PermanentToken | None:
        """A new token in the place of any other; None when there are `limit` already."""
        if pair not in self._tokens and len(self._tokens) >= limit:
            self._tokens = {each: token for each, token in self._tokens.items() if token.until > now}
            if len(self._tokens) >= limit:
                return None
        token = PermanentToken(self._entropy.octets(KEYGEN_TOKEN_LENGTH), sequence, until)
        self._tokens[pair] = token
        return token

    def forget(self, pair: Pair) -> None:
        """The mobile node has deleted its binding."""
        self._tokens.pop(pair, None)

    def clear(self) -> None:
        """No token is good for anything any longer."""
        self._tokens.clear()

    def snapshot(self, now: Instant) -> tuple[StoredToken, ...]:
        """What the next run must know."""
        return tuple(
            StoredToken(
                home_address=pair.home_address,
                correspondent=pair.correspondent,
                token=token.octets,
                sequence=token.sequence,
                remaining=between(now, token.until),
            )
            for pair, token in self._tokens.items()
            if token.until > now
        )

    def restore(self, stored: Iterable[StoredToken], now: Instant) -> None:
        """What `snapshot` of the last run said."""
        self._tokens = {
            Pair(each.correspondent, each.home_address): PermanentToken(
                each.token, each.sequence, after(now, each.remaining)
            )
            for each in stored
            if each.remaining > 0
        }
