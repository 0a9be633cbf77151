# SPDX-License-Identifier: GPL-2.0-or-later
from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_CORRESPONDENTS, MAX_NONCE_LIFETIME
from mnclient.engine.mobile_node.binding_update_list import MAX_OUTSTANDING, BindingUpdateList
from mnclient.engine.sequence_numbers import SEQUENCE_MARGIN, SEQUENCE_MODULUS, is_newer
from mnclient.units import Instant, Seconds
from tests.mnclient.engine.mobile_node.script import AGENT, HOME, KnownEntropy

KEY = (AGENT, HOME)
HERE, THERE = IPv6Address("2001:db8:a::1"), IPv6Address("2001:db8:b::1")
NOW = Instant(50.0)


@pytest.mark.requirement("MN-11.7.2-13")
def test_the_first_number_is_random_and_the_rest_follow():
    updates = BindingUpdateList(KnownEntropy())
    assert [updates.record(KEY, HERE, Seconds(600.0), NOW) for _ in range(3)] == [2, 3, 4]
    assert updates.record((THERE, HOME), HERE, Seconds(600.0), NOW) == 3


@pytest.mark.requirement("MN-11.7.2-13")
def test_each_destination_begins_at_a_number_of_its_own_and_again_at_another_when_it_was_forgotten():
    class Drawn(KnownEntropy):
        numbers = iter((0x1234, 0xFFFF, 0x0042))

        def octets(self, count: int) -> bytes:
            return next(self.numbers).to_bytes(count)

    updates = BindingUpdateList(Drawn())
    assert updates.record(KEY, HERE, Seconds(600.0), NOW) == 0x1235
    assert updates.record((THERE, HOME), HERE, Seconds(600.0), NOW) == 0
    updates.forget(KEY, NOW)
    later = Instant(NOW + MAX_NONCE_LIFETIME)
    updates.forget((THERE, HOME), later)
    assert updates.record(KEY, HERE, Seconds(600.0), later) == 0x0043


@pytest.mark.requirement("MN-11.1-01")
def test_only_the_newest_update_to_a_destination_is_listed():
    updates = BindingUpdateList(KnownEntropy())
    updates.record(KEY, HERE, Seconds(600.0), NOW)
    updates.record(KEY, THERE, Seconds(300.0), NOW)
    (entry,) = updates.statuses()
    assert (entry.care_of_address, entry.lifetime, entry.expires) == (THERE, 300.0, 350.0)


@pytest.mark.requirement("MN-11.1-02")
def test_what_is_kept_of_each():
    """Beside what people are shown: when the last one was sent, and what of it is unanswered."""
    updates, later = BindingUpdateList(KnownEntropy()), Instant(NOW + 1.5)
    first, second = updates.record(KEY, HERE, Seconds(600.0), NOW), updates.record(KEY, HERE, Seconds(598.0), later)
    entry = updates.entry(KEY)
    assert entry is not None
    assert (entry.destination, entry.home_address, entry.care_of_address) == (AGENT, HOME, HERE)
    assert (entry.lifetime, entry.expires - later, entry.sequence, entry.sent) == (598.0, 598.0, second, later)
    assert [(each.sequence, each.sent) for each in entry.outstanding] == [(first, NOW), (second, later)]
    assert not entry.acknowledged


def test_answers_settle_older_transmissions_of_the_same_address_only():
    updates = BindingUpdateList(KnownEntropy())
    old = updates.record(KEY, HERE, Seconds(600.0), NOW)
    first, second, third = (updates.record(KEY, THERE, Seconds(600.0), NOW) for _ in range(3))
    assert updates.answered(KEY, old) is None
    found = updates.answered(KEY, second)
    assert found is not None
    assert found.care_of_address == THERE
    assert updates.answered(KEY, first) is None
    assert updates.awaits_answer(KEY)
    assert updates.answered(KEY, third) is not None
    assert not updates.awaits_answer(KEY)


def test_a_deletion_is_not_answered_by_the_answer_to_a_registration():
    updates = BindingUpdateList(KnownEntropy())
    registration = updates.record(KEY, HERE, Seconds(600.0), NOW)
    updates.record(KEY, HERE, Seconds(0.0), NOW)
    assert updates.answered(KEY, registration) is None


def test_what_is_unanswered_is_bounded():
    updates = BindingUpdateList(KnownEntropy())
    numbers = [updates.record(KEY, HERE, Seconds(600.0), NOW) for _ in range(100)]
    assert updates.answered(KEY, numbers[-MAX_OUTSTANDING - 1]) is None
    assert updates.answered(KEY, numbers[-MAX_OUTSTANDING]) is not None


@pytest.mark.requirement("MN-11.7.3-05")
@pytest.mark.parametrize(
    "waited, granted, expected",
    [(0.0, 600.0, 600.0), (10.0, 600.0, 590.0), (10.0, 100.0, 90.0), (10.0, 4.0, 0.0), (10.0, 9000.0, 590.0)],
)
def test_the_remaining_lifetime(waited, granted, expected):
    updates = BindingUpdateList(KnownEntropy())
    number = updates.record(KEY, HERE, Seconds(600.0), NOW)
    sent = updates.answered(KEY, number)
    assert sent is not None
    later = Instant(NOW + waited)
    assert updates.acknowledge(KEY, sent, Seconds(granted), later) == expected
    (entry,) = updates.statuses()
    assert (entry.acknowledged, entry.expires) == (True, later + expected)


