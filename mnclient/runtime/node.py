# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop around the engine: the only place that waits.

Receive, decode, `handle`, perform the actions in order, sleep until the next deadline. Events queue up while an action
waits for the kernel; they are handled one at a time, so the engine never sees two things happen at once. What is only
to be told (log, status) is told when none has come for a moment: a move is some events in a row, and each one counts.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mnclient.engine.actions import (
    Action,
    AskRouteUse,
    Note,
    SendMembership,
    SendPacket,
    SetNetworkState,
    WatchMemberships,
)
from mnclient.engine.engine import Engine
from mnclient.engine.events import (
    BindingsDismissed,
    Configured,
    DatapathChosen,
    DeadlineReached,
    Event,
    LinkChanged,
    Resumed,
    RouteUseKnown,
    Stopping,
    WallClockSet,
)
from mnclient.engine.machine import Entropy
from mnclient.engine.protection import ON_EVERY_HOST
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.config import NodeConfig
from mnclient.model.handover import Handover
from mnclient.model.network_state import RouteOptimization
from mnclient.model.service_status import Datapath
from mnclient.model.status import BindingCacheStatus, Status
from mnclient.model.stored_binding import Stored, StoredEspSequence
from mnclient.network.capabilities import KERNEL, why_no_ipv6
from mnclient.network.network import Network
from mnclient.network.plan import Operation, can_follow_the_update, is_tidying
from mnclient.runtime import told
from mnclient.runtime.blame import Blame
from mnclient.runtime.clock import Alarm, SleepMeter, WakeUp, boottime, wall_clock_of_boot
from mnclient.runtime.entropy import SystemEntropy
from mnclient.runtime.journal import Journal
from mnclient.runtime.message_log import MessageLog
from mnclient.units import Instant, Seconds, after, between
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.neighbor_discovery import NeighborSolicitation, RouterSolicitation

_log = logging.getLogger(__name__)

ONE_RESUME = Seconds(2.0)  # the clock, and whoever else tells us, speak of the same waking up
LATEST = Seconds(2.0)  # a deadline missed by more was slept through, and what is heard now is of now
CLOCK_DRIFT = 0.1  # seconds; timestamps are compared within several seconds
QUIET_TIME = Seconds(0.01)  # without an event, before what is to be told is told
EVENTS_PER_TURN = 64  # then other tasks (D-Bus) get their turn: a flood must not make the service deaf


