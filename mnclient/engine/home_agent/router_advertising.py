# SPDX-License-Identifier: GPL-2.0-or-later
"""The home agent's own Router Advertisements (RFC 4861 section 6.2, RFC 6275 sections 7 and 10.5.1).

One advertisement per interface carries the prefixes of all home links on it that are advertised. All go to all nodes;
they wait for a link-local address, and end with one of router lifetime 0.
"""

from dataclasses import dataclass
from typing import Final

from mnclient.constants import (
    LOWEST_MAX_RTR_ADV_INTERVAL,
    LOWEST_MIN_RTR_ADV_INTERVAL,
    MIN_DELAY_BETWEEN_RAS,
    ND_HOP_LIMIT,
)
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import LinkChanged
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.machine import Entropy
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.config import AdvertisingConfig, HomeLinkConfig
from mnclient.units import Instant, Seconds, after
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.neighbor_discovery import RouterAdvertisement
from mnclient.wire.neighbor_options import (
    AdvertisementInterval,
    HomeAgentInformation,
    NeighborOption,
    PrefixInformation,
    RouterPreference,
    SourceLinkLayerAddress,
)
from mnclient.wire.packet import Packet

MAX_INITIAL_RTR_ADVERT_INTERVAL: Final = Seconds(16.0)  # RFC 4861 section 10
MAX_INITIAL_RTR_ADVERTISEMENTS: Final = 3  # RFC 4861 section 10
HOP_LIMIT: Final = 64  # what hosts should use (RFC 4861 section 6.2.1, AdvCurHopLimit)
HIGHEST_PREFERENCE: Final = 0xFFFF  # RFC 6275 section 7.4

_SHORT_INTERVAL: Final = Seconds(0.2)  # RFC 6275 section 7.3: below it, the option says a little more
_SHORT_INTERVAL_SLACK: Final = Seconds(0.02)


@dataclass(frozen=True, slots=True)
class Intervals:
    """The times of one interface, within what RFC 6275 section 7.5 allows, whatever was configured."""

    minimum: Seconds
    maximum: Seconds
    between: Seconds

    @classmethod
    def of(cls, config: AdvertisingConfig) -> "Intervals":
        """Clamped: settings have been refused elsewhere, here nothing may go wrong (RFC 4861 section 6.2.1)."""
        maximum = max(config.max_interval, LOWEST_MAX_RTR_ADV_INTERVAL)
        minimum = max(min(config.min_interval, 0.75 * maximum), LOWEST_MIN_RTR_ADV_INTERVAL)
        between: float = max(config.min_delay_between, LOWEST_MIN_RTR_ADV_INTERVAL)
        if minimum < MIN_DELAY_BETWEEN_RAS:
            between = min(between, minimum)  # section 13
        return cls(Seconds(minimum), Seconds(maximum), Seconds(between))


@dataclass(slots=True)
class Advertiser:
    """What was sent on one interface. `content`: what it is made of, to notice a change."""

    content: tuple[object, ...]
    sent: int = 0
    last: Instant | None = None


class RouterAdvertising:
    """Advertisers by interface. The owner handles Timer.SEND_ROUTER_ADVERTISEMENT with `send`."""

    def __init__(self, timers: TimerTable, links: HomeLinks, entropy: Entropy) -> None:
        self._timers = timers
        self._links = links
        self._entropy = entropy
        self._advertisers: dict[str, Advertiser] = {}

    def update(self, now: Instant) -> list[SendPacket]:
        """Begin where advertising is wanted and possible; end, with a last word, where it is no longer wanted.

        To be called after the links changed. An interface that cannot be used now begins again when it can.
        """
        wanted = {link.interface for link in self._links.served if link.advertising is not None and link.interface}
        actions: list[SendPacket] = []
        for interface in tuple(self._advertisers.keys() - wanted):
            self._stop(interface)
        for interface in sorted(wanted):
            known = _usable(self._links.interfaces.get(interface))
            if known is None:
                self._stop(interface)
                continue
            content = (*self._advertised_on(interface), known.link_layer_address, known.link_local_address)
            advertiser = self._advertisers.get(interface)
            if advertiser is None:
                self._advertisers[interface] = Advertiser(content)
                actions += self.send(interface, now)
            elif advertiser.content != content:
                advertiser.content, advertiser.sent = content, 0
                self._send_soon(interface, now)
        return actions

    def farewell(self, links: tuple[HomeLinkConfig, ...]) -> list[SendPacket]:
        """The last advertisement of every interface that `links` are on: no default router any longer (6.2.5)."""
        actions: list[SendPacket] = []
        for name in sorted({link.interface for link in links if link.interface in self._advertisers}):
            interface = _usable(self._links.interfaces.get(name))
            prefixes = [link for link in links if link.interface == name and link.advertising is not None]
            if interface is not None and prefixes:
                actions.append(_packet(interface, prefixes, is_last=True))
            self._stop(name)
        return actions

    def solicited(self, interface: str, now: Instant) -> None:
        """A Router Solicitation came: answer after a random delay, and not too soon after the last one (6.2.6)."""
        config = self._config(interface)
        if config is not None:
            self._send_soon(interface, after(now, Seconds(self._entropy.uniform(0.0, max(config.answer_delay, 0.0)))))

    def send(self, interface: str, now: Instant) -> list[SendPacket]:
        """Advertise now, and choose the time of the next one (section 6.2.4)."""
        advertiser, config = self._advertisers.get(interface), self._config(interface)
        known = _usable(self._links.interfaces.get(interface))
        if advertiser is None or config is None or known is None:
            return []
        intervals = Intervals.of(config)
        advertiser.sent += 1
        advertiser.last = now
        delay = self._entropy.uniform(intervals.minimum, intervals.maximum)
        if advertiser.sent <= MAX_INITIAL_RTR_ADVERTISEMENTS:
            delay = min(delay, MAX_INITIAL_RTR_ADVERT_INTERVAL)
        self._timers.set(Timer.SEND_ROUTER_ADVERTISEMENT, interface, after(now, Seconds(delay)))
        return [_packet(known, self._advertised_on(interface), is_last=False)]

    def _send_soon(self, interface: str, at: Instant) -> None:
        """Advertise at `at`, later if that is too soon after the last one, earlier if that was planned anyway."""
        advertiser, config = self._advertisers.get(interface), self._config(interface)
        if advertiser is None or config is None:
            return
        if advertiser.last is not None:
            at = max(at, after(advertiser.last, Intervals.of(config).between))
        planned = self._timers.deadline(Timer.SEND_ROUTER_ADVERTISEMENT, interface)
        if planned is None or at < planned:
            self._timers.set(Timer.SEND_ROUTER_ADVERTISEMENT, interface, at)

    def _advertised_on(self, interface: str) -> list[HomeLinkConfig]:
        return [link for link in self._links.on(interface) if link.advertising is not None]

    def _config(self, interface: str) -> AdvertisingConfig | None:
        """The first of the advertised links on an interface speaks for all in what is not about the prefix."""
        return next((link.advertising for link in self._advertised_on(interface)), None)

    def _stop(self, interface: str) -> None:
        self._advertisers.pop(interface, None)
        self._timers.stop(Timer.SEND_ROUTER_ADVERTISEMENT, interface)


