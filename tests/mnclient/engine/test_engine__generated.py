# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node with a generated home address and a correspondent that knows RFC 4866, both of them whole engines."""

import pytest

from mnclient.engine.engine import Engine
from mnclient.engine.events import PacketReceived
from mnclient.engine.mobile_node import enhanced
from mnclient.model.network_state import OptimizationEnd
from mnclient.model.status import CorrespondentState as State
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.enhanced_options import (
    CareOfTestInitOption,
    CareOfTestOption,
    CgaParametersFragment,
    PermanentHomeKeygenToken,
    Signature,
)
from mnclient.wire.packet import Packet
from mnclient.wire.return_routability import CareOfTestInit, HomeTest, HomeTestInit
from tests.mnclient.engine.generated import generated
from tests.mnclient.engine.mobile_node.peer import PEER
from tests.mnclient.engine.mobile_node.script import HOME_PREFIX, ra_a, ra_b, ra_home
from tests.mnclient.engine.world import Distant, World

FOUR_OF_A_MOVE = ["CareOfTestInit", "CareOfTest", "BindingUpdate", "BindingAcknowledgement"]


def direct(*, believes: bool = True) -> World:
    return World(generated=generated(HOME_PREFIX), believes=believes).become_direct()


def updates(world: World) -> list[BindingUpdate]:
    return [each.message for each in world.seen if isinstance(each.message, BindingUpdate)]


def answers(world: World) -> list[BindingAcknowledgement]:
    return [each.message for each in world.seen if isinstance(each.message, BindingAcknowledgement)]


def options(message: BindingUpdate | BindingAcknowledgement) -> set[type]:
    return {type(each) for each in message.options}


def proves(update: BindingUpdate) -> bool:
    return {CgaParametersFragment, Signature} <= options(update)


def indices(update: BindingUpdate) -> tuple[int, int]:
    found = update.nonce_indices
    assert found is not None
    return found.home, found.care_of


def without_care_of_tests(packet: Packet) -> bool:
    return not isinstance(packet.message, CareOfTestInit)


@pytest.mark.requirement("RFC4866-MN-4.1-01", "RFC4866-MN-4.1-03")
def test_the_first_update_carries_the_proof_and_its_answer_a_token():
    world = direct()
    (update,), (answer,) = updates(world), answers(world)
    assert proves(update)
    assert 0 not in indices(update)
    assert answer.status == 0
    assert PermanentHomeKeygenToken in options(answer)
    assert sorted(set(world.kinds())) == sorted({*FOUR_OF_A_MOVE, "HomeTestInit", "HomeTest"})


@pytest.mark.requirement("RFC4866-MN-4.1-01", "RFC4866-MN-4.1-03")
def test_no_move_of_an_hour_needs_a_home_test():
    world = direct()
    world.seen.clear()
    for advertisement in (ra_b, ra_a) * 10:
        world.move(advertisement())
        world.check_direct()
        world.pass_time(180.0)
    assert "HomeTestInit" not in world.kinds()
    assert len([each for each in updates(world) if indices(each)[1]]) >= 20  # complete ones
    for update in updates(world):
        assert indices(update)[0] == 0
        assert not proves(update)


@pytest.mark.requirement("RFC4866-MN-4.1-01", "RFC4866-MN-4.1-02", "RFC4866-CN-4.2-04", "RFC4866-CN-4.10-01")
def test_an_early_update_takes_the_place_of_a_care_of_test_that_is_lost():
    world = direct()
    last = world.care_of
    world.seen.clear()
    world.trace.clear()
    world.reaches = without_care_of_tests
    world.move(ra_b())
    world.check_direct()
    early, complete = updates(world)
    assert indices(early) == (0, 0)
    assert CareOfTestInitOption in options(early)
    assert CareOfTestOption in options(answers(world)[0])
    assert indices(complete)[0] == 0 != indices(complete)[1]
    theirs = [each for each in world.trace if each.end is OptimizationEnd.CORRESPONDENT]
    # From the early one on nothing goes to the last address, and nothing to the new one before it is verified.
    assert [(each.care_of_address, each.outgoing) for each in theirs] == [(world.care_of, False), (world.care_of, True)]
    assert world.care_of != last


