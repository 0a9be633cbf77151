# SPDX-License-Identifier: GPL-2.0-or-later
"""One half of return routability as the mobile node sees it (RFC 6275 sections 5.2.5 to 5.2.7 and 11.6).

A half is the home test or the care-of test: a cookie while an answer is awaited, and the keygen token that came of it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import INITIAL_BINDACK_TIMEOUT, MAX_TOKEN_LIFETIME
from mnclient.engine.machine import Entropy
from mnclient.engine.retransmission import Backoff, RateLimit
from mnclient.units import Instant, Seconds, after, between

COOKIE_LENGTH: Final = 8  # octets, RFC 6275 section 5.2.3
_RATES_KEPT: Final = 64  # limits of destinations not written to lately are dropped beyond this


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A keygen token (section 5.2.5), the nonce it names (None with a precomputed key), and when it arrived."""

    octets: bytes = field(repr=False)
    nonce_index: int | None
    received: Instant

    @property
    def ends(self) -> Instant:
        """Until then it may be used (section 5.2.7)."""
        return after(self.received, MAX_TOKEN_LIFETIME)


class AddressTest:
    """One half. `address` is the address it is about: the home address, or one care-of address.

    `sent` is when it was asked last, None before the first time. With the pair it belongs to this is what 11.6.1
    has recorded in the Binding Update List; `retries` is the state of the retransmission (section 11.1).
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._backoff = Backoff(INITIAL_BINDACK_TIMEOUT)
        self._cookie: bytes | None = None
        self._token: Token | None = None
        self.address: IPv6Address | None = None
        self.sent: Instant | None = None
        self.is_running = False

    def begin(self, address: IPv6Address) -> None:
        """Ask anew, for this address; a token of before is given up."""
        self._backoff = Backoff(INITIAL_BINDACK_TIMEOUT)
        self._cookie = self._token = self.sent = None
        self.address, self.is_running = address, True

    def stop(self) -> None:
        """No answer is awaited any more. A token stays."""
        self._cookie, self.is_running = None, False

    def forget(self) -> None:
        """The token is worth nothing."""
        self.stop()
        self._token = self.address = None

    def next_cookie(self, now: Instant) -> tuple[bytes, Seconds]:
        """A fresh cookie for the transmission that happens now (sections 5.2.3 and 11.8), and its timeout."""
        self.sent = now
        self._cookie = self._entropy.octets(COOKIE_LENGTH)
        return self._cookie, self._backoff.next_timeout()

    @property
    def retries(self) -> int:
        """How often it was repeated."""
        return self._backoff.attempts - 1

    def is_awaited(self, cookie: bytes) -> bool:
        """Whether an answer with this cookie is the one awaited."""
        return self._cookie is not None and self._cookie == cookie

    def was_sent(self, packet: bytes) -> bool:
        """Whether the octets of a packet hold the cookie of what was sent last: whoever knows it was on its path."""
        return self._cookie is not None and self._cookie in packet

    def answered(self, octets: bytes, nonce_index: int, now: Instant) -> None:
        """The answer came (section 11.6.2)."""
        self.stop()
        self._token = Token(octets=octets, nonce_index=nonce_index, received=now)

    def token(self, address: IPv6Address | None, now: Instant, left: Seconds = Seconds(0.0)) -> Token | None:
        """The token of this address, if it may be used for more than `left` from now on."""
        token = self._token
        if token is None or address is None or address != self.address or between(now, token.ends) <= left:
            return None
        return token


class Rates:
    """MAX_UPDATE_RATE for each kind of message and destination, whatever home address it is about (section 11.8)."""

    def __init__(self) -> None:
        self._limits: defaultdict[tuple[str, IPv6Address], RateLimit] = defaultdict(RateLimit)

    def of(self, kind: str, destination: IPv6Address, now: Instant) -> RateLimit:
        """The limit of one kind ("hoti", "coti", "bu") and destination."""
        if len(self._limits) >= _RATES_KEPT and (kind, destination) not in self._limits:
            for idle in [key for key, limit in self._limits.items() if limit.is_idle(now)]:
                del self._limits[idle]
        return self._limits[kind, destination]
