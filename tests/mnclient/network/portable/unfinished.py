# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as a kernel has them before a network card completes them."""

_CHECKSUMS = {6: 56, 17: 46}


def put_off(whole: bytes) -> bytes:
    """A TCP or UDP packet with the sum of the pseudo header alone, in place of its checksum."""
    words = whole[8:40] + (len(whole) - 40).to_bytes(4) + bytes(3) + whole[6:7]
    total = sum(int.from_bytes(words[at : at + 2]) for at in range(0, len(words), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    place = _CHECKSUMS[whole[6]]
    return whole[:place] + total.to_bytes(2) + whole[place + 2 :]
