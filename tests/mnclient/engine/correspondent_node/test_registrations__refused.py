# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Updates that are refused, forged, replayed or nonsense."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from mnclient.constants import CORRESPONDENT_ANSWER_RATE
from mnclient.engine.actions import SetNetworkState
from mnclient.engine.events import NetworkStateFailed, PacketReceived
from mnclient.model.config import AccessRule
from mnclient.security.binding_keys import is_authorized
from mnclient.units import Seconds
from mnclient.wire.binding import BindingStatus
from mnclient.wire.mobility_options import BindingAuthorizationData, NonceIndices
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    HOME,
    HOME_2,
    ON,
    OURS,
    OURS_2,
    Mobile,
    Script,
    acks,
    sent_packets,
    statuses,
)

NOWHERE = ["ff02::1", "ff0e::1", "::", "::1", "fe80::7"]


def changed(packet, **changes):
    return replace(packet, message=replace(packet.message, **changes))


def with_authenticator(packet, authenticator: bytes):
    options = (*packet.message.options[:-1], BindingAuthorizationData(authenticator=authenticator))
    return changed(packet, options=options)


# --- nonces ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CN-9.5.1-01", "CN-9.5.1-02", "CN-9.5.4-03", "CN-9.5.4-01")
@pytest.mark.parametrize("acknowledge", [True, False])
@pytest.mark.parametrize(("home", "care_of", "status"), [(9, 0, 136), (0, 9, 137), (9, 9, 138)])
def test_an_unknown_index_is_told_without_a_signature(home, care_of, status, acknowledge):
    script = Script()
    mobile = Mobile(script).test()
    indices = NonceIndices(
        home=(mobile.home_test.nonce_index + home) % 65536, care_of=(mobile.care_of_test.nonce_index + care_of) % 65536
    )
    (packet,) = sent_packets(mobile.update(indices=indices, acknowledge=acknowledge))
    assert (packet.message.status, packet.message.sequence) == (status, mobile.sequence)
    assert packet.message.options == ()
    assert (packet.destination, packet.routing_home_address) == (CARE_OF, HOME)
    assert script.bound() == {}


@pytest.mark.requirement("CN-5.2.2-01", "CN-5.2.7-02")
def test_an_old_token_is_refused():
    script = Script()
    mobile = Mobile(script).test()
    script.advance(239.9)
    assert statuses(mobile.update()) == [0]
    script.advance(0.1)
    assert statuses(mobile.update()) == [138]
    assert statuses(mobile.update(0.0)) == [136]


def test_tokens_from_before_a_restart_are_refused():
    mobile = Mobile(Script()).test()
    mobile.script = Script()
    mobile.script.role._nonces._entropy.octets(1)  # another start, other octets
    assert statuses(mobile.update()) == [138]


def test_one_token_does_not_do_for_the_other():
    """The care-of token of an address is not its home token (section 5.2.5)."""
    script = Script()
    mobile = Mobile(script, care_of=HOME).test()
    swapped = Mobile(script, care_of=HOME, home_test=mobile.care_of_test, care_of_test=mobile.home_test)
    assert swapped.update() == []


# --- authenticator --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CN-9.5.1-03", "ALL-9.5.1-07", "ALL-9.5.4-01")
def test_a_forged_authenticator_is_met_with_silence():
    script = Script()
    mobile = Mobile(script).test()
    mobile.register()
    before = script.role.binding_cache()
    packet = mobile.packet()
    right = packet.message.authorization_data.authenticator
    for position in range(12):
        wrong = bytearray(right)
        wrong[position] ^= 0x80
        assert script.receive(with_authenticator(packet, bytes(wrong))) == []
    for wrong in (b"", right[:11], right + b"\0", bytes(12)):
        assert script.receive(with_authenticator(packet, wrong)) == []
    assert mobile.update(key=bytes(20)) == []
    assert script.role.binding_cache() == before
    assert script.role.counters()["correspondent.bu.discarded.authenticator"] == 17


