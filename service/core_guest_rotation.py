# SPDX-License-Identifier: GPL-2.0-or-later
"""A new key for a guest, without losing its binding: for a while the home agent believes the one before as well.

The new key has been *used* when the home address has a binding under it; then the one before goes. It goes as well when
its time is over, whether the laptop has come or not. Who takes the new key out of the key store before takes it back.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace

from mnclient.errors import MobileIPv6Error
from mnclient.model.guest import Guest, RotationWish
from mnclient.model.keys import KeyOwner
from mnclient.model.stored_binding import StoredBinding
from service.contract import UnknownThing
from service.core_keys import Keys
from service.guest_rules import Chance, check_rotation, key_in_use, overlaps_over, successor, two_spis, with_key_before
from service.key_store import Identity

_log = logging.getLogger(__name__)


class Rotations(ABC):
    """What `core_guests.Guests` does about new keys."""

    _keys: Keys
    _guests: tuple[Guest, ...]
    _wall_clock: Callable[[], float]
    _chance: Chance

    @abstractmethod
    def end_expired(self) -> None:
        """What is over by now ends."""

    @abstractmethod
    def _nobody(self, name: str) -> UnknownThing: ...

    @abstractmethod
    def _replace(self, guest: Guest, by: Guest) -> None: ...

    @abstractmethod
    def _changed(self) -> None: ...

    def retiring(self) -> frozenset[Identity]:
        """Keys that count beside the newest of their home address."""
        return frozenset(each for guest in self._guests if (each := guest.retiring_identity) is not None)

    def rotate(self, wish: RotationWish) -> Guest:
        """Give a guest a new key, stored when this returns; what it had counts until the new one has been used.

        InvalidArgument, UnknownThing, or MobileIPv6Error; then nothing has changed.
        """
        self.end_expired()
        now = self._wall_clock()
        guest = next((each for each in self._guests if each.name == wish.name and each.is_welcome), None)
        if guest is None:
            raise self._nobody(wish.name)
        check_rotation(guest, wish, now)
        self._keys.require_file()
        spis = two_spis(self._keys.infos(), self._guests, self._chance, unlike=key_in_use(guest))
        renewed = successor(guest, wish, spis)
        self._store_successor(guest, renewed, wish.secret)
        if guest.retiring is not None:  # nobody has come with that one, and nobody shall
            self._take_away(guest.key_identity, guest.name)
        self._changed()
        return renewed

    def _store_successor(self, guest: Guest, renewed: Guest, secret: bytes) -> None:
        """The entry comes first: a crash leaves one whose key is not there, and that is taken back."""
        self._replace(guest, renewed)
        try:
            place, spis = (renewed.home_address, renewed.home_agent), (renewed.spi_in, renewed.spi_out)
            self._keys.set(*place, renewed.kind, renewed.algorithm, *spis, secret, KeyOwner.COMPUTER)
        except MobileIPv6Error:
            self._replace(renewed, guest)
            raise

    def _end_proven(self, bindings: Iterable[StoredBinding]) -> None:
        """Whoever has a binding under a new key needs the one before no longer."""
        under = {each.home_address: each.spi for each in bindings if each.remaining > 0}
        for guest in self._guests:
            if guest.retiring is not None and under.get(guest.home_address) == guest.spi_in:
                self._end_overlap(guest)

    def _end_overlaps(self, now: float) -> None:
        for guest in overlaps_over(self._guests, now):
            self._end_overlap(guest)

    def _end_overlap(self, guest: Guest) -> None:
        """The key before goes, then what says that it was there: a crash between leaves nothing that counts."""
        identity = guest.retiring_identity
        try:
            self._keys.require_file()
            if identity is not None:
                self._take_away(identity, guest.name)
            self._replace(guest, replace(guest, retiring=None))
        except MobileIPv6Error as error:
            _log.error("the key that %s had before cannot be removed: %s", guest.name, error)
            return
        self._changed()

    def _take_away(self, identity: Identity, name: str) -> None:
        try:
            self._keys.remove(*identity)
        except UnknownThing:
            _log.info("a key of the guest %s was gone already", name)

    def _take_back_lost(self) -> None:
        """A new key that is not in the store (a crash, or somebody removed it) leaves the guest with the one before."""
        there = {each.identity for each in self._keys.infos()}
        for guest in self._guests:
            if guest.retiring_identity in there and guest.key_identity not in there:
                _log.info("the new key of the guest %s is gone: it keeps the one before", guest.name)
                try:
                    self._replace(guest, with_key_before(guest))
                except MobileIPv6Error as error:
                    _log.error("%s", error)
