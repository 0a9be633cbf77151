# SPDX-License-Identifier: GPL-2.0-or-later
"""One node: the enabled roles behind one door. Events in, actions out, and one immutable `Status`.

Every event goes to every role, but for Binding Updates: two roles may have something to say to them, and only one is
asked. A role whose part of the configuration is None is off: it follows the interfaces, so that it can be switched on
at any time, and says nothing. Malformed packets are answered here.
"""

from collections import Counter
from dataclasses import replace

from mnclient.engine.actions import Action
from mnclient.engine.correspondent_node.correspondent_node import CorrespondentNode
from mnclient.engine.events import Configured, Event, MalformedReceived, PacketReceived
from mnclient.engine.home_agent.home_agent import HomeAgent
from mnclient.engine.machine import Entropy, Machine
from mnclient.engine.malformed import MalformedAnswers
from mnclient.engine.mobile_node.mobile_node import MobileNode
from mnclient.engine.traffic_counters import TrafficCounters
from mnclient.model.config import NodeConfig
from mnclient.model.handover import Handover
from mnclient.model.status import BindingCacheStatus, Phase, Status
from mnclient.model.stored_binding import Stored
from mnclient.units import Instant
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.packet import Packet


class Engine:
    """The whole node. `restore` comes before the first Configured event."""

    def __init__(self, entropy: Entropy) -> None:
        self._config = NodeConfig()
        self._counters: Counter[str] = Counter()
        self._traffic = TrafficCounters()
        self._malformed = MalformedAnswers()
        self._mobile_node = MobileNode(entropy)
        self._home_agent = HomeAgent(entropy)
        self._correspondent_node = CorrespondentNode(entropy, self._malformed, self._home_agent.refuses_correspondent)

    def handle(self, event: Event, now: Instant) -> list[Action]:
        """React to one event. Nothing that comes from the network raises."""
        actions = self._react(event, now)
        self._traffic.note(event, actions)
        return actions

    def _react(self, event: Event, now: Instant) -> list[Action]:
        if isinstance(event, MalformedReceived):
            self._counters[f"malformed.{event.fault.value}"] += 1
            return self._malformed.answer(event, now)
        if isinstance(event, Configured):
            self._config = event.config
        if isinstance(event, PacketReceived) and isinstance(event.packet.message, BindingUpdate):
            return self._receiver(event.packet, event.packet.message).handle(event, now)
        return [action for role in self._roles() for action in role.handle(event, now)]

    def next_deadline(self) -> Instant | None:
        """When to send `DeadlineReached`, None for never."""
        deadlines = [deadline for role in self._roles() if (deadline := role.next_deadline()) is not None]
        return min(deadlines, default=None)

    def status(self, now: Instant) -> Status:
        """What is true now; the bindings of others are asked for separately."""
        mobile_node, home_agent = self._mobile_node, self._home_agent
        is_mobile = self._config.mobile_node is not None
        is_home_agent = self._config.home_agent is not None
        is_correspondent = self._config.correspondent_node is not None
        return Status(
            now=now,
            phase=mobile_node.phase(now) if is_mobile else Phase.OFF,
            home_addresses=mobile_node.home_addresses(now) if is_mobile else (),
            interfaces=mobile_node.interfaces(now) if is_mobile else (),
            binding_update_list=mobile_node.binding_update_list(now) if is_mobile else (),
            correspondents=mobile_node.correspondents(now) if is_mobile else (),
            correspondent_node=self._correspondent_node.status() if is_correspondent else None,
            home_agent=home_agent.status(now) if is_home_agent else None,
            problems=(
                *(mobile_node.problems(now) if is_mobile else ()),
                *(home_agent.problems(now) if is_home_agent else ()),
                *(self._correspondent_node.problems() if is_correspondent else ()),
            ),
            counters=self.counters(),
        )

    def binding_cache(self, now: Instant) -> tuple[BindingCacheStatus, ...]:
        """Every binding of the home agent and of the correspondent node."""
        return (*self._home_agent.binding_cache(now), *self._correspondent_node.binding_cache())

    def counters(self) -> dict[str, int]:
        """What all roles counted so far."""
        total = Counter(self._counters)
        total.update(self._mobile_node.counters())
        total.update(self._home_agent.counters())
        total.update(self._correspondent_node.counters())
        total.update(self._traffic.counters())
        return dict(total)

    def handovers(self) -> tuple[Handover, ...]:
        """The records of the moves, the newest last."""
        return tuple(self._mobile_node.handovers())

    def snapshot(self, now: Instant) -> Stored:
        """What the roles must find again after a restart; a correspondent's bindings are not (see its module)."""
        bindings, timestamps = self._home_agent.snapshot(now), self._home_agent.timestamps()
        correspondent_node = self._correspondent_node
        return replace(
            self._mobile_node.snapshot(now),
            bindings=bindings,
            timestamps=timestamps,
            accepted_sequences=correspondent_node.accepted_sequences(),
            tokens=correspondent_node.tokens(now),
        )

    def restore(self, stored: Stored, now: Instant) -> None:
        """Give the roles back what `snapshot` said, with the time since then taken off."""
        self._home_agent.restore(stored, now)
        self._mobile_node.restore(stored, now)
        self._correspondent_node.restore(stored, now)

    def _roles(self) -> tuple[Machine, ...]:
        """The home agent first: a mobile node on the same host may depend on it, and the correspondent asks it."""
        return self._home_agent, self._correspondent_node, self._mobile_node

    def _receiver(self, packet: Packet, update: BindingUpdate) -> Machine:
        """The one role that answers a Binding Update (RFC 6275 section 9.5.1).

        By its H bit, as long as the role for it is on. With the other role alone it learns there that it came to the
        wrong one (statuses 131 and 139); and a binding of a correspondent does not become a home registration (139).
        """
        if update.home_registration:
            wanted = self._config.home_agent is not None or self._config.correspondent_node is None
            wanted = wanted and not self._correspondent_node.is_bound(packet)
        else:
            wanted = self._config.correspondent_node is None
        return self._home_agent if wanted else self._correspondent_node