def test_what_is_asked_twice_is_done_once():
    """The care-of test is under way when the home agent answers: whichever token comes first is used."""
    world = Distant(Seconds(0.05), generated(HOME_PREFIX))
    world.give(ra_a())
    world.pass_time(0.5)
    world.hear()
    world.pass_time(1.0)
    world.check_direct()
    world.seen.clear()
    world.move(ra_b())
    world.pass_time(1.0)
    world.check_direct()
    assert not any(isinstance(each.message, HomeTestInit | HomeTest) for each in world.seen)
    assert sum(indices(each)[1] > 0 for each in updates(world) if not each.home_registration) == 1


def test_a_correspondent_that_takes_longer_than_a_repetition_is_understood():
    """It answers the proof and its repetition, with a token each."""
    world = Distant(Seconds(0.6), generated(HOME_PREFIX))
    world.give(ra_a())
    world.pass_time(3.0)
    world.hear()
    world.pass_time(10.0)
    world.check_direct()
    proofs = [each for each in updates(world) if not each.home_registration]
    assert len(proofs) > 1
    assert all(proves(each) for each in proofs)
    world.seen.clear()
    world.move(ra_b())
    world.pass_time(10.0)
    world.check_direct()
    assert not any(isinstance(each.message, HomeTestInit | HomeTest) for each in world.seen)


@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("kind", [BindingUpdate, BindingAcknowledgement, CareOfTestInit, HomeTestInit])
def test_every_second_message_of_a_kind_is_lost(kind, phase):
    world = World(generated=generated(HOME_PREFIX))
    counted = [phase]

    def reaches(packet: Packet) -> bool:
        counted[0] += isinstance(packet.message, kind)
        return not isinstance(packet.message, kind) or counted[0] % 2 == 0

    world.reaches = reaches
    world.give(ra_a())
    world.hear()
    for advertisement in (ra_b, ra_a) * 4:
        world.pass_time(60.0)
        world.hear()
        world.check_direct()
        world.move(advertisement())
    world.pass_time(60.0)
    world.check_direct()


@pytest.mark.requirement("RFC4866-MN-4.9-01")
def test_the_token_is_renewed_before_a_sequence_number_comes_again(monkeypatch):
    monkeypatch.setattr(enhanced, "USES_OF_A_TOKEN", 8)
    world = direct()
    for advertisement in (ra_b, ra_a) * 20:
        world.move(advertisement())
        world.pass_time(10.0)
        world.check_direct()
    with_token: list[list[int]] = []
    for update in updates(world):
        if proves(update):
            with_token.append([])
        else:
            with_token[-1].append(update.sequence)
    assert len(with_token) > 3
    for sequences in with_token:
        assert len(set(sequences)) == len(sequences) <= 8


@pytest.mark.requirement("RFC4866-MN-4.9-01")
def test_no_token_is_used_for_half_of_all_sequence_numbers():
    assert enhanced.USES_OF_A_TOKEN <= 1 << 15


def test_at_home_the_token_deletes_the_binding():
    world = direct()
    world.pass_time(300.0)
    world.seen.clear()
    world.move(ra_home(), home=True)
    assert world.bindings == []
    assert "HomeTestInit" not in world.kinds()
    assert updates(world)[-1].lifetime == 0
    assert indices(updates(world)[-1]) == (0, 0)
    assert world.correspondent.snapshot(world.now).tokens == ()


def test_a_correspondent_that_was_restarted_knows_its_tokens():
    world = direct()
    seen = [packet for packet in world.seen if isinstance(packet.message, BindingUpdate)]
    world.start_correspondent()
    for packet in seen:  # of before its start: nothing of it is believed
        world.perform(world.correspondent, world.correspondent.handle(arrival(packet), world.now))
    assert world.bindings == []
    world.seen.clear()
    world.move(ra_b())
    world.check_direct()
    assert "HomeTestInit" not in world.kinds()


