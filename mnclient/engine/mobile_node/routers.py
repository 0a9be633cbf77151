# SPDX-License-Identifier: GPL-2.0-or-later
"""What one router has said of itself and its link (RFC 4861 section 6.3.4, RFC 4862 section 5.5.3, RFC 6275 section 7,
RFC 8106 section 5).

Advertisements are unauthenticated: every number is bounded here, contradictions are resolved as the RFCs say, and
nothing raises. Prefixes are kept per router (RFC 8028 section 3.1), because a care-of address must be one of the
router it is used through.
"""

from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import (
    IPV6_MINIMUM_MTU,
    MAX_NAME_SERVERS,
    MAX_PREFIXES_PER_ROUTER,
    RETRANS_TIMER,
    TWO_HOURS,
)
from mnclient.engine.mobile_node.route_information import RANK, Routes, default_route, learned
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.addresses import is_link_local, is_multicast, is_unicast_routable
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import PrefixInformation, RecursiveNameServers, RouterPreference

NEVER: Final = Instant(float("-inf"))
_UNIQUE_LOCAL: Final = IPv6Network("fc00::/7")
LONGEST_RETRANS_TIMER: Final = Seconds(600.0)  # nobody means more; the field has room for seven weeks
NEARLY_DEPRECATED: Final = Seconds(10.0)  # time for a registration and its first repetitions


@dataclass(slots=True)
class Prefix:
    """One prefix of one router. `on_link_until` follows the L flag; `valid_until` and `preferred_until`, for addresses,
    the A flag. `served_until` follows neither: the router forwards what comes from there (RFC 8028 section 2.1)."""

    network: IPv6Network
    on_link_until: Instant = NEVER
    valid_until: Instant = NEVER
    preferred_until: Instant = NEVER
    served_until: Instant = NEVER

    def expires(self) -> Instant:
        """When nothing of it is valid any more."""
        return max(self.on_link_until, self.valid_until, self.served_until)

    @property
    def nearly_deprecated(self) -> Instant:
        """When another prefix is to be registered, before this one is deprecated (RFC 4862 section 5.5.4)."""
        return Instant(self.preferred_until - NEARLY_DEPRECATED)

    def stays_preferred(self, now: Instant) -> bool:
        """Whether it is not even nearly deprecated."""
        return self.nearly_deprecated > now

    @property
    def is_unique_local(self) -> bool:
        """Whether it is of fc00::/7, the second choice for a care-of address (RFC 6275 section 4.6)."""
        return self.network.subnet_of(_UNIQUE_LOCAL)


