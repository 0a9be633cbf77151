# SPDX-License-Identifier: GPL-2.0-or-later
"""Binding Updates and Acknowledgements of a capture, field by field: read by other eyes than the product's."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address

from tests.lab.headers import Seen
from tests.lab.hostile import A, H, K, L
from tests.lab.return_routability import options

REFRESH_ADVICE, ALTERNATE_CARE_OF = 2, 3


@dataclass(frozen=True)
class Update:
    """A Binding Update (RFC 6275 section 6.1.7). `lifetime` is in units of 4 s."""

    seen: Seen
    sequence: int
    flags: int
    lifetime: int
    options: dict[int, bytes]

    @property
    def home_address(self) -> IPv6Address:
        return self.seen.from_whom

    def has(self, flag: int) -> bool:
        return bool(self.flags & flag)


@dataclass(frozen=True)
class Acknowledgement:
    """A Binding Acknowledgement (section 6.1.8). `lifetime` is in units of 4 s."""

    seen: Seen
    status: int
    key_management: bool
    sequence: int
    lifetime: int
    options: dict[int, bytes]

    @property
    def home_address(self) -> IPv6Address:
        return self.seen.to_whom


def updates(seen: Iterable[Seen]) -> list[Update]:
    """The Binding Updates, in their order."""
    found = [each for each in seen if each.message == "BU"]
    return [
        Update(each, _number(each, 6), _number(each, 8) & (A | H | L | K), _number(each, 10), options(each))
        for each in found
    ]


def acknowledgements(seen: Iterable[Seen]) -> list[Acknowledgement]:
    """The Binding Acknowledgements, in their order."""
    found = [each for each in seen if each.message == "BA"]
    return [
        Acknowledgement(
            each, each.body[6], bool(each.body[7] & 0x80), _number(each, 8), _number(each, 10), options(each)
        )
        for each in found
    ]


def _number(seen: Seen, at: int) -> int:
    return int.from_bytes(seen.body[at : at + 2])
