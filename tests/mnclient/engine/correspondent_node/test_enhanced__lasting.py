# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a correspondent believes by a permanent token, and that nothing is believed twice (RFC 4866)."""

from dataclasses import replace

import pytest

from mnclient.engine.events import BindingsDismissed, DatapathChosen
from mnclient.model.binding_filter import BindingFilter
from mnclient.model.stored_binding import Stored
from mnclient.security.binding_keys import deletion_key, is_authorized
from mnclient.security.enhanced_authentication import early_binding_key
from mnclient.units import Seconds
from mnclient.wire.binding import BindingAcknowledgement
from mnclient.wire.enhanced_options import (
    PermanentHomeKeygenToken,
)
from mnclient.wire.mobility_options import (
    NonceIndices,
)
from tests.mnclient.engine.correspondent_node.enhanced_script import ADDRESS, BELIEVING, DAY, Generated, sent_to
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    HOME,
    Mobile,
    Script,
    acks,
    statuses,
)


@pytest.fixture
def script() -> Script:
    return Script(BELIEVING)


@pytest.fixture
def mobile(script) -> Generated:
    return Generated(script, home=ADDRESS.address)


# --- how long --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4866-CN-4.2-03")
@pytest.mark.parametrize(("configured", "plain", "strong"), [(420.0, 420.0, DAY), (100.0, 100.0, 100.0)])
def test_how_long_a_binding_may_last(configured, plain, strong):
    script = Script(replace(BELIEVING, max_lifetime=Seconds(configured)))
    mobile = Generated(script, home=ADDRESS.address)
    ordinary = Mobile(script)
    granted = [acks(mobile.prove(lifetime=200_000.0)), acks(mobile.complete(lifetime=200_000.0))]
    assert [(answer.status, answer.lifetime) for (answer,) in granted] == [(0, strong)] * 2
    assert acks(ordinary.test().update(DAY))[0].lifetime == plain


def test_a_token_ends_with_its_binding(script, mobile):
    mobile.prove(lifetime=1000.0)
    script.advance(999.0)
    assert len(script.role.tokens(script.now)) == 1
    script.advance(2.0)
    assert script.role.tokens(script.now) == ()
    mobile.test()
    assert statuses(mobile.complete()) == [147]
    assert statuses(mobile.update(420.0)) == [0]  # nothing is owed any longer


def test_a_deletion_ends_the_token(script, mobile):
    mobile.prove()
    options = (NonceIndices(home=0, care_of=0),)
    deletion = mobile.made(options, deletion_key(mobile.permanent), lifetime=0.0)
    assert statuses(script.receive(deletion)) == [0]
    assert (script.bound(), script.role.tokens(script.now)) == ({}, ())
    assert statuses(script.receive(deletion)) == [147]


# --- replay ----------------------------------------------------------------------------------------------------------


def test_nothing_is_believed_twice(script, mobile):
    mobile.prove()
    mobile.care_of = CARE_OF_2
    early = mobile.made((NonceIndices(home=0, care_of=0),), early_binding_key(mobile.permanent))
    assert statuses(script.receive(early)) == [0]
    mobile.care_of = CARE_OF
    mobile.test()
    assert statuses(mobile.complete()) == [0]
    (answer,) = acks(script.receive(early))
    assert (answer.status, answer.sequence) == (135, mobile.sequence)
    assert sent_to(script) == [CARE_OF]


def test_nothing_is_believed_twice_over_a_restart(script, mobile):
    mobile.prove()
    early = mobile.made((NonceIndices(home=0, care_of=0),), early_binding_key(mobile.permanent))
    assert statuses(script.receive(early)) == [0]
    again = Script(None, datapath=None)
    again.now = script.now
    again.role.restore(Stored(tokens=script.role.tokens(script.now)), again.now)
    again.give(DatapathChosen(route_optimization=True))
    again.configure(BELIEVING)
    assert again.bound() == {}
    assert statuses(again.receive(early)) == [135]
    mobile.script = again
    mobile.test()
    assert statuses(mobile.complete()) == [0]


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_where_there_is_no_room_for_a_token_a_proof_is_as_good_as_none():
    script = Script(replace(BELIEVING, max_bindings=1))
    others = [Generated(script, home=ADDRESS.address, ours=HOME + number) for number in range(1, 5)]
    for each in others[:2]:
        assert statuses(each.prove()) == [0]
        script.give(BindingsDismissed(which=BindingFilter()))
        script.advance(300.0)  # what is remembered of ended bindings takes room as well
    (answer,) = acks(others[2].prove())
    assert answer.status == 0
    assert PermanentHomeKeygenToken not in {type(each) for each in answer.options}
    assert len(script.role.tokens(script.now)) == 2


def test_answers_are_signed_at_the_end(script, mobile):
    mobile.prove()
    mobile.care_of = CARE_OF_2
    (answer,) = acks(mobile.early())
    assert isinstance(answer, BindingAcknowledgement)
    assert is_authorized(answer, early_binding_key(mobile.permanent), CARE_OF_2, mobile.ours)
