# SPDX-License-Identifier: GPL-2.0-or-later
"""The Internet checksum over the IPv6 pseudo-header (RFC 8200 section 8.1, RFC 6275 section 6.1.1)."""

from ipaddress import IPv6Address


def internet_checksum(source: IPv6Address, destination: IPv6Address, next_header: int, data: bytes) -> int:
    """The checksum of `data`, from 0 to 0xffff; 0 for data whose checksum field is in place and right.

    `source` and `destination` are those of the pseudo-header: the home address of a Home Address option or of a type 2
    routing header takes the place of the address in the IPv6 header.
    """
    # 2**16 is 1 modulo 0xffff, so a number modulo 0xffff is the one's complement sum of its 16-bit words. The one
    # difference, 0 for 0xffff, is put right below: the sum itself is never 0, for `next_header` is not.
    words = int.from_bytes(data)
    if len(data) % 2:
        words <<= 8  # an odd octet at the end counts as if a zero octet followed
    total = int(source) + int(destination) + len(data) + next_header + words
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)
