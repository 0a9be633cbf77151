# SPDX-License-Identifier: GPL-2.0-or-later
"""A host: one whole engine, what its kernel was told, and a disk. It can crash, and it can sleep.

The service around the engine is simulated as far as it matters: it writes to disk what the engine wants kept, as late
as the real one may, and reads that again after a crash, with the real codec.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from ipaddress import IPv6Address
from random import Random
from typing import TYPE_CHECKING, Final

from mnclient.constants import PROTOCOL_MOBILITY
from mnclient.engine.actions import (
    Action,
    AskRouteUse,
    Note,
    PublishStatus,
    ReportHomeAddress,
    SendPacket,
    SetNetworkState,
)
from mnclient.engine.engine import Engine
from mnclient.engine.events import (
    Configured,
    DatapathChosen,
    DeadlineReached,
    Event,
    MalformedReceived,
    PacketReceived,
    RouteUseKnown,
)
from mnclient.errors import WireError
from mnclient.model.config import NodeConfig
from mnclient.model.keys import KeyKind
from mnclient.model.network_state import NetworkState, OptimizationEnd
from mnclient.model.stored_binding import Stored
from mnclient.units import Instant
from mnclient.wire.signalling import upper_layer
from service.core_storage import REGISTRATIONS_DELAY, bindings_delay
from service.state_format import Parts
from service.stored_bindings import decode_bindings, encode_bindings
from tests.simulation.links import Datagram, mirrored
from tests.simulation.network import Network, decoded

if TYPE_CHECKING:
    from tests.simulation.invariants import Invariants

WRITING: Final = 0.01  # seconds that a disk takes
LATEST: Final = 0.02  # seconds by which a busy machine may be late for a deadline


class PseudoRandom:
    """The entropy of one engine."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def octets(self, count: int) -> bytes:
        """`count` octets."""
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        """A number in between."""
        return self._random.uniform(low, high)


