# SPDX-License-Identifier: GPL-2.0-or-later
"""Registered and verified are two facts: a packet to the home address comes back, or it does not."""

from dataclasses import replace

import pytest

from mnclient.engine.actions import ReportHandover
from mnclient.engine.events import PacketReceived, PayloadReceived, Resumed
from mnclient.engine.mobile_node.verification import ANSWER_WITHIN, FIRST_INTERVAL, LONGEST_INTERVAL, TRIES
from mnclient.model.handover import Outcome, Stage
from mnclient.model.problems import ProblemCode
from mnclient.model.status import HomeAddressState as State
from mnclient.units import Seconds
from mnclient.wire.icmpv6 import DestinationUnreachable, EchoRequest
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    HOME,
    MAC_A,
    NET_A,
    NET_B,
    ROUTER_A,
    Script,
    ack,
    advertisement,
    binding_error,
    binding_update,
    came_back,
    config,
    link,
    only,
    probes,
    questions,
    ra_a,
    ra_b,
    ra_home,
    settle,
    solicitations,
    updates,
)

LONG = Seconds(20_000.0)


def checking(**rest: object) -> Script:
    return Script(config(verify=True, registration_lifetime=LONG, **rest))


@pytest.fixture
def asked() -> Script:
    """Registered, and the question is on its way."""
    script = checking()
    script.register(ra_a(lifetime=60_000.0))
    return script


@pytest.fixture
def verified(asked) -> Script:
    asked.give(came_back(only(questions(asked.actions))))
    assert asked.home_address().verified is True
    return asked


def test_the_question_goes_to_the_home_address_by_the_visited_router():
    script = checking()
    update = only(updates([*script.give(link()), *script.give(ra_a())]))
    assert not questions(script.actions), "before the home agent has answered there is nothing to verify"
    question = only(questions(script.give(ack(update))))
    packet = question.packet
    assert (packet.source, packet.destination) == (script.care_of, HOME)
    assert (question.interface, question.link_layer_destination) == ("eth0", MAC_A)
    assert isinstance(packet.message, EchoRequest)
    assert len(packet.message.data) == 16
    assert script.home_address().verified is None
    assert script.home_address().registered


def test_what_comes_back_verifies(asked):
    asked.pass_time(0.25)
    asked.give(came_back(only(questions(asked.actions))))
    status = asked.home_address()
    assert (status.verified, status.verified_at) == (True, asked.now)
    assert asked.node.counters()["verification.passed"] == 1


def test_only_the_very_question_counts_and_only_through_the_tunnel(asked):
    question = only(questions(asked.actions))
    packet, request = question.packet, question.packet.message
    for forged in (
        replace(packet, message=replace(request, data=b"?")),
        replace(packet, message=replace(request, identifier=0)),
        replace(packet, source=AGENT),
        replace(packet, destination=AGENT),
    ):
        asked.give(PacketReceived(interface="mn6home", packet=forged, through_tunnel=True))
    asked.give(came_back(question, through_tunnel=False))
    assert asked.home_address().verified is None
    asked.give(came_back(question))
    assert asked.home_address().verified is True


def test_an_answer_counts_once(verified):
    at = verified.home_address().verified_at
    verified.pass_time(1.0)
    verified.give(came_back(only(questions(verified.actions))))
    assert verified.home_address().verified_at == at


def test_it_is_asked_again_ever_less_often(verified):
    times = []
    for _ in range(10):
        start = verified.now
        while not (found := questions(verified.pass_time(1.0))):
            assert verified.now - start < 2 * LONGEST_INTERVAL
        verified.give(came_back(only(found)))
        times.append(verified.now - start)
    assert times[:4] == pytest.approx([60, 120, 240, 480], abs=1)
    assert times[4:] == pytest.approx([LONGEST_INTERVAL] * 6, abs=1)


def test_three_unanswered_are_a_problem_and_an_early_refresh(asked):
    actions = asked.pass_time(TRIES * ANSWER_WITHIN)
    assert len(questions(actions)) == TRIES - 1
    assert {each.packet.message.data for each in questions(asked.actions)} == {
        questions(asked.actions)[0].packet.message.data
    }
    status = asked.home_address()
    assert (status.verified, status.registered, status.state) == (False, True, State.REGISTERED)
    assert ProblemCode.NOT_VERIFIED in asked.problems()
    refresh = only(updates(actions))
    question = only(questions(asked.give(ack(refresh))))
    asked.give(came_back(question))
    assert asked.home_address().verified is True
    assert ProblemCode.NOT_VERIFIED not in asked.problems()


