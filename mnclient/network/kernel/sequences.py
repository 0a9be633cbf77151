# SPDX-License-Identifier: GPL-2.0-or-later
"""Sequence numbers of ESP that go on: over moves, which make new states in the kernel, and over restarts.

A number must not come twice under one key (RFC 4303 section 3.3.3): a receiver that looks for replays would drop it,
and a counter mode would be broken by it.
"""

from collections.abc import Mapping
from typing import Final

from mnclient.network.datapath import SequenceKey
from mnclient.network.xfrm_esp import EspState

MARGIN: Final = 1 << 16  # packets sent since the last time it was written down
_HIGHEST: Final = 0xFFFF_FFFF


def sequence_key(state: EspState) -> SequenceKey:
    """What an association is called wherever its ends are."""
    return state.selector.source, state.selector.destination, state.spi


class Sequences:
    """The last number sent, as far as is known."""

    def __init__(self) -> None:
        self._last: dict[SequenceKey, int] = {}

    def last(self, state: EspState) -> int:
        """Where a new state of an association goes on."""
        return self._last.get(sequence_key(state), 0)

    def saw(self, state: EspState) -> None:
        """The kernel has got so far."""
        key = sequence_key(state)
        self._last[key] = max(state.sequence, self._last.get(key, 0))

    def go_on(self, stored: Mapping[SequenceKey, int], margin: int = MARGIN) -> None:
        """An earlier run got so far, and by up to `margin` further."""
        for key, sequence in stored.items():
            if sequence:
                self._last[key] = min(max(sequence + margin, self._last.get(key, 0)), _HIGHEST)

    def all(self) -> dict[SequenceKey, int]:
        """Those that were used."""
        return {key: sequence for key, sequence in self._last.items() if sequence}
