# SPDX-License-Identifier: GPL-2.0-or-later
"""Who has which address in the simulated world.

home link n: 2001:db8:1n::/64, the home agent is ::1          visited link n: 2001:db8:2n::/64
laptop n has ::100 + n in a home prefix                       correspondent n is 2001:db8:c::n
"""

from ipaddress import IPv6Address, IPv6Network
from typing import Final

LINK_LOCAL_PREFIX: Final = IPv6Network("fe80::/64")
EVERY_ROUTER: Final = IPv6Address("fe80::1")  # what they are all called in some worlds


def home_prefix(number: int) -> IPv6Network:
    """Of home link `number`."""
    return IPv6Network(f"2001:db8:1{number}::/64")


def home_agent(number: int) -> IPv6Address:
    """Of home link `number`."""
    return home_prefix(number)[1]


def home_address(link: int, laptop: int) -> IPv6Address:
    """Of a laptop, on home link `link`."""
    return home_prefix(link)[0x100 + laptop]


def visited_prefix(number: int) -> IPv6Network:
    """Of visited link `number`."""
    return IPv6Network(f"2001:db8:2{number}::/64")


def correspondent(number: int) -> IPv6Address:
    """Correspondent `number`."""
    return IPv6Address(f"2001:db8:c::{number + 1:x}")


def mac(kind: int, number: int) -> bytes:
    """A hardware address: `kind` 1 of home agents, 2 of visited routers, 3 of laptops, 4 of adversaries."""
    return bytes((2, 0, 0, 0, kind, number + 1))
