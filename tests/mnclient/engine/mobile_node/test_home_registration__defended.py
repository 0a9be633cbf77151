# SPDX-License-Identifier: GPL-2.0-or-later
"""At home, while the home agent still answers for the address: it crashed, and forgot that the binding had ended."""

import pytest

from mnclient.constants import MAX_NEIGHBOR_ADVERTISEMENT
from mnclient.engine.events import AddressSettled, Resumed
from mnclient.engine.mobile_node.answers import DOUBT_INTERVAL
from mnclient.model.status import HomeAddressState as State
from mnclient.wire.addresses import UNSPECIFIED, solicited_node
from mnclient.wire.neighbor_discovery import NeighborAdvertisement, NeighborSolicitation
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    AGENT_MAC,
    HOME,
    MAC_B,
    Script,
    ack,
    binding_update,
    config,
    defence,
    home,
    link,
    only,
    ra_home,
    sent,
    updates,
)


def at_home(script: Script | None = None) -> Script:
    script = script or Script()
    script.give(link())
    script.give(ra_home())
    script.give(AddressSettled(interface="eth0", address=HOME))
    assert script.where is State.AT_HOME
    script.pass_time(60.0)
    return script


def questions(actions):
    return [each for each in sent(actions, NeighborSolicitation) if each.packet.source == UNSPECIFIED]


def test_a_claim_of_the_home_agent_is_answered_by_a_deregistration():
    script = at_home()
    update = only(updates(script.give(defence())))
    assert binding_update(update).lifetime == 0 and update.packet.source == HOME and update.packet.destination == AGENT
    assert update.link_layer_destination == AGENT_MAC and script.where is State.RETURNING
    assert script.has_address("mn6home", HOME), "the address stays in use while the home agent is asked"
    told = sent([*script.give(ack(update)), *script.pass_time(10.0)], NeighborAdvertisement)
    assert script.where is State.AT_HOME
    assert [each.packet.message.target for each in told] == MAX_NEIGHBOR_ADVERTISEMENT * [HOME]


def test_where_there_was_no_binding_the_neighbours_are_told_once():
    script = at_home()
    update = only(updates(script.give(defence())))
    told = sent([*script.give(ack(update, 133)), *script.pass_time(10.0)], NeighborAdvertisement)
    assert script.where is State.AT_HOME and len(told) == 1 and script.problems() == set()


def test_an_answer_that_is_lost_is_asked_for_again():
    script = at_home()
    script.give(defence())
    (again,) = updates(script.pass_time(1.1))
    script.give(ack(again))
    assert script.where is State.AT_HOME and not updates(script.pass_time(60.0))


@pytest.mark.parametrize(
    "event",
    [
        defence(MAC_B),
        defence(target=HOME + 1),
        defence(interface="eth1"),
    ],
    ids=["another neighbour", "another address", "another link"],
)
def test_what_is_no_claim_of_the_home_agent_is_no_reason_to_ask(event):
    script = at_home()
    assert not updates(script.give(event)) and script.where is State.AT_HOME


def test_without_a_home_agent_or_leave_to_signal_nobody_is_asked():
    for chosen in (config(home(agent=None)), config(allow=False)):
        script = at_home(Script(chosen))
        assert not updates(script.give(defence())) and script.where is State.AT_HOME


def test_forged_claims_cost_one_question_in_an_interval():
    script = at_home()
    asked = 0
    for _ in range(300):
        for update in updates(script.give(defence())):
            asked += 1
            script.give(ack(update, 133))
        script.pass_time(0.1)
    assert asked == 30.0 / DOUBT_INTERVAL


def test_after_a_sleep_at_home_somebody_who_defends_the_address_is_looked_for():
    """What the home agent said while the laptop slept was not heard."""
    script = at_home()
    script.pass_time(5.0)
    question = only(questions(script.give(Resumed())))
    assert question.interface == "eth0" and question.packet.destination == solicited_node(HOME)
    assert question.packet.message == NeighborSolicitation(target=HOME) and script.where is State.AT_HOME
    update = only(updates(script.give(defence())))
    script.give(ack(update))
    assert script.where is State.AT_HOME


def test_abroad_a_sleep_is_no_reason_for_that():
    script = Script()
    script.register()
    assert not questions(script.give(Resumed()))
