# SPDX-License-Identifier: GPL-2.0-or-later
"""Proofs beyond return routability on the wire: generated home addresses (RFC 4866) and keys agreed on (RFC 4449).

What the options and authenticators have to be is made again by the formulas. In the same house: what happens when the
home prefix is to end sooner, and when a correspondent falls silent.
"""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from itertools import pairwise

import pytest

from mnclient.constants import MAX_RO_FAILURE
from tests.lab.asking import ask
from tests.lab.direct_cases import STRANGER, to_correspondent
from tests.lab.headers import UDP, Seen
from tests.lab.hostile import BA, COT, COTI, HOT, HOTI, A, Stranger, update
from tests.lab.patience import patient
from tests.lab.proofs import (
    CARE_OF_TEST,
    CARE_OF_TEST_INIT,
    CGA_PARAMETERS,
    PERMANENT_TOKEN,
    SIGNATURE,
    ZEROS,
    Owner,
    authorized,
    decrypted,
    is_proven,
    owner_of_an_address_in,
    precomputed_token,
    with_proof,
)
from tests.lab.proven import (
    CARE_OF_NONCE,
    HOME_NONCE,
    LASTING,
    NODE_KEY,
    PORT,
    SECOND_ADDRESS,
    Story,
    generating_house,
    share_a_key,
    tell,
    tell_of_the_prefix,
)
from tests.lab.registration_tape import Update
from tests.lab.return_routability import AUTHORIZATION, NONCE_INDICES, authenticator, binding_key, key, option_list
from tests.lab.topology import CORRESPONDENT_ADDRESS, HOME_AGENT_ADDRESS, SITES, VISITED_A, VISITED_B

pytestmark = [pytest.mark.lab, pytest.mark.kernel]

UNIT = 4  # seconds, of lifetimes
OWN_PREFIX = IPv6Network((int(SITES[VISITED_B].network_address) + (77 << 64), 64))  # behind the router of network B
BOTH = (CORRESPONDENT_ADDRESS, SECOND_ADDRESS)


@pytest.fixture(scope="module")
def house(lab):
    return generating_house(lab)


@pytest.fixture(scope="module")
def story(lab, house):
    return tell(lab, *house)


@pytest.fixture(scope="module")
def sequel(lab, house, story):
    return tell_of_the_prefix(lab, house[0], story)


def first_contact(story: Story, correspondent: IPv6Address = CORRESPONDENT_ADDRESS) -> Update:
    """The first Binding Update; if it was repeated the last of them, because each is answered with another token."""
    sent = story.updates(correspondent, "", "direct")
    return [each for each in sent if SIGNATURE in each.options][-1]


def permanent_token(story: Story, correspondent: IPv6Address = CORRESPONDENT_ADDRESS) -> bytes:
    answered = story.answer_to(first_contact(story, correspondent))
    return decrypted(story.private_key, answered.options[PERMANENT_TOKEN])


def sent_in_network_b(story: Story) -> tuple[list[Update], list[Update]]:
    """Early and complete Binding Updates, before there was another key."""
    sent = story.updates(CORRESPONDENT_ADDRESS, "leaving", "keyed")
    sent = [each for each in sent if each.seen.source == story.care_of[VISITED_B]]
    early = [each for each in sent if CARE_OF_TEST_INIT in each.options]
    return early, [each for each in sent if each not in early]


@pytest.mark.requirement(
    "RFC4866-MN-4.1-01", "RFC4866-MN-4.1-03", "RFC4866-ALL-4.5-02", "RFC3972-ALL-6-01", "RFC3972-MN-4-01"
)
def test_the_first_complete_binding_update_proves_the_address_and_names_both_nonces(story):
    first = first_contact(story)
    home, care_of = first.options[NONCE_INDICES][:2], first.options[NONCE_INDICES][2:]
    assert home != bytes(2) and care_of != bytes(2)
    assert is_proven(first.seen, story.care_of[VISITED_A], CORRESPONDENT_ADDRESS)
    assert not is_proven(first.seen, story.care_of[VISITED_B], CORRESPONDENT_ADDRESS), "of another care-of address"
    tests = [each for kind in ("HoT", "CoT") for each in story.messages(kind) if each.at < first.seen.at]
    assert_signed(first.seen, key(first.seen, tests), story.care_of[VISITED_A])


