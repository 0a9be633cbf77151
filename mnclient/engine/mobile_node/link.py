# SPDX-License-Identifier: GPL-2.0-or-later
"""One network interface as the mobile node sees it: its state, the routers heard on it, and the current one."""

from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import MAX_ROUTERS_PER_INTERFACE, ROUTER_PROBE_INTERVAL
from mnclient.engine.mobile_node.route_information import RANK
from mnclient.engine.mobile_node.routers import NEVER, Router
from mnclient.engine.timers import Timer, TimerTable
from mnclient.units import Instant, Seconds, between
from mnclient.wire.neighbor_discovery import RouterAdvertisement

RouterKey = tuple[IPv6Address, bytes]

FIRST_DOUBT_FACTOR: Final = 1.0
QUICKEST_PROBE: Final = Seconds(0.05)  # three of them outlast the sleep of a radio between two beacons
ANSWER_TIMES: Final = 4  # times the longest answer so far


@dataclass(slots=True)
class Link:
    """An interface. `index` is small, unique and stays: routing tables are numbered by it.

    `solicit_interval` is the last interval of the running solicitation, None when none runs. `probes` counts the
    unanswered probes of the current router, None when it is not in doubt; `doubted_at` is when that began. `guests`
    are routers known from other interfaces that were asked here too, and `known_asked_at` is when. `asked_at` is the
    last probe of the current router that is not answered yet, `answer_time` the longest that it took to answer.
    `had_care_of`: a care-of address was formed on it before.
    `is_useless`: by way of the current router it carries no home address.
    `disbelieved`: the home addresses whose home it is said to be, and is not taken for (see `home_proof`).
    """

    name: str
    index: int
    is_up: bool = False
    enabled: bool = True
    priority: int = 100
    link_layer_address: bytes = b""
    permanent_link_layer_address: bytes = b""
    link_local_address: IPv6Address | None = None
    mtu: int = 1500
    routers: dict[RouterKey, Router] = field(default_factory=dict)
    current: Router | None = None
    solicit_interval: Seconds | None = None
    probes: int | None = None
    doubted_at: Instant = NEVER
    confirmed_at: Instant = NEVER
    doubt_factor: float = FIRST_DOUBT_FACTOR
    guests: dict[RouterKey, Router] = field(default_factory=dict)
    known_asked_at: Instant = NEVER
    asked_at: Instant = NEVER
    answer_time: Seconds | None = None
    had_care_of: bool = False
    is_useless: bool = False
    disbelieved: set[IPv6Address] = field(default_factory=set)

    @property
    def works(self) -> bool:
        """Whether packets may be sent and believed on it."""
        return self.is_up and self.enabled

    def find(self, address: IPv6Address, link_layer_address: bytes) -> Router | None:
        """The router of this name; where a hardware address is unknown on either side, the name alone decides."""
        exact = self.routers.get((address, link_layer_address))
        if exact is not None:
            return exact
        named = [router for router in self.routers.values() if router.address == address]
        if not link_layer_address:
            return max(named, key=lambda each: (each is self.current, each.heard_at), default=None)
        return next((router for router in named if not router.link_layer_address), None)

    def add(self, router: Router) -> None:
        """Enter a router; the stalest one that is not current leaves when there are too many."""
        while len(self.routers) >= MAX_ROUTERS_PER_INTERFACE:
            others = [each for each in self.routers.values() if each is not self.current]
            self.remove(min(others, key=lambda each: (each.heard_here, each.heard_at)))
        self.routers[router.key] = router

    def remove(self, router: Router) -> None:
        """Forget a router."""
        self.routers.pop(router.key, None)
        if self.current is router:
            self.current = None

    def rename(self, router: Router, link_layer_address: bytes) -> None:
        """Its hardware address has become known."""
        self.routers.pop(router.key, None)
        router.link_layer_address = link_layer_address
        self.routers[router.key] = router

    def best_router(self, now: Instant) -> Router | None:
        """The router to use when there is no current one."""
        usable = [router for router in self.routers.values() if router.is_usable(now)]
        return max(usable, key=Router.rank, default=None)

    def forget_reachability(self) -> None:
        """What was heard before says nothing any more: no router is current, all are candidates."""
        self.current = None
        self.probes = None
        self.solicit_interval = None
        self.answer_time = None
        self.asked_at = self.known_asked_at = NEVER
        self.guests = {}
        self.disbelieved = set()
        for router in self.routers.values():
            router.forget_reachability()

    def current_was_heard_before(self, instant: Instant) -> bool:
        """Whether there is a current router, and all that was heard of it is from before `instant`."""
        return self.current is not None and self.current.heard_at < instant

    def routers_heard(self, now: Instant) -> list[Router]:
        """All routers heard since the link came up and still offering service."""
        return [router for router in self.routers.values() if router.is_usable(now)]

    def ways(
        self, care_of_prefix: IPv6Network, home_agents: Collection[IPv6Address], now: Instant
    ) -> tuple[tuple[IPv6Network, IPv6Address], ...]:
        """More specific routes (RFC 4191) for packets from an address of `care_of_prefix`: network and router of each.

        Only by routers that serve this prefix (RFC 8028 section 3.2). Of several that lead to one network the most
        preferred one is used; what is on the link is no business of a router. Home agents are reached by way of the
        current one.
        """
        if not any(router.routes for router in self.routers.values()):
            return ()
        best: dict[IPv6Network, tuple[tuple[int, Instant], Router]] = {}
        serving = [router for router in self.routers_heard(now) if router.serves(care_of_prefix, now)]
        on_link = {network for router in serving for network in router.on_link(now)}
        for router in serving:
            for network, (preference, until) in router.routes.items():
                if router is not self.current and any(each in network for each in home_agents):
                    continue
                worth = (RANK[preference], router.heard_at)
                if until > now and network not in on_link and (network not in best or worth > best[network][0]):
                    best[network] = (worth, router)
        return tuple((network, router.address) for network, (_, router) in sorted(best.items()))

    def next_change(self, current: Router, now: Instant) -> Instant | None:
        """The next instant at which something that counts does not hold any more: what the current router said of
        prefixes and name servers, and what any of them said of routes. None when there is none."""
        ends = [
            until for each in self.routers.values() for _, until in each.routes.values() if now < until < float("inf")
        ]
        own = current.next_change(now)
        return min(ends if own is None else [*ends, own], default=None)

    def link_layer_of(self, global_address: IPv6Address, now: Instant) -> bytes | None:
        """The hardware address of the router with this global address (R flag), if one was heard here."""
        for router in self.routers_heard(now):
            if router.link_layer_address and global_address in router.global_addresses.values():
                return router.link_layer_address
        return None

    def router_answered(self, now: Instant) -> None:
        """Take note of how long the current router took; the longest counts."""
        if self.asked_at > NEVER:
            self.answer_time = Seconds(max(between(self.asked_at, now), self.answer_time or 0.0))
            self.asked_at = NEVER

    def probe_interval(self) -> Seconds:
        """How long an answer to a probe may take.

        RFC 6275 section 11.5.1 leaves it open. A router that has always answered within a millisecond is not waited for
        as if it were far away; one that was never measured is.
        """
        if self.answer_time is None:
            return ROUTER_PROBE_INTERVAL
        return Seconds(min(max(ANSWER_TIMES * self.answer_time, QUICKEST_PROBE), ROUTER_PROBE_INTERVAL))

    def tunnel_mtu(self) -> int:
        """The MTU of the link in octets, as far as the current router does not lower it."""
        advertised = self.current.mtu if self.current else None
        return min(self.mtu, advertised or self.mtu)


def link_layer_address_of(advertisement: RouterAdvertisement, frame_source: bytes) -> bytes:
    """The router's hardware address: what it says, else where the frame came from, else b""."""
    return advertisement.source_link_layer_address or frame_source


def claims(router: Router, prefix: IPv6Network, now: Instant) -> bool:
    """Whether the router says that `prefix` is on its link."""
    known = router.prefixes.get(prefix)
    return known is not None and known.on_link_until > now


def watch_lifetimes(timers: TimerTable, link: Link, current: Router, now: Instant) -> None:
    """PREFIX_EXPIRES fires when the next of the lifetimes that count ends."""
    change = link.next_change(current, now)
    if change is None:
        timers.stop(Timer.PREFIX_EXPIRES, link.name)
    else:
        timers.set(Timer.PREFIX_EXPIRES, link.name, change)
