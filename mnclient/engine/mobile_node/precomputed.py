# SPDX-License-Identifier: GPL-2.0-or-later
"""The two halves of return routability with a correspondent that shares a precomputed key (RFC 4449 section 3).

Nothing is asked: the token of any address is there from the beginning, never ends, and names no nonce. So a Binding
Update leaves as soon as the home agent knows the care-of address, one round trip earlier than with tests.
"""

from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.machine import Entropy
from mnclient.engine.mobile_node.return_routability import AddressTest, Token
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.security.precomputed_keys import care_of_token, home_token
from mnclient.units import Instant, Seconds

_NEVER: Final = Instant(float("inf"))


class PrecomputedHomeTest(AddressTest):
    """The home half, for the home address of the key."""

    def __init__(self, entropy: Entropy, key: PrecomputedKey) -> None:
        super().__init__(entropy)
        self._key = key

    def token(self, address: IPv6Address | None, now: Instant, left: Seconds = Seconds(0.0)) -> Token | None:
        """The token of the home address; None for any other."""
        return _token(home_token(self._key)) if address == self._key.home_address else None


class PrecomputedCareOfTest(AddressTest):
    """The care-of half, for any care-of address."""

    def __init__(self, entropy: Entropy, key: PrecomputedKey) -> None:
        super().__init__(entropy)
        self._key = key

    def token(self, address: IPv6Address | None, now: Instant, left: Seconds = Seconds(0.0)) -> Token | None:
        """The token of a care-of address; None for none."""
        return None if address is None else _token(care_of_token(self._key, address))


def _token(octets: bytes) -> Token:
    return Token(octets=octets, nonce_index=None, received=_NEVER)
