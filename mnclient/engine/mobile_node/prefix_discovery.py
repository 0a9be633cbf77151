# SPDX-License-Identifier: GPL-2.0-or-later
"""Home prefixes while away: asking the home agent for them, and what follows (RFC 6275 sections 11.4.2 and 11.4.3).

It is asked when it says so (status 1), when a lifetime it told is coming to its end, and when it has news for us: an
advertisement that nobody asked for is not believed, but is a reason to ask. Only the first answer with the identifier
of the last solicitation counts, from the home agent that accepted the registration last, with a type 2 routing header.
With a key that protects Binding Updates alone nothing is asked or believed.

What is believed is like a Router Advertisement of the home link: the home address gets new lifetimes, other prefixes
are reported, for home addresses to be formed in them. Who has a binding that would outlast the home prefix is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import INITIAL_SOLICIT_TIMER, MAX_HOME_PREFIXES, REFRESH_FRACTION
from mnclient.engine.actions import ReportHomePrefix
from mnclient.engine.events import PacketReceived
from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.home_registration import HomeRegistration, Input
from mnclient.engine.protection import by_ipsec, protects_updates_alone
from mnclient.engine.retransmission import Backoff, RateLimit
from mnclient.engine.timers import Timer
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.addresses import is_unicast_routable
from mnclient.wire.home_agent_discovery import MobilePrefixAdvertisement
from mnclient.wire.neighbor_options import PrefixInformation

MAX_SOLICITATIONS: Final = 5  # unanswered: 77 s; a home agent that knows nothing of it is asked again with its reason
Registrations = Mapping[IPv6Address, HomeRegistration]


@dataclass(slots=True)
class Exchange:
    """A solicitation that is not answered yet."""

    identifier: int
    backoff: Backoff = field(default_factory=lambda: Backoff(INITIAL_SOLICIT_TIMER))


class PrefixDiscovery:
    """Exchanges by home address. The owner calls `settle` after every change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._exchanges: dict[IPv6Address, Exchange] = {}
        self._unasked: dict[IPv6Address, RateLimit] = {}

    def keep_only(self, registrations: Registrations) -> None:
        """These are the home addresses now."""
        for address in self._exchanges.keys() - registrations.keys():
            self._end(address)
        for address in self._unasked.keys() - registrations.keys():
            del self._unasked[address]

    def settle(self, registration: HomeRegistration, now: Instant) -> None:
        """Ask when there is a reason, and only while there is somebody to ask."""
        place, address = registration.place, registration.home.address
        if place is not None and place.is_home:
            self._at_home(registration)
        if protects_updates_alone(registration.association):
            registration.needs_prefixes = False  # no answer could be believed: nothing is to wait for one
        if not _may_ask(registration):
            self._end(address)
        elif registration.needs_prefixes and address not in self._exchanges:
            self._begin(registration, now)

    def received(
        self, event: PacketReceived, message: MobilePrefixAdvertisement, registrations: Registrations, now: Instant
    ) -> bool:
        """A Mobile Prefix Advertisement came. False when it changes nothing."""
        self._context.count("mpa.received")
        packet = event.packet
        if packet.routing_home_address is None or event.through_tunnel:
            return self._ignored("routing-header")
        registration = registrations.get(packet.routing_home_address)
        if registration is None:
            return self._ignored("home-address")
        if packet.source not in _believed(registration):
            return self._ignored("source")
        association = registration.association
        if event.protection != by_ipsec(association) or protects_updates_alone(association):
            return self._ignored("unprotected")
        exchange = self._exchanges.get(registration.home.address)
        if exchange is None or exchange.identifier != message.identifier:
            self._context.count("mpa.unsolicited")
            self._ask_because_of_news(registration, now)
            return False
        self._end(registration.home.address)
        registration.needs_prefixes = False
        self._take_over(registration, message, now)
        return True

    def due(self, timer: Timer, registration: HomeRegistration, now: Instant) -> None:
        """No answer in time, a lifetime that comes to its end, or one that has ended."""
        if timer is Timer.HOME_PREFIX_EXPIRES:
            self._judge(registration, now)
            return
        exchange = self._exchanges.get(registration.home.address)
        if exchange is None:
            if _may_ask(registration):
                self._begin(registration, now)
        elif exchange.backoff.attempts < MAX_SOLICITATIONS:
            self._send(registration, exchange, now)
        else:
            self._context.count("mps.given-up")
            registration.needs_prefixes = False
            self._end(registration.home.address)
            self._ask_in_time(registration, now)

    # --- asking ------------------------------------------------------------------------------------------------------

    def _begin(self, registration: HomeRegistration, now: Instant) -> None:
        """With an identifier that is hard to guess, and is not the 0 of advertisements that nobody asked for."""
        exchange = Exchange(int.from_bytes(self._context.entropy.octets(2)) or 1)
        self._exchanges[registration.home.address] = exchange
        self._send(registration, exchange, now)

    def _ask_because_of_news(self, registration: HomeRegistration, now: Instant) -> None:
        address = registration.home.address
        rate = self._unasked.setdefault(address, RateLimit(1))
        if _may_ask(registration) and address not in self._exchanges and rate.permits(now):
            rate.record(now)
            self._begin(registration, now)

    def _send(self, registration: HomeRegistration, exchange: Exchange, now: Instant) -> None:
        home, place = registration.home, registration.place
        if home.home_agent is None or place is None or place.care_of is None:
            return
        self._context.count("mps.sent")
        self._context.signal(
            messages.prefix_solicitation(
                home.address,
                home.home_agent,
                place.care_of.address,
                exchange.identifier,
                by_ipsec(registration.association),
            )
        )
        self._context.timers.set(Timer.SOLICIT_PREFIXES, home.address, after(now, exchange.backoff.next_timeout()))

    def _end(self, address: IPv6Address) -> None:
        if self._exchanges.pop(address, None) is not None:
            self._context.timers.stop(Timer.SOLICIT_PREFIXES, address)

    def _ignored(self, reason: str) -> bool:
        self._context.count(f"mpa.ignored.{reason}")
        return False

    # --- what follows ------------------------------------------------------------------------------------------------

    def _take_over(self, registration: HomeRegistration, message: MobilePrefixAdvertisement, now: Instant) -> None:
        home = registration.home
        text = f"{home.address}: M={int(message.managed)} O={int(message.other)}"
        for option in message.prefixes[:MAX_HOME_PREFIXES]:
            if not is_unicast_routable(option.network.network_address):
                continue
            text += f", {option.network} for {option.valid_lifetime:g} s"
            if option.network == home.prefix:
                self._new_lifetimes(registration, option, now)
            elif option.valid_lifetime > 0 and option.preferred_lifetime > 0 and option.autonomous:
                self._context.report(
                    ReportHomePrefix(home_address=home.address, prefix=option.network, home_agent=option.router)
                )
        self._context.note("home-prefixes", text)

    def _new_lifetimes(self, registration: HomeRegistration, option: PrefixInformation, now: Instant) -> None:
        """Of the home address (RFC 4862 section 5.5.3): as they are, because the answer is to a question of ours."""
        registration.valid_until = _end_of(option.valid_lifetime, now)
        registration.preferred_until = _end_of(option.preferred_lifetime, now)
        self._judge(registration, now)
        self._ask_in_time(registration, now)
        ends, registered = registration.valid_until, registration.registered_until
        if ends is not None and registered is not None and ends < registered and not registration.is_expired:
            registration.feed(Input.REFRESH, now)  # section 11.4.2: no binding outlasts the prefix

    def _ask_in_time(self, registration: HomeRegistration, now: Instant) -> None:
        """Before the home address becomes invalid (section 11.4.2)."""
        timers, address, ends = self._context.timers, registration.home.address, registration.valid_until
        if ends is None or ends <= now:
            timers.stop(Timer.SOLICIT_PREFIXES, address)
            return
        timers.set(Timer.SOLICIT_PREFIXES, address, after(now, Seconds(between(now, ends) * REFRESH_FRACTION)))

    def _judge(self, registration: HomeRegistration, now: Instant) -> None:
        """Whether the home prefix still lasts, and when that may change."""
        valid, preferred = registration.valid_until, registration.preferred_until
        registration.is_expired = valid is not None and valid <= now
        registration.is_deprecated = registration.is_expired or (preferred is not None and preferred <= now)
        ends = [each for each in (valid, preferred) if each is not None and each > now]
        if ends:
            self._context.timers.set(Timer.HOME_PREFIX_EXPIRES, registration.home.address, min(ends))
        else:
            self._context.timers.stop(Timer.HOME_PREFIX_EXPIRES, registration.home.address)

    def _at_home(self, registration: HomeRegistration) -> None:
        """There Router Advertisements say what lasts, and it is in them, or this would not be the home link."""
        self._end(registration.home.address)
        registration.needs_prefixes = registration.is_expired = registration.is_deprecated = False
        registration.valid_until = registration.preferred_until = None
        for timer in (Timer.SOLICIT_PREFIXES, Timer.HOME_PREFIX_EXPIRES):
            self._context.timers.stop(timer, registration.home.address)


def _may_ask(registration: HomeRegistration) -> bool:
    """Whether there is somebody to ask, whose answer could be believed."""
    return registration.state is State.REGISTERED and not protects_updates_alone(registration.association)


def _believed(registration: HomeRegistration) -> tuple[IPv6Address, ...]:
    """Whose advertisements count: who accepted the last registration, else who was chosen (section 11.4.3)."""
    agent = registration.acknowledged_agent or registration.configured_agent
    return () if agent is None else (agent,)


def _end_of(lifetime: Seconds, now: Instant) -> Instant | None:
    """None for never."""
    return None if lifetime == float("inf") else after(now, lifetime)
