# SPDX-License-Identifier: GPL-2.0-or-later
"""What the home-agent role says of its links, for people."""

from collections import Counter

from mnclient.constants import DEFAULT_MAX_RTR_ADV_INTERVAL
from mnclient.engine.home_agent.binding_cache import BindingCache
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import HomeLinkStatus, ListedHomeAgent
from mnclient.units import Instant, Seconds, after


def links_status(links: HomeLinks, cache: BindingCache) -> tuple[HomeLinkStatus, ...]:
    """Every home link with its number of bindings."""
    bindings = Counter(id(binding.link) for binding in cache)  # bindings share the objects of `links`
    return tuple(
        HomeLinkStatus(
            prefix=link.prefix,
            address=link.address,
            interface=link.interface or "",
            is_up=links.is_up(link),
            bindings=bindings[id(link)],
        )
        for link in links.served
    )


def own_entries(links: HomeLinks, now: Instant) -> tuple[ListedHomeAgent, ...]:
    """This home agent's own entries of the home agents list: one for each real link it can be reached on."""
    entries = []
    for link in links.served:
        interface = links.interface_of(link)
        if interface is None or interface.link_local_address is None:
            continue
        advertising = link.advertising
        lifetime = Seconds(3 * DEFAULT_MAX_RTR_ADV_INTERVAL) if advertising is None else advertising.home_agent_lifetime
        entry = ListedHomeAgent(
            link_local_address=interface.link_local_address,
            addresses=(link.address,),
            preference=0 if advertising is None else advertising.home_agent_preference,
            expires=after(now, lifetime),
            interface=interface.interface,
        )
        entries.append(entry)
    return tuple(entries)


def link_problems(links: HomeLinks) -> list[Problem]:
    """A problem for every home link whose interface does not exist or is down."""
    return [
        Problem(code=ProblemCode.HOME_LINK_MISSING, subject=str(link.prefix), detail=link.interface or "", since=since)
        for link, since in links.missing().items()
    ]
