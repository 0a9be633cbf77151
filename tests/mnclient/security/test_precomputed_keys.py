# SPDX-License-Identifier: GPL-2.0-or-later
"""Kbm of a precomputed key, written out with hashlib and hmac."""

import hashlib
import hmac
from dataclasses import replace

import pytest

from mnclient.model.precomputed_key import PrecomputedKey
from mnclient.security.precomputed_keys import precomputed_binding_key, precomputed_deletion_key
from tests.mnclient.wire import vectors
from tests.mnclient.wire.vectors import CARE_OF, CORRESPONDENT, HOME

NODE_KEY = bytes(range(20))
HOME_NONCE = bytes.fromhex("a0a1a2a3a4a5a6a7")
CARE_OF_NONCE = bytes.fromhex("b0b1b2b3b4b5b6b7")
KEY = PrecomputedKey(
    home_address=HOME,
    correspondent=CORRESPONDENT,
    node_key=NODE_KEY,
    home_nonce=HOME_NONCE,
    care_of_nonce=CARE_OF_NONCE,
)


@pytest.mark.requirement("RFC4449-ALL-3-01")
@pytest.mark.parametrize("length", [20, 32, 64])
def test_kbm(length: int) -> None:
    node_key = bytes(range(length))
    home = hmac.new(node_key, HOME.packed + HOME_NONCE + b"\0", hashlib.sha1).digest()[:8]
    care_of = hmac.new(node_key, CARE_OF.packed + CARE_OF_NONCE + b"\1", hashlib.sha1).digest()[:8]
    key = replace(KEY, node_key=node_key)
    assert precomputed_binding_key(key, CARE_OF) == hashlib.sha1(home + care_of).digest()
    assert precomputed_deletion_key(key) == hashlib.sha1(home).digest()


@pytest.mark.requirement("RFC4449-ALL-3-01")
def test_the_key_is_that_of_return_routability() -> None:
    assert precomputed_binding_key(KEY, CARE_OF) == vectors.BINDING_KEY
    assert precomputed_deletion_key(KEY) == vectors.DELETION_KEY