@pytest.mark.parametrize("granted, expected", [(12.0, 7.0), (8.0, 6.0), (4.0, 2.0)])
def test_a_repetition_under_way_may_have_asked_for_less_and_its_end_counts(granted, expected):
    """Found by simulation: the answer to the first of two came when the second, of a shorter lifetime, was under way.

    The second makes the binding end sooner, and its own answer is not waited for any longer.
    """
    updates = BindingUpdateList(KnownEntropy())
    first = updates.record(KEY, HERE, Seconds(12.0), NOW)
    updates.record(KEY, HERE, Seconds(8.0), Instant(NOW + 1.0))
    sent = updates.answered(KEY, first)
    assert sent is not None
    assert updates.acknowledge(KEY, sent, Seconds(granted), Instant(NOW + 2.0)) == expected
    (entry,) = updates.statuses()
    assert entry.expires == NOW + 2.0 + expected


@pytest.mark.requirement("MN-11.7.2-12", "MN-11.7.2-13")
def test_a_number_is_drawn_anew_only_when_nothing_of_before_can_be_replayed():
    """Found by simulation: at home all correspondents are forgotten; a walk later a random number let an old one in."""
    updates = BindingUpdateList(KnownEntropy(), home_registrations=False)
    last = [updates.record(KEY, HERE, Seconds(420.0), NOW) for _ in range(9)][-1]
    updates.forget(KEY, NOW)
    assert updates.record(KEY, THERE, Seconds(420.0), Instant(NOW + 200.0)) == last + 1
    updates.forget(KEY, Instant(NOW + 200.0))
    assert updates.record(KEY, HERE, Seconds(420.0), Instant(NOW + 440.0)) == 3, "the second number drawn, and one"


@pytest.mark.requirement("MN-11.7.2-12")
def test_the_next_run_goes_on_while_an_older_update_could_be_replayed():
    """Found by simulation: a lost first update, a crash, and a first number drawn below it."""
    updates = BindingUpdateList(KnownEntropy(), home_registrations=False)
    last = [updates.record(KEY, HERE, Seconds(92.0), NOW) for _ in range(9)][-1]
    assert updates.used_sequences(NOW) == [(KEY, last, MAX_NONCE_LIFETIME)]
    updates.forget(KEY, NOW)
    assert updates.used_sequences(Instant(NOW + 200.0)) == [(KEY, last, MAX_NONCE_LIFETIME - 200.0)]
    assert updates.used_sequences(Instant(NOW + MAX_NONCE_LIFETIME)) == []
    again = BindingUpdateList(KnownEntropy(), home_registrations=False)
    again.go_on(KEY, last, Instant(7.0))
    number = again.record(KEY, THERE, Seconds(92.0), Instant(8.0))
    unwritten = [updates.record(KEY, HERE, Seconds(92.0), NOW) for _ in range(SEQUENCE_MARGIN)]
    assert all(is_newer(number, each) for each in unwritten), "what was sent after the last write is older, too"


def test_the_next_run_goes_on_behind_65535():
    updates = BindingUpdateList(KnownEntropy(), home_registrations=False)
    updates.go_on(KEY, SEQUENCE_MODULUS - 1, NOW)
    assert updates.record(KEY, HERE, Seconds(92.0), NOW) == SEQUENCE_MARGIN


def test_numbers_of_those_forgotten_are_bounded():
    updates = BindingUpdateList(KnownEntropy(), home_registrations=False)
    keys = [(IPv6Address(int(AGENT) + number), HOME) for number in range(MAX_CORRESPONDENTS + 1)]
    for key in keys:
        updates.record(key, HERE, Seconds(420.0), NOW)
        updates.forget(key, NOW)
    assert updates.sequence(keys[0]) is None
    assert updates.sequence(keys[1]) is not None


def test_numbers_go_on_after_the_binding_is_gone():
    updates = BindingUpdateList(KnownEntropy())
    number = updates.record(KEY, HERE, Seconds(600.0), NOW)
    updates.remove(KEY)
    assert updates.entry(KEY) is None
    assert updates.record(KEY, HERE, Seconds(600.0), NOW) == number + 1
    updates.clear()
    assert updates.record(KEY, HERE, Seconds(600.0), NOW) == number + 2
    ahead = (number + 30_000) % SEQUENCE_MODULUS
    updates.adopt_sequence(KEY, ahead)
    assert updates.record(KEY, HERE, Seconds(600.0), NOW) == (ahead + 1) % SEQUENCE_MODULUS


@pytest.mark.requirement("MN-11.7.2-12")
def test_the_number_after_65535_is_0():
    updates = BindingUpdateList(KnownEntropy())
    updates.adopt_sequence(KEY, 65535)
    assert updates.record(KEY, HERE, Seconds(600.0), NOW) == 0


@pytest.mark.parametrize("behind", [1, 2, 30_000])
def test_a_number_behind_what_was_sent_is_not_adopted(behind):
    updates = BindingUpdateList(KnownEntropy())
    number = updates.record(KEY, HERE, Seconds(600.0), NOW)
    updates.adopt_sequence(KEY, (number - behind) % SEQUENCE_MODULUS)
    assert updates.record(KEY, HERE, Seconds(600.0), NOW) == (number + 1) % SEQUENCE_MODULUS
