# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import fields, replace
from ipaddress import IPv6Address

import pytest

from mnclient.model.keys import KEY_ALGORITHMS, MAX_SECRET, KeyInfo, KeyKind, KeyOwner, find_algorithm, is_spi

KEY = KeyInfo(
    home_address=IPv6Address("2001:db8:1::10"),
    home_agent=IPv6Address("2001:db8:1::1"),
    kind=KeyKind.ESP,
    algorithm="aes-gcm-256",
    spi_in=1000,
    spi_out=1001,
    owner=KeyOwner.COMPUTER,
    created_time=0.0,
    available=True,
)


def test_every_kind_has_algorithms_with_names_of_their_own():
    assert set(KEY_ALGORITHMS) == set(KeyKind)
    for kind, algorithms in KEY_ALGORITHMS.items():
        names = [each.name for each in algorithms]
        assert len(set(names)) == len(names)
        for each in algorithms:
            assert find_algorithm(kind, each.name) is each
            assert each.title
            assert 16 <= each.low <= each.high <= MAX_SECRET
            assert each.secret_octets == (each.low, each.high)
            assert each.accepts(each.low) and each.accepts(each.high)
            assert not each.accepts(each.low - 1) and not each.accepts(each.high + 1)
            assert str(each.low) in each.accepted


@pytest.mark.requirement("RFC4285-ALL-3.1-01")
@pytest.mark.parametrize(
    "kind, name, octets",
    [
        (KeyKind.RFC4285, "hmac-sha1-96", 16),
        (KeyKind.ESP, "aes-gcm-128", 20),
        (KeyKind.ESP, "aes-gcm-256", 36),
        (KeyKind.ESP, "chacha20-poly1305", 36),
        (KeyKind.ESP, "aes-cbc-128+hmac-sha-256", 48),
        (KeyKind.ESP, "aes-cbc-256+hmac-sha-512", 96),
        (KeyKind.ESP, "3des-cbc+hmac-sha1", 44),
    ],
)
def test_secrets_have_the_length_of_the_standards(kind, name, octets):
    assert find_algorithm(kind, name).secret_octets == (octets, octets)


def test_what_is_weak_comes_last_and_is_marked():
    assert [each.name for each in KEY_ALGORITHMS[KeyKind.ESP] if each.is_legacy] == ["3des-cbc+hmac-sha1"]
    assert KEY_ALGORITHMS[KeyKind.ESP][-1].is_legacy


def test_an_algorithm_of_another_kind_is_none():
    assert find_algorithm(KeyKind.RFC4285, "aes-gcm-256") is None


@pytest.mark.parametrize("value, good", [(255, False), (256, True), (2**32 - 1, True), (2**32, False), (-1, False)])
def test_reserved_numbers_are_no_spi(value, good):
    assert is_spi(value) is good


def test_a_key_is_named_by_addresses_and_outgoing_spi():
    assert KEY.identity == (KEY.home_address, KEY.home_agent, 1001)
    assert replace(KEY, spi_in=5000, owner=KeyOwner.USER).identity == KEY.identity


def test_what_is_known_of_a_key_has_no_place_for_a_secret():
    assert {each.name for each in fields(KeyInfo)} == {
        "home_address", "home_agent", "kind", "algorithm", "spi_in", "spi_out", "owner", "created_time", "available",
    }  # fmt: skip