@dataclass(slots=True)
class Router:
    """A router of one interface. `heard_here`: since the link last came up; before that it is only a candidate.
    `speaks_of_routes`: its last advertisement was about routes, if only because one that it had before is gone.

    All candidates are the table of RFC 6059 section 4: by both names of a router the prefixes that addresses are
    formed from, with their lifetimes; `heard_here` is the operable flag. Our addresses never come of DHCPv6.
    `advertised_here`: it was heard by an advertisement, not only by an answer. `names_itself`: an advertisement of it
    had a Source Link-Layer Address. `went_silent`: it was current and did not answer; no answer has come since.
    """

    address: IPv6Address
    link_layer_address: bytes
    lifetime_until: Instant = NEVER
    preference: RouterPreference = RouterPreference.MEDIUM
    is_home_agent: bool = False
    interval: Seconds | None = None
    mtu: int | None = None
    retransmit_timer: Seconds = RETRANS_TIMER
    heard_at: Instant = NEVER
    heard_here: bool = False
    failed: bool = False
    prefixes: dict[IPv6Network, Prefix] = field(default_factory=dict)
    global_addresses: dict[IPv6Network, IPv6Address] = field(default_factory=dict)
    refused_prefixes: int = 0
    routes: Routes = field(default_factory=dict)
    speaks_of_routes: bool = False
    advertised_here: bool = False
    names_itself: bool = False
    went_silent: bool = False
    name_servers: dict[IPv6Address, Instant] = field(default_factory=dict)

    @property
    def key(self) -> tuple[IPv6Address, bytes]:
        """What tells it from another router: everybody may be called fe80::1."""
        return (self.address, self.link_layer_address)

    def may_be_met_again(self, now: Instant) -> bool:
        """Whether it is asked for on a link that comes up: what it said still holds (RFC 6059 section 5.5.2)."""
        return self.lifetime_until > now and bool(self.link_layer_address) and bool(self.care_of_prefixes(now))

    def copy(self) -> "Router":
        """The same router as met on another interface, with a life of its own."""
        prefixes = {network: replace(prefix) for network, prefix in self.prefixes.items()}
        addresses = dict(self.global_addresses)
        fresh = replace(self, prefixes=prefixes, global_addresses=addresses, routes=dict(self.routes))
        fresh.forget_reachability()
        return fresh

    def forget_reachability(self) -> None:
        """The link may be another one: nothing says that it is there, or that it ever did not answer."""
        self.heard_here = self.advertised_here = self.failed = self.went_silent = False

    def is_usable(self, now: Instant) -> bool:
        """Whether it may become the current router."""
        return self.heard_here and not self.failed and self.lifetime_until > now

    def rank(self) -> tuple[int, Instant]:
        """The greater the better (RFC 4191 section 3.2): preference, then who was heard last."""
        return (RANK[self.preference], self.heard_at)

    def is_same_router(self, advertisement: RouterAdvertisement) -> bool:
        """False when its global addresses are all others than before (RFC 6275 sections 7.2 and 11.5.1)."""
        if not self.global_addresses:
            return True
        claimed = {router for option in advertisement.prefixes if (router := option.router) is not None}
        return not claimed or not claimed.isdisjoint(self.global_addresses.values())

    def learn(self, advertisement: RouterAdvertisement, now: Instant) -> bool:
        """Take over an advertisement of non-zero lifetime. True when more than lifetimes changed.

        Of a router known from before the first one since the link came up says everything: what is not in it does not
        hold any more, even if its answer to a probe came sooner (RFC 6059 sections 5.7.2 and 5.7.3.1).
        """
        before = self._shape(now)
        if not self.advertised_here:
            self.prefixes.clear()
            self.routes.clear()
        self.advertised_here = True
        lifetime, self.preference = default_route(advertisement)
        self.lifetime_until = after(now, lifetime)
        self.names_itself = self.names_itself or bool(advertisement.source_link_layer_address)
        self.is_home_agent = advertisement.home_agent
        self.interval = advertisement.advertisement_interval
        mtu = advertisement.mtu
        self.mtu = mtu if mtu is not None and mtu >= IPV6_MINIMUM_MTU else None
        if advertisement.retransmit_timer > 0:  # zero says nothing (RFC 4861 section 6.3.4)
            self.retransmit_timer = Seconds(min(advertisement.retransmit_timer, LONGEST_RETRANS_TIMER))
        self.heard_at = now
        self.heard_here = True
        for option in advertisement.prefixes:
            self._learn_prefix(option, now)
        for servers in advertisement.name_servers:
            self._learn_name_servers(servers, now)
        self.speaks_of_routes = bool(self.routes or advertisement.routes)
        if self.speaks_of_routes:
            self.routes = learned(self.routes, advertisement.routes, now)
        return before != self._shape(now)

    def on_link(self, now: Instant) -> tuple[IPv6Network, ...]:
        """The prefixes it says are on the link."""
        return tuple([prefix.network for prefix in self.prefixes.values() if prefix.on_link_until > now])

    def serves(self, network: IPv6Network, now: Instant) -> bool:
        """Whether it forwards packets from there: it has advertised the prefix, with whatever flags."""
        prefix = self.prefixes.get(network)
        return prefix is not None and prefix.expires() > now

    def care_of_prefixes(self, now: Instant) -> list[Prefix]:
        """The prefixes a care-of address can be formed from, the best first."""
        usable = [prefix for prefix in self.prefixes.values() if prefix.valid_until > now]
        return sorted(usable, key=lambda each: _worth(each, now), reverse=True) if len(usable) > 1 else usable

    def name_servers_known(self, now: Instant) -> tuple[IPv6Address, ...]:
        """The name servers it advertises, in their order (RFC 8106 section 5.1)."""
        return tuple([address for address, until in self.name_servers.items() if until > now])

    def next_change(self, now: Instant) -> Instant | None:
        """The next instant at which a prefix stops being on-link, preferred or valid, or a name server is not to be
        asked any more; None when none does."""
        instants = [
            instant
            for prefix in self.prefixes.values()
            for instant in (prefix.on_link_until, prefix.preferred_until, prefix.valid_until, prefix.nearly_deprecated)
        ]
        instants += self.name_servers.values()
        instants += [until for _, until in self.routes.values()]
        return min((each for each in instants if now < each < float("inf")), default=None)

    def _learn_prefix(self, option: PrefixInformation, now: Instant) -> None:
        network = option.network
        start = network.network_address
        if is_link_local(start) or is_multicast(start):
            return
        router = option.router
        if router is not None and is_unicast_routable(router):
            self._learn_global_address(network, router)
        prefix = self.prefixes.get(network) or self._room_for(network, option, now)
        if prefix is None:
            return
        prefix.served_until = after(now, option.valid_lifetime)
        if option.on_link:
            prefix.on_link_until = after(now, option.valid_lifetime)
        if option.autonomous and option.prefix_length == 64 and option.preferred_lifetime <= option.valid_lifetime:
            _learn_lifetimes(prefix, option, now)
        if prefix.expires() <= now:
            self.prefixes.pop(network, None)

    def _learn_global_address(self, network: IPv6Network, address: IPv6Address) -> None:
        if network in self.global_addresses or len(self.global_addresses) < MAX_PREFIXES_PER_ROUTER:
            self.global_addresses[network] = address

    def _learn_name_servers(self, option: RecursiveNameServers, now: Instant) -> None:
        for gone in [address for address, until in self.name_servers.items() if until <= now]:
            del self.name_servers[gone]
        for address in option.addresses:
            if option.lifetime <= 0:
                self.name_servers.pop(address, None)
            elif address in self.name_servers or len(self.name_servers) < MAX_NAME_SERVERS:
                self.name_servers[address] = after(now, option.lifetime)

    def _room_for(self, network: IPv6Network, option: PrefixInformation, now: Instant) -> Prefix | None:
        if option.valid_lifetime <= 0:
            return None
        if len(self.prefixes) >= MAX_PREFIXES_PER_ROUTER:
            for gone in [each.network for each in self.prefixes.values() if each.expires() <= now]:
                del self.prefixes[gone]
        if len(self.prefixes) >= MAX_PREFIXES_PER_ROUTER:
            self.refused_prefixes += 1
            return None
        return self.prefixes.setdefault(network, Prefix(network))

    def _shape(self, now: Instant) -> tuple[object, ...]:
        """Everything but the exact lifetimes."""
        prefixes = [
            (each.network, each.on_link_until > now, each.valid_until > now, each.preferred_until > now)
            for each in self.prefixes.values()
        ]
        addresses = list(self.global_addresses.items())
        routes = [(network, rank) for network, (rank, until) in self.routes.items() if until > now]
        servers = self.name_servers_known(now)
        return (self.preference, self.is_home_agent, self.mtu, self.heard_here, prefixes, addresses, servers, routes)


def _learn_lifetimes(prefix: Prefix, option: PrefixInformation, now: Instant) -> None:
    """The two-hour rule (RFC 4862 section 5.5.3 e): no forgery shortens a life below two hours."""
    remaining = between(now, prefix.valid_until)
    if remaining <= 0 and option.valid_lifetime <= 0:
        return
    prefix.preferred_until = after(now, option.preferred_lifetime)
    if option.valid_lifetime > TWO_HOURS or option.valid_lifetime > remaining:
        prefix.valid_until = after(now, option.valid_lifetime)
    elif remaining > TWO_HOURS:
        prefix.valid_until = after(now, TWO_HOURS)


def _worth(prefix: Prefix, now: Instant) -> tuple[bool, bool, bool, Instant, Instant]:
    preferred = (prefix.stays_preferred(now), prefix.preferred_until > now)
    return (*preferred, not prefix.is_unique_local, prefix.preferred_until, prefix.valid_until)