@pytest.mark.requirement("RFC4866-MN-4.1-01", "RFC4866-MN-4.1-02")
def test_an_early_binding_update_names_no_nonce_and_counts_the_care_of_token_as_zero(story):
    (early,), _ = sent_in_network_b(story)
    assert early.options[NONCE_INDICES] == bytes(4)
    assert not {CGA_PARAMETERS, SIGNATURE} & set(early.options)
    assert_signed(early.seen, binding_key(permanent_token(story), ZEROS), story.care_of[VISITED_B])
    answer = story.answer_to(early)
    assert answer.status == 0 and len(answer.options[CARE_OF_TEST]) == len(ZEROS)
    assert_signed(answer.seen, binding_key(permanent_token(story), ZEROS), story.care_of[VISITED_B])


@pytest.mark.requirement("RFC4866-MN-4.1-01", "RFC4866-MN-4.1-03")
def test_the_complete_one_behind_it_names_the_care_of_nonce_of_its_answer(story):
    """Then no home test is needed, and no care-of test is answered."""
    (early,), complete = sent_in_network_b(story)
    answer = story.answer_to(early)
    assert complete and complete[0].seen.at > answer.seen.at
    for each in complete:
        assert each.options[NONCE_INDICES][:2] == bytes(2) != each.options[NONCE_INDICES][2:]
        assert each.options[NONCE_INDICES] == answer.options[NONCE_INDICES]
        assert not {CGA_PARAMETERS, SIGNATURE} & set(each.options)
        kbm = binding_key(permanent_token(story), answer.options[CARE_OF_TEST])
        assert_signed(each.seen, kbm, story.care_of[VISITED_B])
    assert story.answer_to(complete[-1]).status == 0
    tests = [each for kind in ("HoTI", "HoT", "CoTI", "CoT") for each in story.messages(kind, "leaving", "keyed")]
    assert {each.message for each in tests if CORRESPONDENT_ADDRESS in ends(each)} == {"CoTI"}


@pytest.mark.requirement("RFC4866-CN-4.7-01")
def test_each_address_of_the_correspondent_has_a_token_of_its_own(story):
    for correspondent in BOTH:
        first = first_contact(story, correspondent)
        tests = [each for kind in ("HoT", "CoT") for each in story.messages(kind) if correspondent in ends(each)]
        kbm = key(first.seen, [each for each in tests if each.at < first.seen.at])
        assert_signed(story.answer_to(first).seen, kbm, story.care_of[VISITED_A])
    tokens = {permanent_token(story, each) for each in BOTH}
    assert len(tokens) == len(BOTH) and ZEROS not in tokens


def ends(message: Seen) -> tuple[IPv6Address, IPv6Address]:
    return message.source, message.destination


def assert_signed(message: Seen, kbm: bytes, care_of: IPv6Address, to: IPv6Address | None = None) -> None:
    """By Kbm, with Binding Authorization Data behind all other options."""
    correspondent = to or (message.destination if message.message == "BU" else message.source)
    kind, value = option_list(message)[-1]
    assert (kind, value) == (AUTHORIZATION, authenticator(message, kbm, care_of, correspondent))


# --- somebody with a key of his own ----


@pytest.fixture
def stranger(lab):
    """On the router of network B, which sees the packets to his home address, and drops them then."""
    router = lab.nodes["ar-b"]
    router.ip(f"route replace blackhole {OWN_PREFIX}")  # of an earlier test it may be there
    with Stranger(router, "core0") as made:
        yield made


def answer(lab, stranger: Stranger, kind: int, packet: bytes) -> Seen:
    """The first message of this kind after a packet was sent."""
    stranger.send(packet)
    found: list[Seen] = []

    def came() -> bool:
        found.extend(each for each in map(Seen.read, stranger.received()) if each.message and each.body[2] == kind)
        return bool(found)

    lab.eventually(came, within=5.0, what=f"a message of type {kind}")
    return found[0]


def both_tests_for(lab, stranger: Stranger, owner: Owner) -> tuple[Seen, Seen]:
    cookie = bytes(2) + b"a cookie"
    home = answer(lab, stranger, HOT, to_correspondent(HOTI, cookie, None, source=owner.address))
    return home, answer(lab, stranger, COT, to_correspondent(COTI, cookie, None))


