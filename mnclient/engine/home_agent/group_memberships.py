# SPDX-License-Identifier: GPL-2.0-or-later
"""Which multicast groups mobile nodes listen to (RFC 6275 sections 10.4.2 and 10.4.3; the router of RFC 3810).

Each mobile node is on a link of its own, the tunnel, and alone there: what it reports is all there is to know of the
group, and when it leaves one nobody else has to be asked. Only groups of global scope are followed, and sources are not
told apart. A virtual home link has no packets to forward. Who wants everything in the tunnel encrypted is not asked:
what is said of groups, and the copies, would be the only packets in clear.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import (
    LISTENER_QUERY_INTERVAL,
    LISTENER_QUERY_RESPONSE_INTERVAL,
    LISTENER_ROBUSTNESS,
    LISTENER_STARTUP_QUERY_INTERVAL,
    LISTENING_INTERVAL,
    MAX_GROUPS_PER_HOME_ADDRESS,
)
from mnclient.engine.actions import Action, SendMembership, SetNetworkState
from mnclient.engine.events import MembershipReceived
from mnclient.engine.home_agent.binding_cache import Binding, BindingCache, link_local_of
from mnclient.engine.home_agent.desired_state import home_address_of
from mnclient.engine.timers import Timer, TimerTable
from mnclient.model.network_state import EMPTY, GroupForwarding, NetworkState
from mnclient.units import Instant, after
from mnclient.wire.addresses import ALL_NODES
from mnclient.wire.multicast_listener import GroupRecord, ListenerQuery, ListenerReport, RecordType, TunnelledMembership

OWNER: Final = "home-agent-groups"

_GLOBAL_SCOPE: Final = 0xE
_JOINING: Final = (RecordType.MODE_IS_EXCLUDE, RecordType.CHANGE_TO_EXCLUDE_MODE, RecordType.ALLOW_NEW_SOURCES)
_INCLUDING: Final = (RecordType.MODE_IS_INCLUDE, RecordType.CHANGE_TO_INCLUDE_MODE)


@dataclass(slots=True)
class Listener:
    """A mobile node with a binding: where it is, how often it was asked there, and what it listens to until when."""

    care_of_address: IPv6Address
    asked: int = 0
    groups: dict[IPv6Address, Instant] = field(default_factory=dict)


class GroupMemberships:
    """Listeners by home address. The owner handles Timer.QUERY_LISTENER with `ask` and GROUP_EXPIRES with `expire`.

    `encrypts_payload` says of which home addresses nothing may go through the tunnel in clear.
    """

    def __init__(
        self,
        timers: TimerTable,
        cache: BindingCache,
        counters: Counter[str],
        encrypts_payload: Callable[[IPv6Address], bool],
    ) -> None:
        self.enabled = False
        self._encrypts_payload = encrypts_payload
        self._timers = timers
        self._cache = cache
        self._counters = counters
        self._listeners: dict[IPv6Address, Listener] = {}
        self._at: dict[IPv6Address, dict[IPv6Address, None]] = {}

    def follow(self, actions: Iterable[Action], now: Instant) -> list[Action]:
        """What the role wants of the kernel for its bindings tells which began, moved and ended."""
        if not self.enabled and not self._listeners:
            return []
        changed = [home_address_of(each.owner) for each in actions if isinstance(each, SetNetworkState)]
        return [action for home in changed if home is not None for action in self._settle(home, now)]

    def switch(self, enabled: bool, now: Instant) -> list[Action]:
        """The setting: asks everybody, or forgets everything."""
        self.enabled = enabled
        homes = [binding.home_address for binding in self._cache] if enabled else list(self._listeners)
        return [action for home in homes for action in self._settle(home, now)]

    def hear(self, event: MembershipReceived, now: Instant) -> list[Action]:
        """A report came by a tunnel (section 10.4.3). What is not from a mobile node of ours is passed over."""
        membership = event.membership
        if not self.enabled or not isinstance(membership.message, ListenerReport):
            self._counters["mld.ignored"] += 1
            return []
        home = self._speaker(membership)
        if home is None:
            self._counters["mld.ignored.stranger"] += 1
            return []
        self._counters["mld.reports.received"] += 1
        listener = self._listeners[home]
        before = frozenset(listener.groups)
        for record in membership.message.records:
            self._take(home, listener, record, now)
        return [] if frozenset(listener.groups) == before else [self._state(home, listener)]

    def ask(self, home: IPv6Address, now: Instant) -> list[Action]:
        """A general query through the tunnel, and the time of the next one: sooner after the first."""
        listener, binding = self._listeners.get(home), self._cache.find(home)
        if listener is None or binding is None:
            return []
        listener.asked += 1
        starts = listener.asked < LISTENER_ROBUSTNESS
        interval = LISTENER_STARTUP_QUERY_INTERVAL if starts else LISTENER_QUERY_INTERVAL
        self._timers.set(Timer.QUERY_LISTENER, home, after(now, interval))
        self._counters["mld.queries.sent"] += 1
        query = TunnelledMembership(
            outer_source=binding.link.address,
            outer_destination=binding.care_of_address,
            source=link_local_of(binding.link.address),
            destination=ALL_NODES,
            message=ListenerQuery(maximum_response=LISTENER_QUERY_RESPONSE_INTERVAL),
        )
        return [SendMembership(membership=query)]

    def expire(self, home: IPv6Address, group: IPv6Address) -> list[Action]:
        """Nothing was said of a group for too long."""
        listener = self._listeners.get(home)
        if listener is None or listener.groups.pop(group, None) is None:
            return []
        self._counters["mld.groups.expired"] += 1
        return [self._state(home, listener)]

    def groups_of(self, home: IPv6Address) -> tuple[IPv6Address, ...]:
        """What a mobile node listens to."""
        listener = self._listeners.get(home)
        return () if listener is None else tuple(listener.groups)

    # --- listeners --------------------------------------------------------------------------------------------------

    def _settle(self, home: IPv6Address, now: Instant) -> list[Action]:
        """A binding began, moved or ended."""
        binding, listener = self._cache.find(home), self._listeners.get(home)
        if not self.enabled or binding is None or binding.detecting or binding.link.interface is None:
            return self._forget(home)
        if self._encrypts_payload(home):
            return self._forget(home)
        if listener is not None and listener.care_of_address == binding.care_of_address:
            return []
        if listener is not None:
            self._move(home, listener.care_of_address, binding)
            listener.care_of_address, listener.asked = binding.care_of_address, 0
            moved: list[Action] = [self._state(home, listener)] if listener.groups else []
            return [*moved, *self.ask(home, now)]
        self._listeners[home] = Listener(binding.care_of_address)
        self._at.setdefault(binding.care_of_address, {})[home] = None
        return self.ask(home, now)

    def _move(self, home: IPv6Address, before: IPv6Address, binding: Binding) -> None:
        self._leave(home, before)
        self._at.setdefault(binding.care_of_address, {})[home] = None

    def _leave(self, home: IPv6Address, care_of_address: IPv6Address) -> None:
        there = self._at.get(care_of_address, {})
        there.pop(home, None)
        if not there:
            self._at.pop(care_of_address, None)

    def _forget(self, home: IPv6Address) -> list[Action]:
        listener = self._listeners.pop(home, None)
        if listener is None:
            return []
        self._leave(home, listener.care_of_address)
        self._timers.stop(Timer.QUERY_LISTENER, home)
        for group in listener.groups:
            self._timers.stop(Timer.GROUP_EXPIRES, (home, group))
        return [SetNetworkState(owner=f"{OWNER}:{home}", state=EMPTY)] if listener.groups else []

    def _speaker(self, membership: TunnelledMembership) -> IPv6Address | None:
        """The home address by which a mobile node is known: its tunnel says who it is (section 10.4.3).

        Of several home addresses in one tunnel the link-local source may say which; all the same it is one machine.
        """
        homes = [
            home
            for home in self._at.get(membership.outer_source, {})
            if (binding := self._cache.find(home)) is not None and binding.link.address == membership.outer_destination
        ]
        named = [home for home in homes if link_local_of(home) == membership.source]
        return next(iter(named or homes), None)

    def _take(self, home: IPv6Address, listener: Listener, record: GroupRecord, now: Instant) -> None:
        group = record.group
        if int(group) >> 112 & 0xF != _GLOBAL_SCOPE:
            return
        if record.type in _JOINING or (record.type in _INCLUDING and record.sources):
            if group not in listener.groups and len(listener.groups) >= MAX_GROUPS_PER_HOME_ADDRESS:
                self._counters["mld.groups.refused"] += 1
                return
            listener.groups[group] = after(now, LISTENING_INTERVAL)
            self._timers.set(Timer.GROUP_EXPIRES, (home, group), listener.groups[group])
        elif record.type in _INCLUDING and listener.groups.pop(group, None) is not None:
            self._timers.stop(Timer.GROUP_EXPIRES, (home, group))

    def _state(self, home: IPv6Address, listener: Listener) -> SetNetworkState:
        binding = self._cache.find(home)
        assert binding is not None, "listeners end with their bindings"
        forwardings = frozenset(
            GroupForwarding(
                interface=binding.link.interface or "",
                group=group,
                home_address=home,
                local=binding.link.address,
                remote=binding.care_of_address,
            )
            for group in listener.groups
        )
        return SetNetworkState(owner=f"{OWNER}:{home}", state=NetworkState(group_forwardings=forwardings))
