# SPDX-License-Identifier: GPL-2.0-or-later
"""What a home agent decides about its guests, without touching anything: addresses, numbers, access rules.

Chance is an argument: a function that gives a number from 0 to below its argument.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from shlex import quote
from typing import Final

from mnclient.engine.home_agent.access import is_anycast
from mnclient.engine.mobile_node.identifiers import is_reserved
from mnclient.errors import MobileIPv6Error
from mnclient.model.config import AccessRule, HomeAgentConfig, HomeLinkConfig
from mnclient.model.guest import Guest, GuestState, GuestWish, RetiringKey, RotationWish
from mnclient.model.invitation import LATEST_EXPIRY, LONGEST_NAME, Invitation, is_name
from mnclient.model.keys import HIGHEST_SPI, KeyInfo, KeyKind, spi_parity
from service.contract import InvalidArgument, UnknownThing
from service.core_addresses import require_routable

Chance = Callable[[int], int]

MAX_GUESTS: Final = 256
"""With those that ended; the oldest of these are forgotten first. Keys are fewer (`MAX_KEYS`)."""
LOWEST_CHOSEN_SPI: Final = 0x1_0000
"""Below are the numbers that people choose by hand."""
_TRIES: Final = 64


def kind_for(protections: Iterable[str]) -> KeyKind:
    """The kind of key to choose at a home agent that can use these: IPsec protects more than registrations."""
    return KeyKind.ESP if KeyKind.ESP.value in protections else KeyKind.RFC4285


def check_wish(wish: GuestWish, protections: Collection[str], now: float) -> None:
    """InvalidArgument unless name, kind of key and time can be had."""
    if not is_name(wish.name):
        hint = f"1 to {LONGEST_NAME} printable characters, none of them a space at an end"
        raise InvalidArgument("This cannot be the name of a guest (name)", hint=hint)
    if wish.kind.value not in protections:
        title = f"This home agent cannot protect registrations with keys of the kind {wish.kind.value} (kind)"
        raise InvalidArgument(title, hint=f"it can with: {', '.join(protections) or 'none'}")
    if wish.expires_time is not None and not now < wish.expires_time <= LATEST_EXPIRY:
        hint = "give a time to come; if it is one, the clock of this machine is wrong"
        raise InvalidArgument("The invitation would have expired already (expires)", hint=hint)


def link_for(wish: GuestWish, config: HomeAgentConfig | None) -> HomeLinkConfig:
    """The home link a guest is to live on. MobileIPv6Error when there is none, or more than one and none is named."""
    links = config.links if config is not None else ()
    if not links:
        hint = "switch the role on: mnctl home-agent enable --prefix PREFIX --address ADDRESS"
        raise MobileIPv6Error("This machine is no home agent, so it has no room for guests", hint=hint)
    listed = ", ".join(f"{each.address} for {each.prefix}" for each in links)
    if wish.home_agent is not None:
        fitting = [each for each in links if each.address == wish.home_agent]
        if not fitting:
            raise UnknownThing(f"{wish.home_agent} is not this home agent", hint=f"it is: {listed}")
    elif wish.home_address is not None:
        fitting = [each for each in links if wish.home_address in each.prefix]
        if not fitting:
            raise InvalidArgument(f"{wish.home_address} is in no home network served here", hint=f"served: {listed}")
    else:
        fitting = list(links)
    if len(fitting) > 1:
        raise InvalidArgument("There is more than one home network here (home_agent)", hint=f"name one: {listed}")
    return fitting[0]


def check_address(address: IPv6Address, link: HomeLinkConfig) -> None:
    """InvalidArgument unless it can be a home address on this link."""
    require_routable(address)
    if address not in link.prefix:
        hint = f"choose an address in {link.prefix}"
        raise InvalidArgument(f"{address} is outside the home prefix {link.prefix}", hint=hint)
    if address == link.address:
        hint = f"choose another address in {link.prefix}"
        raise InvalidArgument(f"{address} is the home agent itself", hint=hint)
    if is_anycast(address, link):
        raise InvalidArgument(f"{address} belongs to all routers there", hint=f"choose another in {link.prefix}")


def free_address(link: HomeLinkConfig, taken: Collection[IPv6Address], chance: Chance) -> IPv6Address:
    """A home address that nobody can guess and nobody has. MobileIPv6Error when the prefix is full."""
    size = link.prefix.num_addresses
    for _ in range(_TRIES):
        address = link.prefix[chance(size)]
        suits = not (is_anycast(address, link) or is_reserved(address.packed[8:]) or address == link.address)
        if suits and address != link.prefix.network_address and address not in taken:
            return address
    hint = "name a home address, or revoke a guest: mnctl guests"
    raise MobileIPv6Error(f"No free home address was found in {link.prefix}", hint=hint)


def two_spis(
    keys: Iterable[KeyInfo], guests: Iterable[Guest], chance: Chance, unlike: RetiringKey | None = None
) -> tuple[int, int]:
    """An incoming and an outgoing SPI that no key and no guest has in either direction: nobody confuses them.

    Where they succeed those of a key, they are `unlike` these to the system, too (`spi_parity`).
    """
    guests = tuple(guests)
    before = (each.retiring for each in guests if each.retiring is not None)
    everybody: tuple[KeyInfo | Guest | RetiringKey, ...] = (*keys, *guests, *before)
    taken = {spi for each in everybody for spi in (each.spi_in, each.spi_out)}
    chosen: list[int] = []
    while len(chosen) < 2:
        spi = LOWEST_CHOSEN_SPI + chance(HIGHEST_SPI + 1 - LOWEST_CHOSEN_SPI)
        if unlike is not None and spi_parity(spi) == spi_parity((unlike.spi_in, unlike.spi_out)[len(chosen)]):
            spi ^= 1
        if spi not in taken:
            chosen.append(spi)
            taken.add(spi)
    return chosen[0], chosen[1]


def access_for(
    address: IPv6Address, care_of_addresses: tuple[IPv6Network, ...], rules: tuple[AccessRule, ...]
) -> tuple[AccessRule, ...]:
    """The rules that a new guest needs before these: none where it is welcome from everywhere anyway."""
    own = IPv6Network(address)
    if care_of_addresses:
        allowed = (AccessRule(allow=True, home_addresses=own, care_of_addresses=each) for each in care_of_addresses)
        return (*allowed, AccessRule(allow=False, home_addresses=own))
    is_hindered = any(not each.allow and address in each.home_addresses for each in rules)
    return (AccessRule(allow=True, home_addresses=own),) if is_hindered else ()


def without(rules: tuple[AccessRule, ...], own: Collection[AccessRule]) -> tuple[AccessRule, ...]:
    """These rules without those that were made for a guest, each once."""
    remaining = list(rules)
    for each in own:
        if each in remaining:
            remaining.remove(each)
    return tuple(remaining)


def with_room(guests: tuple[Guest, ...]) -> tuple[Guest, ...]:
    """These guests, and room for one more: of those that ended the one that did so first makes it."""
    if len(guests) < MAX_GUESTS:
        return guests
    ended = [each for each in guests if not each.is_welcome]
    if not ended:
        raise MobileIPv6Error(f"There are {MAX_GUESTS} guests, and more are not possible", hint="revoke one first")
    first = min(ended, key=lambda each: each.ended_time or 0.0)
    return tuple(each for each in guests if each is not first)


def due(guests: Iterable[Guest], now: float) -> tuple[Guest, ...]:
    """Those whose invitation was not used in time."""
    return tuple(
        each
        for each in guests
        if each.state is GuestState.INVITED and each.expires_time is not None and each.expires_time <= now
    )


def check_rotation(guest: Guest, wish: RotationWish, now: float) -> None:
    """MobileIPv6Error unless this guest can be given a new key."""
    if guest.state is GuestState.INVITED:
        title = f"{guest.name} has not come with its first key yet"
        raise MobileIPv6Error(title, hint=f"to make another one: mnctl revoke {quote(guest.name)}, then invite it anew")
    if wish.overlap_until is not None and not now < wish.overlap_until <= LATEST_EXPIRY:
        hint = "give a time to come; if it is one, the clock of this machine is wrong"
        raise InvalidArgument("The key before would not count any more (overlap)", hint=hint)


def key_in_use(guest: Guest) -> RetiringKey:
    """The key that the guest has come with last. Of two that nobody has used yet only the newer stays."""
    return guest.retiring or RetiringKey(algorithm=guest.algorithm, spi_in=guest.spi_in, spi_out=guest.spi_out)


def successor(guest: Guest, wish: RotationWish, spis: tuple[int, int]) -> Guest:
    """The guest with its new key."""
    retiring = replace(key_in_use(guest), ends_time=wish.overlap_until)
    return replace(guest, algorithm=wish.algorithm, spi_in=spis[0], spi_out=spis[1], retiring=retiring)


def with_key_before(guest: Guest) -> Guest:
    """The guest as it was before it was given a new key."""
    before = guest.retiring
    if before is None:
        return guest
    return replace(guest, algorithm=before.algorithm, spi_in=before.spi_in, spi_out=before.spi_out, retiring=None)


def overlaps_over(guests: Iterable[Guest], now: float) -> tuple[Guest, ...]:
    """Those whose key before counts no longer, whether the new one has been used or not."""
    return tuple(each for each in guests if (end := overlap_end(each)) is not None and end <= now)


def overlap_end(guest: Guest) -> float | None:
    """When the key before counts no longer; None when there is none, or no such time."""
    return guest.retiring.ends_time if guest.is_welcome and guest.retiring is not None else None


def successor_invitation_for(guest: Guest, secret: bytes) -> Invitation:
    """What a guest is given with a new key. It has no end: it is the way back for a laptop that was off."""
    return replace(invitation_for(guest, secret), expires_time=None)


def invitation_for(guest: Guest, secret: bytes) -> Invitation:
    """What the guest is given. The SPIs are exchanged: what arrives here is what is sent there."""
    return Invitation(
        name=guest.name,
        home_agent=guest.home_agent,
        prefix=guest.prefix,
        home_address=guest.home_address,
        kind=guest.kind,
        algorithm=guest.algorithm,
        spi_in=guest.spi_out,
        spi_out=guest.spi_in,
        secret=secret,
        expires_time=guest.expires_time,
    )
