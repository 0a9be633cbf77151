# SPDX-License-Identifier: GPL-2.0-or-later
"""Which interface is in use, and where each home address is: at home, abroad, or nowhere (RFC 6275 section 11.5.2).

One interface carries all home addresses: the usable one that the person prefers and that has proved itself (see
`standing`). It is not left for another of equal priority. Whether a home address is at home there is decided by the
on-link prefixes of its current router. A home address without a binding is at home on any interface of ours that is on
its home link (docs/adr/0032-home-on-another-interface.md).

Router Advertisements prove nothing. When the home agent's hardware address is pinned, the link counts as home only if
that very router was heard on it, as a home agent for the home prefix; another router that claims the home prefix with
the H flag is then a problem to show, and the link is treated as abroad. A router without the H flag that advertises the
home prefix next to the pinned home agent is an ordinary router of the home link. A hardware address can be forged, so
where there is a key the link must prove itself besides (`home_proof`).
"""

from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Network

from mnclient.engine.mobile_node.care_of import CareOfAddress
from mnclient.engine.mobile_node.link import Link, claims
from mnclient.engine.mobile_node.routers import Prefix, Router
from mnclient.model.config import HomeAddressConfig
from mnclient.units import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a home address is now. `care_of` is None at home. `prefix` is the network the place is in."""

    interface: str
    prefix: IPv6Network
    care_of: CareOfAddress | None = None

    @property
    def is_home(self) -> bool:
        """Whether it is the home link."""
        return self.care_of is None

    @property
    def network(self) -> str:
        """ "home", or the prefix of the care-of address as text."""
        return "home" if self.is_home else str(self.prefix)

    def is_same_network(self, other: "Place") -> bool:
        """Whether going from one to the other is no move."""
        return (self.interface, self.network) == (other.interface, other.network)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStanding:
    """`reaches`: whether the home agent answers from there, None if not known; `is_proved`: it may take over."""

    reaches: bool | None
    is_proved: bool

    @property
    def rank(self) -> int:
        """The smaller the better, when there is no choice but to take one now."""
        return {True: 0, None: 1, False: 2}[self.reaches]


def is_home_link(link: Link, home: HomeAddressConfig, now: Instant) -> bool:
    """Whether `link` is taken for the home link of `home`."""
    return home.address not in link.disbelieved and claims_to_be_home(link, home, now)


def claims_to_be_home(link: Link, home: HomeAddressConfig, now: Instant) -> bool:
    """Whether `link` looks like the home link of `home`: anybody on it can make it look so."""
    router = link.current
    if router is None or not link.works or not claims(router, home.prefix, now):
        return False
    pinned = home.home_agent_link_layer
    if pinned is None:
        return True
    return any(
        each.is_home_agent and each.link_layer_address == pinned and claims(each, home.prefix, now)
        for each in link.routers_heard(now)
    )


class Outlook:
    """What the links are to the home addresses at one instant; each question is worked out once.

    It holds while no link and no router changes.
    """

    def __init__(self, homes: tuple[HomeAddressConfig, ...], now: Instant) -> None:
        self._homes = homes
        self._now = now
        self._home_links: dict[tuple[str, int], tuple[HomeAddressConfig, bool]] = {}
        self._prefixes: dict[str, list[Prefix]] = {}

    def is_home(self, link: Link, home: HomeAddressConfig) -> bool:
        """Whether `link` is the home link of `home`."""
        key = (link.name, id(home))
        known = self._home_links.get(key)
        if known is None:  # with `home` itself, so that no other one gets its number
            known = self._home_links[key] = (home, is_home_link(link, home, self._now))
        return known[1]

    def is_some_home(self, link: Link) -> bool:
        """Whether it is the home link of one of the home addresses."""
        return any(self.is_home(link, home) for home in self._homes)

    def is_every_home(self, link: Link) -> bool:
        """Whether it is the home link of all of them."""
        return all(self.is_home(link, home) for home in self._homes)

    def care_of_prefixes(self, link: Link) -> list[Prefix]:
        """The prefixes of the link that a care-of address can be formed from, the best first.

        A home prefix is none of them where the link is not that home: whoever claims it is wrong, and a home
        agent could not send there.
        """
        known = self._prefixes.get(link.name)
        if known is None:
            known = self._prefixes[link.name] = self._found(link)
        return known

    def is_usable(self, link: Link) -> bool:
        """Whether the link can carry home addresses: it has a router, and is home or gives care-of addresses."""
        if not link.works or link.current is None:
            return False
        return bool(self.care_of_prefixes(link)) or self.is_some_home(link)

    def more_useful_router(self, link: Link) -> Router | None:
        """Another router that was heard there, where the current one makes the link useless; None for no such one.

        Who offers nothing, or claims a home prefix where home is not, keeps nobody from a network that others serve.
        """
        if link.current is None or self.is_usable(link):
            return None
        others = [each for each in link.routers_heard(self._now) if each is not link.current]
        useful = [each for each in others if Outlook(self._homes, self._now).is_usable(replace(link, current=each))]
        return max(useful, key=Router.rank, default=None)

    def _found(self, link: Link) -> list[Prefix]:
        if link.current is None:
            return []
        elsewhere = {home.prefix for home in self._homes if not self.is_home(link, home)}
        return [prefix for prefix in link.current.care_of_prefixes(self._now) if prefix.network not in elsewhere]


def forms_by_itself(link: Link, home: HomeAddressConfig) -> bool:
    """Whether the kernel forms the home address on the home link unasked: as its link-local address is formed."""
    own = link.link_local_address
    return own is not None and own.packed[8:] == home.address.packed[8:]


def choose_home_link(
    home_links: Iterable[Link],
    home: HomeAddressConfig,
    active: str | None,
    present: str | None,
    taken_on: Container[str],
) -> Link | None:
    """Where a home address that the home agent holds no binding for is at home; None when no link of ours is its home.

    `home_links` are those of its home.

    The interface in use comes first, and once there it stays there. But where another one has the address by itself,
    that would answer for it, so it has to be there. `present` is where it is at home now, `taken_on` are the
    interfaces where somebody answered for it.
    """
    stays = present if present == active else None
    return min(
        home_links,
        key=lambda link: (
            link.name in taken_on,
            link.name != stays,
            not forms_by_itself(link, home),
            link.name != active,
            link.name != present,
            link.priority,
            link.name,
        ),
        default=None,
    )


def is_impostor_link(link: Link, home: HomeAddressConfig, now: Instant) -> bool:
    """Whether somebody who is not the pinned home agent claims to be it on `link`."""
    pinned = home.home_agent_link_layer
    if pinned is None or not link.works or claims_to_be_home(link, home, now):
        return False
    return any(
        each.is_home_agent and each.link_layer_address != pinned and claims(each, home.prefix, now)
        for each in link.routers_heard(now)
    )


def choose_link(usable: Collection[Link], active: str | None, standing: Callable[[Link], LinkStanding]) -> Link | None:
    """The link in use from now on, one of those that can be used.

    While the present one works, another takes its place only if it has proved itself and is preferred, or if the
    present one does not lead to the home agent. When the present one has failed the best other is taken at once: whence
    the home agent answers, then by priority, then by name.
    """
    present = next((link for link in usable if link.name == active), None)
    if present is None:
        return min(usable, key=lambda link: (standing(link).rank, link.priority, link.name), default=None)
    if len(usable) == 1:
        return present
    is_cut_off = standing(present).reaches is False
    rivals = [
        link
        for link in usable
        if link is not present and (is_cut_off or link.priority < present.priority) and standing(link).is_proved
    ]
    return min(rivals, key=lambda link: (link.priority, link.name), default=present)
