# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys between a home address and its home agent, as everybody may see them: never the secret itself."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

LOWEST_SPI: Final = 256  # 0 to 255 are reserved (RFC 4285 section 5.1, RFC 4303 section 2.1)
HIGHEST_SPI: Final = 0xFFFF_FFFF
MAX_KEYS: Final = 64
MAX_SECRET: Final = 256
"""Octets; more than any algorithm takes."""


class KeyKind(Enum):
    """How registrations are protected with a key."""

    RFC4285 = "rfc4285"  # the Mobility Message Authentication option
    ESP = "esp"  # IPsec (RFC 3776, RFC 4877)


class KeyOwner(Enum):
    """Where the secret lives."""

    COMPUTER = "computer"  # in a file that only the service can read; works before anybody logs in
    USER = "user"  # in the person's keyring; the service is handed it, and keeps it in memory only


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """What is known of a key. `spi_in` is in what arrives here, `spi_out` in what is sent to the home agent.

    `available`: the service has the secret now. One of the owner USER is missing after each start of the service, until
    `provide_key`.
    """

    home_address: IPv6Address
    home_agent: IPv6Address
    kind: KeyKind
    algorithm: str
    spi_in: int
    spi_out: int
    owner: KeyOwner
    created_time: float
    available: bool

    @property
    def identity(self) -> tuple[IPv6Address, IPv6Address, int]:
        """What names it: there is one key for each home address, home agent and outgoing SPI."""
        return self.home_address, self.home_agent, self.spi_out


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAlgorithm:
    """An algorithm a key can be for. `low` and `high` bound the octets of its secret, both included.

    The secret holds, one behind the other, the cipher's key, its salt if it has one (RFC 4106, RFC 7634), and the key
    of the authentication if that is separate. Counter modes (AES-GCM, ChaCha20-Poly1305) are unsafe with one key in two
    directions: whoever applies such a secret derives a key for each direction from it.
    """

    name: str
    title: str
    low: int
    high: int
    is_legacy: bool = False
    """Weak by the standards of today; for a home agent that knows nothing else."""

    @property
    def secret_octets(self) -> tuple[int, int]:
        """Fewest and most octets of the secret."""
        return self.low, self.high

    @property
    def accepted(self) -> str:
        """How long a secret is, in words."""
        octets = str(self.low) if self.low == self.high else f"{self.low} to {self.high}"
        return f"{octets} octets ({self.low * 2} hexadecimal digits)" if self.low == self.high else f"{octets} octets"

    def accepts(self, length: int) -> bool:
        """Whether a secret of so many octets can be one for this algorithm."""
        return self.low <= length <= self.high


def _algorithm(name: str, title: str, octets: int, is_legacy: bool = False) -> KeyAlgorithm:
    return KeyAlgorithm(name=name, title=title, low=octets, high=octets, is_legacy=is_legacy)


def _cbc_algorithms() -> tuple[KeyAlgorithm, ...]:
    return tuple(
        _algorithm(
            f"aes-cbc-{bits}+hmac-sha-{digest}",
            f"AES-CBC with {bits} bits, HMAC-SHA-{digest}",
            bits // 8 + digest // 8,
        )
        for bits in (128, 256)
        for digest in (256, 384, 512)
    )


KEY_ALGORITHMS: Final[dict[KeyKind, tuple[KeyAlgorithm, ...]]] = {
    KeyKind.RFC4285: (_algorithm("hmac-sha1-96", "HMAC-SHA1", 16),),  # RFC 4285 section 3.1: 16 octets, this algorithm
    KeyKind.ESP: (
        _algorithm("aes-gcm-256", "AES-GCM with 256 bits", 32 + 4),
        _algorithm("aes-gcm-128", "AES-GCM with 128 bits", 16 + 4),
        _algorithm("chacha20-poly1305", "ChaCha20-Poly1305", 32 + 4),
        *_cbc_algorithms(),
        _algorithm("3des-cbc+hmac-sha1", "3DES-CBC, HMAC-SHA1 (old and weak)", 24 + 20, is_legacy=True),
    ),
}
"""What may be chosen, the best first."""


def find_algorithm(kind: KeyKind, name: str) -> KeyAlgorithm | None:
    """The algorithm of this name; None when this kind of key knows none."""
    return next((each for each in KEY_ALGORITHMS[kind] if each.name == name), None)


def spi_parity(spi: int) -> int:
    """0 or 1. Two IPsec keys of one home address differ in it: what they decrypt is marked by it, and told apart."""
    return spi & 1


def is_spi(value: int) -> bool:
    """Whether a number can be a Security Parameters Index."""
    return LOWEST_SPI <= value <= HIGHEST_SPI
