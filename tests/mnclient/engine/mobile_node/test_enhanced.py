# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node with a generated home address: what it sends, and which answers it believes (RFC 4866)."""

from ipaddress import IPv6Address

import pytest

from mnclient.engine.actions import Action, SendPacket
from mnclient.engine.mobile_node import enhanced
from mnclient.engine.mobile_node.enhanced import EnhancedHomeTest
from mnclient.engine.sequence_numbers import SEQUENCE_MODULUS
from mnclient.model.status import CorrespondentState as State
from mnclient.security.binding_keys import binding_key, care_of_keygen_token, deletion_key
from mnclient.security.enhanced_authentication import early_binding_key, proven_parameters
from mnclient.security.rsa import encrypt_token
from mnclient.units import Instant, Seconds
from mnclient.wire.binding import BindingAcknowledgement, BindingUpdate
from mnclient.wire.enhanced_options import (
    CareOfTestInitOption,
    CareOfTestOption,
    CgaParametersRequest,
    PermanentHomeKeygenToken,
)
from mnclient.wire.mobility_options import NonceIndices
from tests.mnclient.engine.generated import generated
from tests.mnclient.engine.mobile_node.peer import (
    CARE_OF_NONCE,
    NODE_KEY,
    NONCE,
    PEER,
    Abroad,
    care_of_inits,
    home_inits,
    on_wire,
    open_config,
    told,
)
from tests.mnclient.engine.mobile_node.script import HOME_PREFIX, KnownEntropy, home, only, ra_a, ra_b, ra_home

ADDRESS = generated(HOME_PREFIX)
TOKEN = b"lasting!"
TOKEN_2 = b"another."


def granted(token: bytes = TOKEN) -> PermanentHomeKeygenToken:
    """As the correspondent gives it."""
    return PermanentHomeKeygenToken(encrypted=encrypt_token(ADDRESS.parameters.public_key, token, bytes(range(16))))


def message_of(update: SendPacket) -> BindingUpdate:
    message = on_wire(update).message
    assert isinstance(message, BindingUpdate)
    return message


def proves(update: SendPacket) -> bool:
    packet = on_wire(update)
    about = packet.source if message_of(update).lifetime else ADDRESS.address
    return proven_parameters(message_of(update), ADDRESS.address, about, PEER) == ADDRESS.parameters


def care_of_token(address: IPv6Address) -> bytes:
    return care_of_keygen_token(NODE_KEY, address, NONCE)


class Proving(Abroad):
    """Abroad, with its generated home address."""

    home = ADDRESS.address

    def __init__(self) -> None:
        super().__init__(open_config(home(ADDRESS.address), generated_addresses=(ADDRESS,)))

    def first(self) -> SendPacket:
        """Payload is heard, both tests are answered: the first Binding Update."""
        return only(told(self.test(self.give(self.peer.heard(ADDRESS.address)))))

    def bound(self, token: bytes = TOKEN) -> SendPacket:
        """The first Binding Update, and the answer with a token."""
        update = self.first()
        self.give(self.peer.acknowledge(update, options=(granted(token),)))
        assert self.talks is State.DIRECT
        return update

    def moved(self) -> list[Action]:
        """To network B; the home agent has answered."""
        arrival, after = self.move(ra_b())
        return [*arrival, *after]

    def count(self, name: str) -> int:
        return self.node.counters().get(name, 0)


@pytest.fixture
def node() -> Proving:
    return Proving()


def test_the_first_update_proves_the_address(node):
    update = node.first()
    assert proves(update)
    assert node.peer.accepts(update)
    assert message_of(update).lifetime > 420.0