@pytest.mark.requirement("CN-9.5.1-03")
@pytest.mark.parametrize(
    "changes",
    [{"sequence": 99}, {"lifetime": Seconds(400.0)}, {"acknowledge": False}, {"link_local_compatibility": True}],
)
def test_what_was_signed_may_not_be_changed(changes):
    script = Script()
    assert script.receive(changed(Mobile(script).test().packet(), **changes)) == []
    assert script.bound() == {}


def test_a_signature_is_for_one_pair_and_one_care_of_address():
    script = Script()
    packet = Mobile(script).test().packet()
    assert script.receive(replace(packet, destination=OURS_2)) == []
    assert script.receive(replace(packet, source=CARE_OF_2)) == []
    assert script.receive(replace(packet, home_address=HOME_2)) == []
    assert script.bound() == {}


def test_tokens_for_another_address_are_of_no_use():
    """Whoever cannot receive at a home address cannot move it."""
    script = Script()
    thief = Mobile(script, home=HOME_2, care_of=CARE_OF_2).test()
    thief.home = HOME
    assert thief.update() == []
    assert thief.update(0.0) == []
    assert script.bound() == {}


@pytest.mark.requirement("CN-9.5.1-01", "ALL-9.5.1-07", "ALL-6.2.6-01", "CN-9.5.1-03")
def test_without_indices_or_signature_it_is_nothing():
    script = Script()
    packet = Mobile(script).test().packet()
    indices, signature = packet.message.options
    assert script.receive(changed(packet, options=(signature,))) == []
    assert script.receive(changed(packet, options=(indices,))) == []
    assert script.receive(changed(packet, options=())) == []
    # Nobody can encode it so: not through the decoder.
    assert script.give(PacketReceived(interface="wan", packet=changed(packet, options=(signature, indices)))) == []
    counters = script.role.counters()
    assert counters["correspondent.bu.discarded.no-nonce-indices"] == 2
    assert counters["correspondent.bu.discarded.unsigned"] == 2, "a signature that is not the last option is none"


# --- sequence numbers and replays -----------------------------------------------------------------------------------


@pytest.mark.requirement("ALL-9.5.1-04", "ALL-9.5.1-02", "CN-9.5.4-01", "CN-9.5.4-03")
@pytest.mark.parametrize("acknowledge", [True, False])
@pytest.mark.parametrize("sequence", [15, 14, 0, 65535, 32783])
def test_an_old_sequence_number_is_told_the_last_one(sequence, acknowledge):
    script = Script()
    mobile = Mobile(script, sequence=14)
    mobile.register()
    (ack,) = acks(mobile.update(sequence=sequence, acknowledge=acknowledge))
    assert (ack.status, ack.sequence) == (135, 15)
    assert is_authorized(ack, mobile.key(), CARE_OF, OURS)
    assert script.role.binding_cache()[0].sequence == 15


def test_a_stranger_does_not_learn_the_sequence_number():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    assert mobile.update(sequence=0, key=bytes(20)) == []


@pytest.mark.requirement("CN-5.2.8-01", "CN-9.6-01")
@pytest.mark.parametrize("end", ["deleted", "expired", "refused by the kernel"])
def test_a_replay_makes_no_binding_again(end):
    script = Script()
    mobile = Mobile(script).test()
    packet = mobile.packet(8.0)
    assert statuses(script.receive(packet)) == [0]
    if end == "deleted":
        assert statuses(mobile.update(0.0)) == [0]
    elif end == "expired":
        script.advance(8.0)
    else:
        owner = f"correspondent-node:{HOME},{OURS}"
        script.give(NetworkStateFailed(owner=owner, item="an item", reason="a reason"))
    for _ in range(300):
        assert script.bound() == {}
        assert not [each for each in script.receive(packet) if isinstance(each, SetNetworkState)]
        script.advance(1.0)
    assert script.bound() == {}


