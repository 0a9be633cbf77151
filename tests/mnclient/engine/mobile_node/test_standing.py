# SPDX-License-Identifier: GPL-2.0-or-later
"""Make before break: what an interface must prove before it takes over, and what happens when the present one fails."""

from itertools import pairwise

import pytest

from mnclient.constants import MAX_INTERFACE_PATIENCE
from mnclient.engine.actions import SendPacket
from mnclient.engine.events import Configured, PacketReceived
from mnclient.engine.mobile_node.standing import (
    AFTER_SILENCE,
    ANSWER_WITHIN,
    ASK_AGAIN_FIRST,
    FIRST_PATIENCE,
    TRIES,
)
from mnclient.model.config import NodeConfig
from mnclient.model.status import HomeAddressState as State
from mnclient.model.status import InterfaceStatus
from mnclient.units import Seconds
from mnclient.wire.icmpv6 import DestinationUnreachable
from mnclient.wire.neighbor_discovery import NeighborSolicitation, RouterSolicitation
from mnclient.wire.packet import Packet, encode_packet
from tests.mnclient.engine.mobile_node.script import (
    AGENT,
    NET_A,
    NET_B,
    ROUTER_A,
    Script,
    ack,
    config,
    echo_reply,
    home,
    kinds,
    link,
    only,
    policy,
    prove,
    questions,
    ra_a,
    ra_b,
    sent,
    settle,
    updates,
)

STAYS = 60_000.0  # seconds that the routers of these tests live
POLICIES = (policy("eth0", 10), policy("wlan0", 20))


def status(script: Script, name: str) -> InterfaceStatus:
    return only(each for each in script.node.interfaces(script.now) if each.name == name)


def active(script: Script) -> str | None:
    return next((each.name for each in script.node.interfaces(script.now) if each.is_active), None)


def until_asked(script: Script) -> SendPacket:
    """The next Echo Request, when it comes."""
    for _ in range(2000):
        found = questions(script.pass_time(0.5))
        if found:
            return found[0]
    raise AssertionError("nothing is asked")


@pytest.fixture
def radio() -> Script:
    """Registered by wlan0 in network B for a good while; eth0, preferred, hangs."""
    script = Script(config(interfaces=POLICIES))
    script.give(link("eth0", up=False))
    script.give(link("wlan0"))
    script.give(ack(only(updates(script.give(ra_b(interface="wlan0", lifetime=STAYS))))))
    settle(script, "wlan0")
    script.pass_time(200.0)
    return script


@pytest.fixture
def wire(radio) -> Script:
    """The cable was plugged in, and has taken over; wlan0 stands by."""
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    radio.give(ack(only(updates(prove(radio, "eth0")))))
    assert active(radio) == "eth0"
    return radio


# --- taking over -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.5.3-03")
def test_a_better_interface_stands_by_until_it_has_proved_itself(radio):
    radio.give(link("eth0"))
    assert not updates(radio.give(ra_a(lifetime=STAYS)))
    assert status(radio, "eth0").is_standby
    assert status(radio, "eth0").reaches_home_agent is None
    assert status(radio, "eth0").care_of_address in NET_A
    question = only(questions(settle(radio, "eth0")))
    assert (question.packet.source, question.packet.destination) == (status(radio, "eth0").care_of_address, AGENT)
    assert question.interface == "eth0"
    assert not updates(radio.give(echo_reply(question))), "it has not lasted yet"
    assert status(radio, "eth0").reaches_home_agent is True
    update = only(updates(radio.pass_time(FIRST_PATIENCE)))
    assert update.packet.source in NET_A
    assert active(radio) == "eth0"
    assert status(radio, "wlan0").is_standby


@pytest.mark.requirement("MN-11.5.4-03")
def test_packets_leave_by_the_old_way_until_the_home_agent_has_answered(radio):
    old = radio.care_of
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    update = only(updates(prove(radio, "eth0")))
    new = radio.care_of
    assert new in NET_A
    tunnel = only(radio.state.tunnels)
    assert (tunnel.local, tunnel.accept_local) == (old, (new,))
    radio.give(ack(update))
    tunnel = only(radio.state.tunnels)
    assert (tunnel.local, tunnel.accept_local) == (new, (old,))


