# SPDX-License-Identifier: GPL-2.0-or-later
"""A correspondent that shares a precomputed key with a mobile node (RFC 4449), in whole packets."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import Action
from mnclient.engine.correspondent_node.binding_cache import Pair
from mnclient.engine.correspondent_node.precomputed import PrecomputedKeys
from mnclient.model.config import CorrespondentNodeConfig, MobileNodeConfig, NodeConfig
from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.model.stored_binding import Stored, StoredAcceptedSequence
from mnclient.security.binding_keys import authorize, is_authorized
from mnclient.security.precomputed_keys import precomputed_binding_key, precomputed_deletion_key
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.mobility_options import MobilityOption, NonceIndices
from mnclient.wire.packet import Packet
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
    statuses,
)

KEY = PrecomputedKey(
    home_address=HOME,
    correspondent=OURS,
    node_key=bytes(range(20)),
    home_nonce=b"home....",
    care_of_nonce=b"care-of.",
)
KEYED = CorrespondentNodeConfig(precomputed_keys=(KEY,))
INDICES = NonceIndices(home=4711, care_of=815)


def update(
    script: Script,
    sequence: int,
    *options: MobilityOption,
    lifetime: float = 420.0,
    key: PrecomputedKey = KEY,
    care_of: IPv6Address = CARE_OF,
) -> list[Action]:
    """A Binding Update signed with a precomputed key arrives, and nothing went before it."""
    message = BindingUpdate(
        sequence=sequence, lifetime=Seconds(lifetime), acknowledge=True, home_registration=False, options=options
    )
    kbm = precomputed_binding_key(key, care_of) if lifetime else precomputed_deletion_key(key)
    signed = authorize(message, kbm, care_of if lifetime else key.home_address, key.correspondent)
    return script.receive(
        Packet(source=care_of, destination=key.correspondent, message=signed, home_address=key.home_address)
    )


@pytest.mark.requirement("RFC4449-CN-3-01")
@pytest.mark.parametrize("options", [(), (INDICES,)], ids=["without indices", "with indices"])
def test_a_binding_is_made_without_a_test(options: tuple[MobilityOption, ...]) -> None:
    script = Script(KEYED)
    answers = acks(update(script, 1, *options))
    assert [(each.status, each.lifetime) for each in answers] == [(0, 420.0)]
    assert is_authorized(answers[0], precomputed_binding_key(KEY, CARE_OF), CARE_OF, OURS)
    assert script.bound() == {HOME: CARE_OF}
    assert statuses(update(script, 2, *options, care_of=CARE_OF_2)) == [0]
    assert script.bound() == {HOME: CARE_OF_2}
    assert statuses(update(script, 3, *options, lifetime=0, care_of=CARE_OF_2)) == [0]
    assert script.bound() == {}


def test_a_wrong_key_is_not_believed() -> None:
    script = Script(KEYED)
    for wrong in (
        replace(KEY, node_key=bytes(20)),
        replace(KEY, home_nonce=bytes(8)),
        replace(KEY, care_of_nonce=bytes(8)),
        replace(KEY, home_address=HOME_2),
        replace(KEY, correspondent=OURS_2),
    ):
        assert update(script, 1, key=wrong) == []
    assert script.bound() == {}
    assert script.role.counters()["correspondent.bu.discarded.authenticator"] == 3
    assert script.role.counters()["correspondent.bu.discarded.no-nonce-indices"] == 2


def test_unsigned_is_not_believed() -> None:
    script = Script(KEYED)
    message = BindingUpdate(
        sequence=1, lifetime=Seconds(420.0), acknowledge=True, home_registration=False, options=(INDICES,)
    )
    assert script.receive(Packet(source=CARE_OF, destination=OURS, message=message, home_address=HOME)) == []
    assert script.role.counters()["correspondent.bu.discarded.unsigned"] == 1


@pytest.mark.requirement("RFC4449-ALL-4-02")
def test_off_by_default() -> None:
    assert ON.precomputed_keys == () and MobileNodeConfig().precomputed_keys == ()
    script = Script(ON)
    assert update(script, 1) == []
    assert statuses(update(script, 1, INDICES)) == [138]
    assert script.bound() == {}


def test_return_routability_does_not_replace_the_key() -> None:
    """Who sees both paths, but has no key, could speak for the mobile node otherwise."""
    script = Script(KEYED)
    assert Mobile(script).test().update() == []
    assert script.bound() == {}


def test_others_go_on_with_return_routability() -> None:
    script = Script(KEYED)
    Mobile(script, home=HOME_2).register()
    update(script, 1)
    assert script.bound() == {HOME_2: CARE_OF, HOME: CARE_OF}


def test_a_replay_is_refused_long_after_the_binding_ended() -> None:
    script = Script(KEYED)
    update(script, 7)
    script.advance(5000.0)
    assert script.bound() == {}
    answers = acks(update(script, 7))
    assert [(each.status, each.sequence) for each in answers] == [(135, 7)]
    assert statuses(update(script, 8)) == [0]


@pytest.mark.requirement("RFC4449-CN-3-02")
def test_a_replay_after_a_restart_is_refused() -> None:
    script = Script(KEYED)
    update(script, 7)
    update(script, 9, lifetime=0)
    stored = Stored(accepted_sequences=script.role.accepted_sequences())
    assert stored.accepted_sequences == (StoredAcceptedSequence(home_address=HOME, correspondent=OURS, sequence=9),)
    again = Script(None)
    again.role.restore(stored, again.now)
    again.configure(KEYED)
    answers = acks(update(again, 9))
    assert [(each.status, each.sequence) for each in answers] == [(135, 9)]
    assert statuses(update(again, 7)) == [135]
    assert again.bound() == {}
    assert statuses(update(again, 10)) == [0]


def test_a_number_is_remembered_while_the_key_is_away() -> None:
    script = Script(KEYED)
    update(script, 7)
    script.configure(ON)
    script.configure(None)
    script.configure(KEYED)
    assert statuses(update(script, 7)) == [135]


def test_another_key_ends_the_binding() -> None:
    script = Script(KEYED)
    update(script, 1)
    other = replace(KEY, node_key=bytes(20))
    script.configure(CorrespondentNodeConfig(precomputed_keys=(other,)))
    assert script.bound() == {}
    assert script.desired.keys() <= {"correspondent-node"}
    assert update(script, 2) == []
    assert statuses(update(script, 2, key=other)) == [0]


def test_the_same_key_does_not() -> None:
    script = Script(KEYED)
    update(script, 1)
    script.configure(replace(KEYED, max_bindings=5))
    assert script.bound() == {HOME: CARE_OF}


def test_nothing_is_kept_of_pairs_without_a_key() -> None:
    keys = PrecomputedKeys()
    keys.accepted(Pair(OURS, HOME), 5)
    assert keys.snapshot() == ()
    assert keys.configure((KEY,)) == frozenset()
    assert keys.last_sequence(Pair(OURS, HOME)) is None


@pytest.mark.requirement("RFC4449-ALL-4-01")
def test_a_node_refuses_one_node_key_for_two_peers() -> None:
    other = replace(KEY, home_address=HOME_2)
    with pytest.raises(ValueError, match="a node key of their own"):
        NodeConfig(correspondent_node=CorrespondentNodeConfig(precomputed_keys=(KEY, other)))
    with pytest.raises(ValueError, match="a node key of their own"):
        NodeConfig(correspondent_node=KEYED, mobile_node=MobileNodeConfig(precomputed_keys=(other,)))
