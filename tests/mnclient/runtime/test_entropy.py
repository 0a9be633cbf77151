# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's randomness."""

from mnclient.runtime.entropy import SystemEntropy


def test_octets_have_the_asked_length_and_differ() -> None:
    entropy = SystemEntropy()
    assert len(entropy.octets(16)) == 16
    assert entropy.octets(16) != entropy.octets(16)


def test_uniform_stays_within_its_bounds() -> None:
    entropy = SystemEntropy()
    values = [entropy.uniform(2.0, 3.0) for _ in range(200)]
    assert all(2.0 <= value <= 3.0 for value in values)
    assert max(values) > min(values)
