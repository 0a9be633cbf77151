# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown of keys: everything but the keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.model.invitation import Invitation
from mnclient.model.keys import KEY_ALGORITHMS, KeyAlgorithm, KeyInfo, KeyKind, KeyOwner, find_algorithm
from mnclient.model.service_status import ServiceStatus
from ui.texts import mark, tr
from ui.view.key_text import Secret
from ui.view.wording import ago

KINDS: Final[dict[KeyKind, str]] = {
    KeyKind.RFC4285: mark("Signature in each message (RFC 4285)"),
    KeyKind.ESP: mark("Encryption of all messages (IPsec)"),
}
OWNERS: Final[dict[KeyOwner, str]] = {
    KeyOwner.COMPUTER: mark("On this computer"),
    KeyOwner.USER: mark("In my keyring"),
}
OWNER_MEANINGS: Final[dict[KeyOwner, str]] = {
    KeyOwner.COMPUTER: mark("Only the service can read it. It works before anybody logs in."),
    KeyOwner.USER: mark("Only you can read it. It works while you are logged in."),
}
KEPT_ONLY: Final = mark("This computer keeps the key, but cannot protect registrations with a key of this kind.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as listed."""

    identity: tuple[IPv6Address, IPv6Address, int]
    title: str
    detail: str
    icon: str
    role: str


def key_rows(status: ServiceStatus) -> tuple[KeyRow, ...]:
    """The keys by home address, the newest first."""
    now = status.boot_time + status.engine.now
    ordered = sorted(status.keys, key=lambda each: (each.home_address, each.home_agent, -each.created_time))
    return tuple(_row(each, now) for each in ordered)


def _row(key: KeyInfo, now: float) -> KeyRow:
    where = tr(OWNERS[key.owner])
    if key.available:
        detail = tr(
            "{where}, {algorithm}, added {age}", where=where, algorithm=algorithm_title(key), age=_age(key, now)
        )
    else:
        detail = tr("{where}. The service does not have it now", where=where)
    return KeyRow(
        identity=key.identity,
        title=tr("{home_address} at {home_agent}", home_address=key.home_address, home_agent=key.home_agent),
        detail=detail,
        icon="key" if key.available else "warning",
        role="text" if key.available else "warning",
    )


def _age(key: KeyInfo, now: float) -> str:
    return ago(now - key.created_time)


def algorithm_title(key: KeyInfo) -> str:
    """The algorithm as people call it; one that this version does not know keeps its name."""
    found = find_algorithm(key.kind, key.algorithm)
    return tr(found.title) if found else key.algorithm


def algorithms(kind: KeyKind) -> tuple[KeyAlgorithm, ...]:
    """What may be chosen for this kind of key, the best first."""
    return KEY_ALGORITHMS[kind]


def unused_kind_words(status: ServiceStatus | None, kind: KeyKind) -> str:
    """What to know when this service cannot protect registrations with such a key; "" when it can."""
    if status is None or kind.value in status.protections:
        return ""
    return tr(KEPT_ONLY)


def taken_spis(keys: Sequence[KeyInfo]) -> frozenset[int]:
    """Numbers that a new key must not have."""
    return frozenset(each.spi_in for each in keys) | frozenset(each.spi_out for each in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlan:
    """A key about to be installed."""

    home_address: IPv6Address
    home_agent: IPv6Address
    kind: KeyKind
    algorithm: str
    spi_in: int
    spi_out: int
    owner: KeyOwner
    secret: Secret

    def invitation(self, prefix: IPv6Network) -> Invitation:
        """The same for whoever runs the home agent."""
        return Invitation(
            name=str(self.home_address),
            home_agent=self.home_agent,
            prefix=prefix,
            home_address=self.home_address,
            kind=self.kind,
            algorithm=self.algorithm,
            spi_in=self.spi_in,
            spi_out=self.spi_out,
            secret=self.secret.octets,
        )


def prefix_of(status: ServiceStatus | None, home_address: IPv6Address) -> IPv6Network:
    """The home prefix of a home address; the /64 around it when nobody knows."""
    kept = status.home_addresses if status is not None else ()
    found = next((each.prefix for each in kept if each.address == home_address), None)
    return found or IPv6Network((home_address, 64), strict=False)