@pytest.mark.requirement("RFC4866-MN-4.8-01")
@pytest.mark.parametrize("key", [bytes(20), b"\xff" * 20])
def test_an_answer_that_is_not_authentic_gives_no_token(node, key, monkeypatch):
    update = node.first()
    with monkeypatch.context() as patched:
        patched.setattr(enhanced, "decrypt_token", None)  # a call would raise
        node.give(node.peer.acknowledge(update, options=(granted(TOKEN_2),), key=key))
        node.give(node.peer.acknowledge(update, options=(granted(TOKEN_2),), signed=False))
    assert node.count("correspondent.ba.ignored.unauthenticated") == 2
    node.give(node.peer.acknowledge(update, options=(granted(),)))
    assert uses(node) == TOKEN


@pytest.mark.requirement("RFC4866-MN-4.8-01")
def test_nor_does_one_take_away_the_token_that_is_there(node):
    update = node.bound()
    for status in (0, 147):
        node.give(node.peer.acknowledge(update, status, options=(granted(TOKEN_2),), key=bytes(20)))
        node.give(node.peer.acknowledge(update, status, options=(granted(TOKEN_2),), signed=False))
    assert uses(node) == TOKEN


def test_of_a_proof_that_was_repeated_the_last_answer_gives_the_token(node):
    """The correspondent was slow, and has believed both by now: it knows the token of the second alone."""
    first = node.first()
    again = only(told(node.pass_time(1.0)))
    assert proves(again)
    node.give(node.peer.acknowledge(first, options=(granted(TOKEN),)))
    assert node.talks is State.DIRECT
    node.give(node.peer.acknowledge(again, options=(granted(TOKEN_2),), key=bytes(20)))
    node.give(node.peer.acknowledge(again, options=(granted(TOKEN_2),)))
    for old in (first, again):  # once more by somebody else: neither counts
        node.give(node.peer.acknowledge(old, options=(granted(TOKEN),)))
    assert uses(node) == TOKEN_2


def uses(node: Proving) -> bytes | None:
    """The token of the early Binding Update after a move, None when there is none."""
    update = next((each for each in told(node.moved()) if not message_of(each).nonce_indices.home), None)  # type: ignore[union-attr]
    if update is None:
        return None
    care_of = on_wire(update).source
    tokens = (TOKEN, TOKEN_2)
    fitting = [each for each in tokens if node.peer.signed(update, early_binding_key(each), care_of)]
    return only(fitting)


@pytest.mark.requirement("RFC4866-MN-4.1-01", "RFC4866-MN-4.1-02", "RFC4866-MN-4.1-03")
def test_after_a_move_an_early_update_asks_for_the_care_of_test(node):
    node.bound()
    actions = node.moved()
    assert home_inits(actions) == []
    early = only(told(actions))
    care_of = on_wire(early).source
    assert message_of(early).options[:2] == (NonceIndices(home=0, care_of=0), CareOfTestInitOption())
    assert node.peer.signed(early, early_binding_key(TOKEN), care_of)
    answer = (
        NonceIndices(home=0, care_of=CARE_OF_NONCE),
        CareOfTestOption(keygen_token=care_of_token(care_of)),
    )
    complete = only(told(node.give(node.peer.acknowledge(early, key=early_binding_key(TOKEN), options=answer))))
    assert message_of(complete).nonce_indices == NonceIndices(home=0, care_of=CARE_OF_NONCE)
    key = binding_key(TOKEN, care_of_token(care_of))
    assert node.peer.signed(complete, key, care_of)
    assert node.talks is State.REGISTERING
    node.give(node.peer.acknowledge(complete, key=key))
    assert node.talks is State.DIRECT


def test_a_care_of_test_that_answers_first_makes_the_early_answer_unneeded(node):
    node.bound()
    actions = node.moved()
    early = only(told(actions))
    complete = only(told(node.give(node.peer.care_of_test(only(care_of_inits(actions))))))
    assert node.give(node.peer.acknowledge(early, key=early_binding_key(TOKEN))) == []
    key = binding_key(TOKEN, care_of_token(on_wire(early).source))
    node.give(node.peer.acknowledge(complete, key=key))
    assert node.talks is State.DIRECT


