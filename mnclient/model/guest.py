# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests of a home agent: whom its administrator let in with an invitation. Nothing here is secret but a wish's key."""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, IPv6Network

from mnclient.model.config import AccessRule
from mnclient.model.keys import KeyKind


class GuestState(Enum):
    """Where an invitation stands."""

    INVITED = "invited"  # nobody has registered with its key yet
    USED = "used"  # somebody has
    EXPIRED = "expired"  # its time passed before anybody did, and its key is gone
    REVOKED = "revoked"  # the administrator ended it, and its key is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiringKey:
    """The key that a guest had before its present one, and that still counts until that one has been used.

    `ends_time`: a wall-clock time at which it counts no longer in any case; None for no such time.
    """

    algorithm: str
    spi_in: int
    spi_out: int
    ends_time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One guest. The SPIs are the home agent's: `spi_in` is in what arrives here. Times are wall-clock times.

    `expires_time` None: it may be used for the first time at any time. `access`: the rules of home_agent.access that
    were made for it.
    """

    name: str
    home_address: IPv6Address
    home_agent: IPv6Address
    prefix: IPv6Network
    kind: KeyKind
    algorithm: str
    spi_in: int
    spi_out: int
    created_time: float
    state: GuestState = GuestState.INVITED
    expires_time: float | None = None
    used_time: float | None = None
    """When it first registered with the key."""
    ended_time: float | None = None
    access: tuple[AccessRule, ...] = ()
    has_key: bool = True
    """The key is in the key store. Without it a guest that is welcome can still not register."""
    retiring: RetiringKey | None = None
    """While the key is a new one that has not been used yet: the one before."""

    @property
    def is_welcome(self) -> bool:
        """Whether it may register."""
        return self.state in (GuestState.INVITED, GuestState.USED)

    @property
    def key_identity(self) -> tuple[IPv6Address, IPv6Address, int]:
        """What names its key in the key store."""
        return self.home_address, self.home_agent, self.spi_out

    @property
    def retiring_identity(self) -> tuple[IPv6Address, IPv6Address, int] | None:
        """The same of the key before, while that counts."""
        return None if self.retiring is None else (self.home_address, self.home_agent, self.retiring.spi_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestWish:
    """Whom an administrator wants to invite. What is None is chosen: the only home link, a free home address.

    `expires_time` None: never. `care_of_addresses`: it may register from these networks only; () for all.
    """

    name: str
    kind: KeyKind
    algorithm: str
    secret: bytes = field(repr=False)
    home_agent: IPv6Address | None = None
    home_address: IPv6Address | None = None
    expires_time: float | None = None
    care_of_addresses: tuple[IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationWish:
    """A new key for a guest. The one before counts until the new one has been used, at most until `overlap_until`."""

    name: str
    algorithm: str
    secret: bytes = field(repr=False)
    overlap_until: float | None = None