def test_the_old_way_is_left_when_it_fails_meanwhile_or_the_home_agent_is_silent(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    prove(radio, "eth0")
    radio.pass_time(4.0)
    assert only(radio.state.tunnels).local == radio.care_of
    other = Script(config(interfaces=POLICIES))
    other.give(link("wlan0"))
    other.give(ack(only(updates(other.give(ra_b(interface="wlan0", lifetime=STAYS))))))
    other.give(link("eth0"))
    other.give(ra_a(lifetime=STAYS))
    prove(other, "eth0")
    other.give(link("wlan0", up=False))
    assert only(other.state.tunnels).local in NET_A
    assert only(other.state.tunnels).accept_local == ()


def test_an_interface_without_internet_never_wins_by_priority(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    asked = questions(settle(radio, "eth0"))
    asked += questions(radio.pass_time(TRIES * ANSWER_WITHIN))
    assert [each.interface for each in asked] == ["eth0"] * TRIES + ["wlan0"]
    assert status(radio, "eth0").reaches_home_agent is False
    radio.give(echo_reply(asked[-1]))
    assert not updates(radio.pass_time(100.0))
    assert active(radio) == "wlan0"


def test_it_is_asked_again_ever_less_often_and_wins_when_it_has_internet_at_last(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    settle(radio, "eth0")
    radio.give(echo_reply(questions(radio.pass_time(TRIES * ANSWER_WITHIN))[-1]))
    times = [0.0] + [time for time, action in radio.timeline(1000.0) if questions([action])]
    pauses = [later - earlier for earlier, later in pairwise(times) if later - earlier > 2]
    assert pauses[0] == pytest.approx(ASK_AGAIN_FIRST)
    assert pauses[-1] > 10 * pauses[0]
    assert updates(radio.give(echo_reply(until_asked(radio))))
    assert active(radio) == "eth0"


def test_it_is_used_if_there_is_nothing_else(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    settle(radio, "eth0")
    radio.give(echo_reply(questions(radio.pass_time(TRIES * ANSWER_WITHIN))[-1]))
    radio.pass_time(5.0)
    assert active(radio) == "wlan0"
    assert only(updates(radio.give(link("wlan0", up=False)))).packet.source in NET_A


def test_an_error_from_the_network_says_so_at_once(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    question = only(questions(settle(radio, "eth0")))
    message = DestinationUnreachable(code=0, packet=encode_packet(question.packet))
    error = Packet(source=AGENT, destination=question.packet.source, message=message)
    forged = DestinationUnreachable(code=0, packet=encode_packet(question.packet)[:60])
    radio.give(PacketReceived(interface="eth0", packet=Packet(source=AGENT, destination=AGENT, message=forged)))
    assert status(radio, "eth0").reaches_home_agent is None
    radio.give(PacketReceived(interface="eth0", packet=error))
    assert status(radio, "eth0").reaches_home_agent is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": b"guessed"},
        {"identifier": 9},
        {"source": ROUTER_A},
        {"interface": "wlan0"},
    ],
)
def test_only_the_answer_to_the_question_counts(radio, wrong):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    question = only(questions(settle(radio, "eth0")))
    radio.give(echo_reply(question, **wrong))
    assert status(radio, "eth0").reaches_home_agent is None
    radio.give(echo_reply(question))
    assert status(radio, "eth0").reaches_home_agent is True


def test_no_question_goes_out_while_there_is_one_interface():
    script = Script()
    script.register()
    settle(script, "eth0")
    assert not questions(script.pass_time(1000.0))


def test_without_a_home_agent_there_is_nobody_to_reach():
    script = Script(config(home(agent=None), interfaces=POLICIES))
    script.give(link("wlan0"))
    script.give(ra_b(interface="wlan0", lifetime=STAYS))
    script.give(link("eth0"))
    script.give(ra_a(lifetime=STAYS))
    settle(script, "eth0")
    script.pass_time(FIRST_PATIENCE)
    assert active(script) == "eth0"


# --- failing ---------------------------------------------------------------------------------------------------------


def test_when_the_present_one_dies_one_update_leaves_from_the_standby_at_once(wire):
    ready = status(wire, "wlan0").care_of_address
    actions = wire.give(link("eth0", up=False))
    update = only(updates(actions))
    assert update.packet.source == ready
    assert kinds(actions)[:2] == ["SetNetworkState", "BindingUpdate"]
    assert not sent(actions, RouterSolicitation)
    assert not sent(actions, NeighborSolicitation)
    assert only(wire.state.tunnels).local == ready


def test_a_flapping_interface_is_trusted_again_only_after_a_growing_time(wire):
    waits = []
    for _ in range(12):
        wire.give(ack(only(updates(wire.give(link("eth0", up=False))))))
        wire.pass_time(1.0)
        wire.give(link("eth0"))
        heard = wire.give(ra_a(lifetime=STAYS))
        wire.give(echo_reply(only(questions(heard + settle(wire, "eth0")))))
        start, found = wire.now, []
        while not found and wire.now - start < 2 * MAX_INTERFACE_PATIENCE:
            actions = wire.pass_time(0.5)
            for question in questions(actions):
                actions += wire.give(echo_reply(question))
            found = updates([each for each in actions if updates([each]) and each.packet.source in NET_A])
            for update in updates(actions):
                wire.give(ack(update))
        waits.append(round(wire.now - start))
    assert waits == [2, 4, 8, 16] + [MAX_INTERFACE_PATIENCE] * 8


@pytest.fixture
def flapped(wire) -> Script:
    """eth0 came and went until it is left alone for as long as can be; its cable hangs again."""
    for _ in range(6):
        for update in updates(wire.give(link("eth0", up=False))):
            wire.give(ack(update))
        wire.give(link("eth0"))
        heard = wire.give(ra_a(lifetime=STAYS))
    wire.give(echo_reply(only(questions(heard + settle(wire, "eth0")))))
    assert not updates(wire.pass_time(MAX_INTERFACE_PATIENCE / 2))
    assert active(wire) == "wlan0"
    return wire


@pytest.mark.parametrize("changed", [(("eth0", 5), ("wlan0", 20)), (("eth0", 10), ("wlan0", 30))])
def test_a_person_who_changes_a_priority_ends_the_distrust_at_once(flapped, changed):
    wanted = config(interfaces=tuple(policy(name, priority) for name, priority in changed))
    actions = flapped.give(Configured(config=NodeConfig(mobile_node=wanted)))
    question = only(questions(actions))
    assert question.interface == "eth0", "it must still lead to the home agent"
    assert only(updates(flapped.give(echo_reply(question)))).packet.source in NET_A
    assert active(flapped) == "eth0"


def test_any_other_change_does_not(flapped):
    wanted = config(interfaces=POLICIES, registration_lifetime=Seconds(300.0))
    assert not questions(flapped.give(Configured(config=NodeConfig(mobile_node=wanted))))
    assert active(flapped) == "wlan0"


def test_nor_is_one_that_has_just_come_trusted_sooner(wire):
    wire.give(ack(only(updates(wire.give(link("eth0", up=False))))))
    wire.give(link("eth0"))
    heard = wire.give(ra_a(lifetime=STAYS))
    wanted = config(interfaces=(policy("eth0", 5), policy("wlan0", 20)))
    heard += wire.give(Configured(config=NodeConfig(mobile_node=wanted)))
    wire.give(echo_reply(questions(heard + settle(wire, "eth0"))[-1]))
    begin, found = wire.now, []
    while not found and wire.now - begin < MAX_INTERFACE_PATIENCE:
        found = updates(wire.pass_time(0.1))
    assert 0.0 < wire.now - begin <= FIRST_PATIENCE + 0.1
    assert active(wire) == "eth0"


def test_what_was_steady_for_long_is_forgiven(wire):
    wire.pass_time(700.0)
    for update in updates(wire.actions)[-1:]:
        wire.give(ack(update))
    wire.give(ack(only(updates(wire.give(link("eth0", up=False))))))
    wire.give(link("eth0"))
    assert updates(prove(wire, "eth0", wire.give(ra_a(lifetime=STAYS))))


def test_a_silent_home_agent_is_looked_for_by_the_other_interface(wire):
    """The link is up and its router is there, but what is behind it is not."""
    question = until_asked(wire)
    assert question.interface == "wlan0"
    update = only(updates(wire.give(echo_reply(question))))
    assert update.packet.source in NET_B
    assert active(wire) == "wlan0"
    assert status(wire, "eth0").reaches_home_agent is not True
    assert only(wire.state.tunnels).local in NET_B, "the old way does not lead anywhere"


def test_if_nobody_is_reached_by_the_other_either_nothing_changes(wire):
    wire.pass_time(600.0)
    assert active(wire) == "eth0"
    assert status(wire, "wlan0").reaches_home_agent is False
    assert wire.where in (State.REGISTERING, State.REGISTERED)


def test_one_that_answers_no_registration_does_not_come_back_at_once(wire):
    wire.give(ack(only(updates(wire.give(echo_reply(until_asked(wire)))))))
    assert active(wire) == "wlan0"
    while (question := until_asked(wire)).interface != "eth0":
        assert not updates(wire.give(echo_reply(question))), "the home agent is not mute"
    assert not updates(wire.give(echo_reply(question)))
    assert active(wire) == "wlan0"


# --- a home agent that answers no Echo Requests ----------------------------------------------------------------------


def test_of_a_mute_home_agent_no_answer_is_asked_and_the_update_is_the_test(radio):
    old = radio.care_of
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    settle(radio, "eth0")
    actions = radio.pass_time(2 * TRIES * ANSWER_WITHIN + 0.1)
    assert [each.interface for each in questions(actions)] == ["eth0"] * (TRIES - 1) + ["wlan0"] * TRIES
    update = updates(actions)[0]
    assert update.packet.source in NET_A
    assert only(radio.state.tunnels).local == old, "until it is answered"


def test_one_that_answers_the_interface_in_use_is_not_mute(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    settle(radio, "eth0")
    actions = radio.pass_time(TRIES * ANSWER_WITHIN)
    question = questions(actions)[-1]
    assert question.interface == "wlan0"
    radio.give(echo_reply(question))
    assert not updates(radio.pass_time(100.0))
    assert active(radio) == "wlan0"


def test_without_an_answer_to_the_update_either_it_goes_back_and_waits_ever_longer(radio):
    radio.give(link("eth0"))
    radio.give(ra_a(lifetime=STAYS))
    settle(radio, "eth0")
    end, taken = radio.now + 400.0, []
    while radio.now < end:
        for update in updates(radio.pass_time(0.25)):
            if update.packet.source in NET_B:
                radio.give(ack(update))
            elif not taken or radio.now - taken[-1] > 10.0:
                taken.append(radio.now)
    waits = [later - earlier for earlier, later in pairwise(taken)]
    assert waits[0] > AFTER_SILENCE
    assert waits == sorted(waits)
    assert active(radio) == "wlan0"