class Node:
    """A running node: engine, network and clock together."""

    def __init__(
        self, observer: Callable[[Action], None], entropy: Entropy | None = None, *, datapath: str = "auto"
    ) -> None:
        """`observer` is told of every action that is not for the network (reports, notes, status changes).

        `datapath` is one of `network.capabilities.WISHES`.
        """
        self._observer = observer
        self._engine = Engine(entropy or SystemEntropy())
        self.message_log: Final = MessageLog()
        """The signalling sent and heard."""
        self._network = Network(self._deliver, datapath, self.message_log.note)
        self._queue: deque[Event] = deque()
        self._reports: deque[Action] = deque()
        self._solicitations: list[SendPacket] = []  # they wait until the answers to probes sent beside them are read
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._alarm: Alarm | None = None
        self._due = False
        self._wall_clock_at_boot = self.boot_time()
        self._before_deadline = 0  # events in the queue that came before the deadline that is due
        self._quiet: asyncio.TimerHandle | None = None
        self._is_quiet = False
        self._last = Instant(0.0)
        self._sleep = SleepMeter()
        self._blame = Blame(why_no_ipv6)
        self._wake_up: WakeUp | None = None
        self._resumed_at: Instant | None = None
        self.journal = Journal()

    async def start(self, config: NodeConfig, stored: Stored | None = None) -> None:
        """Open the network and begin. `stored` is what `snapshot` said when the service last stopped."""
        self._alarm = Alarm(self._deadline_came)
        self._wake_up = WakeUp(self._clock_jumped)
        await self._network.start()
        self._queue.append(Configured(config=config))  # behind the links there are: those are no news of a movement
        self._queue.appendleft(
            DatapathChosen(
                route_optimization=self.route_optimization == KERNEL, protections=self._network.capabilities.protections
            )
        )
        self._queue.appendleft(WallClockSet(at_boot=self._wall_clock_at_boot))
        if stored is not None:
            self._engine.restore(stored, self.now())
            used = {(each.source, each.destination, each.spi): each.sequence for each in stored.esp_sequences}
            self._network.continue_sequences(used)
        self._task = asyncio.create_task(self._run(), name="engine")
        self._wake.set()

    async def stop(self) -> None:
        """Withdraw everything from the kernel and close. Bindings are left to their lifetime."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        await self._step(Stopping())
        self._tell()
        if self._quiet is not None:
            self._quiet.cancel()
        if self._alarm is not None:
            self._alarm.close()
        if self._wake_up is not None:
            self._wake_up.close()
        await self._network.stop(withdraw=True)

    async def failed(self) -> BaseException:
        """Wait until a defect ends the engine's loop, and return it. It is not survived: state may be wrong."""
        assert self._task is not None
        await asyncio.wait({self._task})
        if self._task.cancelled():
            await asyncio.Event().wait()  # an orderly stop: there is no failure to tell
        return self._task.exception() or RuntimeError("the engine's loop ended by itself")

    def configure(self, config: NodeConfig) -> None:
        """Let a new configuration take effect."""
        self._deliver(Configured(config=config))

    def resumed(self) -> None:
        """The machine was asleep until now. The node notices it by itself; who is told sooner may say so."""
        now = self.now()
        if self._resumed_at is None or between(self._resumed_at, now) >= ONE_RESUME:
            self._resumed_at = now
            self._deliver(Resumed())

    def now(self) -> Instant:
        """The present instant."""
        return boottime()

    def boot_time(self) -> float:
        """Wall-clock time of instant 0."""
        return wall_clock_of_boot()

    def status(self) -> Status:
        """What is true now, with the network's counters merged in."""
        status = self._blame.blamed(self._engine.status(self.now()))
        status.counters.update(self._network.counters())
        return status

    def counters(self) -> dict[str, int]:
        """What was sent, received, carried and refused so far."""
        return {**self._engine.counters(), **self._network.counters()}

    def binding_cache(self) -> tuple[BindingCacheStatus, ...]:
        """All bindings of the home-agent role."""
        return self._engine.binding_cache(self.now())

    def dismiss_bindings(self, which: BindingFilter) -> None:
        """End bindings of the home-agent and correspondent-node roles."""
        self._deliver(BindingsDismissed(which=which))

    def handovers(self) -> tuple[Handover, ...]:
        """The moves so far, the newest last."""
        return self._engine.handovers()

    def snapshot(self) -> Stored:
        """What `start` wants as `stored` the next time."""
        sequences = tuple(
            StoredEspSequence(source=source, destination=destination, spi=spi, sequence=sequence)
            for (source, destination, spi), sequence in self._network.sequences().items()
        )
        return replace(self._engine.snapshot(self.now()), esp_sequences=sequences)

    @property
    def datapath(self) -> Datapath:
        """How payload is carried, and why that way."""
        return self._network.capabilities.datapath

    @property
    def route_optimization(self) -> Datapath:
        """How packets go directly, or why they cannot."""
        return self._network.capabilities.route_optimization

    @property
    def protections(self) -> tuple[str, ...]:
        """The kinds of key with which registrations can be protected here."""
        return tuple(sorted(each.value for each in ON_EVERY_HOST | self._network.capabilities.protections))

    def _deliver(self, event: Event) -> None:
        self._queue.append(event)
        self._wake.set()

    def _deadline_came(self) -> None:
        self._due = True
        self._follow_wall_clock()
        self._hear_first()
        self._wake.set()

    def _hear_first(self) -> None:
        """What is there when a deadline is noticed came before it: a busy machine must not take it for silence."""
        self._network.catch_up()
        self._before_deadline = len(self._queue)

    def _clock_jumped(self) -> None:
        self._follow_wall_clock()
        self._wake.set()

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._sleep.slept():
                    self.resumed()
                await self._handle_all()
                await self._solicit()
                await asyncio.sleep(0)  # for whoever reads the sockets: what has come meanwhile goes first
                self._tell_when_quiet()
        finally:
            self._tell()

    def _tell_when_quiet(self) -> None:
        waits = bool(self._queue or self._due)
        if len(self._reports) >= EVENTS_PER_TURN or (self._is_quiet and not waits):
            self._tell()
        elif self._reports and not waits:
            if self._quiet is not None:
                self._quiet.cancel()
            self._quiet = asyncio.get_running_loop().call_later(QUIET_TIME, self._quiet_came)
        self._is_quiet = False

    def _quiet_came(self) -> None:
        self._is_quiet = True
        self._wake.set()

    async def _handle_all(self) -> None:
        """All events that wait, and those that come meanwhile."""
        handled = 0
        while self._queue or self._due:
            if self._due and not (self._before_deadline and self._queue):
                self._due = False
                await self._step(DeadlineReached())
            if self._queue:
                await self._step(self._queue.popleft())
            handled += 1
            if handled % EVENTS_PER_TURN == 0:
                self._tell()
                await asyncio.sleep(0)

    async def _solicit(self) -> None:
        """A router known from before has often answered already, and then the Binding Update is more urgent.

        A solicitation goes to everybody on the link, and takes longer to send than all probes together.
        """
        if self._solicitations:
            self._network.catch_up()
            await self._handle_all()
            waiting, self._solicitations = self._solicitations, []
            for each in waiting:
                self._network.send(each)

    def _time_of(self, event: Event) -> Instant:
        """When an event happened, as far as the engine is concerned; never before the last one."""
        now, deadline = self.now(), self._engine.next_deadline()
        if isinstance(event, DeadlineReached) or deadline is None or not deadline <= now < after(deadline, LATEST):
            self._before_deadline = 0
        elif not self._before_deadline:
            self._hear_first()
            self._before_deadline += 1  # and this one
        if self._before_deadline and deadline is not None:
            self._before_deadline -= 1
            now = max(self._last, Instant(min(now, math.nextafter(deadline, 0.0))))
        self._last = now
        return now

    def _follow_wall_clock(self) -> None:
        """The engine reads no clock: it is told when the wall clock was set, or has drifted."""
        at_boot = self.boot_time()
        if abs(at_boot - self._wall_clock_at_boot) >= CLOCK_DRIFT:
            self._wall_clock_at_boot = at_boot
            self._deliver(WallClockSet(at_boot=at_boot))

    async def _step(self, event: Event) -> None:
        now = self._time_of(event)
        actions = self._engine.handle(event, now)
        self.journal.record(now, event, actions)
        told.tell(event, actions)
        if any(_is_update(action) for action in actions):
            await self._perform_update(actions)
        else:
            tidies_later = _tells_of_a_dead_link(event)
            probes = any(_is_probe(action) for action in actions)
            for action in actions:
                if probes and isinstance(action, SendPacket) and _is_solicitation(action):
                    self._solicitations.append(action)
                    continue
                await self._perform(action, put_off=is_tidying if tidies_later else None)
            if tidies_later:
                self._network.complete_soon()
        if self._alarm is not None:
            self._alarm.set(self._engine.next_deadline())

    async def _perform_update(self, actions: list[Action]) -> None:
        """The Binding Update leaves as soon as it can: while it is under way there is time for the rest.

        Questions to neighbors, which need nothing from us, come after it.
        """
        is_complete = True
        for action in sorted(actions, key=_is_question):
            if isinstance(action, SendPacket) and not _is_update(action) and not is_complete:
                self._network.complete()
                is_complete = True
            await self._perform(action, put_off=can_follow_the_update)
            is_complete = is_complete and not isinstance(action, SetNetworkState)
        self._network.complete()

    async def _perform(self, action: Action, put_off: Callable[[Operation], bool] | None) -> None:
        match action:
            case SendPacket():
                self._network.send(action)
            case SetNetworkState():
                await self._network.set_state(action.owner, action.state, put_off)
            case SendMembership():
                self._network.send_membership(action.membership)
            case WatchMemberships():
                self._network.watch_memberships(action.home_agents)
            case AskRouteUse():
                self._deliver(self._route_use(action))
            case _:
                self._reports.append(action)

    def _tell(self) -> None:
        """Tell what is to be told, in the order in which it came about."""
        while self._reports:
            action = self._reports.popleft()
            if isinstance(action, Note):
                _log.info("%s: %s", action.kind, action.text)
            self._observer(action)

    def _route_use(self, question: AskRouteUse) -> RouteUseKnown:
        home_address, correspondent = question.home_address, question.correspondent
        route = RouteOptimization(  # what tells one from another; the care-of address does not
            end=question.end, home_address=home_address, correspondent=correspondent, care_of_address=home_address
        )
        used = self._network.last_used(route)
        return RouteUseKnown(
            end=question.end,
            home_address=home_address,
            correspondent=correspondent,
            last_used=None if used is None else Instant(used - self.boot_time()),
        )


def _is_update(action: Action) -> bool:
    return isinstance(action, SendPacket) and isinstance(action.packet.message, BindingUpdate)


def _is_question(action: Action) -> bool:
    return _is_probe(action) or _is_solicitation(action)


def _is_probe(action: Action) -> bool:
    return isinstance(action, SendPacket) and isinstance(action.packet.message, NeighborSolicitation)


def _is_solicitation(action: Action) -> bool:
    return isinstance(action, SendPacket) and isinstance(action.packet.message, RouterSolicitation)


def _tells_of_a_dead_link(event: Event) -> bool:
    return isinstance(event, LinkChanged) and (event.interrupted or not event.is_up)
