# SPDX-License-Identifier: GPL-2.0-or-later
"""No correspondent has a binding sooner than the home agent (RFC 6275 section 11.7.2), or for longer (RFC 4866 4.4)."""

import pytest

from mnclient.engine.actions import Action
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Seconds
from tests.mnclient.engine.mobile_node.peer import (
    Abroad,
    care_of_inits,
    home_inits,
    open_config,
    told,
    told_home,
)
from tests.mnclient.engine.mobile_node.script import ack, link, only, ra_b


def registered_for(seconds: float) -> Abroad:
    script = Abroad(open_config(registration_lifetime=Seconds(seconds)))
    script.bind()
    return script


def check_home_first(script: Abroad) -> None:
    """While the correspondent may hold a binding, the home agent does, and at least as long."""
    bound = script.status.expires
    home = script.home_address()
    if bound is not None and bound > script.now:
        assert home.registered
        assert home.registered_until is not None
        assert bound <= home.registered_until


def use(script: Abroad) -> list[Action]:
    return script.give(script.peer.use(float(script.now)))


def answer(script: Abroad, actions: list[Action]) -> list[Action]:
    """The correspondent answers all it is sent, and all that is sent thereupon."""
    more: list[Action] = []
    for init in home_inits(actions)[-1:]:
        more += script.give(script.peer.home_test(init))
    for init in care_of_inits(actions)[-1:]:
        more += script.give(script.peer.care_of_test(init))
    for update in told(actions)[-1:]:
        more += script.give(script.peer.acknowledge(update))
    return [*more, *(answer(script, more) if more else ())]


@pytest.mark.requirement("RFC4866-MN-4.4-01")
def test_a_home_agent_that_falls_silent_takes_the_binding_with_it():
    script = registered_for(200.0)
    for _ in range(60):
        answer(script, [*use(script), *script.pass_time(5.0)])
        check_home_first(script)
    assert script.status.expires is None
    assert script.talks is not State.DIRECT
    assert script.route is None


@pytest.mark.requirement("RFC4866-MN-4.4-01")
def test_a_home_registration_is_renewed_first():
    script = registered_for(200.0)
    renewed = 0
    for _ in range(120):
        actions = [*use(script), *script.pass_time(5.0)]
        for update in told_home(actions)[-1:]:
            renewed += 1
            actions += script.give(ack(update))
        answer(script, actions)
        check_home_first(script)
        assert script.talks is State.DIRECT
    assert renewed >= 3


@pytest.mark.requirement("MN-11.7.2-05")
def test_no_correspondent_is_told_of_a_care_of_address_that_the_home_agent_has_not_accepted():
    """Both tests are answered by then. A refusal is an answer, and no acceptance."""
    script = Abroad()
    script.bind()
    script.pass_time(10.0)
    script.give(link(interrupted=True))
    arrival = script.give(ra_b())
    assert told(script.give(script.peer.care_of_test(only(care_of_inits(arrival))))) == []
    assert told(script.give(ack(only(told_home(arrival)), 129))) == []
    later = script.pass_time(31.0)
    assert told(later) == []
    assert script.peer.accepts(only(told(script.give(ack(told_home(later)[-1])))))