class Host(ABC):
    """What all hosts have. A subclass is the kernel: it overrides `set_state`, `send` and `receive`."""

    def __init__(self, name: str, network: Network, config: NodeConfig, invariants: Invariants) -> None:
        self.name = name
        self.network = network
        self.clock = network.clock
        self.config = config
        self.invariants = invariants
        self.states: dict[str, NetworkState] = {}
        self.used: dict[tuple[OptimizationEnd, IPv6Address, IPv6Address], Instant] = {}
        self.is_asleep = False
        self.is_running = False
        self.runs = 0
        self.engine = Engine(PseudoRandom(network.random))
        self._alarm: Instant | None = None
        self._disk = Stored(), Instant(0.0)
        self._write_at: Instant | None = None

    # --- life --------------------------------------------------------------------------------------------------------

    @abstractmethod
    def links_seen(self) -> Iterable[Event]:
        """What the kernel says of the interfaces when the service starts."""

    def start(self) -> None:
        """The service starts, with what is on the disk."""
        self.runs += 1
        self.is_running, self.is_asleep = True, False
        self.engine = Engine(PseudoRandom(self.network.random))
        self._alarm = self._write_at = None
        self.forget_states()
        now = self.clock.now
        if self.runs > 1:
            stored, written = self._disk
            restored = decode_bindings(Parts(json.loads(encode_bindings(stored, written))), now)
            self.engine.restore(restored, now)
            self.invariants.restarted(self, restored)
        self.note("starts")
        for event in (
            DatapathChosen(route_optimization=True, protections=frozenset((KeyKind.ESP,))),
            Configured(config=self.config),
            *self.links_seen(),
        ):
            self.give(event)

    def crash(self, *, reboots: bool) -> None:
        """The service is gone. Its part of the kernel stays as it was, unless the whole machine went."""
        self.is_running = False
        self._alarm = self._write_at = None
        self.invariants.crashed(self)
        self.note("reboots" if reboots else "crashes")
        if reboots:
            self.forget_states()

    def forget_states(self) -> None:
        """Nothing of ours is left in the kernel."""
        for owner in list(self.states):
            self.set_state(owner, NetworkState())

    def note(self, text: str) -> None:
        """For the diagram."""
        if self.network.diagram is not None:
            self.network.diagram.note(self.clock.now, self.name, text)

    # --- the loop ----------------------------------------------------------------------------------------------------

    def give(self, event: Event) -> None:
        """One turn of the loop, and those that follow from it at once."""
        if self.is_asleep or not self.is_running:
            return
        engine, now = self.engine, self.clock.now
        waiting: deque[Event] = deque((event,))
        while waiting:
            happened = waiting.popleft()
            for action in engine.handle(happened, now):
                self._perform(action, waiting)
            self.invariants.after(self, happened)
        self.set_alarm()

    def set_alarm(self) -> None:
        """Wake up at the engine's next deadline, or a little later."""
        deadline = self.engine.next_deadline()
        if deadline == self._alarm:
            return
        self._alarm = deadline
        if deadline is not None:
            late = LATEST * self.network.random.random() ** 8
            self.clock.at(max(deadline, self.clock.now) + late, lambda: self._ring(deadline))

    def _ring(self, deadline: Instant) -> None:
        if deadline == self._alarm and self.is_running and not self.is_asleep:
            self._alarm = None
            self.give(DeadlineReached())

    def wake(self) -> None:
        """Awake again: what is overdue is done now, by and by."""
        self.is_asleep = False
        self._alarm = None
        self.set_alarm()

    def _perform(self, action: Action, waiting: deque[Event]) -> None:
        match action:
            case SendPacket():
                self.invariants.sent(self, action)
                self.send(action)
            case SetNetworkState():
                self.set_state(action.owner, action.state)
            case AskRouteUse():
                last = self.used.get((action.end, action.home_address, action.correspondent))
                waiting.append(
                    RouteUseKnown(
                        end=action.end,
                        home_address=action.home_address,
                        correspondent=action.correspondent,
                        last_used=last,
                    )
                )
            case PublishStatus():
                self._write_within(bindings_delay(self.config))
            case ReportHomeAddress():
                self._write_within(REGISTRATIONS_DELAY)
                self.invariants.reported(self, action)
                if self.network.diagram is not None:
                    self.note(f"{action.home_address} is {action.state.value}")
            case Note() if self.network.diagram is not None and action.kind not in ("home-address", "ignored"):
                self.note(action.text)
            case _:
                pass

    # --- the disk ----------------------------------------------------------------------------------------------------

    def _write_within(self, delay: float) -> None:
        at = Instant(self.clock.now + delay)
        if self._write_at is None or at < self._write_at:
            self._write_at = at
            self.clock.at(at, lambda: self._write(at))

    def _write(self, at: Instant) -> None:
        if at == self._write_at and not self.is_asleep:
            self._write_at = None
            run, state = self.runs, (self.engine.snapshot(self.clock.now), self.clock.now)
            self.clock.after(WRITING, lambda: self._written(run, state))

    def _written(self, run: int, state: tuple[Stored, Instant]) -> None:
        if self.is_running and run == self.runs:
            self._disk = state

    # --- the kernel --------------------------------------------------------------------------------------------------

    def set_state(self, owner: str, state: NetworkState) -> None:
        """What the engine wants of the kernel."""
        if state.is_empty():
            self.states.pop(owner, None)
        else:
            self.states[owner] = state

    @abstractmethod
    def send(self, action: SendPacket) -> None:
        """Signalling of the engine leaves."""

    def signal(self, arrived: Datagram, interface: str, mac: bytes = b"", *, through_tunnel: bool = False) -> None:
        """Signalling for the engine has come."""
        if self.is_asleep or not self.is_running:
            return
        try:
            packet = decoded(arrived.octets)
        except WireError as error:
            self.give(malformed(arrived, error, interface))
            return
        self.give(
            PacketReceived(
                interface=interface,
                packet=packet,
                link_layer_source=mac,
                through_tunnel=through_tunnel,
                protection=mirrored(arrived.protection),
            )
        )


def malformed(arrived: Datagram, error: WireError, interface: str) -> MalformedReceived:
    """What the engine is told of a packet that the decoder refuses."""
    return MalformedReceived(
        interface=interface,
        source=arrived.source,
        destination=arrived.destination,
        fault=error.fault,
        pointer=error.offset,
        original=arrived.octets,
        home_address=arrived.home_address,
        is_mobility_header=upper_layer(arrived.octets)[0] == PROTOCOL_MOBILITY,
    )
