# SPDX-License-Identifier: GPL-2.0-or-later
"""What is believed of a correspondent, and what is not (RFC 6275 sections 11.3.5, 11.3.6, 11.6.2 and 11.7.3)."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import AskRouteUse, Note
from mnclient.engine.events import PacketReceived
from mnclient.engine.sequence_numbers import SEQUENCE_MODULUS
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Seconds
from mnclient.wire.icmpv6 import ParameterProblem
from mnclient.wire.mobility_options import BindingRefreshAdvice
from mnclient.wire.packet import encode_packet
from tests.mnclient.engine.mobile_node.peer import (
    PEER,
    Abroad,
    Peer,
    arrived,
    care_of_inits,
    home_inits,
    tampered,
    told,
    told_home,
)
from tests.mnclient.engine.mobile_node.script import HOME, SendPacket, ack, link, only, ra_b, ra_home, sent

STRANGER = IPv6Address("2001:db8:bad::1")


def in_doubt() -> tuple[Abroad, PacketReceived, PacketReceived]:
    """A node that waits for both tests, and the answers it should get."""
    script = Abroad()
    actions = script.give(script.peer.heard())
    home, care_of = only(home_inits(actions)), only(care_of_inits(actions))
    return script, script.peer.home_test(home), script.peer.care_of_test(care_of)


def with_cookie(event: PacketReceived, cookie: bytes) -> PacketReceived:
    return tampered(event, message=replace(event.packet.message, cookie=cookie))


@pytest.mark.requirement("MN-11.6.2-01", "MN-11.6.2-03")
@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda event: replace(event, through_tunnel=False), "path"),
        (lambda event: with_cookie(event, bytes(8)), "cookie"),
        (lambda event: tampered(event, source=STRANGER), "unknown"),
        (lambda event: tampered(event, destination=IPv6Address("2001:db8:1::101")), "unknown"),
        (lambda event: tampered(event, destination=STRANGER, routing_home_address=HOME), "unknown"),
    ],
)
def test_a_home_test_must_come_from_the_right_place_by_the_right_way(spoil, reason):
    script, home, care_of = in_doubt()
    script.give(care_of)
    assert script.give(spoil(home)) == []
    assert script.node.counters()[f"hot.ignored.{reason}"] == 1
    assert script.talks is State.TESTING
    assert told(script.give(home))
    assert script.give(home) == [], "one answer is enough"


@pytest.mark.requirement("MN-11.6.2-02", "MN-11.6.2-03")
@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda event: replace(event, through_tunnel=True), "path"),
        (lambda event: with_cookie(event, bytes(8)), "cookie"),
        (lambda event: tampered(event, source=STRANGER), "unknown"),
        (lambda event: tampered(event, destination=IPv6Address("2001:db8:a::1")), "unknown"),
    ],
)
def test_a_care_of_test_must_come_directly_to_the_care_of_address(spoil, reason):
    script, home, care_of = in_doubt()
    script.give(home)
    assert script.give(spoil(care_of)) == []
    assert script.node.counters()[f"cot.ignored.{reason}"] == 1
    assert told(script.give(care_of))
    assert script.give(care_of) == [], "one answer is enough"


def test_the_cookies_are_not_interchangeable():
    script, home, care_of = in_doubt()
    script.give(with_cookie(home, care_of.packet.message.cookie))
    script.give(with_cookie(care_of, home.packet.message.cookie))
    assert script.talks is State.TESTING


def registering() -> tuple[Abroad, SendPacket]:
    script = Abroad()
    return script, only(told(script.test()))


@pytest.mark.requirement("MN-11.7.3-01", "MN-11.7.3-02", "MN-11.7.3-08")
@pytest.mark.parametrize("status", [0, 128, 135])
def test_an_acknowledgement_must_be_signed_with_the_key_of_the_tokens(status):
    script, update = registering()
    peer = script.peer
    for forged in (peer.acknowledge(update, status, signed=False), peer.acknowledge(update, status, key=bytes(20))):
        assert script.give(forged) == []
    assert script.node.counters()["correspondent.ba.ignored.unauthenticated"] == 2
    if status != 135:
        wrong = peer.acknowledge(update, status, sequence=update.packet.message.sequence + 1)
        assert script.give(wrong) == []
        assert script.node.counters()["correspondent.ba.ignored.sequence"] == 1
    assert script.talks is State.REGISTERING
    script.give(peer.acknowledge(update))
    assert script.talks is State.DIRECT


@pytest.mark.requirement("MN-11.7.3-07", "MN-11.7.2-12")
def test_out_of_window_adopts_the_number_if_it_is_signed():
    script, update = registering()
    accepted = (update.packet.message.sequence + 30_000) % SEQUENCE_MODULUS
    again = only(told(script.give(script.peer.acknowledge(update, 135, sequence=accepted))))
    assert again.packet.message.sequence == (accepted + 1) % SEQUENCE_MODULUS
    script.give(script.peer.acknowledge(again))
    assert script.talks is State.DIRECT
    assert script.give(script.peer.acknowledge(again, 135, sequence=1)) == [], "nothing is awaited"


def test_a_correspondent_that_never_accepts_a_number_is_given_up():
    script, update = registering()
    for _ in range(10):
        script.give(script.peer.acknowledge(update, 135, sequence=4711))
        script.pass_time(1.0)
        if script.talks is State.UNRESPONSIVE:
            break
        update = told(script.actions)[-1]
    assert script.talks is State.UNRESPONSIVE
    assert script.route is not None
    assert not script.route.outgoing


@pytest.mark.requirement("MN-11.7.3-03")
@pytest.mark.parametrize("status, homes, care_ofs", [(136, 1, 0), (137, 0, 1), (138, 1, 1)])
def test_expired_nonces_ask_for_new_tokens(status, homes, care_ofs):
    script, update = registering()
    actions = script.give(script.peer.acknowledge(update, status, signed=False))
    assert (len(home_inits(actions)), len(care_of_inits(actions))) == (homes, care_ofs)
    assert script.talks is State.TESTING
    for init in home_inits(actions):
        actions = script.give(script.peer.home_test(init))
    for init in care_of_inits(script.actions)[-1:] if care_ofs else []:
        actions = script.give(script.peer.care_of_test(init))
    script.give(script.peer.acknowledge(only(told(actions))))
    assert script.talks is State.DIRECT


@pytest.mark.requirement("MN-11.7.3-03")
def test_expired_nonces_of_a_number_never_sent_change_nothing():
    script, update = registering()
    number = update.packet.message.sequence - 1
    assert script.give(script.peer.acknowledge(update, 138, signed=False, sequence=number)) == []
    assert script.talks is State.REGISTERING


@pytest.mark.requirement("MN-11.7.3-11", "MN-11.7.3-10")
@pytest.mark.parametrize("status", [128, 129, 130, 139, 200])
def test_a_refusal_is_slept_over(status):
    script, update = registering()
    script.give(script.peer.acknowledge(update, status))
    assert script.talks is State.UNRESPONSIVE
    assert script.status.reason
    assert script.status.retry == script.now + 60.0
    assert script.give(script.peer.heard()) == []
    script.pass_time(60.0)
    assert home_inits(script.give(script.peer.heard()))


@pytest.mark.requirement("MN-11.7.3-12")
def test_advice_of_a_correspondent_to_refresh_early_is_ignored():
    """Only the home agent's is followed: the binding is looked after when it would have been anyway."""
    asked = []
    for options in ((), (BindingRefreshAdvice(interval=Seconds(8.0)),)):
        script, update = registering()
        script.give(script.peer.acknowledge(update, options=options))
        assert script.talks is State.DIRECT
        line = [(at, action) for at, action in script.timeline(200.0) if isinstance(action, SendPacket | AskRouteUse)]
        asked.append([at for at, action in line if not isinstance(action, SendPacket) or told([action])])
    assert asked[0] == asked[1]
    assert asked[0][0] > 100.0


