# SPDX-License-Identifier: GPL-2.0-or-later
from itertools import chain, combinations

import pytest

from ui.view.wizard_flow import (
    CHOICES,
    TABLE,
    Effect,
    Facts,
    Input,
    State,
    can_go_back,
    effects,
    following,
    shown_steps,
    step_of,
)

S, I = State, Input  # noqa: E741
SKIPPABLE = CHOICES[1:]
EVERY_SKIP = [
    Facts(skipped=frozenset(each))
    for each in chain.from_iterable(combinations(SKIPPABLE, size) for size in range(len(SKIPPABLE) + 1))
]
ON_TRIAL = (S.TRYING, S.FAILED, S.KEEPING)

# What a person may rely on; everything else leaves the state as it is.
WAYS = {
    S.AGENT: {I.NEXT: S.ADDRESS},
    S.ADDRESS: {I.NEXT: S.PROTECTION, I.BACK: S.AGENT},
    S.PROTECTION: {I.NEXT: S.INTERFACES, I.BACK: S.ADDRESS},
    S.INTERFACES: {I.NEXT: S.TRYING, I.BACK: S.PROTECTION},
    S.TRYING: {I.WORKS: S.KEEPING},
    S.FAILED: {I.WORKS: S.KEEPING, I.KEEP: S.KEEPING, I.AGAIN: S.TRYING},
    S.KEEPING: {I.KEPT: S.DONE},
    S.DONE: {I.NEXT: S.CLOSED},
    S.CLOSED: {I.OPEN: S.AGENT},
}
FROM_TRIAL = {
    I.BACK: S.INTERFACES,
    I.FAILS: S.FAILED,
    I.TO_AGENT: S.AGENT,
    I.TO_ADDRESS: S.ADDRESS,
    I.TO_PROTECTION: S.PROTECTION,
    I.TO_INTERFACES: S.INTERFACES,
}


def expected(state, event):
    if event is I.CLOSE:
        return S.CLOSED
    if state in ON_TRIAL and event in FROM_TRIAL:
        return FROM_TRIAL[event]
    return WAYS[state].get(event, state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Input)
def test_every_state_takes_every_input(state, event):
    assert following(state, event) is expected(state, event)


@pytest.mark.parametrize("facts", EVERY_SKIP)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Input)
def test_a_skipped_step_is_never_reached(state, event, facts):
    after = following(state, event, facts)
    assert after is state or after not in facts.skipped


@pytest.mark.parametrize("facts", EVERY_SKIP)
def test_next_leads_to_the_trial_and_back_to_the_beginning(facts):
    way = [S.AGENT]
    while way[-1] is not S.TRYING:
        way.append(following(way[-1], I.NEXT, facts))
    assert way == [each for each in (*CHOICES, S.TRYING) if each not in facts.skipped]
    for before in reversed(way[:-1]):
        assert following(way[way.index(before) + 1], I.BACK, facts) is before


@pytest.mark.parametrize("state", CHOICES)
def test_next_waits_until_the_step_is_complete(state):
    assert following(state, I.NEXT, Facts(incomplete=frozenset({state}))) is state
    assert following(state, I.NEXT, Facts(incomplete=frozenset(CHOICES) - {state})) is not state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Input)
def test_whoever_leaves_the_trial_takes_it_back(state, event):
    after = following(state, event)
    done = effects(state, event, after)
    leaves = state in ON_TRIAL and after not in (*ON_TRIAL, S.DONE)
    assert (Effect.UNDO in done) is (leaves or (state, event) == (S.FAILED, I.AGAIN))
    assert (Effect.START in done) is (after is S.TRYING and state is not S.TRYING)
    assert (Effect.KEEP in done) is (after is S.KEEPING and state is not S.KEEPING)


def test_trying_again_takes_back_before_it_begins():
    assert effects(S.FAILED, I.AGAIN, S.TRYING) == (Effect.UNDO, Effect.START)


def test_no_choice_sends_anything():
    for state in CHOICES:
        for event in Input:
            after = following(state, event)
            assert effects(state, event, after) == ((Effect.START,) if after is S.TRYING else ())


def test_every_line_of_the_table_leads_elsewhere():
    for (state, event), targets in TABLE.items():
        assert targets and ((state is S.FAILED and event is I.FAILS) or state not in targets)


def test_back_works_everywhere_but_at_the_ends():
    assert {each for each in State if not can_go_back(each)} == {S.AGENT, S.DONE, S.CLOSED}


def test_listed_steps():
    all_of_them = shown_steps(Facts())
    assert all_of_them == (*CHOICES, S.TRYING, S.DONE)
    assert {step_of(each) for each in State} == set(all_of_them)
    assert S.INTERFACES not in shown_steps(Facts(skipped=frozenset({S.INTERFACES})))
