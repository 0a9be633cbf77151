# SPDX-License-Identifier: GPL-2.0-or-later
"""A security association for tests."""

from ipaddress import IPv6Address

from mnclient.model.keys import KeyKind
from mnclient.model.security import SecurityAssociation

KINDS = frozenset((KeyKind.ESP,))
AGENT = IPv6Address("2001:db8:1::1")


def association(home_address, home_agent=AGENT, *, spi_in=1000, spi_out=1001, algorithm="aes-gcm-128"):
    """As the home agent, or the mobile node, sees the pair; its secret is for the default algorithm."""
    return SecurityAssociation(
        home_address=home_address,
        home_agent=home_agent,
        kind=KeyKind.ESP,
        algorithm=algorithm,
        spi_in=spi_in,
        spi_out=spi_out,
        secret=bytes(range(100, 120)),
    )