@pytest.mark.requirement("RFC4866-CN-4.7-01")
def test_who_asks_for_no_acknowledgement_gets_one_for_the_token_alone(lab, house, story, stranger):
    """The token is right: the next Binding Update is signed with it, believed, and not answered."""
    owner = owner_of_an_address_in(OWN_PREFIX)
    home, care_of = both_tests_for(lab, stranger, owner)
    kbm = binding_key(home.body[16:24], care_of.body[16:24])
    data = update(1, flags=0) + bytes((NONCE_INDICES, 4)) + home.body[6:8] + care_of.body[6:8]
    data = with_proof(data, owner, STRANGER, CORRESPONDENT_ADDRESS)
    told = answer(lab, stranger, BA, authorized(data, owner.address, STRANGER, CORRESPONDENT_ADDRESS, kbm))
    assert (told.destination, told.to_whom) == (STRANGER, owner.address)
    assert (told.body[6], told.body[8:10]) == (0, (1).to_bytes(2))
    assert_signed(told, kbm, STRANGER)
    token = decrypted(owner.private_key, dict(option_list(told))[PERMANENT_TOKEN])
    assert token not in (ZEROS, permanent_token(story))
    answered = []
    for sequence, flags in ((2, 0), (3, A)):
        data = update(sequence, flags=flags) + bytes((NONCE_INDICES, 4)) + bytes(2) + care_of.body[6:8]
        kbm = binding_key(token, care_of.body[16:24])
        stranger.send(authorized(data, owner.address, STRANGER, CORRESPONDENT_ADDRESS, kbm))

        def is_believed(sequence: int = sequence) -> bool:
            bindings = {each.home_address: each.sequence for each in ask(house[1])[1]}
            return bindings.get(owner.address) == sequence

        lab.eventually(is_believed, within=5.0, what="the token is good")

    def came() -> bool:
        answered.extend(each for each in map(Seen.read, stranger.received()) if each.message == "BA")
        return bool(answered)

    lab.eventually(came, within=5.0, what="the last one is answered")
    assert [(each.body[6], each.body[8:10]) for each in answered] == [(0, (3).to_bytes(2))]
    assert PERMANENT_TOKEN not in dict(option_list(answered[0]))


@pytest.mark.requirement("RFC4866-CN-4.2-01", "RFC4866-CN-4.2-02")
def test_a_proof_that_is_not_enough_is_refused_with_a_status_of_its_own(lab, house, stranger):
    """And between these one that is: without a token the tests alone would be enough, with one they are not."""
    owner, other = owner_of_an_address_in(OWN_PREFIX), owner_of_an_address_in(OWN_PREFIX)
    home, care_of = both_tests_for(lab, stranger, owner)
    by_tests, by_a_token = (binding_key(each, care_of.body[16:24]) for each in (home.body[16:24], ZEROS))
    no_home_nonce, home_nonce = bytes(2), home.body[6:8]
    thief = replace(other, parameters=owner.parameters)
    for sequence, (kbm, nonce, prover, status) in enumerate(
        (
            (by_a_token, no_home_nonce, None, 147),
            (by_tests, no_home_nonce, owner, 150),
            (by_tests, home_nonce, thief, 148),
            (by_tests, home_nonce, other, 148),
            (by_tests, home_nonce, owner, 0),
            (by_tests, home_nonce, None, 149),
        ),
        start=1,
    ):
        data = update(sequence, flags=A) + bytes((NONCE_INDICES, 4)) + nonce + care_of.body[6:8]
        if prover is not None:
            data = with_proof(data, prover, STRANGER, CORRESPONDENT_ADDRESS)
        told = answer(lab, stranger, BA, authorized(data, owner.address, STRANGER, CORRESPONDENT_ADDRESS, kbm))
        assert (told.body[6], told.body[8:10]) == (status, sequence.to_bytes(2))


# --- a key agreed on beforehand ----


@pytest.mark.requirement("RFC4449-MN-3-01", "RFC4449-MN-3-02", "RFC4449-MN-3-03", "RFC4449-ALL-3-01")
def test_every_binding_update_by_a_precomputed_key_is_authorized_and_names_no_nonces(story):
    """That which makes the binding, and that which deletes it; nothing is tested for either."""
    sent = story.updates(CORRESPONDENT_ADDRESS, "keyed")
    assert {bool(each.lifetime) for each in sent} == {True, False}
    home = precomputed_token(NODE_KEY, story.home, HOME_NONCE, 0)
    for each in sent:
        assert NONCE_INDICES not in each.options
        care_of = precomputed_token(NODE_KEY, each.seen.source, CARE_OF_NONCE, 1) if each.lifetime else b""
        signed = each.seen.source if each.lifetime else story.home
        assert_signed(each.seen, binding_key(home, care_of), signed)
        assert story.answer_to(each).status == 0
    for kind in ("HoTI", "CoTI"):
        assert [each for each in story.messages(kind, "keyed") if CORRESPONDENT_ADDRESS in ends(each)] == []


# --- a correspondent that falls silent, and a home prefix that ends sooner ----


