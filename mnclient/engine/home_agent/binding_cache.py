# SPDX-License-Identifier: GPL-2.0-or-later
"""The binding cache of the home agent (RFC 6275 sections 9.1 and 10.1), and the memory of deleted entries (10.3.2).

Only home registrations are here. Nothing is ever evicted: an entry stays until its lifetime ends (section 10.3.1).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_DELETE_BCE_TIMEOUT, PREVIOUS_CARE_OF_ACCEPTED
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.config import HomeLinkConfig
from mnclient.model.status import BindingCacheStatus
from mnclient.model.stored_binding import StoredBinding
from mnclient.units import Instant, Seconds, after, between

_LINK_LOCAL_PREFIX: Final = 0xFE80 << 112
_IDENTIFIER: Final = (1 << 64) - 1


@dataclass(slots=True, kw_only=True)
class Binding:
    """A home registration. `detecting`: duplicate detection still runs, nothing was acknowledged yet.

    `spi`: of the association that its last Binding Update came under, 0 when that was not protected.

    `previous_care_of_address`: the mobile node has just moved away from there, and what it sent before it heard our
    answer is still forwarded.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    sequence: int
    lifetime: Seconds
    expires: Instant
    link: HomeLinkConfig
    link_local_compatibility: bool = False
    detecting: bool = False
    previous_care_of_address: IPv6Address | None = None
    spi: int = 0

    def status(self) -> BindingCacheStatus:
        """It as people are told."""
        return BindingCacheStatus(
            home_address=self.home_address,
            care_of_address=self.care_of_address,
            sequence=self.sequence,
            lifetime=self.lifetime,
            expires=self.expires,
            home_registration=True,
            detecting=self.detecting,
            interface=self.link.interface or "",
        )

    def defended(self) -> tuple[IPv6Address, ...]:
        """The addresses this binding is about on the home link (L bit, section 10.3.1)."""
        if not self.link_local_compatibility:
            return (self.home_address,)
        return self.home_address, link_local_of(self.home_address)


def link_local_of(home_address: IPv6Address) -> IPv6Address:
    """The link-local address with the interface identifier of a home address."""
    return IPv6Address(_LINK_LOCAL_PREFIX | int(home_address) & _IDENTIFIER)