def test_a_care_of_address_that_cannot_be_used_says_nothing_of_the_next_one():
    script, update = registering()
    script.give(script.peer.acknowledge(update, 174))
    assert script.talks is State.UNRESPONSIVE
    assert list(script.node.snapshot(script.now).correspondents) == []


def test_an_acceptance_for_no_time_is_a_refusal():
    script, update = registering()
    script.give(script.peer.acknowledge(update, lifetime=0.0))
    assert script.talks is State.UNRESPONSIVE


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("MN-11.3.6-04", "MN-11.3.6-01")
def test_a_lost_binding_leads_through_the_tunnel_at_once_and_is_made_again():
    script = Abroad()
    script.bind()
    care_of = script.care_of
    for forged in (
        Peer(STRANGER).lost_binding(care_of),
        script.peer.lost_binding(IPv6Address("2001:db8:a::9")),
        script.peer.lost_binding(care_of, home_address=IPv6Address("2001:db8:1::200")),
        replace(script.peer.lost_binding(care_of), through_tunnel=True),
        script.peer.lost_binding(care_of, 2),  # nothing is awaited
    ):
        script.give(forged)
        assert script.talks is State.DIRECT
    script.give(script.peer.lost_binding(care_of))
    assert script.talks is State.TUNNELLED
    assert script.route is not None and not script.route.outgoing
    assert PEER not in {each.destination for each in script.node.binding_update_list(script.now)}
    assert script.give(script.peer.heard()) == []
    script.peer.nonce = b"\x01" * 8
    script.bind(script.pass_time(2.0))