def test_a_care_of_token_without_its_index_is_of_no_use(node):
    node.bound()
    early = only(told(node.moved()))
    test = CareOfTestOption(keygen_token=care_of_token(on_wire(early).source))
    for options in ((test,), (test, NonceIndices(home=0, care_of=0))):
        node.give(node.peer.acknowledge(early, key=early_binding_key(TOKEN), options=options))
        assert node.talks is State.TESTING


@pytest.mark.parametrize("signed", [True, False])
def test_a_token_that_is_unknown_there_is_given_up(node, signed):
    node.bound()
    begun = node.moved()
    early = only(told(begun))
    assert told(node.give(node.peer.acknowledge(early, 147, key=early_binding_key(TOKEN), signed=signed))) == []
    # The token of the home test is still young, so what is missing is the care-of test.
    update = only(told(node.give(node.peer.care_of_test(only(care_of_inits(begun))))))
    assert proves(update)
    assert node.peer.accepts(update)


def test_an_unsigned_refusal_with_a_wrong_number_is_ignored(node):
    node.bound()
    begun = node.moved()
    early = only(told(begun))
    wrong = message_of(early).sequence ^ 1
    node.give(node.peer.acknowledge(early, 147, sequence=wrong, signed=False))
    assert not proves(only(told(node.give(node.peer.care_of_test(only(care_of_inits(begun)))))))


@pytest.mark.requirement("RFC4866-MN-4.9-01")
def test_a_corrected_sequence_number_ends_the_token(node):
    """The numbers after it may have been used with the token already."""
    node.bound()
    begun = node.moved()
    early = only(told(begun))
    accepted = (message_of(early).sequence + 30_000) % SEQUENCE_MODULUS
    node.give(node.peer.acknowledge(early, 135, sequence=accepted, key=early_binding_key(TOKEN)))
    update = only(told(node.give(node.peer.care_of_test(only(care_of_inits(begun))))))
    assert message_of(update).sequence == (accepted + 1) % SEQUENCE_MODULUS
    assert proves(update)


def test_the_correspondent_may_ask_for_a_new_proof(node):
    node.bound()
    early = only(told(node.moved()))
    node.give(node.peer.acknowledge(early, key=early_binding_key(TOKEN), options=(CgaParametersRequest(),)))
    assert uses_again(node) is None


def uses_again(node: Proving) -> bytes | None:
    arrival, after = node.move(ra_a())
    return TOKEN if any(not message_of(each).nonce_indices.home for each in told([*arrival, *after])) else None


@pytest.mark.requirement("RFC4866-MN-4.4-02")
def test_when_nobody_answers_the_token_is_given_up_for_a_new_proof(node):
    node.bound()
    node.moved()
    node.pass_time(120.0)
    assert node.talks is State.UNRESPONSIVE
    again = node.give(node.peer.heard(ADDRESS.address))
    assert proves(only(told(node.give(node.peer.care_of_test(only(care_of_inits(again)))))))


def test_an_encrypted_token_that_cannot_be_read_is_none(node):
    update = node.first()
    garbage = PermanentHomeKeygenToken(encrypted=b"\x01" * 128)
    node.give(node.peer.acknowledge(update, options=(garbage,)))
    assert node.talks is State.DIRECT
    assert uses(node) is None


def test_at_home_the_token_signs_the_deletion(node):
    node.bound()
    arrival, after = node.move(ra_home())
    deletion = only(told([*arrival, *after]))
    assert message_of(deletion).nonce_indices == NonceIndices(home=0, care_of=0)
    assert node.peer.signed(deletion, deletion_key(TOKEN), ADDRESS.address)


def test_a_token_is_for_its_home_address_alone():
    test = EnhancedHomeTest(KnownEntropy(), ADDRESS)
    test.accepted(acknowledgement())
    assert test.token(ADDRESS.address, Instant(0.0)) is not None
    assert test.token(PEER, Instant(0.0)) is None
    assert test.token(None, Instant(0.0)) is None


def acknowledgement() -> BindingAcknowledgement:
    return BindingAcknowledgement(status=0, sequence=1, lifetime=Seconds(420.0), options=(granted(),))
