# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's randomness."""

import pytest

from mnclient.runtime.entropy import RSA_BITS, SystemEntropy, new_private_key
from mnclient.security.rsa import is_signed, public_key_of, sign, signature_length


def test_octets_have_the_asked_length_and_differ() -> None:
    entropy = SystemEntropy()
    assert len(entropy.octets(16)) == 16
    assert entropy.octets(16) != entropy.octets(16)


def test_uniform_stays_within_its_bounds() -> None:
    entropy = SystemEntropy()
    values = [entropy.uniform(2.0, 3.0) for _ in range(200)]
    assert all(2.0 <= value <= 3.0 for value in values)
    assert max(values) > min(values)


@pytest.mark.requirement("RFC3972-ALL-5-02")
@pytest.mark.parametrize("bits", [1024, RSA_BITS])
def test_new_keys_sign(bits: int) -> None:
    private = new_private_key(bits)
    assert signature_length(private) == bits // 8
    assert is_signed(public_key_of(private), bytes(16), b"message", sign(private, bytes(16), b"message"))


@pytest.mark.requirement("RFC3972-ALL-5-02")
@pytest.mark.parametrize("bits", [0, 1023, 2041])
def test_keys_of_other_sizes_are_not_made(bits: int) -> None:
    with pytest.raises(ValueError, match="1024 to 2040"):
        new_private_key(bits)
