# SPDX-License-Identifier: GPL-2.0-or-later
"""Cookies, tokens and the rate of their messages (RFC 6275 sections 5.2 and 11.8)."""

from ipaddress import IPv6Address

import pytest

from mnclient.constants import MAX_TOKEN_LIFETIME
from mnclient.engine.mobile_node.return_routability import AddressTest, Rates
from mnclient.units import Instant, Seconds
from tests.mnclient.engine.mobile_node.script import KnownEntropy

HERE, THERE = IPv6Address("2001:db8:a::5"), IPv6Address("2001:db8:b::5")
NOW = Instant(100.0)


def answered() -> AddressTest:
    test = AddressTest(KnownEntropy())
    test.begin(HERE)
    test.next_cookie(NOW)
    test.answered(b"t" * 8, 7, NOW)
    return test


@pytest.mark.requirement("MN-5.2.3-01", "MN-11.8-08")
def test_every_transmission_has_a_cookie_of_its_own_and_only_the_last_counts():
    test = AddressTest(KnownEntropy())
    assert not test.is_awaited(bytes(8))
    test.begin(HERE)
    first, _ = test.next_cookie(NOW)
    second, _ = test.next_cookie(NOW)
    assert len(second) == 8
    assert (test.is_awaited(first), test.is_awaited(second)) == (False, True)
    test.answered(b"t" * 8, 7, NOW)
    assert not test.is_awaited(second)


@pytest.mark.requirement("MN-5.2.7-02", "MN-5.2.7-01")
def test_a_token_lasts_its_time_and_belongs_to_one_address():
    test = answered()
    last = Instant(NOW + MAX_TOKEN_LIFETIME - 0.001)
    token = test.token(HERE, last)
    assert token is not None
    assert token.nonce_index == 7
    assert test.token(HERE, Instant(NOW + MAX_TOKEN_LIFETIME)) is None
    assert test.token(HERE, last, Seconds(20.0)) is None
    assert test.token(THERE, NOW) is None
    assert test.token(None, NOW) is None


@pytest.mark.requirement("MN-11.1-03", "MN-11.6.1-03")
def test_what_is_recorded_of_each_half():
    """With the pair of the entry: address, time, cookie and retransmissions of the test, then token, index and time."""
    test = AddressTest(KnownEntropy())
    assert (test.address, test.sent, test.is_running) == (None, None, False)
    test.begin(HERE)
    cookie, timeout = test.next_cookie(NOW)
    assert (test.address, test.sent, test.is_running, test.retries, timeout) == (HERE, NOW, True, 0, 1.0)
    assert test.is_awaited(cookie)
    later = Instant(NOW + timeout)
    cookie, timeout = test.next_cookie(later)
    assert (test.sent, test.retries, timeout) == (later, 1, 2.0)
    assert test.is_awaited(cookie)
    test.answered(b"t" * 8, 7, Instant(later + 0.5))
    token = test.token(HERE, later)
    assert token is not None
    assert (token.octets, token.nonce_index, token.received) == (b"t" * 8, 7, later + 0.5)
    test.begin(THERE)
    assert (test.address, test.sent, test.token(HERE, later)) == (THERE, None, None)


def test_stopping_keeps_the_token_and_forgetting_does_not():
    test = answered()
    test.stop()
    assert test.token(HERE, NOW) is not None
    test.forget()
    assert test.token(HERE, NOW) is None


def test_tokens_are_in_no_log():
    token = answered().token(HERE, NOW)
    assert token is not None
    assert "tttt" not in repr(token)


@pytest.mark.requirement("MN-11.8-07")
def test_rates_are_by_kind_and_destination_and_bounded():
    rates = Rates()
    for _ in range(3):
        rates.of("hoti", HERE, NOW).record(NOW)
    assert not rates.of("hoti", HERE, NOW).permits(NOW)
    assert rates.of("coti", HERE, NOW).permits(NOW)
    assert rates.of("hoti", THERE, NOW).permits(NOW)
    for number in range(1000):
        at = Instant(NOW + 0.5 + number)
        rates.of("hoti", IPv6Address(number), at).record(at)
        assert len(rates._limits) <= 64
    assert rates.of("hoti", HERE, Instant(NOW + 2000.0)).permits(Instant(NOW + 2000.0))