@pytest.mark.requirement("CN-5.2.8-01")
def test_a_binding_update_that_was_held_back_cannot_follow_the_deletion():
    script = Script()
    mobile = Mobile(script).test()
    held_back = mobile.packet()
    assert statuses(mobile.update(0.0)) == [0]
    assert statuses(script.receive(held_back)) == [135]
    assert script.bound() == {}


def test_what_was_ended_is_not_remembered_for_ever():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    mobile.update(0.0)
    assert script.role._registrations.cache.remembered() == 1
    script.advance(240.0)
    assert script.role._registrations.cache.remembered() == 0
    assert script.node.next_deadline() is None


# --- policy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("acknowledge", [True, False])
def test_access_is_by_home_address_and_care_of_address(acknowledge):
    network = IPv6Network
    rules = (
        AccessRule(allow=False, home_addresses=network(HOME_2)),
        AccessRule(allow=False, care_of_addresses=network(CARE_OF_2)),
    )
    script = Script(replace(ON, access=rules))
    for mobile in (Mobile(script, home=HOME_2), Mobile(script, care_of=CARE_OF_2)):
        found = acks(mobile.test().update(acknowledge=acknowledge))
        assert [ack.status for ack in found] == ([129] if acknowledge else [])
        assert all(is_authorized(ack, mobile.key(), mobile.care_of, OURS) for ack in found)
    assert script.bound() == {}
    Mobile(script).register()


def test_new_rules_end_what_they_forbid():
    script = Script()
    Mobile(script).register()
    Mobile(script, home=HOME_2).register()
    script.configure(replace(ON, access=(AccessRule(allow=False, home_addresses=IPv6Network(HOME)),)))
    assert script.bound() == {HOME_2: CARE_OF}
    assert set(script.desired) == {"correspondent-node", f"correspondent-node:{HOME_2},{OURS}"}


@pytest.mark.requirement("CN-9.5.2-03", "CN-9.5.4-01", "CN-9.5.4-03")
@pytest.mark.parametrize("acknowledge", [True, False])
def test_no_room_for_another_binding(acknowledge):
    script = Script(replace(ON, max_bindings=1))
    mobile = Mobile(script)
    mobile.register()
    other = Mobile(script, home=HOME_2).test()
    (ack,) = acks(other.update(acknowledge=acknowledge))
    assert ack.status == 130
    assert is_authorized(ack, other.key(), CARE_OF, OURS)
    assert statuses(mobile.update()) == [0]
    assert script.bound() == {HOME: CARE_OF}


@pytest.mark.requirement("ALL-9.5.1-06", "CN-9.5.4-03")
@pytest.mark.parametrize("acknowledge", [True, False])
def test_a_home_registration_does_not_become_a_binding_of_a_correspondent(acknowledge):
    script = Script(refusals={HOME: BindingStatus.REGISTRATION_TYPE_CHANGE_DISALLOWED})
    mobile = Mobile(script).test()
    (ack,) = acks(mobile.update(acknowledge=acknowledge))
    assert ack.status == 139
    assert is_authorized(ack, mobile.key(), CARE_OF, OURS)
    assert script.bound() == {}


def test_bindings_end_when_this_host_becomes_the_home_agent():
    script = Script()
    Mobile(script).register()
    script.refusals[HOME] = BindingStatus.ADMINISTRATIVELY_PROHIBITED
    script.configure(ON)
    assert script.bound() == {}


@pytest.mark.parametrize("care_of", [HOME, OURS])
def test_a_care_of_address_that_leads_in_a_circle(care_of):
    script = Script()
    assert statuses(Mobile(script, care_of=care_of).test().update(source=CARE_OF_2, alternate=care_of)) == [174]
    assert script.bound() == {}


def test_a_refused_refresh_cannot_be_replayed_later():
    script = Script()
    mobile = Mobile(script)
    mobile.register()
    refused = mobile.packet(alternate=OURS)
    stranger = Mobile(script, care_of=OURS).test()
    stranger.home_test, stranger.sequence = mobile.home_test, mobile.sequence
    assert statuses(stranger.update(source=CARE_OF, alternate=OURS)) == [174]
    assert script.role.binding_cache()[0].sequence == refused.message.sequence + 1


