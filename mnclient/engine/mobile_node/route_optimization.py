# SPDX-License-Identifier: GPL-2.0-or-later
"""Route optimisation of the mobile-node role: all correspondents of all home addresses (RFC 6275 sections 11.6, 11.7).

A correspondent is entered when payload from it comes through the tunnel, and only while it may be talked to directly.
What it does from then on is decided in `correspondent`; here is what concerns all of them: where the home addresses
are, who may begin, how many there may be, and what the kernel is told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_CGA_BINDING_LIFETIME, MAX_CORRESPONDENTS
from mnclient.engine.actions import SetNetworkState
from mnclient.engine.events import (
    CorrespondentHeard,
    DatapathChosen,
    Event,
    NetworkStateFailed,
    PacketReceived,
    RouteUseKnown,
)
from mnclient.engine.mobile_node import correspondent_policy as policy
from mnclient.engine.mobile_node.care_of import CareOfAddresses, valid_until
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.correspondent import Correspondent, Input
from mnclient.engine.mobile_node.correspondent_answers import Answers
from mnclient.engine.mobile_node.correspondent_binding import NOWHERE, Footing, Shared
from mnclient.engine.mobile_node.handover_record import HandoverLog
from mnclient.engine.mobile_node.home_registration import HomeRegistration
from mnclient.engine.mobile_node.optimized_routes import OptimizedRoutes
from mnclient.engine.timers import Timer
from mnclient.model.config import MobileNodeConfig
from mnclient.model.network_state import OptimizationEnd
from mnclient.model.status import BindingUpdateStatus, CorrespondentStatus
from mnclient.model.status import CorrespondentState as State
from mnclient.model.status import HomeAddressState as HomeState
from mnclient.model.stored_binding import Stored, StoredOptimization, StoredUsedSequence
from mnclient.units import Instant, Seconds, after, between

FOREVER: Final = Instant(float("inf"))
IN_USE_WITHIN: Final = Seconds(120.0)  # a route unused for longer is not renewed; a pause in a talk is shorter
_TIMER_INPUTS: Final = {
    Timer.RETRANSMIT_HOME_TEST_INIT: Input.HOME_TEST_TIMED_OUT,
    Timer.RETRANSMIT_CARE_OF_TEST_INIT: Input.CARE_OF_TEST_TIMED_OUT,
    Timer.RETRANSMIT_CORRESPONDENT_UPDATE: Input.UPDATE_TIMED_OUT,
    Timer.REFRESH_CORRESPONDENT: Input.REFRESH,
    Timer.CORRESPONDENT_EXPIRES: Input.EXPIRED,
}
_IDLE: Final = (State.TUNNELLED, State.UNRESPONSIVE)
_HEARING: Final = (*_IDLE, State.DIRECT)
Registrations = Mapping[IPv6Address, HomeRegistration]


class RouteOptimization:
    """The correspondents. What was remembered of them outlives the role's being switched off."""

    def __init__(self, context: Context) -> None:
        self._shared = Shared(context)
        self._kept: list[tuple[StoredOptimization, Instant]] = []
        self._is_possible = False
        self._tables: dict[IPv6Address, dict[IPv6Address, Correspondent]] = {}
        self._config: MobileNodeConfig | None = None
        self._own: tuple[IPv6Address, ...] = ()
        self._routes = OptimizedRoutes()
        self._returning: dict[IPv6Address, set[IPv6Address]] = {}
        self._answers = Answers(context, self._find, self._all_of)

    def begin(self, context: Context) -> None:
        """As at the start, but for what is remembered, what was just sent, and what the system can do."""
        before, self._shared = self._shared, Shared(context)
        self._shared.remembered, self._shared.rates = before.remembered, before.rates
        self._shared.updates = before.updates
        self._shared.updates.clear()
        self._tables, self._returning, self._config = {}, {}, None
        self._answers = Answers(context, self._find, self._all_of)

    def datapath_chosen(self, event: DatapathChosen) -> None:
        """Whether packets can go directly at all; said at any time."""
        self._is_possible = event.route_optimization

    def configure(self, config: MobileNodeConfig) -> None:
        """What is wanted from now on; `settle` acts on it."""
        self._config = config
        self._shared.precomputed = {key.pair: key for key in config.precomputed_keys}
        self._shared.generated = {each.address: each for each in config.generated_addresses}

    def withdraw(self, home_address: IPv6Address, now: Instant) -> None:
        """The home address is given up, or the role ends: delete the bindings that can be deleted without waiting."""
        context = self._shared.context
        sent, context.signals = context.signals, []
        for known in self._tables.pop(home_address, {}).values():
            known.feed(Input.UNWANTED, now)
            self._keep(known, now)
            known.close(now)
        context.probes += context.signals  # before the care-of address goes
        context.signals = sent
        self._shared.footings.pop(home_address, None)
        self._returning.pop(home_address, None)

    def withdraw_all(self, now: Instant) -> None:
        """As `withdraw`, for every home address."""
        for home_address in list(self._tables):
            self.withdraw(home_address, now)

    # --- what happens ------------------------------------------------------------------------------------------------

    def take_in(self, event: Event, now: Instant) -> bool:
        """Act on an event. False when it concerns somebody else."""
        match event:
            case PacketReceived():
                return self._answers.read(event, now)
            case CorrespondentHeard():
                self._heard(event, now)
            case RouteUseKnown(end=OptimizationEnd.MOBILE_NODE):
                self._use_known(event, now)
            case NetworkStateFailed():
                return self._failed(event, now)
            case _:
                return False
        return True

    def fire(self, timer: Timer, correspondent: IPv6Address, home_address: IPv6Address, now: Instant) -> None:
        """A timer of a correspondent came."""
        known = self._find(correspondent, home_address)
        if known is not None and timer in _TIMER_INPUTS:
            known.feed(_TIMER_INPUTS[timer], now)

    def _heard(self, event: CorrespondentHeard, now: Instant) -> None:
        config, home_address, address = self._config, event.home_address, event.correspondent
        footing = self._shared.footings.get(home_address, NOWHERE)
        if config is None or not footing.is_acknowledged or not self._is_wanted:
            return
        if not policy.can_be_correspondent(address, config.home_addresses, self._own):
            self._shared.context.count("correspondent.unsuited")
            return
        known = self._enter(home_address, address, now)
        if known is None:
            self._shared.context.count("correspondent.no-room")
            return
        known.heard_at = now
        reason = policy.refusal(address, config) or policy.refusal_for_home(home_address, config)
        if reason:
            known.reason, known.is_waiting = reason, False
        elif known.state in _HEARING:
            known.feed(Input.HEARD, now)

    def _use_known(self, event: RouteUseKnown, now: Instant) -> None:
        known = self._find(event.correspondent, event.home_address)
        if known is not None:
            is_used = event.last_used is not None and between(event.last_used, now) < IN_USE_WITHIN
            known.feed(Input.USED if is_used else Input.UNUSED, now)

    def _failed(self, event: NetworkStateFailed, now: Instant) -> bool:
        pair = self._routes.pair_of(event.owner)
        if pair is None:
            return False
        known = self._find(pair[1], pair[0])
        self._shared.context.count("correspondent.system-refused")
        self._shared.context.note("correspondent", f"{event.item}: {event.reason}")
        if known is not None:
            known.feed(Input.SYSTEM_REFUSED, now)
        return True

    @property
    def _is_wanted(self) -> bool:
        return self._is_possible and self._config is not None and policy.is_on(self._config.route_optimization)

    # --- the table ---------------------------------------------------------------------------------------------------

    def _find(self, correspondent: IPv6Address, home_address: IPv6Address) -> Correspondent | None:
        return self._tables.get(home_address, {}).get(correspondent)

    def _all_of(self, correspondent: IPv6Address) -> list[Correspondent]:
        return [table[correspondent] for table in self._tables.values() if correspondent in table]

    def _all(self) -> Iterator[Correspondent]:
        for table in self._tables.values():
            yield from table.values()

    def _enter(self, home_address: IPv6Address, address: IPv6Address, now: Instant) -> Correspondent | None:
        """The entry, a new one if there is room: the one that was idle for the longest time has to make it."""
        table = self._tables.setdefault(home_address, {})
        if address in table:
            return table[address]
        if len(table) >= MAX_CORRESPONDENTS:
            idle = [each for each in table.values() if each.state in _IDLE and each.bound_until is None]
            if not idle:
                return None
            oldest = min(idle, key=lambda each: each.heard_at)
            oldest.close(now)
            del table[oldest.address]
        known = table[address] = Correspondent(home_address, address, self._shared, now)
        retry_at = self._shared.remembered.retry_at(address)
        if retry_at is not None and retry_at > now:
            known.state, known.retry_at = State.UNRESPONSIVE, retry_at
            known.reason = "it did not take part the last time"
        return known

    # --- settling ----------------------------------------------------------------------------------------------------

    def settle(self, registrations: Registrations, care_of: CareOfAddresses, log: HandoverLog, now: Instant) -> None:
        """Act on where the home addresses are now, and on what is wanted."""
        mine = tuple(address for interface in care_of.interfaces() for address in care_of.all_of(interface))
        self._own = (*registrations, *mine)
        self._take_up_kept(registrations, now)
        for registration in registrations.values():
            self._settle_home(registration, now)
        self._take_keys(now)
        self._drop_unwanted(now)
        self._let_wait_no_longer(now)
        self._note_returned(log, now)
        self._routes.settle(self._all(), mine)

    def _settle_home(self, registration: HomeRegistration, now: Instant) -> None:
        address = registration.home.address
        before, footing = self._shared.footings.get(address, NOWHERE), footing_of(registration)
        if footing == before and not footing.is_at_home:
            return
        self._shared.footings[address] = footing
        table = self._tables.get(address, {})
        if footing.care_of_address != before.care_of_address:
            if before.care_of_address is not None:
                direct = {each.address for each in table.values() if each.state is State.DIRECT}
                self._returning[address] = self._returning.get(address, set()) | direct
            has_moved = footing.care_of_address is not None
            _feed(table.values(), Input.MOVED if has_moved else Input.DETACHED, now)
        elif before.is_at_home and not footing.is_at_home:
            _feed(table.values(), Input.DETACHED, now)
        if footing.is_acknowledged and not before.is_acknowledged:
            _feed([e for e in table.values() if e.state in (State.TESTING, State.DIRECT)], Input.ACKNOWLEDGED, now)
        if footing.care_of_address == before.care_of_address is not None and footing.until < before.until:
            outlasting = [e for e in table.values() if e.bound_until is not None and e.bound_until > footing.until]
            _feed(outlasting, Input.SHORTENED, now)  # 11.4.2
        if footing.is_at_home and not before.is_at_home:
            _feed(table.values(), Input.HOME, now)
        if footing.is_at_home:
            self._returning.pop(address, None)
            for each in [each for each in table.values() if each.state is State.TUNNELLED]:
                each.close(now)
                del table[each.address]

    def _take_keys(self, now: Instant) -> None:
        """A key has come, changed or gone (RFC 4449, RFC 4866): begin anew with what there is now."""
        for each in self._all():
            if each.has_other_key():
                each.take_key()
                if each.state not in (*_IDLE, State.LEAVING):
                    each.feed(Input.MOVED, now)

    def _drop_unwanted(self, now: Instant) -> None:
        """What is not allowed any more is deleted where it was in use, and not begun where it was not."""
        if self._config is None:
            return
        for each in self._all():
            if each.footing.is_at_home or each.is_unwanted:
                continue
            reason = policy.refusal(each.address, self._config) or ("" if self._is_possible else "not possible here")
            if not reason:
                continue
            if each.state not in _IDLE or each.bound_until is not None:
                each.feed(Input.UNWANTED, now)
            each.is_waiting, each.reason = False, reason

    def _let_wait_no_longer(self, now: Instant) -> None:
        waiting = [each for each in self._all() if each.is_waiting and each.footing.care_of_address is not None]
        for each in sorted(waiting, key=lambda each: each.heard_at, reverse=True):
            if each.state is State.TUNNELLED and self._shared.admits(is_proven=each.is_proven):
                each.feed(Input.TURN, now)

    def _note_returned(self, log: HandoverLog, now: Instant) -> None:
        """After a move: when the last correspondent that was direct before is so again."""
        for home_address, addresses in list(self._returning.items()):
            known = [each for address in addresses if (each := self._find(address, home_address)) is not None]
            back = {each.address for each in known if each.state is State.DIRECT}
            left = {e.address for e in known if e.state in (State.TESTING, State.REGISTERING) or e.is_waiting}
            self._returning[home_address] = left
            if not left:
                del self._returning[home_address]
                if back:
                    log.correspondents_reached(home_address, now)

    # --- what is said ------------------------------------------------------------------------------------------------

    def take_states(self) -> tuple[list[SetNetworkState], list[SetNetworkState]]:
        """What the kernel must be told before, and after, what the role itself wants of it."""
        if self._config is None:
            self._routes.settle((), ())
        return self._routes.take_states()

    def statuses(self) -> tuple[CorrespondentStatus, ...]:
        """All correspondents, for people."""
        return tuple(each.status() for each in self._all())

    def binding_update_list(self) -> tuple[BindingUpdateStatus, ...]:
        """What correspondents were told."""
        return self._shared.updates.statuses()

    def updates_values(self) -> list[tuple[object, ...]]:
        """The same, enough to see whether it is something else than before."""
        return self._shared.updates.values()

    # --- over a restart, and while the role is off --------------------------------------------------------------------

    def _keep(self, known: Correspondent, now: Instant) -> None:
        """What could not be deleted is not forgotten: it may matter again before it ends."""
        stored = stored_of(known, now)
        if stored is not None and known.state is not State.LEAVING and len(self._kept) < MAX_CORRESPONDENTS:
            self._kept.append((stored, after(now, stored.remaining)))

    def snapshot(self, now: Instant) -> Stored:
        """What the next run needs: who answers, who may hold a binding, and the numbers that it has to go on from."""
        bound = [stored for each in self._all() if (stored := stored_of(each, now)) is not None]
        bound += [replace(each, remaining=between(now, until)) for each, until in self._kept if until > now]
        used = self._shared.updates.used_sequences(now)
        return Stored(
            correspondents=tuple(self._shared.remembered.snapshot(now)),
            optimizations=tuple(bound),
            used_sequences=tuple(
                StoredUsedSequence(home_address=home, correspondent=correspondent, sequence=sequence, remaining=left)
                for (correspondent, home), sequence, left in used
            ),
        )

    def restore(self, stored: Stored, now: Instant) -> None:
        """Take back what `snapshot` said, before the first Configured event."""
        for each in stored.used_sequences[:MAX_CORRESPONDENTS]:
            if each.remaining > 0:
                self._shared.updates.go_on((each.correspondent, each.home_address), each.sequence, now)
        self._shared.remembered.restore(stored.correspondents, now)
        self._kept = [
            (each, after(now, min(each.remaining, MAX_CGA_BINDING_LIFETIME)))
            for each in stored.optimizations
            if each.remaining > 0
        ]

    def _take_up_kept(self, registrations: Registrations, now: Instant) -> None:
        """Correspondents that may still send to the care-of address of the last run are told of the present one."""
        for stored, until in self._kept:
            if stored.home_address in registrations and until > now:
                known = self._enter(stored.home_address, stored.correspondent, now)
                if known is not None:
                    known.resume(stored.care_of_address, until)
        self._kept = []