def _usable(interface: LinkChanged | None) -> LinkChanged | None:
    usable = interface is not None and interface.is_up and interface.link_local_address is not None
    return interface if usable else None


def _packet(interface: LinkChanged, links: list[HomeLinkConfig], *, is_last: bool) -> SendPacket:
    """`links` are all on `interface` and advertised, and there is at least one."""
    config = links[0].advertising or AdvertisingConfig()
    message = RouterAdvertisement(
        hop_limit=HOP_LIMIT,
        managed=False,
        other=False,
        home_agent=True,
        preference=RouterPreference.MEDIUM,
        router_lifetime=Seconds(0.0) if is_last else _default_router_lifetime(config),
        reachable_time=Seconds(0.0),
        retransmit_timer=Seconds(0.0),
        options=(*_link_options(interface, config), *map(_prefix, links), *(() if is_last else _home_agent(config))),
    )
    source = interface.link_local_address or links[0].address
    packet = Packet(source=source, destination=ALL_NODES, message=message, hop_limit=ND_HOP_LIMIT)
    return SendPacket(packet=packet, interface=interface.interface)


def _default_router_lifetime(config: AdvertisingConfig) -> Seconds:
    """AdvDefaultLifetime: zero, or a second at least whatever the intervals are (RFC 6275 section 7.5).

    On the wire it is whole seconds: less than one would say that this is no router.
    """
    return Seconds(max(config.router_lifetime, 1.0)) if config.router_lifetime > 0 else Seconds(0.0)


def _link_options(interface: LinkChanged, config: AdvertisingConfig) -> list[NeighborOption]:
    options: list[NeighborOption] = []
    if interface.link_layer_address:
        options.append(SourceLinkLayerAddress(address=interface.link_layer_address))
    if config.send_interval_option:
        maximum = Intervals.of(config).maximum
        slack = _SHORT_INTERVAL_SLACK if maximum < _SHORT_INTERVAL else 0.0
        options.append(AdvertisementInterval(interval=Seconds(maximum + slack)))
    return options


def _prefix(link: HomeLinkConfig) -> PrefixInformation:
    """The home prefix with R: all of the home agent's address is in it (RFC 6275 section 7.2)."""
    config = link.advertising or AdvertisingConfig()
    valid = max(config.valid_lifetime, 0.0)
    return PrefixInformation(
        prefix=link.address,
        prefix_length=link.prefix.prefixlen,
        on_link=True,
        autonomous=True,
        router_address=True,
        valid_lifetime=Seconds(valid),
        preferred_lifetime=Seconds(min(max(config.preferred_lifetime, 0.0), valid)),
    )


def _home_agent(config: AdvertisingConfig) -> list[NeighborOption]:
    """Left out when it would say the defaults, and never with lifetime 0 (RFC 6275 section 7.4)."""
    lifetime = config.home_agent_lifetime
    preference = min(max(config.home_agent_preference, 0), HIGHEST_PREFERENCE)
    if lifetime <= 0 or (preference == 0 and lifetime == config.router_lifetime):
        return []
    return [HomeAgentInformation(preference=preference, lifetime=lifetime)]
