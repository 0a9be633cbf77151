# SPDX-License-Identifier: GPL-2.0-or-later
"""How long nonces are given out and accepted, and that one index selects everything."""

import pytest

from mnclient.constants import (
    MAX_NONCE_LIFETIME,
    MAX_RR_BINDING_LIFETIME,
    MAX_TOKEN_LIFETIME,
    SHORTEST_NONCE_INTERVAL,
)
from mnclient.engine.correspondent_node.nonces import Nonces
from mnclient.units import Instant
from mnclient.wire.mobility_options import NonceIndices
from tests.mnclient.engine.correspondent_node.script import CARE_OF, HOME, SeededEntropy

NOW = Instant(1000.0)


def at(seconds: float) -> Instant:
    return Instant(NOW + seconds)


@pytest.fixture
def nonces() -> Nonces:
    return Nonces(SeededEntropy())


@pytest.mark.requirement("CN-12-01")
def test_the_lifetimes_of_the_specification():
    assert (MAX_NONCE_LIFETIME, MAX_TOKEN_LIFETIME, MAX_RR_BINDING_LIFETIME) == (240.0, 210.0, 420.0)


@pytest.mark.requirement("CN-9.4.1-02", "CN-5.2.1-01", "CN-5.2.2-02")
def test_the_first_test_makes_a_key_and_a_nonce(nonces):
    assert len(nonces) == 0
    first = nonces.current(NOW)
    assert (len(first.node_key), len(first.octets)) == (20, 8)
    assert len(nonces) == 1
    drawn = SeededEntropy()
    drawn.octets(2)  # where the indices begin
    assert (first.node_key, first.octets) == (drawn.octets(20), drawn.octets(8))


@pytest.mark.requirement("CN-5.2.7-01")
def test_every_token_lives_as_long_as_it_may(nonces):
    """Whenever a token is given out, its nonce is still accepted 210 s later."""
    given = [(seconds, nonces.current(at(seconds)).index) for seconds in range(0, 600, 7)]
    for seconds, index in given:
        late = Nonces(SeededEntropy())
        for earlier, _ in given:
            if earlier <= seconds + MAX_TOKEN_LIFETIME:
                late.current(at(earlier))
        assert late.find(index, at(seconds + MAX_TOKEN_LIFETIME)) is not None
    assert len({index for _, index in given}) <= 600 / 30  # not one for each request


@pytest.mark.requirement("CN-5.2.7-02", "CN-5.2.2-01")
def test_no_nonce_outlives_its_time(nonces):
    index = nonces.current(NOW).index
    assert nonces.find(index, at(239.999)) is not None
    assert nonces.find(index, at(240.0)) is None


@pytest.mark.requirement("CN-5.2.7-03")
def test_a_key_is_remembered_as_long_as_its_nonces(nonces):
    old = nonces.current(NOW)
    new = nonces.current(at(31.0))
    assert old.node_key != new.node_key
    tokens = old.home_token(HOME), old.care_of_token(CARE_OF)
    found = nonces.find(old.index, at(200.0))
    assert (found.home_token(HOME), found.care_of_token(CARE_OF)) == tokens
    assert nonces.find(new.index, at(200.0)) is new
    assert nonces.find(old.index, at(250.0)) is None


@pytest.mark.requirement("CN-5.2.2-02")
def test_indices_roll_over_without_meeting_one_that_is_valid(nonces):
    nonces.current(NOW)
    nonces._current = nonces._nonces[65530] = type(nonces._current)(65530, NOW, bytes(20), bytes(8))
    seen = []
    for count in range(1, 60):
        now = at(count * 30.0)
        nonce = nonces.current(now)
        valid = [each for each in seen if now - each.made < MAX_NONCE_LIFETIME]
        assert all(nonces.find(each.index, now) is each for each in (*valid, nonce))
        seen.append(nonce)
    assert [each.index for each in seen[:8]] == [65531, 65532, 65533, 65534, 65535, 1, 2, 3]
    assert len({each.octets for each in seen}) == len(seen)


@pytest.mark.parametrize(
    ("home", "care_of", "deletes", "status"),
    [
        (0, 0, False, None),
        (9, 0, False, 136),
        (0, 9, False, 137),
        (9, 9, False, 138),
        (0, 9, True, None),
        (9, 0, True, 136),
        (9, 9, True, 136),
    ],
)
@pytest.mark.requirement("CN-9.5.1-02", "CN-9.5.1-04")
def test_which_index_is_not_recognised(nonces, home, care_of, deletes, status):
    known = nonces.current(NOW).index
    indices = NonceIndices(home=(known + home) % 65536, care_of=(known + care_of) % 65536)
    assert nonces.refusal(indices, NOW, deletes=deletes) == status


def test_a_retired_nonce_is_soon_replaced_and_still_accepted(nonces):
    first = nonces.current(NOW)
    nonces.retire(first.index)
    assert nonces.current(at(1.0)) is first
    second = nonces.current(at(SHORTEST_NONCE_INTERVAL))
    assert second is not first
    assert nonces.find(first.index, at(200.0)) is first
    nonces.retire(first.index)  # no longer given out anyway
    assert nonces.current(at(29.0)) is second


def test_their_number_is_bounded_however_often_they_are_retired(nonces):
    for tenth in range(20_000):
        nonces.retire(nonces.current(at(tenth / 10)).index)
    assert len(nonces) <= MAX_NONCE_LIFETIME / SHORTEST_NONCE_INTERVAL + 1


def test_what_is_forgotten_is_not_recognised(nonces):
    index = nonces.current(NOW).index
    nonces.forget()
    assert nonces.find(index, NOW) is None
    assert nonces.current(NOW).index != index
