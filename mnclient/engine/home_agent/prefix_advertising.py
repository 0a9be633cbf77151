# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobile Prefix Advertisements: absent mobile nodes are told of the home prefixes (RFC 6275 sections 6.8 and 10.6).

A solicitation is answered at once. Unasked, the list goes out now and then, and when it has changed; it is repeated
until the mobile node shows with a solicitation that it came. The identifier of such a one is 0, which no solicitation
of ours has: the mobile node believes only what it asked for (section 11.4.3).
"""

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import DISCOVERY_ANSWER_RATE, PREFIX_ADV_RETRIES, PREFIX_ADV_TIMEOUT
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import PacketReceived
from mnclient.engine.home_agent.binding_cache import Binding, BindingCache
from mnclient.engine.home_agent.guests import Guests
from mnclient.engine.home_agent.home_prefixes import HomePrefixes
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.machine import Entropy
from mnclient.engine.protection import protects_updates_alone
from mnclient.engine.retransmission import RateLimit
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.config import HomeAgentConfig, HomeLinkConfig
from mnclient.units import Instant, Seconds, after
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement, MobilePrefixSolicitation
from mnclient.wire.neighbor_options import PrefixInformation
from mnclient.wire.packet import Packet

UNSOLICITED: Final = 0  # the identifier
SPACING: Final = Seconds(1.0)  # between two advertisements to one mobile node (section 6.8)


@dataclass(slots=True)
class Delivery:
    """What one mobile node was told. `asked`: whom to answer, and with which identifier, when SPACING permits.

    `unacknowledged`: the prefixes of an unsolicited advertisement that nothing was heard of yet; `repeats` of it.
    """

    last_sent: Instant | None = None
    asked: tuple[IPv6Address, int] | None = None
    unacknowledged: dict[IPv6Network, PrefixInformation] = field(default_factory=dict)
    repeats: int = 0
    gave_up: bool = False


def schedule_delay(config: HomeAgentConfig, preferred_lifetime: Seconds, entropy: Entropy) -> Seconds:
    """RAND_ADV_DELAY (section 10.6.2); without an offset where both bounds are the same."""
    shortest, longest = config.min_prefix_advertisement_interval, config.max_prefix_advertisement_interval
    span = abs(min(longest, preferred_lifetime) - shortest)
    offset = min(entropy.uniform(0.0, span), span) if span > 0 else 0.0
    return Seconds(shortest + offset)


class PrefixAdvertising:
    """Deliveries by home address. The owner handles Timer.SEND_PREFIX_ADVERTISEMENT with `due`."""

    def __init__(
        self,
        timers: TimerTable,
        links: HomeLinks,
        prefixes: HomePrefixes,
        cache: BindingCache,
        guests: Guests,
        counters: Counter[str],
        entropy: Entropy,
    ) -> None:
        self.config = HomeAgentConfig()
        self._timers = timers
        self._links = links
        self._prefixes = prefixes
        self._cache = cache
        self._guests = guests
        self._counters = counters
        self._entropy = entropy
        self._deliveries: dict[IPv6Address, Delivery] = {}
        self._strangers = RateLimit(DISCOVERY_ANSWER_RATE)

    def solicited(self, event: PacketReceived, message: MobilePrefixSolicitation, now: Instant) -> list[SendPacket]:
        """A Mobile Prefix Solicitation came; its answer, if it may go out now."""
        self._counters["mps.received"] += 1
        reason, packet = self._fault(event, now), event.packet
        home_address = packet.home_address
        if reason or home_address is None:
            self._counters[f"mps.ignored.{reason or 'home-address'}"] += 1
            return []
        binding = self._cache.find(home_address)
        if binding is None:
            self._strangers.record(now)
            link = self._links.serving(home_address)
            return [] if link is None else [self._packet(link, packet.source, home_address, message.identifier, now)]
        delivery = self._delivery(binding)
        delivery.unacknowledged, delivery.repeats, delivery.gave_up = {}, 0, False
        delivery.asked = packet.source, message.identifier
        return self.due(home_address, now)

    def registered(self, home_address: IPv6Address, now: Instant) -> list[SendPacket]:
        """A registration was accepted: an advertisement is scheduled, or one that got no answer begins again."""
        binding = self._cache.find(home_address)
        if binding is None or not self._may_tell(home_address):
            return []
        delivery = self._deliveries.get(home_address)
        if delivery is not None and delivery.gave_up:
            delivery.repeats, delivery.gave_up = 0, False
            return self.due(home_address, now)
        if self._timers.deadline(Timer.SEND_PREFIX_ADVERTISEMENT, home_address) is None:
            self._schedule(binding, now)
        return []

    def prefixes_changed(self, interface: str, now: Instant) -> None:
        """Other prefixes on a home link, or other lifetimes or flags: everybody who is absent has to know."""
        for binding in self._cache:
            if binding.link.interface != interface or not self._may_tell(binding.home_address):
                continue
            delivery = self._deliveries.get(binding.home_address)
            if delivery is not None and (delivery.repeats > 0 or delivery.asked is not None):
                continue  # what goes out next says it anyway
            scheduled = self._timers.deadline(Timer.SEND_PREFIX_ADVERTISEMENT, binding.home_address)
            at = after(now, self._delay(binding, now))
            if scheduled is None or at < scheduled:
                self._set(binding, at)

    def due(self, home_address: IPv6Address, now: Instant) -> list[SendPacket]:
        """Time to advertise to one mobile node: to answer it, to tell it something, or to tell it again."""
        binding = self._cache.find(home_address)
        if binding is None or not self._may_tell(home_address):
            self.forget(home_address)
            return []
        delivery = self._delivery(binding)
        if delivery.last_sent is not None and now < (earliest := after(delivery.last_sent, SPACING)):
            self._set(binding, earliest)
            return []
        if delivery.asked is not None:
            (target, identifier), delivery.asked = delivery.asked, None
            self._schedule(binding, now)
            delivery.last_sent = now
            return [self._packet(binding.link, target, home_address, identifier, now)]
        if delivery.repeats > PREFIX_ADV_RETRIES:
            delivery.repeats, delivery.gave_up = 0, True
            self._schedule(binding, now)
            return []
        self._set(binding, after(now, Seconds(PREFIX_ADV_TIMEOUT * 2**delivery.repeats)))
        delivery.repeats += 1
        delivery.last_sent = now
        return [self._packet(binding.link, binding.care_of_address, home_address, UNSOLICITED, now, delivery)]

    def forget(self, home_address: IPv6Address) -> None:
        """The binding ended: nothing more is sent (section 10.6.2)."""
        self._deliveries.pop(home_address, None)
        self._timers.stop(Timer.SEND_PREFIX_ADVERTISEMENT, home_address)

    def forget_ended(self) -> None:
        """Some bindings may have ended."""
        for home_address in [each for each in self._deliveries if self._cache.find(each) is None]:
            self.forget(home_address)

    # --- details ----------------------------------------------------------------------------------------------------

    def _fault(self, event: PacketReceived, now: Instant) -> str:
        """Why a solicitation gets no answer, "" when it does."""
        if not self.config.prefix_advertisements:
            return "switched-off"
        packet = event.packet
        link = None if packet.home_address is None else self._links.serving(packet.home_address)
        if link is None or packet.home_address is None:
            return "home-address"
        is_protected = event.protection in self._guests.protections(packet.home_address)
        if not self._guests.standing(packet.home_address).may_signal or not is_protected:
            return "unprotected"
        if protects_updates_alone(self._guests.association(packet.home_address)):
            return "unprotected"
        binding = self._cache.find(packet.home_address)
        if packet.destination != (link if binding is None else binding.link).address:
            return "destination"
        if binding is not None and packet.source != binding.care_of_address:
            return "care-of-address"  # section 9.3.1
        if binding is not None and binding.detecting:
            return "detecting"
        return "rate" if binding is None and not self._strangers.permits(now) else ""

    def _may_tell(self, home_address: IPv6Address) -> bool:
        """Whether it is wanted, and can be protected if anything of this home address is."""
        if not self.config.prefix_advertisements:
            return False
        return not protects_updates_alone(self._guests.association(home_address))

    def _delivery(self, binding: Binding) -> Delivery:
        return self._deliveries.setdefault(binding.home_address, Delivery())

    def _schedule(self, binding: Binding, now: Instant) -> None:
        self._delivery(binding)
        self._set(binding, after(now, self._delay(binding, now)))

    def _delay(self, binding: Binding, now: Instant) -> Seconds:
        home_prefix = self._prefixes.of(binding.link, now).prefixes[0]
        return schedule_delay(self.config, home_prefix.preferred_lifetime, self._entropy)

    def _set(self, binding: Binding, at: Instant) -> None:
        self._timers.set(Timer.SEND_PREFIX_ADVERTISEMENT, binding.home_address, at)

    def _packet(
        self,
        link: HomeLinkConfig,
        target: IPv6Address,
        home_address: IPv6Address,
        identifier: int,
        now: Instant,
        delivery: Delivery | None = None,
    ) -> SendPacket:
        """The whole list, in any case; with what an unacknowledged one said beside it, which takes over this one."""
        listed = self._prefixes.of(link, now)
        prefixes = {each.network: each for each in listed.prefixes}
        if delivery is not None:
            prefixes = delivery.unacknowledged = {**delivery.unacknowledged, **prefixes}
        self._counters["mpa.sent"] += 1
        message = MobilePrefixAdvertisement(
            identifier=identifier, managed=listed.managed, other=listed.other, options=tuple(prefixes.values())
        )
        return SendPacket(
            packet=Packet(source=link.address, destination=target, message=message, routing_home_address=home_address),
            protection=self._guests.protections(home_address)[0],
        )
