# SPDX-License-Identifier: GPL-2.0-or-later
"""What a correspondent believes of a generated home address, what it answers, and to whom it sends (RFC 4866)."""

from dataclasses import replace

import pytest

from mnclient.model.config import CorrespondentNodeConfig
from mnclient.security.binding_keys import authorize, binding_key, is_authorized
from mnclient.security.enhanced_authentication import early_binding_key, with_cga_proof
from mnclient.security.rsa import decrypt_token
from mnclient.units import Seconds
from mnclient.wire.binding import BindingUpdate
from mnclient.wire.enhanced_options import (
    CareOfTestOption,
    CgaParametersFragment,
    CgaParametersRequest,
    PermanentHomeKeygenToken,
    Signature,
)
from mnclient.wire.mobility_options import (
    AlternateCareOfAddress,
    BindingAuthorizationData,
    NonceIndices,
)
from mnclient.wire.packet import Packet
from tests.mnclient.engine.correspondent_node.enhanced_script import (
    ADDRESS,
    ASKS,
    BELIEVING,
    DAY,
    OTHER,
    Generated,
    routes,
    sent_to,
)
from tests.mnclient.engine.correspondent_node.script import (
    CARE_OF,
    CARE_OF_2,
    HOME,
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


# --- the proof -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4866-CN-4.7-01")
@pytest.mark.parametrize("acknowledge", [True, False])
def test_a_proof_is_answered_with_a_token_that_only_its_key_can_read(script, mobile, acknowledge):
    (answer,) = acks(mobile.prove(acknowledge=acknowledge))
    assert answer.status == 0
    kinds = [type(each) for each in answer.options]
    assert kinds == [PermanentHomeKeygenToken, BindingAuthorizationData]
    assert is_authorized(answer, mobile.key(), CARE_OF, mobile.ours)  # the token within
    (stored,) = script.role.tokens(script.now)
    assert len(stored.token) == 8
    assert stored.token == mobile.permanent
    assert decrypt_token(OTHER.private_key, answer.options[0].encrypted) != stored.token
    assert script.bound() == {mobile.home: CARE_OF}


@pytest.mark.requirement("RFC4866-CN-4.7-01")
def test_every_proof_is_answered_with_another_token(script, mobile):
    tokens = {(mobile.prove(), mobile.permanent)[1] for _ in range(5)}
    assert len(tokens) == 5
    assert statuses(mobile.complete()) == [0]


def forged_signature(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    return with_cga_proof(update, ADDRESS.parameters, OTHER.private_key, signed, mobile.ours)


def parameters_of_another_address(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    return with_cga_proof(update, OTHER.parameters, OTHER.private_key, signed, mobile.ours)


def of_another_care_of_address(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    return mobile.proof(update, CARE_OF + 7)


def signed_for_another_correspondent(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    return with_cga_proof(update, ADDRESS.parameters, ADDRESS.private_key, signed, HOME)


def of_another_sequence_number(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    proven = mobile.proof(replace(update, sequence=update.sequence + 1), signed)
    return replace(update, options=proven.options)


def without_signature(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    proven = mobile.proof(update, signed)
    return replace(proven, options=tuple(each for each in proven.options if not isinstance(each, Signature)))


def without_parameters(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    proven = mobile.proof(update, signed)
    kept = tuple(each for each in proven.options if not isinstance(each, CgaParametersFragment))
    return replace(proven, options=kept)


def of_nonsense(mobile: Generated, update: BindingUpdate, signed) -> BindingUpdate:
    nonsense = (CgaParametersFragment(data=b"\xff" * 60), Signature(signature=b"\x01"))
    return replace(update, options=(*update.options, *nonsense))


FORGERIES = [
    forged_signature,
    parameters_of_another_address,
    of_another_care_of_address,
    signed_for_another_correspondent,
    of_another_sequence_number,
    without_signature,
    without_parameters,
    of_nonsense,
]


@pytest.mark.requirement("RFC4866-CN-4.2-02")
@pytest.mark.parametrize("acknowledge", [True, False])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_proof_that_does_not_verify_is_refused_with_148(script, mobile, forgery, acknowledge):
    def proof(update, signed):
        return forgery(mobile, update, signed)

    (answer,) = acks(mobile.prove(proof=proof, acknowledge=acknowledge))
    assert answer.status == 148
    assert is_authorized(answer, mobile.key(), CARE_OF, mobile.ours)
    assert script.bound() == {}
    assert script.role.tokens(script.now) == ()


def test_a_forger_changes_nothing_of_what_there_is(script, mobile):
    mobile.prove()
    before, bound = script.role.tokens(script.now), script.bound()
    thief = Generated(script, home=mobile.home, care_of=CARE_OF_2, sequence=mobile.sequence + 100)
    for forgery in FORGERIES:

        def proof(update, signed, forgery=forgery):
            return forgery(thief, update, signed)

        assert statuses(thief.prove(proof=proof)) == [148]
    assert (script.role.tokens(script.now), script.bound()) == (before, bound)
    assert statuses(mobile.complete()) == [0]  # with a number below those of the forger


def test_without_the_authenticator_nobody_looks_at_the_proof(script, mobile, monkeypatch):
    mobile.test()
    monkeypatch.setattr("mnclient.security.enhanced_authentication.is_signed", None)  # a call would raise
    assert mobile.send((mobile.indices,), bytes(20), proof=mobile.proof) == []
    assert script.bound() == {}


# --- which proof -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4866-CN-4.2-01")
def test_options_of_a_proof_want_a_home_nonce(script, mobile):
    mobile.test()
    indices = NonceIndices(home=0, care_of=mobile.care_of_test.nonce_index)
    assert statuses(mobile.send((indices,), mobile.key(), proof=mobile.proof)) == [150]
    mobile.prove()
    assert statuses(mobile.send((indices,), mobile.key(), proof=mobile.proof)) == [150]


@pytest.mark.requirement("RFC4866-CN-4.2-01")
def test_a_token_that_is_not_known_is_refused_with_147(script, mobile):
    mobile.test()
    mobile.permanent = bytes(8)
    for (answer,) in (acks(mobile.early()), acks(mobile.complete())):
        assert answer.status == 147
        assert answer.options == (CgaParametersRequest(),)
    assert script.bound() == {}


@pytest.mark.requirement("RFC4866-CN-4.2-01")
@pytest.mark.parametrize("acknowledge", [True, False])
@pytest.mark.parametrize("lifetime", [420.0, 0.0])
def test_who_has_a_token_may_not_prove_less(script, mobile, lifetime, acknowledge):
    mobile.prove()
    before, bound = script.role.tokens(script.now), script.bound()
    thief = Generated(script, home=mobile.home, care_of=CARE_OF_2, sequence=1000).test()
    (answer,) = acks(thief.update(lifetime, acknowledge=acknowledge))
    assert answer.status == 149
    assert (script.role.tokens(script.now), script.bound()) == (before, bound)
    assert statuses(mobile.complete()) == [0]


@pytest.mark.parametrize("wrong", [bytes(8), b"\xff" * 8])
def test_a_wrong_token_is_not_answered(script, mobile, wrong):
    mobile.prove()
    mobile.permanent = wrong
    assert mobile.early() == []
    assert mobile.complete() == []
    assert script.bound() == {mobile.home: CARE_OF}


def test_the_token_of_one_address_is_worth_nothing_for_another(script, mobile):
    mobile.prove()
    mobile.home = OTHER.address
    assert statuses(mobile.early()) == [147]
    mobile.home, mobile.ours = ADDRESS.address, HOME
    assert statuses(mobile.early()) == [147]


def test_a_correspondent_with_this_switched_off_does_as_rfc_6275_says():
    script = Script(CorrespondentNodeConfig())
    mobile = Generated(script, home=ADDRESS.address)
    (answer,) = acks(mobile.prove())
    assert (answer.status, answer.lifetime, len(answer.options)) == (0, 420.0, 1)
    mobile.permanent = bytes(8)
    assert statuses(mobile.early()) == [138]
    assert statuses(mobile.complete()) == [136]


def test_switched_off_it_forgets_its_tokens(script, mobile):
    mobile.prove()
    script.configure(CorrespondentNodeConfig())
    script.configure(BELIEVING)
    assert statuses(mobile.complete()) == [147]


# --- the care-of address ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC4866-CN-4.2-04", "RFC4866-CN-4.10-01")
def test_an_early_update_takes_the_last_address_away_and_is_sent_nothing(script, mobile):
    mobile.prove()
    assert sent_to(script) == [CARE_OF]
    mobile.care_of = CARE_OF_2
    (answer,) = acks(mobile.early())
    assert (answer.status, answer.lifetime) == (0, 420.0)
    assert sent_to(script) == []  # it takes the way through the home agent
    assert [(each.care_of_address, each.incoming) for each in routes(script)] == [(CARE_OF_2, True)]
    script.advance(60.0)
    assert sent_to(script) == []
    mobile.test()
    (answer,) = acks(mobile.complete())
    assert (answer.status, answer.lifetime) == (0, DAY)
    assert sent_to(script) == [CARE_OF_2]


@pytest.mark.requirement("RFC4866-CN-4.2-04")
def test_an_early_proof_is_not_verified_either(script, mobile):
    mobile.test()
    indices = NonceIndices(home=mobile.home_test.nonce_index, care_of=0)
    key = early_binding_key(mobile.home_test.keygen_token)
    (answer,) = acks(mobile.send((indices,), key, proof=mobile.proof))
    assert (answer.status, answer.lifetime) == (0, 420.0)
    assert script.bound() == {mobile.home: CARE_OF}
    assert sent_to(script) == []


def test_an_early_update_of_a_verified_address_takes_nothing_away(script, mobile):
    mobile.prove()
    assert statuses(mobile.early()) == [0]
    assert sent_to(script) == [CARE_OF]


@pytest.mark.requirement("RFC4866-CN-4.10-01")
def test_however_many_early_updates_come_nothing_is_sent(script, mobile):
    """What an amplifier would be asked for: address after address, none of which has ever answered."""
    mobile.prove()
    for last in range(1, 50):
        mobile.care_of = CARE_OF + last
        assert statuses(mobile.early()) == [0]
        assert sent_to(script) == []


def test_the_care_of_token_of_an_answer_is_good_for_the_complete_update(script, mobile):
    mobile.prove()
    mobile.care_of = CARE_OF_2
    (answer,) = acks(mobile.early())
    indices, test, _ = answer.options
    assert isinstance(indices, NonceIndices)
    assert isinstance(test, CareOfTestOption)
    options = (NonceIndices(home=0, care_of=indices.care_of),)
    assert statuses(mobile.send(options, binding_key(mobile.permanent, test.keygen_token))) == [0]
    assert sent_to(script) == [CARE_OF_2]


def test_no_care_of_token_goes_to_another_address(script, mobile):
    """Whoever could have it sent elsewhere would verify an address that is not its own."""
    mobile.prove()
    update = BindingUpdate(
        sequence=50,
        lifetime=Seconds(420.0),
        acknowledge=True,
        home_registration=False,
        options=(NonceIndices(home=0, care_of=0), *ASKS, AlternateCareOfAddress(address=CARE_OF_2)),
    )
    message = authorize(update, early_binding_key(mobile.permanent), CARE_OF_2, mobile.ours)
    packet = Packet(source=CARE_OF, destination=mobile.ours, message=message, home_address=mobile.home)
    (answer,) = acks(script.receive(packet))
    assert answer.status == 0
    assert [type(each) for each in answer.options] == [BindingAuthorizationData]