@pytest.mark.requirement("MN-5.2.9-02", "MN-5.2.9-03")
def test_packets_to_one_that_answers_no_test_any_more_go_through_the_home_agent(story):
    """Directly before, and through the tunnel at the end, when all that is allowed was tried in vain."""
    assert story.had_a_direct_way("direct", SECOND_ADDRESS)
    assert {each.order for each in payload(story, "", "direct")} == {("home address",)}
    assert story.given_up is not None and story.given_up.reason
    tried = [e for e in story.messages("CoTI", "leaving", "given up") if e.destination == SECOND_ADDRESS]
    assert MAX_RO_FAILURE <= len(tried) - 1 <= MAX_RO_FAILURE + 1, "one more for who was there before"
    waits = [later.at - earlier.at for earlier, later in pairwise(tried[1:])]
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits)), waits
    assert not story.had_a_direct_way("given up", SECOND_ADDRESS)
    late = payload(story, "leaving", "given up")
    assert late and late[-1].at > tried[-1].at
    for each in late:
        assert (each.source, each.destination) == (story.care_of[VISITED_B], HOME_AGENT_ADDRESS)
        assert each.innermost.order == () and each.innermost.source == story.home


def payload(story: Story, begin: str, end: str) -> list[Seen]:
    """Datagrams of the laptop's to the second address, as they are on the cable."""
    ports = PORT.to_bytes(2) * 2
    seen = [e for e in story.seen(begin, end) if e.innermost.protocol == UDP and e.innermost.body[:4] == ports]
    return [each for each in seen if each.innermost.destination == SECOND_ADDRESS]


@pytest.mark.requirement("MN-11.4.2-05")
@pytest.mark.parametrize("correspondent", BOTH)
def test_whose_binding_would_outlast_the_home_prefix_is_told_that_it_ends_sooner(sequel, correspondent):
    learned, told = sequel.news(), sequel.told_of_it(correspondent)
    before = sequel.answer_to(sequel.updates(correspondent, "", "direct")[-1])
    assert before.status == 0
    assert before.seen.at + UNIT * before.lifetime > learned.at + LASTING + UNIT, "it would have lasted longer"
    assert 0 < UNIT * told.lifetime <= LASTING - (told.seen.at - learned.at) + patient(0.5)
    granted = sequel.answer_to(told)
    assert granted.status == 0 and 0 < granted.lifetime <= told.lifetime


# --- the last one, because it takes the key of the laptop away ----


@pytest.mark.requirement("RFC4449-CN-3-01")
def test_nonces_that_are_named_where_a_key_was_agreed_on_are_not_looked_up(lab, house, stranger):
    """There were none of these indices. The octets of the option are signed like all others (record 56)."""
    home = OWN_PREFIX[1]
    share_a_key(lab, house[1:], home, NODE_KEY)
    care_of = precomputed_token(NODE_KEY, STRANGER, CARE_OF_NONCE, 1)
    kbm = binding_key(precomputed_token(NODE_KEY, home, HOME_NONCE, 0), care_of)
    for sequence, indices in ((1, b""), (2, bytes((NONCE_INDICES, 4)) + bytes.fromhex("beef cafe"))):
        data = update(sequence, flags=A) + indices
        told = answer(lab, stranger, BA, authorized(data, home, STRANGER, CORRESPONDENT_ADDRESS, kbm))
        assert (told.body[6], told.body[8:10]) == (0, sequence.to_bytes(2))
        assert_signed(told, kbm, STRANGER)
    assert {each.home_address: each.sequence for each in ask(house[1])[1]}[home] == 2


@pytest.mark.requirement("RFC4449-CN-3-02")
def test_what_was_heard_under_a_key_is_nobody_else_s_to_send_after_a_restart(lab, house, stranger):
    """It is authentic for ever; the number alone says that it was heard before."""
    home, node_key, correspondent = OWN_PREFIX[9], bytes(range(50, 80)), house[1]
    share_a_key(lab, (correspondent,), home, node_key)
    tokens = precomputed_token(node_key, home, HOME_NONCE, 0), precomputed_token(node_key, STRANGER, CARE_OF_NONCE, 1)
    recorded, following = (
        authorized(update(number, flags=A), home, STRANGER, CORRESPONDENT_ADDRESS, binding_key(*tokens))
        for number in (7, 8)
    )
    assert answer(lab, stranger, BA, recorded).body[6] == 0
    correspondent.restart()
    lab.eventually(correspondent.is_ready, within=15.0, what="the correspondent is back")
    told = answer(lab, stranger, BA, recorded)
    assert (told.body[6], told.body[8:10]) == (135, (7).to_bytes(2))
    assert answer(lab, stranger, BA, following).body[6] == 0
