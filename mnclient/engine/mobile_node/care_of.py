# SPDX-License-Identifier: GPL-2.0-or-later
"""Care-of addresses (RFC 6275 section 11.5.3): formed from the prefixes of the current router, one per interface.

One of them is the primary one; those of other interfaces stand by.

A care-of address is kept as long as its prefix is valid at the current router, and replaced when the prefix becomes
deprecated while a better one exists, when duplicate detection fails, or when the home agent cannot use it. The one
before is kept for a moment, so that packets still under way to it arrive (section 11.5.4).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import (
    IDGEN_RETRIES,
    RETRANS_TIMER,
    TEMP_IDGEN_RETRIES,
    TEMP_PREFERRED_LIFETIME,
    TEMP_VALID_LIFETIME,
)
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.identifiers import hardware_identifier, is_reserved, stable_identifier
from mnclient.engine.mobile_node.link import Link, RouterKey
from mnclient.engine.mobile_node.routers import Prefix, Router
from mnclient.engine.timers import Timer
from mnclient.model.config import IdentifierMethod
from mnclient.model.network_state import DuplicateDetection
from mnclient.units import Instant, Seconds, after
from mnclient.wire.addresses import address_from, is_unicast_routable

# Packets sent before the home agent knew the new address are under way for one round trip and a retransmission of the
# Binding Update at most; the address costs nothing meanwhile.
PREVIOUS_KEPT: Final = Seconds(4.0)
MAX_PREVIOUS: Final = 8
MAX_DESYNC_FACTOR: Final = 0.4  # of the preferred lifetime, RFC 8981 section 3.8
DETECTION_MARGIN: Final = Seconds(2.0)  # the first term of REGEN_ADVANCE, RFC 8981 section 3.8
MAX_REMEMBERED_PREFIXES: Final = 256  # counters of duplicates; bounds memory against prefix floods
MAX_TRIES: Final = 8  # identifiers in a row that are reserved or taken by ourselves: it does not happen by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class CareOfAddress:
    """A care-of address. `temporary_until` bounds a temporary one beside its prefix (RFC 8981), infinity otherwise.

    `is_optimistic`: it may be used before its duplicate detection has ended. Not so where the router did not say its
    hardware address (RFC 4429 section 3.2): it would have to be asked for, and an optimistic address may not ask.
    `is_known`: it was found to be ours alone on this very link before, and needs no detection (RFC 6059 section 5.8).
    `router` is the one whose prefix it is of: what tells the link.
    """

    interface: str
    address: IPv6Address
    prefix: IPv6Network
    temporary_until: Instant = Instant(float("inf"))
    is_optimistic: bool = True
    is_known: bool = False
    router: RouterKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """A care-of address of before, accepted until `until`."""

    care_of: CareOfAddress
    until: Instant


class CareOfAddresses:
    """The care-of address of every interface that needs one, and those just left."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._method = IdentifierMethod.STABLE_OPAQUE
        self._secret = b""
        self._home_addresses: frozenset[IPv6Address] = frozenset()
        self._duplicates: dict[tuple[str, IPv6Network], int] = {}
        self._silent: set[tuple[str, IPv6Network]] = set()
        self.current: dict[str, CareOfAddress] = {}
        self.previous: list[Previous] = []
        self._settled: set[IPv6Address] = set()
        self._ours_alone: dict[tuple[RouterKey, IPv6Address], None] = {}  # by the router of the link, the latest last
        self.collided: dict[str, CareOfAddress] = {}
        """By interface: the address that was taken, until its successor is known to be free."""

    def configure(self, method: IdentifierMethod, secret: bytes, home_addresses: Collection[IPv6Address]) -> None:
        """Method and secret for addresses formed from now on. Without a secret one is drawn for this run."""
        self._method = method
        self._secret = secret or self._secret or self._context.entropy.octets(32)
        self._home_addresses = frozenset(home_addresses)

    def choose(self, link: Link, prefixes: list[Prefix], now: Instant) -> CareOfAddress | None:
        """The care-of address of a link, kept or newly formed from the prefixes, the best of which come first.

        None when none of them allows one. Prefixes from which nobody was ever answered are taken last.
        """
        prefixes = prefixes if link.works else []
        if self._silent:
            prefixes = sorted(prefixes, key=lambda each: (link.name, each.network) in self._silent)
        kept = self.current.get(link.name)
        if kept is not None and self._is_good(kept, prefixes, now):
            return kept
        self._retire(link, now)
        for prefix in prefixes:
            formed = self._form(link, prefix.network, now)
            if formed is not None:
                self.current[link.name], link.had_care_of = formed, True
                for each in [each for each in self.previous if each.care_of.address == formed.address]:
                    self._drop(each)
                return formed
        return None

    def unanswered(self, care_of: CareOfAddress) -> None:
        """The home agent answers nothing that is sent from here: another prefix of the link may be a better one."""
        if len(self._silent) < MAX_REMEMBERED_PREFIXES:
            self._silent.add((care_of.interface, care_of.prefix))

    def answered(self, interface: str) -> None:
        """The home agent answers again: its silence said nothing about prefixes."""
        self._silent = {each for each in self._silent if each[0] != interface}

    def interfaces(self) -> list[str]:
        """The interfaces that have care-of addresses, in use or just left."""
        return list({**self.current, **{each.care_of.interface: None for each in self.previous}})

    def remembered(self) -> set[str]:
        """The interfaces of which anything is known, addresses or collisions."""
        return {*self.interfaces(), *self.collided, *(interface for interface, _ in self._duplicates)}

    def all_of(self, interface: str) -> tuple[IPv6Address, ...]:
        """The care-of addresses of an interface: the one in use first, then those just left, the newest first."""
        current = self.current.get(interface)
        if not self.previous:
            return (current.address,) if current is not None else ()
        mine = [each.care_of for each in reversed(self.previous) if each.care_of.interface == interface]
        return tuple(dict.fromkeys(each.address for each in ([current] if current else []) + mine))

    def detection(self, interface: str) -> dict[IPv6Address, DuplicateDetection]:
        """What the kernel is to do about the addresses of an interface, where it is not the usual: OPTIMISTIC."""
        current = self.current.get(interface)
        all_known = [each.care_of for each in self.previous] + ([current] if current is not None else [])
        mine = [each for each in all_known if each.interface == interface]
        waiting = {each.address: DuplicateDetection.NORMAL for each in mine if not each.is_optimistic}
        return waiting | {each.address: DuplicateDetection.NONE for each in mine if each.is_known}

    def may_be_used(self, interface: str) -> bool:
        """Whether packets may leave from the care-of address of an interface."""
        care_of = self.current.get(interface)
        return care_of is not None and (care_of.is_optimistic or care_of.address in self._settled)

    def addresses(self) -> tuple[IPv6Address, ...]:
        """The present care-of addresses of all interfaces."""
        return tuple(each.address for each in self.current.values())

    def leave(self, interface: str) -> None:
        """The interface is no longer attached: its addresses are worth nothing."""
        self.current.pop(interface, None)
        self.collided.pop(interface, None)
        self.answered(interface)
        for key in [key for key, tries in self._duplicates.items() if key[0] == interface and tries > IDGEN_RETRIES]:
            del self._duplicates[key]  # given up on this attachment, not for ever
        self._context.timers.stop(Timer.REGENERATE_IDENTIFIER, interface)
        for each in [each for each in self.previous if each.care_of.interface == interface]:
            self._drop(each)

    def is_settled(self, interface: str) -> bool:
        """Whether nobody else has the care-of address of an interface: its duplicate detection ended well."""
        care_of = self.current.get(interface)
        return care_of is not None and care_of.address in self._settled

    def still_accept(self, link: Link, now: Instant) -> None:
        """Another interface takes over; the address stays, and what is under way to it arrives."""
        care_of = self.current.get(link.name)
        if care_of is not None:
            self._keep(care_of, now, valid_until(care_of, link))

    def keep_previous(self, link: Link, now: Instant) -> None:
        """The interface is no longer the one in use, but its link is still up."""
        care_of = self.current.pop(link.name, None)
        self._context.timers.stop(Timer.REGENERATE_IDENTIFIER, link.name)
        if care_of is not None:
            self._keep(care_of, now, valid_until(care_of, link))

    def duplicate(self, interface: str, address: IPv6Address) -> bool:
        """Duplicate detection failed. True when it was a care-of address of ours."""
        care_of = self.current.get(interface)
        if self.reject(interface, address):
            if care_of is not None:
                self.collided[interface] = care_of
            return True
        gone = [each for each in self.previous if each.care_of.address == address]
        for each in gone:
            self._drop(each)
        return bool(gone)

    def reject(self, interface: str, address: IPv6Address) -> bool:
        """The address cannot be used: the next `choose` forms another one, IDGEN_RETRIES times at most."""
        care_of = self.current.get(interface)
        if care_of is None or care_of.address != address:
            return False
        key = (interface, care_of.prefix)
        tries = self._duplicates.pop(key, 0) + 1
        while len(self._duplicates) >= MAX_REMEMBERED_PREFIXES:
            self._duplicates.pop(next(iter(self._duplicates)))
        self._duplicates[key] = tries
        del self.current[interface]
        for known in [known for known in self._ours_alone if known[1] == address]:
            del self._ours_alone[known]
        return True

    def settled(self, interface: str, address: IPv6Address) -> None:
        """Duplicate detection ended well."""
        care_of = self.current.get(interface)
        if care_of is not None and care_of.address == address:
            self.collided.pop(interface, None)
            if care_of.router is not None:
                self._remember(care_of.router, address)
            self._settled = {
                address,
                *(each.address for each in self.current.values() if each.address in self._settled),
            }

    def previous_expired(self, address: IPv6Address) -> None:
        """PREFIX_EXPIRES fired for a previous care-of address."""
        self.previous = [each for each in self.previous if each.care_of.address != address]

    def regeneration_due(self, interface: str, now: Instant) -> None:
        """REGENERATE_IDENTIFIER fired: the next `choose` forms another address (RFC 8981 section 3.4)."""
        care_of = self.current.pop(interface, None)
        if care_of is not None:
            self._keep(care_of, now)

    def _remember(self, router: RouterKey, address: IPv6Address) -> None:
        self._ours_alone.pop((router, address), None)
        while len(self._ours_alone) >= MAX_REMEMBERED_PREFIXES:
            del self._ours_alone[next(iter(self._ours_alone))]
        self._ours_alone[(router, address)] = None

    # --- forming -----------------------------------------------------------------------------------------------------

    def _is_good(self, care_of: CareOfAddress, prefixes: list[Prefix], now: Instant) -> bool:
        own = next(
            (each for each in prefixes if each.network is care_of.prefix or each.network == care_of.prefix), None
        )
        if own is None or care_of.address in self._home_addresses or care_of.temporary_until <= now:
            return False
        if self._silent:
            silent = [(care_of.interface, each.network) in self._silent for each in (own, prefixes[0])]
            if silent == [True, False]:
                return False
        if own.stays_preferred(now):
            return True
        if prefixes[0].stays_preferred(now):
            return False  # in time: the registration is there before the address is deprecated (RFC 4862, 5.5.4)
        return own.preferred_until > now or all(each.preferred_until <= now for each in prefixes)

    def _form(self, link: Link, prefix: IPv6Network, now: Instant) -> CareOfAddress | None:
        if not is_unicast_routable(prefix.network_address):
            return None
        tries = self._duplicates.get((link.name, prefix), 0)
        if tries > IDGEN_RETRIES:
            return None
        for attempt in range(MAX_TRIES):
            identifier = self._identifier(link, prefix, tries, attempt)
            if identifier is None or is_reserved(identifier):
                continue
            address = address_from(prefix, identifier)
            if address not in self._home_addresses:
                return self._formed(link, prefix, address, now)
        return None

    def _identifier(self, link: Link, prefix: IPv6Network, tries: int, attempt: int) -> bytes | None:
        if self._method is IdentifierMethod.TEMPORARY:
            return self._context.entropy.octets(8)
        if self._method is IdentifierMethod.EUI64 and tries == 0 and attempt == 0:
            return hardware_identifier(link.link_layer_address)
        # Reserved identifiers count like duplicates (RFC 7217 section 5); steps of 16 keep the two apart.
        return stable_identifier(self._secret, prefix, link.name, tries + 16 * attempt)

    def _formed(self, link: Link, prefix: IPv6Network, address: IPv6Address, now: Instant) -> CareOfAddress:
        self._context.count("care-of.formed")
        router = link.current
        is_known = router is not None and (router.key, address) in self._ours_alone
        if is_known:
            self._settled.add(address)
        else:
            self._settled.discard(address)
        formed = CareOfAddress(
            interface=link.name,
            address=address,
            prefix=prefix,
            is_optimistic=router is not None and router.names_itself,
            is_known=is_known,
            router=None if router is None else router.key,
        )
        there = next((each.care_of for each in self.previous if each.care_of.address == address), None)
        if there is not None:  # the kernel has it still: another kind of detection would take it away for a moment
            formed = replace(formed, is_optimistic=there.is_optimistic, is_known=there.is_known)
        if self._method is not IdentifierMethod.TEMPORARY:
            return formed
        desync = self._context.entropy.uniform(0.0, MAX_DESYNC_FACTOR * TEMP_PREFERRED_LIFETIME)
        preferred = Seconds(TEMP_PREFERRED_LIFETIME - desync - _regeneration_advance(router))
        self._context.timers.set(Timer.REGENERATE_IDENTIFIER, link.name, after(now, preferred))
        return replace(formed, temporary_until=after(now, TEMP_VALID_LIFETIME))

    # --- leaving -----------------------------------------------------------------------------------------------------

    def _retire(self, link: Link, now: Instant) -> None:
        care_of = self.current.pop(link.name, None)
        self._context.timers.stop(Timer.REGENERATE_IDENTIFIER, link.name)
        if care_of is not None and link.works:
            self._keep(care_of, now, valid_until(care_of, link))

    def _keep(self, care_of: CareOfAddress, now: Instant, valid: Instant | None = None) -> None:
        """For a moment, and never longer than the address is `valid` (RFC 4862 section 5.5.4)."""
        until = after(now, PREVIOUS_KEPT) if valid is None else min(after(now, PREVIOUS_KEPT), valid)
        if until <= now:
            return
        self.previous = [each for each in self.previous if each.care_of.address != care_of.address]
        if len(self.previous) >= MAX_PREVIOUS:
            self._drop(self.previous[0])
        self.previous.append(Previous(care_of=care_of, until=until))
        self._context.timers.set(Timer.PREFIX_EXPIRES, ("previous", care_of.address), until)

    def _drop(self, previous: Previous) -> None:
        self.previous.remove(previous)
        self._context.timers.stop(Timer.PREFIX_EXPIRES, ("previous", previous.care_of.address))


def _regeneration_advance(router: Router | None) -> Seconds:
    """REGEN_ADVANCE of RFC 8981 section 3.8: time for detections on this link, of one probe each, that all fail.

    Far less than a temporary address is preferred for, because a router's RetransTimer is bounded.
    """
    detection = RETRANS_TIMER if router is None else router.retransmit_timer
    return Seconds(DETECTION_MARGIN + TEMP_IDGEN_RETRIES * detection)


def valid_until(care_of: CareOfAddress, link: Link) -> Instant | None:
    """When the address stops being valid; None when its prefix is not one of the current router's."""
    router = link.current
    prefix = router.prefixes.get(care_of.prefix) if router is not None else None
    return None if prefix is None else Instant(min(prefix.valid_until, care_of.temporary_until))