def test_if_it_never_comes_back_there_is_one_early_refresh_and_no_hurry(asked):
    asked.give(ack(only(updates(asked.pass_time(TRIES * ANSWER_WITHIN)))))
    actions = asked.pass_time(10_000.0)
    assert not updates(actions)
    assert len(questions(actions)) <= TRIES * (10_000 / LONGEST_INTERVAL + 6)
    assert asked.home_address().verified is False


def test_an_error_about_the_question_is_an_answer_too(asked):
    question = only(questions(asked.actions))
    message = DestinationUnreachable(code=3, packet=encode_packet(question.packet))
    error = Packet(source=AGENT, destination=question.packet.source, message=message)
    actions = asked.give(PacketReceived(interface="eth0", packet=error))
    assert asked.home_address().verified is False
    assert updates(actions)


def test_a_binding_error_ends_it(verified):
    actions = verified.give(binding_error())
    assert verified.home_address().verified is None
    assert updates(actions)


def test_another_care_of_address_is_not_verified_by_the_old_one(verified):
    verified.give(link(interrupted=True))
    assert verified.home_address().verified is None
    update = only(updates(verified.give(ra_b())))
    assert verified.home_address().verified is None
    question = only(questions(verified.give(ack(update))))
    assert question.packet.source in NET_B
    verified.give(came_back(questions(verified.actions)[0]))
    assert verified.home_address().verified is None
    verified.give(came_back(question))
    assert verified.home_address().verified is True


def test_at_home_nothing_is_asked(verified):
    verified.give(link(interrupted=True))
    verified.give(ack(only(updates(verified.give(ra_home())))))
    assert verified.home_address().verified is None
    assert not questions(verified.pass_time(10 * LONGEST_INTERVAL))


def test_switched_off_it_says_nothing():
    script = Script(config(verify=False))
    script.register()
    script.pass_time(300.0)
    assert not questions(script.actions)
    assert script.home_address().verified is None
    script.configure(config(verify=True))
    assert len(questions(script.actions)) == 1


def test_without_the_hardware_address_of_the_router_it_cannot_be_asked():
    script = checking()
    script.give(link())
    silent_about_itself = advertisement(ROUTER_A, b"", NET_A)
    assert not updates(script.give(silent_about_itself))
    script.give(ack(only(updates(settle(script, "eth0")))))
    script.pass_time(2 * FIRST_INTERVAL)
    assert not questions(script.actions)
    assert script.home_address().verified is None


def test_a_move_is_recorded_as_verified_even_after_it_is_complete(verified):
    verified.give(link(interrupted=True))
    update = only(updates(verified.give(ra_b())))
    question = only(questions(verified.give(ack(update))))
    verified.give(PayloadReceived(home_address=HOME))
    record = verified.node.handovers()[-1]
    assert (record.outcome, Stage.VERIFIED in record.offsets()) == (Outcome.COMPLETED, False)
    verified.pass_time(0.5)
    actions = verified.give(came_back(question))
    record = only(each.handover for each in actions if isinstance(each, ReportHandover))
    assert record == verified.node.handovers()[-1]
    assert record.outcome is Outcome.COMPLETED
    assert record.stages[-1] == (Stage.VERIFIED, verified.now)


# --- resume ----------------------------------------------------------------------------------------------------------


def test_after_a_sleep_everything_is_asked_anew_at_once(verified):
    verified.pass_time(10.0)
    actions = verified.give(Resumed())
    assert len(solicitations(actions)) == 1
    assert ROUTER_A in {each.packet.destination for each in probes(actions)}
    assert binding_update(only(updates(actions))).lifetime > 0
    assert only(questions(actions)).packet.destination == HOME
    verified.give(came_back(only(questions(actions))))
    assert verified.home_address().verified is True


def test_after_a_sleep_without_a_link_nothing_is_said(verified):
    verified.give(link(up=False))
    actions = verified.give(Resumed())
    assert not updates(actions) + questions(actions) + solicitations(actions)
