# SPDX-License-Identifier: GPL-2.0-or-later
"""Movement detection (RFC 6275 section 11.5.1): which router is current on each interface, and whether it still is.

It works from Router Advertisements and answers to probes alone; link events only make it faster. An interface is in one
of three conditions:

- *attached*: there is a current router. It stays current while it is reachable, whoever else advertises. Doubt (a new
  router, missed advertisements, a lifetime about to end, the kernel's NeighborUnreachable) makes it *in doubt*.
- *in doubt*: the current router is asked by unicast Neighbor Solicitations, and all routers by a Router Solicitation.
  A solicited answer from the same hardware address ends the doubt; silence moves the interface to the best other one.
- *searching*: no current router. Router Solicitations are repeated (RFC 7559); the first valid advertisement wins.

After the link was interrupted, routers of before are candidates only: their advertisement or their answer to a probe
(RFC 6059) makes them current again. Advertisements never prove that a router hears us (RFC 4861 section 7.3.1), so
they end no doubt.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_INTERFACES, MAX_UNICAST_SOLICIT
from mnclient.engine.events import LinkChanged, LinkRemoved, NeighborUnreachable, PacketReceived
from mnclient.engine.mobile_node.context import Context, is_own_interface
from mnclient.engine.mobile_node.doubt import BetterRouters, next_doubt
from mnclient.engine.mobile_node.link import FIRST_DOUBT_FACTOR, Link, link_layer_address_of, watch_lifetimes
from mnclient.engine.mobile_node.route_information import default_route
from mnclient.engine.mobile_node.router_discovery import RouterDiscovery
from mnclient.engine.mobile_node.routers import NEVER, Router
from mnclient.engine.mobile_node.signs import Sign
from mnclient.engine.timers import Timer
from mnclient.model.config import InterfacePolicy
from mnclient.units import Instant, Seconds, after
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, RouterAdvertisement

CONFIRMATION_HOLDS: Final = Seconds(1.0)  # a flood of new routers makes us probe the current one once a second
_OF_CURRENT: Final = (Timer.ROUTER_IN_DOUBT, Timer.ROUTER_EXPIRES, Timer.PREFIX_EXPIRES, Timer.PROBE_BETTER_ROUTERS)
LONGEST_DOUBT_FACTOR: Final = 64.0  # a router that answers probes but has stopped advertising is asked ever less often


class Movement:
    """All interfaces.

    `changed` says that a decision may now fall differently, `status_changed` that only the list of routers is another;
    `signs` are what was seen, as (sign, interface). Who reads them clears them.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._policies: dict[str, InterfacePolicy] = {}
        self.links: dict[str, Link] = {}
        self.changed = False
        self.status_changed = False
        self.signs: list[tuple[Sign, str]] = []
        self._discovery = RouterDiscovery(context, self.signs, self.links)
        self._better = BetterRouters(context, self._discovery)

    def configure(self, policies: Iterable[InterfacePolicy], now: Instant) -> None:
        """The person's wishes about interfaces; one that is no longer enabled is left at once."""
        self._policies = {policy.name: policy for policy in policies}
        for link in self.links.values():
            policy = self._policies.get(link.name, InterfacePolicy(name=link.name))
            worked = link.works
            link.enabled, link.priority = policy.enabled, policy.priority
            self._works_or_not(link, worked, False, now)
        self.changed = True

    def priorities(self) -> dict[str, int]:
        """What the person said of each interface, present or not."""
        return {policy.name: policy.priority for policy in self._policies.values()}

    def link_changed(self, event: LinkChanged, now: Instant, *, is_start: bool = False) -> None:
        """An interface appeared, came up, went down or changed an address. `is_start`: it may have been so for long."""
        link = self._link(event.interface)
        if link is None:
            return
        worked, could_ask = link.works, link.link_local_address is not None
        link.is_up = event.is_up
        link.link_layer_address = event.link_layer_address
        link.permanent_link_layer_address = event.permanent_link_layer_address or link.permanent_link_layer_address
        link.link_local_address = event.link_local_address
        link.mtu = event.mtu
        self._works_or_not(link, worked, event.interrupted, now, is_start=is_start)
        if worked and link.works and link.current is None and not could_ask and not event.interrupted:
            self._discovery.ask_known(link, now)
        self.changed = True

    def link_removed(self, event: LinkRemoved) -> None:
        """An interface is gone."""
        link = self.links.pop(event.interface, None)
        if link is None:
            return
        if link.works:
            self._sign(Sign.LINK_DOWN, link)
        self._stop_timers(link)
        link.forget_reachability()
        self.changed = True

    def advertisement_received(self, event: PacketReceived, message: RouterAdvertisement, now: Instant) -> None:
        """A Router Advertisement; its validity (RFC 4861 section 6.1.2) is checked by the decoder, the link here."""
        link = self.links.get(event.interface)
        if link is None or not link.works:
            self._context.count("ra.ignored.interface")
            return
        self._context.count("ra.received")
        hardware = link_layer_address_of(message, event.link_layer_source)
        router = link.find(event.packet.source, hardware)
        if default_route(message)[0] <= 0:
            self._withdraw(link, router, now)
            return
        router = self._identify(link, router, message, event, hardware)
        is_news = not router.heard_here or router.failed
        shape_changed = router.learn(message, now)
        if router.refused_prefixes:
            self._context.counters["ra.ignored.prefixes"] += router.refused_prefixes
            router.refused_prefixes = 0
        router.failed = False
        self._heard(link, router, is_news, shape_changed, now)

    def neighbor_advertisement_received(
        self, event: PacketReceived, message: NeighborAdvertisement, now: Instant
    ) -> None:
        """An answer to a probe, or a router that says it is no router any more (RFC 4861 section 7.2.5)."""
        link = self.links.get(event.interface)
        if link is None or not link.works:
            return
        hardware = message.target_link_layer_address or event.link_layer_source
        router = link.find(message.target, hardware) or self._guest(link, message.target, hardware)
        if router is None:
            self._context.count("na.ignored.not-a-router")
        elif not message.router:
            self._withdraw(link, router, now)
        elif message.solicited:
            self._answered(link, router, now)

    def neighbor_unreachable(self, event: NeighborUnreachable, now: Instant) -> None:
        """The kernel gave up a neighbour; when it is the current router, that is a hint (RFC 4861 section 7.3.3)."""
        link = self.links.get(event.interface)
        if link is not None and link.current is not None and link.current.address == event.address:
            self._doubt(link, now)

    def resumed(self, now: Instant) -> None:
        """The machine slept: it may be anywhere, whatever the links say. All routers known are asked at once."""
        for link in self.links.values():
            if not link.works:
                continue
            link.confirmed_at = NEVER
            if link.current is not None and link.probes is None:
                self._doubt(link, now)
            else:
                self._discovery.search(link, now)
            self._discovery.ask_known(link, now)

    def solicit_due(self, interface: str, now: Instant) -> None:
        """SOLICIT_ROUTERS fired."""
        link = self.links.get(interface)
        if link is not None and link.works and link.solicit_interval is not None:
            self._discovery.repeat(link, now)

    def probe_due(self, interface: str, now: Instant) -> None:
        """PROBE_ROUTER fired: the last probe was not answered."""
        link = self.links.get(interface)
        if link is None or link.current is None or link.probes is None:
            return
        if link.probes < MAX_UNICAST_SOLICIT:
            self._send_probe(link, now)
        else:
            self._context.note("router-silent", f"{link.current.address} on {link.name} does not answer")
            link.current.failed = link.current.went_silent = True
            began = link.doubted_at
            self._lose_current(link, now)
            if link.current_was_heard_before(began):  # perhaps on another link: it is asked too
                self._doubt(link, now, began)

    def better_routers_due(self, interface: str, now: Instant) -> None:
        """PROBE_BETTER_ROUTERS fired."""
        if (link := self.links.get(interface)) is not None:
            self._better.ask(link, now)

    def doubt_due(self, interface: str, now: Instant) -> None:
        """ROUTER_IN_DOUBT fired: advertisements are missing, or a lifetime is about to end."""
        link = self.links.get(interface)
        if link is not None and link.current is not None:
            self._doubt(link, now)

    def router_expired(self, interface: str, now: Instant) -> None:
        """ROUTER_EXPIRES fired for the current router (RFC 4861 section 6.3.5)."""
        link = self.links.get(interface)
        if link is not None and link.current is not None and link.current.lifetime_until <= now:
            self._withdraw(link, link.current, now)

    def prefix_expired(self, interface: str, now: Instant) -> None:
        """PREFIX_EXPIRES fired: a prefix of the current router is no longer on-link, preferred or valid."""
        link = self.links.get(interface)
        if link is not None:
            self.changed = True
            self._arm(link, now)

    # --- links -------------------------------------------------------------------------------------------------------

    def _link(self, name: str) -> Link | None:
        if name in self.links:
            return self.links[name]
        if is_own_interface(name):
            return None
        if len(self.links) >= MAX_INTERFACES:
            self._context.count("links.ignored")
            return None
        taken = {link.index for link in self.links.values()}
        index = next(number for number in range(MAX_INTERFACES) if number not in taken)
        policy = self._policies.get(name, InterfacePolicy(name=name))
        self.links[name] = Link(name, index, enabled=policy.enabled, priority=policy.priority)
        return self.links[name]

    def _works_or_not(
        self, link: Link, worked: bool, interrupted: bool, now: Instant, *, is_start: bool = False
    ) -> None:
        if worked and (interrupted or not link.works):
            self._sign(Sign.LINK_DOWN, link)
            self._stop_timers(link)
            link.forget_reachability()
        if link.works and (interrupted or not worked):
            link.forget_reachability()
            self._sign(Sign.LINK_UP, link)
            (self._discovery.begin if is_start else self._discovery.search)(link, now)
            self._discovery.ask_known(link, now)

    def _guest(self, link: Link, address: IPv6Address, hardware: bytes) -> Router | None:
        """A router known from another interface that answers here: both its names must be right (RFC 6059, 5.7.1)."""
        known = link.guests.get((address, hardware)) if link.current is None else None
        if known is None:
            return None
        router = known.copy()
        link.add(router)
        return router

    def _stop_timers(self, link: Link) -> None:
        for timer in (Timer.SOLICIT_ROUTERS, Timer.PROBE_ROUTER, *_OF_CURRENT):
            self._context.timers.stop(timer, link.name)

    def _sign(self, sign: Sign, link: Link) -> None:
        self.signs.append((sign, link.name))

    # --- routers -----------------------------------------------------------------------------------------------------

    def _identify(
        self, link: Link, router: Router | None, message: RouterAdvertisement, event: PacketReceived, hardware: bytes
    ) -> Router:
        """The entry of the sender. One of the same names but other global addresses is somebody else."""
        if router is not None and router.is_same_router(message):
            if hardware and not router.link_layer_address:
                link.rename(router, hardware)
            return router
        was_current = router is not None and router is link.current
        if router is not None:
            link.remove(router)
        fresh = Router(event.packet.source, hardware)
        link.add(fresh)
        if was_current:  # the two cannot be asked apart, so there is nobody left to doubt
            self._sign(Sign.ROUTER_LOST, link)
            self._end_doubt(link)
        return fresh

    def _heard(self, link: Link, router: Router, is_news: bool, shape_changed: bool, now: Instant) -> None:
        self._discovery.end_search(link)
        if link.current is None:
            self._sign(Sign.ROUTER_HEARD, link)
            self.make_current(link, router, now)
        elif link.current is router:
            link.doubt_factor = FIRST_DOUBT_FACTOR
            self.changed = self.changed or shape_changed
            self._arm(link, now)
        elif is_news:
            self._sign(Sign.ROUTER_HEARD, link)
            self._doubt(link, now)
            self._bystander_changed(link, router, now)
        elif shape_changed:
            self._bystander_changed(link, router, now)

    def _bystander_changed(self, link: Link, router: Router, now: Instant) -> None:
        """A router that is not current decides nothing but whether a pinned home agent is here, and its own routes;
        and it may serve who the current one does not."""
        self.status_changed = True
        self.changed = self.changed or router.is_home_agent or router.speaks_of_routes or link.is_useless
        if link.current is not None:
            watch_lifetimes(self._context.timers, link, link.current, now)

    def make_current(self, link: Link, router: Router, now: Instant) -> None:
        """From now on the link is used by way of this router."""
        link.current, router.went_silent = router, False
        link.doubt_factor = FIRST_DOUBT_FACTOR
        self._end_doubt(link)
        self._arm(link, now)
        self.changed = True
        link.answer_time = None
        if link.link_local_address is not None:  # no doubt: so that it is known how soon it answers, when there is one
            link.asked_at = now
            self._discovery.ask(link, router)
        self._context.note("router", f"{router.address} is the router on {link.name}")

    def _withdraw(self, link: Link, router: Router | None, now: Instant) -> None:
        if router is None:
            return
        if router is link.current:
            self._lose_current(link, now)
        link.remove(router)
        self.changed = True

    def _lose_current(self, link: Link, now: Instant) -> None:
        """Move to the best other router, or to none."""
        lost, link.current = link.current, None
        self._end_doubt(link)
        self._sign(Sign.ROUTER_LOST, link)
        self.changed = True
        others = [each for each in link.routers_heard(now) if each is not lost]
        if others:
            self.make_current(link, max(others, key=Router.rank), now)
        else:
            self._arm(link, now)
            self._discovery.search(link, now)

    def _answered(self, link: Link, router: Router, now: Instant) -> None:
        """A solicited answer: the router hears us (RFC 4861 section 7.3.1), and we are on its link (RFC 6059)."""
        if router is link.current:
            link.router_answered(now)
            if link.probes is not None:
                link.confirmed_at = now
                link.doubt_factor = min(link.doubt_factor * 2, LONGEST_DOUBT_FACTOR)
                self._end_doubt(link)
                self._discovery.end_search(link)
                self._sign(Sign.CONFIRMED, link)
                self._arm(link, now)
        elif link.current is None and router.lifetime_until > now and router.link_layer_address:
            router.heard_here, router.failed = True, False
            link.confirmed_at = now
            self._sign(Sign.ROUTER_HEARD, link)
            self.make_current(link, router, now)
        elif self._better.is_back(link, router, now):
            router.failed, link.confirmed_at = False, now
            self.make_current(link, router, now)

    # --- doubt -------------------------------------------------------------------------------------------------------

    def _arm(self, link: Link, now: Instant) -> None:
        """Set the timers that follow from the current router's last advertisement."""
        timers, current = self._context.timers, link.current
        if current is None:
            for timer in _OF_CURRENT:
                timers.stop(timer, link.name)
            return
        self._better.watch(link, now)
        timers.set(Timer.ROUTER_EXPIRES, link.name, current.lifetime_until)
        watch_lifetimes(timers, link, current, now)
        if link.probes is None:
            doubt = next_doubt(link, current, now)
            if doubt is None:
                timers.stop(Timer.ROUTER_IN_DOUBT, link.name)
            else:
                timers.set(Timer.ROUTER_IN_DOUBT, link.name, doubt)

    def _doubt(self, link: Link, now: Instant, began: Instant | None = None) -> None:
        """Ask the current router whether it is still there, unless it has just said so."""
        if link.probes is not None:
            return
        quiet_until = after(link.confirmed_at, CONFIRMATION_HOLDS)
        if quiet_until > now:
            self._context.timers.set(Timer.ROUTER_IN_DOUBT, link.name, quiet_until)
            return
        self._context.timers.stop(Timer.ROUTER_IN_DOUBT, link.name)
        self._sign(Sign.DOUBT, link)
        link.probes, link.doubted_at = 0, now if began is None else began
        self._send_probe(link, now)
        self._discovery.search(link, now)

    def _end_doubt(self, link: Link) -> None:
        link.probes = None
        self._context.timers.stop(Timer.PROBE_ROUTER, link.name)

    def _send_probe(self, link: Link, now: Instant) -> None:
        """One probe. Without a link-local address there is nothing to ask from: it is waited for, not counted."""
        if (router := link.current) is not None and link.link_local_address is not None and link.probes is not None:
            link.probes += 1
            if link.asked_at < now:  # one that has just become the current one is asked already
                self._discovery.ask(link, router)
                link.asked_at = now
        self._context.timers.set(Timer.PROBE_ROUTER, link.name, after(now, link.probe_interval()))


LINK_TIMERS: Final = {
    Timer.SOLICIT_ROUTERS: Movement.solicit_due,
    Timer.PROBE_ROUTER: Movement.probe_due,
    Timer.ROUTER_IN_DOUBT: Movement.doubt_due,
    Timer.ROUTER_EXPIRES: Movement.router_expired,
    Timer.PREFIX_EXPIRES: Movement.prefix_expired,
    Timer.PROBE_BETTER_ROUTERS: Movement.better_routers_due,
}
"""What is due when a timer of an interface has fired."""
