# SPDX-License-Identifier: GPL-2.0-or-later
"""The prefixes of the home links: those served here, and what other routers advertise beside (RFC 6275 section 10.6.1).

What is served here comes from the configuration, and does not age. The rest is learned from Router Advertisements,
which nobody vouches for: it is bounded, and never takes the place of what is configured.
"""

from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import MAX_HOME_PREFIXES
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.home_agent.router_advertising import prefix_information
from mnclient.model.config import HomeLinkConfig
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.addresses import is_unicast_routable
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import PrefixInformation

AGEING_SLACK: Final = Seconds(5.0)  # by which a lifetime that only grows old may seem to have changed
MAX_ROUTERS_OF_A_PREFIX: Final = 8  # whose advertisements of it are kept apart: bounds memory
_UNLIMITED: Final = Seconds(float("inf"))


@dataclass(frozen=True, slots=True)
class Learned:
    """A prefix that another router advertised, as it said it at `heard`, and the M and O flags of that message."""

    option: PrefixInformation
    heard: Instant
    managed: bool
    other: bool

    @property
    def ends(self) -> Instant:
        """When it is valid no longer."""
        return after(self.heard, self.option.valid_lifetime)

    def at(self, now: Instant) -> PrefixInformation:
        """With what remains of its lifetimes."""
        age = between(self.heard, now)
        return replace(
            self.option,
            valid_lifetime=Seconds(max(self.option.valid_lifetime - age, 0.0)),
            preferred_lifetime=Seconds(max(self.option.preferred_lifetime - age, 0.0)),
        )

    def differs(self, before: "Learned") -> bool:
        """Whether it says something else than before, other than that time has passed (section 10.6.2)."""
        mine, old = self.option, before.option
        flags = (mine.on_link, mine.autonomous, mine.router_address, self.managed, self.other)
        if flags != (old.on_link, old.autonomous, old.router_address, before.managed, before.other):
            return True
        aged = before.at(self.heard)
        return _changed(mine.valid_lifetime, old.valid_lifetime, aged.valid_lifetime) or _changed(
            mine.preferred_lifetime, old.preferred_lifetime, aged.preferred_lifetime
        )


@dataclass(frozen=True, slots=True)
class PrefixList:
    """What a Mobile Prefix Advertisement says: the M and O flags, and all prefixes of the home link."""

    managed: bool
    other: bool
    prefixes: tuple[PrefixInformation, ...]


class Sayings:
    """What routers said of one prefix: the newest counts, but each is compared with what it said itself before."""

    def __init__(self) -> None:
        self._by_router: dict[IPv6Address, Learned] = {}  # the newest at the end

    @property
    def newest(self) -> Learned:
        """What was said last, by whomever."""
        return next(reversed(self._by_router.values()))

    @property
    def ends(self) -> Instant:
        """When nobody says any more that it is valid. One router alone, or who forges it, ends no binding."""
        return max(each.ends for each in self._by_router.values())

    def hear(self, router: IPv6Address, said: Learned) -> bool:
        """Whether it is news. A router that was not heard yet is compared with the others; so is each after an end."""
        newest = self.newest if self._by_router else None
        own = self._by_router.pop(router, None)
        self._by_router[router] = said
        if len(self._by_router) > MAX_ROUTERS_OF_A_PREFIX:
            del self._by_router[next(iter(self._by_router))]
        before = newest if own is None or newest is None or newest.ends <= said.heard else own
        return before is None or said.differs(before)

    def valid(self, now: Instant) -> list[Learned]:
        """All that has not ended."""
        return [each for each in self._by_router.values() if each.ends > now]


class HomePrefixes:
    """By interface and prefix."""

    def __init__(self, links: HomeLinks) -> None:
        self._links = links
        self._learned: dict[str, dict[IPv6Network, Sayings]] = {}

    def hear(self, interface: str, router: IPv6Address, message: RouterAdvertisement, now: Instant) -> bool:
        """A Router Advertisement came from a home link. True when mobile nodes have to hear of it (section 10.6.2)."""
        known = self._learned.setdefault(interface, {})
        served = {link.prefix for link in self._links.on(interface)}
        for network in [name for name, each in known.items() if each.newest.ends <= now and name not in served]:
            del known[network]
        advertised = {link.prefix for link in self._links.on(interface) if link.advertising is not None}
        changed = False
        for option in message.prefixes:
            network = option.network
            if network in advertised or not is_unicast_routable(network.network_address):
                continue
            if network not in known and (option.valid_lifetime <= 0 or len(known) >= MAX_HOME_PREFIXES):
                continue
            sayings = known.setdefault(network, Sayings())
            changed |= sayings.hear(router, Learned(option, now, message.managed, message.other))
        return changed

    def heard(self, link: HomeLinkConfig, now: Instant) -> PrefixInformation | None:
        """What another router says of a home prefix, with what remains; that it has ended is not forgotten.

        None where we advertise it, and where nobody ever did.
        """
        sayings = self._of_others(link)
        return None if sayings is None else sayings.newest.at(now)

    def ends(self, link: HomeLinkConfig) -> Instant | None:
        """When a home prefix is valid no longer, by what other routers say; None as for `heard`."""
        sayings = self._of_others(link)
        return None if sayings is None else sayings.ends

    def keep_only(self, interfaces: frozenset[str]) -> None:
        """Forget what was heard on other interfaces."""
        self._learned = {name: known for name, known in self._learned.items() if name in interfaces}

    def of(self, link: HomeLinkConfig, now: Instant) -> PrefixList:
        """All prefixes of the link that a home prefix is on, the home prefix first."""
        if link.interface is None:
            return PrefixList(managed=False, other=False, prefixes=(_served(link, None),))
        others = [each for each in self._links.on(link.interface) if each is not link]
        served = {each.prefix for each in (link, *others)}
        own = [_served(each, self.heard(each, now)) for each in (link, *others)]
        every = self._learned.get(link.interface, {})
        known = {network: each for network, each in every.items() if each.newest.ends > now}
        sources = [each for sayings in known.values() for each in sayings.valid(now)]
        return PrefixList(
            managed=any(each.managed for each in sources),
            other=any(each.other for each in sources),
            prefixes=(*own, *(each.newest.at(now) for network, each in known.items() if network not in served)),
        )

    def _of_others(self, link: HomeLinkConfig) -> Sayings | None:
        if link.interface is None or link.advertising is not None:
            return None
        return self._learned.get(link.interface, {}).get(link.prefix)


def _served(link: HomeLinkConfig, learned: PrefixInformation | None) -> PrefixInformation:
    """A prefix served here, with our address; with the lifetimes of whoever advertises it, unlimited for nobody."""
    option = prefix_information(link)
    if link.advertising is not None:
        return option
    if learned is None:
        return replace(option, valid_lifetime=_UNLIMITED, preferred_lifetime=_UNLIMITED)
    return replace(learned, prefix=link.address, router_address=True)


def _changed(new: Seconds, old: Seconds, aged: Seconds) -> bool:
    return new != old and abs(new - aged) > AGEING_SLACK