# --- home registrations ---------------------------------------------------------------------------------------------


def home_registration(**changes):
    packet = Mobile(Script()).packet()
    return changed(packet, **{"options": (), "home_registration": True, **changes})


@pytest.mark.requirement("CN-10.3.1-01")
@pytest.mark.parametrize("acknowledge", [True, False])
def test_this_is_no_home_agent(acknowledge):
    script = Script()
    (packet,) = sent_packets(script.receive(home_registration(acknowledge=acknowledge)))
    assert (packet.message.status, packet.destination, packet.routing_home_address) == (131, CARE_OF, HOME)
    assert script.bound() == {}


@pytest.mark.requirement("ALL-9.5.1-05", "ALL-6.2.6-01")
def test_a_home_registration_with_nonces_is_nothing():
    script = Script()
    packet = Mobile(script).test().packet()
    assert script.receive(changed(packet, home_registration=True)) == []


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ALL-9.5.1-01", "ALL-6.1.7-03", "ALL-9.5.4-03", "ALL-9.5.4-01")
@pytest.mark.parametrize("text", NOWHERE)
@pytest.mark.parametrize("field", ["source", "home_address", "alternate"])
def test_addresses_that_nobody_can_have(field, text):
    """Refused before anything else is looked at, the authenticator above all: that would be wrong, too."""
    script = Script()
    mobile, nowhere = Mobile(script).test(), IPv6Address(text)
    packet = mobile.packet(alternate=nowhere if field == "alternate" else None)
    if field != "alternate":
        packet = replace(packet, **{field: nowhere})
    # As given by the socket, which may be wrong: not through the decoder.
    assert script.give(PacketReceived(interface="wan", packet=packet)) == []
    assert script.bound() == {}
    is_nodes = not (nowhere.is_multicast or nowhere.is_unspecified)
    reason = {"home_address": "home-address", "source": "care-of-address" if is_nodes else "source"}
    assert script.role.counters()[f"correspondent.bu.discarded.{reason.get(field, 'care-of-address')}"] == 1


@pytest.mark.parametrize("text", NOWHERE)
def test_what_is_for_nobody_makes_no_binding(text):
    script = Script()
    packet = replace(Mobile(script).test().packet(), destination=IPv6Address(text))
    assert script.give(PacketReceived(interface="wan", packet=packet)) == []
    assert script.bound() == {}


def test_a_routing_header_has_no_business_here():
    script = Script()
    packet = Mobile(script).test().packet()
    assert script.give(PacketReceived(interface="wan", packet=replace(packet, routing_home_address=OURS))) == []


# --- floods ---------------------------------------------------------------------------------------------------------


def test_unsigned_answers_are_limited():
    script = Script()
    mobile = Mobile(script)
    answered = sum(len(acks(mobile.update())) for _ in range(2 * CORRESPONDENT_ANSWER_RATE))
    assert answered == CORRESPONDENT_ANSWER_RATE
    script.advance(1.0)
    assert len(acks(mobile.update())) == 1


def test_the_memory_of_ended_bindings_is_bounded():
    """A network of its own gives somebody any number of home addresses; none of ours is forgotten for them."""
    script = Script(replace(ON, max_bindings=3))
    mobile = Mobile(script)
    mobile.register()
    mobile.update(0.0)
    cache = script.role._registrations.cache
    seen = set()
    for number in range(40):
        stranger = Mobile(script, home=HOME_2 + number).test()
        seen |= set(statuses(stranger.update()))
        seen |= set(statuses(stranger.update(0.0)))
        assert len(cache) + cache.remembered() <= 6
        script.advance(0.1)
    assert seen == {0, 130}
    assert cache.last_sequence((OURS, HOME)) is not None
    script.advance(300.0)
    assert statuses(Mobile(script, home=HOME_2 + 99).test().update()) == [0]
