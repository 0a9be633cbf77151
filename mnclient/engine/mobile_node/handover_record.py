# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of every move of every home address: when it began, and when each stage was reached.

A move begins with its first sign: the link went down, or, where the link stays, a new router was heard or the current
one came into doubt. Signs of the second kind are often nothing: until the home address is really somewhere else such a
record is a draft, known to nobody, and thrown away when the router answers. The first attachment after the start is no
move.
"""

from collections import deque
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_HANDOVERS
from mnclient.engine.actions import ReportHandover
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.signs import Sign
from mnclient.engine.timers import Timer
from mnclient.model.handover import Handover, Outcome, Stage
from mnclient.units import Instant, Seconds, after

CLOSES_AFTER: Final = Seconds(30.0)  # without payload after the acknowledgement: there may simply be no traffic
FAILS_AFTER: Final = Seconds(60.0)  # without acknowledgement after the attachment

_STAGES: Final = {
    Sign.LINK_DOWN: Stage.LINK_DOWN,
    Sign.LINK_UP: Stage.LINK_UP,
    Sign.SOLICITED: Stage.ROUTER_SOLICITED,
    Sign.ROUTER_HEARD: Stage.ROUTER_HEARD,
}
_BEGINNINGS: Final = (Sign.LINK_DOWN, Sign.ROUTER_HEARD, Sign.DOUBT, Sign.ROUTER_LOST)


@dataclass(slots=True)
class _Open:
    """A move under way. `number` 0: a draft."""

    home_address: IPv6Address
    from_network: str
    started: Instant
    number: int = 0
    to_network: str = ""
    interface: str = ""
    attached: bool = False
    stages: list[tuple[Stage, Instant, str]] = field(default_factory=list)

    def has(self, stage: Stage) -> bool:
        return any(known is stage for known, _, _ in self.stages)

    def add(self, stage: Stage, interface: str, now: Instant) -> bool:
        if self.has(stage):
            return False
        self.stages.append((stage, now, interface))
        return True

    def record(self, outcome: Outcome) -> Handover:
        return Handover(
            number=self.number,
            home_address=self.home_address,
            from_network=self.from_network,
            to_network=self.to_network,
            interface=self.interface,
            started=self.started,
            stages=tuple((stage, instant) for stage, instant, _ in self.stages),
            outcome=outcome,
        )


class HandoverLog:
    """All moves, the newest last."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._records: deque[Handover] = deque(maxlen=MAX_HANDOVERS)
        self._open: dict[IPv6Address, _Open] = {}
        self._closed: dict[IPv6Address, _Open] = {}  # the last completed one, until the next begins
        self._networks: dict[IPv6Address, str] = {}
        self._count = 0
        self._unreported: dict[int, Handover] = {}

    def records(self) -> tuple[Handover, ...]:
        """What is kept, the newest last."""
        return tuple(self._records)

    def report(self) -> None:
        """Say what is new since the last time, each move once."""
        for record in self._unreported.values():
            self._context.report(ReportHandover(handover=record))
        self._unreported = {}

    def sign(self, home_address: IPv6Address, sign: Sign, interface: str, is_here: bool, now: Instant) -> None:
        """Movement detection saw something; `is_here`: on the interface that carries the home address."""
        move = self._open.get(home_address)
        if sign is Sign.CONFIRMED:
            if is_here and move is not None and not move.number:
                del self._open[home_address]
            return
        if is_here and sign in _BEGINNINGS and (move is None or move.attached):
            move = self._begin(home_address, now)
        stage = _STAGES.get(sign)
        if move is None or move.attached or stage is None or (stage is Stage.LINK_DOWN and not is_here):
            return
        if sign is Sign.LINK_DOWN and not move.number:
            self._make_real(move)
        if move.add(stage, interface, now):
            self._publish(move, Outcome.UNDER_WAY)

    def attached(self, home_address: IPv6Address, network: str, interface: str, now: Instant) -> None:
        """The home address is at another place now."""
        known = home_address in self._networks
        move = self._open.get(home_address)
        if known and (move is None or move.attached):
            move = self._begin(home_address, now)
        self._networks[home_address] = network
        if move is None:
            return
        if not move.number:
            self._make_real(move)
        move.attached = True
        move.to_network, move.interface = network, interface
        move.stages = [each for each in move.stages if each[0] is Stage.LINK_DOWN or each[2] == interface]
        if network != "home":
            move.add(Stage.CARE_OF_ADDRESS, interface, now)
        self._context.timers.set(Timer.HANDOVER_CLOSES, home_address, after(now, FAILS_AFTER))
        self._publish(move, Outcome.UNDER_WAY)

    def binding_update_sent(self, home_address: IPv6Address, now: Instant) -> None:
        """A Binding Update for the present place left."""
        self._reach(home_address, Stage.BINDING_UPDATE, now)

    def acknowledged(self, home_address: IPv6Address, now: Instant) -> None:
        """The home agent accepted; at home that was all."""
        move = self._reach(home_address, Stage.BINDING_ACKNOWLEDGED, now)
        if move is None:
            return
        if move.to_network == "home" or move.has(Stage.FIRST_PAYLOAD):
            self._close(move, Outcome.COMPLETED)
        else:
            self._context.timers.set(Timer.HANDOVER_CLOSES, home_address, after(now, CLOSES_AFTER))

    def payload_received(self, home_address: IPv6Address, now: Instant) -> None:
        """The first packet came through the tunnel of the present place."""
        move = self._reach(home_address, Stage.FIRST_PAYLOAD, now)
        if move is not None and move.has(Stage.BINDING_ACKNOWLEDGED):
            self._close(move, Outcome.COMPLETED)

    def verified(self, home_address: IPv6Address, now: Instant) -> None:
        """A packet came back through the home agent; the move it belongs to may be complete already."""
        self._reach_late(home_address, Stage.VERIFIED, now)

    def correspondents_reached(self, home_address: IPv6Address, now: Instant) -> None:
        """All correspondents that were talked to directly before are so again."""
        self._reach_late(home_address, Stage.CORRESPONDENTS, now)

    def ended(self, home_address: IPv6Address, outcome: Outcome) -> None:
        """It came to its end in another way: at home without a binding, or refused."""
        move = self._open.get(home_address)
        if move is not None and move.attached:
            self._close(move, outcome)

    def close_due(self, home_address: IPv6Address) -> None:
        """HANDOVER_CLOSES fired."""
        move = self._open.get(home_address)
        if move is not None and move.attached:
            done = move.has(Stage.BINDING_ACKNOWLEDGED)
            self._close(move, Outcome.COMPLETED if done else Outcome.FAILED)

    def forget(self, home_address: IPv6Address) -> None:
        """The home address is given up."""
        move = self._open.pop(home_address, None)
        if move is not None and move.number:
            self._publish(move, Outcome.FAILED)
        self._networks.pop(home_address, None)
        self._closed.pop(home_address, None)
        self._context.timers.stop(Timer.HANDOVER_CLOSES, home_address)

    # --- below: the bookkeeping --------------------------------------------------------------------------------------

    def _begin(self, home_address: IPv6Address, now: Instant) -> _Open | None:
        if home_address not in self._networks:
            return None
        before = self._open.get(home_address)
        if before is not None:
            done = before.has(Stage.BINDING_ACKNOWLEDGED)
            self._close(before, Outcome.COMPLETED if done else Outcome.SUPERSEDED)
        move = _Open(home_address, self._networks[home_address], now)
        self._open[home_address] = move
        return move

    def _make_real(self, move: _Open) -> None:
        self._closed.pop(move.home_address, None)
        self._count += 1
        move.number = self._count

    def _reach(self, home_address: IPv6Address, stage: Stage, now: Instant) -> _Open | None:
        move = self._open.get(home_address)
        if move is None or not move.attached:
            return None
        if move.add(stage, move.interface, now):
            # Acknowledged is done; a first packet that comes later is added to the record all the same.
            done = move.has(Stage.BINDING_ACKNOWLEDGED)
            self._publish(move, Outcome.COMPLETED if done else Outcome.UNDER_WAY)
        return move

    def _reach_late(self, home_address: IPv6Address, stage: Stage, now: Instant) -> None:
        """What may come when the move is over since long."""
        move = self._reach(home_address, stage, now) or self._closed.get(home_address)
        if move is not None and move.add(stage, move.interface, now):
            self._publish(move, Outcome.COMPLETED)

    def _close(self, move: _Open, outcome: Outcome) -> None:
        self._open.pop(move.home_address, None)
        if outcome is Outcome.COMPLETED:
            self._closed[move.home_address] = move
        self._context.timers.stop(Timer.HANDOVER_CLOSES, move.home_address)
        if move.number:
            self._publish(move, outcome)

    def _publish(self, move: _Open, outcome: Outcome) -> None:
        if not move.number:
            return
        record = move.record(outcome)
        for position in range(len(self._records) - 1, -1, -1):
            if self._records[position].number == move.number:
                self._records[position] = record
                break
        else:
            self._records.append(record)
        self._unreported[record.number] = record