def test_a_forged_loss_cuts_nothing_off():
    """The correspondent goes on sending directly, so nothing comes through the tunnel that would be heard."""
    script = Abroad()
    script.bind()
    script.give(script.peer.lost_binding(script.care_of))
    assert script.route is not None and script.route.incoming
    _, actions = script.move(ra_b())
    assert home_inits(actions) or care_of_inits(actions), "it still sends to the last care-of address"


def test_after_a_loss_what_arrives_directly_is_accepted_no_longer_than_the_binding_was_granted():
    script = Abroad()
    script.bind()
    script.give(script.peer.lost_binding(script.care_of))
    script.pass_time(421.0)
    assert script.route is None


@pytest.mark.requirement("MN-11.3.6-04")
def test_an_error_that_crosses_a_binding_update_leaves_the_last_word_to_its_answer():
    """A correspondent that was restarted complains of the packets before, and takes the update that is under way."""
    script = Abroad()
    script.bind()
    script.pass_time(20.0)
    script.give(script.peer.refresh_request())
    actions = script.give(script.peer.use(script.now))
    update = only(told(actions))
    script.give(script.peer.lost_binding(script.care_of))
    assert script.talks is State.REGISTERING
    assert script.route is not None and script.route.incoming and not script.route.outgoing
    script.give(script.peer.acknowledge(update))
    assert script.talks is State.DIRECT
    assert script.route is not None and script.route.outgoing


def test_a_binding_lost_again_and_again_is_made_more_and_more_rarely():
    script = Abroad()
    waits: list[float] = []
    begun = None
    for _ in range(5):
        script.bind(begun)
        script.give(script.peer.lost_binding(script.care_of))
        assert script.status.retry is not None
        waits.append(script.status.retry - script.now)
        begun = script.pass_time(waits[-1])
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0]


@pytest.mark.requirement("MN-11.3.6-06", "MN-11.3.6-05")
def test_a_message_it_does_not_know():
    script, _, _ = in_doubt()
    script.give(script.peer.lost_binding(script.care_of, 2, IPv6Address("::")))
    assert script.talks is State.UNRESPONSIVE
    script.give(script.peer.lost_binding(script.care_of, 2, IPv6Address("::")))
    assert script.node.counters()["correspondent.be.ignored"] == 1
    assert script.pass_time(50.0) == [], "nothing is repeated"
    assert script.give(script.peer.heard()) == []


@pytest.mark.requirement("MN-11.3.5-01", "MN-11.3.5-02", "MN-11.6.2-05", "MN-11.3.5-03", "MN-11.1-02")
def test_no_mobility_header_there_but_only_who_saw_the_question_is_believed():
    script = Abroad()
    init = only(care_of_inits(script.give(script.peer.heard())))
    octets = encode_packet(init.packet)
    problem = ParameterProblem(code=1, pointer=6, packet=octets)
    blind = replace(problem, packet=octets[:-8] + bytes(8))
    for message, source in ((blind, PEER), (problem, STRANGER), (replace(problem, code=0), PEER)):
        script.give(arrived(source, script.care_of, message))
        assert script.talks is State.TESTING
    script.give(arrived(PEER, script.care_of, problem))
    assert script.talks is State.UNRESPONSIVE
    assert [each.address for each in script.node.correspondents(script.now)] == [PEER]
    assert script.give(script.peer.heard()) == []
    assert script.status.retry == script.now + 60.0
    assert script.pass_time(60.0) == []
    assert home_inits(script.give(script.peer.heard())), "after some time it is tried again"
    assert script.talks is State.TESTING


