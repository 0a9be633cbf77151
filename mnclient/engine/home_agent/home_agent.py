# SPDX-License-Identifier: GPL-2.0-or-later
"""The home-agent role (RFC 6275 sections 8.4 and 10): where each event goes, and what the role says of itself.

    registrations      Binding Updates, the binding cache, duplicate detection, proxy advertisements
    router_advertising its own Router Advertisements
    group_memberships  what mobile nodes listen to
    home_agents_list   the other home agents on its links
    desired_state      what the kernel should look like

A role without configuration is off: it keeps looking at the interfaces and does nothing else.
"""

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Final

from mnclient.engine.actions import Action, Note, PublishStatus, SetNetworkState
from mnclient.engine.events import (
    AddressDuplicate,
    AddressSettled,
    BindingsDismissed,
    Configured,
    DatapathChosen,
    Event,
    LinkChanged,
    LinkRemoved,
    MembershipReceived,
    NetworkStateFailed,
    NetworkStateRestored,
    PacketReceived,
    Stopping,
    WallClockSet,
)
from mnclient.engine.home_agent.desired_state import OWNER, before_forwarding, owner_of, role_state
from mnclient.engine.home_agent.group_memberships import GroupMemberships
from mnclient.engine.home_agent.home_agents_list import HomeAgentsList
from mnclient.engine.home_agent.links import HomeLinks
from mnclient.engine.home_agent.registrations import Registrations
from mnclient.engine.home_agent.reporting import link_problems, links_status, own_entries
from mnclient.engine.home_agent.router_advertising import RouterAdvertising
from mnclient.engine.machine import Entropy
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.config import HomeAgentConfig, HomeLinkConfig
from mnclient.model.network_state import EMPTY, NetworkState
from mnclient.model.problems import Problem, ProblemCode
from mnclient.model.status import BindingCacheStatus, HomeAgentStatus
from mnclient.model.stored_binding import Stored, StoredBinding, StoredTimestamp
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.addresses import UNSPECIFIED
from mnclient.wire.binding import BindingStatus, BindingUpdate
from mnclient.wire.neighbor_discovery import (
    NeighborAdvertisement,
    NeighborSolicitation,
    RouterAdvertisement,
    RouterSolicitation,
)

