# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves as bars: each stage a piece as long as it took, on one scale for all bars."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mnclient.model.handover import Handover, Outcome, Stage
from mnclient.units import Instant
from ui.texts import mark, tr
from ui.view import roles
from ui.view.moment import Moment
from ui.view.wording import duration, isolated, number, sentence


class Part(Enum):
    """What the time of a stage was spent on. Each has a colour, a pattern and a word."""

    LINK = "link"
    NETWORK = "network"
    HOME_AGENT = "home-agent"
    PAYLOAD = "payload"
    CORRESPONDENTS = "correspondents"


PARTS: Final = {
    Part.LINK: mark("Link"),
    Part.NETWORK: mark("Address in the network"),
    Part.HOME_AGENT: mark("Home agent"),
    Part.PAYLOAD: mark("Traffic and check"),
    Part.CORRESPONDENTS: mark("Correspondents"),
}
STAGES: Final = {
    Stage.LINK_DOWN: (Part.LINK, mark("Link lost")),
    Stage.LINK_UP: (Part.LINK, mark("Link back")),
    Stage.ROUTER_SOLICITED: (Part.NETWORK, mark("Asked for a router")),
    Stage.ROUTER_HEARD: (Part.NETWORK, mark("Router heard")),
    Stage.CARE_OF_ADDRESS: (Part.NETWORK, mark("New address")),
    Stage.BINDING_UPDATE: (Part.HOME_AGENT, mark("Home agent told")),
    Stage.BINDING_ACKNOWLEDGED: (Part.HOME_AGENT, mark("Home agent agreed")),
    Stage.FIRST_PAYLOAD: (Part.PAYLOAD, mark("First packet arrived")),
    Stage.VERIFIED: (Part.PAYLOAD, mark("Verified")),
    Stage.CORRESPONDENTS: (Part.CORRESPONDENTS, mark("Correspondents told")),
}
OUTCOMES: Final = {
    Outcome.UNDER_WAY: (mark("under way"), roles.BUSY, "working"),
    Outcome.COMPLETED: (mark("completed"), roles.GOOD, "check"),
    Outcome.SUPERSEDED: (mark("moved on"), roles.QUIET, "next"),
    Outcome.FAILED: (mark("failed"), roles.BAD, "error"),
}
_OUTLIER: Final = 4.0
"""A bar this many times longer than the usual one is cut off, or it would make all others too small to see."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The time from the stage before to this one, in seconds since the move began."""

    part: Part
    stage: str
    start: float
    end: float

    def text(self) -> str:
        """What the tooltip says."""
        return tr("{stage} at {at}, after {took}", stage=self.stage, at=duration(self.end), took=duration(self.took))

    @property
    def took(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Move:
    """One bar and its words. `works`: when the home address worked again, None if it did not."""

    number: int
    title: str
    where: str
    started: Instant
    outcome: str
    role: str
    icon: str
    took: str
    works: float | None
    total: float
    pieces: tuple[Piece, ...]

    def describe(self, when: str) -> str:
        """The bar in words."""
        return sentence([f"{when}: {self.title}", self.result, *(each.text() for each in self.pieces)])

    @property
    def result(self) -> str:
        """How it ended, and after what time the home address worked again."""
        if not self.took:
            return self.outcome
        return tr("{outcome}, worked again after {took}", outcome=self.outcome, took=self.took)


def moves(handovers: Iterable[Handover], moment: Moment) -> tuple[Move, ...]:
    """All moves, the newest first."""
    return tuple(_move(each, moment) for each in sorted(handovers, key=lambda each: (each.started, each.number))[::-1])


def scale(shown: Sequence[Move]) -> float:
    """How many seconds the longest bar stands for; bars beyond it are cut off."""
    totals = sorted(each.total for each in shown if each.total > 0)
    if not totals:
        return 0.1
    return min(totals[-1], totals[len(totals) // 2] * _OUTLIER)


def ticks(longest: float, wanted: int = 5) -> tuple[float, ...]:
    """Round times along the axis, from 0."""
    if longest <= 0:
        return (0.0,)
    rough = longest / wanted
    power = 10.0 ** _exponent(rough)
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)
    return tuple(step * each for each in range(int(longest / step * 1.0001) + 1))


def milliseconds(seconds: float) -> str:
    """A time of the axis."""
    if seconds >= 10:
        return tr("{number} s", number=number(seconds))
    is_whole = abs(seconds * 1000 - round(seconds * 1000)) < 0.01
    text = number(seconds * 1000, 0 if is_whole else 1)
    return tr("{number} ms", number=text)


def _exponent(value: float) -> int:
    power = 0
    while value >= 10:
        value, power = value / 10, power + 1
    while value < 1 and power > -9:
        value, power = value * 10, power - 1
    return power


def _move(handover: Handover, moment: Moment) -> Move:
    outcome, role, icon = OUTCOMES[handover.outcome]
    pieces = _pieces(handover, moment)
    took = handover.duration()
    return Move(
        number=handover.number,
        title=tr("{start} to {end}", start=_network(handover.from_network), end=_network(handover.to_network)),
        where=str(handover.home_address) + (f" · {isolated(handover.interface)}" if handover.interface else ""),
        started=handover.started,
        outcome=tr(outcome),
        role=role,
        icon=icon,
        took=duration(took) if took is not None else "",
        works=None if took is None else max(took, 0.0),
        total=pieces[-1].end if pieces else 0.0,
        pieces=pieces,
    )


def _pieces(handover: Handover, moment: Moment) -> tuple[Piece, ...]:
    """Times before the start, of a damaged record, count as the start; nothing runs backwards."""
    pieces: list[Piece] = []
    before = 0.0
    for stage, offset in sorted(handover.offsets().items(), key=lambda each: each[1]):
        part, name = STAGES[stage]
        now = max(offset, before)
        pieces.append(Piece(part, tr(name), before, now))
        before = now
    if handover.outcome is Outcome.UNDER_WAY and handover.stages:
        part, _ = STAGES[handover.stages[-1][0]]
        waited = max(moment.since(handover.started), before)
        pieces.append(Piece(part, tr("Waiting"), before, waited))
    return tuple(pieces)


def _network(name: str) -> str:
    if name == "home":
        return tr("Home network")
    return name or tr("No network")
