# SPDX-License-Identifier: GPL-2.0-or-later
"""The way through the home-address wizard, as one table. No widget decides where to go; all ask `following`.

A line of the table names the states to go to in order of wish; the first that is not skipped is taken. Whatever is not
in the table leaves the state as it is, so every state takes every input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ui.texts import mark


class State(Enum):
    """Where the person is."""

    AGENT = "agent"  # who shall keep the address: a found home agent, an invitation, or one that is typed
    ADDRESS = "address"
    PROTECTION = "protection"
    INTERFACES = "interfaces"
    TRYING = "trying"  # the trial registration is under way
    FAILED = "failed"  # it did not work; the trial goes on as long as this is shown
    KEEPING = "keeping"  # it worked, and is being made permanent
    DONE = "done"
    CLOSED = "closed"


class Input(Enum):
    """What may happen."""

    OPEN = "open"
    NEXT = "next"
    BACK = "back"
    CLOSE = "close"
    AGAIN = "again"
    WORKS = "works"  # the trial: the address is reachable
    FAILS = "fails"  # the trial or the keeping of it
    KEEP = "keep"  # the person takes it although it is not verified
    KEPT = "kept"
    TO_AGENT = "to-agent"  # what is wrong is mended there, says the service or the person
    TO_ADDRESS = "to-address"
    TO_PROTECTION = "to-protection"
    TO_INTERFACES = "to-interfaces"


class Effect(Enum):
    """What has to be done besides showing another page."""

    UNDO = "undo"  # take back everything that was set for the trial
    START = "start"  # send the changes and begin the trial
    KEEP = "keep"  # make it permanent


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table depends on: steps without anything to choose, and steps where something is still missing."""

    skipped: frozenset[State] = frozenset()
    incomplete: frozenset[State] = frozenset()


CHOICES: Final = (State.AGENT, State.ADDRESS, State.PROTECTION, State.INTERFACES)
"""Steps where the person decides something. Nothing is sent to the service before the last of them is left."""

TITLES: Final[Mapping[State, str]] = {
    State.AGENT: mark("Home agent"),
    State.ADDRESS: mark("Address"),
    State.PROTECTION: mark("Protection"),
    State.INTERFACES: mark("Networks"),
    State.TRYING: mark("Try it"),
    State.DONE: mark("Done"),
}
"""The steps as they are listed beside the pages."""

_ON_TRIAL: Final = (State.TRYING, State.FAILED, State.KEEPING)
_BACKWARDS: Final = CHOICES[::-1]

Table = dict[tuple[State, Input], tuple[State, ...]]


def _table() -> Table:
    forward = (*CHOICES, State.TRYING)
    table: Table = {(State.CLOSED, Input.OPEN): (State.AGENT,)}
    for number, state in enumerate(CHOICES):
        table[state, Input.NEXT] = forward[number + 1 :]
        if number:
            table[state, Input.BACK] = CHOICES[:number][::-1]
    for state in _ON_TRIAL:
        table[state, Input.BACK] = _BACKWARDS
        table[state, Input.FAILS] = (State.FAILED,)
        table[state, Input.TO_AGENT] = (State.AGENT,)
        table[state, Input.TO_ADDRESS] = (State.ADDRESS, State.AGENT)
        table[state, Input.TO_PROTECTION] = (State.PROTECTION, State.AGENT)
        table[state, Input.TO_INTERFACES] = (State.INTERFACES, State.AGENT)
    for state in (State.TRYING, State.FAILED):
        table[state, Input.WORKS] = (State.KEEPING,)
    table[State.FAILED, Input.KEEP] = (State.KEEPING,)
    table[State.FAILED, Input.AGAIN] = (State.TRYING,)
    table[State.KEEPING, Input.KEPT] = (State.DONE,)
    for state in State:
        if state is not State.CLOSED:
            table[state, Input.CLOSE] = (State.CLOSED,)
    table[State.DONE, Input.NEXT] = (State.CLOSED,)
    return table


TABLE: Final = _table()


def following(state: State, event: Input, facts: Facts = Facts()) -> State:
    """The state after this input. Next does nothing while the step is incomplete."""
    if event is Input.NEXT and state in facts.incomplete:
        return state
    return next((each for each in TABLE.get((state, event), ()) if each not in facts.skipped), state)


def effects(before: State, event: Input, after: State) -> tuple[Effect, ...]:
    """What to do on the way from one state to the other, in this order."""
    if before is after:
        return ()
    leaves_trial = before in _ON_TRIAL and after not in (*_ON_TRIAL, State.DONE)
    result: list[Effect] = []
    if leaves_trial or event is Input.AGAIN:
        result.append(Effect.UNDO)
    if after is State.TRYING:
        result.append(Effect.START)
    if after is State.KEEPING:
        result.append(Effect.KEEP)
    return tuple(result)


def shown_steps(facts: Facts) -> tuple[State, ...]:
    """The steps of this person's way, in order."""
    return tuple(each for each in TITLES if each not in facts.skipped)


def step_of(state: State) -> State:
    """The listed step a state belongs to."""
    if state in _ON_TRIAL:
        return State.TRYING
    return State.AGENT if state is State.CLOSED else state


def can_go_back(state: State) -> bool:
    """Whether there is a way back from here."""
    return (state, Input.BACK) in TABLE
