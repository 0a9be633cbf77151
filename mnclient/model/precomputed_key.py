# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that two nodes have agreed on beforehand, in the place of return routability (RFC 4449), as values.

There is no test of the care-of address with them: this is for nodes under one administration, which trust each other
not to name a victim's address. Without such a key nothing changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.wire.fields import check_octets

LEAST_NODE_KEY: Final = 20
"""Octets of Kcn (RFC 4449 section 3)."""

LONGEST_NODE_KEY: Final = 64
"""Octets; HMAC-SHA1 would hash a longer one first, which makes it no stronger."""

_NONCE_LENGTH: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecomputedKey:
    """What a mobile node and a correspondent share: Kcn of 20 to 64 octets, two nonces of 8 octets (section 3)."""

    home_address: IPv6Address
    correspondent: IPv6Address
    node_key: bytes = field(repr=False)
    home_nonce: bytes = field(repr=False)
    care_of_nonce: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not LEAST_NODE_KEY <= len(self.node_key) <= LONGEST_NODE_KEY:
            raise ValueError(
                f"node_key must be {LEAST_NODE_KEY} to {LONGEST_NODE_KEY} octets, not {len(self.node_key)}"
            )
        check_octets("home_nonce", self.home_nonce, _NONCE_LENGTH)
        check_octets("care_of_nonce", self.care_of_nonce, _NONCE_LENGTH)
        if self.home_address == self.correspondent:
            raise ValueError("correspondent must be another node than that of the home address")

    @property
    def pair(self) -> tuple[IPv6Address, IPv6Address]:
        """Correspondent and home address: what there is one key for."""
        return self.correspondent, self.home_address


def check_distinct(keys: Iterable[PrecomputedKey]) -> None:
    """ValueError unless every pair has one key, and every Kcn one pair (section 4).

    A correspondent that shared one Kcn with two mobile nodes would let each speak for the other.
    """
    pairs: set[tuple[IPv6Address, IPv6Address]] = set()
    owners: dict[bytes, PrecomputedKey] = {}
    for each in keys:
        if each.pair in pairs:
            raise ValueError(f"{each.home_address} and {each.correspondent} must have one precomputed key, not two")
        pairs.add(each.pair)
        other = owners.setdefault(each.node_key, each)
        if other is not each:
            raise ValueError(
                f"{each.home_address} and {each.correspondent} must have a node key of their own, not that of "
                f"{other.home_address} and {other.correspondent}"
            )
