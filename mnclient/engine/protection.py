# SPDX-License-Identifier: GPL-2.0-or-later
"""The rule of both roles: home registrations go, and are believed, protected, or not at all (RFC 6275 section 5.1).

Unprotected only where the configuration allows it in so many words, and never for a home address that has a key which
can be used, or waits for its secret: otherwise whoever leaves the protection out would be believed.
"""

from collections.abc import Collection, Iterable
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.events import PacketReceived
from mnclient.model.keys import KeyKind
from mnclient.model.security import Protection, SecurityAssociation, Standing

ON_EVERY_HOST: Final = frozenset((KeyKind.RFC4285,))
"""Kinds of keys that need nothing of the system. What the system can do besides is told by `DatapathChosen`."""


def standing(
    association: SecurityAssociation | None, kinds: Collection[KeyKind], *, allow_unprotected: bool
) -> Standing:
    """What holds for a home address with this association, None for no key, on a host that can use `kinds`."""
    if association is None:
        return Standing.OPEN if allow_unprotected else Standing.NO_KEY
    if association.kind not in kinds:
        return Standing.OPEN if allow_unprotected else Standing.IMPOSSIBLE
    return Standing.PROTECTED if association.secret else Standing.NO_SECRET


def is_protected(association: SecurityAssociation, event: PacketReceived) -> bool:
    """Whether a message arrived under this very IPsec association: the one of its home address, no other one's.

    A message that is to prove itself (RFC 4285) needs none: its authenticator is asked instead.
    """
    return association.kind in ON_EVERY_HOST or event.protection == association.protection


def protects_updates_alone(association: SecurityAssociation | None) -> bool:
    """Whether a key says nothing of other messages than Binding Updates and their answers (RFC 4285 section 2).

    Then neither route optimisation nor mobile prefix discovery is used: whoever is on the path to the home agent could
    read or forge what they depend on.
    """
    return association is not None and association.kind is KeyKind.RFC4285


def by_ipsec(association: SecurityAssociation | None) -> Protection | None:
    """What signalling goes and comes under where the system protects it; None where it does not."""
    return association.protection if association is not None and association.kind is KeyKind.ESP else None


def by_home_address(associations: Iterable[SecurityAssociation]) -> dict[IPv6Address, SecurityAssociation]:
    """One association for each home address; of several the first (RFC 6275 section 5.1: exactly one)."""
    found: dict[IPv6Address, SecurityAssociation] = {}
    for each in associations:
        found.setdefault(each.home_address, each)
    return found
