# SPDX-License-Identifier: GPL-2.0-or-later
"""The home-agent role (RFC 6275 sections 8.4 and 10): where each event goes, and what the role says of itself.

    registrations      Binding Updates, the binding cache, duplicate detection, proxy advertisements
    router_advertising its own Router Advertisements
    group_memberships  what mobile nodes listen to
    home_agents_list   the other home agents on its links
    address_discovery  answers to those who look for a home agent
    prefix_advertising what absent mobile nodes are told of the home prefixes
    desired_state      what the kernel should look like

A role without configuration is off: it keeps looking at the interfaces and does nothing else.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv6Address

from mnclient.engine.actions import Action, PublishStatus, SendPacket, SetNetworkState
from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    BindingsDismissed,
    Configured,
    DatapathChosen,
    Event,
    IntegrityFailed,
    LinkChanged,
    LinkRemoved,
    MembershipReceived,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    Stopping,
    WallClockSet,
)
from mnclient.engine.home_agent.address_discovery import AddressDiscovery
from mnclient.engine.home_agent.desired_state import OWNER, before_forwarding, owner_of, role_state
from mnclient.engine.home_agent.group_memberships import GroupMemberships
from mnclient.engine.home_agent.home_agents_list import HomeAgentsList
from mnclient.engine.home_agent.home_prefixes import HomePrefixes
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.home_agent.prefix_advertising import PrefixAdvertising
from mnclient.engine.home_agent.registrations import Registrations
from mnclient.engine.home_agent.reporting import link_problems, links_status, own_entries
from mnclient.engine.home_agent.router_advertising import RouterAdvertising
from mnclient.engine.home_agent.troubles import Troubles
from mnclient.engine.machine import Entropy
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.config import HomeAgentConfig, HomeLinkConfig
from mnclient.model.network_state import EMPTY, NetworkState
from mnclient.model.problems import Problem
from mnclient.model.status import BindingCacheStatus, HomeAgentStatus
from mnclient.model.stored_binding import Stored, StoredBinding, StoredTimestamp
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.addresses import UNSPECIFIED
from mnclient.wire.binding import BindingStatus, BindingUpdate
from mnclient.wire.home_agent_discovery import HomeAgentAddressDiscoveryRequest, MobilePrefixSolicitation
from mnclient.wire.neighbor_discovery import (
    NeighborAdvertisement,
    NeighborSolicitation,
    RouterAdvertisement,
    RouterSolicitation,
)


class HomeAgent:
    """The machine of the role. `restore` comes before the Configured event that declares the home links."""

    def __init__(self, entropy: Entropy) -> None:
        self._config: HomeAgentConfig | None = None
        self._on_since = Instant(0.0)
        self._is_stopped = False
        self._is_selective = False
        self._counters: Counter[str] = Counter()
        self._timers = TimerTable()
        self._links = HomeLinks()
        self._prefixes = HomePrefixes(self._links)
        self._registrations = Registrations(self._timers, self._links, self._prefixes, self._counters)
        cache, guests = self._registrations.cache, self._registrations.guests
        self._groups = GroupMemberships(self._timers, cache, self._counters, guests.encrypts_payload)
        self._advertising = RouterAdvertising(self._timers, self._links, entropy)
        self._list = HomeAgentsList(self._timers)
        self._discovery = AddressDiscovery(self._links, self._list, entropy)
        self._telling = PrefixAdvertising(
            self._timers, self._links, self._prefixes, cache, guests, self._counters, entropy
        )
        self._state: NetworkState = EMPTY
        self._restored: dict[IPv6Address, tuple[StoredBinding, Instant]] = {}
        self._troubles = Troubles(self._links)

    # --- machine ----------------------------------------------------------------------------------------------------

    def handle(self, event: Event, now: Instant) -> list[Action]:
        """React to one event; what has come due meanwhile comes first."""
        if self._is_stopped:
            return []
        actions = self._reach_deadlines(now)
        match event:
            case PacketReceived():
                actions += self._receive(event, now)
            case LinkChanged():
                actions += self._change_link(event, now)
            case LinkRemoved():
                self._links.removed(event.interface, now)
                actions += self._adapt(now)
            case Configured():
                actions += self._configure(event.config.home_agent, now)
            case NetworkStateFailed() | NetworkStateRestored():
                actions += self._troubles.refused(event, now)
            case AddressDuplicate() | AddressSettled():
                actions += self._troubles.own_address(event, now)
            case DatapathChosen():
                self._is_selective = event.route_optimization
                self._registrations.guests.can_use(event.protections)
                actions += [*self._set_state(), *self._registrations.rekey()]
            case WallClockSet():
                self._registrations.guests.authentication.wall_clock_at_boot = event.at_boot
            case MembershipReceived():
                actions += self._groups.hear(event, now)
            case IntegrityFailed() if self._registrations.guests.association(event.home_address) is not None:
                actions += self._registrations.doubts.note_late(event, now)
            case BindingsDismissed():
                actions += self._registrations.dismiss(event.which, now)
            case Stopping():
                actions += self._stop(now)
            case _:
                pass
        actions += self._groups.follow(actions, now)
        self._troubles.drop_unwanted(actions)
        return actions

    def next_deadline(self) -> Instant | None:
        """When something is to be done, None for never."""
        return None if self._is_stopped else self._timers.earliest()

    # --- what it says of itself -------------------------------------------------------------------------------------

    def status(self, now: Instant) -> HomeAgentStatus:
        """Links, number of bindings, and the home agents known; O(bindings)."""
        config = self._config
        if config is None:
            return HomeAgentStatus()
        cache = self._registrations.cache
        return HomeAgentStatus(
            links=links_status(self._links, cache),
            bindings=len(cache),
            max_bindings=config.max_bindings,
            home_agents=self._list.status(own_entries(self._links, now)),
        )

    def binding_cache(self, now: Instant) -> tuple[BindingCacheStatus, ...]:
        """Every binding; O(bindings)."""
        return self._registrations.cache.status()

    def problems(self, now: Instant) -> tuple[Problem, ...]:
        """What a person should know about."""
        if self._config is None:
            return ()
        problems = [*link_problems(self._links), *self._troubles.problems()]
        problems += self._registrations.guests.problems(self._links, self._on_since)
        problems += self._registrations.doubts.problems()
        return tuple(problems)

    def counters(self) -> dict[str, int]:
        """What was received, sent, refused and dropped."""
        return dict(self._counters)

    def refuses_correspondent(self, home_address: IPv6Address) -> BindingStatus | None:
        """Why a home address may not have a binding with this host as a correspondent, None when it may.

        We are its home agent: our packets to it take the tunnel anyway (RFC 6275 section 9.5.1).
        """
        if self._config is None:
            return None
        if self._registrations.cache.find(home_address) is not None:
            return BindingStatus.REGISTRATION_TYPE_CHANGE_DISALLOWED
        return BindingStatus.ADMINISTRATIVELY_PROHIBITED if self._links.serving(home_address) is not None else None

    def snapshot(self, now: Instant) -> tuple[StoredBinding, ...]:
        """What must be kept over a restart (section 15.3); what was restored and is not yet declared is kept too."""
        waiting = (_at(stored, between(now, until)) for stored, until in self._restored.values() if until > now)
        return (*self._registrations.cache.snapshot(now), *waiting)

    def timestamps(self) -> tuple[StoredTimestamp, ...]:
        """What must be kept over a restart of when messages were made (RFC 4285 section 6)."""
        return self._registrations.guests.authentication.snapshot()

    def restore(self, stored: Stored, now: Instant) -> None:
        """Take bindings back; they are adopted with the next Configured event that declares their home link."""
        self._registrations.guests.authentication.restore(stored.timestamps)
        for binding in stored.bindings:
            self._restored[binding.home_address] = binding, after(now, binding.remaining)

    # --- events -----------------------------------------------------------------------------------------------------

    def _configure(self, config: HomeAgentConfig | None, now: Instant) -> list[Action]:
        """The role goes on or off, or its links change."""
        if config == self._config and not self._restored:
            return []
        if self._config is None:
            self._on_since = now
        links = config.links if config is not None else ()
        actions: list[Action] = [*self._say_farewell(links)]
        self._config = config
        self._registrations.config = self._telling.config = config or HomeAgentConfig()
        has_other_keys = self._registrations.admit_guests()
        before = self._links.served
        self._links.configure(links, now)
        self._troubles.links_changed()
        interfaces = frozenset(link.interface for link in links if link.interface is not None)
        self._list.keep_only(interfaces)
        self._prefixes.keep_only(interfaces)
        if config is None:
            self._troubles.forget_refusals()
            actions += self._groups.switch(False, now)
            actions += self._registrations.end(now)
            self._telling.forget_ended()
            return [*actions, *self._set_state(), PublishStatus()]
        actions += self._set_state()
        actions += self._registrations.relink(now)
        if has_other_keys:
            actions += self._registrations.rekey()
        self._telling.forget_ended()
        actions += self._adopt(now)
        actions += self._groups.switch(config.multicast, now)
        for interface in interfaces:
            if _links_on(before, interface) != _links_on(links, interface):
                self._telling.prefixes_changed(interface, now)
        return [*actions, *self._advertise(now), PublishStatus()]

    def _say_farewell(self, links: tuple[HomeLinkConfig, ...]) -> Sequence[Action]:
        """The last advertisement on interfaces that are no longer advertised on."""
        kept = {link.interface for link in links if link.advertising is not None}
        return self._count(
            "ra.sent",
            self._advertising.farewell(tuple(link for link in self._links.served if link.interface not in kept)),
        )

    def _adopt(self, now: Instant) -> list[Action]:
        """Bindings from before a restart whose home link is declared now; of deleted ones only the sequence number."""
        actions: list[Action] = []
        for home_address, (stored, until) in tuple(self._restored.items()):
            link = self._links.serving(home_address)
            if link is None:
                continue
            del self._restored[home_address]
            if stored.remaining <= 0:
                limit = self._registrations.config.max_bindings
                self._registrations.cache.remember(stored, now, limit)
            elif until > now:
                actions += self._registrations.adopt(_at(stored, between(now, until)), link, now)
                actions += self._telling.registered(home_address, now)
        return actions

    def _change_link(self, event: LinkChanged, now: Instant) -> list[Action]:
        before = self._links.interfaces.get(event.interface)
        self._links.changed(event, now)
        actions = self._adapt(now)
        was_up = before is not None and before.is_up and not event.interrupted
        is_same = was_up and before is not None and before.link_layer_address == event.link_layer_address
        if event.is_up and not is_same:
            actions += self._registrations.defend(event.interface, now)
        return actions

    def _adapt(self, now: Instant) -> list[Action]:
        """An interface changed."""
        if self._config is None:
            return []
        return [*self._set_state(), *self._advertise(now), PublishStatus()]

    def _receive(self, event: PacketReceived, now: Instant) -> list[Action]:
        if self._config is None:
            return []
        message = event.packet.message
        if isinstance(message, BindingUpdate):
            self._counters["bu.received"] += 1
            actions = self._registrations.receive(event, message, now)
            switched = self._set_state() if self._registrations.guests.take_switch() else []
            return [*switched, *actions, *self._follow(event.packet.effective_source, now)]
        if isinstance(message, HomeAgentAddressDiscoveryRequest):
            return self._discover(event, message, now)
        if isinstance(message, MobilePrefixSolicitation):
            return [*self._telling.solicited(event, message, now)]
        if not self._links.on(event.interface) or self._links.is_own(event.interface, event.link_layer_source):
            return []
        match message:
            case NeighborAdvertisement():
                return self._registrations.hear_neighbor(event.interface, message.target, now)
            case NeighborSolicitation() if event.packet.source == UNSPECIFIED:
                return self._registrations.hear_neighbor(event.interface, message.target, now)
            case RouterSolicitation():
                self._advertising.solicited(event.interface, now)
            case RouterAdvertisement():
                if self._prefixes.hear(event.interface, event.packet.source, message, now):
                    self._telling.prefixes_changed(event.interface, now)
                self._registrations.cache.limit_on(event.interface, self._prefixes.ends)
                is_news = self._list.hear(event.interface, event.packet.source, message, now)
                return [PublishStatus()] if is_news else []
            case _:
                pass
        return []

    def _discover(self, event: PacketReceived, request: HomeAgentAddressDiscoveryRequest, now: Instant) -> list[Action]:
        """Somebody looks for a home agent."""
        self._counters["dhaad.received"] += 1
        is_wanted = self._config is not None and self._config.address_discovery
        answer = self._discovery.answer(event.packet, request, now) if is_wanted else "switched-off"
        self._counters["dhaad.answered" if isinstance(answer, SendPacket) else f"dhaad.ignored.{answer}"] += 1
        return [answer] if isinstance(answer, SendPacket) else []

    def _follow(self, home_address: IPv6Address, now: Instant) -> Sequence[Action]:
        """A registration may have begun, gone on or ended: who is told of the home prefixes follows it."""
        binding = self._registrations.cache.find(home_address)
        if binding is None:
            self._telling.forget(home_address)
        elif not binding.detecting:
            return self._telling.registered(home_address, now)
        return []

    def _reach_deadlines(self, now: Instant) -> list[Action]:
        actions: list[Action] = []
        for timer, subject in self._timers.pop_due(now):
            actions += self._reach(timer, subject, now)
        return actions

    def _reach(self, timer: Timer, subject: object, now: Instant) -> Sequence[Action]:
        match timer, subject:
            case Timer.DUPLICATE_DETECTION, IPv6Address():
                return [*self._registrations.finish_detection(subject, now), *self._follow(subject, now)]
            case Timer.CACHE_ENTRY_EXPIRES, IPv6Address():
                return [*self._registrations.expire(subject, now), *self._follow(subject, now)]
            case Timer.SEND_PREFIX_ADVERTISEMENT, IPv6Address():
                return self._telling.due(subject, now)
            case Timer.PREVIOUS_CARE_OF_ENDS, IPv6Address():
                return self._registrations.leave_previous(subject)
            case Timer.DELETED_ENTRY_EXPIRES, IPv6Address():
                self._registrations.cache.forget_deleted(subject)
            case Timer.DOUBT_FORGOTTEN, IPv6Address():
                return self._registrations.doubts.forget(subject)
            case Timer.QUERY_LISTENER, IPv6Address():
                return self._groups.ask(subject, now)
            case Timer.GROUP_EXPIRES, (IPv6Address() as home, IPv6Address() as group):
                return self._groups.expire(home, group)
            case Timer.REPEAT_PROXY_ADVERTISEMENT, IPv6Address():
                return self._registrations.repeat_advertisement(subject, now)
            case Timer.SEND_ROUTER_ADVERTISEMENT, str():
                return self._count("ra.sent", self._advertising.send(subject, now))
            case Timer.LISTED_HOME_AGENT_EXPIRES, (str() as interface, IPv6Address() as source):
                return [PublishStatus()] if self._list.expire((interface, source), now) else []
        return []

    def _stop(self, now: Instant) -> list[Action]:
        """The last words of the role, and nothing of ours in the kernel; the bindings stay for `snapshot`."""
        self._is_stopped = True
        if self._config is None:
            return []
        owners = [owner_of(binding.home_address) for binding in self._registrations.cache]
        groups = self._groups.switch(False, now)
        withdrawn = [SetNetworkState(owner=owner, state=EMPTY) for owner in (*owners, OWNER)]
        return [*self._say_farewell(()), *groups, *withdrawn]

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _set_state(self) -> list[Action]:
        state = EMPTY if self._config is None else self._wanted_state(self._config)
        if state == self._state:
            return []
        begins, self._state = self._state.is_empty(), state
        first = before_forwarding(state)
        actions: list[Action] = []
        if begins and not first.is_empty():
            actions.append(SetNetworkState(owner=OWNER, state=first))
        return [*actions, SetNetworkState(owner=OWNER, state=state)]

    def _wanted_state(self, config: HomeAgentConfig) -> NetworkState:
        associations = self._registrations.guests.under_esp()
        return role_state(self._links, associations, selective=self._is_selective, discovery=config.address_discovery)

    def _advertise(self, now: Instant) -> Sequence[Action]:
        return self._count("ra.sent", self._advertising.update(now))

    def _count(self, counter: str, actions: Sequence[Action]) -> Sequence[Action]:
        if actions:
            self._counters[counter] += len(actions)
        return actions


def _links_on(links: tuple[HomeLinkConfig, ...], interface: str) -> list[HomeLinkConfig]:
    return [link for link in links if link.interface == interface]


def _at(stored: StoredBinding, remaining: Seconds) -> StoredBinding:
    return replace(stored, remaining=remaining)