def test_a_correspondent_that_lost_its_tokens_asks_for_a_new_proof():
    world = direct()
    world.correspondent = Engine(world.entropy())
    world.start_correspondent()
    world.seen.clear()
    world.move(ra_b())
    world.pass_time(5.0)
    world.check_direct()
    statuses = [each.status for each in answers(world)]
    assert (statuses[0], statuses[-1]) == (147, 0)
    assert set(statuses) <= {147, 136, 0}  # its nonces are others, too
    assert (proves(updates(world)[0]), proves(updates(world)[-1])) == (False, True)


def test_a_mobile_node_that_was_restarted_proves_itself_anew():
    world = direct()
    world.mobile = Engine(world.entropy())
    world.start_mobile()
    world.seen.clear()
    world.give(ra_b())
    world.hear()
    world.pass_time(5.0)
    world.check_direct()
    assert proves(updates(world)[-1])
    assert len(world.correspondent.snapshot(world.now).tokens) == 1


@pytest.mark.requirement("RFC4866-CN-4.2-01")
def test_less_proof_than_before_is_not_believed():
    """Somebody on the path to the home agent can do the tests, as any mobile node of RFC 6275: not for this address."""
    world = direct()
    believed = world.bindings
    world.mobile = Engine(world.entropy())
    world.generated = None
    world.start_mobile()
    world.seen.clear()
    world.give(ra_b())
    world.hear()
    world.pass_time(60.0)
    assert 149 in {each.status for each in answers(world)}
    assert {each.status for each in answers(world)} <= {135, 149}
    assert world.bindings == believed
    assert world.status.state is not State.DIRECT


def test_a_correspondent_that_does_not_know_it_is_told_as_ever():
    world = direct(believes=False)
    assert proves(updates(world)[0])
    assert PermanentHomeKeygenToken not in options(answers(world)[0])
    world.seen.clear()
    for advertisement in (ra_b, ra_a) * 4:
        world.move(advertisement())
        world.check_direct()
        world.pass_time(120.0)
    assert not any(proves(each) for each in updates(world))
    assert "HomeTestInit" in world.kinds()
    world.move(ra_home(), home=True)
    assert world.bindings == []


@pytest.mark.requirement("RFC4866-MN-4.4-02")
def test_a_proof_that_is_refused_twice_is_left_out():
    """As when the address is not of the key, which the service would not say."""
    address, other = generated(HOME_PREFIX), generated(HOME_PREFIX, 1100)
    world = World(generated=address)
    forged = type(address)(address=address.address, parameters=address.parameters, private_key=other.private_key)
    world.mobile, world.generated = Engine(world.entropy()), forged
    world.start_mobile()
    world.give(ra_a())
    world.hear()
    world.pass_time(5.0)
    world.check_direct()
    assert [each.status for each in answers(world)] == [148, 148, 0]
    assert [proves(each) for each in updates(world)] == [True, True, False]


def test_nothing_that_was_sent_is_believed_again():
    world = direct()
    for advertisement in (ra_b, ra_a, ra_b):
        world.reaches = without_care_of_tests
        world.move(advertisement())
        world.pass_time(20.0)
    world.check_direct()
    sent = [each for each in world.seen if isinstance(each.message, BindingUpdate)]
    assert len(sent) > 5
    before, (token,) = world.bindings, world.correspondent.snapshot(world.now).tokens
    for packet in sent:
        actions = world.correspondent.handle(arrival(packet), world.now)
        statuses = [each.packet.message.status for each in actions if hasattr(each, "packet")]
        assert statuses in ([135], [136], [138])
    assert world.bindings == before
    assert world.correspondent.snapshot(world.now).tokens == (token,)


def arrival(packet: Packet) -> PacketReceived:
    assert packet.destination == PEER
    return PacketReceived(interface="eth0", packet=packet)
