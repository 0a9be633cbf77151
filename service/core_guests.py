# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests of this home agent as the core keeps them: each with a key, perhaps access rules, and a binding that ends
with it.

An invitation is *used* when its home address first gets a binding under its key. One that was not used in time
*expires*: its key goes, so that whoever finds the file later has nothing. A guest that used it stays until it is
revoked. It can be given a new key (`core_guest_rotation`).
"""

import asyncio
import logging
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from shlex import quote
from typing import Final

from mnclient.errors import MobileIPv6Error
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import AccessRule, HomeAgentConfig
from mnclient.model.guest import Guest, GuestState, GuestWish
from mnclient.model.keys import KeyInfo, KeyOwner
from mnclient.model.stored_binding import StoredBinding
from service.contract import InvalidArgument, UnknownThing
from service.core_guest_rotation import Rotations
from service.core_keys import Keys
from service.guest_rules import (
    Chance,
    access_for,
    check_address,
    check_wish,
    due,
    free_address,
    link_for,
    overlap_end,
    two_spis,
    with_room,
    without,
)
from service.state_store import GUESTS_FILE, StateStore
from service.stored_guests import encode_guests

_log = logging.getLogger(__name__)

LONGEST_SLEEP: Final = 3600.0  # seconds; the wall clock may be set while an invitation waits for its end


class GuestHost(ABC):
    """What the guests need of the service around them."""

    @abstractmethod
    def home_agent_config(self) -> HomeAgentConfig | None:
        """The role as it is configured; None when it is off."""

    @abstractmethod
    def protections(self) -> tuple[str, ...]:
        """The kinds of key with which registrations can be protected."""

    @abstractmethod
    def registered_addresses(self) -> frozenset[IPv6Address]:
        """Home addresses with a binding of the home agent now."""

    @abstractmethod
    def access_rules(self) -> tuple[AccessRule, ...]:
        """home_agent.access, as it is stored."""

    @abstractmethod
    def store_access_rules(self, rules: tuple[AccessRule, ...]) -> None:
        """Replace it; MobileIPv6Error when it is not accepted, or cannot be stored."""

    @abstractmethod
    def clear_bindings(self, which: BindingFilter) -> int:
        """End these."""

    @abstractmethod
    def guests_changed(self) -> None:
        """Somebody was invited, came, or is not welcome any more."""


class Guests(Rotations):
    """All of them. Methods that change something raise before anything is changed, or put back what was."""

    def __init__(
        self,
        store: StateStore,
        keys: Keys,
        host: GuestHost,
        wall_clock: Callable[[], float],
        chance: Chance = secrets.randbelow,
    ) -> None:
        self._store = store
        self._keys = keys
        self._host = host
        self._wall_clock = wall_clock
        self._chance = chance
        self._guests: tuple[Guest, ...] = ()
        self._timer: asyncio.TimerHandle | None = None

    def load(self) -> None:
        """Read the file. The keys must have been read before."""
        damaged = len(self._store.damaged)
        self._guests = self._store.load_guests()
        if len(self._store.damaged) > damaged and self._guests:
            self._store.write(GUESTS_FILE, encode_guests(self._guests))  # what was understood of the one set aside
        self._take_back_lost()

    def stop(self) -> None:
        """Wait for no deadline any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def listing(self) -> tuple[Guest, ...]:
        """All guests, those that ended included, the newest last."""
        self.end_expired()
        there = {each.identity for each in self._keys.infos()}
        return tuple(replace(each, has_key=each.key_identity in there) for each in self._guests)

    # --- inviting ---

    def invite(self, wish: GuestWish) -> Guest:
        """Let somebody in: the key, the access rules and the entry are stored when this returns.

        InvalidArgument, UnknownThing, or MobileIPv6Error; then nothing has changed.
        """
        self.end_expired()
        now = self._wall_clock()
        check_wish(wish, self._host.protections(), now)
        link = link_for(wish, self._host.home_agent_config())
        self._require_new(wish.name)
        taken = self._taken()
        address = wish.home_address or free_address(link, taken.keys(), self._chance)
        check_address(address, link)
        if address in taken:
            raise InvalidArgument(f"{address} {taken[address][0]}", hint=taken[address][1])
        others = tuple(each for each in self._guests if wish.name != each.name and address != each.home_address)
        dropped = [each for each in self._guests if each not in others]
        rules = without(self._host.access_rules(), [rule for each in dropped for rule in each.access])
        access = access_for(address, wish.care_of_addresses, rules)
        spi_in, spi_out = two_spis(self._keys.infos(), self._guests, self._chance)
        guest = Guest(
            name=wish.name,
            home_address=address,
            home_agent=link.address,
            prefix=link.prefix,
            kind=wish.kind,
            algorithm=wish.algorithm,
            spi_in=spi_in,
            spi_out=spi_out,
            created_time=now,
            expires_time=wish.expires_time,
            access=access,
        )
        self._let_in(guest, with_room(others), (*access, *rules), wish.secret)
        return guest

    def _let_in(self, guest: Guest, others: tuple[Guest, ...], rules: tuple[AccessRule, ...], secret: bytes) -> None:
        """Everything, or nothing. The entry comes first: a crash leaves one without a key, and no key without one."""
        before = self._guests
        self._save((*others, guest))
        is_keyed = False
        try:
            place = guest.home_address, guest.home_agent
            spis = guest.spi_in, guest.spi_out
            self._keys.set(*place, guest.kind, guest.algorithm, *spis, secret, KeyOwner.COMPUTER)
            is_keyed = True
            self._store_rules(rules)
        except MobileIPv6Error:
            if is_keyed:
                self._keys.remove(*guest.key_identity)
            self._save(before)
            raise
        self._changed()

    def _require_new(self, name: str) -> None:
        there = next((each for each in self._guests if each.name == name and each.is_welcome), None)
        if there is not None:
            title = f"{name} is a guest already, with the home address {there.home_address}"
            raise InvalidArgument(title, hint=f"choose another name, or end it: mnctl revoke {quote(name)}")

    def _taken(self) -> dict[IPv6Address, tuple[str, str]]:
        """Home addresses that nobody can be invited to: why, and what to do."""
        in_use = "is in use: somebody is registered with it", "choose another one, or end that: mnctl bindings clear"
        found = dict.fromkeys(self._host.registered_addresses(), in_use)
        for key in self._keys.infos():
            found[key.home_address] = "has a key already", "choose another one, or remove that: mnctl keys remove"
        for guest in self._guests:
            if guest.is_welcome:
                reason = f"belongs to the guest {guest.name}"
                found[guest.home_address] = reason, f"choose another one, or end that: mnctl revoke {quote(guest.name)}"
        return found

    # --- ending ---

    def revoke(self, name: str) -> Guest:
        """End a guest: its key, its access and its binding. UnknownThing when nobody of this name is welcome.

        MobileIPv6Error when something cannot be stored; to be done again then.
        """
        guest = next((each for each in self._guests if each.name == name and each.is_welcome), None)
        if guest is None:
            raise self._nobody(name)
        return self._end(guest, GuestState.REVOKED)

    def end_expired(self) -> None:
        """End those that were not used in time, and look again when the next one is due."""
        now = self._wall_clock()
        for guest in due(self._guests, now):
            try:
                self._end(guest, GuestState.EXPIRED)
            except MobileIPv6Error as error:
                _log.error("the invitation of %s expired, but cannot be ended: %s", guest.name, error)
        self._take_back_lost()
        self._end_overlaps(now)
        self._wake_for_the_next(now)

    def _end(self, guest: Guest, state: GuestState) -> Guest:
        self._keys.require_file()  # a key in a file that is not read now would be back later
        for identity in filter(None, (guest.retiring_identity, guest.key_identity)):
            try:
                self._keys.remove(*identity)
            except UnknownThing:
                _log.info("a key of the guest %s was gone already", guest.name)
        rules = without(self._host.access_rules(), guest.access)
        access: tuple[AccessRule, ...] = ()
        config = self._host.home_agent_config()
        if config is not None and config.allow_unprotected_signalling:  # without a key everybody would be believed
            access = (AccessRule(allow=False, home_addresses=IPv6Network(guest.home_address)),)
        self._store_rules((*access, *rules))
        ended = replace(guest, state=state, ended_time=self._wall_clock(), access=access, retiring=None)
        self._save(tuple(ended if each is guest else each for each in self._guests))
        self._host.clear_bindings(BindingFilter(home_addresses=IPv6Network(guest.home_address)))
        self._changed()
        return replace(ended, has_key=False)

    def _nobody(self, name: str) -> UnknownThing:
        ended = next((each for each in self._guests if each.name == name), None)
        if ended is not None:
            words = "was revoked" if ended.state is GuestState.REVOKED else "has expired"
            return UnknownThing(f"The invitation of {name} {words} already", hint="nothing has to be done")
        welcome = ", ".join(each.name for each in self._guests if each.is_welcome)
        return UnknownThing(f"There is no guest {name}", hint=f"guests are: {welcome}" if welcome else "there is none")

    # --- using ---

    def registered(self, bindings: Iterable[StoredBinding]) -> None:
        """These bindings are there: whoever has one under the key of an invitation has used it."""
        bindings = tuple(bindings)
        self._end_proven(bindings)
        waiting = {each.home_address: each for each in self._guests if each.state is GuestState.INVITED}
        if not waiting:
            return
        present = {each.home_address for each in bindings if each.remaining > 0 and each.home_address in waiting}
        used = [guest for address in present if self._is_protected(guest := waiting[address])]
        if not used:
            return
        now = self._wall_clock()
        marked = {id(each): replace(each, state=GuestState.USED, used_time=now) for each in used}
        self._guests = tuple(marked.get(id(each), each) for each in self._guests)
        # A disk that refuses is no reason to forget it in memory.
        self._store.write(GUESTS_FILE, encode_guests(self._guests))
        self._changed()

    def _is_protected(self, guest: Guest) -> bool:
        """Whether registrations of its home address are believed under its key and no other (`core_protection`)."""
        newest: KeyInfo | None = max(
            (each for each in self._keys.infos() if each.identity[:2] == guest.key_identity[:2]),
            key=lambda each: each.created_time,
            default=None,
        )
        if newest is None or newest.identity != guest.key_identity:
            return False
        return newest.available and guest.kind.value in self._host.protections()

    # --- storing ---

    def _replace(self, guest: Guest, by: Guest) -> None:
        self._save(tuple(by if each is guest else each for each in self._guests))

    def _store_rules(self, rules: tuple[AccessRule, ...]) -> None:
        if rules != self._host.access_rules():
            self._host.store_access_rules(rules)

    def _save(self, guests: tuple[Guest, ...]) -> None:
        if not self._store.write(GUESTS_FILE, encode_guests(guests)):
            path = self._store.directory / GUESTS_FILE
            raise MobileIPv6Error(f"The guests cannot be stored in {path}", hint="see the log of the service for why")
        self._guests = guests

    def _changed(self) -> None:
        self._wake_for_the_next(self._wall_clock())
        self._host.guests_changed()

    def _wake_for_the_next(self, now: float) -> None:
        self.stop()
        ends = [
            each.expires_time
            for each in self._guests
            if each.state is GuestState.INVITED and each.expires_time is not None
        ]
        ends += [end for each in self._guests if (end := overlap_end(each)) is not None]
        if ends:
            delay = min(max(min(ends) - now, 1.0), LONGEST_SLEEP)
            self._timer = asyncio.get_running_loop().call_later(delay, self.end_expired)