def renewed(script: Abroad) -> list[SendPacket]:
    """What a route that is in use and whose tokens grow old makes the node send."""
    script.bind()
    script.pass_time(196.0)
    actions = script.give(script.peer.use(script.now))
    return [*home_inits(actions), *care_of_inits(actions)]


@pytest.mark.requirement("MN-11.3.5-01", "MN-11.6.2-05")
@pytest.mark.parametrize("half", [0, 1])
def test_a_correspondent_that_lost_its_support_is_talked_to_through_the_tunnel_again(half):
    """In answer to either test of a renewal; packets went directly up to then."""
    script = Abroad()
    init = renewed(script)[half]
    assert script.route is not None and script.route.outgoing
    script.give(
        arrived(PEER, init.packet.source, ParameterProblem(code=1, pointer=6, packet=encode_packet(init.packet)))
    )
    assert script.talks is State.UNRESPONSIVE
    assert script.route is not None and not script.route.outgoing
    assert sent(script.pass_time(50.0), object) == [], "no Binding Update, and no test"


@pytest.mark.requirement("MN-11.3.5-01", "MN-11.3.5-03")
@pytest.mark.parametrize("bound", [False, True])
def test_nor_is_a_binding_update_sent_again_that_is_answered_so(bound):
    """Its service has ended since the tests, or since the last Binding Update."""
    script = Abroad()
    if bound:
        script.bind()
        script.pass_time(30.0)
        update = only(told(script.give(script.peer.heard())))
    else:
        update = only(told(script.test()))
    sent = encode_packet(update.packet)
    problem = ParameterProblem(code=1, pointer=64, packet=sent)
    before = script.talks
    for message, source in ((replace(problem, packet=sent[:-8] + bytes(8)), PEER), (problem, STRANGER)):
        script.give(arrived(source, script.care_of, message))
        assert script.talks is before
    script.give(arrived(PEER, script.care_of, problem))
    assert script.talks is State.UNRESPONSIVE
    assert script.status.retry == script.now + 60.0
    assert script.route is None or not script.route.outgoing
    assert told(script.pass_time(59.0)) == []
    script.give(arrived(PEER, script.care_of, problem))
    assert script.status.retry == script.now + 1.0, "once is enough"


@pytest.mark.requirement("MN-11.3.5-01")
def test_nor_one_that_deletes_a_binding():
    script = Abroad()
    script.bind()
    script.give(link(interrupted=True))
    deletion = only(told(script.give(ack(only(told_home(script.give(ra_home())))))))
    problem = ParameterProblem(code=1, pointer=6, packet=encode_packet(deletion.packet))
    script.give(arrived(PEER, HOME, problem))
    assert script.node.correspondents(script.now) == ()
    assert told(script.pass_time(30.0)) == []


@pytest.mark.requirement("MN-11.3.5-04")
def test_who_does_not_know_the_option_is_logged_and_nothing_changes():
    """Once a second: whoever sends a thousand of them fills no journal."""
    script = Abroad()
    update = script.bind()
    original = encode_packet(update.packet)
    problem = arrived(PEER, script.care_of, ParameterProblem(code=2, pointer=original.index(0xC9, 40), packet=original))
    state, route = script.status, script.route
    (note,) = (each for each in script.give(problem) if isinstance(each, Note))
    assert note.kind == "home-address-option" and str(PEER) in note.text
    assert [script.give(problem) for _ in range(10)] == [[]] * 10
    assert script.node.counters()["parameter-problem.home-address-option"] == 11
    assert (script.status, script.route) == (state, route)
    script.pass_time(1.0)
    assert any(isinstance(each, Note) for each in script.give(problem))


@pytest.mark.parametrize("pointer", [0, 40, 47, 2000, 0xFFFFFFFF])
def test_another_option_that_is_not_known_is_none_of_ours(pointer):
    script = Abroad()
    original = encode_packet(script.bind().packet)
    assert script.give(arrived(PEER, script.care_of, ParameterProblem(code=2, pointer=pointer, packet=original))) == []
    assert script.give(arrived(PEER, script.care_of, ParameterProblem(code=2, pointer=pointer, packet=b""))) == []
    assert script.node.counters()["parameter-problem.ignored"] == 2
