# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may register from where, and for how long: the home agent's own decisions (RFC 6275 sections 10.3.1 and 15.1)."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from mnclient.constants import LIFETIME_UNIT, MAX_BINDING_LIFETIME
from mnclient.engine.home_agent.binding_cache import BindingCache
from mnclient.engine.home_agent.links import HomeLinks, anycast_of
from mnclient.model.config import AccessRule, HomeAgentConfig, HomeLinkConfig
from mnclient.units import Seconds
from mnclient.wire.binding import BindingStatus
from mnclient.wire.neighbor_options import PrefixInformation


def is_allowed(rules: tuple[AccessRule, ...], home_address: IPv6Address, care_of_address: IPv6Address) -> bool:
    """What the first matching rule says; without one a registration is allowed."""
    for rule in rules:
        if home_address in rule.home_addresses and care_of_address in rule.care_of_addresses:
            return rule.allow
    return True


def is_anycast(home_address: IPv6Address, link: HomeLinkConfig) -> bool:
    """Whether an address belongs to routers of the link together, and can be nobody's home address (RFC 2526)."""
    anycast = anycast_of(link)
    return anycast is not None and home_address in (link.prefix.network_address, anycast)


def makes_a_loop(
    home_address: IPv6Address, care_of_address: IPv6Address, cache: BindingCache, links: HomeLinks
) -> bool:
    """Whether the tunnel would lead back to this home agent (section 15.1).

    A chain of bindings can close to a ring only with a care-of address that is itself bound: one look is enough.
    Nobody but ourselves is on a virtual home link.
    """
    if care_of_address == home_address or cache.find(care_of_address) is not None or links.has_address(care_of_address):
        return True
    link = links.serving(care_of_address)
    return link is not None and link.interface is None


@dataclass(frozen=True, slots=True)
class Grant:
    """A lifetime in whole units of 4 s, and the status that goes with it (0 or 1)."""

    lifetime: Seconds
    status: BindingStatus


def grant(
    requested: Seconds, config: HomeAgentConfig, link: HomeLinkConfig, heard: PrefixInformation | None = None
) -> Grant | None:
    """The lifetime of a binding: never above what was asked for, nor above the prefix's valid lifetime (10.3.1).

    The prefix lifetimes we advertise do not age, so what remains of them is what is configured; without advertising of
    our own they are those that another router was `heard` to advertise, else unlimited. None when the prefix is valid
    for less than one unit.
    """
    limits = [requested, max(config.max_lifetime, LIFETIME_UNIT), MAX_BINDING_LIFETIME]
    told = link.advertising or heard
    if told is None:
        return Grant(whole_units(min(limits)), BindingStatus.ACCEPTED)
    valid, preferred = whole_units(told.valid_lifetime), whole_units(told.preferred_lifetime)
    lifetime = whole_units(min(*limits, valid))
    if lifetime <= 0:
        return None
    ends_early = preferred < lifetime or valid <= lifetime
    return Grant(lifetime, BindingStatus.ACCEPTED_PREFIX_DISCOVERY_NECESSARY if ends_early else BindingStatus.ACCEPTED)


def whole_units(duration: Seconds) -> Seconds:
    """A lifetime rounded down to what the wire can say (section 6.1.7)."""
    return Seconds(duration // LIFETIME_UNIT * LIFETIME_UNIT) if duration < MAX_BINDING_LIFETIME else duration
