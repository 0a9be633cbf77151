# SPDX-License-Identifier: GPL-2.0-or-later
"""Security associations between a home address and its home agent (RFC 6275 section 5.1), as values.

One `SecurityAssociation` stands for a pair, one for each direction, as this end sees them: what is keyed with it at the
mobile node is keyed with it, SPIs exchanged, at the home agent. It has a secret, which no `repr` shows; `Protection`
names the same pair without it, for messages.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import IPv6Address

from mnclient.model.keys import KeyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Names the pair of associations that a message arrived under, or is to be sent under."""

    kind: KeyKind
    home_address: IPv6Address
    home_agent: IPv6Address
    spi_in: int
    spi_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAssociation:
    """A pair of manually keyed associations. `secret` is empty while it is not available (a person's key).

    `spi_in` is in what arrives here, `spi_out` in what is sent; `algorithm` is a name of `KEY_ALGORITHMS`. `identifier`
    is the network access identifier by which a home agent may know the mobile node (RFC 4285), "" for one made here;
    `aaa_secret` is shared with a server that the home agent asks (section 5.2), empty where there is none.
    """

    home_address: IPv6Address
    home_agent: IPv6Address
    kind: KeyKind
    algorithm: str
    spi_in: int
    spi_out: int
    secret: bytes = field(repr=False)
    identifier: str = ""
    aaa_secret: bytes = field(default=b"", repr=False)

    @property
    def protection(self) -> Protection:
        """Its name."""
        return Protection(
            kind=self.kind,
            home_address=self.home_address,
            home_agent=self.home_agent,
            spi_in=self.spi_in,
            spi_out=self.spi_out,
        )


class Standing(Enum):
    """What a home address may do about its home agent, by its key."""

    PROTECTED = auto()  # signalling goes, and is believed, under its association alone
    OPEN = auto()  # without protection, because the configuration says so
    NO_KEY = auto()  # nothing is sent or believed
    NO_SECRET = auto()  # the same: there is a key, but its secret is not available
    IMPOSSIBLE = auto()  # the same: there is a key of a kind that this host cannot use

    @property
    def may_signal(self) -> bool:
        """Whether anything is sent or believed at all."""
        return self in (Standing.PROTECTED, Standing.OPEN)
