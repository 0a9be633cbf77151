# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's randomness, from the operating system."""

import secrets

_GENERATOR = secrets.SystemRandom()


class SystemEntropy:
    """Implements `mnclient.engine.machine.Entropy`."""

    def octets(self, count: int) -> bytes:
        """`count` random octets."""
        return secrets.token_bytes(count)

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        return _GENERATOR.uniform(low, high)
