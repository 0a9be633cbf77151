# SPDX-License-Identifier: GPL-2.0-or-later
"""Which interface is in use, and where each home address is: at home, abroad, or nowhere (RFC 6275 section 11.5.2).

One interface carries all home addresses: the usable one that the person prefers and that has proved itself (see
`standing`). It is not left for another of equal priority. Whether a home address is at home there is decided by the
on-link prefixes of its current router. A home address without a binding is at home on any interface of ours that is on
its home link (docs/adr/0032-home-on-another-interface.md).

Router Advertisements prove nothing. When the home agent's hardware address is pinned, the link counts as home only if
that very router was heard on it, as a home agent for the home prefix; another router that claims the home prefix with
the H flag is then a problem to show, and the link is treated as abroad. A router without the H flag that advertises the
home prefix next to the pinned home agent is an ordinary router of the home link.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Network

from mnclient.engine.mobile_node.care_of import CareOfAddress
from mnclient.engine.mobile_node.link import Link, claims
from mnclient.engine.mobile_node.routers import Prefix
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
    """Whether `link` is the home link of `home`."""
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


def forms_by_itself(link: Link, home: HomeAddressConfig) -> bool:
    """Whether the kernel forms the home address on the home link unasked: as its link-local address is formed."""
    own = link.link_local_address
    return own is not None and own.packed[8:] == home.address.packed[8:]


def choose_home_link(
    links: Iterable[Link],
    home: HomeAddressConfig,
    active: str | None,
    present: str | None,
    taken_on: Container[str],
    now: Instant,
) -> Link | None:
    """Where a home address that the home agent holds no binding for is at home; None when no link of ours is its home.

    The interface in use comes first, and once there it stays there. But where another one has the address by itself,
    that would answer for it, so it has to be there. `present` is where it is at home now, `taken_on` are the
    interfaces where somebody answered for it.
    """
    stays = present if present == active else None
    return min(
        (link for link in links if is_home_link(link, home, now)),
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
    if pinned is None or not link.works or is_home_link(link, home, now):
        return False
    return any(
        each.is_home_agent and each.link_layer_address != pinned and claims(each, home.prefix, now)
        for each in link.routers_heard(now)
    )


def care_of_prefixes(link: Link, homes: Iterable[HomeAddressConfig], now: Instant) -> list[Prefix]:
    """The prefixes of the link that a care-of address can be formed from, the best first.

    A home prefix is none of them where the link is not that home: whoever claims it is wrong, and a home
    agent could not send there.
    """
    if link.current is None:
        return []
    elsewhere = {home.prefix for home in homes if not is_home_link(link, home, now)}
    return [prefix for prefix in link.current.care_of_prefixes(now) if prefix.network not in elsewhere]


def is_usable(link: Link, homes: Iterable[HomeAddressConfig], now: Instant) -> bool:
    """Whether the link can carry home addresses: it has a router, and is home or gives care-of addresses."""
    if not link.works or link.current is None:
        return False
    homes = tuple(homes)
    return bool(care_of_prefixes(link, homes, now)) or any(is_home_link(link, home, now) for home in homes)


def choose_link(
    links: Iterable[Link],
    homes: tuple[HomeAddressConfig, ...],
    active: str | None,
    standing: Mapping[str, LinkStanding],
    now: Instant,
) -> Link | None:
    """The link in use from now on.

    While the present one works, another takes its place only if it has proved itself and is preferred, or if the
    present one does not lead to the home agent. When the present one has failed the best other is taken at once: whence
    the home agent answers, then by priority, then by name.
    """
    usable = [link for link in links if is_usable(link, homes, now)]
    present = next((link for link in usable if link.name == active), None)
    if present is None:
        return min(usable, key=lambda link: (standing[link.name].rank, link.priority, link.name), default=None)
    is_cut_off = standing[present.name].reaches is False
    rivals = [
        link
        for link in usable
        if link is not present and standing[link.name].is_proved and (is_cut_off or link.priority < present.priority)
    ]
    return min(rivals, key=lambda link: (link.priority, link.name), default=present)