MAX_REFUSALS_KEPT: Final = (
    16  # refused network settings shown as problems; with thousands of bindings the first few tell
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
        self._registrations = Registrations(self._timers, self._links, self._counters)
        self._groups = GroupMemberships(self._timers, self._registrations.cache, self._counters)
        self._advertising = RouterAdvertising(self._timers, self._links, entropy)
        self._list = HomeAgentsList(self._timers)
        self._state: NetworkState = EMPTY
        self._restored: dict[IPv6Address, tuple[StoredBinding, Instant]] = {}
        self._refusals: dict[str, Problem] = {}
        self._taken: dict[IPv6Address, Problem] = {}

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
                actions += self._note_refusal(event, now)
            case AddressDuplicate() | AddressSettled():
                actions += self._note_own_address(event, now)
            case DatapathChosen():
                self._is_selective = event.route_optimization
                self._registrations.guests.can_use(event.protections)
                actions += self._set_state()
            case WallClockSet():
                self._registrations.guests.authentication.wall_clock_at_boot = event.at_boot
            case MembershipReceived():
                actions += self._groups.hear(event, now)
            case BindingsDismissed():
                actions += self._registrations.dismiss(event.which, now)
            case Stopping():
                actions += self._stop(now)
            case _:
                pass
        actions += self._groups.follow(actions, now)
        if self._refusals:
            self._drop_refusals(actions)
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
        problems = [*link_problems(self._links), *self._taken.values(), *self._refusals.values()]
        problems += self._registrations.guests.problems(self._links, self._on_since)
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
        self._registrations.config = config or HomeAgentConfig()
        self._registrations.guests.configure(self._registrations.config)
        self._links.configure(links, now)
        self._taken = {address: taken for address, taken in self._taken.items() if self._links.has_address(address)}
        self._list.keep_only(frozenset(link.interface for link in links if link.interface is not None))
        if config is None:
            self._refusals.clear()
            actions += self._groups.switch(False, now)
            return [*actions, *self._registrations.end(now), *self._set_state(), PublishStatus()]
        actions += self._set_state()
        actions += self._registrations.relink(now)
        actions += self._adopt(now)
        actions += self._groups.switch(config.multicast, now)
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
            return self._registrations.receive(event, message, now)
        if not self._links.on(event.interface) or self._links.is_own(event.interface, event.link_layer_source):
            return []
        match message:
            case NeighborAdvertisement():
                return self._registrations.hear_neighbor(event.interface, message.target)
            case NeighborSolicitation() if event.packet.source == UNSPECIFIED:
                return self._registrations.hear_neighbor(event.interface, message.target)
            case RouterSolicitation():
                self._advertising.solicited(event.interface, now)
            case RouterAdvertisement() if self._list.hear(event.interface, event.packet.source, message, now):
                return [PublishStatus()]
            case _:
                pass
        return []

    def _reach_deadlines(self, now: Instant) -> list[Action]:
        actions: list[Action] = []
        for timer, subject in self._timers.pop_due(now):
            actions += self._reach(timer, subject, now)
        return actions

    def _reach(self, timer: Timer, subject: object, now: Instant) -> Sequence[Action]:
        match timer, subject:
            case Timer.DUPLICATE_DETECTION, IPv6Address():
                return self._registrations.finish_detection(subject, now)
            case Timer.CACHE_ENTRY_EXPIRES, IPv6Address():
                return self._registrations.expire(subject, now)
            case Timer.PREVIOUS_CARE_OF_ENDS, IPv6Address():
                return self._registrations.leave_previous(subject)
            case Timer.DELETED_ENTRY_EXPIRES, IPv6Address():
                self._registrations.cache.forget_deleted(subject)
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
        state = EMPTY if self._config is None else role_state(self._links, selective=self._is_selective)
        if state == self._state:
            return []
        begins, self._state = self._state.is_empty(), state
        first = before_forwarding(state)
        actions: list[Action] = []
        if begins and not first.is_empty():
            actions.append(SetNetworkState(owner=OWNER, state=first))
        return [*actions, SetNetworkState(owner=OWNER, state=state)]

    def _advertise(self, now: Instant) -> Sequence[Action]:
        return self._count("ra.sent", self._advertising.update(now))

    def _count(self, counter: str, actions: Sequence[Action]) -> Sequence[Action]:
        if actions:
            self._counters[counter] += len(actions)
        return actions

    def _note_refusal(self, event: NetworkStateFailed | NetworkStateRestored, now: Instant) -> list[Action]:
        """Something the role wants of the kernel was refused, or is now as wanted."""
        if event.owner != OWNER and not event.owner.startswith(f"{OWNER}:"):
            return []
        if isinstance(event, NetworkStateRestored):
            return [PublishStatus()] if self._refusals.pop(event.owner, None) is not None else []
        if event.owner not in self._refusals and len(self._refusals) >= MAX_REFUSALS_KEPT:
            return []
        self._refusals[event.owner] = Problem(
            code=ProblemCode.NETWORK_REFUSED, subject=event.item, detail=event.reason, since=now
        )
        note = Note(kind="network-refused", text=f"{event.item}: {event.reason}")
        return [note, PublishStatus()]

    def _note_own_address(self, event: AddressDuplicate | AddressSettled, now: Instant) -> list[Action]:
        """The kernel tested the home agent's own address on a home link."""
        if all(link.address != event.address for link in self._links.on(event.interface)):
            return []
        if isinstance(event, AddressSettled):
            return [PublishStatus()] if self._taken.pop(event.address, None) is not None else []
        self._taken[event.address] = Problem(
            code=ProblemCode.NETWORK_REFUSED,
            subject=f"{event.address} on {event.interface}",
            detail="another machine uses the home agent's address",
            since=now,
        )
        return [PublishStatus()]

    def _drop_refusals(self, actions: list[Action]) -> None:
        """What is no longer wanted cannot be refused."""
        for action in actions:
            if isinstance(action, SetNetworkState) and action.state.is_empty():
                self._refusals.pop(action.owner, None)


def _at(stored: StoredBinding, remaining: Seconds) -> StoredBinding:
    return StoredBinding(
        home_address=stored.home_address,
        care_of_address=stored.care_of_address,
        sequence=stored.sequence,
        remaining=remaining,
        link_local_compatibility=stored.link_local_compatibility,
    )
