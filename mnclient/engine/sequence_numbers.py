# SPDX-License-Identifier: GPL-2.0-or-later
"""Sequence numbers of Binding Updates, which begin anew after 65535 (RFC 6275 section 9.5.1)."""

from typing import Final

SEQUENCE_MODULUS: Final = 1 << 16

# Used since the last write to disk, at most: a refresh every some minutes, or a move with its retransmissions. The next
# run leaves out as many.
SEQUENCE_MARGIN: Final = 64


def is_newer(sequence: int, last: int) -> bool:
    """Whether a sequence number is greater than the last one, modulo 2**16."""
    return 0 < (sequence - last) % SEQUENCE_MODULUS < SEQUENCE_MODULUS // 2
