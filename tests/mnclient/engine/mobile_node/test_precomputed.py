# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node that shares a precomputed key with a correspondent (RFC 4449): it asks for nothing, and signs."""

from dataclasses import replace

import pytest

from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.events import Configured
from mnclient.engine.sequence_numbers import SEQUENCE_MODULUS
from mnclient.model.config import MobileNodeConfig, NodeConfig
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.status import CorrespondentState
from mnclient.security.binding_keys import is_authorized
from mnclient.security.precomputed_keys import precomputed_binding_key, precomputed_deletion_key
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.mobility_options import BindingAuthorizationData
from tests.mnclient.engine.mobile_node.peer import (
    PEER,
    Abroad,
    care_of_inits,
    home_inits,
    on_wire,
    open_config,
    told,
)
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, only, ra_b

KEY = PrecomputedKey(
    home_address=HOME,
    correspondent=PEER,
    node_key=b"between these two...",
    home_nonce=b"home....",
    care_of_nonce=b"care-of.",
)


def key_of(update: SendPacket, key: PrecomputedKey = KEY) -> bytes:
    packet = on_wire(update)
    assert isinstance(packet.message, BindingUpdate)
    return precomputed_binding_key(key, packet.source) if packet.message.lifetime else precomputed_deletion_key(key)


def assert_keyed(update: SendPacket, key: PrecomputedKey = KEY) -> None:
    """It proves itself by the precomputed key, and names no nonces."""
    packet = on_wire(update)
    message = packet.message
    assert isinstance(message, BindingUpdate)
    assert isinstance(message.options[-1], BindingAuthorizationData)
    assert message.nonce_indices is None
    about = packet.source if message.lifetime else packet.effective_source
    assert is_authorized(message, key_of(update, key), about, PEER)


class Sharing(Abroad):
    """Abroad, with a precomputed key for the peer."""

    def __init__(self, *keys: PrecomputedKey) -> None:
        super().__init__(open_config(precomputed_keys=keys or (KEY,)))

    def talk(self) -> list[Action]:
        """Payload is heard, and the Binding Update that follows is accepted."""
        actions = self.give(self.peer.heard())
        update = only(told(actions))
        return [*actions, *self.give(self.peer.acknowledge(update, key=key_of(update)))]

    def use(self, *keys: PrecomputedKey) -> list[Action]:
        return self.give(Configured(config=NodeConfig(mobile_node=open_config(precomputed_keys=keys))))


@pytest.mark.requirement("RFC4449-MN-3-01")
@pytest.mark.requirement("RFC4449-MN-3-02")
def test_the_first_update_is_signed_and_names_no_nonces() -> None:
    script = Sharing()
    actions = script.talk()
    assert_keyed(only(told(actions)))
    assert home_inits(actions) == care_of_inits(actions) == []
    assert script.talks is CorrespondentState.DIRECT
    assert script.route is not None and script.route.outgoing


@pytest.mark.requirement("RFC4449-MN-3-01")
@pytest.mark.requirement("RFC4449-MN-3-02")
@pytest.mark.requirement("RFC4449-MN-3-03")
def test_after_a_move_the_correspondent_is_told_with_the_home_agents_answer() -> None:
    script = Sharing()
    script.talk()
    old = script.care_of
    moved, acknowledged = script.move(ra_b())
    assert told(moved) == []  # not before the home agent has accepted (RFC 6275 section 11.7.2)
    update = only(told(acknowledged))
    assert_keyed(update)
    assert on_wire(update).source == script.care_of != old
    assert home_inits([*moved, *acknowledged]) == care_of_inits([*moved, *acknowledged]) == []


def test_a_wrong_answer_is_not_believed() -> None:
    script = Sharing()
    update = only(told(script.give(script.peer.heard())))
    script.give(script.peer.acknowledge(update, key=bytes(20)))
    assert script.talks is CorrespondentState.REGISTERING
    script.give(script.peer.acknowledge(update, signed=False))
    assert script.talks is CorrespondentState.REGISTERING
    script.give(script.peer.acknowledge(update, key=key_of(update)))
    assert script.talks is CorrespondentState.DIRECT


def test_a_number_that_is_not_new_is_corrected() -> None:
    script = Sharing()
    update = only(told(script.give(script.peer.heard())))
    accepted = (update.packet.message.sequence + 30_000) % SEQUENCE_MODULUS  # type: ignore[union-attr]
    corrected = script.give(script.peer.acknowledge(update, 135, sequence=accepted, key=key_of(update)))
    corrected += script.pass_time(1.0)
    again = told(corrected)[0]
    assert_keyed(again)
    assert again.packet.message.sequence == (accepted + 1) % SEQUENCE_MODULUS  # type: ignore[union-attr]


def test_nonces_that_expired_are_not_believed_for_ever() -> None:
    """A correspondent that has no such key says 138; we do not fall back, and do not ask it again and again."""
    script = Sharing()
    updates = told(script.give(script.peer.heard()))
    for _ in range(4):
        assert_keyed(updates[-1])
        actions = script.give(script.peer.acknowledge(updates[-1], 138, signed=False)) + script.pass_time(0.9)
        assert home_inits(actions) == care_of_inits(actions) == []
        updates += told(actions)
    assert script.talks is CorrespondentState.UNRESPONSIVE
    assert len(updates) == 4


def test_a_binding_is_renewed_without_a_test() -> None:
    script = Sharing()
    script.talk()
    passed = script.pass_time(400.0)
    assert home_inits(passed) == care_of_inits(passed) == []
    renewed = script.give(script.peer.use(float(script.now)))
    assert_keyed(only(told(renewed)))


def test_others_are_tested() -> None:
    script = Sharing(replace(KEY, correspondent=AGENT))
    actions = script.give(script.peer.heard())
    assert told(actions) == []
    assert len(home_inits(actions)) == len(care_of_inits(actions)) == 1


@pytest.mark.requirement("RFC4449-ALL-4-02")
def test_off_by_default() -> None:
    assert MobileNodeConfig().precomputed_keys == ()
    script = Abroad()
    assert told(script.give(script.peer.heard())) == []


def test_a_key_that_comes_is_used_at_once() -> None:
    script = Sharing(replace(KEY, correspondent=AGENT))
    script.give(script.peer.heard())
    assert script.talks is CorrespondentState.TESTING
    actions = script.use(KEY)
    assert_keyed(only(told(actions)))
    later = script.pass_time(30.0)
    assert home_inits(later) == care_of_inits(later) == []


def test_a_key_that_changes_is_used_at_once() -> None:
    script = Sharing()
    script.talk()
    other = replace(KEY, node_key=bytes(20))
    actions = script.use(other) + script.pass_time(1.0)
    assert_keyed(told(actions)[0], other)


def test_a_key_that_goes_leaves_return_routability() -> None:
    script = Sharing()
    script.talk()
    actions = script.use()
    assert told(actions) == []
    assert len(home_inits(actions)) == len(care_of_inits(actions)) == 1


def test_a_binding_that_is_not_wanted_is_deleted_with_the_key() -> None:
    script = Sharing()
    script.talk()
    closed = replace(open_config(precomputed_keys=(KEY,)), route_optimization=MobileNodeConfig().route_optimization)
    actions = script.give(Configured(config=NodeConfig(mobile_node=closed))) + script.pass_time(1.0)
    deletion = told(actions)[0]
    assert on_wire(deletion).message.lifetime == 0  # type: ignore[union-attr]
    assert_keyed(deletion)
