# SPDX-License-Identifier: GPL-2.0-or-later
"""What each interface has proved: that it lasts, and that the home agent answers through it.

An interface of better priority takes over only when it has lasted for a while. That while doubles each time it fails
soon after, up to half a minute, so that a flapping one is left alone; a person who changes priorities has looked at it,
and the next cable counts anew. And it must lead to the home agent: an Echo Request from
its own care-of address is answered. Of the interface in use the answers to Binding Updates say it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from mnclient.constants import MAX_INTERFACE_PATIENCE, MAX_INTERFACES
from mnclient.engine.mobile_node.context import Context
from mnclient.engine.mobile_node.echoes import Echoes
from mnclient.engine.retransmission import Backoff
from mnclient.engine.timers import Timer
from mnclient.units import Instant, Seconds, after, between

FIRST_PATIENCE: Final = Seconds(1.0)  # duplicate detection of its care-of address takes as long
STEADY: Final = Seconds(60.0)  # what lasted longer does not flap
AFTER_SILENCE: Final = Seconds(30.0)  # at least, where Binding Updates got no answer, whatever else did
TRIES: Final = 3
ANSWER_WITHIN: Final = Seconds(1.0)  # a round trip by satellite, and the neighbours' address resolution before
ASK_AGAIN_FIRST: Final = Seconds(5.0)  # a person logs in to a network within a minute
ASK_AGAIN_CEILING: Final = Seconds(300.0)
FRESH: Final = Seconds(5.0)  # how long an answer says that the interface leads to the home agent now


def _new_backoff() -> Backoff:
    return Backoff(ASK_AGAIN_FIRST, ASK_AGAIN_CEILING)


@dataclass(slots=True)
class _Record:
    """`since`: attached since then, None when it is not. `asked`: from and to where the present answer is about."""

    since: Instant | None = None
    patience: Seconds = FIRST_PATIENCE
    reaches: bool | None = None
    reached_at: Instant = Instant(float("-inf"))
    asked: tuple[IPv6Address, IPv6Address] | None = None
    tries: int = 0
    pause: Backoff = field(default_factory=_new_backoff)


class Standing:
    """All interfaces, also those that are not attached now."""

    def __init__(self, context: Context, echoes: Echoes) -> None:
        self._context = context
        self._echoes = echoes
        self._records: dict[str, _Record] = {}

    # --- what it says ------------------------------------------------------------------------------------------------

    def reaches(self, interface: str) -> bool | None:
        """Whether the home agent answered from there; None when it was not asked, or has not had the time."""
        return self._record(interface).reaches

    def has_lasted(self, interface: str, now: Instant) -> bool:
        """Whether it has been attached for as long as it takes to be trusted."""
        record = self._record(interface)
        return record.since is not None and between(record.since, now) >= record.patience

    def all_reaches(self) -> tuple[tuple[str, bool | None], ...]:
        """Every answer, for comparison."""
        return tuple((name, record.reaches) for name, record in self._records.items())

    # --- what it is told ---------------------------------------------------------------------------------------------

    def attached(self, interfaces: Collection[str], now: Instant) -> None:
        """These are attached to a network now, and no others."""
        for name in interfaces:
            record = self._records.setdefault(name, _Record())
            if record.since is None:
                self._begin(name, record, now)
        for name, record in tuple(self._records.items()):
            if name not in interfaces and record.since is not None:
                self._punish(record, now)
                self._end(name, record)
        detached = [name for name, record in self._records.items() if record.since is None]
        while len(self._records) > MAX_INTERFACES and detached:
            del self._records[detached.pop(0)]

    def answered_registration(self, interface: str, now: Instant) -> None:
        """The home agent acknowledged a Binding Update that was sent from there."""
        record = self._records.get(interface)
        if record is not None and record.since is not None:
            self._stop_asking(interface, record)
            record.reaches, record.reached_at = True, now

    def taken(self, interface: str) -> None:
        """It is in use from now on: only what becomes of Binding Updates counts."""
        record = self._records.get(interface)
        if record is not None:
            self._stop_asking(interface, record)
            record.reaches = record.reaches or None

    def silent(self, interface: str, now: Instant) -> None:
        """Binding Updates from there get no answer: others may be better, and this one must prove itself anew."""
        record = self._records.get(interface)
        if record is None or record.since is None or record.reaches is False:
            return
        self._punish(record, now)
        record.patience = Seconds(max(record.patience, AFTER_SILENCE))
        record.reaches, record.since = False, now
        self._context.timers.set(Timer.INTERFACE_PROVED, interface, after(now, record.patience))
        for name, other in self._records.items():
            if name != interface:
                self._doubt(name, other)

    def doubt_all(self) -> None:
        """Whatever was answered is old."""
        for name, record in self._records.items():
            self._doubt(name, record)

    def forgive_all(self, now: Instant) -> None:
        """Nothing is held against any of them any more; those that failed are asked again at once."""
        for name, record in self._records.items():
            if record.patience > FIRST_PATIENCE or record.reaches is False:
                self._doubt(name, record)
            record.patience = FIRST_PATIENCE
            if record.since is not None and self._context.timers.deadline(Timer.INTERFACE_PROVED, name) is not None:
                self._context.timers.set(Timer.INTERFACE_PROVED, name, max(after(record.since, FIRST_PATIENCE), now))

    def examine(self, interface: str, care_of: IPv6Address, agent: IPv6Address, now: Instant) -> None:
        """A care-of address is ready there: see to it that it becomes known whether the home agent answers."""
        record = self._records.get(interface)
        if record is None or record.since is None:
            return
        if record.asked != (care_of, agent):
            self._doubt(interface, record)
            record.asked = (care_of, agent)
        is_asking = self._context.timers.deadline(Timer.PROBE_HOME_AGENT, interface) is not None
        if record.reaches is None and not is_asking:
            self._ask(interface, record, now)
        elif record.reaches is False and not is_asking:
            self._context.timers.set(Timer.PROBE_HOME_AGENT, interface, after(now, record.pause.next_timeout()))

    def only_these_are_asked(self, interfaces: Iterable[str]) -> None:
        """No question about any other interface is open."""
        wanted = set(interfaces)
        for name, record in self._records.items():
            if name not in wanted and record.asked is not None:
                self._stop_asking(name, record)

    def answer(self, interface: str, now: Instant) -> None:
        """The Echo Reply came."""
        record = self._records.get(interface)
        if record is not None and record.asked is not None:
            self._context.count("echo.home-agent.answered")
            self._context.timers.stop(Timer.PROBE_HOME_AGENT, interface)
            self._echoes.forget(("reach", interface))
            record.reaches, record.reached_at, record.tries, record.pause = True, now, 0, _new_backoff()

    def unreachable(self, interface: str, now: Instant) -> None:
        """The network said that the question could not be delivered."""
        record = self._records.get(interface)
        if record is not None and record.asked is not None and record.tries:
            self._give_up(interface, record, now)

    # --- timers ------------------------------------------------------------------------------------------------------

    def probe_due(self, interface: str, now: Instant) -> None:
        """PROBE_HOME_AGENT fired: no answer in time, or the pause after a failure is over."""
        record = self._records.get(interface)
        if record is None or record.asked is None:
            return
        if record.tries >= TRIES:
            self._give_up(interface, record, now)
        else:
            self._ask(interface, record, now)

    def proved(self, interface: str, now: Instant) -> None:
        """INTERFACE_PROVED fired: it has lasted. An answer of the beginning of a long wait is too old to act upon."""
        record = self._records.get(interface)
        if record is not None and record.reaches and between(record.reached_at, now) > FRESH:
            self._doubt(interface, record)

    # --- below -------------------------------------------------------------------------------------------------------

    def _record(self, interface: str) -> _Record:
        return self._records.get(interface) or _Record()

    def _begin(self, name: str, record: _Record, now: Instant) -> None:
        record.since = now
        self._context.timers.set(Timer.INTERFACE_PROVED, name, after(now, record.patience))

    def _end(self, name: str, record: _Record) -> None:
        record.since = None
        record.reaches = None
        self._context.timers.stop(Timer.INTERFACE_PROVED, name)
        self._stop_asking(name, record)

    def _punish(self, record: _Record, now: Instant) -> None:
        lasted = between(record.since, now) if record.since is not None else Seconds(0.0)
        doubled = Seconds(min(2 * record.patience, MAX_INTERFACE_PATIENCE))
        record.patience = doubled if lasted < STEADY else FIRST_PATIENCE

    def _doubt(self, name: str, record: _Record) -> None:
        if record.asked is not None:
            self._stop_asking(name, record)
            record.reaches = None

    def _ask(self, name: str, record: _Record, now: Instant) -> None:
        assert record.asked is not None
        record.tries += 1
        self._echoes.ask(("reach", name), *record.asked, name)
        self._context.timers.set(Timer.PROBE_HOME_AGENT, name, after(now, ANSWER_WITHIN))

    def _give_up(self, name: str, record: _Record, now: Instant) -> None:
        if record.reaches is not False:
            self._context.note("no-way-home", f"the home agent does not answer from {name}")
        record.reaches, record.tries = False, 0
        self._echoes.forget(("reach", name))
        self._context.timers.set(Timer.PROBE_HOME_AGENT, name, after(now, record.pause.next_timeout()))

    def _stop_asking(self, name: str, record: _Record) -> None:
        record.asked, record.tries, record.pause = None, 0, _new_backoff()
        self._echoes.forget(("reach", name))
        self._context.timers.stop(Timer.PROBE_HOME_AGENT, name)
