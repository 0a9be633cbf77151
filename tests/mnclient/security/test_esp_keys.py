# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and SPIs of the associations that one secret stands for."""

from dataclasses import replace
from ipaddress import IPv6Address
from itertools import combinations, product

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from mnclient.model.keys import HIGHEST_SPI, KEY_ALGORITHMS, LOWEST_SPI, KeyKind, is_spi
from mnclient.security.esp_keys import Purpose, Sender, association_key, purpose_spi
from tests.mnclient.engine.associations import AGENT, association

HOME = IPv6Address("2001:db8:1::100")
COMBINED = ("aes-gcm-256", "aes-gcm-128", "chacha20-poly1305")
EACH = list(product(Purpose, Sender))


def keyed(algorithm, home=HOME):
    known = next(each for each in KEY_ALGORITHMS[KeyKind.ESP] if each.name == algorithm)
    return replace(association(home), algorithm=algorithm, secret=bytes(range(known.low)))


@pytest.mark.parametrize("algorithm", COMBINED)
def test_combined_modes_never_use_one_key_twice(algorithm):
    found = [association_key(keyed(algorithm), *each) for each in EACH]
    assert len(set(found)) == 4 and {len(each) for each in found} == {len(keyed(algorithm).secret)}
    # Apart by more than a beginning that two nonces could share.
    assert all(one[:16] != other[:16] for one, other in combinations(found, 2))
    assert found[0] != association_key(keyed(algorithm, HOME + 1), *EACH[0])


def test_both_ends_derive_the_same_key():
    mobile_node = keyed("aes-gcm-256")
    home_agent = replace(mobile_node, spi_in=mobile_node.spi_out, spi_out=mobile_node.spi_in)
    for each in EACH:
        assert association_key(mobile_node, *each) == association_key(home_agent, *each)


def test_it_is_hkdf():
    found = keyed("aes-gcm-256")
    info = b"aes-gcm-256\0tunnel\0home agent\0" + HOME.packed + AGENT.packed
    expected = HKDF(SHA256(), 36, b"mnclient ESP 1", info).derive(found.secret)
    assert association_key(found, Purpose.TUNNEL, Sender.HOME_AGENT) == expected


@pytest.mark.parametrize("algorithm", [each.name for each in KEY_ALGORITHMS[KeyKind.ESP] if each.name not in COMBINED])
def test_other_algorithms_use_the_secret_as_it_is(algorithm):
    assert {association_key(keyed(algorithm), *each) for each in EACH} == {keyed(algorithm).secret}


@given(st.integers(LOWEST_SPI, HIGHEST_SPI))
def test_the_tunnel_has_an_spi_of_its_own(spi):
    assert purpose_spi(spi, Purpose.SIGNALLING) == spi
    tunnel = purpose_spi(spi, Purpose.TUNNEL)
    assert is_spi(tunnel) and tunnel != spi