def footing_of(registration: HomeRegistration) -> Footing:
    """Where a home address is, as far as correspondents are concerned."""
    if registration.state is HomeState.AT_HOME:
        return Footing(is_at_home=True)
    place, link = registration.place, registration.link
    is_abroad = registration.state in (HomeState.REGISTERING, HomeState.REGISTERED)
    if not is_abroad or place is None or place.care_of is None or link is None:
        return NOWHERE
    lasting = (registration.registered_until, registration.valid_until, valid_until(place.care_of, link))
    ends = [each for each in lasting if each is not None]
    return Footing(
        care_of_address=place.care_of.address,
        is_acknowledged=registration.state is HomeState.REGISTERED,
        until=min(ends, default=FOREVER),
        protection=registration.protection,
    )


def stored_of(known: Correspondent, now: Instant) -> StoredOptimization | None:
    """The binding a correspondent may hold, None when it holds none."""
    if known.bound_until is None or known.care_of_address is None or known.bound_until <= now:
        return None
    return StoredOptimization(
        home_address=known.home_address,
        correspondent=known.address,
        care_of_address=known.care_of_address,
        remaining=between(now, known.bound_until),
    )


def _feed(known: Iterable[Correspondent], event: Input, now: Instant) -> None:
    """The most recently heard first: where not all can begin at once, they are the ones in use."""
    for each in sorted(known, key=lambda each: each.heard_at, reverse=True):
        each.feed(event, now)
