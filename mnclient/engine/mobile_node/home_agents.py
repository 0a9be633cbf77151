# SPDX-License-Identifier: GPL-2.0-or-later
"""Which home agent a home address registers with, where that is not settled: discovery (RFC 6275 section 11.4.1).

The anycast address of the home prefix is asked, and a home agent on the home link answers with the list of all of them,
the best first. They are tried in that order. The list is kept: when the one in use falls silent or refuses, the next
takes over, and when none is left the home link is asked again. It is a hint and no more (section 15.5): anybody can
send such an answer, and only the acknowledgement of a registration says that a home agent is one.

A home agent that somebody chose is replaced only where `DiscoveryUse` says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from mnclient.constants import DHAAD_RETRIES, INITIAL_DHAAD_TIMEOUT, MAX_HOME_AGENTS_KEPT
from mnclient.engine.events import PacketReceived
from mnclient.engine.mobile_node import messages
from mnclient.engine.mobile_node.attachment import Place
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.registration import SILENT_AFTER
from mnclient.engine.retransmission import Backoff
from mnclient.engine.timers import Timer
from mnclient.model.config import DiscoveryUse
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Instant, Seconds, after
from mnclient.wire.addresses import home_agents_anycast, is_unicast_routable
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryReply

LAST_TIMEOUT: Final = Seconds(INITIAL_DHAAD_TIMEOUT * 2**DHAAD_RETRIES)  # of the last retransmission
# The home link is asked again after a pause, each time a longer one, and at once from another network.
FIRST_PAUSE: Final = Seconds(60.0)
LONGEST_PAUSE: Final = Seconds(600.0)
LONGEST_PREFIX: Final = 120  # bits: beyond, there is no room for anycast addresses beside hosts (RFC 2526)


@dataclass(slots=True)
class Search:
    """Asking for the home agents of one home prefix, from one care-of address. `is_asking`: else it is a pause."""

    care_of_address: IPv6Address
    identifier: int
    backoff: Backoff = field(default_factory=lambda: Backoff(INITIAL_DHAAD_TIMEOUT, LAST_TIMEOUT))
    is_asking: bool = True


class HomeAgents:
    """The lists by home prefix, and what has failed by home address. The owner calls `settle` after every change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.use = DiscoveryUse.WHEN_UNKNOWN
        self._known: dict[IPv6Network, tuple[IPv6Address, ...]] = {}
        self._searches: dict[IPv6Network, Search] = {}
        self._pauses: dict[IPv6Network, Backoff] = {}
        self._failed: dict[IPv6Address, set[IPv6Address]] = {}
        self._places: dict[IPv6Address, Place | None] = {}

    def keep_only(self, registrations: Iterable[HomeRegistration]) -> None:
        """These are the home addresses now."""
        homes = {each.home.address: each.home.prefix for each in registrations}
        self._failed = {address: failed for address, failed in self._failed.items() if address in homes}
        self._places = {address: place for address, place in self._places.items() if address in homes}
        self._known = {prefix: known for prefix, known in self._known.items() if prefix in homes.values()}
        for prefix in self._searches.keys() - homes.values():
            self._end(prefix)

    def settle(self, registration: HomeRegistration, now: Instant) -> bool:
        """Act on how a home address stands. True when it has another home agent now, and has to begin anew there."""
        home, place = registration.home, registration.place
        registration.discovered = self._known.get(home.prefix, ()) if self._known else ()
        self._note_place(registration, place)
        if place is None or place.care_of is None or self.use is DiscoveryUse.NEVER:
            return False
        if not registration.may_signal:
            return False
        if home.home_agent is not None:
            if registration.state is State.REGISTERED and not registration.unanswered:
                if self._failed:
                    self._failed.pop(home.address, None)
                self._end(home.prefix)
            if not self._may_be_replaced(registration) or not self._has_failed(registration):
                return False
            self._failed.setdefault(home.address, set()).add(home.home_agent)
        following = self._following(registration)
        if following is not None:
            self._context.note("home-agent", f"{home.address}: {following} takes the place of {home.home_agent}")
            registration.use_agent(following, now)
            return True
        self._search(home.prefix, place.care_of.address, now)
        return False

    def received(self, event: PacketReceived, reply: HomeAgentAddressDiscoveryReply, now: Instant) -> bool:
        """A Discovery Reply came. False when it answers no request of ours."""
        self._context.count("dhaad.answers")
        if event.through_tunnel:
            return self._ignored("tunnel")
        found = next((each for each in self._searches.items() if _is_answer(each[1], event, reply)), None)
        if found is None:
            return self._ignored("identifier")
        prefix, search = found
        listed = dict.fromkeys(each for each in reply.home_agents if each in prefix and is_unicast_routable(each))
        listed.pop(home_agents_anycast(prefix), None)
        if not listed:
            return self._ignored("empty")
        self._known[prefix] = tuple(listed)[:MAX_HOME_AGENTS_KEPT]
        self._context.note("home-agents", f"{prefix}: {', '.join(map(str, self._known[prefix]))}")
        self._pause(prefix, search, now)
        return True

    def due(self, prefix: IPv6Network, now: Instant) -> None:
        """No answer in time, or a pause is over."""
        search = self._searches.get(prefix)
        if search is None:
            return
        if not search.is_asking:
            # Who did not answer before may do so by now; and if nobody is asked again, nothing is missing any more.
            self._failed = {home: failed for home, failed in self._failed.items() if home not in prefix}
            del self._searches[prefix]
        elif search.backoff.attempts > DHAAD_RETRIES:
            self._context.count("dhaad.given-up")
            self._context.note("home-agents", f"{prefix}: no home agent answers")
            self._pause(prefix, search, now)
        else:
            self._send(prefix, search, now)

    # --- details -----------------------------------------------------------------------------------------------------

    def _note_place(self, registration: HomeRegistration, place: Place | None) -> None:
        """In another network what failed in the last one deserves another try."""
        address = registration.home.address
        if self._places.get(address) != place:
            self._places[address] = place
            self._failed.pop(address, None)

    def _may_be_replaced(self, registration: HomeRegistration) -> bool:
        return registration.configured_agent is None or self.use is DiscoveryUse.ALWAYS

    def _has_failed(self, registration: HomeRegistration) -> bool:
        """The first answer may take InitialBindackTimeoutFirstReg (section 11.4.1); who has answered gets more time."""
        if registration.state is State.REFUSED:
            return not registration.is_expired
        if registration.state not in (State.REGISTERING, State.REGISTERED):
            return False
        return registration.unanswered >= (1 if registration.granted_until is None else SILENT_AFTER)

    def _following(self, registration: HomeRegistration) -> IPv6Address | None:
        """The first of the list that has not failed; a chosen one comes before those that were found.

        With a key it is the one that shares it, and nobody else could show to be one (section 15.5).
        """
        home = registration.home
        failed = self._failed.get(home.address, set())
        chosen = () if registration.configured_agent is None else (registration.configured_agent,)
        candidates = dict.fromkeys((*chosen, *self._known.get(home.prefix, ())))
        key = registration.association
        if key is not None:
            candidates = dict.fromkeys(each for each in candidates if each == key.home_agent)
        return next(
            (each for each in candidates if each not in failed and each not in (home.home_agent, home.address)), None
        )

    def _search(self, prefix: IPv6Network, care_of_address: IPv6Address, now: Instant) -> None:
        """Ask the home link, unless that is being done from here, or was a moment ago."""
        if prefix.prefixlen > LONGEST_PREFIX:
            return
        search = self._searches.get(prefix)
        if search is not None and search.care_of_address == care_of_address:
            return
        if search is not None:  # another network
            self._pauses.pop(prefix, None)
        search = Search(care_of_address, int.from_bytes(self._context.entropy.octets(2)))
        self._searches[prefix] = search
        self._send(prefix, search, now)

    def _send(self, prefix: IPv6Network, search: Search, now: Instant) -> None:
        self._context.count("dhaad.sent")
        self._context.signal(messages.discovery_request(search.care_of_address, prefix, search.identifier))
        timeout = search.backoff.next_timeout()
        self._context.timers.set(Timer.DISCOVER_HOME_AGENTS, prefix, after(now, timeout))

    def _pause(self, prefix: IPv6Network, search: Search, now: Instant) -> None:
        search.is_asking = False
        pauses = self._pauses.setdefault(prefix, Backoff(FIRST_PAUSE, LONGEST_PAUSE))
        self._context.timers.set(Timer.DISCOVER_HOME_AGENTS, prefix, after(now, pauses.next_timeout()))

    def _end(self, prefix: IPv6Network) -> None:
        if not self._searches and not self._pauses:
            return
        self._searches.pop(prefix, None)
        self._pauses.pop(prefix, None)
        self._context.timers.stop(Timer.DISCOVER_HOME_AGENTS, prefix)

    def _ignored(self, reason: str) -> bool:
        self._context.count(f"dhaad.ignored.{reason}")
        return False


def _is_answer(search: Search, event: PacketReceived, reply: HomeAgentAddressDiscoveryReply) -> bool:
    """By the identifier (section 11.4.1), and to where it was asked from."""
    is_same = search.identifier == reply.identifier and search.care_of_address == event.packet.destination
    return search.is_asking and is_same