class BindingCache:
    """Entries by home address. Every operation is O(log n) at worst, but for `limit_on`, `status` and `snapshot`."""

    def __init__(self, timers: TimerTable) -> None:
        self._timers = timers
        self._bindings: dict[IPv6Address, Binding] = {}
        self._deleted: dict[IPv6Address, StoredBinding] = {}

    def __len__(self) -> int:
        return len(self._bindings)

    def __iter__(self) -> Iterator[Binding]:
        return iter(self._bindings.values())

    def find(self, home_address: IPv6Address) -> Binding | None:
        """The valid entry of a home address."""
        return self._bindings.get(home_address)

    def last_sequence(self, home_address: IPv6Address) -> int | None:
        """The last sequence number accepted for a home address, of a deleted entry too (section 10.3.2)."""
        binding = self._bindings.get(home_address)
        if binding is not None:
            return binding.sequence
        deleted = self._deleted.get(home_address)
        return deleted.sequence if deleted is not None else None

    def note_sequence(self, home_address: IPv6Address, sequence: int) -> None:
        """A valid Binding Update with this number changed nothing else; of a deleted entry too."""
        binding = self._bindings.get(home_address)
        if binding is not None:
            binding.sequence = sequence
        elif home_address in self._deleted:
            self._deleted[home_address] = replace(self._deleted[home_address], sequence=sequence)

    def was_deleted(self, home_address: IPv6Address) -> bool:
        """True while the sequence number of a deleted entry is remembered."""
        return home_address in self._deleted

    def put(self, binding: Binding, prefix_ends: Instant | None = None) -> None:
        """Store a new or renewed entry, until it or its home prefix expires."""
        if self._deleted.pop(binding.home_address, None) is not None:
            self._timers.stop(Timer.DELETED_ENTRY_EXPIRES, binding.home_address)
        self._bindings[binding.home_address] = binding
        self.limit(binding, prefix_ends)

    def limit(self, binding: Binding, prefix_ends: Instant | None) -> Instant:
        """When an entry ends: with its lifetime, or with that of its home prefix if that is sooner (section 10.3.1)."""
        ends = binding.expires if prefix_ends is None else min(binding.expires, prefix_ends)
        self._timers.set(Timer.CACHE_ENTRY_EXPIRES, binding.home_address, ends)
        return ends

    def limit_on(self, interface: str, prefix_ends: Callable[[HomeLinkConfig], Instant | None]) -> None:
        """A router spoke of the home prefixes of a link; O(bindings)."""
        for binding in self:
            if binding.link.interface == interface:
                self.limit(binding, prefix_ends(binding.link))

    def move_from(self, binding: Binding, now: Instant) -> None:
        """Its care-of address is about to change; the old one is accepted for a moment."""
        binding.previous_care_of_address = binding.care_of_address
        ends = after(now, PREVIOUS_CARE_OF_ACCEPTED)
        self._timers.set(Timer.PREVIOUS_CARE_OF_ENDS, binding.home_address, ends)

    def forget(self, home_address: IPv6Address) -> None:
        """Drop an entry as if it had never been there."""
        self._bindings.pop(home_address, None)
        self._timers.stop(Timer.CACHE_ENTRY_EXPIRES, home_address)
        self._timers.stop(Timer.PREVIOUS_CARE_OF_ENDS, home_address)

    def delete(self, binding: Binding, sequence: int, now: Instant, limit: int) -> None:
        """Mark an entry as deleted: only its sequence number is kept, for MAX_DELETE_BCE_TIMEOUT (section 10.3.2)."""
        self.forget(binding.home_address)
        self.remember(_stored(binding, sequence, Seconds(0.0)), now, limit)

    def remember(self, stored: StoredBinding, now: Instant, limit: int) -> None:
        """Keep the sequence number of a deleted entry; of more than `limit` the oldest is given up."""
        self._deleted.pop(stored.home_address, None)
        if len(self._deleted) >= limit > 0:
            self.forget_deleted(next(iter(self._deleted)))
        self._deleted[stored.home_address] = stored
        self._timers.set(Timer.DELETED_ENTRY_EXPIRES, stored.home_address, after(now, MAX_DELETE_BCE_TIMEOUT))

    def renew_deleted(self, home_address: IPv6Address, sequence: int, now: Instant) -> None:
        """A de-registration came again with a newer sequence number."""
        last = self._deleted[home_address]
        renewed = StoredBinding(
            home_address=home_address,
            care_of_address=last.care_of_address,
            sequence=sequence,
            remaining=Seconds(0.0),
            link_local_compatibility=last.link_local_compatibility,
        )
        self.remember(renewed, now, limit=0)

    def forget_deleted(self, home_address: IPv6Address) -> None:
        """The sequence number of a deleted entry need not be known any longer."""
        self._deleted.pop(home_address, None)
        self._timers.stop(Timer.DELETED_ENTRY_EXPIRES, home_address)

    def status(self) -> tuple[BindingCacheStatus, ...]:
        """Every valid entry."""
        return tuple(binding.status() for binding in self)

    def snapshot(self, now: Instant) -> tuple[StoredBinding, ...]:
        """What must survive a restart: acknowledged entries, and sequence numbers of deleted ones."""
        valid = (
            _stored(binding, binding.sequence, between(now, binding.expires))
            for binding in self
            if not binding.detecting and binding.expires > now
        )
        return (*valid, *self._deleted.values())


def _stored(binding: Binding, sequence: int, remaining: Seconds) -> StoredBinding:
    return StoredBinding(
        home_address=binding.home_address,
        care_of_address=binding.care_of_address,
        sequence=sequence,
        remaining=remaining,
        link_local_compatibility=binding.link_local_compatibility,
        spi=binding.spi,
    )
