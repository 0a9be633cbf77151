# SPDX-License-Identifier: GPL-2.0-or-later
"""When a router is to be asked: the present one for whether it still serves, a better one for whether it is back."""

from typing import Final

from mnclient.constants import BETTER_ROUTER_PROBE_INTERVAL, MINIMUM_DOUBT, MISSED_ADVERTISEMENTS
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.link import Link
from mnclient.engine.mobile_node.route_information import RANK
from mnclient.engine.mobile_node.router_discovery import RouterDiscovery
from mnclient.engine.mobile_node.routers import Router
from mnclient.engine.timers import Timer
from mnclient.units import Instant, Seconds, after, between

NEARLY_GONE: Final = Seconds(5.0)  # before a router's lifetime ends it is asked whether it still serves


def next_doubt(link: Link, current: Router, now: Instant) -> Instant | None:
    """When the current router comes into doubt by itself: advertisements missing, or its lifetime about to end."""
    instants = []
    lifetime = between(current.heard_at, current.lifetime_until)
    nearly_gone = Instant(current.lifetime_until - min(NEARLY_GONE, lifetime / 4))
    if nearly_gone > max(now, link.confirmed_at):
        instants.append(nearly_gone)
    if current.interval is not None:
        patience = Seconds(max(MINIMUM_DOUBT, MISSED_ADVERTISEMENTS * current.interval) * link.doubt_factor)
        instants.append(after(max(current.heard_at, link.confirmed_at), patience))
    return max(min(instants), now) if instants else None


class BetterRouters:
    """Routers that would be used if they had answered: each is asked once a minute at most (RFC 4191 section 3.5)."""

    def __init__(self, context: Context, discovery: RouterDiscovery) -> None:
        self._context = context
        self._discovery = discovery

    def watch(self, link: Link, now: Instant) -> None:
        """Ask in a minute, if there is such a router and it is not waited for already."""
        timers = self._context.timers
        if not _better(link, now):
            timers.stop(Timer.PROBE_BETTER_ROUTERS, link.name)
        elif timers.deadline(Timer.PROBE_BETTER_ROUTERS, link.name) is None:
            timers.set(Timer.PROBE_BETTER_ROUTERS, link.name, after(now, BETTER_ROUTER_PROBE_INTERVAL))

    def ask(self, link: Link, now: Instant) -> None:
        """PROBE_BETTER_ROUTERS fired: a single Neighbor Solicitation to each of them."""
        for router in _better(link, now):
            self._discovery.ask(link, router)
        self.watch(link, now)

    def is_back(self, link: Link, router: Router, now: Instant) -> bool:
        """Whether the router that has just answered is better than the current one."""
        return router in _better(link, now)


def _better(link: Link, now: Instant) -> list[Router]:
    current = link.current
    if current is None:
        return []
    return [
        router
        for router in link.routers.values()
        if router.went_silent
        and router.heard_here
        and router.lifetime_until > now
        and RANK[router.preference] > RANK[current.preference]
    ]
