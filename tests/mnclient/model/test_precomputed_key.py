# SPDX-License-Identifier: GPL-2.0-or-later
"""Precomputed keys as values: what is refused, that no secret is shown, and that no Kcn serves two pairs."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from mnclient.model.precomputed_key import PrecomputedKey, check_distinct
from tests.mnclient.wire.vectors import CORRESPONDENT, HOME

NODE_KEY = bytes(range(20))
KEY = PrecomputedKey(
    home_address=HOME,
    correspondent=CORRESPONDENT,
    node_key=NODE_KEY,
    home_nonce=bytes.fromhex("a0a1a2a3a4a5a6a7"),
    care_of_nonce=bytes.fromhex("b0b1b2b3b4b5b6b7"),
)


def test_no_secret_is_shown() -> None:
    text = repr(KEY)
    assert repr(NODE_KEY) not in text and "nonce" not in text and "node_key" not in text


@pytest.mark.requirement("RFC4449-ALL-3-01")
@pytest.mark.parametrize(
    "change",
    [
        {"node_key": bytes(19)},
        {"node_key": b""},
        {"node_key": bytes(65)},
        {"home_nonce": bytes(7)},
        {"care_of_nonce": bytes(9)},
        {"correspondent": HOME},
    ],
)
def test_impossible_keys_cannot_be_made(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        replace(KEY, **change)  # type: ignore[arg-type]


OTHER = IPv6Address("2001:db8:9::9")


@pytest.mark.requirement("RFC4449-ALL-4-01")
@pytest.mark.parametrize("change", [{"home_address": OTHER}, {"correspondent": OTHER}])
def test_one_node_key_for_two_pairs_is_refused(change: dict[str, IPv6Address]) -> None:
    other = replace(KEY, **change, home_nonce=bytes(8), care_of_nonce=bytes(8))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a node key of their own"):
        check_distinct((KEY, other))
    check_distinct((KEY, replace(other, node_key=bytes(20))))


def test_one_pair_has_one_key() -> None:
    with pytest.raises(ValueError, match="one precomputed key"):
        check_distinct((KEY, replace(KEY, node_key=bytes(20))))
    check_distinct(())
